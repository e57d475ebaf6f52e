/**
 * One sync of a Deployment as the list of requests that it sends (pkg/controller/deployment: rolling.go, recreate.go,
 * sync.go), from what the informer shows.
 *
 *   Deployment, its ReplicaSets --> create, resize, annotate, delete ReplicaSets; last the Deployment's status if it differs
 *
 * A sync takes one step: a Deployment whose replicas changed scales what it has; else the new ReplicaSet grows; else old ones
 * shrink. The next sync comes when the informer shows what this one has written.
 */

import type { IntOrPercent } from '../scenario.js';
import {
  historyToDelete,
  isComplete,
  isScalingEvent,
  limitsOf,
  newReplicaSetSize,
  reconcileNewReplicaSet,
  reconcileOldReplicaSets,
  scaleReplicaSets,
  type DeploymentStrategy,
  type Resize,
} from './deployment-rules.js';
import type { ReplicaSetObject } from './replica-set-objects.js';

/** The parts of a Deployment's spec that decide how its pods are replaced. */
export interface DeploymentSpec {
  readonly strategy: DeploymentStrategy;
  readonly maxSurge: IntOrPercent;
  readonly maxUnavailable: IntOrPercent;
  /** minReadySeconds, which the next revision's ReplicaSet gets. */
  readonly minReadyNs: number;
}

export interface DeploymentStatus {
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  readonly unavailable: number;
}

/** A ReplicaSet as the informer shows it. */
export interface SeenReplicaSet {
  /** Its number. */
  readonly set: number;
  readonly object: ReplicaSetObject;
  /** Pods that are not gone yet, terminating ones included. */
  readonly present: number;
}

export interface DeploymentView {
  readonly spec: DeploymentSpec;
  readonly replicas: number;
  readonly generation: number;
  readonly status: DeploymentStatus;
  /** Oldest first. */
  readonly sets: readonly SeenReplicaSet[];
  /** Place of the ReplicaSet of the newest revision among them, or -1. */
  readonly newIndex: number;
  readonly revisionHistoryLimit: number;
}

/** A request. `replicas` of a ReplicaSet comes with the annotations of the Deployment's present size. */
export type DeploymentRequest =
  | { readonly kind: 'create'; readonly replicas: number }
  | { readonly kind: 'resize'; readonly set: number; readonly replicas: number; readonly isEvent: boolean }
  | { readonly kind: 'delete'; readonly set: number }
  | { readonly kind: 'status'; readonly status: DeploymentStatus };

export interface DeploymentPlan {
  readonly requests: readonly DeploymentRequest[];
  /** What the annotations of the ReplicaSets that are written say. */
  readonly replicas: number;
  readonly maxReplicas: number;
  /** Every pod is a new one and available, and the controller knows. */
  readonly isComplete: boolean;
}

/** What the Deployment controller does now. */
export function planDeployment(view: DeploymentView): DeploymentPlan {
  const { replicas, spec, sets, newIndex } = view;
  const { surge } = limitsOf(spec.strategy, spec.maxSurge, spec.maxUnavailable, replicas);
  const objects = sets.map(annotated);
  const status = statusOf(view);
  const isDone = newIndex >= 0 && isComplete(replicas, status);
  const steps = isScalingEvent(replicas, objects)
    ? planScaling(view, surge)
    : spec.strategy === 'Recreate'
      ? planRecreate(view)
      : planRollingUpdate(view, surge);
  const requests: DeploymentRequest[] = [...steps];
  // The history is cleaned up once the status that says so has been seen.
  if (steps.length === 0 && isDone && isSame(status, view.status)) requests.push(...planHistory(view));
  if (!isSame(status, view.status)) requests.push({ kind: 'status', status });
  return { requests, replicas, maxReplicas: replicas + surge, isComplete: isDone && steps.length === 0 };
}

const annotated = ({ object }: SeenReplicaSet) => ({
  replicas: object.replicas,
  available: object.status.available,
  desiredReplicas: object.desiredReplicas,
  maxReplicas: object.maxReplicas,
});

