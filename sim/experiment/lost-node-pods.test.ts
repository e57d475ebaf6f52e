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

describe('a StatefulSet with a pod on a node that is lost', () => {
  const statefulSet = (nodes: number, workload: string, more = ''): ReplicationMeasurements =>
    run(`
cluster: { nodes: ${nodes}, zones: 1 }
services: [{ name: db, endpoints: 3, controller: StatefulSet${more} }]
workload: [${workload}]
`);
  const missing = ({ warnings }: ReplicationMeasurements): string[] =>
    warnings.filter((warning) => warning.includes('StatefulSets of "db"'));

  test.each(['1.33', '1.35'])('stays short of it for good, and says so (%s)', (version) => {
    const measurements = run(`
kubernetes: "${version}"
cluster: { nodes: 10, zones: 1 }
services: [{ name: db, endpoints: 3, controller: StatefulSet }, { name: web, endpoints: 30 }]
workload: [{ at: 5s, loseNodes: { nodes: 5 } }]
`);
    expect(missing(measurements)).toEqual([expect.stringMatching(/^[123] of 3 replicas/)]);
    expect(measurements.warnings.filter((warning) => warning.includes('"web"'))).toEqual([]);
  });

  test('makes it again when the node is back', () => {
    const measurements = statefulSet(10, '{ at: 5s, loseNodes: { nodes: 5, for: 10m } }');
    expect(measurements.scalars.pods_evicted_total).toBeGreaterThan(0);
    expect(missing(measurements)).toEqual([]);
  });

  test('lacks nothing as long as nobody deletes the pod', () => {
    const measurements = statefulSet(10, '{ at: 5s, loseNodes: { nodes: 10 } }');
    expect(measurements.scalars.pods_evicted_total).toBe(0);
    expect(missing(measurements)).toEqual([]);
  });

  test('in order, waits with the next one for a pod that never gets ready', () => {
    const scaled = '{ at: 5s, scale: { service: db, to: 5 } }, { at: 5s, loseNodes: { nodes: 1 } }';
    expect(missing(statefulSet(1, scaled))).toEqual([expect.stringMatching(/^1 of 5 replicas/)]);
    expect(missing(statefulSet(1, scaled, ', podManagementPolicy: Parallel'))).toEqual([]);
  });
});

describe('pods that a lost node cannot tell of', () => {
  test.each(['loseNodes: { zone: 0 }', 'loseNodes: { zone: 0, for: 2m }', 'restartNodes: { zone: 0, for: 1m }'])(
    'are published as the API has them, by a service that publishes addresses that are not ready: %s',
    (fault) => {
      for (const endpoints of [1, 2, 5]) {
        for (const at of [6, 8, 10, 12, 20]) {
          const measurements = run(`
cluster: { nodes: 1 }
kubelet: { kubeApiQps: 1, kubeApiBurst: 1 }
services: [{ name: web, endpoints: ${endpoints}, publishNotReadyAddresses: true }]
workload: [{ at: 5s, rollingUpdate: { service: web } }, { at: ${at}s, ${fault} }]
`);
          expect(measurements.scalars.updates_not_applied_total).toBe(0);
        }
      }
    },
  );
});

test('addresses that were written by hand are on no node, and so on none that is lost', () => {
  const { scalars } = run(`
cluster: { nodes: 3 }
services: [{ name: external, endpoints: 4, selector: false }, { name: web, endpoints: 6 }]
workload:
  - { at: 5s, loseNodes: { nodes: 2 } }
  - { at: 10s, editEndpoints: { service: external, to: 7 } }
`);
  expect(scalars.updates_not_applied_total).toBe(0);
});
