/**
 * The scheduler's default scoring spreads the pods of a service and of the cluster evenly. This placement keeps that outcome and
 * not its cause: pods go round the nodes in an order drawn once, so node loads differ by at most one pod.
 *
 * Left out: holes that deleted pods leave are not filled first.
 */

import type { RandomStreams } from '../../kernel/random.js';
import type { NodeAvailability } from './node-availability.js';
import type { Placement } from './placement.js';

/** Deals out nodes in a random order, again and again. */
export class EvenPlacement implements Placement {
  readonly #order: Int32Array;
  readonly #availability: NodeAvailability | null;
  #next = 0;

  /** Without `availability` no node is ever lost. */
  constructor(nodes: number, streams: RandomStreams, availability: NodeAvailability | null = null) {
    this.#availability = availability;
    const stream = streams.stream('pod-placement');
    this.#order = Int32Array.from({ length: nodes }, (_, node) => node);
    // Fisher-Yates
    for (let i = nodes - 1; i > 0; i--) {
      const j = Math.floor(stream.double() * (i + 1));
      const swap = this.#order[i]!;
      this.#order[i] = this.#order[j]!;
      this.#order[j] = swap;
    }
  }

  place(): number {
    let node = this.#turn();
    if (this.#availability === null || this.#availability.up === 0) return node;
    while (!this.#availability.isUp(node)) node = this.#turn();
    return node;
  }

  release(): void {}

  #turn(): number {
    const node = this.#order[this.#next]!;
    this.#next = (this.#next + 1) % this.#order.length;
    return node;
  }
}
