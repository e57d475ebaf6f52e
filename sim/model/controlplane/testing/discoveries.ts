/** Discovery APIs for tests: services that are all alike, on nodes that take turns among three zones. */

import type { PodTable } from '../../cluster/pods.js';
import type { EndpointSettings } from '../../cluster/services.js';
import { EndpointSlices } from '../endpoint-slices.js';
import { EndpointsObjects } from '../endpoints-object.js';
import type { EndpointObjectSize } from '../wire-size.js';
import type { TopologyNode } from '../zone-allocations.js';

/** A service that sets nothing. */
export const PLAIN_SERVICE: EndpointSettings = {
  publishNotReadyAddresses: false,
  ipFamilies: ['IPv4'],
  trafficDistribution: null,
  topologyMode: 'Disabled',
};

const ZONES = 3;
const NODES = 300;

/** All nodes; a test may change them and call nodesChanged. */
export function createTopologyNodes(): (TopologyNode & { isReady: boolean })[] {
  return Array.from({ length: NODES }, (_, node) => ({
    zone: node % ZONES,
    cpuMillicores: 1000,
    isReady: true,
    isControlPlane: false,
  }));
}

export function createSlices(
  pods: PodTable,
  services: number,
  size: EndpointObjectSize,
  maxEndpointsPerSlice: number,
  settings: Partial<EndpointSettings> = {},
  nodes: readonly TopologyNode[] = createTopologyNodes(),
): EndpointSlices {
  const equal = { ...PLAIN_SERVICE, ...settings };
  return new EndpointSlices(pods, services, {
    maxEndpointsPerSlice,
    settingsOf: () => equal,
    sizeOf: () => size,
    topology: { zoneOfNode: nodes.map(({ zone }) => zone), listNodes: () => nodes },
  });
}

/** `truncated`: size of a truncated object, where it differs. */
export function createEndpoints(
  pods: PodTable,
  services: number,
  size: EndpointObjectSize,
  maxAddresses: number | null,
  settings: Partial<EndpointSettings> = {},
  truncated: EndpointObjectSize = size,
): EndpointsObjects {
  const equal = { ...PLAIN_SERVICE, ...settings };
  return new EndpointsObjects(pods, services, {
    maxAddresses,
    settingsOf: () => equal,
    sizeOf: (_, isTruncated) => (isTruncated ? truncated : size),
  });
}
