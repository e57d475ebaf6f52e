/**
 * From metrics to a number of replicas (pkg/controller/podautoscaler/replica_calculator.go).
 *
 *   usage of each pod, its group (pod-groups.ts), target --> ratio of usage to target --> outside the tolerance?
 *       --> replicas = ceil(ratio x pods)
 *
 * Pods without a believable metric are filled in so that they speak against the change: with nothing on the way up, with a
 * full request (or the target, if that is more) on the way down. If the filled-in ratio is within the tolerance or on the other
 * side of 1, nothing happens. Amounts are whole numbers of one unit (milli-CPU), and divide as integers do upstream.
 *
 * Left out: container metrics, tolerances that differ by direction.
 */

import type { PodGroup } from './pod-groups.js';

export interface PodUsage {
  readonly group: PodGroup;
  /** What the metric says; of no meaning in pods without one. */
  readonly usage: number;
  /** What the pod requests of the resource; null when a container of it requests nothing. */
  readonly request: number | null;
}

export interface Recommendation {
  readonly replicas: number;
  /** What the status shows as the current value: whole percent of the requests, or an average per pod. */
  readonly current: number;
}

/** Of the pods that are held to count, in one direction of scaling. */
interface Totals {
  pods: number;
  usage: number;
  request: number;
}

const FULL_REQUEST_PERCENT = 100;

const percentOf = ({ usage, request }: Totals): number => Math.trunc((usage * FULL_REQUEST_PERCENT) / request);
const averageOf = ({ usage, pods }: Totals): number => Math.trunc(usage / pods);

function isWithin(ratio: number, tolerance: number): boolean {
  return 1 - tolerance <= ratio && ratio <= 1 + tolerance;
}

/**
 * Type Resource with averageUtilization: usage in percent of the requests. null when there is no metric that counts, or a pod
 * without a request: then the autoscaler does nothing.
 */
export function replicasForUtilization(
  currentReplicas: number,
  targetPercent: number,
  pods: readonly PodUsage[],
  tolerance: number,
): Recommendation | null {
  if (pods.some(({ request }) => request === null)) return null;
  const fallbackPercent = Math.max(FULL_REQUEST_PERCENT, targetPercent);
  return recommend(currentReplicas, pods, tolerance, {
    ratio: (totals) => percentOf(totals) / targetPercent,
    current: percentOf,
    fallback: ({ request }) => Math.trunc((request! * fallbackPercent) / FULL_REQUEST_PERCENT),
  });
}

/** Type Resource or Pods with averageValue. null when there is no metric that counts. */
export function replicasForAverageUsage(
  currentReplicas: number,
  targetAverage: number,
  pods: readonly PodUsage[],
  tolerance: number,
): Recommendation | null {
  return recommend(currentReplicas, pods, tolerance, {
    ratio: (totals) => averageOf(totals) / targetAverage,
    current: averageOf,
    fallback: () => targetAverage,
  });
}

interface Measure {
  readonly ratio: (totals: Totals) => number;
  readonly current: (totals: Totals) => number;
  /** What a pod without a metric is held to use when scaling down. */
  readonly fallback: (pod: PodUsage) => number;
}

function recommend(
  currentReplicas: number,
  pods: readonly PodUsage[],
  tolerance: number,
  measure: Measure,
): Recommendation | null {
  const totals: Totals = { pods: 0, usage: 0, request: 0 };
  const add = (pod: PodUsage, usage: number): void => {
    totals.pods++;
    totals.usage += usage;
    totals.request += pod.request ?? 0;
  };
  let unready = 0;
  let missing = 0;
  for (const pod of pods) {
    if (pod.group === 'counted') add(pod, pod.usage);
    else if (pod.group === 'unready') unready++;
    else if (pod.group === 'missing') missing++;
  }
  if (totals.pods === 0) return null;
  const ratio = measure.ratio(totals);
  // Nothing was requested by anybody.
  if (!Number.isFinite(ratio)) return null;
  const current = measure.current(totals);
  const unchanged = { replicas: currentReplicas, current };

  const addsUnready = unready > 0 && ratio > 1;
  if (!addsUnready && missing === 0) {
    return isWithin(ratio, tolerance) ? unchanged : { replicas: Math.ceil(ratio * totals.pods), current };
  }

  for (const pod of pods) {
    // At a ratio of exactly 1 missing pods change nothing, whatever they are taken for.
    if (pod.group === 'missing' && ratio !== 1) add(pod, ratio < 1 ? measure.fallback(pod) : 0);
    else if (pod.group === 'unready' && addsUnready) add(pod, 0);
  }
  const newRatio = measure.ratio(totals);
  const turns = (ratio < 1 && newRatio > 1) || (ratio > 1 && newRatio < 1);
  if (isWithin(newRatio, tolerance) || turns) return unchanged;
  const replicas = Math.ceil(newRatio * totals.pods);
  // The pods that count may be fewer or more than the replicas, which must not turn the direction either.
  const isTurned = (newRatio < 1 && replicas > currentReplicas) || (newRatio > 1 && replicas < currentReplicas);
  return isTurned ? unchanged : { replicas, current };
}

/** Type Object or External with value: one number for all pods together, which the ready ones are to share. */
export function replicasForValue(
  currentReplicas: number,
  target: number,
  value: number,
  readyPods: number,
  tolerance: number,
): Recommendation {
  const ratio = value / target;
  // From zero there are no pods to multiply.
  if (currentReplicas === 0) return { replicas: Math.ceil(ratio), current: value };
  const replicas = isWithin(ratio, tolerance) ? currentReplicas : Math.ceil(ratio * readyPods);
  return { replicas, current: value };
}

/** Type Object or External with averageValue: so much for each replica, ready or not. */
export function replicasForAverageValue(
  currentReplicas: number,
  targetAverage: number,
  value: number,
  tolerance: number,
): Recommendation {
  const ratio = value / (targetAverage * currentReplicas);
  const replicas = isWithin(ratio, tolerance) ? currentReplicas : Math.ceil(value / targetAverage);
  return { replicas, current: Math.ceil(value / currentReplicas) };
}

/**
 * Of several metrics the highest recommendation holds. null when none can be computed, or when one cannot and the others would
 * scale down.
 */
export function highestRecommendation(
  currentReplicas: number,
  recommendations: readonly (Recommendation | null)[],
): number | null {
  let highest: number | null = null;
  for (const recommendation of recommendations) {
    if (recommendation !== null) highest = Math.max(highest ?? 0, recommendation.replicas);
  }
  const isPartial = recommendations.includes(null);
  return highest !== null && isPartial && highest < currentReplicas ? null : highest;
}
