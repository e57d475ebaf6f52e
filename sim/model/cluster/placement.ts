/**
 * On which node the next pod runs.
 *
 * The scheduler's default scoring spreads the pods of a service and of the cluster evenly. This model keeps that outcome and
 * not its cause: pods go round the nodes in an order drawn once, so node loads differ by at most one pod.
 *
 * Left out: resources, affinity, taints, preemption, and the scheduler's own queueing.
 */

import type { RandomStreams } from '../../kernel/random.js';

/** Deals out nodes in a random order, again and again. */
export class EvenPlacement {
  readonly #order: Int32Array;
  #next = 0;

  constructor(nodes: number, streams: RandomStreams) {
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

  /** The node of the next pod. */
  next(): number {
    const node = this.#order[this.#next]!;
    this.#next = (this.#next + 1) % this.#order.length;
    return node;
  }
}
