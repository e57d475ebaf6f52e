/**
 * On which node the next pod runs.
 *
 * The scheduler's default scoring spreads the pods of a service and of the cluster evenly. This model keeps that outcome and
 * not its cause: pods go round the nodes in an order drawn once, so node loads differ by at most one pod. Nodes that are lost
 * are passed over from the moment of their loss: a little sooner than by the taint that the scheduler goes by.
 *
 * Left out: resources, affinity, preemption. The scheduler's own queueing is in scheduler.ts.
 */

import type { RandomStreams } from '../../kernel/random.js';
import type { NodeAvailability } from './node-availability.js';

/** Deals out nodes in a random order, again and again. */
export class EvenPlacement {
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

  /** The node of the next pod: one that is up, if there is one. */
  next(): number {
    let node = this.#turn();
    if (this.#availability === null || this.#availability.up === 0) return node;
    while (!this.#availability.isUp(node)) node = this.#turn();
    return node;
  }

  #turn(): number {
    const node = this.#order[this.#next]!;
    this.#next = (this.#next + 1) % this.#order.length;
    return node;
  }
}
