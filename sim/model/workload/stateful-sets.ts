/**
 * The StatefulSet controller (pkg/controller/statefulset).
 *
 *   user: template or replicas changed ──┐
 *   informer: pod changed ───────────────┴─> work queue --> one of n workers (stateful-set-rules.ts):
 *       pods that are missing, pods that are too many, then pods of an old revision --> [client bucket] --> POST, DELETE
 *       then: status, if it differs
 *
 * A pod has a name of its own, its ordinal, so its successor is made only when it is gone: an update takes the time of a
 * shutdown and a start for each step. The successor has the same name and another address.
 *
 * The controller knows of its own creations at once; with the real one a sync in the few milliseconds before the informer
 * shows a pod is told that it exists already, and is tried again.
 *
 * Left out: volume claims, OnDelete, spec.ordinals.start, conflicts.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { PodTable } from '../cluster/pods.js';
import type { Controller } from '../controlplane/controller-manager.js';
import type { ControllerClient, RequestKind } from '../controlplane/controller-client.js';
import type { WriteLatency } from '../controlplane/etcd.js';
import type { EventRecorder } from '../controlplane/event-recorder.js';
import { WorkQueue } from '../controlplane/work-queue.js';
import { REPLICA_SET_RULES } from '../versions/workload-rules.js';
import { Seen, type PodHandler, type PodInformer } from './pod-informer.js';
import type { PodOwnersLifecycle } from './pod-lifecycle.js';
import { nextSlowStartBatch } from './replica-set-rules.js';
import type { ServicePods } from './service-pods.js';
import { planScale, planUpdate, resolveMaxUnavailable, type PodManagementPolicy } from './stateful-set-rules.js';
import { isDone, newSet, slotOf, statusText, type StatefulSet, type StatefulSetRollout } from './stateful-set-state.js';

export interface StatefulSetDependencies {
  readonly simulation: Simulation;
  readonly services: number;
  readonly pods: PodTable;
  readonly servicePods: ServicePods;
  readonly podInformer: PodInformer;
  readonly lifecycle: PodOwnersLifecycle;
  readonly client: ControllerClient;
  readonly events: EventRecorder;
  readonly latency: { readonly pods: WriteLatency; readonly other: WriteLatency };
  readonly watchLatencyNs: number;
  /** Of the service's StatefulSet; null: a Deployment runs the service. */
  readonly policyOf: (service: number) => PodManagementPolicy | null;
}

/** A sync that waits for answers. */
interface Sync {
  readonly service: number;
  /** As the sync began: a change meanwhile is for the next one. */
  readonly replicas: number;
  readonly creates: readonly number[];
  /** Pods of the present batch, or the one request that is under way. */
  inFlight: number;
  nextCreate: number;
  batch: number;
  /** Ordinals to the end of the present batch of a Parallel set; ordinals that have a pod count and take no request. */
  covered: number;
  deletes: number[];
  step: 'scale' | 'update' | 'status';
  mustWait: boolean;
}

export class StatefulSets implements PodHandler, Controller {
  readonly name = 'statefulset-controller';
  readonly #use: StatefulSetDependencies;
  readonly #workers: number;
  readonly #endNs: number;
  /** Feature gate MaxUnavailableStatefulSet. */
  readonly #hasMaxUnavailable: boolean;
  readonly #sets = new Map<number, StatefulSet>();
  readonly #dueKind: EventKind;
  readonly #post: RequestKind<Sync>;
  readonly #delete: RequestKind<Sync>;
  readonly #put: RequestKind<Sync>;
  readonly #queue: WorkQueue;
  #idleWorkers: number;
  #isStopped = false;
  #isStarting = false;
  #writes = 0;

