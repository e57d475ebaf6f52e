import { describe, expect, it } from 'vitest';

import type { MetricResult, VariantResult } from '../sim/experiment/results.js';
import { type MetricName, METRICS } from '../sim/metrics.js';
import { headlinesOf } from './headlines.js';
import { estimate, makeResults, variant } from './testing/results-fixture.js';

/** Labels of the headlines of variants that measured these values, by metric and, for a distribution, of all its statistics. */
function labelsOf(...variants: readonly Partial<Record<MetricName, number>>[]): string[] {
  const metricsOf = (values: Partial<Record<MetricName, number>>) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]): [string, MetricResult] => {
        const { kind, unit } = METRICS[name as MetricName];
        const statistics = kind === 'distribution' ? ['p50', 'p99', 'max'] : ['value'];
        return [name, { unit, estimates: Object.fromEntries(statistics.map((key) => [key, estimate(value, 0)])) }];
      }),
    );
  const results = makeResults({
    variants: variants.map((values, index) => ({ ...variant({ name: String(index) }), metrics: metricsOf(values) })),
  });
  return headlinesOf(results).map(({ label }) => label);
}

describe('the headlines', () => {
  it('are those that some variant has a number for', () => {
    expect(labelsOf({ kube_proxy_syncs_total: 4 }, { kube_proxy_first_sync_seconds: 2 })).toEqual([
      'kube-proxy syncs',
      'First sync p50',
      'First sync, longest',
    ]);
  });

  it('name failed syncs where a variant has some', () => {
    expect(labelsOf({ kube_proxy_failed_syncs_total: 0 })).toEqual([]);
    expect(labelsOf({ kube_proxy_failed_syncs_total: 0 }, { kube_proxy_failed_syncs_total: 3 })).toEqual([
      'Failed syncs',
    ]);
  });

  it('have what traffic meets, of which 0 is an answer', () => {
    expect(
      labelsOf({
        first_packet_latency_seconds: 1e-5,
        node_proxy_mode_cpu_cores: 0,
        node_connections_per_second_max: 20_000,
        node_conntrack_entries: 60_000,
        node_conntrack_dropped_ratio: 0,
      }),
    ).toEqual([
      'First packet p50',
      'First packet p99',
      'Rule CPU per node',
      'Connections/s at most',
      'Conntrack entries p99',
      'Connections dropped',
    ]);
  });

  it('begin with what users notice, and of these 0 lost requests are an answer', () => {
    const requests = {
      requests_lost_ratio: 0,
      pod_load_max_over_mean: 1,
      pods_over_capacity_ratio: 0,
      requests_second_hop_ratio: 0,
    };
    expect(labelsOf({ watch_events_total: 1, endpoint_writes_total: 0, ...requests })).toEqual([
      'Requests lost',
      'Hottest pod / mean',
      'Watch events',
    ]);
    expect(labelsOf(requests, { pods_over_capacity_ratio: 0.1, requests_second_hop_ratio: 0.9 })).toEqual([
      'Requests lost',
      'Hottest pod / mean',
      'Pods over capacity',
      'Second hops',
    ]);
  });

  it('leave out syncs of nodes that are at rest while clients send', () => {
    const made = variant({ name: 'Local' });
    const metrics = { ...made.metrics, requests_total: made.metrics.watch_events_total! };
    const labels = (actions: VariantResult['actions']): string[] =>
      headlinesOf(makeResults({ variants: [{ ...made, metrics, ...(actions && { actions }) }] })).map(
        ({ label }) => label,
      );
    expect(labels([])).not.toContain('kube-proxy syncs');
    expect(labels([])).toContain('Watch events');
    expect(labels([{ kind: 'rollingUpdate', service: 'web', atSeconds: 10 }])).toContain('kube-proxy syncs');
    // Results of a version that did not say what the workload does.
    expect(labels(undefined)).toContain('kube-proxy syncs');
  });

  it('do not say what syncs did where nothing was written', () => {
    const syncs = { kube_proxy_syncs_total: 0, kube_proxy_sync_cpu_share: 0, watch_bytes_total: 0 };
    expect(labelsOf({ ...syncs, endpoint_writes_total: 0 })).toEqual([]);
    expect(labelsOf({ ...syncs, endpoint_writes_total: 0 }, { ...syncs, endpoint_writes_total: 1 })).toEqual([
      'Bytes to watchers',
      'Endpoint writes',
      'kube-proxy syncs',
      'Sync CPU per node',
    ]);
    // Kube-proxies that were started have synced whether or not something changed.
    expect(labelsOf({ endpoint_writes_total: 0, kube_proxy_syncs_total: 7 })).toEqual(['kube-proxy syncs']);
  });
});
