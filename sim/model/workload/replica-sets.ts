/**
 * The ReplicaSet controller, as far as it makes and removes pods: one client with one qps/burst bucket for the whole cluster.
 *
 *   "one more pod", "this pod less" --> [client bucket] --> POST, DELETE --> pod life cycle
 *
 * So 1,000 pods at the default 20/30 take (1000 - 30) / 20 = 48.5 s to be created, whatever the cluster could start at once. A
 * pod exists from the moment its POST leaves the bucket; until then it is only counted, and nobody can delete it.
 *
 * Every pod has the revision of its service's pod template that it was made from, which tells the old pods of a rolling
 * update from the new ones.
 *
 * Left out: slow start and the 500 pods a sync, expectations, events in the same bucket.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { EvenPlacement } from '../cluster/placement.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import { TokenBucket } from '../controlplane/token-bucket.js';
import type { PodLifecycle } from './pod-lifecycle.js';

/** Hears of the pods of a service that come into being or are deleted. */
export interface ReplicaListener {
  onCreated(service: number, pod: number): void;
  onDeleted(service: number, pod: number): void;
}

export class ReplicaSets {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #placement: EvenPlacement;
  readonly #lifecycle: PodLifecycle;
  readonly #client: TokenBucket;
  readonly #createdKind: EventKind;
  readonly #endNs: number;
  readonly #listeners: ReplicaListener[] = [];
  /** Pods of each service that exist and are not deleted; a hole is filled from the end. */
  readonly #replicas: number[][];
  /** How many pods each service is meant to have, without the surge of a rolling update. */
  readonly #desired: Int32Array;
  /** The newest revision of each service's pod template. */
  readonly #revision: Int32Array;
  /** Pods of the newest revision, and of all older ones: those that exist, and those whose POST waits in the bucket. */
  readonly #newPods: Int32Array;
  readonly #oldPods: Int32Array;

