/**
 * What one service port puts into the kernel in IPVS mode (pkg/proxy/ipvs/proxier.go, syncProxyRules).
 *
 *   service shape, usable endpoints, addresses of the node --> virtual servers, real servers, addresses on kube-ipvs0, ipset entries
 *
 * A virtual server stands for each address and port at which the service can be reached, whether it has endpoints or not. One
 * under policy Local has the node's own endpoints as real servers, and those of the whole cluster when the node has none:
 * unlike in the other modes, no packet is dropped for the lack of a local endpoint.
 *
 * Left out: entries of KUBE-LOOP-BACK for local endpoints that only traffic with policy Cluster reaches (how many of those a node
 * has is not known here), of KUBE-LOAD-BALANCER-SOURCE-IP, and the UDP, TCP and SCTP variants of the sets for node ports, which
 * differ in name only.
 */

import {
  hasNodePort,
  isExternalPolicyLocal,
  type ServiceShape,
  usesLocalEndpoints,
} from '../../../cluster/service-shape.js';
import type { EndpointCounts } from '../proxy-mode.js';

/** Virtual servers for traffic from outside: external IPs, load balancer IPs, and the node port at each of the node's addresses. */
const externalVirtualServers = (shape: ServiceShape, nodeAddresses: number): number =>
  shape.externalIPs + shape.loadBalancerIPs + (hasNodePort(shape) ? nodeAddresses : 0);

/** Virtual servers of a service port on a node with `nodeAddresses` addresses that answer at node ports. */
export const virtualServers = (shape: ServiceShape, nodeAddresses: number): number =>
  1 + externalVirtualServers(shape, nodeAddresses);

/** Real servers of one virtual server, by the policy of its traffic. */
export const realServersOfOne = (isLocal: boolean, { cluster, local }: EndpointCounts): number =>
  isLocal && local > 0 ? local : cluster;

/** Real servers of all virtual servers of a service port. */
export const realServers = (shape: ServiceShape, endpoints: EndpointCounts, nodeAddresses: number): number =>
  realServersOfOne(shape.internalTrafficPolicy === 'Local', endpoints) +
  externalVirtualServers(shape, nodeAddresses) * realServersOfOne(isExternalPolicyLocal(shape), endpoints);

/** Addresses on kube-ipvs0. Node ports answer at addresses that the node has anyway. */
export const boundAddresses = (shape: ServiceShape): number => 1 + shape.externalIPs + shape.loadBalancerIPs;

/** Entries of all IP sets. */
export function ipsetEntries(shape: ServiceShape, { local }: EndpointCounts, nodeAddresses: number): number {
  const { externalIPs, loadBalancerIPs, loadBalancerSourceRanges } = shape;
  const isLocal = isExternalPolicyLocal(shape);
  // An external IP is in one of two sets; a load balancer's IP or a node port is in a second one under policy Local.
  const setsOfOne = isLocal ? 2 : 1;
  // Ports are marked in a bitmap; SCTP has an entry for each address.
  const nodePorts = hasNodePort(shape) ? (shape.protocol === 'SCTP' ? nodeAddresses : 1) : 0;
  const firewall = loadBalancerSourceRanges > 0 ? loadBalancerIPs * (1 + loadBalancerSourceRanges) : 0;
  const loopBack = usesLocalEndpoints(shape) ? local : 0;
  return 1 + externalIPs + setsOfOne * (loadBalancerIPs + nodePorts) + firewall + loopBack;
}
