/**
 * How long a cluster takes to get over the loss of nodes, from the first fault of a run.
 *
 *   fault --> pods of lost nodes in endpoint objects --a write takes the last of them out-->                recovered
 *         --> services that lost pods                --each has as many ready replicas as desired again-->  replaced
 *
 * Counts are kept by difference: a write or update costs time for the pods in it, and nothing before the first fault.
 */

import { PodState, type PodTable } from '../cluster/pods.js';
import type { ReplicaSets } from './replica-sets.js';

export class RecoveryClock {
  /** From the first fault until no endpoint object had a ready endpoint on a lost node; null while one has. */
  recoveryNs: number | null = null;
  /** From the first fault until every service that lost pods has had as many ready replicas as it is meant to have; null while one has not. */
  replacementNs: number | null = null;

  readonly #pods: PodTable;
  readonly #replicaSets: ReplicaSets;
  readonly #isEndpoint: (service: number, state: number) => boolean;
  #faultNs: number | null = null;
  readonly #lostNodes = new Set<number>();
  /** Pods on lost nodes that nodes are still sent to. */
  readonly #published = new Set<number>();
  /** Pods that count as ready replicas, and how many each service has. */
  readonly #ready = new Set<number>();
  readonly #readyOf = new Map<number, number>();
  /** Services that lost pods and have fewer ready replicas than they are meant to have. */
  readonly #short = new Set<number>();

  /** `isEndpoint`: whether the endpoint objects of the service show a pod of this state as ready. */
  constructor(pods: PodTable, replicaSets: ReplicaSets, isEndpoint: (service: number, state: number) => boolean) {
    this.#isEndpoint = isEndpoint;
    this.#pods = pods;
    this.#replicaSets = replicaSets;
  }

  /** These nodes are lost now. */
  begin(nodes: readonly number[], nowNs: number): void {
    if (nodes.length === 0) return;
    this.#faultNs ??= nowNs;
    for (const node of nodes) this.#lostNodes.add(node);
    const { observed, service } = this.#pods;
    for (let pod = 0; pod < this.#pods.count; pod++) this.#count(pod);
    for (const pod of nodes.flatMap((node) => this.#pods.podsOn(node))) {
      // What is observed is published, or about to be.
      if (this.#isEndpoint(service[pod]!, observed[pod]!)) this.#published.add(pod);
      if (this.#isShort(service[pod]!)) this.#short.add(service[pod]!);
    }
    if (this.#published.size > 0) this.recoveryNs = null;
    if (this.#short.size > 0) this.replacementNs = null;
    // A loss that nobody notices is got over at once.
    this.#check(nowNs);
  }

  nodeReturned(node: number, nowNs: number): void {
    this.#lostNodes.delete(node);
    for (const pod of this.#pods.podsOn(node)) {
      this.#published.delete(pod);
      this.onChange(this.#pods.service[pod]!, pod, nowNs);
    }
    this.#check(nowNs);
  }

  /** A write of an endpoint object of the service was committed in which these pods changed to these states. */
  onCommit(service: number, pods: readonly number[], states: readonly number[], nowNs: number): void {
    if (this.#published.size === 0) return;
    pods.forEach((pod, position) => {
      if (!this.#isEndpoint(service, states[position]!)) this.#published.delete(pod);
    });
    this.#check(nowNs);
  }

  /** The pod, of this service, may have become ready, or not. */
  onChange(service: number, pod: number, nowNs: number): void {
    if (this.#short.size === 0) return;
    this.#count(pod);
    if (!this.#short.has(service) || this.#isShort(service)) return;
    this.#short.delete(service);
    this.#check(nowNs);
  }

  #count(pod: number): void {
    const service = this.#pods.service[pod]!;
    // Nobody may have heard yet that it is not.
    const isReady = isUsable(this.#pods.observed[pod]!) && isUsable(this.#pods.condition[pod]!);
    if (isReady === this.#ready.has(pod)) return;
    if (isReady) this.#ready.add(pod);
    else this.#ready.delete(pod);
    this.#readyOf.set(service, (this.#readyOf.get(service) ?? 0) + (isReady ? 1 : -1));
  }

  #isShort(service: number): boolean {
    return (this.#readyOf.get(service) ?? 0) < this.#replicaSets.desired(service);
  }

  #check(nowNs: number): void {
    const elapsedNs = nowNs - this.#faultNs!;
    if (this.#published.size === 0) this.recoveryNs ??= elapsedNs;
    if (this.#short.size === 0) this.replacementNs ??= elapsedNs;
  }
}

/** Whether the pod is ready and not on its way out, as this column of the table has it. */
function isUsable(state: number): boolean {
  const bits = PodState.hasAddress | PodState.ready | PodState.terminating | PodState.gone;
  return (state & bits) === (PodState.hasAddress | PodState.ready);
}
