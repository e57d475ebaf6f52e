/**
 * Which next hop each of a finite number of flows takes: what makes nodes unevenly loaded when a router hashes by source address and
 * clients have few.
 *
 *   next hops that come and go --> [flow table: one hash per flow] --> flows on each next hop, flows that move
 *
 * A change costs one step per flow. Next hops are in the order of their numbers, as routers order them by address.
 *
 * A resilient table is modelled as rendezvous hashing: a flow takes the next hop with the highest score for the pair. It has the
 * property that makes tables resilient (no flow between two next hops that stay moves), and needs no history.
 *
 * Left out: buckets, which quantize the shares of next hops.
 */

import type { CounterHash } from '../../../kernel/random.js';
import { HASH_RANGE, nextHopPosition, type NextHopSelection } from './next-hop.js';

const NONE = -1;

export class FlowTable {
  readonly #selection: NextHopSelection;
  readonly #hash: CounterHash;
  readonly #entity: number;
  readonly #nextHops: number[] = [];
  /** Hash of each flow. */
  readonly #hashOf: Uint32Array;
  /** Next hop of each flow, and, of a resilient table, its score. */
  readonly #nextHopOf: Int32Array;
  readonly #scoreOf: Float64Array;
  /** Flows on each next hop. */
  readonly #flowsOn: Int32Array;

  /**
   * @param hash the hash function of the router; variants of a scenario that draw from it agree on every flow
   * @param entity whose flows they are
   * @param capacity next hops are numbers below this
   */
  constructor(selection: NextHopSelection, hash: CounterHash, entity: number, flows: number, capacity: number) {
    this.#selection = selection;
    this.#hash = hash;
    this.#entity = entity;
    this.#hashOf = new Uint32Array(flows);
    for (let flow = 0; flow < flows; flow++) this.#hashOf[flow] = Math.floor(hash.uniform(entity, flow) * HASH_RANGE);
    this.#nextHopOf = new Int32Array(flows).fill(NONE);
    this.#scoreOf = new Float64Array(selection === 'resilient' ? flows : 0);
    this.#flowsOn = new Int32Array(capacity);
  }

  /** Share of the flows that take this next hop. */
  shareOf(nextHop: number): number {
    return this.#flowsOn[nextHop]! / this.#hashOf.length;
  }

  /** Several next hops at once, where nothing needs to be known of the flows that move. */
  startWith(nextHops: readonly number[]): void {
    this.#nextHops.push(...nextHops);
    this.#nextHops.sort((a, b) => a - b);
    if (this.#selection === 'resilient') for (const nextHop of nextHops) this.#offer(nextHop);
    else this.#reassign();
  }

  /** A next hop has come; the share of flows that take another one than before. */
  add(nextHop: number): number {
    this.#nextHops.splice(positionIn(this.#nextHops, nextHop), 0, nextHop);
    const moved = this.#selection === 'resilient' ? this.#offer(nextHop) : this.#reassign();
    return moved / this.#hashOf.length;
  }

  /** A next hop has gone; the share of flows that take another one than before, or none. */
  remove(nextHop: number): number {
    this.#nextHops.splice(positionIn(this.#nextHops, nextHop), 1);
    const moved = this.#selection === 'resilient' ? this.#withdraw(nextHop) : this.#reassign();
    return moved / this.#hashOf.length;
  }

  #reassign(): number {
    const nextHops = this.#nextHops;
    const selection = this.#selection === 'modulo' ? 'modulo' : 'hash-threshold';
    const count = nextHops.length;
    let moved = 0;
    for (let flow = 0; flow < this.#hashOf.length; flow++) {
      const nextHop = count === 0 ? NONE : nextHops[nextHopPosition(selection, this.#hashOf[flow]!, count)]!;
      if (this.#take(flow, nextHop)) moved++;
    }
    return moved;
  }

  /** Flows for which the next hop is the best go there. */
  #offer(nextHop: number): number {
    let moved = 0;
    for (let flow = 0; flow < this.#hashOf.length; flow++) {
      const score = this.#score(flow, nextHop);
      if (this.#nextHopOf[flow] !== NONE && score <= this.#scoreOf[flow]!) continue;
      this.#scoreOf[flow] = score;
      if (this.#take(flow, nextHop)) moved++;
    }
    return moved;
  }

  /** Flows of the next hop go to the best one that is left. */
  #withdraw(gone: number): number {
    let moved = 0;
    for (let flow = 0; flow < this.#hashOf.length; flow++) {
      if (this.#nextHopOf[flow] !== gone) continue;
      let best = NONE;
      let bestScore = 0;
      for (const nextHop of this.#nextHops) {
        const score = this.#score(flow, nextHop);
        if (score <= bestScore) continue;
        best = nextHop;
        bestScore = score;
      }
      this.#scoreOf[flow] = bestScore;
      if (this.#take(flow, best)) moved++;
    }
    return moved;
  }

  #take(flow: number, nextHop: number): boolean {
    const before = this.#nextHopOf[flow]!;
    if (before === nextHop) return false;
    if (before !== NONE) this.#flowsOn[before]!--;
    if (nextHop !== NONE) this.#flowsOn[nextHop]!++;
    this.#nextHopOf[flow] = nextHop;
    return true;
  }

  #score(flow: number, nextHop: number): number {
    return this.#hash.uniform(this.#hashOf[flow]! ^ this.#entity, nextHop);
  }
}

/** Where a number is, or would be, in a sorted list. */
export function positionIn(sorted: readonly number[], wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
