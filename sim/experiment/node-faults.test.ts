/** Nodes that are lost or restarted, probes and graceful termination, in whole runs: the conservation laws hold in each. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { MetricName } from '../metrics.js';
import type { Scenario } from '../model/scenario.js';
import { parseExperiment } from '../scenario/load.js';
import { Histogram } from '../stats/histogram.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

function scenario(yaml: string): Scenario {
  const head = 'apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: test }\n';
  return parseExperiment(head + yaml, 'test.yaml').variants[0]!.scenario;
}

const run = (yaml: string, replication = 0): ReplicationMeasurements => runReplication(scenario(yaml), replication);

const distribution = (measurements: ReplicationMeasurements, metric: MetricName): Histogram =>
  Histogram.fromSparse(measurements.distributions[metric]!);

describe('nodes that are lost', () => {
  // The grace period of 50 s runs from a renewal up to 10 s ago, as seen by a pass up to 5 s later. Then each pod and node is a
  // write of the 20/30 client, and the change has to go through the endpoint controller, which takes a few seconds at most.
  test.each([
    { nodes: 2, lost: 1, endpoints: 220 },
    { nodes: 101, lost: 100, endpoints: 101 * 30 },
    { nodes: 250, lost: 200, endpoints: 250 * 15 },
  ])('$lost nodes of $nodes with $endpoints pods in all', ({ nodes, lost, endpoints }) => {
    const { scalars } = run(`
cluster: { nodes: ${nodes} }
kubernetes: "1.33"
duration: 1m
drainLimit: 10m
services: [{ name: web, endpoints: ${endpoints} }]
workload: [{ at: 30s, loseNodes: { nodes: ${lost} } }]
`);
    const pods = scalars.pods_marked_not_ready_total!;
    expect(pods).toBe((lost * endpoints) / nodes);
    const throttleSeconds = Math.max(0, pods + lost - 30) / 20;
    expect(scalars.node_loss_recovery_seconds).toBeGreaterThan(40 + throttleSeconds - 0.1);
    expect(scalars.node_loss_recovery_seconds).toBeLessThan(55 + throttleSeconds + 5);
    if (throttleSeconds > 100) expect(scalars.node_lifecycle_controller_client_utilization).toBeGreaterThan(0.9);
    expect(scalars.node_lifecycle_controller_client_utilization).toBeLessThanOrEqual(1.01);
  });

  test('up to 1.31 the grace period is 10 s shorter', () => {
    const recovery = (version: string): number =>
      run(`
kubernetes: "${version}"
duration: 1m
cluster: { nodes: 10 }
services: [{ name: web, endpoints: 10 }]
workload: [{ at: 30s, loseNodes: { nodes: 1 } }]
`).scalars.node_loss_recovery_seconds!;
    expect(recovery('1.32') - recovery('1.31')).toBeCloseTo(10, 0);
  });

  test('their pods are replaced when the toleration of 300 s is over, a node every 10 s', () => {
    const { scalars } = run(`
cluster: { nodes: 40, zones: 1 }
services: [{ name: web, count: 10, endpoints: 40 }]
workload: [{ at: 30s, loseNodes: { nodes: 5 } }]
`);
    expect(scalars.pods_evicted_total).toBe(50);
    // Found after 40 to 55 s; the fifth node is tainted 40 s after the first.
    expect(scalars.node_replacement_seconds).toBeGreaterThan(40 + 40 + 300);
    expect(scalars.node_replacement_seconds).toBeLessThan(55 + 40 + 10 + 300 + 30);
  });

  test('with most of a small zone lost, nobody is evicted', () => {
    const { scalars } = run(`
cluster: { nodes: 10, zones: 1 }
services: [{ name: web, endpoints: 40 }]
workload: [{ at: 30s, loseNodes: { nodes: 9 } }]
`);
    // All nodes are found lost in one pass or two; until the zone is judged one of them may get its taint.
    expect(scalars.pods_marked_not_ready_total).toBe(36);
    expect(scalars.pods_evicted_total).toBeLessThanOrEqual(8);
    expect(scalars).not.toHaveProperty('node_replacement_seconds');
  });

  test('nodes that are back before anybody notices make no write', () => {
    const { scalars } = run(`
cluster: { nodes: 10 }
services: [{ name: web, endpoints: 40 }]
workload: [{ at: 30s, loseNodes: { nodes: 3, for: 20s } }]
`);
    expect(scalars).toMatchObject({ endpoint_writes_total: 0, pods_marked_not_ready_total: 0 });
    expect(scalars.node_loss_recovery_seconds).toBeCloseTo(20, 9);
    expect(scalars.node_replacement_seconds).toBeCloseTo(20, 9);
  });

  test('nodes that are back before the eviction turn their pods ready again, without a trigger time', () => {
    const measurements = run(`
cluster: { nodes: 10 }
services: [{ name: web, endpoints: 40 }]
workload: [{ at: 30s, loseNodes: { nodes: 3, for: 2m } }]
`);
    const { scalars } = measurements;
    expect(scalars).toMatchObject({ pods_marked_not_ready_total: 12, pods_evicted_total: 0 });
    expect(scalars.endpoint_writes_total).toBeGreaterThanOrEqual(2);
    // Back after 120 s, and written over at a tick within 10 s.
    expect(scalars.node_replacement_seconds).toBeGreaterThan(120);
    expect(scalars.node_replacement_seconds).toBeLessThan(135);
    // Marks date from the controller's write; what the kubelets write has their old transition.
    const observed = distribution(measurements, 'network_programming_duration_seconds');
    expect(observed.quantile(0.6)).toBeLessThan(10);
    // Three nodes in ten hear of the marks when they are back, up to two minutes late.
    expect(observed.max).toBeGreaterThan(60);
    expect(observed.max).toBeLessThan(120 + 61);
    expect(distribution(measurements, 'network_programming_true_seconds').max).toBeGreaterThan(40);
  });

  test('pods that are evicted from nodes that come back later are removed then', () => {
    const { scalars } = run(`
cluster: { nodes: 10 }
services: [{ name: web, endpoints: 40 }]
workload: [{ at: 30s, loseNodes: { nodes: 1, for: 10m } }]
`);
    expect(scalars.pods_evicted_total).toBe(4);
    expect(scalars.node_replacement_seconds).toBeLessThan(400);
  });

  test('that stay lost get nothing more, and nobody waits for them', () => {
    const measurements = run(`
cluster: { nodes: 10 }
services: [{ name: web, endpoints: 40 }]
workload: [{ at: 30s, loseNodes: { nodes: 3 } }]
`);
    const { scalars, deliveries } = measurements;
    expect(scalars.updates_not_applied_total).toBe(0);
    expect(deliveries).toBe(7 * scalars.endpoint_writes_total!);
    expect(scalars.watch_events_total).toBe(deliveries);
    expect(scalars.workload_duration_seconds).toBeLessThan(400);
    // What was marked, evicted and replaced is new to each of the others within seconds.
    expect(distribution(measurements, 'network_programming_duration_seconds').max).toBeLessThan(10);
  });

  test('and are back list nothing, as the API servers have what they missed; restarted, each lists once and syncs in full', () => {
    const back = (kind: string): ReplicationMeasurements =>
      run(`
cluster: { nodes: 10 }
services: [{ name: web, endpoints: 40 }]
workload: [{ at: 30s, ${kind}: { nodes: 3, for: 2m } }]
`);
    const lost = back('loseNodes').scalars;
    expect(lost).toMatchObject({ watch_relists_total: 0, list_bytes_total: 0, updates_not_applied_total: 0 });
    const restarted = back('restartNodes').scalars;
    expect(restarted).toMatchObject({ watch_relists_total: 3, updates_not_applied_total: 0 });
    expect(restarted.kube_proxy_full_syncs_total! - lost.kube_proxy_full_syncs_total!).toBe(3);
  });

  test('of a zone take its share out of topology hints: a service that was hinted to it evenly is written anew', () => {
    const writes = (topologyMode: string): number =>
      run(`
cluster: { nodes: 30, zones: 3 }
services: [{ name: web, count: 4, endpoints: 9, topologyMode: ${topologyMode} }]
workload: [{ at: 30s, loseNodes: { zone: 0, for: 52s } }]
`).scalars.endpoint_writes_total!;
    expect(writes('Auto')).toBeGreaterThan(writes('Disabled'));
  });

  test('all zones lost at once: pods are marked, and none evicted', () => {
    const { scalars } = run(`
cluster: { nodes: 9, zones: 3 }
services: [{ name: web, endpoints: 36 }]
workload: [{ at: 30s, loseNodes: { nodes: 9, for: 30m } }]
`);
    expect(scalars.pods_marked_not_ready_total).toBe(36);
    expect(scalars.pods_evicted_total).toBe(0);
    expect(scalars.node_replacement_seconds).toBeGreaterThan(1800);
  });

  test('a fault costs a cluster at rest nothing: no event without one', () => {
    const { events, scalars } = run(`
cluster: { nodes: 100 }
services: [{ name: web, endpoints: 40 }]
duration: 1h
workload: [{ at: 30s, podChange: { service: web, change: notReady } }]
`);
    expect(events).toBeLessThan(150);
    expect(scalars.heartbeat_writes_per_second).toBeCloseTo(100 / 10 + 100 / 300, 9);
    expect(scalars).not.toHaveProperty('node_loss_recovery_seconds');
  });
});

describe('nodes that are restarted', () => {
  // Two writes of two calls for each of 110 pods at most, one at least: a pod that is ready again before its turn is written once.
  test.each([
    { version: '1.26', least: 42, most: 84 },
    { version: '1.27', least: 2.4, most: 6.8 },
  ])('110 pods are ready again after the status writes of $version', ({ version, least, most }) => {
    const { scalars } = run(`
kubernetes: "${version}"
cluster: { nodes: 2 }
pods: { startup: { median: 1ms, p99: 1ms } }
services: [{ name: web, endpoints: 220 }]
workload: [{ at: 30s, restartNodes: { nodes: 1, for: 20s } }]
`);
    expect(scalars.pods_marked_not_ready_total).toBe(0);
    const seconds = scalars.node_replacement_seconds! - 20;
    expect(seconds).toBeGreaterThan(least - 0.1);
    expect(seconds).toBeLessThan(most + 1.5);
  });

  test('a restart that takes longer than the grace period has its pods marked', () => {
    const { scalars } = run(`
cluster: { nodes: 10 }
services: [{ name: web, endpoints: 40, readinessProbe: { periodSeconds: 5 } }]
workload: [{ at: 30s, restartNodes: { nodes: 2, for: 2m } }]
`);
    expect(scalars).toMatchObject({ pods_marked_not_ready_total: 8, pods_evicted_total: 0 });
  });
});

describe('pods that start', () => {
  test('take the scheduler 50 a second when the ReplicaSet client does not bind', () => {
    const { scalars } = run(`
cluster: { nodes: 100 }
controlPlane:
  etcd: { writeLatency: { median: 0s, p99: 0s } }
  controllerManager: { kubeApiQps: 10000, kubeApiBurst: 10000 }
pods: { startup: { median: 0s, p99: 0s } }
services: [{ name: web, count: 1, endpoints: 1 }]
workload: [{ at: 0s, scale: { service: web, to: 1001 } }]
`);
    // (1000 - 100) / 50, then until they are seen and on the nodes.
    expect(scalars.workload_duration_seconds).toBeGreaterThan(18);
    expect(scalars.workload_duration_seconds).toBeLessThan(18 + 5);
  });

  test('are seen with their address first when they have a probe, and the first update dates from their taking on', () => {
    const of = (group: string): ReplicationMeasurements =>
      run(`
cluster: { nodes: 3 }
pods: { startup: { median: 5s, p99: 5s } }
services: [{ name: web, endpoints: 3${group} }]
workload: [{ at: 10s, scale: { service: web, to: 4 } }]
`);
    expect(of('').scalars.endpoint_writes_total).toBe(1);
    const probed = of(', readinessProbe: { initialDelaySeconds: 15 }');
    expect(probed.scalars.endpoint_writes_total).toBe(2);
    const observed = distribution(probed, 'network_programming_duration_seconds');
    expect(observed.count).toBe(2 * 3);
    expect(observed.max).toBeGreaterThan(5);
    // Ready at the first tick after the delay: up to a period of 10 s after the moment from which on it could be.
    const truth = distribution(probed, 'network_programming_true_seconds');
    expect(truth.max).toBeLessThan(10 + 3);
  });
});

describe('an application that fails', () => {
  test.each([
    { probe: '{}', failure: 'timeout', least: 21, most: 31 },
    { probe: '{}', failure: 'refused', least: 20, most: 30 },
    { probe: '{ periodSeconds: 2, failureThreshold: 1 }', failure: 'timeout', least: 1, most: 3 },
  ])('is known to fail by $probe ($failure) after $least to $most s', ({ probe, failure, least, most }) => {
    const measurements = run(`
cluster: { nodes: 20 }
services: [{ name: web, count: 50, endpoints: 2, readinessProbe: ${probe} }]
workload: [{ at: 10s, podChange: { service: web, change: notReady, failure: ${failure} } }]
`);
    const { min, mean, max } = distribution(measurements, 'stage_kubelet_seconds');
    expect(measurements.scalars.endpoint_writes_total).toBe(50);
    expect(min).toBeGreaterThanOrEqual(least);
    expect(max).toBeLessThan(most + 0.1);
    // Uniform: the mean of 50 has a standard deviation of 0.041 times the width.
    expect(Math.abs(mean - (least + most) / 2)).toBeLessThan(4 * 0.041 * (most - least) + 0.1);
  });

  test('and recovers before it is known makes no write', () => {
    const { scalars } = run(`
cluster: { nodes: 2 }
services: [{ name: web, count: 20, endpoints: 2, readinessProbe: {} }]
workload:
  - { at: 10s, podChange: { service: web, change: notReady } }
  - { at: 25s, podChange: { service: web, change: ready } }
`);
    expect(scalars.endpoint_writes_total).toBe(0);
  });

  test('and is known to, recovers by its probe', () => {
    const { scalars, warnings } = run(`
cluster: { nodes: 2 }
services: [{ name: web, count: 20, endpoints: 2, readinessProbe: {} }]
workload:
  - { at: 10s, podChange: { service: web, change: notReady } }
  - { at: 1m, podChange: { service: web, change: ready } }
`);
    expect(scalars.endpoint_writes_total).toBe(40);
    expect(warnings).toEqual([]);
  });
});

test.each([
  { settings: '', seconds: 1 },
  { settings: ', preStop: { sleep: 5s }', seconds: 6 },
  { settings: ', terminationGracePeriodSeconds: 4, preStop: { sleep: 60s }', seconds: 4 + 1 },
])('the application of a deleted pod ends after $seconds s$settings', ({ settings, seconds }) => {
  const { scalars } = run(`
cluster: { nodes: 3 }
pods: { shutdown: { median: 1s, p99: 1s } }
services: [{ name: web, endpoints: 3${settings} }]
workload: [{ at: 10s, scale: { service: web, to: 2 } }]
`);
  expect(scalars.endpoint_writes_total).toBe(3);
  expect(scalars.workload_duration_seconds).toBeGreaterThan(seconds);
  expect(scalars.workload_duration_seconds).toBeLessThan(seconds + 4);
});

describe('faults in the midst of other things', () => {
  const fault = fc.oneof(
    fc
      .record({ nodes: fc.integer({ min: 1, max: 6 }), seconds: fc.integer({ min: 1, max: 500 }) })
      .map(({ nodes, seconds }) => `loseNodes: { nodes: ${nodes}, for: ${seconds}s }`),
    fc.integer({ min: 1, max: 6 }).map((nodes) => `loseNodes: { nodes: ${nodes} }`),
    fc.integer({ min: 0, max: 1 }).map((zone) => `loseNodes: { zone: ${zone}, for: 200s }`),
    fc
      .record({ nodes: fc.integer({ min: 1, max: 6 }), seconds: fc.integer({ min: 1, max: 120 }) })
      .map(({ nodes, seconds }) => `restartNodes: { nodes: ${nodes}, for: ${seconds}s }`),
  );
  const other = fc.constantFrom(
    'rollingUpdate: { service: web }',
    'churn: { podsPerSecond: 2, for: 60s }',
    'scale: { service: web, to: 50 }',
    'scale: { service: web, to: 5 }',
    'replaceEach: { service: web, interval: 500ms }',
    'failOverControllerManager: {}',
    'podChange: { service: web, change: notReady }',
    'podChange: { service: web, change: ready }',
  );
  const at = fc.integer({ min: 0, max: 400 });

  test('keep the conservation laws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(at, fc.oneof(fault, other)), { minLength: 2, maxLength: 6 }),
        fc.constantFrom('', ', readinessProbe: { periodSeconds: 7 }', ', preStop: { sleep: 5s }'),
        fc.constantFrom('EndpointSlice', 'Endpoints'),
        fc.integer({ min: 0, max: 100 }),
        (actions, group, discovery, replication) => {
          const workload = actions.map(([seconds, action]) => `  - { at: ${seconds}s, ${action} }`).join('\n');
          run(
            `
cluster: { nodes: 8, zones: 2 }
kubeProxy: { discovery: ${discovery} }
services: [{ name: web, count: 2, endpoints: 20${group} }]
workload:
${workload}
`,
            replication,
          );
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);
});
