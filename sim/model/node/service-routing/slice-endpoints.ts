/**
 * The endpoints of a service as a kube-proxy puts them together from EndpointSlices.
 *
 *   slices of one service --> by port: each address once, conditions with their defaults, sorted --> categorize-endpoints.ts
 *
 * From pkg/proxy/endpointslicecache.go. Left out: ports without number (all ports), which no rule can be made of.
 */

import type { IpFamily } from '../../cluster/services.js';
import { familyOf } from './ip-ranges.js';
import type { AddressedEndpoint } from './packet-verdict.js';

/** An entry of EndpointSlice.endpoints; null: the field is not set. */
export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly nodeName: string | null;
  readonly ready: boolean | null;
  readonly serving: boolean | null;
  readonly terminating: boolean | null;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

export interface EndpointSliceContent {
  readonly addressType: IpFamily | 'FQDN';
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** `host:port` as Kubernetes writes it. */
export const socketText = ({ address, port }: Pick<AddressedEndpoint, 'address' | 'port'>): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/**
 * The endpoints behind each port, by the port's name. Of an address that several slices list, the copy counts that does not
 * end, and then one on this node.
 */
export function endpointsOfSlices(
  slices: Iterable<EndpointSliceContent>,
  family: IpFamily,
  nodeName: string,
): ReadonlyMap<string, readonly AddressedEndpoint[]> {
  const byPort = new Map<string, Map<string, AddressedEndpoint>>();
  for (const { ports, endpoints } of slices) {
    for (const { name, port } of ports) {
      let bySocket = byPort.get(name);
      if (bySocket === undefined) byPort.set(name, (bySocket = new Map()));
      for (const endpoint of endpoints) {
        const address = endpoint.addresses[0];
        if (address === undefined || familyOf(address) !== family) continue;
        const routable = routableOf(endpoint, address, port, nodeName);
        const socket = socketText(routable);
        const known = bySocket.get(socket);
        if (known === undefined || isPreferred(routable, known)) bySocket.set(socket, routable);
      }
    }
  }
  return new Map(
    [...byPort].map(([name, bySocket]) => [
      name,
      [...bySocket].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint),
    ]),
  );
}

const routableOf = (endpoint: SliceEndpoint, address: string, port: number, nodeName: string): AddressedEndpoint => ({
  address,
  port,
  isReady: endpoint.ready ?? true,
  isServing: endpoint.serving ?? true,
  isTerminating: endpoint.terminating ?? false,
  isLocal: endpoint.nodeName === nodeName,
  zoneHints: endpoint.zoneHints,
  nodeHints: endpoint.nodeHints,
});

const isPreferred = (endpoint: AddressedEndpoint, known: AddressedEndpoint): boolean =>
  endpoint.isTerminating === known.isTerminating ? endpoint.isLocal && !known.isLocal : known.isTerminating;
