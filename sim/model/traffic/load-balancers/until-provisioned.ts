/**
 * A load balancer that is not there yet: its service is created in the run, and somebody has to set it up first.
 *
 *   answers, endpoints --> [kept] --provisioned--> the load balancer starts with what is so then
 *
 * Left out: the first checks after the set-up, which belong to the time of the call that sets it up.
 */

import type {
  FlowsMovedListener,
  InitialTargets,
  LoadBalancer,
  NodeAnswer,
  TargetLeftListener,
  WeightListener,
} from './load-balancer.js';

export class UntilProvisioned implements LoadBalancer {
  readonly #loadBalancer: LoadBalancer;
  #isProvisioned = false;
  #targets: { readonly answers: NodeAnswer[]; readonly ready: number[]; readonly onWeight: WeightListener } | null =
    null;

  constructor(loadBalancer: LoadBalancer) {
    this.#loadBalancer = loadBalancer;
  }

  start({ nodes, answerOf, readyOn }: InitialTargets, onWeight: WeightListener): void {
    const all = Array.from({ length: nodes }, (_, node) => node);
    this.#targets = { answers: all.map(answerOf), ready: all.map(readyOn), onWeight };
    this.#startWhenReady();
  }

  nodeAnswers(node: number, answer: NodeAnswer): void {
    if (this.#isProvisioned) this.#loadBalancer.nodeAnswers(node, answer);
    else if (this.#targets !== null) this.#targets.answers[node] = answer;
  }

  endpointsPublished(node: number, ready: number): void {
    if (this.#isProvisioned) this.#loadBalancer.endpointsPublished(node, ready);
    else if (this.#targets !== null) this.#targets.ready[node] = ready;
  }

  onFlowsMoved(listener: FlowsMovedListener): void {
    this.#loadBalancer.onFlowsMoved?.(listener);
  }

  onTargetLeft(listener: TargetLeftListener): void {
    this.#loadBalancer.onTargetLeft?.(listener);
  }

  /** The provider has set it up: it sends from now on. */
  provisioned(): void {
    this.#isProvisioned = true;
    this.#startWhenReady();
  }

  #startWhenReady(): void {
    if (!this.#isProvisioned || this.#targets === null) return;
    const { answers, ready, onWeight } = this.#targets;
    this.#targets = null;
    this.#loadBalancer.start(
      { nodes: answers.length, answerOf: (node) => answers[node]!, readyOn: (node) => ready[node]! },
      onWeight,
    );
  }
}
