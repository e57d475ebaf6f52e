/**
 * Exact expectations for pods that are put on nodes at random, each on any of the nodes alike, by counting all outcomes.
 *
 *   P(exactly M nodes have pods, and each of these has at least m) --> P(M, fewest = m) --> expectations
 *
 * The number of pods of a node is Poisson when their sum is, so that all nodes are independent; given the sum they are as if
 * each pod had been put by itself. That turns the count into powers of a polynomial whose coefficients are probabilities:
 * nothing overflows, and there are no differences of large numbers but one.
 */

/** Of the service behind a load balancer that sends to the nodes with pods alike, under externalTrafficPolicy Local. */
export interface RandomPlacement {
  /** Expected load of the hottest pod over the mean: E[K / (M k_min)]. */
  readonly hottestOverFair: number;
  /** The same, squared: for the variance of one placement. */
  readonly hottestOverFairSquared: number;
  /** Expected number of nodes that have a pod. */
  readonly nodesWithPods: number;
}

/** For 1 to some 700 `pods`, beyond which e^-pods is no double any more, and any number of `nodes`. */
export function randomPlacement(nodes: number, pods: number): RandomPlacement {
  const most = Math.min(nodes, pods);
  const perNode = poisson(pods / nodes, pods);
  const all = poisson(pods, pods)[pods]!;
  // chances[m - 1][M]: exactly M nodes have pods, each of them at least m.
  const chances: Float64Array[] = [];
  for (let least = 1; least <= pods; least++) chances.push(chancesOf(least, perNode, nodes, most, all));

  let hottestOverFair = 0;
  let hottestOverFairSquared = 0;
  let nodesWithPods = 0;
  for (let occupied = 1; occupied <= most; occupied++) {
    nodesWithPods += occupied * chances[0]![occupied]!;
    for (let fewest = 1; fewest * occupied <= pods; fewest++) {
      const chance = chances[fewest - 1]![occupied]! - (chances[fewest]?.[occupied] ?? 0);
      const hottest = pods / (occupied * fewest);
      hottestOverFair += chance * hottest;
      hottestOverFairSquared += chance * hottest * hottest;
    }
  }
  return { hottestOverFair, hottestOverFairSquared, nodesWithPods };
}

function chancesOf(least: number, perNode: Float64Array, nodes: number, most: number, all: number): Float64Array {
  const pods = perNode.length - 1;
  const chances = new Float64Array(most + 1);
  /** Of the nodes so far, as a polynomial: the chance that each has at least `least`, and all together as many as the index. */
  let power = new Float64Array(pods + 1);
  power[0] = 1;
  let choices = 1;
  for (let occupied = 1; occupied * least <= pods && occupied <= most; occupied++) {
    const next = new Float64Array(pods + 1);
    for (let before = 0; before + least <= pods; before++) {
      if (power[before] === 0) continue;
      for (let own = least; before + own <= pods; own++) next[before + own]! += power[before]! * perNode[own]!;
    }
    power = next;
    choices *= (nodes - occupied + 1) / occupied;
    chances[occupied] = (choices * power[pods]! * perNode[0]! ** (nodes - occupied)) / all;
  }
  return chances;
}

/** Probabilities of 0 to `max`. */
function poisson(mean: number, max: number): Float64Array {
  const probabilities = new Float64Array(max + 1);
  let probability = Math.exp(-mean);
  for (let value = 0; value <= max; value++) {
    probabilities[value] = probability;
    probability *= mean / (value + 1);
  }
  return probabilities;
}
