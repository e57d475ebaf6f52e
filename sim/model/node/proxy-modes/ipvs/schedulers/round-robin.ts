/** The schedulers rr and wrr (ip_vs_rr.c, ip_vs_wrr.c): by turns, without a look at connections. */

import { isEligible, type ServerList } from '../real-servers.js';
import { type Flow, type IpvsScheduler, NONE, ServerChange } from './scheduler.js';

/** Where a server that was picked last stands after a change; one that is gone leaves its turn to the one before it. */
function positionAfter(last: number, change: ServerChange, position: number): number {
  if (change === ServerChange.added) return position <= last ? last + 1 : last;
  if (change === ServerChange.removed) return position <= last ? last - 1 : last;
  return last;
}

/** rr: the next in the list after the last pick. The default of kube-proxy. */
export class RoundRobin implements IpvsScheduler {
  #last = NONE;

  pick(servers: ServerList, _flow: Flow): number {
    for (let step = 1; step <= servers.count; step++) {
      const position = (this.#last + step) % servers.count;
      if (isEligible(servers, position)) return (this.#last = position);
    }
    return NONE;
  }

  onChange(_servers: ServerList, change: ServerChange, position: number): void {
    if (this.#last !== NONE) this.#last = positionAfter(this.#last, change, position);
  }
}

/** The current weight of wrr before a first round: the largest weight there is. */
const TOP = 0;

/**
 * wrr: rounds through the list with a current weight that begins at the largest and falls by the greatest common divisor of
 * all weights; in each round those have a turn whose weight is at least that. So a server of weight 3 beside one of weight 1
 * has its turns as a, a, a, b; of equal weights it is rr.
 */
export class WeightedRoundRobin implements IpvsScheduler {
  #last = NONE;
  #currentWeight = TOP;
  #maxWeight = 0;
  #step = 1;

  pick(servers: ServerList, _flow: Flow): number {
    if (this.#maxWeight === 0) return NONE;
    if (this.#currentWeight === TOP) this.#currentWeight = this.#maxWeight;
    // Down to the lowest weight from anywhere and once more from the top: who has no turn by then has none at all.
    const rounds = 2 * (Math.ceil(this.#maxWeight / this.#step) + 1);
    for (let round = 0; round < rounds; round++) {
      for (let position = this.#last + 1; position < servers.count; position++) {
        if (isEligible(servers, position) && servers.weight[position]! >= this.#currentWeight) {
          return (this.#last = position);
        }
      }
      this.#last = NONE;
      this.#currentWeight -= this.#step;
      if (this.#currentWeight <= 0) this.#currentWeight = this.#maxWeight;
    }
    return NONE;
  }

  onChange(servers: ServerList, _change: ServerChange, _position: number): void {
    let maxWeight = 0;
    let divisor = 0;
    for (let position = 0; position < servers.count; position++) {
      const weight = servers.weight[position]!;
      maxWeight = Math.max(maxWeight, weight);
      divisor = greatestCommonDivisor(divisor, weight);
    }
    this.#maxWeight = maxWeight;
    this.#step = Math.max(divisor, 1);
    // The list is gone through from its front again, at a current weight that its servers can have; from the top if none can.
    this.#last = NONE;
    const isOver = this.#currentWeight > maxWeight;
    this.#currentWeight = isOver ? TOP : Math.ceil(this.#currentWeight / this.#step) * this.#step;
  }
}

/** Of two weights; 0 is divided by everything. */
export function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}
