import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  planScale,
  planUpdate,
  resolveMaxUnavailable,
  type PodManagementPolicy,
  type StatefulPod,
} from './stateful-set-rules.js';

type Reason = 'not ready' | 'terminating' | 'ready for less than minReadySeconds';

interface Case {
  readonly name: string;
  readonly test: string;
  readonly policy: PodManagementPolicy;
  readonly replicas: number;
  readonly partition: number;
  readonly maxUnavailable: number;
  readonly notAvailable: Readonly<Record<string, Reason>>;
  readonly expected: readonly number[];
}

const { updates } = JSON.parse(readFileSync(new URL('stateful-set-rules.cases.json', import.meta.url), 'utf8')) as {
  readonly updates: readonly Case[];
};

const healthy: StatefulPod = { exists: true, isTerminating: false, isAvailable: true, isStale: false };
const stale: StatefulPod = { ...healthy, isStale: true };
const unready: StatefulPod = { ...healthy, isAvailable: false };
const terminating: StatefulPod = { ...healthy, isTerminating: true };
const missing: StatefulPod = { exists: false, isTerminating: false, isAvailable: false, isStale: false };

describe("what Kubernetes' StatefulSet tests fix", () => {
  it.each(updates)('$name', ({ policy, replicas, partition, maxUnavailable, notAvailable, expected }) => {
    const pods = Array.from({ length: replicas }, (_, ordinal): StatefulPod => {
      const reason = notAvailable[ordinal];
      if (reason === undefined) return stale;
      return { ...stale, isAvailable: reason === 'terminating', isTerminating: reason === 'terminating' };
    });
    const gone = planUpdate({ policy, replicas, pods }, { partition, maxUnavailable });
    const remaining = [...pods.keys()].filter((ordinal) => !gone.includes(ordinal));
    expect(remaining).toEqual(expected);
  });
});

describe('OrderedReady', () => {
  const plan = (replicas: number, pods: readonly StatefulPod[]) =>
    planScale({ policy: 'OrderedReady', replicas, pods });
  const waits = { creates: [], deletes: [], mustWait: true };

  it('creates the lowest that is missing, and only when all below it are available', () => {
    expect(plan(3, [])).toEqual({ creates: [0], deletes: [], mustWait: true });
    expect(plan(3, [healthy])).toEqual({ creates: [1], deletes: [], mustWait: true });
    expect(plan(3, [unready])).toEqual(waits);
    expect(plan(3, [healthy, missing, healthy])).toEqual({ creates: [1], deletes: [], mustWait: true });
    expect(plan(3, [healthy, terminating, healthy])).toEqual(waits);
    expect(plan(2, [healthy, healthy])).toEqual({ creates: [], deletes: [], mustWait: false });
  });

  it('removes the highest first, one after the other, when all replicas are available', () => {
    expect(plan(1, [healthy, healthy, healthy])).toEqual({ creates: [], deletes: [2], mustWait: true });
    expect(plan(1, [healthy, healthy, terminating])).toEqual(waits);
    expect(plan(1, [healthy, healthy, missing])).toEqual({ creates: [], deletes: [1], mustWait: true });
    expect(plan(1, [unready, healthy])).toEqual(waits);
  });

  it('lets an unready pod be removed only if it is the first of them', () => {
    expect(plan(1, [healthy, healthy, unready]).deletes).toEqual([2]);
    expect(plan(1, [healthy, unready, unready])).toEqual(waits);
  });

  it('updates one after the other from the top, and waits for each', () => {
    const update = (pods: readonly StatefulPod[], partition = 0) =>
      planUpdate({ policy: 'OrderedReady', replicas: pods.length, pods }, { partition, maxUnavailable: null });
    expect(update([stale, stale, stale])).toEqual([2]);
    expect(update([stale, stale, unready])).toEqual([]);
    expect(update([stale, stale, healthy])).toEqual([1]);
    expect(update([stale, stale, healthy], 2)).toEqual([]);
    expect(update([stale, stale, { ...stale, isTerminating: true }])).toEqual([]);
    // A stale pod goes though it is not ready, or a broken revision could never be replaced.
    expect(update([stale, { ...stale, isAvailable: false }, healthy])).toEqual([1]);
    expect(update([stale, missing])).toEqual([]);
  });
});

describe('Parallel', () => {
  it('creates all that are missing and removes all that are too many, whatever the others do', () => {
    expect(planScale({ policy: 'Parallel', replicas: 3, pods: [unready, missing, missing] })).toEqual({
      creates: [1, 2],
      deletes: [],
      mustWait: false,
    });
    expect(planScale({ policy: 'Parallel', replicas: 1, pods: [unready, healthy, terminating, healthy] })).toEqual({
      creates: [],
      deletes: [3, 1],
      mustWait: false,
    });
  });
});

it('rounds maxUnavailable down, but not to none', () => {
  expect(resolveMaxUnavailable(null, 10)).toBe(1);
  expect(resolveMaxUnavailable({ fraction: 0.05 }, 10)).toBe(1);
  expect(resolveMaxUnavailable({ fraction: 0.39 }, 10)).toBe(3);
  expect(resolveMaxUnavailable({ absolute: 4 }, 10)).toBe(4);
});

it('never makes more pods unavailable than maxUnavailable, and never touches those below the partition', () => {
  const sets = fc.record({
    policy: fc.constantFrom<PodManagementPolicy>('OrderedReady', 'Parallel'),
    pods: fc.array(fc.constantFrom(healthy, stale, unready, terminating, missing, { ...stale, isAvailable: false }), {
      minLength: 1,
      maxLength: 12,
    }),
    partition: fc.nat(12),
    maxUnavailable: fc.option(fc.integer({ min: 1, max: 5 })),
  });
  fc.assert(
    fc.property(sets, ({ policy, pods, partition, maxUnavailable }) => {
      const gone = planUpdate({ policy, replicas: pods.length, pods }, { partition, maxUnavailable });
      const isAvailable = (pod: StatefulPod): boolean => pod.exists && pod.isAvailable && !pod.isTerminating;
      const unavailable = pods.filter((pod) => !isAvailable(pod)).length;
      const taken = gone.filter((ordinal) => isAvailable(pods[ordinal]!)).length;
      if (taken > 0 && maxUnavailable !== null) expect(unavailable + taken).toBeLessThanOrEqual(maxUnavailable);
      for (const ordinal of gone) {
        expect(ordinal).toBeGreaterThanOrEqual(partition);
        expect(pods[ordinal]!.isStale).toBe(true);
      }
      expect(new Set(gone).size).toBe(gone.length);
    }),
  );
});
