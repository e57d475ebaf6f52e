/** Connections of nodes through whole replications: they are measured where they are asked for, and disturb nothing. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

function run(more: string, workload = '[{ at: 1s, scale: { service: web, to: 0 } }]'): ReplicationMeasurements {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 20, nodeSpeedVariation: 0 }
services:
  - { name: web, count: 100, endpoints: 2 }
  - { name: other, count: 50, endpoints: 2, type: NodePort }
workload: ${workload}
${more}
`;
  return runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, 0);
}

const TRAFFIC = 'nodeTraffic: { shareToServices: 100%, remoteEndpointShare: 0%, cacheColdShare: 100% }';

describe('connections of nodes', () => {
  test('are not measured unless they are asked for, and change no trajectory', () => {
    const without = run('');
    const withTraffic = run(TRAFFIC);
    expect(without.distributions.first_packet_latency_seconds).toBeUndefined();
    expect(without.scalars.node_conntrack_max).toBeUndefined();
    expect(withTraffic.distributions.first_packet_latency_seconds!.count).toBeGreaterThan(0);
    expect(withTraffic.fingerprint).toBe(without.fingerprint);
    expect(withTraffic.events).toBe(without.events);
  });

  test('meet the rules at the end of the run: of services whose pods are gone there are none', () => {
    // 50 of 150 lines are left; half of them at 20 ns each, once a connection.
    const { scalars } = run(TRAFFIC);
    const perConnection = 8300 - 7500 + 20 * 25.5 + 25 * 0.5;
    expect(scalars.node_proxy_mode_cpu_cores).toBeCloseTo((500 * perConnection) / 1e9, 9);
  });

  test('may be all that a run measures', () => {
    const { scalars, events, warnings } = run(TRAFFIC, '[]');
    expect(events).toBe(0);
    expect(warnings).toEqual([]);
    expect(scalars.node_conntrack_max).toBe(32_768 * 4);
  });

  test.each([
    ['nftables', 8600],
    ['ipvs', 9600],
  ])('in %s mode find their service by one look-up', (mode, connectNs) => {
    const { scalars } = run(`kubernetes: '1.34'\nkubeProxy: { mode: ${mode} }\n${TRAFFIC}`);
    const perRequest = mode === 'ipvs' ? 450 : 0;
    const rules = connectNs - 7500 + perRequest + (mode === 'nftables' ? 0.6 * 0.5 : 0);
    expect(scalars.node_proxy_mode_cpu_cores).toBeCloseTo((500 * rules) / 1e9, 9);
  });

  test('say so when they ask for more than a node has', () => {
    const { scalars, warnings } = run('nodeTraffic: { newConnectionsPerSecond: 1000000, unclosedShare: 1% }', '[]');
    expect(scalars.node_connection_cpu_utilization).toBe(1);
    expect(scalars.node_conntrack_dropped_ratio).toBeGreaterThan(0.9);
    expect(warnings).toHaveLength(2);
  });
});
