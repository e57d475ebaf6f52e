/**
 * What the Deployment controller decides in one sync, without its client, its cache and its clock
 * (pkg/controller/deployment: rolling.go, sync.go, util/deployment_util.go).
 *
 *   replicas, limits, sizes and availability of the ReplicaSets --> new sizes of the ReplicaSets
 *
 * ReplicaSets are listed in order of creation, the oldest first, and are named by their place in that list.
 *
 * Left out: pausing, rollback, the progress deadline (it only sets a condition), podReplacementPolicy (KEP-3973).
 */

import type { IntOrPercent } from '../scenario.js';

export type DeploymentStrategy = 'RollingUpdate' | 'Recreate';

/** Limits of a rolling update in pods. */
export interface RolloutLimits {
  readonly surge: number;
  readonly unavailable: number;
}

/** What the rules read of a ReplicaSet. */
export interface ReplicaSetSize {
  /** spec.replicas */
  readonly replicas: number;
  /** status.availableReplicas */
  readonly available: number;
}

/** A ReplicaSet with what the last scaling of its Deployment left on it. */
export interface AnnotatedReplicaSet extends ReplicaSetSize {
  /** Annotation deployment.kubernetes.io/desired-replicas; null: none. */
  readonly desiredReplicas: number | null;
  /** Annotation deployment.kubernetes.io/max-replicas, the replicas and the surge at that time; null: none. */
  readonly maxReplicas: number | null;
}

/** A write of spec.replicas. */
export interface Resize {
  /** Place in the list of ReplicaSets. */
  readonly index: number;
  readonly replicas: number;
}

/** Percentages come from decimal text: 0.29 * 100 is a hair below 29, and 0.07 * 100 a hair above 7. */
const ROUNDING = 1e-9;

/** A surge in pods: rounded up. */
export const resolveUp = (amount: IntOrPercent, replicas: number): number =>
  'absolute' in amount ? amount.absolute : Math.max(0, Math.ceil(amount.fraction * replicas - ROUNDING));

/** An unavailability in pods: rounded down. */
export const resolveDown = (amount: IntOrPercent, replicas: number): number =>
  'absolute' in amount ? amount.absolute : Math.floor(amount.fraction * replicas + ROUNDING);

