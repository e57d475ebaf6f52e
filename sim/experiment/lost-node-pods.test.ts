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

describe('pods that are replaced at once while no node is up', () => {
  const replacement = ['podChange: { service: web, change: replace }', 'replaceEach: { service: web, interval: 1s }'];
  const churn = ['churn: { podsPerSecond: 2, for: 10s }'];
  const cases = ['Deployment', 'StatefulSet'].flatMap((controller) =>
    ['loseNodes', 'restartNodes'].flatMap((fault) =>
      [...replacement, ...churn].flatMap((change) => [0, 10].map((at) => ({ controller, fault, change, at }))),
    ),
  );

  // The conservation laws count the pods: each service has as many as it is meant to have.
  test.each(cases)('$controller, $fault at 5 s, $change at $at s', ({ controller, fault, change, at }) => {
    for (const end of [', for: 30s', ', for: 7m', '']) {
      const measurements = run(`
cluster: { nodes: 3, zones: 1 }
services: [{ name: web, endpoints: 6${controller === 'StatefulSet' ? ', controller: StatefulSet' : ''} }]
workload:
  - { at: 5s, ${fault}: { nodes: 3${end} } }
  - { at: ${at}s, ${change} }
`);
      expect(measurements.scalars.updates_not_applied_total).toBe(0);
    }
  });
});
