/** Runs in which a node loses its last endpoint of a service: requests that its load balancer still sends there. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

const REPLICATIONS = 40;

/** Two nodes with a pod each, of which one leaves the service and lives on. */
function runOf(service: string, overrides: readonly string[], replication: number) {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 2, zones: 1 }
services: [{ name: web, endpoints: 2, type: LoadBalancer, ${service} }]
clients: [{ service: web, from: outside, requestsPerSecond: 100 }]
workload: [{ at: 10s, podChange: { service: web, change: leave } }]
`;
  const { scenario } = parseExperiment(text, 'test.yaml', { overrides }).variants[0]!;
  return runReplication(scenario, replication);
}

/** Requests that are lost in each replication, all of them for one cause. */
const lostOf = (service: string, overrides: readonly string[] = []): number[] =>
  Array.from({ length: REPLICATIONS }, (_, replication) => {
    const { scalars } = runOf(service, overrides, replication);
    expect(scalars.requests_lost_total).toBeCloseTo(scalars.requests_lost_load_balancer_total!, 6);
    return scalars.requests_lost_total!;
  });

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('with policy Local, half of the requests are lost until the load balancer knows', () => {
  test.each([
    { provider: 'gce', min: 16, interval: 8 },
    { provider: 'aws-nlb', min: 10, interval: 10 },
    { provider: 'aws-clb', min: 50, interval: 10 },
    { provider: 'azure', min: 5, interval: 5 },
  ])('$provider: after $min s to $interval s more', ({ provider, min, interval }) => {
    const lost = lostOf('externalTrafficPolicy: Local', [`loadBalancer.provider=${provider}`]);
    const seconds = lost.map((requests) => requests / 50);
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(min);
    expect(Math.max(...seconds)).toBeLessThan(min + interval);
    const standardError = interval / Math.sqrt(12 * REPLICATIONS);
    expect(Math.abs(mean(seconds) - (min + interval / 2))).toBeLessThan(4 * standardError);
  });

  test('a stricter check loses fewer, from the same moments on', () => {
    const usual = lostOf('externalTrafficPolicy: Local');
    const strict = lostOf('externalTrafficPolicy: Local', ['loadBalancer.healthCheck.unhealthyThreshold=2']);
    for (const [replication, requests] of strict.entries()) expect(usual[replication]! - requests).toBeCloseTo(400, 6);
  });
});

test('with policy Cluster none is lost: the node sends them on', () => {
  expect(Math.max(...lostOf('externalTrafficPolicy: Cluster'))).toBe(0);
});

describe('pods as targets', () => {
  test('need no second hop', () => {
    const run = (targetType: string): number | undefined => {
      const overrides = [`loadBalancer.targetType=${targetType}`];
      return runOf('externalTrafficPolicy: Cluster', overrides, 0).scalars.requests_second_hop_ratio;
    };
    expect(run('instance')).toBeGreaterThan(0.3);
    expect(run('ip')).toBe(0);
  });

  test('leave when the pool has been updated, and no check has to fail', () => {
    const lost = lostOf('externalTrafficPolicy: Local', ['loadBalancer.targetType=ip', 'loadBalancer.targetUpdate=7s']);
    for (const requests of lost) {
      // Rules and pool hear of the pod at about the same time.
      expect(requests / 50).toBeGreaterThan(6);
      expect(requests / 50).toBeLessThan(7.01);
    }
  });
});
