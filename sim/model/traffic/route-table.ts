/**
 * What the proxy mode does with the connections of some clients to a service, worked out once: there are only three questions left
 * that a node's rules answer differently at different times.
 *
 *   mode, shape of the service, address that is used, where clients are --service-route.ts--> route by three yes or no
 */

import { type ServiceShape, usesClusterEndpoints } from '../cluster/service-shape.js';
import {
  type ModeRouting,
  type PacketSource,
  type RoutingFlags,
  type ServiceDestination,
  type ServiceRoute,
  serviceRoute,
} from '../node/service-routing/service-route.js';

/** The route by whether there are endpoints for policy Cluster, endpoints on the node, and any at all. */
export type RouteOf = (hasCluster: boolean, hasLocal: boolean, isAnywhere: boolean) => ServiceRoute;

export function routeTable(
  mode: ModeRouting,
  shape: ServiceShape,
  destination: ServiceDestination,
  source: PacketSource,
  flags: RoutingFlags,
): RouteOf {
  const hasClusterTraffic = usesClusterEndpoints(shape);
  const routes = Array.from({ length: 8 }, (_, bits) => {
    const cluster = (bits & 1) !== 0 && hasClusterTraffic ? 1 : 0;
    const local = (bits & 2) === 0 ? 0 : 1;
    // Clients outside of spec.loadBalancerSourceRanges are none that somebody would plan with.
    return serviceRoute(
      mode,
      shape,
      { cluster, local, isAnywhere: (bits & 4) !== 0 },
      destination,
      source,
      true,
      flags,
    );
  });
  return (hasCluster, hasLocal, isAnywhere) =>
    routes[(hasCluster ? 1 : 0) + (hasLocal ? 2 : 0) + (isAnywhere ? 4 : 0)]!;
}

/** Of a load balancer that sends to pods: no rule of a node is in the way, and the weights of nodes are those of their pods. */
export const TO_POD_OF_NODE: RouteOf = (_, hasLocal) =>
  hasLocal
    ? { outcome: 'FORWARD', endpoints: 'local', isMasqueraded: false }
    : { outcome: 'DROP', endpoints: null, isMasqueraded: false };