  /** No pod is created or deleted after `endNs`. */
  constructor(
    simulation: Simulation,
    services: number,
    pods: PodTable,
    placement: EvenPlacement,
    lifecycle: PodLifecycle,
    client: { readonly kubeApiQps: number; readonly kubeApiBurst: number },
    endNs: number,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#placement = placement;
    this.#lifecycle = lifecycle;
    this.#client = new TokenBucket(client.kubeApiQps, client.kubeApiBurst);
    this.#createdKind = simulation.registerKind('replica set: pod created', (service, revision) =>
      this.#onCreated(service, revision),
    );
    this.#endNs = endNs;
    this.#replicas = Array.from({ length: services }, () => []);
    this.#desired = new Int32Array(services);
    this.#revision = new Int32Array(services);
    this.#newPods = new Int32Array(services);
    this.#oldPods = new Int32Array(services);
  }

  addListener(listener: ReplicaListener): void {
    this.#listeners.push(listener);
  }

  /** Pods of the service that exist and are not deleted. */
  replicas(service: number): readonly number[] {
    return this.#replicas[service]!;
  }

  /** Whether the pod exists and is not deleted. */
  isLive(pod: number): boolean {
    return (this.#pods.condition[pod]! & (PodState.terminating | PodState.gone)) === 0;
  }

  desired(service: number): number {
    return this.#desired[service]!;
  }

  /** The newest revision of the service's pod template. */
  revision(service: number): number {
    return this.#revision[service]!;
  }

  /** The pod template changes: all pods so far are old ones. */
  startRevision(service: number): void {
    this.#revision[service]!++;
    this.#oldPods[service]! += this.#newPods[service]!;
    this.#newPods[service] = 0;
  }

  /** Pods of the newest revision, with those that are about to be created. */
  newPods(service: number): number {
    return this.#newPods[service]!;
  }

  /** Pods of older revisions, with those that are about to be created. */
  oldPods(service: number): number {
    return this.#oldPods[service]!;
  }

  /** Adds a pod that existed before the run. */
  adopt(service: number): number {
    this.#desired[service]!++;
    this.#count(service, 0, 1);
    return this.#add(service, 0);
  }

  /** Sets how many pods the service is meant to have; it is for the caller to create or delete them. */
  setDesired(service: number, desired: number): void {
    this.#desired[service] = desired;
  }

  /** Creates a pod of this revision through the controller's client. */
  create(service: number, revision: number): void {
    const sentNs = this.#client.reserve(this.#simulation.nowNs);
    this.#count(service, revision, 1);
    this.#simulation.schedule(sentNs, this.#createdKind, service, revision);
  }

  /** Deletes a live pod through the controller's client; false when the DELETE would leave after the end of the workload. */
  delete(service: number, pod: number): boolean {
    const sentNs = this.#client.reserve(this.#simulation.nowNs);
    if (sentNs > this.#endNs) return false;
    this.#remove(service, pod);
    this.#lifecycle.delete(pod, sentNs);
    return true;
  }

  /** Somebody else deletes a live pod now, with a client of their own. */
  deleteByOther(service: number, pod: number): void {
    this.#remove(service, pod);
    this.#lifecycle.delete(pod, this.#simulation.nowNs);
  }

  /** A live pod is replaced by a new one of the same revision in a single API update, now. */
  replaceAtOnce(service: number, pod: number): void {
    this.#remove(service, pod);
    const revision = this.#pods.revision[pod]!;
    this.#count(service, revision, 1);
    const successor = this.#add(service, revision);
    this.#lifecycle.replaceAtOnce(pod, successor);
    this.#announce(service, successor);
  }

  /** Creates or deletes until the service has the pods that it is meant to have. Not for one that is being rolled over. */
  reconcile(service: number): void {
    const missing = this.#desired[service]! - this.#newPods[service]! - this.#oldPods[service]!;
    for (let n = missing; n > 0; n--) this.create(service, this.#revision[service]!);
    if (missing < 0) this.deleteLowestRanked(service, -missing, () => true);
  }

  /** Deletes so many of the pods that are eligible in the order of the controller's ranking: not ready first, then the youngest. */
  deleteLowestRanked(service: number, count: number, isEligible: (pod: number) => boolean): void {
    const isReady = (pod: number): number => ((this.#pods.observed[pod]! & PodState.ready) === 0 ? 0 : 1);
    const ranked = this.#replicas[service]!.filter(isEligible).sort((a, b) => isReady(a) - isReady(b) || b - a);
    for (const pod of ranked.slice(0, count)) this.delete(service, pod);
  }

  #onCreated(service: number, revision: number): void {
    const nowNs = this.#simulation.nowNs;
    if (nowNs > this.#endNs) {
      this.#count(service, revision, -1);
      return;
    }
    const pod = this.#add(service, revision);
    this.#lifecycle.start(pod, nowNs);
    this.#announce(service, pod);
  }

  #count(service: number, revision: number, change: 1 | -1): void {
    const pods = revision === this.#revision[service] ? this.#newPods : this.#oldPods;
    pods[service]! += change;
  }

  #announce(service: number, pod: number): void {
    for (const listener of this.#listeners) listener.onCreated(service, pod);
  }

  #add(service: number, revision: number): number {
    const pod = this.#pods.create(service, this.#placement.next());
    this.#pods.revision[pod] = revision;
    this.#replicas[service]!.push(pod);
    return pod;
  }

  #remove(service: number, pod: number): void {
    const replicas = this.#replicas[service]!;
    const index = replicas.indexOf(pod);
    if (index < 0) throw new Error(`pod ${pod} of service ${service} is deleted a second time`);
    const last = replicas.pop()!;
    if (index < replicas.length) replicas[index] = last;
    this.#count(service, this.#pods.revision[pod]!, -1);
    for (const listener of this.#listeners) listener.onDeleted(service, pod);
  }
}
