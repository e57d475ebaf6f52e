/**
 * The memory of recommendations that keeps an autoscaler from flapping (pkg/controller/podautoscaler/horizontal.go).
 *
 *   recommendation --> [those of the last window] --> scaled down only to the highest of them, up only to the lowest
 *
 * A recommendation that has left all windows gives its place to the next one.
 */

interface TimedRecommendation {
  readonly atNs: number;
  readonly replicas: number;
}

const NS_PER_SECOND = 1e9;

export class Recommendations {
  readonly #recommendations: TimedRecommendation[] = [];

  /** With `behavior`: a window for each direction, none being 0. Returns what may be scaled to. */
  stabilize(
    current: number,
    desired: number,
    nowNs: number,
    scaleUpWindowSeconds: number,
    scaleDownWindowSeconds: number,
  ): number {
    const upCutoffNs = nowNs - scaleUpWindowSeconds * NS_PER_SECOND;
    const downCutoffNs = nowNs - scaleDownWindowSeconds * NS_PER_SECOND;
    let lowest = desired;
    let highest = desired;
    for (const { atNs, replicas } of this.#recommendations) {
      if (atNs > upCutoffNs) lowest = Math.min(lowest, replicas);
      if (atNs > downCutoffNs) highest = Math.max(highest, replicas);
    }
    this.#remember(desired, nowNs, Math.min(upCutoffNs, downCutoffNs));
    return Math.min(Math.max(current, lowest), highest);
  }

  /** Without `behavior`: the highest recommendation of the window. */
  highestWithin(desired: number, nowNs: number, windowSeconds: number): number {
    const cutoffNs = nowNs - windowSeconds * NS_PER_SECOND;
    let highest = desired;
    for (const { atNs, replicas } of this.#recommendations) {
      if (atNs >= cutoffNs) highest = Math.max(highest, replicas);
    }
    this.#remember(desired, nowNs, cutoffNs);
    return highest;
  }

  /** Recommendations that are remembered, in the order of their places. */
  get stored(): readonly number[] {
    return this.#recommendations.map(({ replicas }) => replicas);
  }

  #remember(replicas: number, nowNs: number, cutoffNs: number): void {
    const outdated = this.#recommendations.findLastIndex(({ atNs }) => atNs < cutoffNs);
    this.#recommendations[outdated < 0 ? this.#recommendations.length : outdated] = { atNs: nowNs, replicas };
  }
}
