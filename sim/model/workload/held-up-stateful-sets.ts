/**
 * StatefulSets that have other pods than they are meant to have, and can do nothing about it.
 *
 *   node lost ------> its pods are not ready, or deleted and terminating for as long as it stays away
 *                     --> the StatefulSet makes no second pod of that name, and an OrderedReady one goes no further
 *   pod not ready --> an OrderedReady StatefulSet neither makes pods of higher ordinals nor removes any before it is ready
 *
 * Without the kubelet's word nobody removes the pod from the API, so that two pods of one name never run at once
 * (https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/). A Deployment goes on without it.
 *
 * What waits for a pod that is not ready is told from what pods truly are, and not from what the controller believes of them:
 * a controller that missed a change is at fault.
 *
 * Left out: pods that are deleted by force, the out-of-service taint.
 */

import { PodState, type PodTable } from '../cluster/pods.js';
import type { ServiceTable } from '../cluster/services.js';
import type { ReplicaSets } from './replica-sets.js';
import { planScale, type StatefulPod } from './stateful-set-rules.js';
import type { StatefulSets } from './stateful-sets.js';

/** What a StatefulSet waits for. */
export type HeldUpBy = 'lostNode' | 'unreadyPod';

/** Where the StatefulSets and their pods are found. */
export interface StatefulSetsAndPods {
  readonly services: Pick<ServiceTable, 'count' | 'group' | 'groups'>;
  readonly pods: Pick<PodTable, 'condition'>;
  readonly replicaSets: Pick<ReplicaSets, 'replicas' | 'desired'>;
  readonly statefulSets: Pick<StatefulSets, 'owns' | 'policyOf'>;
  readonly ordinalOf: (pod: number) => number;
}

const WHY_MISSING: Record<HeldUpBy, string> = {
  lostNode: 'a pod on a lost node is not replaced before the node is back',
  unreadyPod: 'with OrderedReady, a pod that is not ready holds them up',
};
const WHY_TOO_MANY: Record<HeldUpBy, string> = {
  ...WHY_MISSING,
  lostNode: 'a pod on a lost node is not gone, nor ready, before the node is back',
};

const NO_POD_OF_ORDINAL: StatefulPod = { exists: false, isTerminating: false, isAvailable: false, isStale: false };

/**
 * The services whose StatefulSets are held up, and by what. `onLostNodes`: services with pods on lost nodes. `isQuiet`: nothing
 * is left to happen, so that a pod that is not ready stays so.
 */
export function heldUpServices(
  world: StatefulSetsAndPods,
  onLostNodes: ReadonlySet<number>,
  isQuiet: boolean,
): Map<number, HeldUpBy> {
  const heldUp = new Map<number, HeldUpBy>();
  const { services, statefulSets } = world;
  for (let service = 0; service < services.count; service++) {
    if (!statefulSets.owns(service)) continue;
    if (onLostNodes.has(service)) heldUp.set(service, 'lostNode');
    else if (isQuiet && waitsForUnreadyPod(world, service)) heldUp.set(service, 'unreadyPod');
  }
  return heldUp;
}

function waitsForUnreadyPod(world: StatefulSetsAndPods, service: number): boolean {
  const { pods, replicaSets, statefulSets, ordinalOf } = world;
  const live = replicaSets.replicas(service);
  const replicas = replicaSets.desired(service);
  // The usual case, in which there is nothing to wait for.
  if (live.length === replicas) return false;
  const byOrdinal: StatefulPod[] = Array.from({ length: replicas }, () => NO_POD_OF_ORDINAL);
  for (const pod of live) {
    const ordinal = ordinalOf(pod);
    while (byOrdinal.length <= ordinal) byOrdinal.push(NO_POD_OF_ORDINAL);
    const isAvailable = (pods.condition[pod]! & PodState.ready) !== 0;
    byOrdinal[ordinal] = { exists: true, isTerminating: false, isAvailable, isStale: false };
  }
  const policy = statefulSets.policyOf(service);
  const { creates, deletes, mustWait } = planScale({ policy, replicas, pods: byOrdinal });
  return mustWait && creates.length === 0 && deletes.length === 0;
}

/** Pods that StatefulSets of one group lack or have too many, for one reason. */
interface Shortfall {
  readonly group: number;
  readonly by: HeldUpBy;
  missing: number;
  /** Replicas of those that lack some. */
  desired: number;
  tooMany: number;
}

/** For each group and reason, how many replicas its StatefulSets that are held up lack or have too many, in a sentence each. */
export function heldUpWarnings(
  heldUp: ReadonlyMap<number, HeldUpBy>,
  { services, replicaSets }: Pick<StatefulSetsAndPods, 'services' | 'replicaSets'>,
): string[] {
  const shortfalls = new Map<string, Shortfall>();
  for (const [service, by] of heldUp) {
    const group = services.group[service]!;
    const key = `${group}/${by}`;
    const shortfall = shortfalls.get(key) ?? { group, by, missing: 0, desired: 0, tooMany: 0 };
    shortfalls.set(key, shortfall);
    const desired = replicaSets.desired(service);
    const live = replicaSets.replicas(service).length;
    shortfall.tooMany += Math.max(0, live - desired);
    if (live >= desired) continue;
    shortfall.missing += desired - live;
    shortfall.desired += desired;
  }
  return [...shortfalls.values()]
    .sort((a, b) => a.group - b.group)
    .flatMap(({ group, by, missing, desired, tooMany }) => {
      const statefulSets = `the StatefulSets of "${services.groups[group]!.name}"`;
      const lack = `${missing} of ${desired} replicas of ${statefulSets} were missing when the run ended`;
      const excess = `${tooMany} pods of ${statefulSets} were still to be removed when the run ended`;
      return [
        ...(missing > 0 ? [`${lack}: ${WHY_MISSING[by]}.`] : []),
        ...(tooMany > 0 ? [`${excess}: ${WHY_TOO_MANY[by]}.`] : []),
      ];
    });
}
