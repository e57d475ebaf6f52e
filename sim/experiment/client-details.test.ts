/** The three levels of detail of clients through whole replications: what has to be the same in each. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

const DETAILS = ['share', 'connection', 'request'] as const;

interface Setting {
  readonly service: string;
  readonly clients: string;
  readonly workload?: string;
  readonly more?: string;
  readonly replication?: number;
}

/** Four nodes, three pods that answer in no time worth mentioning, 400 requests a second. */
function run({
  service,
  clients,
  workload = '',
  more = '',
  replication = 0,
}: Setting): ReplicationMeasurements['scalars'] {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
duration: 60s
cluster: { nodes: 4 }
services:
  - { name: web, endpoints: 3, ${service}, application: { serviceTime: { mean: 1ms }, concurrency: 100 } }
clients:
  - { service: web, requestsPerSecond: 400, ${clients} }
workload: [${workload}]
${more}
`;
  return runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, replication).scalars;
}

describe.each(DETAILS)('with detail %s', (detail) => {
  test('connections that are kept open for good do not keep a run from ending, nor end it early', () => {
    const scalars = run({
      service: 'type: ClusterIP',
      clients: `from: pods, detail: ${detail}, keepAlive: { connections: 12 }`,
      workload: '{ at: 10s, rollingUpdate: { service: web } }',
    });
    expect(scalars.requests_total! / (50 * 400)).toBeCloseTo(1, 1);
  });

  test('node ports under policy Local lose what meets a node without a pod, and no load balancer is to blame', () => {
    const scalars = run({
      service: 'type: NodePort, externalTrafficPolicy: Local',
      clients: `from: outside, detail: ${detail}`,
    });
    expect(scalars.requests_lost_ratio).toBeCloseTo(0.25, 1);
    expect(scalars.requests_lost_no_local_endpoints_total).toBe(scalars.requests_lost_total);
    expect(scalars.requests_lost_load_balancer_total).toBe(0);
  });

  // KEP-1669: what comes from a pod is not from outside, if a node can tell (the rules of pkg/proxy/iptables for external policy Local).
  test.each([
    ['ClusterCIDR', 0, 3 / 4],
    ['none', 1 / 4, 0],
  ])('pods that use node ports under policy Local, detectLocalMode %s', (mode, lost, secondHop) => {
    const scalars = run({
      service: 'type: NodePort, externalTrafficPolicy: Local',
      clients: `from: pods, address: NodePort, detail: ${detail}`,
      more: `kubeProxy: { mode: iptables, detectLocalMode: ${mode} }`,
    });
    expect(scalars.requests_lost_ratio).toBeCloseTo(lost, 1);
    expect(scalars.requests_second_hop_ratio).toBeCloseTo(secondHop, 1);
  });

  test('clients on a node that is lost send nothing', () => {
    const scalars = run({
      service: 'type: ClusterIP',
      clients: `from: pods, detail: ${detail}`,
      workload: '{ at: 10s, loseNodes: { nodes: 1, for: 50s } }',
      more: 'drainLimit: 0s',
    });
    expect(scalars.requests_total! / (50 * 300)).toBeCloseTo(1, 1);
    expect(scalars.requests_lost_load_balancer_total).toBe(0);
  });
});

test('connections that break at the first action of the workload are counted', () => {
  const scalars = run({
    service: 'type: LoadBalancer',
    clients: 'from: outside, detail: connection, keepAlive: { connections: 120 }',
    workload: '{ at: 10s, loseNodes: { nodes: 1, for: 40s } }',
  });
  // By a node of four, or to a pod of three on another: 120 (1/4 + 3/4 x 1/3) where the node has a pod, else 120 / 4.
  expect(scalars.connections_reset_total).toBeGreaterThan(15);
});
