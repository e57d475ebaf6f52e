/**
 * The endpoint controller's view of the nodes, of which only their readiness changes.
 *
 *   node status committed --watch latency--> controller looks at all nodes (Topology Aware Hints)
 *
 * Changes within one watch latency are seen together: the controller keeps one key for all of them.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';

export class NodeInformer {
  readonly #simulation: Simulation;
  readonly #latencyNs: number;
  readonly #observedKind: EventKind;
  #isPending = false;

  constructor(simulation: Simulation, latencyNs: number, onObserved: () => void) {
    this.#simulation = simulation;
    this.#latencyNs = latencyNs;
    this.#observedKind = simulation.registerKind('endpoint controller: nodes observed', () => {
      this.#isPending = false;
      onObserved();
    });
  }

  /** The status of some node is committed now. */
  onCommitted(): void {
    if (this.#isPending) return;
    this.#isPending = true;
    this.#simulation.schedule(this.#simulation.nowNs + this.#latencyNs, this.#observedKind);
  }
}
