/**
 * Joins the replications of a variant to its result.
 *
 * Measurements come in order of replication number, and sums are made in that order: floating-point addition is not
 * associative, so another order would give other last digits.
 */

import { METRICS, type MetricName } from '../metrics.js';
import { scenarioHash } from '../scenario/canonical.js';
import type { KubeProxySettings } from '../model/kube-proxy-settings.js';
import type { Variant } from '../scenario/experiment.js';
import { type Estimate, estimateMean } from '../stats/estimate.js';
import { Histogram } from '../stats/histogram.js';
import { findBottlenecks } from './bottlenecks.js';
import type { MetricResult, ReplicationMeasurements, SparseHistogram, VariantResult } from './results.js';
import { joinSeries } from './series.js';
import { estimateStatistic, statisticsOf } from './statistics.js';

const NS_PER_SECOND = 1e9;

/** The result of a variant; `measurements` are its finished replications, at least one, by replication number. */
export function aggregateVariant(
  variant: Variant,
  measurements: readonly ReplicationMeasurements[],
  runWarnings: readonly string[],
): VariantResult {
  const { scenario } = variant;
  const metrics = joinMetrics(measurements);
  return {
    name: variant.name,
    set: variant.set,
    kubernetes: scenario.kubernetes,
    nodes: scenario.cluster.nodes,
    proxyMode: proxyModeOf(scenario.kubeProxy),
    scenarioHash: scenarioHash(scenario),
    replications: measurements.length,
    metrics,
    series: joinSeries(measurements),
    bottlenecks: findBottlenecks(metrics, scenario.kubeProxy),
    simulatedSeconds: estimateMean(measurements.map(({ simulatedNs }) => simulatedNs / NS_PER_SECOND)),
    actions: scenario.workload.map((action) => ({
      kind: action.kind,
      service: 'service' in action ? action.service : null,
      atSeconds: action.atNs / NS_PER_SECOND,
    })),
    fingerprints: measurements.map(({ fingerprint }) => fingerprint),
    warnings: [...joinWarnings(measurements), ...runWarnings],
  };
}

/** The iptables mode is another on each backend: what one loads in seconds takes the other minutes. */
function proxyModeOf({ mode, iptablesBackend }: KubeProxySettings): string {
  return mode === 'iptables' && iptablesBackend === 'nft' ? 'iptables on nft' : mode;
}

/** Every metric that a replication measured, in the order of the metrics table. */
function joinMetrics(measurements: readonly ReplicationMeasurements[]): Partial<Record<MetricName, MetricResult>> {
  const joined: Partial<Record<MetricName, MetricResult>> = {};
  for (const metric of Object.keys(METRICS) as MetricName[]) {
    const histograms = measurements.flatMap(({ distributions }) => distributions[metric] ?? []);
    const measured = histograms.length > 0 || measurements.some(({ scalars }) => scalars[metric] !== undefined);
    if (!measured) continue;
    const estimates: Record<string, Estimate> = {};
    for (const statistic of statisticsOf(metric)) {
      const estimate = estimateStatistic(measurements, metric, statistic);
      if (estimate !== null) estimates[statistic] = estimate;
    }
    const { kind, unit } = METRICS[metric];
    if (kind === 'distribution') {
      const merged = mergeHistograms(histograms);
      joined[metric] = { unit, estimates, samples: merged.count, histogram: merged.toSparse() };
    } else {
      joined[metric] = { unit, estimates };
    }
  }
  return joined;
}

function mergeHistograms(histograms: readonly SparseHistogram[]): Histogram {
  const merged = new Histogram();
  for (const histogram of histograms) merged.merge(Histogram.fromSparse(histogram));
  return merged;
}

/** Each warning once; with the replications that gave it, when not all did. */
function joinWarnings(measurements: readonly ReplicationMeasurements[]): string[] {
  const replicationsOf = new Map<string, number[]>();
  for (const { replication, warnings } of measurements) {
    for (const warning of new Set(warnings)) {
      replicationsOf.set(warning, [...(replicationsOf.get(warning) ?? []), replication]);
    }
  }
  return Array.from(replicationsOf, ([warning, replications]) =>
    replications.length === measurements.length ? warning : `${warning} (replication ${replications.join(', ')})`,
  );
}
