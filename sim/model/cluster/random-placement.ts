/**
 * Each pod on any node that is up alike, whatever runs there: what bin packing and affinity to other things come to, and the worst
 * that externalTrafficPolicy Local may meet without a rule that spreads the pods.
 */

import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { NodeAvailability } from './node-availability.js';
import type { Placement } from './placement.js';

export class RandomPlacement implements Placement {
  readonly #nodes: number;
  readonly #availability: NodeAvailability;
  readonly #first: CounterHash;
  readonly #second: CounterHash;

  constructor(nodes: number, streams: RandomStreams, availability: NodeAvailability) {
    this.#nodes = nodes;
    this.#availability = availability;
    this.#first = streams.hash('random-placement: node');
    this.#second = streams.hash('random-placement: node that is up');
  }

  place(service: number, ordinal: number): number {
    const { up } = this.#availability;
    const node = Math.floor(this.#first.uniform(service, ordinal) * this.#nodes);
    if (up === 0 || this.#availability.isUp(node)) return node;
    // Only now among those that are up: a node that is lost moves no pods but those that would have been put there.
    return this.#availability.upNode(Math.floor(this.#second.uniform(service, ordinal) * up));
  }

  release(): void {}
}
