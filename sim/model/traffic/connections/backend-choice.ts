/**
 * Which pod a node sends a new flow of a service to: the last step of the rules, where the proxy modes differ.
 *
 *   flow, set of pods that the rules hold --> affinity of the client --> choice of the mode --> pod
 *
 *   iptables, nftables  a pod at random (statistic --mode random; numgen random), all alike; no memory but that of affinity
 *   IPVS                a scheduler with a state of its own on each node: ipvs-choice.ts
 *   userspace           by turns, and on to the next when a pod does not answer: userspace-choice.ts
 *
 * State is that of one client population on one node: populations come by different addresses of a service, which IPVS has virtual
 * servers of their own for. The lists of affinity are shared by all addresses in truth; whose clients fill them matters when they are full.
 */

import { NO_POD } from '../../cluster/pods.js';
import type { EndpointSet } from '../connection-routes.js';
import type { ClientAffinity } from './client-affinity.js';

export interface BackendChoice {
  /**
   * The pod for a new flow, which is remembered where the mode remembers clients; NO_POD: the node refuses the flow.
   *
   * @param client its address, as a number of at least 0
   * @param uniform a random number of [0, 1) for this flow
   */
  pick(client: number, set: EndpointSet, nowNs: number, uniform: number): number;
  /** The flow was accepted by its pod. */
  opened(client: number, pod: number): void;
  /** A flow that was accepted is over. */
  closed(client: number, pod: number): void;
}

const randomPod = ({ pods }: EndpointSet, uniform: number): number => pods[Math.floor(uniform * pods.length)] ?? NO_POD;

/** iptables and nftables mode without affinity: without memory, so that one serves all nodes. */
export class RandomChoice implements BackendChoice {
  pick(_client: number, set: EndpointSet, _nowNs: number, uniform: number): number {
    return randomPod(set, uniform);
  }

  opened(): void {}

  closed(): void {}
}

/** iptables and nftables mode with affinity. */
export class StickyRandomChoice implements BackendChoice {
  readonly #affinity: ClientAffinity;
  #set: EndpointSet | null = null;

  constructor(affinity: ClientAffinity) {
    this.#affinity = affinity;
  }

  pick(client: number, set: EndpointSet, nowNs: number, uniform: number): number {
    if (set !== this.#set) this.#follow(set);
    const bound = this.#affinity.boundTo(client, set.pods, nowNs);
    const pod = bound === NO_POD ? randomPod(set, uniform) : bound;
    if (pod !== NO_POD) this.#affinity.bind(client, pod, nowNs);
    return pod;
  }

  opened(client: number, pod: number): void {
    this.#affinity.countFlow(client, pod, 1);
  }

  closed(client: number, pod: number): void {
    this.#affinity.countFlow(client, pod, -1);
  }

  /** What is remembered of a pod stands in its chain, and goes with that. */
  #follow(set: EndpointSet): void {
    if (this.#set !== null) forEachMissing(this.#set.pods, set.pods, (pod) => this.#affinity.forget(pod));
    this.#set = set;
  }
}

/** Calls `visit` for each pod of `from` that `kept` lacks. */
export function forEachMissing(from: Int32Array, kept: Int32Array, visit: (pod: number) => void): void {
  const present = new Set(kept);
  for (const pod of from) if (!present.has(pod)) visit(pod);
}
