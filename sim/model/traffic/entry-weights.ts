/**
 * Where the requests of clients enter the cluster, or are made inside of it: a weight for each node, relative to the others.
 *
 *   clients in pods or on nodes: as many on every node that is up, or by zone --+
 *   load balancer: its targets -------------------------------------------------+--> EntryWeights --> flows
 *   clients outside that use node ports: every node, whether it is up or not ---+
 */

import { NO_NODE } from '../cluster/pods.js';

/** Below this part of what was added or taken last, a sum is what rounding has left of nothing. */
const ROUNDING = 1e-9;

export class EntryWeights {
  readonly weight: Float64Array;
  total = 0;
  /** Nodes in order of their numbers with the sum of weights up to and including each; made anew when weights have changed. */
  #cumulative: Float64Array | null = null;

  constructor(nodes: number) {
    this.weight = new Float64Array(nodes);
  }

  set(node: number, weight: number): void {
    const before = this.weight[node]!;
    if (weight === before) return;
    this.weight[node] = weight;
    this.#cumulative = null;
    this.total += weight - before;
    if (this.total < ROUNDING * Math.max(weight, before)) this.total = 0;
  }

  /** The node that a connection enters by, for a number of [0, 1): each by its weight; NO_NODE if there is none. */
  pick(uniform: number): number {
    if (this.total <= 0) return NO_NODE;
    this.#cumulative ??= cumulative(this.weight);
    const sums = this.#cumulative;
    const wanted = uniform * sums.at(-1)!;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function cumulative(weights: Float64Array): Float64Array {
  let sum = 0;
  return weights.map((weight) => (sum += weight));
}

/** Weights of clients inside the cluster: their shares by zone (null: by nodes), evenly over the nodes of each zone that are up. */
export function insideWeights(
  zoneShares: readonly number[] | null,
  zoneOfNode: ArrayLike<number>,
): (node: number) => number {
  if (zoneShares === null) return () => 1;
  const nodesIn = new Float64Array(zoneShares.length);
  for (let node = 0; node < zoneOfNode.length; node++) nodesIn[zoneOfNode[node]!]!++;
  return (node) => zoneShares[zoneOfNode[node]!]! / nodesIn[zoneOfNode[node]!]!;
}
