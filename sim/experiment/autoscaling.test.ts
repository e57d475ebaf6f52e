/** Autoscalers through whole replications: what their decisions do to pods, endpoints and nodes. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

const NODES = 20;

function run(fields: string, overrides: readonly string[] = [], more = ''): ReplicationMeasurements {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
duration: 10m
cluster: { nodes: ${NODES} }
controlPlane: { etcd: { writeLatency: { median: 0s, p99: 0s } } }
pods: { startup: { median: 2s, p99: 2s }, shutdown: { median: 1s, p99: 1s } }
services: [{ name: web, endpoints: 10 }]
autoscalers: [{ service: web, maxReplicas: 1000, targetUtilization: 50%, ${fields} }]
workload: []
${more}
`;
  return runReplication(parseExperiment(text, 'test.yaml', { overrides }).variants[0]!.scenario, 0);
}

const doubled = 'load: [{ at: 1m, utilization: 100% }]';

describe('an autoscaler in a run', () => {
  test('answers twice the load by one rescale, which reaches every node', () => {
    const { scalars } = run(doubled);
    expect(scalars.autoscaler_rescales_total).toBe(1);
    // At most a scrape, a sync period, and the start of the pods.
    expect(scalars.autoscaler_overload_seconds).toBeGreaterThan(2);
    expect(scalars.autoscaler_overload_seconds).toBeLessThan(15 + 15 + 3);
    // Ten pods become ready at about the same time, in one slice.
    expect(scalars.endpoint_writes_total).toBeGreaterThan(0);
    expect(scalars.endpoint_writes_total).toBeLessThanOrEqual(10);
    expect(scalars.updates_not_applied_total).toBe(0);
  });

  test('does nothing while the load is the target or within the tolerance of it', () => {
    for (const load of ['load: []', 'load: [{ at: 1m, utilization: 54% }]']) {
      expect(run(load).scalars).toMatchObject({
        autoscaler_rescales_total: 0,
        autoscaler_overload_seconds: 0,
        endpoint_writes_total: 0,
      });
    }
  });

  test('waits for the ReplicaSet client: 200 more pods take (200 - 30) / 20 s', () => {
    const many = [
      'services.web.endpoints=200',
      'controlPlane.scheduler.kubeApiQps=1000',
      'controlPlane.scheduler.kubeApiBurst=1000',
    ];
    const slow = run(doubled, many).scalars.autoscaler_overload_seconds!;
    const fast = run(doubled, [
      ...many,
      'controlPlane.controllerManager.kubeApiQps=1000',
      'controlPlane.controllerManager.kubeApiBurst=1000',
    ]).scalars.autoscaler_overload_seconds!;
    // The overload ends within the tolerance: 182 pods more are enough. Made at once, they queue in the scheduling loop instead.
    expect(slow - fast).toBeGreaterThan((182 - 30) / 20 - 182 / 270 - 1);
    expect(slow - fast).toBeLessThan((200 - 30) / 20 + 1);
  });

  test('scales down when the stabilization window has passed, and each pod that goes is taken out', () => {
    const halved = 'load: [{ at: 1m, utilization: 25% }]';
    expect(run(halved).scalars.autoscaler_rescales_total).toBe(1);
    const late = run(halved, ['controlPlane.controllerManager.horizontalPodAutoscalerDownscaleStabilization=20m']);
    expect(late.scalars).toMatchObject({ autoscaler_rescales_total: 0, endpoint_writes_total: 0 });
  });

  test('moves a StatefulSet as well', () => {
    expect(run(doubled, ['services.web.controller=StatefulSet']).scalars.autoscaler_rescales_total).toBeGreaterThan(0);
  });

  test('answers later when the controller manager fails over', () => {
    const usual = run(doubled).scalars.autoscaler_overload_seconds!;
    const failedOver = run(doubled, ['workload=[{ at: 59s, failOverControllerManager: {} }]']);
    expect(failedOver.scalars.autoscaler_overload_seconds!).toBeGreaterThan(usual);
    expect(failedOver.scalars.autoscaler_rescales_total).toBe(1);
  });
});

test('a run without autoscalers has none of their metrics', () => {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 2 }
services: [{ name: web, endpoints: 3 }]
workload: [{ at: 1s, podChange: { service: web, change: notReady } }]
`;
  const { scalars } = runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, 0);
  expect(scalars.autoscaler_rescales_total).toBeUndefined();
});
