/** What `kube-headroom prestop` gives back: a results file with one variant for each sleep, and the answer before them. */

import type { LossVerdict, PreStopOutcome } from './prestop-search.js';
import type { Estimate, ReplicationMeasurements, Results } from './results.js';
import { estimateMean } from '../stats/estimate.js';
import { LOSS_CAUSES, type LossCauseName, METRIC_OF_LOSS } from '../traffic-metrics.js';
import { estimateStatistic } from './statistics.js';

/** A sleep that was tried. */
export interface SleepResult {
  readonly sleepSeconds: number;
  /** Under which it was tried: that of the scenario, or what the sleep takes where that is more. */
  readonly terminationGracePeriodSeconds: number;
  readonly replications: number;
  /** Requests lost, divided by the requests; null: none was sent. */
  readonly loss: Estimate | null;
  readonly verdict: LossVerdict;
  /** Their number. A share falls with the length of a run, too; null: none was sent. */
  readonly lostRequests: Estimate | null;
  /** Requests lost for a cause, divided by all requests. Only causes that were counted. */
  readonly lossByCause: Partial<Record<LossCauseName, Estimate>>;
  /** Until the last change of the rollout is on every node; null: not all were when the run was cut off. */
  readonly workloadSeconds: Estimate | null;
}

export interface PreStopAnswer {
  readonly service: string;
  /** Share of requests that may be lost. */
  readonly maxLoss: number;
  readonly maxSleepSeconds: number;
  readonly outcome: PreStopOutcome;
  /** Probability, at most, that the expected loss of a sleep that was found is above the limit after all. */
  readonly unsafeProbability: number;
  /** Smallest terminationGracePeriodSeconds that leaves 99 % of the pods the time to sleep and to shut down; null: no sleep was found. */
  readonly terminationGracePeriodSeconds: number | null;
  /** By how much the sleep that was found lengthens the time until the last change is on every node; null: not known. */
  readonly workloadLongerBySeconds: Estimate | null;
  /** The scenario as it is. */
  readonly present: {
    readonly preStopSleepSeconds: number;
    readonly terminationGracePeriodSeconds: number;
    readonly shutdownP99Seconds: number;
    readonly strategy: 'RollingUpdate' | 'Recreate';
  };
  /** Ascending. */
  readonly sleeps: readonly SleepResult[];
}

/** The variants are the sleeps, in the order of `preStop.sleeps`. */
export interface PreStopResults extends Results {
  readonly preStop: PreStopAnswer;
}

/** The loss of each replication that sent requests. */
export function lossesOf(measurements: readonly ReplicationMeasurements[]): number[] {
  return measurements.flatMap(({ scalars }) => scalars.requests_lost_ratio ?? []);
}

export function lossByCause(
  measurements: readonly ReplicationMeasurements[],
): Partial<Record<LossCauseName, Estimate>> {
  const shares: Partial<Record<LossCauseName, Estimate>> = {};
  for (const cause of LOSS_CAUSES) {
    const ofReplications = measurements.flatMap(({ scalars }) => {
      const { requests_total: requests = 0, [METRIC_OF_LOSS[cause]]: lost } = scalars;
      return requests > 0 && lost !== undefined ? [lost / requests] : [];
    });
    if (ofReplications.length > 0) shares[cause] = estimateMean(ofReplications);
  }
  return shares;
}

/** Pair by pair: replications of the same number differ by the sleep alone. Null: not all of both reached the end. */
export function workloadDifferenceSeconds(
  own: readonly ReplicationMeasurements[],
  other: readonly ReplicationMeasurements[],
): Estimate | null {
  const secondsOf = new Map(other.map(({ replication, scalars }) => [replication, scalars.workload_duration_seconds]));
  const pairs = own.filter(({ replication }) => secondsOf.has(replication));
  const differences = pairs.flatMap(({ replication, scalars: { workload_duration_seconds: seconds } }) => {
    const otherSeconds = secondsOf.get(replication);
    return seconds === undefined || otherSeconds === undefined ? [] : [seconds - otherSeconds];
  });
  return pairs.length === 0 || differences.length < pairs.length ? null : estimateMean(differences);
}

export const workloadSeconds = (measurements: readonly ReplicationMeasurements[]): Estimate | null =>
  measurements.some(({ scalars }) => scalars.workload_duration_seconds === undefined)
    ? null
    : estimateStatistic(measurements, 'workload_duration_seconds', 'value');
