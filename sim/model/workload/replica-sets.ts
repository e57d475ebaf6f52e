/**
 * The ReplicaSet controller: one client with one qps/burst bucket for the whole cluster.
 *
 *   informer: ReplicaSet or pod changed --> work queue --> one of n workers:
 *       too few pods:  POST in batches of 1, 2, 4, ..., each when the one before is answered
 *       too many pods: DELETE those that are missed the least, all at once          } at most 500 a sync
 *       then: status, if it differs
 *   pods made, pods deleted --> Events, through the same client
 *
 * So 1,000 pods at the default 20/30 take about (1000 + 25 events - 30) / 20 = 50 s to be created, whatever the cluster could
 * start at once. A worker is held until its requests are answered. After a sync has sent creations or deletions, the
 * ReplicaSet's further syncs make and delete nothing until the informer has shown all of them (expectations); pods that are
 * terminating do not count, so their replacements are made at once.
 *
 * Left out: the 5 minutes after which expectations expire, quotas and other refusals of a POST.
 */

import type { Simulation } from '../../kernel/simulation.js';
import type { PodTable } from '../cluster/pods.js';
import { widen } from '../cluster/columns.js';
import type { Controller } from '../controlplane/controller-manager.js';
import type { ControllerClient, RequestKind } from '../controlplane/controller-client.js';
import { DelayingQueue } from '../controlplane/delaying-queue.js';
import type { WriteLatency } from '../controlplane/etcd.js';
import type { EventRecorder } from '../controlplane/event-recorder.js';
import type { RateLimiter } from '../controlplane/rate-limiters.js';
import { REPLICA_SET_RULES } from '../versions/workload-rules.js';
import type { DeletionOrder } from './deletion-order.js';
import { Seen, isActive, type PodHandler, type PodInformer } from './pod-informer.js';
import type { PodOwnersLifecycle } from './pod-lifecycle.js';
import { isSameStatus, type ReplicaSetObjects, type ReplicaSetStatus } from './replica-set-objects.js';
import { nextSlowStartBatch, podDifference } from './replica-set-rules.js';
import type { ServicePods } from './service-pods.js';

/** What the controller works with. */
export interface ReplicaSetDependencies {
  readonly simulation: Simulation;
  readonly pods: PodTable;
  readonly servicePods: ServicePods;
  readonly podInformer: PodInformer;
  readonly objects: ReplicaSetObjects;
  readonly lifecycle: PodOwnersLifecycle;
  readonly client: ControllerClient;
  readonly events: EventRecorder;
  readonly newLimiter: (keys: number) => RateLimiter;
  readonly deletionOrder: DeletionOrder;
  readonly latency: { readonly pods: WriteLatency; readonly deletions: WriteLatency; readonly status: WriteLatency };
  readonly getLatencyNs: number;
}

/** A sync that waits for answers. */
interface Sync {
  readonly set: number;
  readonly status: ReplicaSetStatus;
  /** The version that the status was worked out from. */
  version: number;
  /** Pods that are still to be created after the present batch. */
  remaining: number;
  batch: number;
  failures: number;
  inFlight: number;
  isRetry: boolean;
}

const INITIAL_CAPACITY = 1024;

export class ReplicaSets implements PodHandler, Controller {
  readonly name = 'replicaset-controller';
  readonly #use: ReplicaSetDependencies;
  readonly #workers: number;
  readonly #endNs: number;
  readonly #post: RequestKind<Sync>;
  readonly #delete: RequestKind<Sync>;
  readonly #putStatus: RequestKind<Sync>;
  readonly #get: RequestKind<Sync>;
  readonly #queue: DelayingQueue;
  #idleWorkers: number;
  #isStopped = false;
  #isStarting = false;

  // Columns indexed by ReplicaSet: what the informer shows of its pods.
  readonly #active: Int32Array;
  readonly #ready: Int32Array;
  readonly #available: Int32Array;
  /** Pods that are not gone, terminating ones included. */
  readonly #present: Int32Array;
  /** Creations and deletions of the last sync that the informer has not shown yet. */
  readonly #expectedCreations: Int32Array;
  readonly #expectedDeletions: Int32Array;
  readonly #posts: Int32Array;
  readonly #statusWrites: Int32Array;
  readonly #lastPodListeners: ((set: number) => void)[] = [];
  /** By pod: its deletion is expected. */
  #isExpectedToGo = new Uint8Array(INITIAL_CAPACITY);

