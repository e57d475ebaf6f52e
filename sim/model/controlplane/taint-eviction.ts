/**
 * Taint-based eviction: deletes the pods of nodes that have been unreachable for longer than the pods tolerate
 * (pkg/controller/tainteviction).
 *
 *   node tainted --informer--> [tolerationSeconds] --> queue of pods --> 8 workers: Event, GET, PATCH (DisruptionTarget), DELETE
 *   taint removed --> those that are not deleted yet stay
 *
 * Four requests a pod, Event included, all through one client: at 20/30 it is 5 pods a second. The kubelet of a lost node does
 * not hear of the deletion, so its pods stay terminating until the node is back.
 *
 * Left out: taints other than unreachable:NoExecute, tolerations of a pod's own, retries.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { PodStage, PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient } from './api-servers.js';
import type { Controller } from './controller-manager.js';
import type { Etcd, WriteLatency } from './etcd.js';
import { TokenBucket } from './token-bucket.js';

export interface TaintEvictionParameters {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  readonly workers: number;
  /** How long pods tolerate the taint. */
  readonly tolerationNs: number;
  readonly getLatencyNs: number;
  /** From a commit to the controller's informer. */
  readonly watchLatencyNs: number;
}

const NOT_TAINTED = -1;
const DELETED = PodState.terminating | PodState.gone;

export class TaintEviction implements Controller {
  readonly name = 'taint-eviction-controller';

  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #api: ApiClient;
  readonly #writeLatency: WriteLatency;
  readonly #parameters: TaintEvictionParameters;
  readonly #evict: (pod: number) => void;
  readonly #bucket: TokenBucket;
  readonly #toleratedKind: EventKind;
  readonly #gotKind: EventKind;
  readonly #patchedKind: EventKind;
  readonly #deleteKind: EventKind;
  /** Number of the taint that is on each node, or NOT_TAINTED. */
  readonly #taint: Int32Array;
  #taints = 0;
  /** Pods whose time is up, the next one last after `#due` has been turned round. */
  #due: number[] = [];
  #dueLater: number[] = [];
  #busyWorkers = 0;
  #isStopped = false;

  /** `evict` is called when the DELETE of a pod leaves. */
  constructor(
    simulation: Simulation,
    nodes: number,
    pods: PodTable,
    api: ApiClient,
    etcd: Etcd,
    parameters: TaintEvictionParameters,
    evict: (pod: number) => void,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#api = api;
    this.#writeLatency = etcd.writesOf('taint-eviction-controller');
    this.#parameters = parameters;
    this.#evict = evict;
    this.#bucket = new TokenBucket(parameters.kubeApiQps, parameters.kubeApiBurst);
    this.#taint = new Int32Array(nodes).fill(NOT_TAINTED);
    this.#toleratedKind = simulation.registerKind('taint eviction: toleration over', (node, taint) =>
      this.#onTolerated(node, taint),
    );
    this.#gotKind = simulation.registerKind('taint eviction: GET answered', (pod) => this.#onGot(pod));
    this.#patchedKind = simulation.registerKind('taint eviction: PATCH answered', (pod) => this.#onPatched(pod));
    this.#deleteKind = simulation.registerKind('taint eviction: DELETE leaves', (pod) => this.#onDelete(pod));
  }

  /** Use of the client, from 0 to 1. */
  get clientUtilization(): number {
    return this.#bucket.utilization;
  }

  /** The taint is committed now. */
  tainted(node: number): void {
    this.#taint[node] = this.#taints++;
    if (!this.#isStopped) this.#wait(node, this.#parameters.watchLatencyNs);
  }

  /** The removal of the taint is committed now. */
  untainted(node: number): void {
    this.#taint[node] = NOT_TAINTED;
  }

  /** The controller manager stops: timers and queue are lost. */
  stop(): void {
    this.#isStopped = true;
    this.#due = [];
    this.#dueLater = [];
    this.#busyWorkers = 0;
  }

  /** Another controller manager takes over, and counts all tolerations from now. */
  start(): void {
    this.#isStopped = false;
    for (const [node, taint] of this.#taint.entries()) {
      if (taint === NOT_TAINTED) continue;
      this.#taint[node] = this.#taints++;
      this.#wait(node, 0);
    }
  }

  #wait(node: number, delayNs: number): void {
    const dueNs = this.#simulation.nowNs + delayNs + this.#parameters.tolerationNs;
    this.#simulation.schedule(dueNs, this.#toleratedKind, node, this.#taint[node]);
  }

  #onTolerated(node: number, taint: number): void {
    if (this.#isStopped || this.#taint[node] !== taint) return;
    // A pod without a node only seems to be on this one.
    const pods = this.#pods.podsOn(node).filter((pod) => this.#pods.stage[pod] !== PodStage.unbound);
    for (const pod of pods) this.#dueLater.push(pod);
    this.#startWorkers();
  }

  #startWorkers(): void {
    while (this.#busyWorkers < this.#parameters.workers) {
      const pod = this.#nextDue();
      if (pod === undefined) return;
      if (!this.#isToGo(pod)) continue;
      this.#busyWorkers++;
      // The Event is written beside the rest, but by the same client.
      this.#reserve();
      this.#api.read(0, this.#reserve(), this.#parameters.getLatencyNs, this.#gotKind, pod);
    }
  }

  #nextDue(): number | undefined {
    if (this.#due.length === 0) {
      this.#due = this.#dueLater.reverse();
      this.#dueLater = [];
    }
    return this.#due.pop();
  }

  /** The pod has not been deleted by others, and its node is still tainted. */
  #isToGo(pod: number): boolean {
    return (this.#pods.condition[pod]! & DELETED) === 0 && this.#taint[this.#pods.node[pod]!] !== NOT_TAINTED;
  }

  #onGot(pod: number): void {
    if (this.#isStopped) return;
    if (!this.#isToGo(pod)) {
      this.#finish();
      return;
    }
    const latencyNs = this.#writeLatency.ns(this.#pods.service[pod]!, this.#pods.ordinal[pod]!);
    this.#api.write(0, 'pods', this.#reserve(), latencyNs, this.#patchedKind, pod);
  }

  #onPatched(pod: number): void {
    if (this.#isStopped) return;
    this.#simulation.schedule(this.#reserve(), this.#deleteKind, pod);
  }

  #onDelete(pod: number): void {
    if (this.#isStopped) return;
    if (this.#isToGo(pod)) this.#evict(pod);
    this.#finish();
  }

  #finish(): void {
    this.#busyWorkers = Math.max(0, this.#busyWorkers - 1);
    this.#startWorkers();
  }

  #reserve(): number {
    return this.#bucket.reserve(this.#simulation.nowNs);
  }
}
