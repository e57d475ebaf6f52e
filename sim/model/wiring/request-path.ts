/**
 * What every API request passes: the API servers, and etcd behind them.
 *
 *   clients --> ApiServers (flow control) --> EtcdStore (space), Etcd (latency, request limit)
 *
 * Left out of the database at the start: objects of other kinds than those that the scenario counts.
 */

import type { RandomStreams } from '../../kernel/random.js';
import { ApiServers } from '../controlplane/api-servers.js';
import { Etcd } from '../controlplane/etcd.js';
import { EtcdStore } from '../controlplane/etcd-store.js';
import type { RequestPath } from '../controlplane/request-path.js';
import type { Scenario } from '../scenario.js';
import { STORED_OBJECT_BYTES } from '../versions/etcd-costs.js';
import type { ClusterContext } from './context.js';

export function createRequestPath({ simulation, scenario, streams, services, startNs }: ClusterContext): RequestPath {
  const { apiServer, etcd: etcdSettings } = scenario.controlPlane;
  const etcd = new EtcdStore({
    ...etcdSettings,
    compactionIntervalNs: apiServer.etcdCompactionIntervalNs,
    initialBytes: initialBytes(scenario, services.count),
  });
  const apiServers = new ApiServers(simulation, {
    replicas: apiServer.replicas,
    flowControl: apiServer,
    etcd,
    streams,
    measureFromNs: startNs,
  });
  return { apiServers, etcd };
}

export function createEtcd({ controlPlane }: Scenario, streams: RandomStreams): Etcd {
  return new Etcd({ ...controlPlane.etcd, maxRequestBytes: largestRequest(controlPlane) }, streams);
}

/** What the objects of the start take in etcd's database. */
function initialBytes({ cluster, services: groups }: Scenario, services: number): number {
  const pods = groups.reduce((sum, { count, endpoints }) => sum + count * endpoints, 0);
  const bytes = STORED_OBJECT_BYTES;
  return (
    cluster.nodes * (bytes.nodes.value + bytes.leases.value) +
    services * (bytes.services.value + bytes.endpoints.value + bytes.endpointslices.value) +
    pods * bytes.pods.value
  );
}

/** The API server refuses larger bodies before etcd would; null: no limit. */
function largestRequest({ apiServer, etcd }: Scenario['controlPlane']): number | null {
  const largest = Math.min(apiServer.maxRequestBodyBytes ?? Infinity, etcd.maxRequestBytes ?? Infinity);
  return largest === Infinity ? null : largest;
}
