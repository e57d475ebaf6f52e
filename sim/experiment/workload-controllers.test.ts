/** Deployments and StatefulSets in whole runs. That the pods end up as asked for is checked by the world's conservation laws. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

const run = (yaml: string, replication = 0): ReplicationMeasurements => {
  const head = 'apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: test }\ncluster: { nodes: 10 }\n';
  return runReplication(parseExperiment(head + yaml, 'test.yaml').variants[0]!.scenario, replication);
};

const seconds = ({ scalars }: ReplicationMeasurements): number => scalars.workload_duration_seconds!;

const FIXED = 'pods: { startup: { median: 2s, p99: 2s }, shutdown: { median: 3s, p99: 3s } }';

describe('a StatefulSet', () => {
  test('is updated pod after pod, each taking its shutdown and its start', () => {
    const duration = seconds(
      run(`
${FIXED}
services: [{ name: db, endpoints: 6, controller: StatefulSet }]
workload: [{ at: 1s, rollingUpdate: { service: db } }]
`),
    );
    expect(duration).toBeGreaterThan(6 * 5);
    expect(duration).toBeLessThan(6 * 5 + 5);
  });

  test.each([
    ['OrderedReady', 'rollingUpdate: { service: db, maxUnavailable: 3 }', 'scale: { service: db, to: 20 }'],
    ['OrderedReady', 'churn: { podsPerSecond: 1, for: 20s }', 'rollingUpdate: { service: db, partition: 4 }'],
    ['Parallel', 'churn: { podsPerSecond: 3, for: 20s }', 'rollingUpdate: { service: db, maxUnavailable: 50% }'],
    ['Parallel', 'scale: { service: db, to: 40 }', 'failOverControllerManager: {}'],
    ['Parallel', 'rollingUpdate: { service: db }', 'scale: { service: db, to: 0 }'],
    ['OrderedReady', 'replaceEach: { service: db, interval: 500ms }', 'scale: { service: db, to: 3 }'],
  ])('%s: %s, then %s ends as asked for', (policy, first, second) => {
    const measurements = run(`
kubernetes: "1.35"
services:
  - { name: db, count: 2, endpoints: 10, controller: StatefulSet, podManagementPolicy: ${policy} }
  - { name: web, endpoints: 10 }
workload: [{ at: 1s, ${first} }, { at: 3s, ${second} }, { at: 4s, scale: { service: web, to: 12 } }]
`);
    expect(measurements.warnings).toEqual([]);
    expect(measurements.scalars.updates_not_applied_total).toBe(0);
    expect(measurements.scalars.statefulset_controller_client_utilization).toBeGreaterThan(0);
  });
});

describe('a Deployment', () => {
  test.each([
    ['rollingUpdate: { service: web, strategy: Recreate }', 'scale: { service: web, to: 30 }'],
    ['rollingUpdate: { service: web, strategy: Recreate }', 'rollingUpdate: { service: web }'],
    ['rollingUpdate: { service: web, minReadySeconds: 5 }', 'churn: { podsPerSecond: 2, for: 30s }'],
    ['rollingUpdate: { service: web }', 'failOverControllerManager: {}'],
    ['churn: { podsPerSecond: 5, for: 30s }', 'failOverControllerManager: {}'],
  ])('%s, then %s ends as asked for', (first, second) => {
    for (const at of ['1100ms', '4s', '9s']) {
      const measurements = run(`
services: [{ name: web, count: 3, endpoints: 20 }]
workload: [{ at: 1s, ${first} }, { at: ${at}, ${second} }]
`);
      expect(measurements.warnings).toEqual([]);
      expect(measurements.scalars.updates_not_applied_total).toBe(0);
    }
  });

  test('that is recreated is away for a shutdown and a start', () => {
    const rollout = (strategy: string): ReplicationMeasurements =>
      run(`
${FIXED}
services: [{ name: web, endpoints: 10 }]
workload: [{ at: 1s, rollingUpdate: { service: web, strategy: ${strategy}, maxSurge: 100%, maxUnavailable: 0 } }]
`);
    expect(seconds(rollout('Recreate'))).toBeGreaterThan(5);
    expect(seconds(rollout('Recreate'))).toBeLessThan(9);
  });
});

test('under churn the statuses take more of the ReplicaSet client than the pods', () => {
  // A pod costs a POST, an Event, and a status each when it is missing, there and ready; a status that is written from an old
  // version is refused and costs a GET and a PUT more. So a client of 20 a second cannot replace 4 pods a second.
  const utilization = (podsPerSecond: number): number =>
    run(`
services: [{ name: web, count: 100, endpoints: 10 }]
workload: [{ at: 1s, churn: { podsPerSecond: ${podsPerSecond}, for: 5m, arrivals: regular } }]
`).scalars.replicaset_controller_client_utilization!;
  expect(utilization(1)).toBeGreaterThan(5 / 20 - 0.05);
  expect(utilization(1)).toBeLessThan(11 / 20);
  expect(utilization(4)).toBeGreaterThan(0.9);
});
