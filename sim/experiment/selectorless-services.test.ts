/** Services without selector through whole replications, under both discovery APIs. */

import { describe, expect, test } from 'vitest';

import type { MetricName } from '../metrics.js';
import { NPL_STAGES } from '../metrics.js';
import { parseExperiment } from '../scenario/load.js';
import { Histogram } from '../stats/histogram.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

const NODES = 20;

function run(workload: string, overrides: readonly string[] = []): ReplicationMeasurements {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: ${NODES} }
services:
  - { name: database, count: 1, endpoints: 30, selector: false }
  - { name: web, count: 2, endpoints: 10 }
workload:
${workload}
`;
  return runReplication(parseExperiment(text, 'test.yaml', { overrides }).variants[0]!.scenario, 0);
}

function distribution(measurements: ReplicationMeasurements, metric: MetricName): Histogram {
  return Histogram.fromSparse(measurements.distributions[metric]!);
}

const ENDPOINTS = ['kubeProxy.discovery=Endpoints'];

describe.each([
  ['EndpointSlice', []],
  ['Endpoints', ENDPOINTS],
])('%s', (_, overrides) => {
  test('an edit is one write that reaches every node, without a trigger time', () => {
    const measurements = run('  - { at: 1s, editEndpoints: { service: database, to: 31, replace: 2 } }', overrides);
    expect(measurements.scalars.endpoint_writes_total).toBe(1);
    expect(distribution(measurements, 'network_programming_true_seconds').count).toBe(NODES);
    expect(measurements.distributions.network_programming_duration_seconds!.count).toBe(0);
    expect(measurements.warnings).toEqual([]);
  });

  test('the means of the stages add up to the mean of the true latency', () => {
    const measurements = run(
      `  - { at: 1s, editEndpoints: { service: database, to: 50 } }
  - { at: 1s, rollingUpdate: { service: web } }
  - { at: 3s, editEndpoints: { service: database, to: 0 } }
  - { at: 5s, editEndpoints: { service: database, to: 4 } }`,
      overrides,
    );
    const truth = distribution(measurements, 'network_programming_true_seconds');
    const stages = NPL_STAGES.map((stage) => distribution(measurements, stage).mean);
    expect(stages.reduce((sum, mean) => sum + mean, 0)).toBeCloseTo(truth.mean, 9);
  });

  test('edits that follow each other faster than their answers go out together', () => {
    const etcd = ['controlPlane.etcd.writeLatency.median=1s', 'controlPlane.etcd.writeLatency.p99=1s'];
    const workload = Array.from(
      { length: 10 },
      (__, n) => `  - { at: ${1000 + n * 10}ms, editEndpoints: { service: database, to: ${31 + n} } }`,
    );
    const measurements = run(workload.join('\n'), [...overrides, ...etcd]);
    expect(measurements.scalars.endpoint_writes_total).toBe(2);
  });

  test('an edit that ends where it began changes nothing', () => {
    const measurements = run(
      `  - { at: 1s, editEndpoints: { service: database, to: 30 } }
  - { at: 2s, podChange: { service: web, change: notReady } }`,
      overrides,
    );
    // The two of the pods.
    expect(measurements.scalars.endpoint_writes_total).toBe(2);
  });

  test('the writer of many objects has the limits of a client that sets none: 5 a second after 10', () => {
    const measurements = run('  - { at: 0s, editEndpoints: { service: database, replace: 1 } }', [
      ...overrides,
      'services.database.count=110',
      'controlPlane.etcd.writeLatency={ median: 0s, p99: 0s }',
    ]);
    expect(measurements.scalars.endpoint_writes_total).toBe(110);
    const truth = distribution(measurements, 'network_programming_true_seconds');
    expect(truth.max).toBeGreaterThan(20);
    expect(truth.max).toBeLessThan(20 + 3);
  });
});

test('a mirrored slice has at most 1,000 addresses; the Endpoints object that nodes read themselves has all', () => {
  const edit = '  - { at: 1s, editEndpoints: { service: database, to: 1200 } }';
  const large = ['wire.bytesPerEndpoint=100'];
  expect(distribution(run(edit, large), 'endpoint_object_bytes').max).toBe(100_000);
  expect(distribution(run(edit, [...large, ...ENDPOINTS]), 'endpoint_object_bytes').max).toBe(120_000);
  // The 31st address is not among the first 7 by text, so no node hears of it.
  const capped = ['controlPlane.controllerManager.mirroringMaxEndpointsPerSubset=7'];
  const one = '  - { at: 1s, editEndpoints: { service: database, to: 31 } }';
  expect(run(one, capped).scalars.endpoint_writes_total).toBe(0);
});

test('a mirrored slice is written whole, where slices of pods are written in parts', () => {
  const mirrored = run('  - { at: 1s, editEndpoints: { service: database, to: 900 } }', ['wire.bytesPerEndpoint=100']);
  expect(mirrored.scalars.watch_bytes_total).toBe(900 * 100 * NODES);
});

test('an Endpoints object over the etcd request limit is refused, and nothing of it is mirrored', () => {
  const measurements = run('  - { at: 1s, editEndpoints: { service: database, to: 600 } }', [
    'controlPlane.etcd.maxRequestBytes=10k',
  ]);
  expect(measurements.scalars).toMatchObject({ endpoint_writes_rejected_total: 1, endpoint_writes_total: 0 });
});

describe('a fail-over of the controller manager', () => {
  const workload = `  - { at: 5s, failOverControllerManager: {} }
  - { at: 8s, editEndpoints: { service: database, to: 40 } }`;

  test('holds up what it mirrors until the new leader has synced', () => {
    const truth = distribution(run(workload), 'network_programming_true_seconds');
    expect(truth.count).toBe(NODES);
    // A lease of 15 s from at most 10 s before the crash on.
    expect(truth.min).toBeGreaterThan(2);
  });

  test('does not stand between the writer of Endpoints and nodes that read them', () => {
    const truth = distribution(run(workload, ENDPOINTS), 'network_programming_true_seconds');
    expect(truth.count).toBe(NODES);
    expect(truth.max).toBeLessThan(2);
  });
});

// Addresses and pods are rows of one table: columns of pods alone, which begin with 1024 rows, grow by as much as it takes.
describe.each([1023, 2047, 2048, 3000, 9000])('beside %i addresses, pods', (endpoints) => {
  test.each([
    ['scale: { service: web, to: 0 }'],
    ['scale: { service: web, to: 3 }'],
    ['rollingUpdate: { service: web }'],
    ['podChange: { service: web, change: replace }'],
    ['churn: { podsPerSecond: 2, for: 3s }'],
  ])('keep to the conservation laws: %s', (action) => {
    const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 2 }
services: [{ name: database, endpoints: ${endpoints}, selector: false }, { name: web, endpoints: 1 }]
workload: [{ at: 1s, ${action} }]
`;
    const { scalars } = runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, 0);
    expect(scalars.updates_not_applied_total).toBe(0);
  });
});
