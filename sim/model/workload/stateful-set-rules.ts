/**
 * What the StatefulSet controller decides in one sync (pkg/controller/statefulset/stateful_set_control.go).
 *
 *   pods by ordinal, replicas, policy --> ordinals to create, ordinals to delete
 *
 * First the set gets the pods that it is meant to have; only when that left nothing to wait for does it replace pods of an
 * older revision. OrderedReady does one thing at a time in order of the ordinals; Parallel waits for nobody.
 *
 * Left out: spec.ordinals.start, OnDelete, volume claims, pods that have failed.
 */

import type { IntOrPercent } from '../scenario.js';
import { resolveDown } from './deployment-rules.js';

export type PodManagementPolicy = 'OrderedReady' | 'Parallel';

/** A pod of the set, as its controller sees it. */
export interface StatefulPod {
  /** False: there is no pod with this ordinal. The other fields then say nothing. */
  readonly exists: boolean;
  readonly isTerminating: boolean;
  /** Running, ready, and that for minReadySeconds. */
  readonly isAvailable: boolean;
  /** Made from an older revision than the newest. */
  readonly isStale: boolean;
}

export interface StatefulSetView {
  readonly policy: PodManagementPolicy;
  readonly replicas: number;
  /** By ordinal; pods from `replicas` on are condemned. */
  readonly pods: readonly StatefulPod[];
}

/** What a sync does before it thinks of an update. */
export interface ScaleDecision {
  /** In this order, in batches if there are several. */
  readonly creates: readonly number[];
  readonly deletes: readonly number[];
  /** The sync ends here: something has to happen first. */
  readonly mustWait: boolean;
}

const NOTHING: ScaleDecision = { creates: [], deletes: [], mustWait: false };

const isHealthy = (pod: StatefulPod): boolean => pod.exists && !pod.isTerminating && pod.isAvailable;

const isToUpdate = (pod: StatefulPod): boolean => pod.exists && pod.isStale && !pod.isTerminating;

/** Creates what is missing and deletes what is condemned. */
export function planScale(set: StatefulSetView): ScaleDecision {
  return set.policy === 'OrderedReady' ? planOrdered(set) : planParallel(set);
}

function planOrdered({ replicas, pods }: StatefulSetView): ScaleDecision {
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const pod = pods[ordinal];
    if (pod === undefined || !pod.exists) return { creates: [ordinal], deletes: [], mustWait: true };
    if (!isHealthy(pod)) return { ...NOTHING, mustWait: true };
  }
  // All replicas are healthy here, so the first unhealthy pod is a condemned one, and only that may be deleted unhealthy.
  const firstUnhealthy = pods.findIndex((pod, ordinal) => ordinal >= replicas && pod.exists && !isHealthy(pod));
  for (let ordinal = pods.length - 1; ordinal >= replicas; ordinal--) {
    const pod = pods[ordinal]!;
    if (!pod.exists) continue;
    if (pod.isTerminating || (!pod.isAvailable && ordinal !== firstUnhealthy)) return { ...NOTHING, mustWait: true };
    return { creates: [], deletes: [ordinal], mustWait: true };
  }
  return NOTHING;
}

function planParallel({ replicas, pods }: StatefulSetView): ScaleDecision {
  const creates: number[] = [];
  for (let ordinal = 0; ordinal < replicas; ordinal++) if (pods[ordinal]?.exists !== true) creates.push(ordinal);
  const deletes: number[] = [];
  for (let ordinal = pods.length - 1; ordinal >= replicas; ordinal--) {
    const pod = pods[ordinal]!;
    if (pod.exists && !pod.isTerminating) deletes.push(ordinal);
  }
  return { creates, deletes, mustWait: false };
}

/** rollingUpdate.maxUnavailable in pods: a percentage is rounded down, but never to none. */
export const resolveMaxUnavailable = (maxUnavailable: IntOrPercent | null, replicas: number): number =>
  maxUnavailable === null ? 1 : Math.max(1, resolveDown(maxUnavailable, replicas));

/** How an update goes on. */
export interface StatefulSetUpdate {
  /** Pods with lower ordinals keep their revision. */
  readonly partition: number;
  /** In pods; null without the feature gate MaxUnavailableStatefulSet: one pod after the other. */
  readonly maxUnavailable: number | null;
}

/** Ordinals of stale pods to delete now, in this order. All replicas are in `pods`, whether they exist or not. */
export function planUpdate(set: StatefulSetView, { partition, maxUnavailable }: StatefulSetUpdate): number[] {
  if (maxUnavailable === null) return planOneByOne(set, partition);
  const { policy, replicas, pods } = set;
  let unavailable = 0;
  for (let ordinal = 0; ordinal < replicas; ordinal++) if (!isHealthy(pods[ordinal]!)) unavailable++;
  const targets: number[] = [];
  for (let ordinal = replicas - 1; ordinal >= partition; ordinal--)
    if (isToUpdate(pods[ordinal]!)) targets.push(ordinal);
  const budget = Math.max(0, maxUnavailable - unavailable);
  if (policy === 'OrderedReady') return targets.slice(0, budget);
  // Who is unavailable already makes nobody more unavailable.
  const down = targets.filter((ordinal) => !pods[ordinal]!.isAvailable);
  const up = targets.filter((ordinal) => pods[ordinal]!.isAvailable);
  return [...down, ...up.slice(0, budget)];
}

/** From the highest ordinal down: the first that is stale goes, and nothing goes while a higher one is not healthy. */
function planOneByOne({ replicas, pods }: StatefulSetView, partition: number): number[] {
  for (let ordinal = replicas - 1; ordinal >= partition; ordinal--) {
    const pod = pods[ordinal]!;
    if (isToUpdate(pod)) return [ordinal];
    if (!isHealthy(pod)) return [];
  }
  return [];
}
