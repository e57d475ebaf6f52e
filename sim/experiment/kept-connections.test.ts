/** What connections that are kept open do to the load of pods in whole replications, against the closed forms. */

import { expect, test } from 'vitest';
import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

const hottestOverMean = (keepAlive: string): number => {
  const { variants } = parseExperiment(
    `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: scale-out }
cluster: { nodes: 20 }
duration: 75s
pods: { startup: { median: 2s, p99: 2s } }
services: [{ name: web, endpoints: 10 }]
clients: [{ service: web, requestsPerSecond: 1000, keepAlive: ${keepAlive} }]
workload: [{ at: 10s, scale: { service: web, to: 20 } }]
`,
    'scale-out.yaml',
  );
  return runReplication(variants[0]!.scenario, 0).scalars.pod_load_max_over_mean!;
};

test('after a scale-out from 10 to 20 pods, old ones have 1 + exp(-t / lifetime) of their share', () => {
  const hottest = hottestOverMean('{ connections: 2000, meanLifetime: 60s }');
  // New pods take connections from 2 s after the scaling (their start) to 5 s after it (relist, status, slices, sync of all nodes).
  expect(hottest).toBeGreaterThan(1 + Math.exp(-(75 - 12) / 60));
  expect(hottest).toBeLessThan(1 + Math.exp(-(75 - 15) / 60));
});

test('connections that nobody closes stay with the pods that there were', () => {
  expect(hottestOverMean('{ connections: 2000, meanLifetime: unlimited }')).toBeCloseTo(2, 9);
});

test('without kept connections new pods have their share at once', () => {
  expect(hottestOverMean('null')).toBeCloseTo(1, 9);
});
