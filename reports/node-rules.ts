/** What a proxy mode leaves on a node, and what the first packet of a flow pays for it: numbers by variant. */

import type { Estimate, MetricResult, Results, VariantResult } from '../sim/experiment/results.js';
import { type MetricName, METRICS } from '../sim/metrics.js';
import { formatEstimate, formatInteger, NO_VALUE } from './format.js';
import { estimateOf } from './headlines.js';

/** Gauges at the end of a run. A mode measures its own, so a table across modes has gaps. */
export const NODE_GAUGES: readonly MetricName[] = [
  'sync_proxy_rules_iptables_total_nat',
  'sync_proxy_rules_iptables_total_filter',
  'sync_proxy_rules_iptables_last_nat',
  'sync_proxy_rules_iptables_last_filter',
  'nftables_rules_total',
  'nftables_chains_total',
  'nftables_elements_total',
  'ipvs_virtual_servers_total',
  'ipvs_real_servers_total',
];

/** Measured only where a scenario describes the traffic of nodes. */
export const FIRST_PACKET_LATENCY = 'first_packet_latency_seconds';
const FIRST_PACKET_STATISTICS = ['p50', 'p99'] as const;

/** Rows of the table, the heading first, then a cell for each variant; only what some variant measured. */
export function nodeRulesTable({ variants }: Results): (readonly string[])[] {
  const rows = NODE_GAUGES.map((metric) =>
    rowOf(METRICS[metric].title, variants, (v) => estimateOf(v, metric, 'value'), 'count'),
  );
  const firstPackets = FIRST_PACKET_STATISTICS.map((statistic) =>
    rowOf(`First packet of a flow, ${statistic}`, variants, (v) => firstPacketLatency(v, statistic), 'seconds'),
  );
  return [...rows, ...firstPackets].flatMap((row) => (row === null ? [] : [row]));
}

/** Null when no variant measured it. */
function rowOf(
  heading: string,
  variants: readonly VariantResult[],
  look: (variant: VariantResult) => Estimate | null,
  unit: 'count' | 'seconds',
): readonly string[] | null {
  const estimates = variants.map(look);
  if (estimates.every((estimate) => estimate === null)) return null;
  return [heading, ...estimates.map((estimate) => (estimate === null ? NO_VALUE : formatCell(estimate, unit)))];
}

/** An interval that is narrower than this part of the count says nothing, and its ends would look like the count itself. */
const CERTAIN_WITHIN = 0.002;

/** Counts in full where they are certain: a reader holds them against what iptables-save prints. */
function formatCell(estimate: Estimate, unit: 'count' | 'seconds'): string {
  const { value, low, high } = estimate;
  const isCertain = low === null || high === null || high - low <= CERTAIN_WITHIN * value;
  return unit === 'count' && isCertain ? formatInteger(value) : formatEstimate(estimate, unit);
}

/** By its name alone, as results of a version that does not measure it have none. */
function firstPacketLatency({ metrics }: VariantResult, statistic: string): Estimate | null {
  const measured: Partial<Record<string, MetricResult>> = metrics;
  return measured[FIRST_PACKET_LATENCY]?.estimates[statistic] ?? null;
}
