/**
 * Results of whole runs that have a closed form: what the event-driven model gives when everything but one mechanism is made
 * to take no time.
 */

import { describe, expect, test } from 'vitest';

import type { Scenario } from '../model/scenario.js';
import { World } from '../model/world.js';
import { parseExperiment } from '../scenario/load.js';
import { Histogram } from '../stats/histogram.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

const SECOND = 1e9;

function scenario(yaml: string, overrides: readonly string[] = []): Scenario {
  const head = 'apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: test }\n';
  return parseExperiment(head + yaml, 'test.yaml', { overrides }).variants[0]!.scenario;
}

const maxOf = (measurements: ReplicationMeasurements, metric: keyof ReplicationMeasurements['distributions']): number =>
  Histogram.fromSparse(measurements.distributions[metric]!).max;

/** etcd and nodes that take no time to speak of, and API servers that take any number of requests at once. */
const instantaneous = `
controlPlane:
  etcd: { writeLatency: { median: 1ms, p99: 1ms } }
  apiServer: { networkBandwidth: unlimited, enablePriorityAndFairness: false, maxMutatingRequestsInflight: 10000 }
kubeProxy: { minSyncPeriod: 0s }
`;

describe('the client of the endpoint controller, 20 requests a second after a burst of 30', () => {
  test.each([1, 30, 31, 130, 1000])(
    '%i services that each need one write have the last after max(0, W - 30) / 20 s',
    (services) => {
      for (const discovery of ['EndpointSlice', 'Endpoints']) {
        const measurements = runReplication(
          scenario(
            `${instantaneous}
cluster: { nodes: 1 }
services: [{ name: web, count: ${services}, endpoints: 1 }]
workload: [{ at: 1s, podChange: { service: web, change: replace } }]
`,
            [`kubeProxy.discovery=${discovery}`],
          ),
          0,
        );
        expect(measurements.scalars.endpoint_writes_total).toBe(services);
        const seconds = Math.max(0, services - 30) / 20;
        const queue = maxOf(measurements, 'stage_controller_queue_seconds');
        const throttle = maxOf(measurements, 'stage_client_throttle_seconds');
        // The five workers wait for five tokens, 0.25 s; the rest of the time passes in the queue before them.
        expect(throttle).toBeLessThan(0.26);
        // etcd commits the 1,000 changes before them in 23 ms.
        expect(queue + throttle).toBeGreaterThan(seconds - 0.03);
        expect(queue + throttle).toBeLessThan(seconds + 0.05);
      }
    },
  );

  test('before 1.7 a resync of W services keeps the last waiting for (W - 30) / 20 s', () => {
    const queue = (services: number): number =>
      maxOf(
        runReplication(
          scenario(
            `${instantaneous}
cluster: { nodes: 1 }
services: [{ name: others, count: ${services - 1}, endpoints: 1 }, { name: last, endpoints: 1 }]
workload: [{ at: 20s, podChange: { service: last, change: replace } }]
`,
            [
              'kubeProxy.discovery=Endpoints',
              'controlPlane.controllerManager.endpointsFromInformer=false',
              'controlPlane.controllerManager.fullServiceResyncPeriod=20s',
            ],
          ),
          0,
        ),
        'stage_controller_queue_seconds',
      );
    // Less the tokens that the four other workers and its own GET are waiting for, and the milliseconds that its change takes.
    for (const services of [150, 250]) expect(queue(services)).toBeCloseTo((services - 30 - 5) / 20, 1);
  });
});

