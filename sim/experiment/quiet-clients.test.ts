/** Clients at the edges of what a scenario can say: nothing happens, nobody answers, everything is lost. Runs end, and add up. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

const SERVICE_TIME = 'application: { serviceTime: { mean: 5ms }, concurrency: 4 }';

function run(client: string, more: string, endpoints = 1, nodes = 1): ReplicationMeasurements['scalars'] {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: ${nodes} }
services: [{ name: web, endpoints: ${endpoints}, ${SERVICE_TIME} }]
clients: [{ service: web, ${client} }]
${more}
`;
  return runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, 0).scalars;
}

const causesOf = (scalars: ReplicationMeasurements['scalars']): number =>
  Object.entries(scalars)
    .filter(([metric]) => metric.startsWith('requests_lost_') && metric.endsWith('_total'))
    .reduce((sum, [metric, value]) => (metric === 'requests_lost_total' ? sum : sum + value), 0);

describe('connections that stay open', () => {
  const KEPT = 'requestsPerSecond: 20, keepAlive: { connections: 5, meanLifetime: unlimited }';

  test('have clients who send until the end of the duration, though nothing else happens', () => {
    const { requests_total: total } = run(`${KEPT}, detail: connection`, 'duration: 90s\nworkload: []');
    expect(total).toBeCloseTo(20 * 90, 6);
  });

  test('load a pod that is there for the first time', () => {
    const scalars = run(KEPT, 'workload: [{ at: 0s, rollingUpdate: { service: web } }]');
    expect(scalars.pod_load_max_over_mean).toBe(1);
    expect(causesOf(scalars)).toBeCloseTo(scalars.requests_lost_total!, 6);
  });

  test.each([1, 2])('of clients on %d of two nodes that are lost send nothing', (lost) => {
    const lose = `duration: 50s\nworkload: [{ at: 5s, loseNodes: { nodes: ${lost} } }]`;
    const scalars = run(KEPT, lose, 6, 2);
    const rates = run('requestsPerSecond: 20', lose, 6, 2);
    expect(scalars.requests_total).toBeCloseTo(rates.requests_total!, 6);
    expect(causesOf(scalars)).toBeCloseTo(scalars.requests_lost_total!, 6);
  });

  test('have a worst load no better than the last one', () => {
    const scalars = run(KEPT, 'workload: [{ at: 1s, scale: { service: web, to: 9 } }]', 4, 3);
    expect(scalars.pod_load_max_over_mean_peak).toBeGreaterThanOrEqual(scalars.pod_load_max_over_mean!);
  });
});

test('users who do not think are refused again and again, and not for ever at one instant', () => {
  const scalars = run('detail: request, closedLoop: { users: 3, thinkTime: 0s }', 'duration: 2s\nworkload: []', 0);
  // 400 us to hear of each.
  expect(scalars.requests_lost_no_endpoints_total).toBe(3 * (2 / 400e-6) + 3);
  expect(scalars.requests_total).toBe(scalars.requests_lost_total);
});
