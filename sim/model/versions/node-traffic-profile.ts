/**
 * The part of the version profiles about the connections of nodes: what a scenario with a `nodeTraffic` section has where that
 * section does not say. None of it depends on the version.
 */

import type { NodeTrafficSettings } from '../node-traffic-settings.js';
import { assumed, constant, type Constant, type Sourced } from './provenance.js';

const SECOND = 1_000_000_000;

const TKE = 'Cilium network benchmark on TKE (imroc/tke-guide), 4 cores without services';
const BLOG =
  'kubernetes.io blog, NFTables mode for kube-proxy, 2025-02-28: the bar of nftables at 5,000 services (10, 14, 37 us at p01, p50, p99) is 9.16 us and a lognormal delay';

const derived = (value: number, source: string, range: readonly [number, number]): Constant =>
  constant({ value, unit: 'ns', evidence: 'derived', source, date: '2026-06', range });

export const nodeTrafficDefaults = (): Sourced<NodeTrafficSettings> => ({
  newConnectionsPerSecond: assumed(
    500,
    '1/s',
    'A node of some 50 pods, each with ten new connections a second',
    [10, 50_000],
  ),
  protocol: assumed<NodeTrafficSettings['protocol']>('TCP', '', 'Most connections between services'),
  requestsPerConnection: assumed(1, '1', 'No keep-alive: rules then cost most', [1, 10_000]),
  connectionLifetimeNs: {
    median: assumed(0.1 * SECOND, 'ns', 'One request and its answer', [1e6, 3600 * SECOND]),
    p99: assumed(1 * SECOND, 'ns', 'One request and its answer, the slowest in a hundred', [1e6, 24 * 3600 * SECOND]),
  },
  unclosedShare: assumed(0, '1', 'Every peer closes its connections', [0, 0.1]),
  halfClosedShare: assumed(0, '1', 'Both sides close', [0, 0.1]),
  shareToServices: assumed(
    0.5,
    '1',
    'Each connection between nodes is one to a service where it starts, and one to a pod where it ends',
    [0, 1],
  ),
  address: assumed<NodeTrafficSettings['address']>('ClusterIP', '', 'Traffic inside the cluster'),
  remoteEndpointShare: assumed(
    1,
    '1',
    'In a cluster of many nodes hardly any endpoint is on the node of its client',
    [0, 1],
  ),
  knownClientShare: assumed(0.9, '1', 'Clients with affinity come again within its timeout of three hours', [0, 1]),
  cacheColdShare: assumed(
    0.5,
    '1',
    'Between a tight loop of new connections, which keeps the rules in the caches, and a node whose other work evicts them each time',
    [0, 1],
  ),
  cpuPerConnectionNs: derived(
    92_080,
    `${TKE}: 31,365 short connections a second, less the request and 0.8 us of iptables mode`,
    [20_000, 500_000],
  ),
  cpuPerRequestNs: derived(34_650, `${TKE}: 115,434 requests a second with keep-alive`, [5000, 10_000_000]),
  roundTripDelayNs: {
    median: derived(4842, BLOG, [1000, 1_000_000]),
    p99: derived(27_842, BLOG, [2000, 100_000_000]),
  },
});
