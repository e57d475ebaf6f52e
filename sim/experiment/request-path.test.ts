/** The way of API requests in whole runs: priority and fairness, a slow etcd, a full one. */

import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

const run = (text: string): ReplicationMeasurements =>
  runReplication(
    parseExperiment(`apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: t }\n${text}`, 't.yaml')
      .variants[0]!.scenario,
    0,
  );

/** 400 services lose a pod at the same time: 400 slice writes by a client of 100 per second. */
const burst = (kubernetes: string, apiServer: string): ReplicationMeasurements =>
  run(`
kubernetes: "${kubernetes}"
cluster: { nodes: 5000, apiServerToNodeLatency: { min: 1ms, max: 1ms } }
controlPlane:
  apiServer: { replicas: 1, networkBandwidth: unlimited, ${apiServer} }
  controllerManager: { kubeApiQps: 100, kubeApiBurst: 1, concurrentServiceEndpointSyncs: 50 }
services: [{ name: web, count: 400, endpoints: 2 }]
workload: [{ at: 0s, podChange: { service: web, change: notReady } }]
`);

describe('5,000 watchers on one API server, and a client that may send 100 writes a second', () => {
  test('before 1.26, priority and fairness holds it to 36 writes a second', () => {
    const { scalars, distributions } = burst('1.25', 'maxRequestsInflight: 400');
    expect(scalars.endpoint_writes_total).toBe(400);
    // 9 of 98 seats' tens at a time, each for 250 ms and some ms of etcd: between 34 and 36 a second.
    expect(scalars.workload_duration_seconds).toBeGreaterThan(400 / 36);
    expect(scalars.workload_duration_seconds).toBeLessThan(400 / 34 + 4);
    expect(distributions.stage_flow_control_seconds!.max).toBeGreaterThan(1);
    expect(scalars.apiserver_flowcontrol_rejected_requests_total).toBe(0);
  });

  test('without priority and fairness the client itself is what binds', () => {
    const { scalars } = burst('1.25', 'enablePriorityAndFairness: false');
    expect(scalars.workload_duration_seconds).toBeLessThan(8);
    expect(scalars.apiserver_flowcontrol_nominal_limit_seats_system).toBeUndefined();
  });
});

const small = (workload: string, controlPlane = ''): ReplicationMeasurements =>
  run(`
cluster: { nodes: 20 }
controlPlane:
  etcd: { writeLatency: { median: 10ms, p99: 10ms }, writeBandwidth: unlimited${controlPlane} }
services: [{ name: web, count: 5, endpoints: 4 }]
workload: [${workload}]
`);

test('a slow etcd makes the writes slow, as long as it lasts', () => {
  const change = (at: string) => `{ at: ${at}, podChange: { service: web, change: notReady } }`;
  const meanOf = ({ distributions }: ReplicationMeasurements): number => {
    const [unloaded, beyond] = [distributions.stage_api_write_seconds!, distributions.stage_flow_control_seconds!];
    return (unloaded.sum + beyond.sum) / unloaded.count;
  };
  expect(meanOf(small(change('5s')))).toBeCloseTo(0.01, 3);
  expect(meanOf(small(`${change('5s')}, { at: 1s, slowEtcd: { factor: 10, for: 30s } }`))).toBeCloseTo(0.1, 2);
  expect(meanOf(small(`${change('40s')}, { at: 1s, slowEtcd: { factor: 10, for: 30s } }`))).toBeCloseTo(0.01, 3);
});

test('a full etcd takes no write, and the run says so', () => {
  // The objects that there are at the start need more than half of it.
  const { warnings, scalars } = small(
    '{ at: 1s, replaceEach: { service: web, interval: 100ms } }',
    ', quotaBackendBytes: 455k',
  );
  expect(scalars.endpoint_writes_total).toBeGreaterThan(0);
  expect(scalars.endpoint_writes_total).toBeLessThan(20);
  expect(warnings.join()).toMatch(/etcd had no space left/);
});

test('writes, their waiting and the database are measured', () => {
  const { scalars, distributions } = small('{ at: 1s, podChange: { service: web, change: notReady } }');
  expect(distributions.apiserver_flowcontrol_request_wait_duration_seconds!.count).toBeGreaterThanOrEqual(5);
  expect(scalars.apiserver_flowcontrol_nominal_limit_seats_workload_high).toBe(98);
  // 20 nodes of 15.5 kB, 5 services of 6 kB, 20 pods of 5 kB, and the revisions.
  expect(scalars.apiserver_storage_size_bytes).toBeGreaterThan(440_000);
});
