/**
 * What kube-proxy does about the connection tracking table: which entries it deletes after a sync, and how large it makes it.
 *
 *   sync that changed a service with UDP --> dump of the table --> entries to UDP services that lead nowhere --> one deletion each
 *   conntrack.maxPerCore, conntrack.min, cores --> nf_conntrack_max --> hashsize
 *
 * From pkg/proxy/conntrack (the reconciler of 1.33 and later; before, each stale endpoint was deleted by a process of its own).
 * Entries of TCP and SCTP are never touched, whatever becomes of their endpoints. What fills the table is not the subject here.
 */

import { CONNTRACK_RULES } from '../../versions/service-routing-rules.js';
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
  CONNTRACK_RULES.cleanUpRequests.value + deletedEntries;

export interface ConntrackLimits {
  /** --conntrack-max-per-core; 0: the kernel's setting is left alone, whatever `min` says. */
  readonly maxPerCore: number;
  /** --conntrack-min. */
  readonly min: number;
}

/** The value that a kube-proxy of 1.`minor` gives nf_conntrack_max; null: it leaves it alone. */
export function conntrackMax({ maxPerCore, min }: ConntrackLimits, cores: number, minor: number): number | null {
  if (maxPerCore === 0) return null;
  const wanted = Math.max(min, maxPerCore * cores);
  return minor >= CONNTRACK_RULES.maxEntriesSince.value ? Math.min(wanted, CONNTRACK_RULES.maxEntries.value) : wanted;
}

/** Buckets of the hash table once `max` is set: never fewer than before. */
export const conntrackHashSize = (max: number, buckets: number): number =>
  Math.max(buckets, Math.trunc(max / CONNTRACK_RULES.entriesPerBucket.value));