/** Proportional scaling; every ReplicaSet that has pods takes note of the new size, whether or not its own changes. */
function planScaling(view: DeploymentView, surge: number): DeploymentRequest[] {
  const { replicas, spec, status, sets, newIndex } = view;
  const scaled = { strategy: spec.strategy, replicas, surge, statusReplicas: status.replicas };
  const resizes = new Map(
    scaleReplicaSets(scaled, sets.map(annotated), newIndex).map((resize) => [resize.index, resize.replicas]),
  );
  return sets.flatMap(({ set, object }, index): DeploymentRequest[] => {
    const size = resizes.get(index);
    const isNoted = object.replicas === 0 || (object.desiredReplicas ?? replicas) === replicas;
    if (size === undefined && isNoted) return [];
    return [{ kind: 'resize', set, replicas: size ?? object.replicas, isEvent: size !== undefined }];
  });
}

function planRollingUpdate(view: DeploymentView, surge: number): DeploymentRequest[] {
  const { replicas, spec, sets, newIndex } = view;
  const { unavailable } = limitsOf(spec.strategy, spec.maxSurge, spec.maxUnavailable, replicas);
  const total = sets.reduce((sum, { object }) => sum + object.replicas, 0);
  const old = sets.filter((_, index) => index !== newIndex);
  const oldSizes = old.map(annotated);
  const newSet = sets[newIndex];
  const shrink = (resizes: readonly Resize[]): DeploymentRequest[] =>
    resizes.map(({ index, replicas: size }) => resize(old[index]!, size));
  if (newSet === undefined) {
    const size = newReplicaSetSize(spec.strategy, replicas, 0, total, surge);
    // A new ReplicaSet comes with its size, so the same sync goes on to the old ones.
    const created = { replicas: size, available: 0 };
    return [
      { kind: 'create', replicas: size },
      ...shrink(reconcileOldReplicaSets(replicas, unavailable, oldSizes, created)),
    ];
  }
  const size = reconcileNewReplicaSet(replicas, newSet.object.replicas, total, surge);
  if (size !== null) return [resize(newSet, size)];
  return shrink(reconcileOldReplicaSets(replicas, unavailable, oldSizes, annotated(newSet)));
}

/** All old pods first, and no new one before the last of them is gone. */
function planRecreate({ replicas, sets, newIndex }: DeploymentView): DeploymentRequest[] {
  const old = sets.filter((_, index) => index !== newIndex);
  const active = old.filter(({ object }) => object.replicas > 0);
  if (active.length > 0) return active.map((set) => resize(set, 0));
  if (old.some(({ object, present }) => present > 0 || object.status.replicas > 0)) return [];
  const newSet = sets[newIndex];
  if (newSet === undefined) return [{ kind: 'create', replicas }];
  return newSet.object.replicas === replicas ? [] : [resize(newSet, replicas)];
}

function planHistory({ sets, newIndex, revisionHistoryLimit }: DeploymentView): DeploymentRequest[] {
  const old = sets.filter((_, index) => index !== newIndex);
  const sizes = old.map(({ object }) => ({
    replicas: object.replicas,
    statusReplicas: object.status.replicas,
    isDeleting: object.isDeleted,
  }));
  return historyToDelete(sizes, revisionHistoryLimit).map((index) => ({ kind: 'delete', set: old[index]!.set }));
}

const resize = ({ set }: SeenReplicaSet, replicas: number): DeploymentRequest => ({
  kind: 'resize',
  set,
  replicas,
  isEvent: true,
});

function statusOf({ generation, sets, newIndex }: DeploymentView): DeploymentStatus {
  const sum = (value: (object: ReplicaSetObject) => number): number =>
    sets.reduce((total, { object }) => total + value(object), 0);
  const available = sum(({ status }) => status.available);
  return {
    observedGeneration: generation,
    replicas: sum(({ status }) => status.replicas),
    updated: sets[newIndex]?.object.status.replicas ?? 0,
    ready: sum(({ status }) => status.ready),
    available,
    unavailable: Math.max(0, sum(({ replicas }) => replicas) - available),
  };
}

const isSame = (a: DeploymentStatus, b: DeploymentStatus): boolean =>
  a.observedGeneration === b.observedGeneration &&
  a.replicas === b.replicas &&
  a.updated === b.updated &&
  a.ready === b.ready &&
  a.available === b.available &&
  a.unavailable === b.unavailable;
