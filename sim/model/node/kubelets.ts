/**
 * The kubelets' status managers: how a change in a pod reaches the API server (pkg/kubelet/status/status_manager.go).
 *
 *   status of a pod changed --> [cache: the latest of each pod] --> [queue of the node] --> one goroutine per kubelet:
 *       GET --> differs? --> PATCH --> committed            each call through the qps/burst bucket,
 *                     pod stopped for good --> DELETE with grace 0 --> removed       one after the other
 *
 * What is written is the status that the cache holds when the pod's turn comes, so that a pod that changes twice while it waits
 * is written once. A kubelet with nothing to write has no event.
 *
 * A node that is lost writes nothing: calls that would leave it then are made when it is back, after which a tick of the
 * status manager's own finds what others have written meanwhile. That reconciliation comes every 10 s; only after a loss can
 * it find anything, so only then is it an event.
 *
 * Left out: retries, the status that a pod gets before it has an address (two calls more for each start), heartbeats
 * (heartbeats.ts).
 */

import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { widen } from '../cluster/columns.js';
import { NO_POD, PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient } from '../controlplane/api-servers.js';
import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import { TokenBuckets } from '../controlplane/token-bucket.js';

export interface KubeletParameters {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  /** Latency of a GET of one pod. */
  readonly getLatencyNs: number;
  /** How often a status manager compares its cache with the API. */
  readonly reconcilePeriodNs: number;
}

export interface StatusListener {
  /**
   * A status of the pod is committed now: its address and Ready bits. `changeNs` is when the earliest change in it truly
   * happened, `transitionNs` the last transition of its Ready condition that had not been written, or NO_TRANSITION.
   */
  onStatusWritten(pod: number, status: number, changeNs: number, transitionNs: number): void;
  /** The pod is removed from the API now. */
  onRemoved(pod: number): void;
}

/** The Ready condition is as it was when it was last written. */
export const NO_TRANSITION = -1;

/** In the cache, beside the bits of PodState: the pod's containers have stopped for good. */
export const FINAL_STATUS = 128;

const STATUS_BITS = PodState.hasAddress | PodState.ready;
const INITIAL_CAPACITY = 1024;
const NOT_QUEUED = 0;
const QUEUED = 1;

export class Kubelets {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #api: ApiClient;
  readonly #parameters: KubeletParameters;
  readonly #listener: StatusListener;
  readonly #buckets: TokenBuckets;
  readonly #writeLatency: WriteLatency;
  readonly #reconcileHash: CounterHash;
  readonly #gotKind: EventKind;
  readonly #patchedKind: EventKind;
  readonly #deletedKind: EventKind;
  readonly #reconcileKind: EventKind;

  // By node. The pod that is being written with what is written of it, and the call that is under way.
  readonly #current: Int32Array;
  readonly #status: Uint8Array;
  readonly #changeNs: Float64Array;
  readonly #transitionNs: Float64Array;
  readonly #sentNs: Float64Array;
  /** Since when the node has been lost, or Infinity. */
  readonly #downSinceNs: Float64Array;
  readonly #reconciliations: Int32Array;
  /** Writes that each kubelet has made: the key of their latencies. */
  readonly #writes: Int32Array;
  readonly #firstInQueue: Int32Array;
  readonly #lastInQueue: Int32Array;

  // By pod: the cache. Changes are those that have not been written.
  #cached = new Uint8Array(INITIAL_CAPACITY);
  #cachedChangeNs = new Float64Array(INITIAL_CAPACITY).fill(Infinity);
  #cachedTransitionNs = new Float64Array(INITIAL_CAPACITY).fill(NO_TRANSITION);
  #queued = new Uint8Array(INITIAL_CAPACITY);
  #nextInQueue = new Int32Array(INITIAL_CAPACITY);

