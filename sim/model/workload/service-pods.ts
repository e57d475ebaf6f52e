/**
 * The pods behind each service that exist in the API and are not being deleted, and how many there are meant to be.
 *
 *   controllers: POST committed --> create     DELETE committed --> remove
 *
 * Everybody who picks pods (churn, actions, the ranking of a ReplicaSet) picks from these lists. Adding and removing take
 * constant time: a hole is filled from the end, so the order of a list means nothing.
 */

import type { Placement } from '../cluster/placement.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import { widen } from '../cluster/columns.js';

const INITIAL_CAPACITY = 1024;

export class ServicePods {
  readonly #pods: PodTable;
  readonly #placement: Placement;
  readonly #live: number[][];
  readonly #desired: Int32Array;
  // Columns indexed by pod.
  #position = new Int32Array(INITIAL_CAPACITY);
  #place = new Int32Array(INITIAL_CAPACITY);

  constructor(services: number, pods: PodTable, placement: Placement) {
    this.#pods = pods;
    this.#placement = placement;
    this.#live = Array.from({ length: services }, () => []);
    this.#desired = new Int32Array(services);
  }

  /** Pods of the service that exist and are not deleted, in no order. */
  of(service: number): readonly number[] {
    return this.#live[service]!;
  }

  /** Whether the pod exists and is not deleted. */
  isLive(pod: number): boolean {
    return (this.#pods.condition[pod]! & (PodState.terminating | PodState.gone)) === 0;
  }

  /** spec.replicas of the Deployment or StatefulSet behind the service. */
  desired(service: number): number {
    return this.#desired[service]!;
  }

  setDesired(service: number, desired: number): void {
    this.#desired[service] = desired;
  }

  /** Where the pod belongs: its ReplicaSet, or its ordinal in a StatefulSet. */
  placeOf(pod: number): number {
    return this.#place[pod]!;
  }

  /** The same by pod: to be read at once and not to be kept. */
  get placeColumn(): Int32Array {
    return this.#place;
  }

  /** A pod without address, on the next node. */
  create(service: number, revision: number, place: number): number {
    const node = this.#placement.place(service, this.#pods.nextOrdinal(service));
    const pod = this.#pods.create(service, node);
    if (pod >= this.#position.length) this.#grow();
    this.#pods.revision[pod] = revision;
    this.#place[pod] = place;
    this.#position[pod] = this.#live[service]!.push(pod) - 1;
    return pod;
  }

  /** Takes the pod from the list; it is for the caller to make it go. */
  remove(pod: number): void {
    const service = this.#pods.service[pod]!;
    const live = this.#live[service]!;
    const position = this.#position[pod]!;
    if (live[position] !== pod) throw new Error(`pod ${pod} is deleted a second time`);
    this.#placement.release(service, this.#pods.node[pod]!);
    const last = live.pop()!;
    if (last === pod) return;
    live[position] = last;
    this.#position[last] = position;
  }

  #grow(): void {
    // Addresses that are no pods have numbers of the same table, so that the next pod may be far beyond the last.
    const capacity = Math.max(this.#pods.count, this.#position.length * 2);
    this.#position = widen(this.#position, capacity);
    this.#place = widen(this.#place, capacity);
  }
}
