/**
 * What the connections of nodes wait for, cost and leave behind, as metrics. Worked out from the rules at the end of the run, without
 * an event: rules change far less often than connections come.
 *
 *   nodeTraffic, rules, cores, conntrack settings --> connection-latency.ts, connection-capacity.ts, conntrack-table.ts --> metrics
 */

import type { MetricName } from '../../../metrics.js';
import { Histogram } from '../../../stats/histogram.js';
import type { KubeProxySettings } from '../../kube-proxy-settings.js';
import type { NodeTrafficSettings } from '../../node-traffic-settings.js';
import {
  connectionNs,
  type ConnectionWork,
  connectionsPerSecondMax,
  proxyModeNs,
  relativeCapacity,
} from './connection-capacity.js';
import { firstPacketLatency } from './connection-latency.js';
import { conntrackBytes, conntrackMax, conntrackTimeouts, ConntrackTable, entryLoad } from './conntrack-table.js';
import { establishedNs } from './first-packet.js';
import type { DispatchTable } from './rule-walk.js';

const SECONDS_PER_NS = 1e-9;

/** Points of the distribution of entries that are recorded, evenly spread over its quantiles. */
const QUANTILES = 1000;

export interface NodeTrafficInput {
  readonly traffic: NodeTrafficSettings;
  readonly dispatch: DispatchTable;
  /** Of each node: time for the same work relative to the reference machine. */
  readonly slowness: ArrayLike<number>;
  readonly cores: number;
  readonly conntrack: KubeProxySettings['conntrack'];
  /** Minor version of Kubernetes. */
  readonly minor: number;
}

export interface NodeTrafficResult {
  readonly distributions: Partial<Record<MetricName, Histogram>>;
  readonly scalars: Partial<Record<MetricName, number>>;
  readonly warnings: readonly string[];
}

export function nodeTrafficResult(input: NodeTrafficInput): NodeTrafficResult {
  const { traffic, dispatch, slowness, cores } = input;
  const { protocol, newConnectionsPerSecond: rate, remoteEndpointShare } = traffic;
  const { path } = dispatch;
  const meanSlowness = mean(slowness);
  const work: ConnectionWork = { ...traffic, dispatch, slowness: meanSlowness };
  const coresInUse = rate * connectionNs(work) * SECONDS_PER_NS;
  const perSecondMax = connectionsPerSecondMax(work, cores);
  const established =
    remoteEndpointShare * establishedNs(path, protocol, true) +
    (1 - remoteEndpointShare) * establishedNs(path, protocol, false);
  const latency = firstPacketLatency({ ...traffic, dispatch, slowness });
  const table = createTable(input);
  return {
    distributions: {
      ...(latency.count > 0 && { first_packet_latency_seconds: latency }),
      node_conntrack_entries: entriesOf(table),
    },
    scalars: {
      established_packet_seconds: established * meanSlowness * SECONDS_PER_NS,
      node_connection_cpu_cores: coresInUse,
      node_proxy_mode_cpu_cores: rate * proxyModeNs(work) * SECONDS_PER_NS,
      // More than all cores cannot be in use.
      node_connection_cpu_utilization: Math.min(1, coresInUse / cores),
      node_connections_per_second_max: perSecondMax,
      node_requests_per_second_max: perSecondMax * traffic.requestsPerConnection,
      node_connection_capacity_ratio: relativeCapacity(work),
      node_conntrack_max: table.max,
      node_conntrack_utilization: table.quantile(0.99) / table.max,
      node_conntrack_dropped_ratio: table.droppedShare,
      node_conntrack_memory_bytes: conntrackBytes(table.quantile(0.99)),
    },
    warnings: [...cpuWarning(coresInUse, cores), ...conntrackWarning(table)],
  };
}

function createTable({ traffic, cores, conntrack, minor }: NodeTrafficInput): ConntrackTable {
  const { connectionLifetimeNs } = traffic;
  const lifetime = {
    median: connectionLifetimeNs.median * SECONDS_PER_NS,
    p99: connectionLifetimeNs.p99 * SECONDS_PER_NS,
  };
  const load = entryLoad({ ...traffic, lifetime }, conntrackTimeouts(conntrack));
  return new ConntrackTable(load, conntrackMax(conntrack, cores, minor));
}

function entriesOf(table: ConntrackTable): Histogram {
  const histogram = new Histogram();
  for (let index = 0; index < QUANTILES; index++) histogram.record(table.quantile((index + 0.5) / QUANTILES));
  return histogram;
}

function cpuWarning(coresInUse: number, cores: number): string[] {
  return coresInUse <= cores
    ? []
    : [`New connections ask for ${coresInUse.toFixed(1)} cores of each node, which has ${cores}: they would queue.`];
}

function conntrackWarning({ droppedShare, max }: ConntrackTable): string[] {
  return droppedShare < 1e-6
    ? []
    : [
        `The connection tracking table of ${max} entries is full: ${(100 * droppedShare).toPrecision(2)} % of new connections are dropped.`,
      ];
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}
