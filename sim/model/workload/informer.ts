/**
 * The controllers' informer for one kind of object: shows each version of an object one watch latency after its commit.
 *
 *   write committed --push--> [watch latency] --> seen: the cache has it, event handlers run
 *
 * The latency is the same for all, so versions are seen in the order in which they were committed.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';

/** Seen items are dropped from the front of the list when there are so many. */
const COMPACT_AT = 4096;

export class Informer<Item> {
  readonly #simulation: Simulation;
  readonly #latencyNs: number;
  readonly #kind: EventKind;
  #items: Item[] = [];
  #next = 0;

  /** `name` is what the informer shows; unique in a simulation. */
  constructor(simulation: Simulation, name: string, latencyNs: number, onSeen: (item: Item) => void) {
    this.#simulation = simulation;
    this.#latencyNs = latencyNs;
    this.#kind = simulation.registerKind(`informer: ${name}`, () => onSeen(this.#take()));
  }

  /** This version is committed now. `key` only tells events apart in the trajectory. */
  push(item: Item, key: number): void {
    this.#items.push(item);
    this.#simulation.schedule(this.#simulation.nowNs + this.#latencyNs, this.#kind, key);
  }

  #take(): Item {
    const item = this.#items[this.#next++]!;
    if (this.#next >= COMPACT_AT && this.#next * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
    return item;
  }
}
