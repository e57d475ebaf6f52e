/** The numbers that stand at the top of every report, and how to look a number up in the results. */

import type { MetricName } from '../sim/metrics.js';
import type { Results, VariantResult } from '../sim/experiment/results.js';
import type { Estimate } from '../sim/stats/estimate.js';

export interface Headline {
  readonly metric: MetricName;
  readonly statistic: string;
  /** Short enough for a terminal of 40 columns. */
  readonly label: string;
  /**
   * What a 0 in every variant says: `nothing` is worth no line; `all` is an answer. Without it, 0 is left out where no endpoint
   * was written in any variant, as then nothing could have been measured.
   */
  readonly zeroSays?: 'nothing' | 'all';
}

/** NPL: network programming latency. What users notice comes first, then what is waited for, then what it costs. */
export const HEADLINES: readonly Headline[] = [
  { metric: 'requests_lost_ratio', statistic: 'value', label: 'Requests lost', zeroSays: 'all' },
  { metric: 'request_duration_seconds', statistic: 'p50', label: 'Response time p50' },
  { metric: 'request_duration_seconds', statistic: 'p99', label: 'Response time p99' },
  { metric: 'pod_load_max_over_mean', statistic: 'value', label: 'Hottest pod / mean' },
  { metric: 'pods_over_capacity_ratio', statistic: 'value', label: 'Pods over capacity', zeroSays: 'nothing' },
  { metric: 'requests_second_hop_ratio', statistic: 'value', label: 'Second hops', zeroSays: 'nothing' },
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
  { metric: 'kube_proxy_failed_syncs_total', statistic: 'value', label: 'Failed syncs', zeroSays: 'nothing' },
  { metric: 'sync_partial_proxy_rules_duration_seconds', statistic: 'p50', label: 'Partial sync p50' },
  { metric: 'sync_full_proxy_rules_duration_seconds', statistic: 'p50', label: 'Full sync p50' },
  { metric: 'kube_proxy_first_sync_seconds', statistic: 'p50', label: 'First sync p50' },
  { metric: 'kube_proxy_first_sync_seconds', statistic: 'max', label: 'First sync, longest' },
  { metric: 'kube_proxy_sync_cpu_seconds_per_node', statistic: 'value', label: 'Sync time per node' },
  { metric: 'kube_proxy_sync_cpu_share', statistic: 'value', label: 'Sync CPU per node' },
  { metric: 'first_packet_latency_seconds', statistic: 'p50', label: 'First packet p50' },
  { metric: 'first_packet_latency_seconds', statistic: 'p99', label: 'First packet p99' },
  { metric: 'node_proxy_mode_cpu_cores', statistic: 'value', label: 'Rule CPU per node', zeroSays: 'all' },
  { metric: 'node_connections_per_second_max', statistic: 'value', label: 'Connections/s at most' },
  { metric: 'node_conntrack_entries', statistic: 'p99', label: 'Conntrack entries p99' },
  { metric: 'node_conntrack_dropped_ratio', statistic: 'value', label: 'Connections dropped', zeroSays: 'all' },
];

/** Null when the variant has no sample of the metric. */
export function estimateOf(variant: VariantResult, metric: MetricName, statistic: string): Estimate | null {
  return variant.metrics[metric]?.estimates[statistic] ?? null;
}

/** The headlines that at least one variant has a number for that says something. */
export function headlinesOf(results: Results): readonly Headline[] {
  const isQuiet = nothingWasWritten(results);
  const rest = isAtRest(results);
  return HEADLINES.filter(({ metric, statistic, zeroSays }) => {
    if (rest && isOfSyncs(metric)) return false;
    const estimates = results.variants.flatMap((variant) => estimateOf(variant, metric, statistic) ?? []);
    if (estimates.some(({ value }) => value !== 0)) return true;
    return estimates.length > 0 && zeroSays !== 'nothing' && (zeroSays === 'all' || !isQuiet);
  });
}

/**
 * True where requests are all that happens: no action in any variant, and clients in each. What kube-proxies do then is to
 * repeat a full sync now and then, which says nothing of the variants.
 */
export function isAtRest({ variants }: Results): boolean {
  return variants.every(
    (variant) => variant.actions?.length === 0 && estimateOf(variant, 'requests_total', 'value') !== null,
  );
}

/** What syncs take and cost. */
const isOfSyncs = (metric: MetricName): boolean => /^(kube_proxy_|sync_)/.test(metric);

/** True when each variant counted its writes of endpoint objects, and there was none. */
export function nothingWasWritten({ variants }: Results): boolean {
  return variants.every((variant) => estimateOf(variant, 'endpoint_writes_total', 'value')?.value === 0);
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
