/** StatefulSets that wait for a pod that is not ready, in whole runs: the conservation laws hold in each. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

/** What the run warns of StatefulSets. */
function warningsOf(cluster: string, db: string, ...workload: readonly string[]): string[] {
  const yaml = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { ${cluster} }
services: [{ name: db, controller: StatefulSet, ${db} }]
workload:
${workload.map((action) => `  - { ${action} }`).join('\n')}
`;
  const { warnings } = runReplication(parseExperiment(yaml, 'test.yaml').variants[0]!.scenario, 0);
  return warnings.filter((warning) => warning.includes('StatefulSets'));
}

const NOT_READY = 'at: 0s, podChange: { service: db, change: notReady }';

describe('OrderedReady with a pod that is not ready', () => {
  test('does not replace evicted pods', () => {
    const restart = 'at: 1s, restartNodes: { zone: 2, for: 10m }';
    expect(warningsOf('nodes: 3', 'count: 20, endpoints: 2', NOT_READY, restart)).toEqual([
      expect.stringMatching(/^\d+ of \d+ replicas .* a pod that is not ready holds them up\.$/),
    ]);
  });

  test('does not replace pods that users delete', () => {
    const churn = 'at: 0s, churn: { podsPerSecond: 3, for: 5s }';
    expect(warningsOf('nodes: 1', 'endpoints: 110', NOT_READY, churn)).toEqual([
      expect.stringMatching(/^\d+ of 110 replicas/),
    ]);
  });

  test.each([
    [8, /^3 of 8 replicas/],
    [1, /^\d pods .* were still to be removed/],
  ])('is not scaled to %i', (to, warning) => {
    const scale = `at: 1s, scale: { service: db, to: ${to} }`;
    const before = ['nodes: 2', 'endpoints: 5', NOT_READY] as const;
    expect(warningsOf(...before, scale)).toEqual([expect.stringMatching(warning)]);
    const recovery = 'at: 2m, podChange: { service: db, change: ready }';
    expect(warningsOf(...before, scale, recovery)).toEqual([]);
    expect(warningsOf('nodes: 2', 'endpoints: 5, podManagementPolicy: Parallel', NOT_READY, scale)).toEqual([]);
  });
});
