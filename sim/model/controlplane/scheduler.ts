/**
 * kube-scheduler, as far as time goes: one pod after the other in the scheduling loop, bindings beside it through one client.
 *
 *   pod created --informer--> [loop: one attempt each] --> [client bucket qps/burst] --POST binding--> bound
 *
 * So a cluster gets 50 pods a second at the default of 50/100, whatever its nodes could start. Which node a pod gets is decided
 * by the placement when the pod is made; a pod whose node has been lost since gets another here, and waits when none is up.
 *
 * Left out: pods that fit nowhere and their back-off, preemption, events and status patches in the same bucket.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { NodeAvailability } from '../cluster/node-availability.js';
import type { Placement } from '../cluster/placement.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient } from './api-servers.js';
import type { Etcd, WriteLatency } from './etcd.js';
import { TokenBucket } from './token-bucket.js';

export interface SchedulerParameters {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  /** Time of one pod in the scheduling loop. */
  readonly attemptNs: number;
  /** From a commit to the scheduler's informer. */
  readonly watchLatencyNs: number;
}

const IGNORED = PodState.terminating | PodState.gone;

export class Scheduler {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #placement: Placement;
  readonly #availability: NodeAvailability;
  readonly #api: ApiClient;
  readonly #writeLatency: WriteLatency;
  readonly #parameters: SchedulerParameters;
  readonly #bucket: TokenBucket;
  readonly #bound: (pod: number) => void;
  readonly #seenKind: EventKind;
  readonly #boundKind: EventKind;
  /** When the loop is done with the pods that it has seen. */
  #freeAtNs = 0;
  /** Pods that no node is up for. */
  #unschedulable: number[] = [];

  /** `bound` is called when the binding of a pod has been committed. */
  constructor(
    simulation: Simulation,
    pods: PodTable,
    placement: Placement,
    availability: NodeAvailability,
    api: ApiClient,
    etcd: Etcd,
    parameters: SchedulerParameters,
    bound: (pod: number) => void,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#placement = placement;
    this.#availability = availability;
    this.#api = api;
    this.#writeLatency = etcd.writesOf('scheduler');
    this.#parameters = parameters;
    this.#bucket = new TokenBucket(parameters.kubeApiQps, parameters.kubeApiBurst);
    this.#bound = bound;
    this.#seenKind = simulation.registerKind('scheduler: pod seen', (pod) => this.#onSeen(pod));
    this.#boundKind = simulation.registerKind('scheduler: pod bound', (pod) => this.#onBound(pod));
  }

  /** Use of its client, from 0 to 1. */
  get clientUtilization(): number {
    return this.#bucket.utilization;
  }

  /** The pod is created at `atNs`. */
  podCreated(pod: number, atNs: number): void {
    this.#simulation.schedule(atNs + this.#parameters.watchLatencyNs, this.#seenKind, pod);
  }

  /** A node is up again: pods that found none are tried once more. */
  nodeReturned(): void {
    const pods = this.#unschedulable;
    this.#unschedulable = [];
    for (const pod of pods) this.#simulation.schedule(this.#simulation.nowNs, this.#seenKind, pod);
  }

  #onSeen(pod: number): void {
    const { node, condition, service, ordinal } = this.#pods;
    if ((condition[pod]! & IGNORED) !== 0) return;
    if (!this.#availability.isUp(node[pod]!)) {
      const other = this.#placement.place(service[pod]!, ordinal[pod]!);
      if (!this.#availability.isUp(other)) {
        this.#placement.release(service[pod]!, other);
        this.#unschedulable.push(pod);
        return;
      }
      this.#placement.release(service[pod]!, node[pod]!);
      this.#pods.move(pod, other);
    }
    this.#freeAtNs = Math.max(this.#simulation.nowNs, this.#freeAtNs) + this.#parameters.attemptNs;
    const sentNs = this.#bucket.reserve(this.#freeAtNs);
    const latencyNs = this.#writeLatency.ns(service[pod]!, ordinal[pod]!);
    this.#api.write(0, 'pods', sentNs, latencyNs, this.#boundKind, pod);
  }

  #onBound(pod: number): void {
    // A pod that was deleted without a node is gone at once, and there is nothing to bind.
    if ((this.#pods.condition[pod]! & PodState.gone) === 0) this.#bound(pod);
  }
}
