/**
 * The ReplicaSet controller, as far as it makes and removes pods: one client with one qps/burst bucket for the whole cluster.
 *
 *   "n more pods", "this pod less" --> [client bucket] --> POST, DELETE --> pod lifecycle
 *
 * So 1,000 pods at the default 20/30 take (1000 - 30) / 20 = 48.5 s to be created, whatever the cluster could start at once.
 *
 * Left out: slow start and the 500 pods a sync, expectations, the deletion ranking (the workload picks the pods), events in
 * the same bucket.
 */

import type { Simulation } from '../../kernel/simulation.js';
import type { EvenPlacement } from '../cluster/placement.js';
import type { PodTable } from '../cluster/pods.js';
import { TokenBucket } from '../controlplane/token-bucket.js';
import type { PodLifecycle } from './pod-lifecycle.js';

export class ReplicaSets {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #placement: EvenPlacement;
  readonly #lifecycle: PodLifecycle;
  readonly #client: TokenBucket;
  /** Pods of each service that exist and are not deleted, in the order of their creation but for holes filled from the end. */
  readonly #replicas: number[][];
  readonly #endNs: number;

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
    this.#replicas = Array.from({ length: services }, () => []);
    this.#endNs = endNs;
  }

  /** Pods of the service that are not deleted. */
  replicas(service: number): readonly number[] {
    return this.#replicas[service]!;
  }

  /** Adds a pod that existed before the run. */
  adopt(service: number): number {
    const pod = this.#pods.create(service, this.#placement.next());
    this.#replicas[service]!.push(pod);
    return pod;
  }

  /** Creates a pod through the controller's client; returns it, or -1 after the end of the workload. */
  create(service: number): number {
    const sentNs = this.#client.reserve(this.#simulation.nowNs);
    if (sentNs > this.#endNs) return -1;
    const pod = this.adopt(service);
    this.#lifecycle.start(pod, sentNs);
    return pod;
  }

  /** Deletes a pod through the controller's client; false after the end of the workload. */
  delete(service: number, pod: number): boolean {
    const sentNs = this.#client.reserve(this.#simulation.nowNs);
    if (sentNs > this.#endNs) return false;
    this.#forget(service, pod);
    this.#lifecycle.delete(pod, sentNs);
    return true;
  }

  /** Somebody else deletes the pod now, with a client of their own. */
  deleteByOther(service: number, pod: number): void {
    this.#forget(service, pod);
    this.#lifecycle.delete(pod, this.#simulation.nowNs);
  }

  /** The pod is replaced by a new one in a single API update, now. */
  replaceAtOnce(service: number, pod: number): void {
    this.#forget(service, pod);
    this.#lifecycle.replaceAtOnce(pod, this.adopt(service));
  }

  #forget(service: number, pod: number): void {
    const replicas = this.#replicas[service]!;
    const index = replicas.indexOf(pod);
    const last = replicas.pop()!;
    if (index < replicas.length) replicas[index] = last;
  }
}
