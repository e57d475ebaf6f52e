/** Runs whose clients fill the connection tracking tables of nodes. */

import { describe, expect, test } from 'vitest';
import { TruncatedPoisson } from '../stats/truncated-poisson.js';
import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

/** One node, whose table has room for so many entries. */
function scalarsOf(requestsPerSecond: number, max: number, clients = '', overrides: readonly string[] = []) {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 1, zones: 1 }
duration: 30s
workload: []
kubeProxy: { conntrack: { maxPerCore: 1, min: ${max} } }
services: [{ name: web, endpoints: 2, application: { serviceTime: { mean: 1ms } } }]
clients: [{ service: web, requestsPerSecond: ${requestsPerSecond}${clients} }]
`;
  return runReplication(parseExperiment(text, 'test.yaml', { overrides }).variants[0]!.scenario, 0).scalars;
}

const erlang = (load: number, max: number): number => new TruncatedPoisson(load, max).probabilityOfMax;

test('a table of 12,000 entries takes a hundred connections a second, of 120 s each, and no more', () => {
  expect(scalarsOf(80, 12_000).requests_lost_total).toBe(0);
  const { requests_lost_total, requests_lost_conntrack_total, requests_timed_out_total, requests_total } = scalarsOf(
    200,
    12_000,
  );
  expect(requests_lost_conntrack_total! / requests_total!).toBeCloseTo(erlang(200 * 120.001, 12_000), 5);
  expect(requests_lost_conntrack_total).toBeCloseTo(requests_lost_total!, 6);
  expect(requests_timed_out_total).toBeCloseTo(requests_lost_total!, 6);
});

test.each(['connection', 'request'])('clients followed by %s lose the same share', (detail) => {
  const scalars = scalarsOf(200, 12_000, `, detail: ${detail}`);
  const share = erlang(200 * 120.001, 12_000);
  const error = Math.sqrt((share * (1 - share)) / scalars.requests_total!);
  expect(Math.abs(scalars.requests_lost_conntrack_total! / scalars.requests_total! - share)).toBeLessThan(4 * error);
});

test('connections that are kept make room', () => {
  const kept = ', keepAlive: { connections: 100, meanLifetime: 10m }';
  expect(scalarsOf(200, 12_000, kept).requests_lost_total).toBe(0);
});

describe('behind a load balancer', () => {
  /** Two nodes with two pods and one: what each gets hangs on the policy and on weights. */
  const run = (policy: string, weightByEndpoints: boolean, detail: string) => {
    const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 2, zones: 1 }
duration: 30s
workload: []
kubeProxy: { conntrack: { maxPerCore: 1, min: 12000 } }
services:
  - name: web
    endpoints: 3
    type: LoadBalancer
    externalTrafficPolicy: ${policy}
    application: { serviceTime: { mean: 1ms } }
    loadBalancer: { provider: gce, weightByEndpoints: ${weightByEndpoints} }
clients: [{ service: web, from: outside, requestsPerSecond: 180, detail: ${detail} }]
`;
    return runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, 0).scalars;
  };

  test.each(['share', 'request', 'connection'])('the node with most pods fills first (%s)', (detail) => {
    expect(run('Local', false, detail).requests_lost_total).toBe(0);
    const { requests_lost_conntrack_total: lost, requests_total: all } = run('Local', true, detail);
    const expected = (2 / 3) * erlang(((180 * 2) / 3) * 120.001, 12_000);
    expect(Math.abs(lost! / all! - expected)).toBeLessThan(detail === 'share' ? 1e-5 : 4 * Math.sqrt(expected / all!));
  });
});