describe('a crash of the controller manager', () => {
  const crash = `
cluster: { nodes: 5 }
services: [{ name: web, count: 300, endpoints: 1 }, { name: fresh, endpoints: 2 }]
workload:
  - { at: 1s, createService: { service: fresh } }
  - { at: 10s, failOverControllerManager: {} }
  - { at: 12s, podChange: { service: web, change: notReady } }
  - { at: 12s, podChange: { service: fresh, change: notReady } }
`;

  test('keeps changes waiting until another has taken over, and then they share its bucket', () => {
    const world = new World(scenario(instantaneous + crash), 0);
    world.run();
    const upSeconds = world.controllerManager.downUntilNs / SECOND;
    // Lease, polls of the follower, LISTs.
    expect(upSeconds).toBeGreaterThan(10 + 13);
    expect(upSeconds).toBeLessThan(10 + 23.8 + 0.2);
    const commits = Array.from(world.log.commitNs.subarray(1, world.log.length), (commitNs) => commitNs / SECOND);
    expect(commits).toHaveLength(301);
    expect(commits[0]).toBeGreaterThan(upSeconds);
    expect(commits.at(-1)! - upSeconds).toBeCloseTo((301 - 30) / 20, 1);
  });

  test('makes trigger times that are the creation of the service: old ones do not count, new ones are far off', () => {
    const measurements = runReplication(scenario(instantaneous + crash), 0);
    const observed = Histogram.fromSparse(measurements.distributions.network_programming_duration_seconds!);
    // The creation itself, and one bogus sample on each of five nodes; the 300 services of before the run have no sample.
    expect(observed.count).toBe(2 * 5);
    expect(observed.max).toBeGreaterThan(maxOf(measurements, 'network_programming_true_seconds') + 10);
  });

  test('a second crash before the first is mended finds nothing to crash', () => {
    const { warnings } = runReplication(
      scenario(`
cluster: { nodes: 2 }
services: [{ name: web, endpoints: 1 }]
workload: [{ at: 1s, failOverControllerManager: {} }, { at: 5s, failOverControllerManager: {} }]
`),
      0,
    );
    expect(warnings.join(' ')).toMatch(/was to crash while there was none/);
  });

  test.each(['EndpointSlice', 'Endpoints'])(
    'in the middle of churn and rolling updates loses no change: %s',
    (discovery) => {
      // The conservation laws of the world compare what is published with the pods.
      for (let replication = 0; replication < 5; replication++) {
        const measurements = runReplication(
          scenario(
            `
kubernetes: "1.30"
cluster: { nodes: 5 }
services: [{ name: small, count: 40, endpoints: 3 }, { name: big, endpoints: 150 }]
workload:
  - { at: 1s, churn: { podsPerSecond: 30, for: 60s } }
  - { at: 4s, rollingUpdate: { service: big } }
  - { at: 7s, failOverControllerManager: {} }
  - { at: 45s, failOverControllerManager: {} }
`,
            [`kubeProxy.discovery=${discovery}`],
          ),
          replication,
        );
        expect(measurements.warnings).toEqual([]);
        expect(measurements.scalars.updates_not_applied_total).toBe(0);
      }
    },
  );
});

describe('Endpoints before 1.31', () => {
  const flapping = (version: string) =>
    runReplication(
      scenario(`
kubernetes: "${version}"
cluster: { nodes: 2 }
kubeProxy: { discovery: Endpoints }
services: [{ name: web, endpoints: 200 }]
workload: [{ at: 1s, replaceEach: { service: web, interval: 4ms } }]
`),
      0,
    ).scalars;

  test('quick changes meet 409 conflicts, and since then stale caches', () => {
    const before = flapping('1.30');
    const since = flapping('1.31');
    expect(before.endpoint_writes_conflict_total).toBeGreaterThan(0);
    expect(before.controller_stale_syncs_total).toBe(0);
    expect(since.endpoint_writes_conflict_total).toBe(0);
    expect(since.controller_stale_syncs_total).toBeGreaterThan(0);
  });
});

test('the resync of informers, 12 to 24 hours apart, costs a short run nothing and a long one a sync of each service', () => {
  const events = (minResyncPeriod: string, at: string): number =>
    runReplication(
      scenario(
        `
cluster: { nodes: 2 }
services: [{ name: web, count: 50, endpoints: 1 }]
workload: [{ at: 1s, podChange: { service: web, change: replace } }, { at: ${at}, podChange: { service: web, change: replace } }]
`,
        [`controlPlane.controllerManager.minResyncPeriod=${minResyncPeriod}`],
      ),
      0,
    ).events;
  expect(events('12h', '11h')).toBe(events('0s', '11h'));
  // A resync and 50 syncs, once in 25 hours.
  expect(events('12h', '25h') - events('0s', '25h')).toBe(51);
});
