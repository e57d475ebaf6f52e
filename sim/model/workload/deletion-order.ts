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
    const { node } = this.#pods;
    const live = this.#servicePods.of(service);
    for (const pod of live) if (isActive(this.#informer.seen(pod))) this.#related[node[pod]!]!++;
    const best: number[] = [];
    const keys: number[] = [];
    const uids: number[] = [];
    for (const pod of live) {
      if (this.#servicePods.placeOf(pod) !== set || !isActive(this.#informer.seen(pod)) || isTaken(pod)) continue;
      const key = this.#key(pod, nowNs);
      const isFull = best.length === count;
      if (isFull && key > keys[count - 1]!) continue;
      const uid = this.#uid.uniform(service, this.#pods.ordinal[pod]!);
      const place = placeFor(key, uid, keys, uids);
      if (place === count) continue;
      if (isFull) {
        best.pop();
        keys.pop();
        uids.pop();
      }
      best.splice(place, 0, pod);
      keys.splice(place, 0, key);
      uids.splice(place, 0, uid);
    }
    for (const pod of live) this.#related[node[pod]!] = 0;
    return best;
  }

  /** Pending before running, not ready before ready, doubled up before alone, young before old. */
  #key(pod: number, nowNs: number): number {
    const seen = this.#informer.seen(pod);
    const isReady = (seen & Seen.ready) !== 0;
    const isRunning = (this.#pods.observed[pod]! & PodState.hasAddress) !== 0;
    const stage = (isRunning ? 2 : 0) + (isReady ? 1 : 0);
    const sinceNs = isReady ? this.#informer.readySinceNs(pod) : this.#informer.createdNs(pod);
    const age = sinceNs === -Infinity ? AGE_BUCKETS - 1 : ageBucket(sinceNs, nowNs) + 1;
    const alone = MAX_RELATED - 1 - this.#related[this.#pods.node[pod]!]!;
    return (stage * MAX_RELATED + alone) * AGE_BUCKETS + age;
  }
}

/** Where (key, uid) goes in lists sorted by key and then uid. */
function placeFor(key: number, uid: number, keys: readonly number[], uids: readonly number[]): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const isBefore = keys[middle]! < key || (keys[middle] === key && uids[middle]! < uid);
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
}
