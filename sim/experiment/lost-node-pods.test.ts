/** What becomes of pods on nodes that are lost, in whole runs: the conservation laws hold in each. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

function run(yaml: string, replication = 0): ReplicationMeasurements {
  const head = 'apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: test }\n';
  return runReplication(parseExperiment(head + yaml, 'test.yaml').variants[0]!.scenario, replication);
}

describe('marks of a client that taints nodes at the same time', () => {
  test.each([
    `
cluster: { nodes: 100 }
controlPlane: { controllerManager: { nodeEvictionRate: 10 } }
services: [{ name: web, endpoints: 60 }]
workload: [{ at: 0s, loseNodes: { nodes: 100 } }]
`,
    `
cluster: { nodes: 5, zones: 1 }
controlPlane: { controllerManager: { kubeApiQps: 1, kubeApiBurst: 1 } }
services: [{ name: web, endpoints: 10 }]
workload: [{ at: 3s, loseNodes: { zone: 0, for: 2m } }]
`,
  ])('reach nodes after they were sent %#', (yaml) => {
    expect(run(yaml).scalars.pods_marked_not_ready_total).toBeGreaterThan(0);
  });
});
