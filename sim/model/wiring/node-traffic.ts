/**
 * The connections that nodes see, and the rules that they meet: what a run with a `nodeTraffic` section measures beside the
 * programming of rules.
 *
 *   scenario, services, usable endpoints --> services that are alike --> DispatchTable --> NodeTrafficResult
 */

import { createDispatchTable, packetPathOf, type ServicesAlike } from '../node/packet-path/dispatch-table.js';
import { nodeTrafficResult, type NodeTrafficResult } from '../node/packet-path/node-traffic.js';
import { minorOf } from '../versions/profiles.js';
import type { ClusterContext } from './context.js';

const NOTHING: NodeTrafficResult = { distributions: {}, scalars: {}, warnings: [] };

/** `usableEndpoints`: of a service at the end of the run. */
export function measureNodeTraffic(
  { scenario, services, nodes }: ClusterContext,
  usableEndpoints: (service: number) => number,
): NodeTrafficResult {
  const { nodeTraffic: traffic, kubeProxy, cluster, kubernetes } = scenario;
  if (traffic === null) return NOTHING;
  const alike = new Map<string, ServicesAlike>();
  for (let service = 0; service < services.count; service++) {
    const endpoints = usableEndpoints(service);
    const key = `${services.group[service]} ${endpoints}`;
    const count = (alike.get(key)?.count ?? 0) + 1;
    alike.set(key, { shape: services.shapeOf(service), endpoints, count });
  }
  const path = packetPathOf(kubeProxy.mode, kubeProxy.iptablesBackend);
  return nodeTrafficResult({
    traffic,
    dispatch: createDispatchTable(path, alike.values(), traffic.address, cluster.nodes),
    slowness: nodes.slowness,
    cores: cluster.nodeCores,
    conntrack: kubeProxy.conntrack,
    minor: minorOf(kubernetes),
  });
}
