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
