/**
 * The scheduler mh (ip_vs_mh.c): the look-up table of Maglev (Eisenbud et al., NSDI 2016, section 3.4) and a hash of the
 * client's address and port, as kube-proxy sets it up.
 *
 *   server address --two hashes--> its permutation of the table's entries (offset, skip)
 *   by turns, weight entries at a time, each server takes the next free entry of its permutation --> table
 *
 * The table has a prime number of entries, so that every skip visits all of them. Servers have shares that are even to about one
 * entry, and few entries change hands when a server comes or goes. A server of weight 0 has no entry.
 *
 * The kernel hashes with SipHash; any hash that mixes well does the same.
 */

import { IPVS_SCHEDULER_RULES } from '../../../../versions/ipvs-rules.js';
import { isEligible, type ServerList } from '../real-servers.js';
import { greatestCommonDivisor } from './round-robin.js';
import { type Flow, type IpvsScheduler, NONE } from './scheduler.js';

const SIZE = IPVS_SCHEDULER_RULES.maglevTableSize.value;
// Two hash functions need two keys; any will do.
const FIRST_KEY = 0x9e3779b1;
const SECOND_KEY = 0x85ebca6b;

/** A 32-bit hash of two numbers: two rounds of a finalizer (multipliers of C. Wellons' hash prospector). */
function hashOf(address: number, port: number, key: number): number {
  let hash = address ^ key;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97) ^ port;
  hash = Math.imul(hash ^ (hash >>> 15), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}

export class Maglev implements IpvsScheduler {
  /** Position of the server of each entry. */
  readonly #table = new Int32Array(SIZE).fill(NONE);
  /** 1: has to be filled anew before it is next asked. */
  #isStale = false;

  pick(servers: ServerList, { source, sourcePort }: Flow): number {
    if (this.#isStale) this.#fill(servers);
    const position = this.#table[hashOf(source, sourcePort, FIRST_KEY) % SIZE]!;
    return position !== NONE && isEligible(servers, position) ? position : NONE;
  }

  onChange(): void {
    this.#isStale = true;
  }

  /** How many entries of the table the server at a position has. */
  entriesOf(servers: ServerList, position: number): number {
    if (this.#isStale) this.#fill(servers);
    let entries = 0;
    for (const owner of this.#table) if (owner === position) entries++;
    return entries;
  }

  #fill(servers: ServerList): void {
    this.#isStale = false;
    this.#table.fill(NONE);
    const { count, weight, address } = servers;
    let divisor = 0;
    for (let position = 0; position < count; position++) {
      divisor = greatestCommonDivisor(divisor, weight[position]!);
    }
    // All weights are 0, or there is no server.
    if (divisor === 0) return;
    const skip = new Int32Array(count);
    const next = new Int32Array(count);
    for (let position = 0; position < count; position++) {
      next[position] = hashOf(address[position]!, 0, FIRST_KEY) % SIZE;
      skip[position] = (hashOf(address[position]!, 0, SECOND_KEY) % (SIZE - 1)) + 1;
    }
    for (let filled = 0; ;) {
      for (let position = 0; position < count; position++) {
        for (let turn = 0; turn < weight[position]! / divisor; turn++) {
          let entry = next[position]!;
          while (this.#table[entry] !== NONE) entry = (entry + skip[position]!) % SIZE;
          this.#table[entry] = position;
          next[position] = (entry + skip[position]!) % SIZE;
          if (++filled === SIZE) return;
        }
      }
    }
  }
}