  /** `workers`: --concurrent-replicaset-syncs. No pod is created or deleted after `endNs`. */
  constructor(use: ReplicaSetDependencies, workers: number, endNs: number) {
    this.#use = use;
    this.#workers = workers;
    this.#endNs = endNs;
    const { simulation, objects } = use;
    const { capacity } = objects;
    const { name } = this;
    const newLimiter = (): RateLimiter => use.newLimiter(capacity);
    this.#queue = new DelayingQueue(simulation, name, capacity, newLimiter, () => this.#startWorkers());
    this.#idleWorkers = workers;
    this.#active = new Int32Array(capacity);
    this.#ready = new Int32Array(capacity);
    this.#available = new Int32Array(capacity);
    this.#present = new Int32Array(capacity);
    this.#expectedCreations = new Int32Array(capacity);
    this.#expectedDeletions = new Int32Array(capacity);
    this.#posts = new Int32Array(capacity);
    this.#statusWrites = new Int32Array(capacity);
    this.#post = {
      commit: (set) => this.#createPod(set),
      answered: (set, _, isOk, sync) => this.#onCreated(set, isOk, sync),
    };
    this.#delete = {
      commit: (_, pod) => this.#deletePod(pod),
      answered: (set, pod, isOk, sync) => this.#onDeleted(set, pod, isOk, sync),
    };
    this.#putStatus = {
      commit: (set, _, sync) => this.#commitStatus(set, sync),
      answered: (set, _, isOk, sync) => this.#onStatusAnswered(set, isOk, sync),
    };
    this.#get = { commit: () => true, answered: (set, _, __, sync) => this.#onRead(set, sync) };
    objects.onSeen((set) => this.#enqueue(set));
  }

  /** Pods of the service that exist and are not deleted. */
  replicas(service: number): readonly number[] {
    return this.#use.servicePods.of(service);
  }

  /** Whether the pod exists and is not deleted. */
  isLive(pod: number): boolean {
    return this.#use.servicePods.isLive(pod);
  }

  /** How many pods the service is meant to have, without the surge of a rolling update. */
  desired(service: number): number {
    return this.#use.servicePods.desired(service);
  }

  /** Available pods of the ReplicaSet, as the informer shows them. */
  available(set: number): number {
    return this.#available[set]!;
  }

  /** Pods of the ReplicaSet that the informer shows, terminating ones included. */
  present(set: number): number {
    return this.#present[set]!;
  }

  /** Hears of ReplicaSets whose last pod the informer shows to be gone. */
  onLastPodGone(listener: (set: number) => void): void {
    this.#lastPodListeners.push(listener);
  }

  /** Adds a pod that existed before the run, ready for long, to the service's first ReplicaSet. */
  adopt(service: number): number {
    const { servicePods, podInformer, objects } = this.#use;
    servicePods.setDesired(service, servicePods.desired(service) + 1);
    const pod = servicePods.create(service, 0, service);
    podInformer.adopt(pod);
    objects.adopt(service);
    for (const column of [this.#active, this.#ready, this.#available, this.#present]) column[service]!++;
    return pod;
  }

  /** Somebody else deletes a live pod now, with a client of their own. */
  deleteByOther(_service: number, pod: number): void {
    this.#use.servicePods.remove(pod);
    this.#use.lifecycle.delete(pod, this.#use.simulation.nowNs);
  }

  /** A live pod is replaced by a new one of the same revision in a single API update, now. */
  replaceAtOnce(service: number, pod: number): void {
    const { pods, servicePods, lifecycle } = this.#use;
    servicePods.remove(pod);
    const successor = servicePods.create(service, pods.revision[pod]!, servicePods.placeOf(pod));
    lifecycle.replaceAtOnce(pod, successor);
  }

  /** Use of the controller's client, from 0 to 1. */
  get clientUtilization(): number {
    return this.#use.client.utilization;
  }

  /** The process ends: what was queued, expected and not yet sent is lost. */
  stop(): void {
    const { client, events } = this.#use;
    this.#isStopped = true;
    client.stop();
    events.stop();
    this.#queue.clear();
    this.#idleWorkers = this.#workers;
    this.#expectedCreations.fill(0);
    this.#expectedDeletions.fill(0);
    this.#isExpectedToGo.fill(0);
  }

  /** Another process takes over and syncs every ReplicaSet. */
  start(): void {
    this.#isStopped = false;
    this.#use.client.start();
    for (let set = 0; set < this.#use.objects.count; set++) this.#enqueue(set);
  }

  podChanged(pod: number, before: number, after: number): void {
    const set = this.#use.servicePods.placeOf(pod);
    this.#count(set, before, after);
    if (isActive(after) && !isActive(before)) {
      // Pods that others have made for this ReplicaSet are taken for its own.
      this.#expectedCreations[set] = Math.max(0, this.#expectedCreations[set]! - 1);
    } else if (!isActive(after)) this.#expectNoDeletion(set, pod);
  }

  podDue(pod: number): void {
    this.#enqueue(this.#use.servicePods.placeOf(pod));
  }

  minReadyNs(pod: number): number {
    return this.#use.objects.minReadyNs(this.#use.servicePods.placeOf(pod));
  }

  #expectNoDeletion(set: number, pod: number): void {
    if (this.#isExpectedToGo[pod] !== 1) return;
    this.#isExpectedToGo[pod] = 0;
    this.#expectedDeletions[set]!--;
  }

  #count(set: number, before: number, after: number): void {
    this.#active[set]! += counted(after, Seen.known) - counted(before, Seen.known);
    this.#ready[set]! += counted(after, Seen.ready) - counted(before, Seen.ready);
    this.#available[set]! += counted(after, Seen.available) - counted(before, Seen.available);
    this.#present[set]! += presence(after) - presence(before);
    if (presence(after) < presence(before) && this.#present[set] === 0) {
      for (const listener of this.#lastPodListeners) listener(set);
    }
  }

  #enqueue(set: number): void {
    if (!this.#isStopped) this.#queue.add(set);
  }

  /** A sync without requests ends at once and asks for the next: in this loop, and not in one inside of it. */
  #startWorkers(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#idleWorkers > 0) {
      const next = this.#queue.take();
      if (next < 0) break;
      this.#idleWorkers--;
      this.#sync(next);
    }
    this.#isStarting = false;
  }

  #sync(set: number): void {
    const seen = this.#use.objects.seen(set);
    if (seen.isDeleted) {
      this.#finish(set);
      return;
    }
    const sync: Sync = {
      set,
      // Of the pods that the sync began with: what it does now shows in the next one's.
      status: {
        observedGeneration: seen.generation,
        replicas: this.#active[set]!,
        ready: this.#ready[set]!,
        available: this.#available[set]!,
      },
      version: seen.version,
      remaining: 0,
      batch: 0,
      failures: 0,
      inFlight: 0,
      isRetry: false,
    };
    const isSatisfied = this.#expectedCreations[set] === 0 && this.#expectedDeletions[set] === 0;
    const mayAct = isSatisfied && this.#use.simulation.nowNs <= this.#endNs;
    const { creates, deletes } = mayAct
      ? podDifference(this.#active[set]!, seen.replicas, REPLICA_SET_RULES.burstReplicas.value)
      : { creates: 0, deletes: 0 };
    sync.remaining = creates;
    this.#expectedCreations[set]! += creates;
    this.#expectedDeletions[set]! += deletes;
    if (deletes > 0) this.#deletePods(set, deletes, sync);
    else this.#createBatch(set, sync);
  }

  #createBatch(set: number, sync: Sync): void {
    const { client, latency } = this.#use;
    const initial = REPLICA_SET_RULES.slowStartInitialBatch.value;
    sync.batch = nextSlowStartBatch(sync.batch, sync.failures, sync.remaining, initial);
    if (sync.batch === 0) {
      // Nobody waits for pods that are not asked for any more.
      this.#expectedCreations[set]! -= sync.remaining;
      this.#writeStatus(set, sync);
      return;
    }
    sync.remaining -= sync.batch;
    sync.inFlight = sync.batch;
    for (let n = sync.batch; n > 0; n--) {
      client.write('pods', latency.pods.ns(set, this.#posts[set]!++), this.#post, set, 0, sync);
    }
  }

  /** A POST is committed; false when the workload has ended. */
  #createPod(set: number): boolean {
    const { simulation, servicePods, objects, podInformer, lifecycle } = this.#use;
    const { nowNs } = simulation;
    if (nowNs > this.#endNs) return false;
    const pod = servicePods.create(objects.serviceOf(set), objects.revisionOf(set), set);
    podInformer.created(pod);
    lifecycle.start(pod, nowNs);
    return true;
  }

  #onCreated(set: number, isOk: boolean, sync: Sync): void {
    if (isOk) this.#use.events.record(set);
    else {
      sync.failures++;
      this.#expectedCreations[set]!--;
    }
    if (--sync.inFlight === 0) this.#createBatch(set, sync);
  }

  #deletePods(set: number, count: number, sync: Sync): void {
    const { simulation, objects, deletionOrder, client, latency, pods } = this.#use;
    if (this.#isExpectedToGo.length < pods.count) {
      this.#isExpectedToGo = widen(this.#isExpectedToGo, 2 * pods.count);
    }
    const service = objects.serviceOf(set);
    const isTaken = (pod: number): boolean => this.#isExpectedToGo[pod] === 1;
    const chosen = deletionOrder.first(service, set, count, simulation.nowNs, isTaken);
    // Pods that somebody has deleted a moment ago are not seen to be gone yet: fewer are left to choose from.
    this.#expectedDeletions[set]! -= count - chosen.length;
    sync.inFlight = chosen.length;
    for (const pod of chosen) {
      this.#isExpectedToGo[pod] = 1;
      client.write('pods', latency.deletions.ns(service, pods.ordinal[pod]!), this.#delete, set, pod, sync);
    }
    if (chosen.length === 0) this.#writeStatus(set, sync);
  }

  /** A DELETE is committed; false when the workload has ended. A pod that is deleted already stays so. */
  #deletePod(pod: number): boolean {
    const { simulation, servicePods, lifecycle } = this.#use;
    if (simulation.nowNs > this.#endNs) return false;
    if (!servicePods.isLive(pod)) return true;
    servicePods.remove(pod);
    lifecycle.deleted(pod);
    return true;
  }

  #onDeleted(set: number, pod: number, isOk: boolean, sync: Sync): void {
    if (isOk) this.#use.events.record(set);
    else this.#expectNoDeletion(set, pod);
    if (--sync.inFlight === 0) this.#writeStatus(set, sync);
  }

  #writeStatus(set: number, sync: Sync): void {
    const { objects, client, latency } = this.#use;
    if (isSameStatus(sync.status, objects.seen(set).status)) {
      this.#finish(set);
      return;
    }
    client.write('other', latency.status.ns(set, this.#statusWrites[set]!++), this.#putStatus, set, 0, sync);
  }

  /** False: somebody has written the ReplicaSet since it was read. */
  #commitStatus(set: number, sync: Sync): boolean {
    const { objects } = this.#use;
    const current = objects.current(set);
    if (current.version !== sync.version) return false;
    // An update that changes nothing makes no new version and no watch event.
    if (!isSameStatus(current.status, sync.status)) objects.write(set, { status: sync.status });
    return true;
  }

  /** After a conflict the controller reads the object and tries once more. */
  #onStatusAnswered(set: number, isOk: boolean, sync: Sync): void {
    if (isOk) this.#finish(set);
    else if (sync.isRetry) this.#fail(set);
    else {
      sync.isRetry = true;
      this.#use.client.read(this.#use.getLatencyNs, this.#get, set, 0, sync);
    }
  }

  #onRead(set: number, sync: Sync): void {
    const { objects, client, latency } = this.#use;
    const current = objects.current(set);
    if (current.isDeleted) {
      this.#finish(set);
      return;
    }
    sync.version = current.version;
    client.write('other', latency.status.ns(set, this.#statusWrites[set]!++), this.#putStatus, set, 0, sync);
  }

  #fail(set: number): void {
    this.#queue.addRateLimited(set);
    this.#release(set);
  }

  #finish(set: number): void {
    this.#queue.forget(set);
    this.#release(set);
  }

  #release(set: number): void {
    this.#queue.done(set);
    this.#idleWorkers++;
    this.#startWorkers();
  }
}

/** 1 for a pod that counts as a replica and has this bit of Seen. */
const counted = (seen: number, bit: number): number => (isActive(seen) && (seen & bit) !== 0 ? 1 : 0);

const presence = (seen: number): number => ((seen & (Seen.known | Seen.gone)) === Seen.known ? 1 : 0);
