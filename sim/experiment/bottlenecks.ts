/** What binds a variant: the limit behind the stage that takes the most time, and every limit that is used up. */

import { LIMITS, type Limit, type ProxySettings } from '../limits.js';
import { type MetricName, METRICS, NPL_STAGES, type NplStage } from '../metrics.js';
import type { Bottlenecks, LimitUse, VariantResult } from './results.js';

/** A limit that is used less than this is not what a stage waits for. */
const LEAST_USE_THAT_DELAYS = 0.5;
/** From here on a limit counts as used up: a mean over the run that includes its beginning and end never quite reaches 1. */
const SATURATED = 0.9;

type Metrics = VariantResult['metrics'];

export function findBottlenecks(metrics: Metrics, kubeProxy: ProxySettings): Bottlenecks {
  const uses = LIMITS.flatMap((limit) => useOf(limit, metrics, kubeProxy) ?? []);
  return {
    latency: latencyLimit(metrics, uses, kubeProxy),
    saturated: uses.filter(({ utilization }) => utilization >= SATURATED),
    utilizations: uses,
  };
}

/** Null when nothing measured the limit: no part of the cluster ran into it, or it is no resource. */
function useOf(limit: Limit, metrics: Metrics, kubeProxy: ProxySettings): LimitUse | null {
  const { id, title, utilization: metric } = limit;
  const utilization = metric === null ? undefined : metrics[metric]?.estimates['value']?.value;
  return utilization === undefined ? null : { limit: id, title, settings: settingsOf(limit, kubeProxy), utilization };
}

const settingsOf = ({ settings }: Limit, kubeProxy: ProxySettings): readonly string[] =>
  typeof settings === 'function' ? settings(kubeProxy) : settings;

function latencyLimit(metrics: Metrics, uses: readonly LimitUse[], kubeProxy: ProxySettings): Bottlenecks['latency'] {
  const means = NPL_STAGES.map((stage) => ({ stage, seconds: metrics[stage]?.estimates['mean']?.value ?? 0 }));
  const total = means.reduce((sum, { seconds }) => sum + seconds, 0);
  const [largest] = means.toSorted((a, b) => b.seconds - a.seconds);
  if (largest === undefined || total === 0) return null;
  const found = limitBehind(
    largest.stage,
    LIMITS.filter(({ measured }) => measured === undefined || metrics[measured] !== undefined),
    uses,
  );
  const limit = found.id === 'min-sync-period' ? limitOfLongWaits(largest.seconds, metrics, kubeProxy) : found;
  return {
    limit: limit.id,
    title: limit.title,
    settings: settingsOf(limit, kubeProxy),
    stage: largest.stage,
    stageTitle: METRICS[largest.stage].title,
    meanSeconds: largest.seconds,
    share: largest.seconds / total,
  };
}

/**
 * Of the limits that make the stage long the most used one, if any is used enough to make changes wait; else the stage's own,
 * and of these first one that is there only because of what happened in the run.
 */
function limitBehind(stage: NplStage, limits: readonly Limit[], uses: readonly LimitUse[]): Limit {
  const useOfLimit = ({ id }: Limit): number => uses.find(({ limit }) => limit === id)?.utilization ?? 0;
  const byUse = (candidates: readonly Limit[]): Limit[] => candidates.toSorted((a, b) => useOfLimit(b) - useOfLimit(a));
  const [most] = byUse(limits.filter(({ stages }) => stages.includes(stage)));
  if (most !== undefined && useOfLimit(most) >= LEAST_USE_THAT_DELAYS) return most;
  const own = limits.filter(({ stages }) => stages[0] === stage);
  const [first] = [...own.filter(({ measured }) => measured !== undefined), ...byUse(own)];
  if (first === undefined) throw new Error(`no limit is behind ${stage}`);
  return first;
}

const NS_PER_SECOND = 1e9;

/**
 * What kube-proxies wait for before they sync. A pause after a sync holds a change back for minSyncPeriod at most. So when
 * changes wait twice as long on average, more than half of that is something else: a sync that is under way, or one that failed and
 * stands in for all that it had. A cluster that is idle most of the time can wait so: one first sync of minutes holds back
 * whatever happens meanwhile.
 */
function limitOfLongWaits(meanWaitSeconds: number, metrics: Metrics, kubeProxy: ProxySettings): Limit {
  const valueOf = (metric: MetricName, statistic = 'value'): number =>
    metrics[metric]?.estimates[statistic]?.value ?? 0;
  if (meanWaitSeconds <= (2 * kubeProxy.minSyncPeriodNs) / NS_PER_SECOND) return limitOf('min-sync-period');
  // Of an average sync: its own time, and the time that is lost when it fails.
  const failedShare = valueOf('kube_proxy_failed_syncs_total') / Math.max(1, valueOf('kube_proxy_syncs_total'));
  const lostSeconds = (failedShare * kubeProxy.syncPeriodNs) / NS_PER_SECOND;
  return limitOf(
    lostSeconds > valueOf('sync_proxy_rules_duration_seconds', 'mean') ? 'sync-retry' : 'rule-programming',
  );
}

function limitOf(id: string): Limit {
  const limit = LIMITS.find((candidate) => candidate.id === id);
  if (limit === undefined) throw new Error(`there is no limit ${id}`);
  return limit;
}
