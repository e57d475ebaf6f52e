/**
 * What the rules of a node look like to new connections: made of the services, as many as there are.
 *
 *   shapes of services, usable endpoints --> lines of the dispatch chains, targets --> rule-walk.ts
 *
 * A service with endpoints has, for each of its ports, a line for its cluster IP and one for each external and load balancer address; without any it
 * has none (its REJECT stands in another table). Under policy Local only nodes that have endpoints have the line of the cluster
 * IP, and they know their own endpoints: with endpoints spread evenly that is a share of the nodes, and the mean of the lines.
 *
 * Left out: that nodes differ from each other.
 */

import {
  hasNodePort,
  isExternalPolicyLocal,
  isProxied,
  servicePorts,
  type ServiceShape,
} from '../../cluster/service-shape.js';
import type { PacketPath } from '../../versions/packet-costs.js';
import type { ProxyModeName } from '../proxy-modes/proxy-mode.js';
import type { DispatchTable, DispatchTarget, ServiceAddress } from './rule-walk.js';

/** Services that are alike, as many as `count`. */
export interface ServicesAlike {
  readonly shape: ServiceShape;
  readonly endpoints: number;
  readonly count: number;
}

/** What packets find in their way on a node with such a kube-proxy. */
export function packetPathOf(mode: ProxyModeName, iptablesBackend: 'legacy' | 'nft'): PacketPath {
  return mode === 'iptables' ? `iptables-${iptablesBackend}` : mode;
}

/** New connections go to `address` of each service that has one, equally often. `nodes`: over which endpoints are spread. */
export function createDispatchTable(
  path: PacketPath,
  services: Iterable<ServicesAlike>,
  address: ServiceAddress,
  nodes: number,
): DispatchTable {
  let lines = 0;
  let nodePortLines = 0;
  const targets: DispatchTarget[] = [];
  for (const { shape, endpoints, count } of services) {
    if (endpoints === 0) continue;
    const ofNode = endpointsOfNode(endpoints, nodes);
    const isLocal = shape.internalTrafficPolicy === 'Local';
    const ports = count * servicePorts(shape);
    lines += ports * ((isLocal ? ofNode.share : 1) + shape.externalIPs + shape.loadBalancerIPs);
    if (hasNodePort(shape)) nodePortLines += ports;
    const addresses = addressesOf(shape, address);
    if (addresses === 0) continue;
    const isExternalLocal = isExternalPolicyLocal(shape);
    const staysOnNode = address === 'ClusterIP' ? isLocal : isExternalLocal;
    targets.push({
      weight: count * addresses * (staysOnNode ? ofNode.share : 1),
      address,
      endpoints: staysOnNode ? ofNode.endpoints : endpoints,
      hasAffinity: shape.sessionAffinity === 'ClientIP',
      isExternalPolicyLocal: isExternalLocal,
      sourceRanges: shape.loadBalancerSourceRanges,
    });
  }
  return { path, lines: Math.round(lines), nodePortLines, targets };
}

/** Addresses of that kind that a service has. */
export function addressesOf(shape: ServiceShape, address: ServiceAddress): number {
  switch (address) {
    case 'ClusterIP':
      return isProxied(shape) ? 1 : 0;
    case 'NodePort':
      return hasNodePort(shape) ? 1 : 0;
    case 'LoadBalancerIP':
      return shape.loadBalancerIPs;
    case 'ExternalIP':
      return shape.externalIPs;
  }
}

/** Endpoints that are spread evenly: on which share of the nodes there are any, and how many there then are. */
function endpointsOfNode(endpoints: number, nodes: number): { readonly share: number; readonly endpoints: number } {
  return { share: Math.min(1, endpoints / nodes), endpoints: Math.max(1, Math.round(endpoints / nodes)) };
}
