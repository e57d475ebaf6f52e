/**
 * What one sync of an autoscaler decides (pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler).
 *
 *   replicas of the scale, recommendation of the metrics --> stabilization.ts --> behavior.ts --> replicas to scale to
 *
 * Outside its range an autoscaler first returns into it, at once and without looking at metrics. At 0 replicas it is off.
 */

import type { AutoscalerSettings } from '../../scenario.js';
import {
  limitByBehavior,
  limitWithoutBehavior,
  ScaleEvents,
  type ReplicaRange,
  type ScaleHistory,
} from './behavior.js';
import { Recommendations } from './stabilization.js';

export interface ScaleParameters extends ReplicaRange {
  /** spec.behavior with all defaults; null when the autoscaler has none. */
  readonly behavior: AutoscalerSettings['behavior'];
  /** --horizontal-pod-autoscaler-downscale-stabilization: for autoscalers without `behavior`. */
  readonly downscaleStabilizationSeconds: number;
}

/** The memory of one autoscaler. */
export class ScaleDecision {
  readonly #parameters: ScaleParameters;
  readonly #recommendations = new Recommendations();
  readonly #history: ScaleHistory = { up: new ScaleEvents(), down: new ScaleEvents() };

  constructor(parameters: ScaleParameters) {
    this.#parameters = parameters;
  }

  /**
   * Replicas to scale to; `current` when nothing is to be done. `recommend` is asked only when the metrics matter, and
   * returns null when they say nothing.
   */
  replicas(current: number, nowNs: number, recommend: () => number | null): number {
    const { min, max } = this.#parameters;
    if (current === 0) return min === 0 ? this.#metered(current, nowNs, recommend) : current;
    if (current > max) return max;
    if (current < min) return min;
    return this.#metered(current, nowNs, recommend);
  }

  #metered(current: number, nowNs: number, recommend: () => number | null): number {
    const { behavior, downscaleStabilizationSeconds } = this.#parameters;
    const recommended = recommend();
    if (recommended === null) return current;
    if (behavior === null) {
      const stable = this.#recommendations.highestWithin(recommended, nowNs, downscaleStabilizationSeconds);
      return limitWithoutBehavior(current, stable, this.#parameters).replicas;
    }
    const stable = this.#recommendations.stabilize(
      current,
      recommended,
      nowNs,
      behavior.scaleUp.stabilizationWindowSeconds,
      behavior.scaleDown.stabilizationWindowSeconds,
    );
    return limitByBehavior(current, stable, this.#parameters, behavior, this.#history, nowNs).replicas;
  }

  /** The scale was written. */
  scaled(from: number, to: number, nowNs: number): void {
    const { behavior } = this.#parameters;
    // Without behavior nobody asks.
    if (behavior === null) return;
    if (to > from) this.#history.up.store(to - from, nowNs, behavior.scaleUp);
    else this.#history.down.store(from - to, nowNs, behavior.scaleDown);
  }
}
