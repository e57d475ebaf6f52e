/** Runs in which a router without a table of flows gets another set of next hops. */

import { expect, test } from 'vitest';
import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

/** Four of five nodes have a pod; one of them loses it, and with it its route. */
function scalarsOf(nextHopSelection: string, detail: string, action = 'podChange: { service: web, change: leave }') {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 5, zones: 1 }
services: [{ name: web, endpoints: 4, type: LoadBalancer, externalTrafficPolicy: Local }]
loadBalancer: { provider: metallb-bgp, metallb: { bgp: { nextHopSelection: ${nextHopSelection} } } }
clients:
  - { service: web, from: outside, requestsPerSecond: 100, keepAlive: { connections: 4000 }, detail: ${detail} }
workload: [{ at: 1s, ${action} }]
`;
  return runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, 0).scalars;
}

test.each([
  ['resilient', 1 / 4],
  ['modulo', 3 / 4],
])('with %s selection the share %f of the connections breaks', (selection, share) => {
  const { connections_reset_total: reset } = scalarsOf(selection, 'connection');
  expect(Math.abs(reset! / 4000 - share)).toBeLessThan(4 * Math.sqrt(0.25 / 4000));
});

test.each(['connection', 'share'])('and are opened anew: a pod that comes gets some of them (%s)', (detail) => {
  // Of five next hops one stays for a fifth of the flows: 1/20 of all on each old pod, and a fifth of the rest on every one.
  const { pod_load_max_over_mean: hottest } = scalarsOf('modulo', detail, 'scale: { service: web, to: 5 }');
  const expected = 5 * (1 / 20 + (4 / 5) * (1 / 5));
  expect(Math.abs(hottest! - expected)).toBeLessThan(detail === 'share' ? 0.01 : 0.1);
});
