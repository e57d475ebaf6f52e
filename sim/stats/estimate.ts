/**
 * Estimates over replications.
 *
 * The estimand is always the expectation of *one replication's* number. For a mean that is the mean of the population
 * that the metric's definition names, each replication weighing the same. For a quantile it is the expected value of the
 * replication's quantile: the estimate is the mean of the replications' quantiles, not the quantile of all samples
 * thrown together, because samples within a replication depend on one another and replications do not. The interval is
 * the two-sided 95 % Student-t interval of that mean.
 */

import { mean, sampleStandardDeviation } from 'simple-statistics';

import { studentTQuantile } from './student-t.js';

const CONFIDENCE = 0.95;

/** An estimate over replications with its two-sided 95 % interval. */
export interface Estimate {
  readonly value: number;
  /** Null with fewer than two replications: one number says nothing about how far the next one will be from it. */
  readonly low: number | null;
  readonly high: number | null;
  readonly replications: number;
}

/** The mean of one number per replication, at least one, with its interval. */
export function estimateMean(perReplication: readonly number[]): Estimate {
  const replications = perReplication.length;
  const [first] = perReplication;
  if (replications > 1 && first !== undefined && perReplication.every((number) => number === first)) {
    // Rounding in the mean must not give equal numbers a width: a value exactly on its limit would straddle it.
    return { value: first, low: first, high: first, replications };
  }
  const value = mean(perReplication);
  if (replications < 2) return { value, low: null, high: null, replications };
  const margin = (criticalValue(replications) * sampleStandardDeviation(perReplication)) / Math.sqrt(replications);
  return { value, low: value - margin, high: value + margin, replications };
}

/** Half the interval's width as a share of the value: 0.05 reads "plus or minus 5 %". Infinite while there is no interval. */
export function relativeHalfWidth(estimate: Estimate): number {
  const width = halfWidth(estimate);
  return width === 0 ? 0 : width / Math.abs(estimate.value);
}

/**
 * How many replications it will take, all told, until the half-width is below `targetHalfWidth`, if further ones scatter
 * like those so far. Null when there is no interval to judge from, or when it would take more than `limit`.
 */
export function replicationsForHalfWidth(estimate: Estimate, targetHalfWidth: number, limit: number): number | null {
  const width = halfWidth(estimate);
  if (!Number.isFinite(width) || targetHalfWidth <= 0) return null;
  const deviation = (width * Math.sqrt(estimate.replications)) / criticalValue(estimate.replications);
  const narrowEnough = (n: number): boolean => (criticalValue(n) * deviation) / Math.sqrt(n) < targetHalfWidth;
  if (!narrowEnough(limit)) return null;
  // The half-width falls with every replication: bisect for the first count that is enough.
  let tooFew = 1;
  let enough = limit;
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (narrowEnough(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

function halfWidth(estimate: Estimate): number {
  return estimate.low === null || estimate.high === null ? Infinity : (estimate.high - estimate.low) / 2;
}

function criticalValue(replications: number): number {
  return studentTQuantile((1 + CONFIDENCE) / 2, replications - 1);
}
