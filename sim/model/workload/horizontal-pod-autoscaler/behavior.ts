/**
 * How fast an autoscaler may scale (pkg/controller/podautoscaler/horizontal.go).
 *
 *   desired replicas, current replicas --> policies of the direction, less what was scaled within their periods --> min, max
 *
 * A policy allows so many pods, or so many percent, more or fewer than there were when its period began; of several policies
 * the one with the greatest change holds, or with the smallest. An autoscaler without `behavior` has older rules: up to twice
 * the replicas or 4, down at once, whatever was done before.
 */

import type { ScalingRules } from '../../scenario.js';
import { HORIZONTAL_POD_AUTOSCALER_RULES as RULES } from '../../versions/rules.js';

/** Reasons of the condition ScalingLimited. */
export type LimitReason =
  'DesiredWithinRange' | 'ScaleUpLimit' | 'ScaleDownLimit' | 'TooManyReplicas' | 'TooFewReplicas';

export interface LimitedScale {
  readonly replicas: number;
  readonly reason: LimitReason;
}

export interface ReplicaRange {
  readonly min: number;
  readonly max: number;
}

const NS_PER_SECOND = 1e9;

/** What the API fills in for a direction that `behavior` does not name. */
export const DEFAULT_SCALE_UP: ScalingRules = {
  policies: [
    { type: 'Pods', value: RULES.scaleUpPods.value, periodSeconds: RULES.policyPeriod.value },
    { type: 'Percent', value: RULES.scaleUpPercent.value, periodSeconds: RULES.policyPeriod.value },
  ],
  selectPolicy: 'Max',
  stabilizationWindowSeconds: RULES.scaleUpStabilization.value,
};

/** The stabilization window of this direction is a flag of the controller manager where it is not given. */
export const defaultScaleDown = (stabilizationWindowSeconds: number): ScalingRules => ({
  policies: [{ type: 'Percent', value: RULES.scaleDownPercent.value, periodSeconds: RULES.policyPeriod.value }],
  selectPolicy: 'Max',
  stabilizationWindowSeconds,
});

interface ScaleEvent {
  readonly atNs: number;
  readonly replicas: number;
}

/** What was scaled in one direction, for as long as a policy asks for it. */
export class ScaleEvents {
  readonly #events: ScaleEvent[] = [];

  /** Remembers a change by `replicas` now; takes the place of one that no policy asks for any longer. */
  store(replicas: number, nowNs: number, { policies }: ScalingRules): void {
    const longestSeconds = policies.reduce((longest, { periodSeconds }) => Math.max(longest, periodSeconds), 0);
    const cutoffNs = nowNs - longestSeconds * NS_PER_SECOND;
    const outdated = this.#events.findLastIndex(({ atNs }) => atNs < cutoffNs);
    this.#events[outdated < 0 ? this.#events.length : outdated] = { atNs: nowNs, replicas };
  }

  /** Replicas by which was scaled within the last `periodSeconds`. */
  within(periodSeconds: number, nowNs: number): number {
    const cutoffNs = nowNs - periodSeconds * NS_PER_SECOND;
    let sum = 0;
    for (const { atNs, replicas } of this.#events) if (atNs > cutoffNs) sum += replicas;
    return sum;
  }

  /** Changes that are remembered, in the order of their places. */
  get stored(): readonly number[] {
    return this.#events.map(({ replicas }) => replicas);
  }
}

/** The events of both directions: what was removed within a period may be added again within it. */
export interface ScaleHistory {
  readonly up: ScaleEvents;
  readonly down: ScaleEvents;
}

export function limitByBehavior(
  current: number,
  desired: number,
  { min, max }: ReplicaRange,
  behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules },
  history: ScaleHistory,
  nowNs: number,
): LimitedScale {
  if (desired > current) {
    const limit = Math.max(current, scaleUpLimit(current, behavior.scaleUp, history, nowNs));
    const [allowed, reason] = max > limit ? [limit, 'ScaleUpLimit' as const] : [max, 'TooManyReplicas' as const];
    if (desired > allowed) return { replicas: allowed, reason };
  } else if (desired < current) {
    const limit = Math.min(current, scaleDownLimit(current, behavior.scaleDown, history, nowNs));
    const [allowed, reason] = min < limit ? [limit, 'ScaleDownLimit' as const] : [min, 'TooFewReplicas' as const];
    if (desired < allowed) return { replicas: allowed, reason };
  }
  return { replicas: desired, reason: 'DesiredWithinRange' };
}

function scaleUpLimit(
  current: number,
  { selectPolicy, policies }: ScalingRules,
  history: ScaleHistory,
  nowNs: number,
): number {
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const before = replicasBefore(current, periodSeconds, history, nowNs);
    // Rounded up, or a small service would never grow.
    return type === 'Pods' ? before + value : Math.ceil(before * (1 + value / 100));
  });
  return selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function scaleDownLimit(
  current: number,
  { selectPolicy, policies }: ScalingRules,
  history: ScaleHistory,
  nowNs: number,
): number {
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const before = replicasBefore(current, periodSeconds, history, nowNs);
    return type === 'Pods' ? before - value : Math.trunc(before * (1 - value / 100));
  });
  // The smallest change leaves the most replicas.
  return selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** Replicas when the period began. */
function replicasBefore(current: number, periodSeconds: number, { up, down }: ScaleHistory, nowNs: number): number {
  return current - up.within(periodSeconds, nowNs) + down.within(periodSeconds, nowNs);
}

/** The rules of an autoscaler without `behavior`. */
export function limitWithoutBehavior(current: number, desired: number, { min, max }: ReplicaRange): LimitedScale {
  const limit = Math.max(RULES.scaleUpFactor.value * current, RULES.scaleUpMinimum.value);
  const [allowed, reason] = max > limit ? [limit, 'ScaleUpLimit' as const] : [max, 'TooManyReplicas' as const];
  if (desired < min) return { replicas: min, reason: 'TooFewReplicas' };
  if (desired > allowed) return { replicas: allowed, reason };
  return { replicas: desired, reason: 'DesiredWithinRange' };
}
