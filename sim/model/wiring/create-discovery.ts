/**
 * The discovery API that a scenario asks for, with its object sizes and the settings of each service.
 *
 *   Scenario --> EndpointSlices | Endpoints objects
 */

import type { NodeTable } from '../cluster/nodes.js';
import type { PodTable } from '../cluster/pods.js';
import type { EndpointSettings, IpFamily, ServiceTable } from '../cluster/services.js';
import type { Discovery } from '../controlplane/discovery.js';
import { EndpointSlices } from '../controlplane/endpoint-slices.js';
import { EndpointsObjects } from '../controlplane/endpoints-object.js';
import { memoized } from '../controlplane/memoized.js';
import { hintKinds, type HintKinds } from '../controlplane/traffic-distribution.js';
import {
  constantEndpointSize,
  endpointObjectSize,
  type EndpointObjectShape,
  type EndpointObjectSize,
} from '../controlplane/wire-size.js';
import type { TopologyNode } from '../controlplane/zone-allocations.js';
import type { Scenario, WireSettings } from '../scenario.js';

const NO_HINTS: HintKinds = hintKinds(null);
/** Nodes are of one size: any will do, as only shares count. */
const CPU_MILLICORES_OF_ANY_NODE = 1000;

export function createDiscovery(
  { controlPlane, kubeProxy, wire }: Scenario,
  pods: PodTable,
  services: ServiceTable,
  nodes: NodeTable,
  /** Whether the API says that the node is ready. */
  isReady: (node: number) => boolean,
): Discovery {
  const kind = kubeProxy.discovery;
  const sizeOf = (family: IpFamily, hints: HintKinds, overCapacity: boolean, ports: number): EndpointObjectSize => {
    const { zone: hasZoneHint, node: hasNodeHint } = hints;
    return objectSize(wire, family, { kind, ports, hasZone: true, hasZoneHint, hasNodeHint, overCapacity });
  };
  const portsOf = (service: number): number => services.shapeOf(service).ports;
  const settingsOf = (service: number): EndpointSettings => services.endpointSettings(service);
  const { maxEndpointsPerSlice, maxEndpointsPerObject } = controlPlane.controllerManager;
  return kind === 'EndpointSlice'
    ? new EndpointSlices(pods, services.count, {
        maxEndpointsPerSlice,
        settingsOf,
        portsOf,
        sizeOf: (family, hints, ports) => sizeOf(family, hints, false, ports),
        topology: { zoneOfNode: nodes.zone, listNodes: () => topologyNodes(nodes, isReady) },
      })
    : new EndpointsObjects(pods, services.count, {
        maxAddresses: maxEndpointsPerObject,
        settingsOf,
        portsOf,
        sizeOf: (family, overCapacity, ports) => sizeOf(family, NO_HINTS, overCapacity, ports),
      });
}

/** Size of the objects of a service that sets nothing. */
export function plainSize(wire: WireSettings, kind: Discovery['kind']): EndpointObjectSize {
  return objectSize(wire, 'IPv4', { kind, hasZone: true, hasZoneHint: false });
}

/** Size, by ports of the service, of objects with addresses that somebody wrote by hand. */
export const handWrittenSize = (wire: WireSettings, kind: Discovery['kind']): ((ports: number) => EndpointObjectSize) =>
  memoized((ports) =>
    objectSize(wire, 'IPv4', { kind, ports, hasZone: true, hasZoneHint: false, isHandWritten: true }),
  );

function objectSize(
  { bytesPerEndpoint, minObjectBytes, format, nameLengths }: WireSettings,
  family: IpFamily,
  shape: Omit<EndpointObjectShape, 'format' | 'nameLengths'>,
): EndpointObjectSize {
  if (bytesPerEndpoint !== null) return constantEndpointSize(bytesPerEndpoint, minObjectBytes);
  const ip = family === 'IPv6' ? nameLengths.ipv6 : nameLengths.ip;
  return endpointObjectSize({ ...shape, format, nameLengths: { ...nameLengths, ip } });
}

/** The nodes as the EndpointSlice controller sees them: none of the control plane. */
function* topologyNodes(nodes: NodeTable, isReady: (node: number) => boolean): Generator<TopologyNode> {
  const cpuMillicores = CPU_MILLICORES_OF_ANY_NODE;
  for (const [node, zone] of nodes.zone.entries()) {
    yield { zone, cpuMillicores, isReady: isReady(node), isControlPlane: false };
  }
}
