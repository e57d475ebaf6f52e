/** What a load balancer tells, for tests: weights as they are, and when they changed. */

import type { Simulation } from '../../../../kernel/simulation.js';
import type { InitialTargets, LoadBalancer } from '../load-balancer.js';

export interface WeightChange {
  readonly timeNs: number;
  readonly node: number;
  readonly weight: number;
}

export class WeightLog {
  readonly changes: WeightChange[] = [];
  /** Shares of flows that have moved. */
  readonly moved: number[] = [];
  readonly #weights = new Map<number, number>();

  constructor(simulation: Simulation, balancer: LoadBalancer, initial: InitialTargets) {
    balancer.onFlowsMoved?.((share) => this.moved.push(share));
    balancer.start(initial, (node, weight) => {
      this.changes.push({ timeNs: simulation.nowNs, node, weight });
      if (weight === 0) this.#weights.delete(node);
      else this.#weights.set(node, weight);
    });
  }

  /** Nodes with their weights, by node. */
  get weights(): readonly (readonly [number, number])[] {
    return [...this.#weights].sort(([a], [b]) => a - b);
  }

  get nodes(): readonly number[] {
    return this.weights.map(([node]) => node);
  }

  get total(): number {
    return [...this.#weights.values()].reduce((sum, weight) => sum + weight, 0);
  }

  weightOf(node: number): number {
    return this.#weights.get(node) ?? 0;
  }
}

/** Nodes that are all well, with these ready endpoints. */
export const targets = (ready: readonly number[], silent: readonly number[] = []): InitialTargets => ({
  nodes: ready.length,
  answerOf: (node) => (silent.includes(node) ? 'silent' : 'healthy'),
  readyOn: (node) => ready[node]!,
});
