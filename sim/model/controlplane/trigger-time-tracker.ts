/**
 * The trigger time of a sync: what the controller writes into endpoints.kubernetes.io/last-change-trigger-time, and kube-proxy
 * measures its network programming latency from.
 *
 *   creation of the service, last Ready transitions of the listed pods --> compared with those of the last sync --> earliest new one
 *
 * From k8s.io/endpointslice/util (trigger_time_tracker.go). Only the last transition of a pod is known, so of two flaps between
 * syncs the first is lost. The state is replaced by that of the pods that are listed now: a pod that left is forgotten, and its
 * transition counts as new if it comes back. A change that moves no transition (a deletion, a label, a port) has no trigger time,
 * and the annotation is removed. The first sync of a service after a controller has started reports the creation of the service.
 */

interface ServiceTimes {
  readonly createdNs: number;
  readonly transitionNsOfPod: ReadonlyMap<number, number>;
}

export class TriggerTimeTracker {
  readonly #services = new Map<number, ServiceTimes>();

  /**
   * Trigger time of the sync of `service` that lists these pods; null: none. `transitionNsOfPod` has the time of the last
   * Ready transition of every listed pod that had one, and is kept.
   */
  triggerNs(service: number, createdNs: number, transitionNsOfPod: ReadonlyMap<number, number>): number | null {
    const before = this.#services.get(service);
    this.#services.set(service, { createdNs, transitionNsOfPod });
    if (before === undefined) return createdNs;
    let earliestNs = createdNs > before.createdNs ? createdNs : Infinity;
    for (const [pod, transitionNs] of transitionNsOfPod) {
      if (transitionNs > (before.transitionNsOfPod.get(pod) ?? -Infinity))
        earliestNs = Math.min(earliestNs, transitionNs);
    }
    return earliestNs === Infinity ? null : earliestNs;
  }

  serviceDeleted(service: number): void {
    this.#services.delete(service);
  }
}
