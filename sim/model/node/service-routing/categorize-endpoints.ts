/**
 * Which endpoints of a service port a node may send packets to: by readiness, traffic policies and hints, with the fall-back to
 * endpoints that are about to end but still serve.
 *
 *   conditions, hints, placement of the endpoints --+
 *   shape of the service, node, features -----------+--> for traffic with policy Cluster, with policy Local, both together
 *
 * From pkg/proxy/topology.go (CategorizeEndpoints). All modes but userspace choose among these sets; what a packet makes of them
 * is packet-verdict.ts. The same rule on counts, for when only sizes matter, is endpoint-counts.ts.
 *
 * Left out: the annotation of the service that earlier kube-proxies wanted before it looked at hints; the controller that
 * writes hints asks for it too, so that a service without it has none.
 */

import { usesClusterEndpoints, usesLocalEndpoints, type ServiceShape } from '../../cluster/service-shape.js';
import type { KubeProxySettings } from '../../kube-proxy-settings.js';

/** What a kube-proxy knows of an endpoint. The conditions are those of an EndpointSlice, with their defaults filled in. */
export interface RoutableEndpoint {
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  /** Whether it is on the node of this kube-proxy. */
  readonly isLocal: boolean;
  /** hints.forZones and hints.forNodes. */
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** Where a kube-proxy runs. */
export interface RoutingNode {
  readonly name: string | null;
  /** The label topology.kubernetes.io/zone; null: not set, and then no zone hint applies. */
  readonly zone: string | null;
}

/** What a kube-proxy takes into account. */
export type EndpointSelection = Pick<
  KubeProxySettings,
  'terminatingEndpoints' | 'topologyHints' | 'preferSameTrafficDistribution'
>;

export interface EndpointSets<Endpoint> {
  /** For traffic with policy Cluster; null: the service has no such traffic. */
  readonly cluster: readonly Endpoint[] | null;
  /** For traffic with policy Local; null: the service has no such traffic. */
  readonly local: readonly Endpoint[] | null;
  /** All endpoints of the two, each once. */
  readonly reachable: readonly Endpoint[];
  /** Whether there is a usable endpoint anywhere, reachable from here or not. */
  readonly isAnywhere: boolean;
}

/** Whether the endpoint ends and still serves: what traffic falls back to where no endpoint is ready. */
const isServingTerminating = ({ isServing, isTerminating }: RoutableEndpoint): boolean => isServing && isTerminating;

/**
 * What hints ask of an endpoint; null: nothing, for they apply only when every ready endpoint has some, and some endpoint is
 * hinted to where this node is. Hints for nodes go before hints for zones.
 */
function hintFilter(
  endpoints: readonly RoutableEndpoint[],
  { name, zone }: RoutingNode,
  selection: EndpointSelection,
): ((endpoint: RoutableEndpoint) => boolean) | null {
  const ready = endpoints.filter(({ isReady }) => isReady);
  if (selection.preferSameTrafficDistribution && name !== null) {
    const isForNode = ({ nodeHints }: RoutableEndpoint): boolean => nodeHints.includes(name);
    if (ready.every(({ nodeHints }) => nodeHints.length > 0) && ready.some(isForNode)) return isForNode;
  }
  if (selection.topologyHints && zone !== null && zone !== '') {
    const isForZone = ({ zoneHints }: RoutableEndpoint): boolean => zoneHints.includes(zone);
    if (ready.every(({ zoneHints }) => zoneHints.length > 0) && ready.some(isForZone)) return isForZone;
  }
  return null;
}

/** The endpoints of one service port, each listed once, as the node may reach them. */
export function categorizeEndpoints<Endpoint extends RoutableEndpoint>(
  shape: ServiceShape,
  endpoints: readonly Endpoint[],
  node: RoutingNode,
  selection: EndpointSelection,
): EndpointSets<Endpoint> {
  const ready = endpoints.filter(({ isReady }) => isReady);
  const ending = selection.terminatingEndpoints ? endpoints.filter(isServingTerminating) : [];

  let cluster: readonly Endpoint[] | null = null;
  if (usesClusterEndpoints(shape)) {
    const isHinted = hintFilter(endpoints, node, selection);
    const preferred = isHinted === null ? ready : ready.filter(isHinted);
    cluster = preferred.length > 0 ? preferred : ending;
  }
  let local: readonly Endpoint[] | null = null;
  if (usesLocalEndpoints(shape)) {
    const localReady = ready.filter(({ isLocal }) => isLocal);
    local = localReady.length > 0 ? localReady : ending.filter(({ isLocal }) => isLocal);
  }
  return {
    cluster,
    local,
    reachable: [...new Set([...(cluster ?? []), ...(local ?? [])])],
    isAnywhere: ready.length + ending.length > 0,
  };
}
