/**
 * How uneven a load is: the figures that say so for one load each of any number of things, such as requests per second of pods.
 *
 *   loads --scaled by the largest--> one pass over them, one over them sorted --> Imbalance, share above a capacity
 *
 * Every figure is a number for every vector of loads from 0 on: loads that are all zero are equal loads, and no loads at all
 * are not uneven. All figures but `mean` stay the same when all loads are multiplied by a number.
 *
 * Left out: weights, that is things of unequal size.
 */

/** Figures of a vector of n loads. Equal loads, all zero among them, have 1, 1, 0, 0, 1 and 1/n. */
export interface Imbalance {
  readonly mean: number;
  /** The largest load over the mean; n when one has all. 1 without load. */
  readonly maxOverMean: number;
  /** The largest load over the smallest one that is not zero. 1 without load. */
  readonly maxOverMin: number;
  /** Standard deviation of the population over the mean; sqrt(n - 1) when one has all. 0 without load. */
  readonly coefficientOfVariation: number;
  /** Gini coefficient: mean difference of two loads over twice the mean; 1 - 1/n when one has all. 0 without load. */
  readonly gini: number;
  /** Jain's fairness index: (sum x)^2 / (n sum x^2); 1/n when one has all. 1 without load. */
  readonly jainIndex: number;
  /** Share of the largest load in the sum of all; 1/n without load, and 0 when there is nothing to load. */
  readonly hottestShare: number;
}

const NOTHING_LOADED: Imbalance = {
  mean: 0,
  maxOverMean: 1,
  maxOverMin: 1,
  coefficientOfVariation: 0,
  gini: 0,
  jainIndex: 1,
  hottestShare: 0,
};

/** Sums of shares of a rate miss the number that is meant by a few units of the last place, which is no overload. */
const ROUNDING = 1e-9;

/** The figures of `loads`, which are finite and not negative; O(n log n), and `loads` stays as it is. */
export function imbalanceOf(loads: ArrayLike<number>): Imbalance {
  const count = loads.length;
  const max = largest(loads);
  if (max === 0) return count === 0 ? NOTHING_LOADED : { ...NOTHING_LOADED, hottestShare: 1 / count };
  // Relative to the largest: sums and squares of neither huge nor tiny loads leave the range of doubles.
  const sorted = Float64Array.from(loads, (load) => load / max).sort();
  let sum = 0;
  let ranked = 0;
  let squares = 0;
  for (let rank = 0; rank < count; rank++) {
    const load = sorted[rank]!;
    sum += load;
    ranked += (2 * rank + 1 - count) * load;
    squares += load * load;
  }
  const mean = sum / count;
  return {
    mean: mean * max,
    maxOverMean: 1 / mean,
    maxOverMin: 1 / smallestPositive(sorted),
    coefficientOfVariation: standardDeviation(sorted, mean) / mean,
    // Equal loads leave a rest of rounding here, of either sign.
    gini: Math.max(0, ranked / (count * sum)),
    jainIndex: Math.min(1, (sum * sum) / (count * squares)),
    hottestShare: 1 / sum,
  };
}

/** Share of the loads that are above `capacity` by more than rounding; 0 of none. */
export function shareAbove(loads: ArrayLike<number>, capacity: number): number {
  if (!(capacity >= 0)) throw new RangeError(`a capacity is a number from 0 on, not ${capacity}`);
  const limit = capacity * (1 + ROUNDING);
  let above = 0;
  for (let index = 0; index < loads.length; index++) if (loads[index]! > limit) above++;
  return loads.length === 0 ? 0 : above / loads.length;
}

function largest(loads: ArrayLike<number>): number {
  let max = 0;
  for (let index = 0; index < loads.length; index++) {
    const load = loads[index]!;
    if (!(load >= 0 && load < Infinity)) throw new RangeError(`a load is a finite number from 0 on, not ${load}`);
    if (load > max) max = load;
  }
  return max;
}

/** Of loads in ascending order of which one is positive. */
function smallestPositive(sorted: Float64Array): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! > 0) high = middle;
    else low = middle + 1;
  }
  return sorted[low]!;
}

/** By deviations from the mean: the difference of two sums of squares would lose the digits of nearly equal loads. */
function standardDeviation(loads: Float64Array, mean: number): number {
  let squares = 0;
  for (const load of loads) squares += (load - mean) * (load - mean);
  return Math.sqrt(squares / loads.length);
}
