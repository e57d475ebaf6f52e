/**
 * What the ReplicaSet controller decides in one sync (pkg/controller/replicaset/replica_set.go,
 * pkg/controller/controller_utils.go): how many pods, in which batches, and which pods go.
 *
 *   active pods, spec.replicas --> creates, in batches of 1, 2, 4, ...
 *                              --> deletes, the pods that are missed the least
 *
 * Left out: adoption and release of pods by their labels, the order before 1.22 (no deletion cost, exact times).
 */

/** Pods to create or delete in one sync; at most one of the two is not 0. */
export interface PodDifference {
  readonly creates: number;
  readonly deletes: number;
}

/** `burstReplicas`: most pods that one sync creates or deletes. */
export function podDifference(active: number, replicas: number, burstReplicas: number): PodDifference {
  return {
    creates: Math.min(burstReplicas, Math.max(0, replicas - active)),
    deletes: Math.min(burstReplicas, Math.max(0, active - replicas)),
  };
}

/**
 * The size of the next batch of requests that are sent together: twice the last one, as long as nothing fails. A batch with
 * a failure is the last: a broken template costs few requests.
 *
 * @param lastBatch 0 before the first
 * @param failures of the last batch
 * @param remaining requests that have not been sent
 */
export function nextSlowStartBatch(lastBatch: number, failures: number, remaining: number, initialBatch = 1): number {
  if (failures > 0) return 0;
  return Math.min(remaining, lastBatch === 0 ? initialBatch : 2 * lastBatch);
}

export type PodPhase = 'Pending' | 'Unknown' | 'Running';

const PHASE_RANK: Readonly<Record<PodPhase, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** What the ranking reads of a pod. Times in nanoseconds, null where the pod has no such timestamp. */
export interface DeletionCandidate {
  readonly isAssigned: boolean;
  readonly phase: PodPhase;
  readonly isReady: boolean;
  /** Annotation controller.kubernetes.io/pod-deletion-cost; 0 when it has none. */
  readonly deletionCost: number;
  /** Active pods of the same owner's ReplicaSets on the same node. */
  readonly relatedPodsOnNode: number;
  readonly readySinceNs: number | null;
  readonly restarts: number;
  readonly createdNs: number | null;
  /** Compared as it is: a random number as good as any for pods that are equal in all else. */
  readonly uid: number | string;
}

/** Pods to delete, the first in the ranking first. When all of them go there is nothing to rank. */
export function podsToDelete<Pod extends DeletionCandidate>(pods: readonly Pod[], count: number, nowNs: number): Pod[] {
  if (count >= pods.length) return [...pods];
  return pods.toSorted((a, b) => compareForDeletion(a, b, nowNs)).slice(0, count);
}

/** Below 0 when `a` is deleted before `b`. */
export function compareForDeletion(a: DeletionCandidate, b: DeletionCandidate, nowNs: number): number {
  return (
    Number(a.isAssigned) - Number(b.isAssigned) ||
    PHASE_RANK[a.phase] - PHASE_RANK[b.phase] ||
    Number(a.isReady) - Number(b.isReady) ||
    a.deletionCost - b.deletionCost ||
    b.relatedPodsOnNode - a.relatedPodsOnNode ||
    (a.isReady && b.isReady ? compareAges(a.readySinceNs, b.readySinceNs, a, b, nowNs) : 0) ||
    b.restarts - a.restarts ||
    compareAges(a.createdNs, b.createdNs, a, b, nowNs)
  );
}

/** The younger first, by order of magnitude; within one it is left to chance. No timestamp is the youngest. */
function compareAges(
  aNs: number | null,
  bNs: number | null,
  a: DeletionCandidate,
  b: DeletionCandidate,
  nowNs: number,
): number {
  if (aNs === bNs) return 0;
  if (aNs === null || bNs === null) return aNs === null ? -1 : 1;
  return ageBucket(aNs, nowNs) - ageBucket(bNs, nowNs) || (a.uid < b.uid ? -1 : 1);
}

/** Binary order of magnitude of an age in nanoseconds; -1 for none. */
export function ageBucket(sinceNs: number, nowNs: number): number {
  const ageNs = nowNs - sinceNs;
  return ageNs > 0 ? Math.floor(Math.log2(ageNs)) : -1;
}
