/**
 * Which of a ReplicaSet's pods are deleted first, for ReplicaSets of any size: the ranking of replica-set-rules.ts over the
 * pods of the run.
 *
 *   live pods of the service, what the informer shows of them --> the `count` pods that are missed the least
 *
 * One pass over the pods of the service and a short sorted list of the best so far, as a sync deletes 500 at most. All keys
 * but the UID go into one number, which holds as pods have no restarts and no deletion cost here.
 *
 * Left out: pods that turned ready in the same second are told apart by the UID alone, and not by their creation before.
 */

import type { CounterHash } from '../../kernel/random.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import { Seen, isActive, type PodInformer } from './pod-informer.js';
import { ageBucket } from './replica-set-rules.js';
import type { ServicePods } from './service-pods.js';

/** More pods of one owner than fit on any node. */
const MAX_RELATED = 2 ** 20;
/** Age buckets go from -1, no age, to 62; pods from before the run are in the last. */
const AGE_BUCKETS = 64;

export class DeletionOrder {
  readonly #pods: PodTable;
  readonly #servicePods: ServicePods;
  readonly #informer: PodInformer;
  readonly #uid: CounterHash;
  /** Active pods of the service on each node, while one ranking lasts. */
  readonly #related: Int32Array;

  constructor(pods: PodTable, servicePods: ServicePods, informer: PodInformer, nodes: number, uid: CounterHash) {
    this.#pods = pods;
    this.#servicePods = servicePods;
    this.#informer = informer;
    this.#related = new Int32Array(nodes);
    this.#uid = uid;
  }

  /** Active pods of the ReplicaSet, the first to go first; `isTaken` are those that are being deleted. */
  first(service: number, set: number, count: number, nowNs: number, isTaken: (pod: number) => boolean): number[] {
    const { node, observed } = this.#pods;
    const live = this.#servicePods.of(service);
    const seen = this.#informer.seenColumn;
    const place = this.#servicePods.placeColumn;
    const related = this.#related;
    for (const pod of live) if (isActive(seen[pod]!)) related[node[pod]!]!++;
    const best: Ranked[] = [];
    // A pod that is above this stage and number is behind all of the best, whatever its age.
    let worst = Infinity;
    for (const pod of live) {
      if (place[pod] !== set || !isActive(seen[pod]!)) continue;
      const rank = rankOf(seen[pod]!, observed[pod]!, related[node[pod]!]!);
      if (rank > worst || isTaken(pod)) continue;
      const key = rank * AGE_BUCKETS + this.#age(pod, nowNs);
      if (best.length === count && key > best[count - 1]!.key) continue;
      const candidate = { pod, key, uid: this.#uid.uniform(service, this.#pods.ordinal[pod]!) };
      const position = positionOf(candidate, best);
      if (position === count) continue;
      if (best.length === count) best.pop();
      best.splice(position, 0, candidate);
      if (best.length === count) worst = Math.floor(best[count - 1]!.key / AGE_BUCKETS);
    }
    for (const pod of live) related[node[pod]!] = 0;
    return best.map(({ pod }) => pod);
  }

  /** Bucket of the age since the pod turned ready, or of its own age: young before old. */
  #age(pod: number, nowNs: number): number {
    const isReady = (this.#informer.seen(pod) & Seen.ready) !== 0;
    const sinceNs = isReady ? this.#informer.readySinceNs(pod) : this.#informer.createdNs(pod);
    return sinceNs === -Infinity ? AGE_BUCKETS - 1 : ageBucket(sinceNs, nowNs) + 1;
  }
}

interface Ranked {
  readonly pod: number;
  readonly key: number;
  readonly uid: number;
}

/** Pending before running, not ready before ready, doubled up before alone. */
function rankOf(seen: number, observed: number, related: number): number {
  const stage = ((observed & PodState.hasAddress) !== 0 ? 2 : 0) + ((seen & Seen.ready) !== 0 ? 1 : 0);
  return stage * MAX_RELATED + (MAX_RELATED - 1 - related);
}

/** Where a candidate goes in a list sorted by key and then UID. */
function positionOf({ key, uid }: Ranked, best: readonly Ranked[]): number {
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = best[middle]!;
    if (other.key < key || (other.key === key && other.uid < uid)) low = middle + 1;
    else high = middle;
  }
  return low;
}
