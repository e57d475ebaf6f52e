import { describe, expect, it } from 'vitest';

import type { MetricResult } from '../sim/experiment/results.js';
import { FIRST_PACKET_LATENCY, nodeRulesTable } from './node-rules.js';
import { estimate, makeResults, variant } from './testing/results-fixture.js';

const count = (value: number, halfWidth: number | null = 0): MetricResult => ({
  unit: 'count',
  estimates: { value: estimate(value, halfWidth) },
});

function tableOf(...metrics: readonly Record<string, MetricResult>[]) {
  const variants = metrics.map((own, index) => ({ ...variant({ name: String(index) }), metrics: own }));
  return nodeRulesTable(makeResults({ variants }));
}

describe('the table of rules on a node', () => {
  it('has a row for what some variant counted, with gaps where another did not', () => {
    expect(
      tableOf(
        { sync_proxy_rules_iptables_total_nat: count(160_007) },
        { nftables_chains_total: count(25_012), nftables_elements_total: count(10_000) },
      ),
    ).toEqual([
      ['iptables rules in nat', '160,007', '–'],
      ['nftables chains', '–', '25,012'],
      ['nftables set and map elements', '–', '10,000'],
    ]);
  });

  it('gives a count in full where it is the same in every replication, or there is one', () => {
    expect(
      tableOf(
        { ipvs_real_servers_total: count(41_234) },
        { ipvs_real_servers_total: count(41_234, null) },
        { ipvs_real_servers_total: count(41_234, 1000) },
      ),
    ).toEqual([['IPVS real servers', '41,234', '41,234', '41k (40 to 42)']]);
  });

  it('gives the mean over nodes without an interval where its ends would be the same number', () => {
    expect(tableOf({ ipvs_real_servers_total: count(41_234.4, 20) })).toEqual([['IPVS real servers', '41,234']]);
  });

  it('adds what the first packet of a flow pays, where that was measured', () => {
    const firstPacket = (p50: number, p99: number): MetricResult => ({
      unit: 'seconds',
      estimates: { p50: estimate(p50, null), p99: estimate(p99, null) },
    });
    expect(tableOf({}, { [FIRST_PACKET_LATENCY]: firstPacket(3.2e-6, 311e-6) })).toEqual([
      ['First packet of a flow, p50', '–', '3.2 µs'],
      ['First packet of a flow, p99', '–', '311 µs'],
    ]);
  });

  it('is empty when nothing was counted', () => {
    expect(tableOf({}, {})).toEqual([]);
  });
});
