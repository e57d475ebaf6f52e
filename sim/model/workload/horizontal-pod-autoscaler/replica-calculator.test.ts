import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { podGroup, type MetricTime, type ObservedPod } from './pod-groups.js';
import {
  highestRecommendation,
  replicasForAverageUsage,
  replicasForAverageValue,
  replicasForUtilization,
  replicasForValue,
  type PodUsage,
  type Recommendation,
} from './replica-calculator.js';

const MINUTE = 60e9;

interface Case {
  readonly name: string;
  readonly test: string;
  readonly metric: 'utilization' | 'averageUsage' | 'value' | 'averageValue';
  readonly currentReplicas: number;
  readonly target: number;
  readonly tolerance: number;
  readonly pods?: readonly {
    readonly state: 'ready' | 'unready' | 'hot' | 'failed';
    readonly usage: number | null;
    readonly request: number | null;
  }[];
  readonly value?: number;
  readonly readyPods?: number;
  readonly expected: { readonly replicas: number; readonly current?: number };
}
const { cases } = JSON.parse(readFileSync(new URL('replica-calculator.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

/** The pods of the upstream test, at time 0. */
const PODS: Readonly<Record<'ready' | 'unready' | 'hot' | 'failed', ObservedPod>> = {
  ready: observed(-60 * MINUTE, { status: 'True', transitionNs: -59 * MINUTE }),
  unready: observed(-60 * MINUTE, { status: 'False', transitionNs: -60 * MINUTE }),
  hot: observed(0, { status: 'True', transitionNs: 0 }),
  failed: { ...observed(-60 * MINUTE, null), phase: 'Failed' },
};
const METRIC: MetricTime = { timestampNs: 0, windowNs: MINUTE };
const PARAMETERS = { cpuInitializationPeriodNs: 5 * MINUTE, initialReadinessDelayNs: MINUTE / 2 };

function observed(startNs: number, ready: ObservedPod['ready']): ObservedPod {
  return { phase: 'Running', isTerminating: false, startNs, ready };
}

function replicasIn({ metric, currentReplicas, target, tolerance, ...amounts }: Case): Recommendation | null {
  const pods = (amounts.pods ?? []).map(({ state, usage, request }): PodUsage => {
    const group = podGroup(PODS[state], usage === null ? null : METRIC, metric === 'utilization', 0, PARAMETERS);
    return { group, usage: usage ?? 0, request };
  });
  switch (metric) {
    case 'utilization':
      return replicasForUtilization(currentReplicas, target, pods, tolerance);
    case 'averageUsage':
      return replicasForAverageUsage(currentReplicas, target, pods, tolerance);
    case 'value':
      return replicasForValue(currentReplicas, target, amounts.value!, amounts.readyPods!, tolerance);
    case 'averageValue':
      return replicasForAverageValue(currentReplicas, target, amounts.value!, tolerance);
  }
}

describe("what Kubernetes' tests of the replica calculator fix", () => {
  it.each(cases)('$name ($test)', (example) => {
    expect(replicasIn(example)).toMatchObject(example.expected);
  });
});

const counted = (usage: number, request = 1000): PodUsage => ({ group: 'counted', usage, request });
const missing: PodUsage = { group: 'missing', usage: 0, request: 1000 };
const unready: PodUsage = { group: 'unready', usage: 0, request: 1000 };

describe('the rules one by one', () => {
  it('says nothing when no metric counts, or a pod requests nothing', () => {
    expect(replicasForUtilization(3, 50, [missing, unready], 0.1)).toBeNull();
    expect(replicasForUtilization(3, 50, [counted(500), { ...missing, request: null }], 0.1)).toBeNull();
    expect(replicasForUtilization(3, 50, [counted(500, 0)], 0.1)).toBeNull();
    expect(replicasForAverageUsage(3, 50, [unready], 0.1)).toBeNull();
  });

  it('cuts a percentage to a whole number before it compares', () => {
    // 55.9 % is 55 %, and 55/50 is within a tenth.
    expect(replicasForUtilization(1, 50, [counted(559)], 0.1)).toEqual({ replicas: 1, current: 55 });
    expect(replicasForUtilization(1, 50, [counted(560)], 0.1)).toEqual({ replicas: 2, current: 56 });
  });

  it('both ends of the tolerance are within it', () => {
    expect(replicasForUtilization(10, 100, Array<PodUsage>(10).fill(counted(1100)), 0.1)!.replicas).toBe(10);
    expect(replicasForUtilization(10, 100, Array<PodUsage>(10).fill(counted(900)), 0.1)!.replicas).toBe(10);
    expect(replicasForUtilization(10, 100, Array<PodUsage>(10).fill(counted(890)), 0.1)!.replicas).toBe(9);
  });

  it('takes missing pods as fully used on the way down, at the target if that is more', () => {
    expect(replicasForUtilization(4, 150, [counted(100), missing, missing, missing], 0.1)!.replicas).toBe(4);
    expect(replicasForUtilization(4, 200, [counted(100), counted(100), counted(100), missing], 0.1)!.replicas).toBe(2);
  });

  it('does not count missing pods when the others are at the target', () => {
    expect(replicasForUtilization(9, 50, [counted(500), missing, missing], 0.1)).toEqual({ replicas: 9, current: 50 });
  });

  it('does not scale down on the way up when fewer pods count than there are replicas', () => {
    expect(replicasForUtilization(10, 50, [counted(2000), unready], 0.1)).toEqual({ replicas: 10, current: 200 });
  });

  it('starts from zero by the ratio alone', () => {
    expect(replicasForValue(0, 100, 250, 0, 0.1).replicas).toBe(3);
  });

  it('takes the highest of several metrics, and does not scale down while one of them is unknown', () => {
    const of = (replicas: number): Recommendation => ({ replicas, current: 0 });
    expect(highestRecommendation(5, [of(3), of(7)])).toBe(7);
    expect(highestRecommendation(5, [of(3), of(4)])).toBe(4);
    expect(highestRecommendation(5, [of(7), null])).toBe(7);
    expect(highestRecommendation(5, [of(4), null])).toBeNull();
    expect(highestRecommendation(5, [null])).toBeNull();
  });
});

describe('properties', () => {
  const pod = fc.record({
    group: fc.constantFrom('counted', 'unready', 'missing', 'ignored'),
    usage: fc.nat(5000),
    request: fc.integer({ min: 1, max: 2000 }),
  });

  it('pods without a metric never turn the direction that the others give', () => {
    fc.assert(
      fc.property(fc.array(pod, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 200 }), (pods, target) => {
        const replicas = pods.filter(({ group }) => group !== 'ignored').length;
        const recommended = replicasForUtilization(replicas, target, pods, 0.1);
        if (recommended === null) {
          expect(pods.some(({ group }) => group === 'counted')).toBe(false);
          return;
        }
        if (recommended.current >= target) expect(recommended.replicas).toBeGreaterThanOrEqual(replicas);
        if (recommended.current <= target) expect(recommended.replicas).toBeLessThanOrEqual(replicas);
      }),
    );
  });

  it('after scaling, the same load is within the tolerance or asks for the same again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 10, max: 100 }),
        fc.integer({ min: 1, max: 400 }),
        (replicas, target, percent) => {
          const demand = replicas * percent * 10;
          const evenly = (count: number): PodUsage[] =>
            Array<PodUsage>(count).fill(counted(Math.round(demand / count)));
          const first = replicasForUtilization(replicas, target, evenly(replicas), 0.1)!.replicas;
          const second = replicasForUtilization(first, target, evenly(first), 0.1)!.replicas;
          expect(second).toBeLessThanOrEqual(Math.max(first, replicas));
          expect(Math.abs(second - first)).toBeLessThanOrEqual(Math.ceil(first * 0.1) + 1);
        },
      ),
    );
  });
});
