/**
 * When to stop replicating.
 *
 * Every variant runs its `min` replications first. With a `precision`, all variants then go on in rounds until each watched
 * estimate of each variant is narrow enough, or `max` is reached. Variants go on together, because a comparison pairs them
 * replication by replication. A round has a fixed size, whatever the number of threads: the decision to stop must not
 * depend on the machine. Looking at the data between rounds makes the interval cover slightly less often than 95 %;
 * rounds of several replications keep the looks few.
 */

import type { Experiment, Variant } from '../scenario/experiment.js';
import { type Estimate, relativeHalfWidth, replicationsForHalfWidth } from '../stats/estimate.js';
import type { ReplicationMeasurements } from './results.js';
import { estimateStatistic } from './statistics.js';

export const ROUND_SIZE = 5;

/** Beyond this many replications hints name no number: nobody would run them. */
export const MOST_REPLICATIONS_TO_SUGGEST = 10_000;

interface WatchedStatistic {
  readonly metric: string;
  readonly statistic: string;
}

/** A variant with the replications that it has so far. */
export interface ReplicatedVariant {
  readonly variant: Variant;
  readonly measurements: readonly ReplicationMeasurements[];
}

/** How many replications each variant should have after the next round; what it has already when it is done. */
export function nextRound(experiment: Experiment, variants: readonly ReplicatedVariant[]): number[] {
  const goOn = variants.some((replicated) => unmetStatistics(experiment, replicated).length > 0);
  return variants.map(({ variant, measurements }) => {
    const { min, max, precision } = variant.scenario.replications;
    if (measurements.length < min) return min;
    return goOn && precision !== null
      ? Math.max(measurements.length, Math.min(max, measurements.length + ROUND_SIZE))
      : measurements.length;
  });
}

/** One warning per estimate that is wider than the precision asked for, with what it would take. */
export function precisionWarnings(experiment: Experiment, replicated: ReplicatedVariant): string[] {
  return unmetStatistics(experiment, replicated).map(({ metric, statistic, estimate, precision }) => {
    const reached = relativeHalfWidth(estimate);
    const needed = replicationsForHalfWidth(
      estimate,
      precision * Math.abs(estimate.value),
      MOST_REPLICATIONS_TO_SUGGEST,
    );
    const missed = `precision not met: ${statistic} of ${metric}, asked for ±${percent(precision)}, ${
      Number.isFinite(reached) ? `is ±${percent(reached)}` : 'has no finite relative width'
    } after ${estimate.replications} replications`;
    return needed === null ? missed : `${missed}; about ${needed} would do: raise replications.max`;
  });
}

interface UnmetStatistic extends WatchedStatistic {
  readonly estimate: Estimate;
  readonly precision: number;
}

function unmetStatistics(experiment: Experiment, { variant, measurements }: ReplicatedVariant): UnmetStatistic[] {
  const { precision } = variant.scenario.replications;
  if (precision === null) return [];
  return watchedStatistics(experiment).flatMap(({ metric, statistic }) => {
    const estimate = estimateStatistic(measurements, metric, statistic);
    // What no replication has sampled will not be sampled by more of them; its objective ends as an error.
    if (estimate === null || relativeHalfWidth(estimate) <= precision) return [];
    return [{ metric, statistic, estimate, precision }];
  });
}

function watchedStatistics({ objectives }: Experiment): readonly WatchedStatistic[] {
  return objectives.length > 0 ? objectives : [{ metric: 'network_programming_true_seconds', statistic: 'mean' }];
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(2))} %`;
}
