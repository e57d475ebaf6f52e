/**
 * How many entries the connections of some clients have in the connection tracking table of a node that sees all of them.
 *
 *   requests or users, keep-alive, service time, protocol --connections a second, their lives--> conntrack-table.ts --> entries
 *
 * By Little's law: connections per second x (life + timeout of the state that they end in). Without keep-alive each request is a
 * connection, which lives for as long as its answer takes; connections that are kept and never closed are entries themselves.
 *
 * Left out: SCTP, waiting in pods, the network, connections that are lost before they are open.
 */

import { exponential } from '../../kernel/distributions.js';
import { type ConntrackTimeouts, type EntryLoad, entryLoadOf } from '../node/packet-path/conntrack-table.js';
import type { ApplicationSettings, ClientSettings } from '../traffic-settings.js';
import type { FlowProtocol } from '../versions/packet-costs.js';
import { drawServiceNs } from './requests/service-time.js';

const NS_PER_SECOND = 1e9;

export interface ClientConnections {
  readonly protocol: FlowProtocol | 'SCTP';
  readonly load: ClientSettings['load'];
  readonly keepAlive: ClientSettings['keepAlive'];
  /** null: answers take no time. */
  readonly serviceTime: ApplicationSettings['serviceTime'];
}

const NOTHING: EntryLoad = { assured: 0, evictable: 0 };

/** Mean numbers of entries of all connections together, at rest, and without a limit. */
export function entriesOfClients(
  { protocol, load, keepAlive, serviceTime }: ClientConnections,
  timeouts: ConntrackTimeouts,
): EntryLoad {
  if (protocol === 'SCTP') return NOTHING;
  const entries = (newConnectionsPerSecond: number, lifetimeOf: (share: number) => number): EntryLoad =>
    entryLoadOf({ protocol, newConnectionsPerSecond, unclosedShare: 0, halfClosedShare: 0 }, lifetimeOf, timeouts);
  if (keepAlive !== null) {
    const { connections, meanLifetimeNs } = keepAlive;
    if (meanLifetimeNs === null) return { assured: connections, evictable: 0 };
    const meanSeconds = meanLifetimeNs / NS_PER_SECOND;
    return entries(connections / meanSeconds, (share) => exponential(share, meanSeconds));
  }
  const serviceSeconds = (share: number): number =>
    serviceTime === null ? 0 : drawServiceNs(serviceTime, share) / NS_PER_SECOND;
  // Users wait for their answers: so often they come round when nobody waits in a pod.
  const perSecond =
    load.kind === 'open'
      ? load.requestsPerSecond
      : (load.users * NS_PER_SECOND) / (load.meanThinkTimeNs + (serviceTime?.meanNs ?? 0));
  return entries(perSecond, serviceSeconds);
}
