/** What a rollout loses for each pod that it replaces. */

import { expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

const PODS = 6;

function scalarsOf(workload: string, overrides: readonly string[] = []) {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 4, zones: 1 }
services: [{ name: web, endpoints: ${PODS} }, { name: quiet, endpoints: ${PODS} }]
clients: [{ service: web, from: pods, requestsPerSecond: 600 }]
workload: [${workload}]
`;
  return runReplication(parseExperiment(text, 'test.yaml', { overrides }).variants[0]!.scenario, 0).scalars;
}

const ROLLOUT = '{ at: 10s, rollingUpdate: { service: web } }';

test('every pod that was rolled out counts once, and those that nobody asks do not', () => {
  const alone = scalarsOf(ROLLOUT);
  expect(alone.requests_lost_total).toBeGreaterThan(0);
  expect(alone.requests_lost_per_replaced_pod! * PODS).toBeCloseTo(alone.requests_lost_total!, 6);
  const both = scalarsOf(`${ROLLOUT}, { at: 10s, rollingUpdate: { service: quiet } }`);
  expect(both.requests_lost_per_replaced_pod! * PODS).toBeCloseTo(both.requests_lost_total!, 6);
});

test('a run that goes on for longer lowers the share, and not the number for each pod', () => {
  const short = scalarsOf(ROLLOUT, ['duration=2m']);
  const long = scalarsOf(ROLLOUT, ['duration=4m']);
  expect(long.requests_lost_ratio!).toBeLessThan(0.7 * short.requests_lost_ratio!);
  expect(long.requests_lost_per_replaced_pod!).toBeCloseTo(short.requests_lost_per_replaced_pod!, 6);
});

test('there is no such number where no pod ends', () => {
  expect(scalarsOf('{ at: 10s, podChange: { service: web, change: leave } }')).not.toHaveProperty(
    'requests_lost_per_replaced_pod',
  );
});
