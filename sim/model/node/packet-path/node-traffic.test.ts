import { describe, expect, it } from 'vitest';
import type { MetricName } from '../../../metrics.js';
import type { NodeTrafficSettings } from '../../node-traffic-settings.js';
import { kubeProxyDefaults } from '../../versions/kube-proxy-profile.js';
import { nodeTrafficDefaults } from '../../versions/node-traffic-profile.js';
import { CLUSTER_IP } from '../../cluster/service-shape.js';
import { createDispatchTable } from './dispatch-table.js';
import { type NodeTrafficInput, nodeTrafficResult } from './node-traffic.js';

const valueOf = ({ value }: { readonly value: number }): number => value;
const defaults = nodeTrafficDefaults();
const TRAFFIC: NodeTrafficSettings = {
  newConnectionsPerSecond: 1000,
  protocol: 'TCP',
  requestsPerConnection: 1,
  connectionLifetimeNs: { median: 1e9, p99: 1e9 },
  unclosedShare: 0,
  halfClosedShare: 0,
  shareToServices: 1,
  address: 'ClusterIP',
  remoteEndpointShare: 0,
  knownClientShare: 0,
  cacheColdShare: 0,
  cpuPerConnectionNs: valueOf(defaults.cpuPerConnectionNs),
  cpuPerRequestNs: valueOf(defaults.cpuPerRequestNs),
  roundTripDelayNs: { median: 0, p99: 0 },
};
const { conntrack } = kubeProxyDefaults(33, 'iptables');

const input = (given: Partial<NodeTrafficSettings>, rest: Partial<NodeTrafficInput> = {}): NodeTrafficInput => ({
  traffic: { ...TRAFFIC, ...given },
  dispatch: createDispatchTable('nftables', [{ shape: CLUSTER_IP, endpoints: 1, count: 100 }], 'ClusterIP', 10),
  slowness: [1, 3],
  cores: 4,
  conntrack: {
    maxPerCore: conntrack.maxPerCore.value,
    min: conntrack.min.value,
    tcpBeLiberal: false,
    tcpEstablishedTimeoutNs: conntrack.tcpEstablishedTimeoutNs.value,
    tcpCloseWaitTimeoutNs: conntrack.tcpCloseWaitTimeoutNs.value,
    udpTimeoutNs: 0,
    udpStreamTimeoutNs: 0,
  },
  minor: 33,
  ...rest,
});
const scalar = (metric: MetricName, given: Partial<NodeTrafficSettings>, rest: Partial<NodeTrafficInput> = {}) =>
  nodeTrafficResult(input(given, rest)).scalars[metric]!;

describe('CPU for connections', () => {
  it('grows with their rate; what rules add is slower on slow nodes', () => {
    const rules = 2 * (8600 - 7500);
    expect(scalar('node_proxy_mode_cpu_cores', {})).toBeCloseTo((1000 * rules) / 1e9, 9);
    expect(scalar('node_connection_cpu_cores', {})).toBeCloseTo((1000 * (92_080 + 34_650 + rules)) / 1e9, 9);
    const max = scalar('node_connections_per_second_max', {});
    expect(max).toBeCloseTo(4e9 / (92_080 + 34_650 + rules), 6);
    expect(scalar('node_requests_per_second_max', { requestsPerConnection: 10 })).toBeGreaterThan(2 * max);
  });

  it('is never more than all cores, and says so when more is asked for', () => {
    const { scalars, warnings } = nodeTrafficResult(input({ newConnectionsPerSecond: 50_000 }));
    expect(scalars.node_connection_cpu_utilization).toBe(1);
    expect(warnings).toEqual([expect.stringMatching(/cores of each node, which has 4/), expect.stringMatching(/full/)]);
  });
});

describe('the connection tracking table', () => {
  it('has the size that kube-proxy gives it, and entries for life and TIME_WAIT', () => {
    const { scalars, distributions, warnings } = nodeTrafficResult(input({}));
    expect(scalars.node_conntrack_max).toBe(4 * 32_768);
    const mean = 1000 * (1 + 120);
    expect(distributions.node_conntrack_entries!.mean / mean).toBeCloseTo(1, 3);
    expect(scalars.node_conntrack_utilization).toBeCloseTo((mean + 2.326 * Math.sqrt(mean)) / 131_072, 4);
    expect(scalars.node_conntrack_dropped_ratio).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('drops what does not fit', () => {
    const { scalars, warnings } = nodeTrafficResult(input({ unclosedShare: 0.01 }));
    const load = 1000 * (1 + 0.01 * 86_400 + 0.99 * 120);
    expect(scalars.node_conntrack_dropped_ratio).toBeCloseTo(1 - 131_072 / load, 4);
    expect(scalars.node_conntrack_utilization).toBe(1);
    expect(warnings).toHaveLength(1);
  });
});

describe('latency', () => {
  it('of the first packet: each node with its own speed', () => {
    const { first_packet_latency_seconds: latency } = nodeTrafficResult(input({})).distributions;
    expect(latency!.min).toBeCloseTo(8.6e-6, 12);
    expect(latency!.max).toBeCloseTo(3 * 8.6e-6, 12);
  });

  it('of an established connection: a second node for remote endpoints', () => {
    expect(scalar('established_packet_seconds', {})).toBeCloseTo(2 * 4.5e-6, 12);
    expect(scalar('established_packet_seconds', { remoteEndpointShare: 0.5 })).toBeCloseTo(2 * 4.985e-6, 12);
  });

  it('is not measured without a service to connect to', () => {
    const dispatch = createDispatchTable('nftables', [], 'ClusterIP', 10);
    const { distributions, scalars } = nodeTrafficResult(input({}, { dispatch }));
    expect(Object.keys(distributions)).toEqual(['node_conntrack_entries']);
    expect(Object.values(scalars).every(Number.isFinite)).toBe(true);
  });
});