  constructor(
    simulation: Simulation,
    nodes: number,
    pods: PodTable,
    api: ApiClient,
    etcd: Etcd,
    parameters: KubeletParameters,
    listener: StatusListener,
    streams: RandomStreams,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#api = api;
    this.#parameters = parameters;
    this.#listener = listener;
    this.#buckets = new TokenBuckets(nodes, parameters.kubeApiQps, parameters.kubeApiBurst);
    this.#writeLatency = etcd.writesOf('kubelet');
    this.#reconcileHash = streams.hash('kubelet-status-reconcile');
    this.#current = new Int32Array(nodes).fill(NO_POD);
    this.#status = new Uint8Array(nodes);
    this.#changeNs = new Float64Array(nodes);
    this.#transitionNs = new Float64Array(nodes);
    this.#sentNs = new Float64Array(nodes);
    this.#downSinceNs = new Float64Array(nodes).fill(Infinity);
    this.#reconciliations = new Int32Array(nodes);
    this.#writes = new Int32Array(nodes);
    this.#firstInQueue = new Int32Array(nodes).fill(NO_POD);
    this.#lastInQueue = new Int32Array(nodes).fill(NO_POD);
    this.#gotKind = simulation.registerKind('kubelet: status GET answered', (node) => this.#onGot(node));
    this.#patchedKind = simulation.registerKind('kubelet: status PATCH answered', (node) => this.#onPatched(node));
    this.#deletedKind = simulation.registerKind('kubelet: pod DELETE answered', (node) => this.#onDeleted(node));
    this.#reconcileKind = simulation.registerKind('kubelet: status reconciliation', (node) => this.#reconcile(node));
  }

