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
    // All at the same part of a second, so off by the same, which depends on where the wall clock was.
    const biasSeconds = observed.max - truth.max;
    expect(biasSeconds).toBeGreaterThanOrEqual(0);
    expect(biasSeconds).toBeLessThan(1);
    expect(observed.mean - truth.mean).toBeCloseTo(biasSeconds, 9);
  });

  test('the bias of whole seconds is spread over replications, whenever the workload begins', () => {
    const settings = scenario(`
cluster: { nodes: 2 }
services: [{ name: web, count: 1, endpoints: 3 }]
workload: [{ at: 10s, podChange: { service: web, change: notReady } }]
`);
    const biases = Array.from({ length: 40 }, (_, replication) => {
      const measurements = runReplication(settings, replication);
      return (
        distribution(measurements, 'network_programming_duration_seconds').mean -
        distribution(measurements, 'network_programming_true_seconds').mean
      );
    });
    const mean = biases.reduce((sum, bias) => sum + bias, 0) / biases.length;
    // Uniform on [0, 1): the mean of 40 has a standard deviation of 0.046.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * 0.046);
  });

  // control-plane rule: the trigger time is that of the last Ready transition of each pod that is listed.
  test('a pod that changes back and forth within a batch counts with its last transition', () => {
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 3 }
controlPlane: { controllerManager: { endpointSliceUpdatesBatchPeriod: 5s } }
services: [{ name: web, count: 1, endpoints: 1 }]
workload:
  - { at: 10s, podChange: { service: web, change: notReady } }
  - { at: 12s, podChange: { service: web, change: ready } }
  - { at: 14s, podChange: { service: web, change: notReady } }
`),
      0,
    );
    const truth = distribution(measurements, 'network_programming_true_seconds');
    const observed = distribution(measurements, 'network_programming_duration_seconds');
    expect(truth.min).toBeGreaterThan(5);
    expect(observed.max).toBeLessThan(2.1);
  });

  test('pods that are gone by the time of the sync give no trigger time', () => {
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 5 }
controlPlane: { controllerManager: { endpointSliceUpdatesBatchPeriod: 30s } }
pods: { shutdown: { median: 1s, p99: 1s } }
services: [{ name: web, count: 1, endpoints: 20 }]
workload: [{ at: 1s, scale: { service: web, to: 10 } }]
`),
      0,
    );
    expect(distribution(measurements, 'network_programming_true_seconds').count).toBe(5);
    expect(measurements.distributions.network_programming_duration_seconds!.count).toBe(0);
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

  test('over the cap an Endpoints write with a new trigger time makes an event, whatever addresses it changes', () => {
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 5 }
kubeProxy: { discovery: Endpoints }
services: [{ name: big, count: 1, endpoints: 1500 }]
workload: [{ at: 1s, replaceEach: { service: big, interval: 100ms } }]
`),
      0,
    );
    expect(measurements.scalars).toMatchObject({ endpoint_writes_total: 1500, endpoint_writes_unchanged_total: 0 });
    expect(distribution(measurements, 'endpoint_object_bytes').max).toBeLessThan(146_000);
  });

  test('over the cap an Endpoints write may change nothing: it costs a request and makes no event', () => {
    // A label takes pods out of the service, which gives no trigger time; a third of them stood beyond the cap.
    const actions = Array.from(
      { length: 60 },
      (_, n) => `  - { at: ${1 + n}s, podChange: { service: big, change: leave } }`,
    );
    const { scalars } = runReplication(
      scenario(`
cluster: { nodes: 5 }
kubeProxy: { discovery: Endpoints }
services: [{ name: big, count: 1, endpoints: 1500 }]
workload:
${actions.join('\n')}
`),
      0,
    );
    const { endpoint_writes_total: events, endpoint_writes_unchanged_total: unchanged } = scalars;
    expect(events! + unchanged!).toBe(60);
    expect(unchanged).toBeGreaterThan(5);
    expect(unchanged).toBeLessThan(40);
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

  test.each([
    ['two rolling updates', ['rollingUpdate: { service: web }', 'rollingUpdate: { service: web }'], 40],
    [
      'a rolling update and replacements',
      ['rollingUpdate: { service: web }', 'replaceEach: { service: web, interval: 100ms }'],
      40,
    ],
    [
      'replacements twice',
      ['replaceEach: { service: web, interval: 100ms }', 'replaceEach: { service: web, interval: 70ms }'],
      40,
    ],
    [
      'replacements and churn',
      ['replaceEach: { service: web, interval: 100ms }', 'churn: { podsPerSecond: 2, for: 60s }'],
      40,
    ],
    ['a rolling update and churn', ['rollingUpdate: { service: web }', 'churn: { podsPerSecond: 2, for: 60s }'], 40],
    ['a rolling update and fewer replicas', ['rollingUpdate: { service: web }', 'scale: { service: web, to: 10 }'], 10],
    ['a rolling update and more replicas', ['rollingUpdate: { service: web }', 'scale: { service: web, to: 60 }'], 60],
    ['a rolling update and none', ['rollingUpdate: { service: web }', 'scale: { service: web, to: 0 }'], 0],
    ['churn and fewer replicas', ['churn: { podsPerSecond: 5, for: 20s }', 'scale: { service: web, to: 7 }'], 7],
    [
      'more churn than the ReplicaSet client can follow',
      ['churn: { podsPerSecond: 100, for: 20s }', 'scale: { service: web, to: 40 }'],
      40,
    ],
  ] as const)('%s end with the pods that are asked for', (_, [first, second], endpoints) => {
    for (const [replication, startup] of ['1s', '20s'].entries()) {
      // The conservation laws of the world compare the pods with what is desired and with what is published.
      const measurements = runReplication(
        scenario(`
cluster: { nodes: 5 }
pods: { startup: { median: ${startup}, p99: 30s } }
services: [{ name: web, count: 2, endpoints: 40 }]
workload: [{ at: 1s, ${first} }, { at: 2s, ${second} }, { at: 5m, podChange: { service: web, change: replace } }]
`),
        replication,
      );
      expect(measurements.warnings).toEqual(endpoints === 0 ? ['2 of 2 services of "web" had no pod to replace.'] : []);
      // One write for the last change of each service, if it has a pod; its size tells how many endpoints there are.
      const { endpoint_writes_total: writes } = measurements.scalars;
      expect(writes).toBeGreaterThan(endpoints === 0 ? 0 : 2);
    }
  });

  test('a rolling update of many services overtaken by another ends all the same', () => {
    const measurements = runReplication(
      scenario(`
cluster: { nodes: 3 }
services: [{ name: web, count: 200, endpoints: 1 }]
workload: [{ at: 1s, rollingUpdate: { service: web } }, { at: 11s, rollingUpdate: { service: web } }]
`),
      0,
    );
    expect(measurements.warnings).toEqual([]);
  });

  test('churn beyond the ReplicaSet client makes no backlog of more pods than are missing', () => {
    const { simulatedNs } = runReplication(
      scenario(`
cluster: { nodes: 30 }
services: [{ name: web, count: 3, endpoints: 100 }]
workload: [{ at: 1s, churn: { podsPerSecond: 100, for: 60s, arrivals: regular } }]
`),
      0,
    );
    // 300 are missing at most when it ends: 15 s at 20 a second, and then they have to start.
    expect(simulatedNs / 1e9).toBeLessThan(61 + 15 + 30);
  });

  test('a run that is cut off counts what was sent by then, and knows no end of its workload', () => {
    const { scalars, warnings } = runReplication(
      scenario(`
cluster: { nodes: 200 }
duration: 20s
drainLimit: 10s
controlPlane: { apiServer: { replicas: 1, networkBandwidth: 1M } }
services: [{ name: web, count: 50, endpoints: 50 }]
workload: [{ at: 1s, replaceEach: { service: web, interval: 100ms } }]
`),
      0,
    );
    expect(warnings.join(' ')).toMatch(/drain limit/);
    expect(scalars.updates_not_applied_total).toBeGreaterThan(0);
    expect(scalars.apiserver_network_utilization).toBeGreaterThan(0.9);
    expect(scalars.apiserver_network_utilization).toBeLessThanOrEqual(1);
    // 1 Mbit/s for at most 30 s.
    expect(scalars.watch_bytes_total).toBeLessThanOrEqual((1e6 / 8) * 30);
    expect(scalars).not.toHaveProperty('workload_duration_seconds');
  });

  test('the series of traffic never exceeds what the network cards can send', () => {
    const { series } = runReplication(
      scenario(`
cluster: { nodes: 100 }
controlPlane: { apiServer: { replicas: 1, networkBandwidth: 10M } }
services: [{ name: web, count: 30, endpoints: 50 }]
workload: [{ at: 1s, podChange: { service: web, change: replace } }]
`),
      0,
    );
    const { binWidthNs, values } = series.watch_bytes_per_second!;
    expect(Math.max(...values) / (binWidthNs / 1e9)).toBeLessThanOrEqual(1.001 * 1.25e6);
  });

  test.each(['1s', '59m', '5h'])('syncs of idle nodes before the workload at %s are not counted', (at) => {
    const { scalars } = runReplication(
      scenario(`
cluster: { nodes: 20 }
services: [{ name: web, count: 100, endpoints: 5 }, { name: one, count: 1, endpoints: 5 }]
workload: [{ at: ${at}, podChange: { service: one, change: notReady } }]
`),
      0,
    );
    expect(scalars.kube_proxy_syncs_total).toBe(20);
    expect(scalars.kube_proxy_sync_cpu_share).toBeLessThanOrEqual(1);
  });

  test('a pod that is not ready goes first when a service is scaled down', () => {
    const { scalars } = runReplication(
      scenario(`
cluster: { nodes: 2 }
services: [{ name: web, count: 1, endpoints: 40 }]
workload:
  - { at: 1s, podChange: { service: web, change: notReady } }
  - { at: 2s, scale: { service: web, to: 39 } }
  - { at: 1m, podChange: { service: web, change: ready } }
`),
      0,
    );
    // Not ready, marked, removed; it was not ready when it stopped, so that update changes nothing, and no pod is left to turn ready.
    expect(scalars.endpoint_writes_total).toBe(3);
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
