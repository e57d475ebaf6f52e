/** What binds a variant: the limit behind the stage that takes the most time, and every limit that is used up. */

import { LIMITS, type Limit } from '../limits.js';
import { METRICS, NPL_STAGES, type NplStage } from '../metrics.js';
import type { Bottlenecks, LimitUse, VariantResult } from './results.js';

/** A limit that is used less than this is not what a stage waits for. */
const LEAST_USE_THAT_DELAYS = 0.5;
/** From here on a limit counts as used up: a mean over the run that includes its beginning and end never quite reaches 1. */
const SATURATED = 0.9;

type Metrics = VariantResult['metrics'];

export function findBottlenecks(metrics: Metrics): Bottlenecks {
  const uses = LIMITS.flatMap((limit) => useOf(limit, metrics) ?? []);
  return {
    latency: latencyLimit(metrics, uses),
    saturated: uses.filter(({ utilization }) => utilization >= SATURATED),
    utilizations: uses,
  };
}

/** Null when nothing measured the limit: no part of the cluster ran into it, or it is no resource. */
function useOf({ id, title, settings, utilization: metric }: Limit, metrics: Metrics): LimitUse | null {
  const estimate = metric === null ? undefined : metrics[metric]?.estimates['value'];
  return estimate === undefined ? null : { limit: id, title, settings, utilization: estimate.value };
}

function latencyLimit(metrics: Metrics, uses: readonly LimitUse[]): Bottlenecks['latency'] {
  const means = NPL_STAGES.map((stage) => ({ stage, seconds: metrics[stage]?.estimates['mean']?.value ?? 0 }));
  const total = means.reduce((sum, { seconds }) => sum + seconds, 0);
  const [largest] = means.toSorted((a, b) => b.seconds - a.seconds);
  if (largest === undefined || total === 0) return null;
  const limit = limitBehind(
    largest.stage,
    LIMITS.filter(({ measured }) => measured === undefined || metrics[measured] !== undefined),
    uses,
  );
  return {
    limit: limit.id,
    title: limit.title,
    settings: limit.settings,
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
