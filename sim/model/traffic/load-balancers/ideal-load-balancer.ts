/**
 * A load balancer that knows at once: every node that answers well gets as much as any other, from the same instant on. What real
 * ones lose by their health checks is measured against it.
 *
 *   NodeAnswer --> weight 0 or 1
 */

import type { InitialTargets, LoadBalancer, NodeAnswer, WeightListener } from './load-balancer.js';

export class IdealLoadBalancer implements LoadBalancer {
  #onWeight: WeightListener = () => {};

  start({ nodes, answerOf }: InitialTargets, onWeight: WeightListener): void {
    this.#onWeight = onWeight;
    for (let node = 0; node < nodes; node++) this.nodeAnswers(node, answerOf(node));
  }

  nodeAnswers(node: number, answer: NodeAnswer): void {
    this.#onWeight(node, answer === 'healthy' ? 1 : 0);
  }

  endpointsPublished(): void {}
}
