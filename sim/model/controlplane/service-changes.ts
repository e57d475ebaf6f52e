/**
 * What the next sync of each service has to publish, and from when it dates.
 *
 *   informer: pod or service changed --> remember --> take: the changes of one sync --> its writes
 *                                                      ^-- putBack: the sync failed
 *
 * Only pods that changed since a service's last sync can make a difference to its endpoint objects, so a controller plans from
 * these and not from all pods. That is also why they outlive the process of the controller: a new one compares all pods with
 * the objects, and finds the same differences.
 *
 * Left out: changes of services other than their creation.
 */

/** A change that a service's next sync will publish. */
export interface ServiceChange {
  /** When it truly happened. */
  readonly changeNs: number;
  /** When the API server had it. */
  readonly committedNs: number;
  /** The pod's Ready transition, if it is one; else null. What the trigger time tracker compares. */
  readonly triggerNs: number | null;
}

/** The service as a whole changed (it was created): kept beside the pods under this number. */
export const SERVICE_ITSELF = -1;

/** The changes of one service, by pod. */
export type ChangesByPod = ReadonlyMap<number, ServiceChange>;

const NONE: ChangesByPod = new Map();
const LATEST: ServiceChange = { changeNs: Infinity, committedNs: Infinity, triggerNs: null };

export class ServiceChanges {
  /** By service; null where nothing changed. */
  readonly #pending: (Map<number, ServiceChange> | null)[];

  constructor(services: number) {
    this.#pending = Array.from({ length: services }, () => null);
  }

  /** The pod (or SERVICE_ITSELF) changed, after all that was remembered of it before. */
  remember(service: number, pod: number, change: ServiceChange): void {
    const pending = (this.#pending[service] ??= new Map<number, ServiceChange>());
    const earlier = pending.get(pod);
    pending.set(pod, earlier === undefined ? change : followChange(earlier, change));
  }

  /** Hands out what has changed of the service, and forgets it. */
  take(service: number): ChangesByPod {
    const changes = this.#pending[service];
    this.#pending[service] = null;
    return changes ?? NONE;
  }

  /**
   * A sync that had taken these has failed: they are to be published all the same. The trigger time tracker has seen their
   * Ready transitions by then and will not report them again, so they have no trigger time any more.
   */
  putBack(service: number, changes: ChangesByPod): void {
    if (changes.size === 0) return;
    const pending = (this.#pending[service] ??= new Map<number, ServiceChange>());
    for (const [pod, change] of changes) {
      const untriggered = { ...change, triggerNs: null };
      const later = pending.get(pod);
      pending.set(pod, later === undefined ? untriggered : followChange(untriggered, later));
    }
  }
}

/**
 * The earliest of the changes, and the earliest trigger time of those that the trigger time tracker sees: it looks at the pods
 * that the informer lists, so a pod that is gone has none. `nowNs` stands for the change where there is none.
 */
export function earliestChange(
  changes: ChangesByPod,
  isListed: (pod: number) => boolean,
  nowNs: number,
): ServiceChange {
  let { changeNs, committedNs, triggerNs } = LATEST;
  for (const [pod, change] of changes) {
    if (change.changeNs < changeNs) ({ changeNs, committedNs } = change);
    if (change.triggerNs === null || (pod !== SERVICE_ITSELF && !isListed(pod))) continue;
    triggerNs = triggerNs === null ? change.triggerNs : Math.min(triggerNs, change.triggerNs);
  }
  return changes.size === 0
    ? { changeNs: nowNs, committedNs: nowNs, triggerNs: null }
    : { changeNs, committedNs, triggerNs };
}

/** The earliest change of these pods, or `fallback` when none of them changed. */
export function earliestOf(pods: readonly number[], changes: ChangesByPod, fallback: ServiceChange): ServiceChange {
  let earliest = LATEST;
  for (const pod of pods) {
    const change = changes.get(pod);
    if (change !== undefined && change.changeNs < earliest.changeNs) earliest = change;
  }
  return earliest === LATEST ? fallback : earliest;
}

/** Two changes of one pod: what happened first, and the trigger time of the last, as a pod has one transition time only. */
function followChange(before: ServiceChange, after: ServiceChange): ServiceChange {
  const { changeNs, committedNs } = before.changeNs <= after.changeNs ? before : after;
  return { changeNs, committedNs, triggerNs: after.triggerNs ?? before.triggerNs };
}
