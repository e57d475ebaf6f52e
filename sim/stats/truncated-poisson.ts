/**
 * The Poisson distribution up to a largest value: how many of something are there, when they come at random and stay for a
 * while, each independent of the others (M/G/infinity), and when no more fit than `max` (M/G/n/n: who finds it full is turned
 * away). In both the distribution depends on the mean stay alone, and not on how stays are spread.
 *
 * Probabilities are built from the largest one outwards, by the ratio of neighbours, and divided by their sum: exact to rounding, and
 * without logarithms of factorials. Kept are those that a double can tell from 0 beside the largest: some ten standard deviations.
 */

/** Smaller than this, relative to the largest, a probability changes no sum of doubles. */
const NEGLIGIBLE = 1e-20;

export class TruncatedPoisson {
  /** First value whose probability is kept. */
  readonly #least: number;
  readonly #cumulative: Float64Array;
  readonly #mean: number;
  readonly #probabilityOfMax: number;

  /** `load`: the mean without a limit, from 0 on. `max`: a whole number from 0 on, or Infinity. */
  constructor(load: number, max = Infinity) {
    if (!(load >= 0 && load < Infinity)) throw new RangeError(`a Poisson distribution has a finite mean, not ${load}`);
    if (!(max >= 0)) throw new RangeError(`${max} is not a largest value`);
    const mode = Math.min(Math.floor(load), max);
    const below: number[] = [];
    for (let value = mode, weight = 1; value > 0; value--) {
      weight *= value / load;
      if (weight < NEGLIGIBLE) break;
      below.push(weight);
    }
    const above: number[] = [];
    for (let value = mode, weight = 1; value < max; value++) {
      weight *= load / (value + 1);
      if (weight < NEGLIGIBLE) break;
      above.push(weight);
    }
    this.#least = mode - below.length;
    const weights = [...below.toReversed(), 1, ...above];
    const cumulative = new Float64Array(weights.length);
    let total = 0;
    let moment = 0;
    for (const [index, weight] of weights.entries()) {
      total += weight;
      moment += weight * (this.#least + index);
      cumulative[index] = total;
    }
    for (const [index, sum] of cumulative.entries()) cumulative[index] = sum / total;
    this.#cumulative = cumulative;
    this.#mean = moment / total;
    const isMaxKept = this.#least + weights.length - 1 === max;
    this.#probabilityOfMax = isMaxKept ? weights.at(-1)! / total : 0;
  }

  get mean(): number {
    return this.#mean;
  }

  /** That there are `max`: who comes then finds it full (Erlang's loss formula, as arrivals see time averages). */
  get probabilityOfMax(): number {
    return this.#probabilityOfMax;
  }

  /** The least value with at least the share `p` of the probability at or below it; p from 0 to 1. */
  quantile(p: number): number {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`a quantile is asked for with p from 0 to 1, not ${p}`);
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#cumulative[middle]! >= p) high = middle;
      else low = middle + 1;
    }
    return this.#least + low;
  }
}
