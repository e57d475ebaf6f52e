/**
 * Which nodes the service controller keeps in the pools of load balancers (k8s.io/cloud-provider controllers/service, KEP-3458).
 *
 *   nodes whose readiness changes --> [next node sync] --nodes that differ--> pools
 *
 * Since StableLoadBalancerNodeSet nodes stay in, ready or not: what health checks are for. Before, nodes that are not ready are
 * taken out, and put in again, at the next node sync. Nothing happens while the pools are as they should be.
 *
 * Left out: Node objects that are deleted (none is in a run), the label that excludes a node, how long the calls of the provider
 * for many services take one after the other.
 */

import type { EventKind, Simulation } from '../../../kernel/simulation.js';
import { nextTickNs } from '../../../kernel/ticks.js';

/** A node that comes in or leaves. */
export type PoolListener = (node: number, isIn: boolean) => void;

export class LoadBalancerNodeSet {
  readonly #simulation: Simulation;
  readonly #syncPeriodNs: number;
  readonly #phaseNs: number;
  readonly #isReady: (node: number) => boolean;
  readonly #syncKind: EventKind;
  readonly #isIn: Uint8Array;
  readonly #listeners: PoolListener[] = [];
  #isSyncPending = false;

  /** `isReady`: what the Node says. All nodes are in the pools at the start. `phaseNs`: of the node syncs. */
  constructor(
    simulation: Simulation,
    nodes: number,
    syncPeriodNs: number,
    phaseNs: number,
    isReady: (node: number) => boolean,
  ) {
    this.#simulation = simulation;
    this.#syncPeriodNs = syncPeriodNs;
    this.#phaseNs = phaseNs;
    this.#isReady = isReady;
    this.#isIn = new Uint8Array(nodes).fill(1);
    this.#syncKind = simulation.registerKind('service-controller: node sync', () => this.#sync());
  }

  has(node: number): boolean {
    return this.#isIn[node] === 1;
  }

  onChanged(listener: PoolListener): void {
    this.#listeners.push(listener);
  }

  /** The readiness of some node has changed. */
  nodesChanged(): void {
    if (this.#isSyncPending) return;
    this.#isSyncPending = true;
    const syncNs = nextTickNs(this.#syncPeriodNs, this.#phaseNs, this.#simulation.nowNs);
    this.#simulation.schedule(syncNs, this.#syncKind);
  }

  #sync(): void {
    this.#isSyncPending = false;
    for (let node = 0; node < this.#isIn.length; node++) {
      const isIn = this.#isReady(node);
      if (isIn === this.has(node)) continue;
      this.#isIn[node] = isIn ? 1 : 0;
      for (const listener of this.#listeners) listener(node, isIn);
    }
  }
}
