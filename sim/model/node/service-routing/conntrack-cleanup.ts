/**
 * Which entries of the connection tracking table kube-proxy deletes after a sync.
 *
 *   sync that changed a service with UDP --> dump of the table --> entries to UDP services that lead nowhere --> one deletion each
 *
 * From pkg/proxy/conntrack (the reconciler of 1.33 and later; before, each stale endpoint was deleted by a process of its own).
 * Entries of TCP and SCTP are never touched, whatever becomes of their endpoints. How many entries there are is the subject of
 * packet-path/conntrack-table.ts.
 */

import { CONNTRACK_CLEAN_UP_RULES } from '../../versions/service-routing-rules.js';
import type { AddressedService, Protocol } from './packet-verdict.js';

/** An entry of the table, as far as it matters. */
export interface ConntrackEntry {
  readonly protocol: Protocol;
  /** The destination that the sender used. */
  readonly destination: string;
  readonly destinationPort: number;
  /** Where answers come from: the endpoint, or the destination itself for a packet that met no rule. */
  readonly replySource: string;
}

type CleanedService = Pick<
  AddressedService,
  'clusterIP' | 'port' | 'protocol' | 'nodePort' | 'externalIPs' | 'loadBalancerIPs'
> & {
  readonly endpoints: readonly { readonly address: string; readonly isServing: boolean }[];
};

/** Whether a sync is followed by a clean-up. `changed`: the protocols that each changed service has or had. */
export const isCleanUpDue = (isSyncSuccessful: boolean, changed: Iterable<Protocol>): boolean =>
  isSyncSuccessful && [...changed].includes('UDP');

/**
 * Entries that the clean-up deletes: to an address of a UDP service, or to its node port at any address, and not answered by one
 * of its serving endpoints. Endpoints that end keep their flows while they serve.
 */
export function staleEntries(
  services: readonly CleanedService[],
  entries: readonly ConntrackEntry[],
): readonly ConntrackEntry[] {
  const servingBySocket = new Map<string, ReadonlySet<string>>();
  const servingByNodePort = new Map<number, ReadonlySet<string>>();
  for (const { clusterIP, port, protocol, nodePort, externalIPs, loadBalancerIPs, endpoints } of services) {
    if (protocol !== 'UDP') continue;
    const serving = new Set(endpoints.filter(({ isServing }) => isServing).map(({ address }) => address));
    for (const ip of [clusterIP, ...externalIPs, ...loadBalancerIPs.map((ingress) => ingress.ip)]) {
      servingBySocket.set(socketKey(ip, port), serving);
    }
    if (nodePort !== null) servingByNodePort.set(nodePort, serving);
  }
  return entries.filter(({ protocol, destination, destinationPort, replySource }) => {
    if (protocol !== 'UDP') return false;
    const ofAddress = servingBySocket.get(socketKey(destination, destinationPort));
    const ofNodePort = servingByNodePort.get(destinationPort);
    return [ofAddress, ofNodePort].some((serving) => serving !== undefined && !serving.has(replySource));
  });
}

const socketKey = (address: string, port: number): string => `${address} ${port}`;

/** Netlink requests of a clean-up, which lists the whole table however much is stale. */
export const cleanUpRequests = (deletedEntries: number): number =>
  CONNTRACK_CLEAN_UP_RULES.requests.value + deletedEntries;
