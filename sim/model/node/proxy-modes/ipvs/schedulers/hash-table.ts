/**
 * The schedulers sh and dh (ip_vs_sh.c, ip_vs_dh.c): a table of 256 buckets, filled with the servers by turns, and the hash
 * of the source or destination address.
 *
 * A bucket whose server may have no new flow refuses the flow rather than ask another (kube-proxy does not set the fall-back
 * flag): while a server is removed gracefully, its share of the clients gets nothing. And all flows of a virtual server have
 * one destination, so under dh all of them go to one server.
 *
 * The kernel's hash of an address is a multiplication. Which server a client gets by it matters to nobody; that a client gets
 * the same one on each node, as long as their lists are in the same order, does.
 */

import { IPVS_SCHEDULER_RULES } from '../../../../versions/ipvs-rules.js';
import { isEligible, type ServerList } from '../real-servers.js';
import { type Flow, type IpvsScheduler, NONE } from './scheduler.js';

const SIZE = IPVS_SCHEDULER_RULES.hashTableSize.value;
const MULTIPLIER = IPVS_SCHEDULER_RULES.hashMultiplier.value;
const SHIFT = 32 - Math.log2(SIZE);

const bucketOf = (address: number): number => Math.imul(address, MULTIPLIER) >>> SHIFT;

abstract class HashTable implements IpvsScheduler {
  /** Position of the server of each bucket. */
  readonly #table = new Int32Array(SIZE).fill(NONE);

  protected abstract addressOf(flow: Flow): number;
  /** Buckets in a row that a server gets when it has its turn. */
  protected abstract turnsOf(servers: ServerList, position: number): number;

  pick(servers: ServerList, flow: Flow): number {
    const position = this.#table[bucketOf(this.addressOf(flow))]!;
    return position !== NONE && isEligible(servers, position) ? position : NONE;
  }

  onChange(servers: ServerList): void {
    if (servers.count === 0) {
      this.#table.fill(NONE);
      return;
    }
    let position = 0;
    let turns = 0;
    for (let bucket = 0; bucket < SIZE; bucket++) {
      this.#table[bucket] = position;
      if (++turns < this.turnsOf(servers, position)) continue;
      position = (position + 1) % servers.count;
      turns = 0;
    }
  }
}

/** sh: by the address of the client. A server has buckets by its weight. */
export class SourceHash extends HashTable {
  protected addressOf({ source }: Flow): number {
    return source;
  }

  /** A server of weight 0 keeps one bucket a turn, in which flows are refused. */
  protected turnsOf(servers: ServerList, position: number): number {
    return servers.weight[position]!;
  }
}

/** dh: by the address of the virtual server. All servers have equally many buckets. */
export class DestinationHash extends HashTable {
  protected addressOf({ destination }: Flow): number {
    return destination;
  }

  protected turnsOf(): number {
    return 1;
  }
}