/** Two zeros would never get anywhere: then one pod may be unavailable. Null is a field that is not set. */
export function resolveFenceposts(
  maxSurge: IntOrPercent | null,
  maxUnavailable: IntOrPercent | null,
  replicas: number,
): RolloutLimits {
  const surge = maxSurge === null ? 0 : resolveUp(maxSurge, replicas);
  const unavailable = maxUnavailable === null ? 0 : resolveDown(maxUnavailable, replicas);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** The limits that a sync works with: none when all pods go at once, and never more unavailable than there are. */
export function limitsOf(
  strategy: DeploymentStrategy,
  maxSurge: IntOrPercent | null,
  maxUnavailable: IntOrPercent | null,
  replicas: number,
): RolloutLimits {
  if (strategy === 'Recreate') return { surge: 0, unavailable: 0 };
  const { surge, unavailable } = resolveFenceposts(maxSurge, maxUnavailable, replicas);
  return { surge, unavailable: Math.min(unavailable, replicas) };
}

/** How far the new ReplicaSet grows, by the pods that all ReplicaSets are meant to have together. */
export function newReplicaSetSize(
  strategy: DeploymentStrategy,
  replicas: number,
  newSize: number,
  totalSize: number,
  surge: number,
): number {
  if (strategy === 'Recreate') return replicas;
  const room = replicas + surge - totalSize;
  return room <= 0 ? newSize : newSize + Math.min(room, replicas - newSize);
}

/** The first step of a rolling update: the size that the new ReplicaSet gets; null: it has that size. */
export function reconcileNewReplicaSet(
  replicas: number,
  newSize: number,
  totalSize: number,
  surge: number,
): number | null {
  const size = newSize > replicas ? replicas : newReplicaSetSize('RollingUpdate', replicas, newSize, totalSize, surge);
  return size === newSize ? null : size;
}

/** The second step: fewer old pods, the unhealthy ones first. `newSet` is null when there is no new ReplicaSet. */
export function reconcileOldReplicaSets(
  replicas: number,
  unavailable: number,
  old: readonly ReplicaSetSize[],
  newSet: ReplicaSetSize | null,
): Resize[] {
  const oldPods = sum(old, (set) => set.replicas);
  if (oldPods === 0) return [];
  const newPods = newSet?.replicas ?? 0;
  const newAvailable = newSet?.available ?? 0;
  const budget = oldPods + newPods - (replicas - unavailable) - (newPods - newAvailable);
  if (budget <= 0) return [];
  const { writes, isBehind } = cleanUpUnhealthy(old, budget);
  if (isBehind) return writes;
  const available = newAvailable + sum(old, (set) => set.available);
  return [...writes, ...scaleDownOld(resized(old, writes), replicas, unavailable, available)];
}

export interface CleanUp {
  readonly writes: Resize[];
  /**
   * A ReplicaSet has more pods available than it is meant to have: its status has not caught up with its last scaling. The
   * clean-up fails there, and the controller leaves it at that until the status has: or it would count those pods twice.
   */
  readonly isBehind: boolean;
}

/** Old pods that are not available go first, up to `maxCleanup`: they make room and take nothing away. */
export function cleanUpUnhealthy(old: readonly ReplicaSetSize[], maxCleanup: number): CleanUp {
  const writes: Resize[] = [];
  let left = maxCleanup;
  for (const [index, { replicas, available }] of old.entries()) {
    if (left === 0) break;
    if (replicas === 0 || replicas === available) continue;
    if (replicas < available) return { writes, isBehind: true };
    const count = Math.min(left, replicas - available);
    left -= count;
    writes.push({ index, replicas: replicas - count });
  }
  return { writes, isBehind: false };
}

/** Old pods go as far as pods are available beyond the least that must be; by status, which may lag behind. */
export function scaleDownOld(
  old: readonly ReplicaSetSize[],
  replicas: number,
  unavailable: number,
  available: number,
): Resize[] {
  const writes: Resize[] = [];
  let left = available - (replicas - unavailable);
  old.forEach((set, index) => {
    const count = Math.min(left, set.replicas);
    if (count <= 0) return;
    left -= count;
    writes.push({ index, replicas: set.replicas - count });
  });
  return writes;
}

/** Whether the replicas of the Deployment have changed since the ReplicaSets that have pods were last scaled. */
export const isScalingEvent = (replicas: number, sets: readonly AnnotatedReplicaSet[]): boolean =>
  sets.some((set) => set.replicas > 0 && set.desiredReplicas !== null && set.desiredReplicas !== replicas);

export interface ScaledDeployment {
  readonly strategy: DeploymentStrategy;
  readonly replicas: number;
  readonly surge: number;
  /** status.replicas: what the fraction is taken of where a ReplicaSet has no annotation. */
  readonly statusReplicas: number;
}

/**
 * The sizes of all ReplicaSets after the Deployment was scaled: proportional to what each has when several have pods, so that
 * scaling in the middle of a rolling update keeps its risk spread. `newIndex` is -1 when there is no new ReplicaSet.
 */
export function scaleReplicaSets(
  deployment: ScaledDeployment,
  sets: readonly AnnotatedReplicaSet[],
  newIndex: number,
): Resize[] {
  const { replicas } = deployment;
  const active = sets.flatMap((set, index) => (set.replicas > 0 ? [index] : []));
  if (active.length <= 1) {
    const latest = newIndex >= 0 ? newIndex : sets.length - 1;
    const index = active[0] ?? latest;
    return index < 0 ? [] : differing(sets, [{ index, replicas }]);
  }
  if (newIndex >= 0 && isSaturated(replicas, sets[newIndex]!)) {
    const old = active.filter((index) => index !== newIndex);
    return old.map((index) => ({ index, replicas: 0 }));
  }
  if (deployment.strategy !== 'RollingUpdate') return [];
  return differing(sets, proportional(deployment, sets, active));
}

/** A new ReplicaSet that has and knows all replicas: what is left of old ones is superfluous. */
const isSaturated = (replicas: number, set: AnnotatedReplicaSet): boolean =>
  set.replicas === replicas && set.desiredReplicas === replicas && set.available === replicas;

function proportional(
  deployment: ScaledDeployment,
  sets: readonly AnnotatedReplicaSet[],
  active: readonly number[],
): Resize[] {
  const { replicas, surge } = deployment;
  const allowed = replicas > 0 ? replicas + surge : 0;
  const toAdd = allowed - sum(active, (index) => sets[index]!.replicas);
  // Larger ones first; of equal ones the newer one grows and the older one shrinks first.
  const order = active.toSorted((a, b) => sets[b]!.replicas - sets[a]!.replicas || (toAdd > 0 ? b - a : a - b));
  let added = 0;
  const sizes = order.map((index) => {
    const set = sets[index]!;
    const share = toAdd === 0 ? 0 : proportion(deployment, set, toAdd, added);
    added += share;
    return { index, replicas: set.replicas + share };
  });
  // What rounding has left over goes to the first.
  const [first, ...others] = sizes;
  if (first === undefined) return [];
  return [{ index: first.index, replicas: Math.max(0, first.replicas + toAdd - added) }, ...others];
}

/** Pods that one ReplicaSet gains (or loses, negative) of `toAdd`, of which `added` have been given out. */
function proportion(deployment: ScaledDeployment, set: AnnotatedReplicaSet, toAdd: number, added: number): number {
  if (set.replicas === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function fraction({ replicas, surge, statusReplicas }: ScaledDeployment, set: AnnotatedReplicaSet): number {
  if (replicas === 0) return -set.replicas;
  const before = set.maxReplicas ?? 0;
  // Without the annotation the sizes are in proportion to the pods that the Deployment has.
  const base = before > 0 ? before : statusReplicas;
  if (base === 0) return 0;
  return Math.round((set.replicas * (replicas + surge)) / base) - set.replicas;
}

export interface DeploymentStatus {
  readonly replicas: number;
  readonly updated: number;
  readonly available: number;
}

/** Whether every pod is a new one and available. */
export const isComplete = (desired: number, { replicas, updated, available }: DeploymentStatus): boolean =>
  updated === desired && replicas === desired && available === desired;

export interface OldReplicaSet {
  /** spec.replicas */
  readonly replicas: number;
  /** status.replicas */
  readonly statusReplicas: number;
  /** Its deletionTimestamp is set. */
  readonly isDeleting: boolean;
}

/**
 * Which old ReplicaSets go when a rollout is complete: those beyond revisionHistoryLimit, the oldest first; one that still has
 * pods is passed over, though it counts.
 */
export function historyToDelete(old: readonly OldReplicaSet[], revisionHistoryLimit: number): number[] {
  const alive = old.flatMap((set, index) => (set.isDeleting ? [] : [index]));
  const beyond = alive.slice(0, Math.max(0, alive.length - revisionHistoryLimit));
  return beyond.filter((index) => old[index]!.replicas === 0 && old[index]!.statusReplicas === 0);
}

/** The list after the writes; of two writes of one ReplicaSet the later holds. */
export function resized<Set extends ReplicaSetSize>(sets: readonly Set[], writes: readonly Resize[]): Set[] {
  const after = [...sets];
  for (const { index, replicas } of writes) after[index] = { ...after[index]!, replicas };
  return after;
}

const differing = (sets: readonly ReplicaSetSize[], writes: readonly Resize[]): Resize[] =>
  writes.filter(({ index, replicas }) => sets[index]!.replicas !== replicas);

const sum = <Item>(items: readonly Item[], value: (item: Item) => number): number =>
  items.reduce((total, item) => total + value(item), 0);
