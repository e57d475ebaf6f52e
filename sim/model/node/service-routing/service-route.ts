/**
 * What a node does with the first packet of a flow to a service: which of its endpoints the flow may reach, and as whose.
 *
 *   destination (cluster IP, node port, ...), source (pod, node, outside) --+
 *   traffic policies, number of usable endpoints ---------------------------+--> route: set of endpoints, masqueraded or not;
 *   proxy mode, masqueradeAll, local traffic detector ----------------------+           REJECT or DROP
 *
 * The rule without addresses: sizes of the endpoint sets are enough, and nothing is allocated. packet-verdict.ts finds
 * destination and source of a packet; the choice within the set is the mode's (at random, or in turn with IPVS).
 *
 * From the chains that pkg/proxy/iptables and pkg/proxy/nftables write (and the tables of their packet flow tests), and the IP
 * sets and virtual servers of pkg/proxy/ipvs. Left out: masquerading of packets of the node itself by IPVS without a detector.
 */

import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { EndpointCounts, ProxyModeName } from '../proxy-modes/proxy-mode.js';

/** By which of its addresses a packet reaches a service. */
export type ServiceDestination = 'clusterIP' | 'externalIP' | 'loadBalancerIP' | 'nodePort';

/** Where a packet comes from: a pod of the cluster, the node itself, or anywhere else. */
export type PacketSource = 'pod' | 'node' | 'outside';

/** In what the proxy modes differ as to packets. */
export interface ModeRouting {
  /** Follows traffic policies. Without, all endpoints serve all traffic. */
  readonly followsPolicies: boolean;
  /** Connections end at kube-proxy, which opens its own: endpoints see the node's address always. */
  readonly isProxy: boolean;
  /** To a load balancer's address with policy Local, pods and the node itself may take all endpoints, as if by the load balancer. */
  readonly shortCircuits: boolean;
  /** Traffic with policy Local that finds no endpoint on the node: dropped, or sent to the set for policy Cluster. */
  readonly withoutLocalEndpoints: 'drop' | 'useCluster';
  /** Applies spec.loadBalancerSourceRanges: never, to services with endpoints, or to all. */
  readonly sourceRanges: 'ignored' | 'withEndpoints' | 'always';
}

export const MODE_ROUTING: Readonly<Record<ProxyModeName, ModeRouting>> = {
  // A client without endpoints is accepted and closed at once, which is as good as REJECT.
  userspace: {
    followsPolicies: false,
    isProxy: true,
    shortCircuits: false,
    withoutLocalEndpoints: 'useCluster',
    sourceRanges: 'ignored',
  },
  iptables: {
    followsPolicies: true,
    isProxy: false,
    shortCircuits: true,
    withoutLocalEndpoints: 'drop',
    sourceRanges: 'withEndpoints',
  },
  // One virtual server has one list of real servers, whoever asks; one without any answers with an ICMP error.
  ipvs: {
    followsPolicies: true,
    isProxy: false,
    shortCircuits: false,
    withoutLocalEndpoints: 'useCluster',
    sourceRanges: 'always',
  },
  nftables: {
    followsPolicies: true,
    isProxy: false,
    shortCircuits: true,
    withoutLocalEndpoints: 'drop',
    sourceRanges: 'always',
  },
};

export interface RoutingFlags {
  /** --masquerade-all. */
  readonly masqueradeAll: boolean;
  /** Whether the node can tell pods from others; not with --detect-local-mode ClusterCIDR and no --cluster-cidr. */
  readonly detectsLocalTraffic: boolean;
}

export interface TrafficPolicies {
  readonly internalTrafficPolicy: TrafficPolicy;
  readonly externalTrafficPolicy: TrafficPolicy;
}

export interface ServiceRoute {
  /** FORWARD: to an endpoint of the set. REJECT: refused with an ICMP error. DROP: no answer. */
  readonly outcome: 'FORWARD' | 'REJECT' | 'DROP';
  /** null unless it is FORWARD. */
  readonly endpoints: 'cluster' | 'local' | null;
  /** Endpoints see the node's address as source. An endpoint that reaches itself sees it in any case (hairpin). */
  readonly isMasqueraded: boolean;
}

const REJECT: ServiceRoute = { outcome: 'REJECT', endpoints: null, isMasqueraded: false };
const DROP: ServiceRoute = { outcome: 'DROP', endpoints: null, isMasqueraded: false };
const TO_CLUSTER: ServiceRoute = { outcome: 'FORWARD', endpoints: 'cluster', isMasqueraded: false };
const TO_CLUSTER_MASQUERADED: ServiceRoute = { outcome: 'FORWARD', endpoints: 'cluster', isMasqueraded: true };
const TO_LOCAL: ServiceRoute = { outcome: 'FORWARD', endpoints: 'local', isMasqueraded: false };
const TO_LOCAL_MASQUERADED: ServiceRoute = { outcome: 'FORWARD', endpoints: 'local', isMasqueraded: true };

const toCluster = (isMasqueraded: boolean): ServiceRoute => (isMasqueraded ? TO_CLUSTER_MASQUERADED : TO_CLUSTER);
const toLocal = (isMasqueraded: boolean): ServiceRoute => (isMasqueraded ? TO_LOCAL_MASQUERADED : TO_LOCAL);

/**
 * The route of a packet to a service. `isSourceAllowed`: spec.loadBalancerSourceRanges lets the source pass; it counts for
 * the addresses of load balancers only.
 */
export function serviceRoute(
  mode: ModeRouting,
  policies: TrafficPolicies,
  { cluster, local, isAnywhere }: Pick<EndpointCounts, 'cluster' | 'local' | 'isAnywhere'>,
  destination: ServiceDestination,
  source: PacketSource,
  isSourceAllowed: boolean,
  { masqueradeAll, detectsLocalTraffic }: RoutingFlags,
): ServiceRoute {
  if (destination === 'loadBalancerIP' && !isSourceAllowed) {
    if (mode.sourceRanges === 'always' || (mode.sourceRanges === 'withEndpoints' && isAnywhere)) return DROP;
  }
  if (!isAnywhere) return REJECT;
  if (!mode.followsPolicies) return toCluster(mode.isProxy);

  const isPod = source === 'pod' && detectsLocalTraffic;
  if (destination === 'clusterIP') {
    const isMasqueraded = masqueradeAll || (detectsLocalTraffic && !isPod);
    if (policies.internalTrafficPolicy === 'Cluster') return toCluster(isMasqueraded);
    return local > 0 ? toLocal(isMasqueraded) : withoutLocal(mode, cluster, isMasqueraded);
  }
  if (policies.externalTrafficPolicy === 'Cluster') return toCluster(true);
  if (mode.shortCircuits && isPod) return TO_CLUSTER;
  if (mode.shortCircuits && source === 'node') return TO_CLUSTER_MASQUERADED;
  return local > 0 ? TO_LOCAL : withoutLocal(mode, cluster, false);
}

function withoutLocal(mode: ModeRouting, cluster: number, isMasqueraded: boolean): ServiceRoute {
  if (mode.withoutLocalEndpoints === 'drop') return DROP;
  // A service that is internal with policy Local only has no endpoints for policy Cluster to fall back to.
  return cluster > 0 ? toCluster(isMasqueraded) : REJECT;
}
