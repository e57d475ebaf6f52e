/**
 * StatefulSets that a lost node holds up.
 *
 *   node lost --> its pods are not ready, or deleted and terminating for as long as it stays away
 *             --> the StatefulSet makes no second pod of that name, and an OrderedReady one goes no further than that ordinal
 *
 * Without the kubelet's word nobody removes the pod from the API, so that two pods of one name never run at once
 * (https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/). A Deployment goes on without it.
 *
 * Left out: pods that are deleted by force, the out-of-service taint.
 */

import type { ServiceTable } from '../cluster/services.js';
import type { ReplicaSets } from './replica-sets.js';
import type { StatefulSets } from './stateful-sets.js';

/** Those of `onLostNodes`, services with pods on lost nodes, that have a StatefulSet. */
export function heldUpServices(onLostNodes: ReadonlySet<number>, statefulSets: StatefulSets): Set<number> {
  return new Set([...onLostNodes].filter((service) => statefulSets.owns(service)));
}

/** For each group, how many replicas its StatefulSets that are held up lack, in a sentence. */
export function heldUpWarnings(
  heldUp: ReadonlySet<number>,
  services: ServiceTable,
  replicaSets: Pick<ReplicaSets, 'replicas' | 'desired'>,
): string[] {
  const byGroup = new Map<number, { missing: number; desired: number }>();
  for (const service of heldUp) {
    const desired = replicaSets.desired(service);
    const missing = Math.max(0, desired - replicaSets.replicas(service).length);
    if (missing === 0) continue;
    const group = services.group[service]!;
    const before = byGroup.get(group) ?? { missing: 0, desired: 0 };
    byGroup.set(group, { missing: before.missing + missing, desired: before.desired + desired });
  }
  return [...byGroup]
    .sort(([a], [b]) => a - b)
    .map(
      ([group, { missing, desired }]) =>
        `${missing} of ${desired} replicas of the StatefulSets of "${services.groups[group]!.name}" were missing when the run ended: a pod on a lost node is not replaced before the node is back.`,
    );
}