  /** Use of the client of the busiest kubelet, from 0 to 1. */
  get clientUtilization(): number {
    let most = 0;
    for (let node = 0; node < this.#current.length; node++) most = Math.max(most, this.#buckets.utilization(node));
    return most;
  }

  /** The status that the kubelet has in its cache. */
  status(pod: number): number {
    return pod < this.#cached.length ? this.#cached[pod]! : 0;
  }

  /** The pod was there before the run, and everybody knows its status. */
  adopt(pod: number, status: number): void {
    this.#makeRoom(pod);
    this.#cached[pod] = status;
  }

  /** The kubelet finds another status of the pod now. For `changeNs` and `transitionNs` see StatusListener. */
  setStatus(pod: number, status: number, changeNs: number, transitionNs: number): void {
    this.#makeRoom(pod);
    if (this.#cached[pod] === status && transitionNs === NO_TRANSITION) return;
    this.#cached[pod] = status;
    this.#cachedChangeNs[pod] = Math.min(this.#cachedChangeNs[pod]!, changeNs);
    if (transitionNs !== NO_TRANSITION) this.#cachedTransitionNs[pod] = transitionNs;
    this.#enqueue(pod);
  }

  /** The node is lost now. */
  nodeLost(node: number): void {
    this.#downSinceNs[node] = this.#simulation.nowNs;
  }

  /** The node is back now. */
  nodeReturned(node: number): void {
    this.#downSinceNs[node] = Infinity;
    this.#start(node);
    this.reconcileAtNextTick(node);
  }

  /** Somebody else may have written a status of a pod on the node: the status manager finds out at its next tick. */
  reconcileAtNextTick(node: number): void {
    const uniform = this.#reconcileHash.uniform(node, this.#reconciliations[node]!++);
    const delayNs = Math.ceil(uniform * this.#parameters.reconcilePeriodNs);
    this.#simulation.schedule(this.#simulation.nowNs + delayNs, this.#reconcileKind, node);
  }

  #reconcile(node: number): void {
    if (!this.#isUp(node)) return;
    for (const pod of this.#pods.podsOn(node)) {
      const cached = this.status(pod);
      if (((cached ^ this.#pods.stored[pod]!) & STATUS_BITS) === 0) continue;
      this.#cachedChangeNs[pod] = Math.min(this.#cachedChangeNs[pod]!, this.#simulation.nowNs);
      this.#enqueue(pod);
    }
  }

  #isUp(node: number): boolean {
    return this.#downSinceNs[node] === Infinity;
  }

  #enqueue(pod: number): void {
    if (this.#queued[pod] === QUEUED) return;
    this.#queued[pod] = QUEUED;
    this.#nextInQueue[pod] = NO_POD;
    const node = this.#pods.node[pod]!;
    const last = this.#lastInQueue[node]!;
    if (last === NO_POD) this.#firstInQueue[node] = pod;
    else this.#nextInQueue[last] = pod;
    this.#lastInQueue[node] = pod;
    this.#start(node);
  }

  /** Takes the next pod of the queue, unless the goroutine is at another or the node is lost. */
  #start(node: number): void {
    if (this.#current[node] !== NO_POD || !this.#isUp(node)) return;
    const pod = this.#firstInQueue[node]!;
    if (pod === NO_POD) return;
    this.#firstInQueue[node] = this.#nextInQueue[pod]!;
    if (this.#firstInQueue[node] === NO_POD) this.#lastInQueue[node] = NO_POD;
    this.#queued[pod] = NOT_QUEUED;
    this.#current[node] = pod;
    this.#status[node] = this.#cached[pod]!;
    this.#changeNs[node] = this.#cachedChangeNs[pod]!;
    this.#transitionNs[node] = this.#cachedTransitionNs[pod]!;
    this.#cachedChangeNs[pod] = Infinity;
    this.#cachedTransitionNs[pod] = NO_TRANSITION;
    const sentNs = this.#reserve(node);
    this.#api.read(node, sentNs, this.#parameters.getLatencyNs, this.#gotKind, node);
  }

  #onGot(node: number): void {
    if (this.#wasCutOff(node)) return;
    const pod = this.#current[node]!;
    const stored = this.#pods.stored[pod]!;
    const status = this.#status[node]!;
    if ((stored & PodState.gone) !== 0) {
      this.#finish(node);
      return;
    }
    // A final status says that the containers have stopped, which no status before did.
    const differs =
      (status & FINAL_STATUS) !== 0 ||
      this.#transitionNs[node] !== NO_TRANSITION ||
      ((status ^ stored) & STATUS_BITS) !== 0;
    if (differs) this.#write(node, this.#patchedKind);
    else this.#finish(node);
  }

  #onPatched(node: number): void {
    if (this.#wasCutOff(node)) return;
    const status = this.#status[node]!;
    this.#listener.onStatusWritten(
      this.#current[node]!,
      status & STATUS_BITS,
      this.#changeNs[node]!,
      this.#transitionNs[node]!,
    );
    if ((status & FINAL_STATUS) !== 0) this.#write(node, this.#deletedKind);
    else this.#finish(node);
  }

  #onDeleted(node: number): void {
    if (this.#wasCutOff(node)) return;
    this.#listener.onRemoved(this.#current[node]!);
    this.#finish(node);
  }

  #finish(node: number): void {
    this.#current[node] = NO_POD;
    this.#start(node);
  }

  /** A call that should have left the node after it was lost never did: its pod waits again. */
  #wasCutOff(node: number): boolean {
    if (this.#sentNs[node]! < this.#downSinceNs[node]!) return false;
    const pod = this.#current[node]!;
    this.#current[node] = NO_POD;
    this.#cachedChangeNs[pod] = Math.min(this.#cachedChangeNs[pod]!, this.#changeNs[node]!);
    if (this.#cachedTransitionNs[pod] === NO_TRANSITION) this.#cachedTransitionNs[pod] = this.#transitionNs[node]!;
    this.#enqueue(pod);
    return true;
  }

  #write(node: number, answered: EventKind): void {
    const sentNs = this.#reserve(node);
    const latencyNs = this.#writeLatency.ns(node, this.#writes[node]!++);
    this.#api.write(node, 'pods', sentNs, latencyNs, answered, node);
  }

  #reserve(node: number): number {
    const sentNs = this.#buckets.reserve(node, this.#simulation.nowNs);
    this.#sentNs[node] = sentNs;
    return sentNs;
  }

  #makeRoom(pod: number): void {
    if (pod < this.#cached.length) return;
    const before = this.#cached.length;
    const capacity = Math.max(2 * before, pod + 1);
    this.#cached = widen(this.#cached, capacity);
    this.#cachedChangeNs = widen(this.#cachedChangeNs, capacity).fill(Infinity, before);
    this.#cachedTransitionNs = widen(this.#cachedTransitionNs, capacity).fill(NO_TRANSITION, before);
    this.#queued = widen(this.#queued, capacity);
    this.#nextInQueue = widen(this.#nextInQueue, capacity);
  }
}
