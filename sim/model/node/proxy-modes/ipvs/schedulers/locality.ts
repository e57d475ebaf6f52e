/**
 * The schedulers lblc and lblcr (ip_vs_lblc.c, ip_vs_lblcr.c): the same server, or few of them, for the same destination,
 * as long as they are not overloaded. Made for caches that many destinations are reached through; a virtual server of
 * kube-proxy is one destination, so lblc keeps to one server until that has more active connections than its weight, which is
 * 1, while another has none.
 *
 * Left out: the expiry of entries for destinations that are not asked for.
 */

import { IPVS_SCHEDULER_RULES } from '../../../../versions/ipvs-rules.js';
import { isEligible, type ServerList } from '../real-servers.js';
import { connectionLoad, leastWeightedConnections } from './least-connection.js';
import { type Flow, type IpvsScheduler, NONE, ServerChange } from './scheduler.js';

const SET_EXPIRATION_NS = IPVS_SCHEDULER_RULES.serverSetExpiration.value * 1e9;

/** Whether the server has more active connections than its weight while another has less than half of its own weight. */
function isOverloaded(servers: ServerList, position: number): boolean {
  if (servers.active[position]! <= servers.weight[position]!) return false;
  for (let other = 0; other < servers.count; other++) {
    if (servers.active[other]! * 2 < servers.weight[other]!) return true;
  }
  return false;
}

/** lblc: locality-based least connection. */
export class LocalityLeastConnection implements IpvsScheduler {
  /** Address of the server by destination. */
  readonly #serverOf = new Map<number, number>();

  pick(servers: ServerList, { destination }: Flow): number {
    const cached = this.#serverOf.get(destination);
    if (cached !== undefined) {
      const position = servers.positionOf(cached);
      if (position !== NONE && isEligible(servers, position) && !isOverloaded(servers, position)) return position;
    }
    const position = leastWeightedConnections(servers);
    if (position !== NONE) this.#serverOf.set(destination, servers.address[position]!);
    return position;
  }

  /** A server that comes back under the address of one that is gone is another one. */
  onChange(servers: ServerList, change: ServerChange): void {
    if (change !== ServerChange.removed) return;
    for (const [destination, address] of this.#serverOf) {
      if (servers.positionOf(address) === NONE) this.#serverOf.delete(destination);
    }
  }
}

interface ServerSet {
  readonly addresses: Set<number>;
  changedNs: number;
}

/** lblcr: the same with a set of servers for each destination, which grows under load and shrinks when it has been stable. */
export class LocalityLeastConnectionReplicated implements IpvsScheduler {
  readonly #setOf = new Map<number, ServerSet>();

  pick(servers: ServerList, { destination, timeNs }: Flow): number {
    const set = this.#setOf.get(destination);
    if (set === undefined) {
      const position = leastWeightedConnections(servers);
      if (position !== NONE) {
        this.#setOf.set(destination, { addresses: new Set([servers.address[position]!]), changedNs: timeNs });
      }
      return position;
    }
    const least = leastOfSet(servers, set);
    if (set.addresses.size > 1 && timeNs > set.changedNs + SET_EXPIRATION_NS) {
      const most = mostOfSet(servers, set);
      if (most !== NONE) {
        set.addresses.delete(servers.address[most]!);
        set.changedNs = timeNs;
      }
    }
    if (least !== NONE && !isOverloaded(servers, least)) return least;
    const position = leastWeightedConnections(servers);
    if (position === NONE) return NONE;
    const address = servers.address[position]!;
    if (!set.addresses.has(address)) {
      set.addresses.add(address);
      set.changedNs = timeNs;
    }
    return position;
  }

  onChange(servers: ServerList, change: ServerChange): void {
    if (change !== ServerChange.removed) return;
    for (const { addresses } of this.#setOf.values()) {
      for (const address of addresses) if (servers.positionOf(address) === NONE) addresses.delete(address);
    }
  }
}

/** The least loaded eligible server of the set, for its weight. */
function leastOfSet(servers: ServerList, { addresses }: ServerSet): number {
  let least = NONE;
  for (let position = 0; position < servers.count; position++) {
    if (!isEligible(servers, position) || !addresses.has(servers.address[position]!)) continue;
    if (least === NONE || isLighter(servers, position, least)) least = position;
  }
  return least;
}

/** The most loaded server of the set that has a weight. */
function mostOfSet(servers: ServerList, { addresses }: ServerSet): number {
  let most = NONE;
  for (let position = 0; position < servers.count; position++) {
    if (servers.weight[position]! <= 0 || !addresses.has(servers.address[position]!)) continue;
    if (most === NONE || isLighter(servers, most, position)) most = position;
  }
  return most;
}

const isLighter = (servers: ServerList, a: number, b: number): boolean =>
  connectionLoad(servers, a) * servers.weight[b]! < connectionLoad(servers, b) * servers.weight[a]!;