  /** `workers`: --concurrent-statefulset-syncs. No pod is created or deleted after `endNs`. */
  constructor(use: StatefulSetDependencies, workers: number, hasMaxUnavailable: boolean, endNs: number) {
    this.#use = use;
    this.#workers = workers;
    this.#endNs = endNs;
    this.#hasMaxUnavailable = hasMaxUnavailable;
    this.#idleWorkers = workers;
    for (let service = 0; service < use.services; service++) {
      const policy = use.policyOf(service);
      if (policy !== null) this.#sets.set(service, newSet(policy));
    }
    this.#queue = new WorkQueue(this.#sets.size === 0 ? 0 : use.services);
    this.#dueKind = use.simulation.registerKind('informer: stateful set', (service) => this.#enqueue(service));
    this.#post = {
      commit: (service, ordinal) => this.#createPod(service, ordinal),
      answered: (service, _, isOk, sync) => this.#onPodAnswered(service, isOk, sync),
    };
    this.#delete = {
      commit: (_, pod) => this.#deletePod(pod),
      answered: (service, _, isOk, sync) => this.#onPodAnswered(service, isOk, sync),
    };
    this.#put = { commit: () => true, answered: (_, __, ___, sync) => this.#continue(sync) };
  }

  /** Whether a StatefulSet runs the service. */
  owns(service: number): boolean {
    return this.#sets.has(service);
  }

  /** spec.podManagementPolicy of the service's StatefulSet. */
  policyOf(service: number): PodManagementPolicy {
    return this.#set(service).policy;
  }

  /** Adds a pod that existed before the run, ready for long. */
  adopt(service: number): number {
    const { servicePods, podInformer } = this.#use;
    const ordinal = servicePods.desired(service);
    servicePods.setDesired(service, ordinal + 1);
    const pod = servicePods.create(service, 0, ordinal);
    podInformer.adopt(pod);
    const set = this.#set(service);
    set.slots.push({ pod, exists: true, isTerminating: false, isAvailable: true, isStale: false });
    const pods = set.slots.length;
    set.status = statusText(set.generation, pods, pods, pods);
    return pod;
  }

  /** The pod template changes now. */
  rollOut(service: number, rollout: StatefulSetRollout): void {
    const set = this.#set(service);
    set.rollout = rollout;
    set.updateRevision++;
    set.isRollingOut = true;
    set.isRevisionStored = false;
    for (const slot of set.slots) slot.isStale = true;
    this.scaled(service);
  }

  /** The spec has changed now. */
  scaled(service: number): void {
    const { simulation, watchLatencyNs } = this.#use;
    this.#set(service).generation++;
    simulation.schedule(simulation.nowNs + watchLatencyNs, this.#dueKind, service);
  }

  /** Updates that have not replaced every pod that they are for, and the share that they have. */
  unfinished(): { readonly service: number; readonly share: number }[] {
    return [...this.#sets].flatMap(([service, { isRollingOut }]) =>
      isRollingOut ? [{ service, share: this.shareUpdated(service) }] : [],
    );
  }

  shareUpdated(service: number): number {
    const { slots, rollout, isRollingOut } = this.#set(service);
    if (!isRollingOut) return 1;
    const end = Math.min(slots.length, this.#use.servicePods.desired(service));
    let done = 0;
    for (let ordinal = rollout.partition; ordinal < end; ordinal++) if (isDone(slots[ordinal]!)) done++;
    return done / Math.max(1, end - rollout.partition);
  }

  /** Use of the controller's client, from 0 to 1. */
  get clientUtilization(): number {
    return this.#use.client.utilization;
  }

  /** The process ends: what was queued and not yet sent is lost. */
  stop(): void {
    this.#isStopped = true;
    this.#use.client.stop();
    this.#use.events.stop();
    this.#queue.clear();
    this.#idleWorkers = this.#workers;
  }

  /** Another process takes over and syncs every StatefulSet. */
  start(): void {
    this.#isStopped = false;
    this.#use.client.start();
    for (const service of this.#sets.keys()) this.#enqueue(service);
  }

  podChanged(pod: number, _before: number, after: number): void {
    this.#notice(pod, after);
  }

  podDue(pod: number): void {
    this.#enqueue(this.#use.pods.service[pod]!);
  }

  minReadyNs(pod: number): number {
    return this.#set(this.#use.pods.service[pod]!).rollout.minReadyNs;
  }

  #set(service: number): StatefulSet {
    return this.#sets.get(service)!;
  }

  #notice(pod: number, seen: number): void {
    const { pods, servicePods } = this.#use;
    const set = this.#set(pods.service[pod]!);
    const slot = slotOf(set, servicePods.placeOf(pod));
    const isGone = (seen & Seen.gone) !== 0;
    if (slot.pod !== pod) {
      // Somebody has put another pod into its place.
      if (isGone || (slot.exists && slot.pod > pod)) return;
      slot.pod = pod;
      slot.isStale = pods.revision[pod] !== set.updateRevision;
    }
    slot.exists = !isGone;
    slot.isTerminating = (seen & Seen.terminating) !== 0;
    slot.isAvailable = (seen & Seen.available) !== 0;
  }

  #enqueue(service: number): void {
    if (this.#isStopped) return;
    this.#queue.add(service);
    this.#startWorkers();
  }

  #startWorkers(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#idleWorkers > 0) {
      const service = this.#queue.take();
      if (service < 0) break;
      this.#idleWorkers--;
      this.#sync(service);
    }
    this.#isStarting = false;
  }

  #sync(service: number): void {
    const set = this.#set(service);
    const replicas = this.#use.servicePods.desired(service);
    if (replicas > 0) slotOf(set, replicas - 1);
    const mayAct = this.#use.simulation.nowNs <= this.#endNs;
    const { creates, deletes, mustWait } = mayAct
      ? planScale({ policy: set.policy, replicas, pods: set.slots })
      : { creates: [], deletes: [], mustWait: true };
    const sync: Sync = {
      service,
      replicas,
      creates,
      inFlight: 0,
      nextCreate: 0,
      batch: 0,
      covered: 0,
      deletes: [...deletes],
      step: 'scale',
      mustWait,
    };
    if (set.isRevisionStored) {
      this.#continue(sync);
      return;
    }
    set.isRevisionStored = true;
    const { client, latency } = this.#use;
    // POST of the ControllerRevision.
    client.write('other', latency.other.ns(service, this.#writes++), this.#put, service, 0, sync);
  }

  /** The next request of the sync, or batch of them; each when the one before is answered. */
  #continue(sync: Sync): void {
    const { service } = sync;
    if (sync.nextCreate < sync.creates.length) {
      this.#createBatch(sync);
      return;
    }
    const ordinal = sync.deletes.shift();
    if (ordinal !== undefined) {
      this.#sendDeletion(service, ordinal, sync);
      return;
    }
    if (sync.step === 'scale') {
      sync.step = 'update';
      if (!sync.mustWait) sync.deletes = this.#planUpdate(service, sync.replicas);
      this.#continue(sync);
      return;
    }
    if (sync.step === 'update') {
      sync.step = 'status';
      this.#writeStatus(sync);
      return;
    }
    this.#queue.done(service);
    this.#idleWorkers++;
    this.#startWorkers();
  }

  #planUpdate(service: number, replicas: number): number[] {
    const { policy, slots, rollout } = this.#set(service);
    const maxUnavailable = this.#hasMaxUnavailable ? resolveMaxUnavailable(rollout.maxUnavailable, replicas) : null;
    return planUpdate({ policy, replicas, pods: slots }, { partition: rollout.partition, maxUnavailable });
  }

  /** Batches are of ordinals, and those that have a pod take no request. */
  #createBatch(sync: Sync): void {
    const { client, latency } = this.#use;
    const { service, creates, replicas } = sync;
    const initial = REPLICA_SET_RULES.slowStartInitialBatch.value;
    const first = sync.nextCreate;
    while (sync.nextCreate === first) {
      sync.batch = Math.max(1, nextSlowStartBatch(sync.batch, 0, Math.max(0, replicas - sync.covered), initial));
      sync.covered += sync.batch;
      while (sync.nextCreate < creates.length && creates[sync.nextCreate]! < sync.covered) sync.nextCreate++;
    }
    sync.inFlight = sync.nextCreate - first;
    for (let index = first; index < first + sync.inFlight; index++) {
      const ordinal = creates[index]!;
      client.write('pods', latency.pods.ns(service, this.#writes++), this.#post, service, ordinal, sync);
    }
  }

  #createPod(service: number, ordinal: number): boolean {
    const { simulation, servicePods, podInformer, lifecycle } = this.#use;
    if (simulation.nowNs > this.#endNs) return false;
    const set = this.#set(service);
    const slot = slotOf(set, ordinal);
    if (slot.exists) return false;
    const revision = ordinal < set.rollout.partition ? set.currentRevision : set.updateRevision;
    slot.pod = servicePods.create(service, revision, ordinal);
    slot.exists = true;
    slot.isTerminating = false;
    slot.isAvailable = false;
    slot.isStale = revision !== set.updateRevision;
    podInformer.created(slot.pod);
    lifecycle.start(slot.pod, simulation.nowNs);
    return true;
  }

  #sendDeletion(service: number, ordinal: number, sync: Sync): void {
    const { client, latency } = this.#use;
    const { pod } = this.#set(service).slots[ordinal]!;
    sync.inFlight = 1;
    client.write('pods', latency.pods.ns(service, this.#writes++), this.#delete, service, pod, sync);
  }

  #deletePod(pod: number): boolean {
    const { simulation, servicePods, lifecycle, pods } = this.#use;
    if (simulation.nowNs > this.#endNs) return false;
    if (!servicePods.isLive(pod)) return true;
    servicePods.remove(pod);
    lifecycle.deleted(pod);
    const slot = this.#set(pods.service[pod]!).slots[servicePods.placeOf(pod)]!;
    if (slot.pod === pod) slot.isTerminating = true;
    return true;
  }

  #onPodAnswered(service: number, isOk: boolean, sync: Sync): void {
    if (isOk) this.#use.events.record(service);
    if (--sync.inFlight === 0) this.#continue(sync);
  }

  #writeStatus(sync: Sync): void {
    const { service } = sync;
    const { servicePods, client, latency } = this.#use;
    const set = this.#set(service);
    const replicas = servicePods.desired(service);
    let existing = 0;
    let available = 0;
    let updated = 0;
    let done = 0;
    for (let ordinal = 0; ordinal < set.slots.length; ordinal++) {
      const slot = set.slots[ordinal]!;
      if (!slot.exists || slot.isTerminating) continue;
      existing++;
      if (slot.isAvailable) available++;
      if (!slot.isStale) updated++;
      if (isDone(slot) && ordinal >= set.rollout.partition && ordinal < replicas) done++;
    }
    if (set.isRollingOut && done === Math.max(0, replicas - set.rollout.partition) && available === replicas) {
      set.isRollingOut = false;
      if (updated === replicas) set.currentRevision = set.updateRevision;
    }
    while (set.slots.length > replicas && !set.slots.at(-1)!.exists) set.slots.pop();
    const status = statusText(set.generation, existing, available, updated);
    if (status === set.status) {
      this.#continue(sync);
      return;
    }
    set.status = status;
    client.write('other', latency.other.ns(service, this.#writes++), this.#put, service, 0, sync);
  }
}
