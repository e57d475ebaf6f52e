/** The numbers that stand at the top of every report, and how to look a number up in the results. */

import type { MetricName } from '../sim/metrics.js';
import type { Results, VariantResult } from '../sim/experiment/results.js';
import type { Estimate } from '../sim/stats/estimate.js';

export interface Headline {
  readonly metric: MetricName;
  readonly statistic: string;
  /** Short enough for a terminal of 40 columns. */
  readonly label: string;
}

/** NPL: network programming latency. What is waited for comes first, then what it costs. */
export const HEADLINES: readonly Headline[] = [
  { metric: 'network_programming_duration_seconds', statistic: 'p50', label: 'NPL p50, as measured' },
  { metric: 'network_programming_duration_seconds', statistic: 'p99', label: 'NPL p99, as measured' },
  { metric: 'network_programming_true_seconds', statistic: 'p50', label: 'NPL p50, true' },
  { metric: 'network_programming_true_seconds', statistic: 'p99', label: 'NPL p99, true' },
  { metric: 'api_server_restart_recovery_seconds', statistic: 'value', label: 'Restart recovery' },
  { metric: 'controller_manager_fail_over_recovery_seconds', statistic: 'value', label: 'Fail-over recovery' },
  { metric: 'node_loss_recovery_seconds', statistic: 'value', label: 'Node loss recovery' },
  { metric: 'node_replacement_seconds', statistic: 'value', label: 'Pods replaced after' },
  { metric: 'slow_watcher_recovery_seconds', statistic: 'value', label: 'Slow watcher recovery' },
  { metric: 'slow_etcd_recovery_seconds', statistic: 'value', label: 'Slow etcd recovery' },
  { metric: 'autoscaler_overload_seconds', statistic: 'value', label: 'Overload per service' },
  { metric: 'workload_duration_seconds', statistic: 'value', label: 'Workload duration' },
  { metric: 'watch_bytes_total', statistic: 'value', label: 'Bytes to watchers' },
  { metric: 'watch_events_total', statistic: 'value', label: 'Watch events' },
  { metric: 'endpoint_writes_total', statistic: 'value', label: 'Endpoint writes' },
  { metric: 'apiserver_network_utilization', statistic: 'value', label: 'API server NIC busy' },
  { metric: 'kube_proxy_syncs_total', statistic: 'value', label: 'kube-proxy syncs' },
  { metric: 'kube_proxy_sync_cpu_seconds_per_node', statistic: 'value', label: 'Sync time per node' },
  { metric: 'kube_proxy_sync_cpu_share', statistic: 'value', label: 'Sync CPU per node' },
];

/** Null when the variant has no sample of the metric. */
export function estimateOf(variant: VariantResult, metric: MetricName, statistic: string): Estimate | null {
  return variant.metrics[metric]?.estimates[statistic] ?? null;
}

/** The headlines that at least one variant has a number for. */
export function headlinesOf(results: Results): readonly Headline[] {
  return HEADLINES.filter(({ metric, statistic }) =>
    results.variants.some((variant) => estimateOf(variant, metric, statistic) !== null),
  );
}

/** The estimate as a multiple of the first variant's; null for the first variant itself, and where that has 0 or nothing. */
export function ratioToFirst(results: Results, variant: VariantResult, headline: Headline): number | null {
  const [first] = results.variants;
  if (first === undefined || first === variant) return null;
  const base = estimateOf(first, headline.metric, headline.statistic);
  const own = estimateOf(variant, headline.metric, headline.statistic);
  return base === null || own === null || base.value === 0 ? null : own.value / base.value;
}

/** "5 replications", "3 to 7 replications". */
export function replicationRange(results: Results): { readonly least: number; readonly most: number } {
  const counts = results.variants.map(({ replications }) => replications);
  return { least: Math.min(...counts), most: Math.max(...counts) };
}
