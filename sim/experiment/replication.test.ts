import { describe, expect, test } from 'vitest';

import { NPL_STAGES, type MetricName } from '../metrics.js';
import { parseExperiment } from '../scenario/load.js';
import type { Scenario } from '../model/scenario.js';
import { Histogram } from '../stats/histogram.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

/** The scenario of a YAML text with the head of every scenario file put before it. */
function scenario(yaml: string, overrides: readonly string[] = []): Scenario {
  const head = 'apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: test }\n';
  return parseExperiment(head + yaml, 'test.yaml', { overrides }).variants[0]!.scenario;
}

function distribution(measurements: ReplicationMeasurements, metric: MetricName): Histogram {
  return Histogram.fromSparse(measurements.distributions[metric]!);
}

const rollout = `
kubernetes: "1.33"
cluster: { nodes: 50 }
services:
  - { name: small, count: 20, endpoints: 5 }
  - { name: big, count: 1, endpoints: 120 }
workload:
  - { at: 2s, rollingUpdate: { service: big, maxSurge: 25%, maxUnavailable: 25% } }
  - { at: 2s, churn: { podsPerSecond: 3, for: 20s, services: [small] } }
`;

describe('a replication', () => {
  test('is the same twice, and another with another number or seed', () => {
    const settings = scenario(rollout);
    const first = runReplication(settings, 0);
    expect(runReplication(settings, 0)).toEqual(first);
    expect(runReplication(settings, 1).fingerprint).not.toBe(first.fingerprint);
    expect(runReplication({ ...settings, seed: settings.seed + 1 }, 0).fingerprint).not.toBe(first.fingerprint);
  });

  test.each(['EndpointSlice', 'Endpoints'])(
    '%s: the means of the stages add up to the mean of the true latency',
    (discovery) => {
      const measurements = runReplication(scenario(rollout, [`kubeProxy.discovery=${discovery}`]), 0);
      const truth = distribution(measurements, 'network_programming_true_seconds');
      const stages = NPL_STAGES.map((stage) => distribution(measurements, stage));
      expect(stages.map(({ count }) => count)).toEqual(stages.map(() => truth.count));
      expect(stages.reduce((sum, { mean }) => sum + mean, 0)).toBeCloseTo(truth.mean, 9);
    },
  );

  test('the observed latency is at most a second longer than the true one on average: trigger times are whole seconds', () => {
    // One pod that turns unready per service: every write has a trigger time, and its own change is the only one in it.
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 20 }
services: [{ name: web, count: 100, endpoints: 3 }]
workload: [{ at: 2.25s, podChange: { service: web, change: notReady } }]
`),
      0,
    );
    const truth = distribution(measurements, 'network_programming_true_seconds');
    const observed = distribution(measurements, 'network_programming_duration_seconds');
    expect(observed.count).toBe(truth.count);
    // 2.25 s is written as 2 s.
    expect(observed.mean - truth.mean).toBeCloseTo(0.25, 9);
    expect(observed.max - truth.max).toBeCloseTo(0.25, 9);
  });

  test('a deletion makes no trigger time unless the pod was ready when it stopped', () => {
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 10 }
services: [{ name: web, count: 1, endpoints: 3 }]
workload: [{ at: 1s, scale: { service: web, to: 2 } }]
`),
      0,
    );
    // Marked, not ready, removed: three writes; only the second has a Ready transition.
    expect(measurements.scalars.endpoint_writes_total).toBe(3);
    expect(distribution(measurements, 'network_programming_true_seconds').count).toBe(30);
    expect(distribution(measurements, 'network_programming_duration_seconds').count).toBe(10);
  });

  test('the distributions hold one sample per write and node, and the bytes are the writes times the nodes', () => {
    const measurements = runReplication(scenario(rollout), 0);
    const {
      endpoint_writes_total: writes,
      watch_events_total: events,
      watch_bytes_total: bytes,
    } = measurements.scalars;
    expect(events).toBe(writes! * 50);
    expect(distribution(measurements, 'network_programming_true_seconds').count).toBe(events);
    const objects = distribution(measurements, 'endpoint_object_bytes');
    expect(objects.count).toBe(writes);
    expect(bytes).toBe(objects.sum * 50);
    const series = measurements.series.watch_bytes_per_second!;
    expect(series.values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(bytes!, 0);
  });

  test('1,000 pods created at once take (1000 - 30) / 20 s through the ReplicaSet client', () => {
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 100 }
controlPlane: { etcd: { writeLatency: { median: 0s, p99: 0s } } }
pods: { startup: { median: 0s, p99: 0s } }
services: [{ name: web, count: 1, endpoints: 1 }]
workload: [{ at: 0s, scale: { service: web, to: 1001 } }]
`),
      0,
    );
    const duration = measurements.scalars.workload_duration_seconds!;
    // Then the last of them has to reach the nodes, which takes no more than a batch, a sync period and a sync.
    expect(duration).toBeGreaterThan(48.5);
    expect(duration).toBeLessThan(48.5 + 3);
  });

  test('service creation through the event-driven run gives the byte counts of KEP-752', () => {
    const bytes = (overrides: readonly string[]): number =>
      runReplication(
        scenario(
          `
cluster: { nodes: 50 }
controlPlane:
  etcd: { maxRequestBytes: unlimited }
  controllerManager: { maxEndpointsPerObject: unlimited }
wire: { bytesPerEndpoint: 100, minObjectBytes: 1000 }
services: [{ name: big, count: 1, endpoints: 2000 }]
workload: [{ at: 1s, createService: { service: big } }]
`,
          overrides,
        ),
        0,
      ).scalars.watch_bytes_total!;
    expect(bytes(['kubeProxy.discovery=Endpoints'])).toBe(2000 * 100 * 50);
    expect(bytes([])).toBe(2000 * 100 * 50);
    expect(bytes(['controlPlane.controllerManager.maxEndpointsPerSlice=1'])).toBe(2000 * 1000 * 50);
  });

  test('an Endpoints object over the etcd request limit never reaches the nodes, and the result says so', () => {
    const measurements = runReplication(
      scenario(
        `
cluster: { nodes: 5 }
kubeProxy: { discovery: Endpoints }
controlPlane: { controllerManager: { maxEndpointsPerObject: unlimited } }
services: [{ name: big, count: 1, endpoints: 20000 }]
workload: [{ at: 1s, podChange: { service: big, change: notReady } }]
`,
      ),
      0,
    );
    expect(measurements.scalars.endpoint_writes_total).toBe(0);
    expect(measurements.scalars.endpoint_writes_rejected_total).toBe(16);
    expect(measurements.warnings.join(' ')).toMatch(/over etcd's request limit/);
  });

  test('over the cap an Endpoints write may change nothing: it costs a request and makes no event', () => {
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 5 }
kubeProxy: { discovery: Endpoints }
services: [{ name: big, count: 1, endpoints: 1500 }]
workload: [{ at: 1s, replaceEach: { service: big, interval: 100ms } }]
`),
      0,
    );
    const { endpoint_writes_total: events, endpoint_writes_unchanged_total: unchanged } = measurements.scalars;
    expect(events! + unchanged!).toBe(1500);
    // A pod is among the 1,000 addresses that come first as text with probability 2/3, its successor likewise.
    expect(unchanged! / 1500).toBeGreaterThan(0.05);
    expect(unchanged! / 1500).toBeLessThan(0.4);
    expect(distribution(measurements, 'endpoint_object_bytes').max).toBeLessThan(146_000);
  });

  test('a duration ends the workload, what is in flight is finished, and what was not begun is named', () => {
    const measurements = runReplication(scenario(`${rollout}duration: 10s\n`), 0);
    expect(measurements.scalars.updates_not_applied_total).toBe(0);
    expect(measurements.simulatedNs / 1e9).toBeLessThan(60);
    expect(measurements.warnings.join(' ')).toMatch(
      /rolling update of a service of "big" had \d+ % of its new pods ready/,
    );
  });

  test('common random numbers: a variant that changes only kube-proxy leaves everything before it as it was', () => {
    const upstream = (overrides: readonly string[]): unknown => {
      const { distributions, scalars } = runReplication(scenario(rollout, overrides), 0);
      return {
        kubelet: distributions.stage_kubelet_seconds,
        queue: distributions.stage_controller_queue_seconds,
        throttle: distributions.stage_client_throttle_seconds,
        write: distributions.stage_api_write_seconds,
        fanOut: distributions.stage_watch_fanout_seconds,
        bytes: scalars.watch_bytes_total,
      };
    };
    const often = upstream(['kubeProxy.minSyncPeriod=1s']);
    const seldom = upstream(['kubeProxy.minSyncPeriod=10s']);
    // Sums are added up in the order of the syncs, which differs: equal to rounding.
    const rounded = (value: unknown): string =>
      JSON.stringify(value, (key, part: unknown) => (key === 'sum' ? (part as number).toPrecision(9) : part));
    expect(rounded(often)).toBe(rounded(seldom));
  });

  test('the smallest cluster works: one node, one service, one pod', () => {
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 1, zones: 1 }
services: [{ name: web, count: 1, endpoints: 1 }]
workload: [{ at: 0s, podChange: { service: web, change: replace } }]
`),
      0,
    );
    expect(measurements.scalars.endpoint_writes_total).toBe(1);
  });
});
