/** Runs whose clients find the pods of a headless service by DNS. */

import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

const NODES = 200;

/** One of two pods goes, and does not accept anything from then on. */
function scalarsOf(service: string, clients = '', replication = 0) {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: ${NODES}, zones: 2 }
pods: { preStop: { sleep: 0s } }
services: [{ name: web, endpoints: 2, ${service} }]
clients: [{ service: web, requestsPerSecond: 1000${clients} }]
workload: [{ at: 10s, scale: { service: web, to: 1 } }]
`;
  return runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, replication).scalars;
}

const stale = (clients = ''): number => scalarsOf('type: Headless', clients).requests_lost_stale_rules_total!;

describe('a pod that goes', () => {
  test.each([30, 15])(
    'loses its half of the requests until answers expire: with %i s half of that on average',
    (ttl) => {
      const lost = stale(`, dnsCacheTtl: ${ttl}s`);
      const standardError = 500 * (ttl / Math.sqrt(12 * NODES));
      expect(Math.abs(lost - (500 * ttl) / 2)).toBeLessThan(4 * standardError);
      // kube-proxies are told of it.
      expect(scalarsOf('type: ClusterIP').requests_lost_stale_rules_total).toBeLessThan(lost / 5);
    },
  );

  test('is known after 30 s if nothing is said', () => expect(stale()).toBe(stale(', dnsCacheTtl: 30s')));

  test('is known at once without caches', () => expect(stale(', dnsCacheTtl: 0s')).toBeLessThan(500));
});

test('pods see who asks, and the other pod is mostly on another node', () => {
  const { requests_source_address_kept_ratio: kept, requests_second_hop_ratio: hops } = scalarsOf('type: Headless');
  expect(kept).toBe(1);
  expect(hops).toBeCloseTo(1 - 1 / NODES, 2);
});

test.each(['connection', 'request'])('clients followed by %s lose as many', (detail) => {
  const scalars = scalarsOf('type: Headless, application: { serviceTime: { mean: 1ms } }', `, detail: ${detail}`);
  expect(scalars.requests_lost_stale_rules_total! / stale()).toBeCloseTo(1, 1);
});
