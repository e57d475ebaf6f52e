import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePercent } from '../../units.js';
import type { IntOrPercent } from '../scenario.js';
import {
  cleanUpUnhealthy,
  historyToDelete,
  isComplete,
  isScalingEvent,
  limitsOf,
  newReplicaSetSize,
  reconcileNewReplicaSet,
  reconcileOldReplicaSets,
  resized,
  resolveDown,
  resolveFenceposts,
  resolveUp,
  scaleDownOld,
  scaleReplicaSets,
  type AnnotatedReplicaSet,
  type DeploymentStatus,
  type DeploymentStrategy,
  type OldReplicaSet,
  type ReplicaSetSize,
} from './deployment-rules.js';

type Case<Fields, Expected> = Fields & { readonly name: string; readonly test: string; readonly expected: Expected };

interface Cases {
  readonly fenceposts: readonly Case<
    { readonly maxSurge: string | number; readonly maxUnavailable: string | number; readonly replicas: number },
    { readonly surge: number; readonly unavailable: number } | 'refused'
  >[];
  readonly newReplicaSet: readonly Case<
    { readonly replicas: number; readonly surge: number; readonly oldSize: number; readonly newSize: number },
    number | null
  >[];
  readonly newReplicaSetSize: readonly Case<
    {
      readonly strategy: DeploymentStrategy;
      readonly replicas: number;
      readonly newSize: number;
      readonly totalSize: number;
      readonly surge: number;
    },
    number
  >[];
  readonly oldReplicaSets: readonly Case<
    {
      readonly replicas: number;
      readonly maxSurge: number;
      readonly maxUnavailable: number;
      readonly old: readonly ReplicaSetSize[];
      readonly newSet: ReplicaSetSize;
    },
    readonly number[]
  >[];
  readonly unhealthy: readonly Case<{ readonly old: readonly ReplicaSetSize[]; readonly maxCleanup: number }, number>[];
  readonly scaleDownOld: readonly Case<
    {
      readonly replicas: number;
      readonly maxSurge: number;
      readonly maxUnavailable: number;
      readonly available: number;
      readonly old: number;
    },
    number | null
  >[];
  readonly complete: readonly Case<{ readonly desired: number; readonly status: DeploymentStatus }, boolean>[];
  readonly scale: readonly Case<
    {
      readonly replicas: number;
      readonly surge: number;
      readonly statusReplicas: number;
      readonly sets: readonly {
        readonly role: 'new' | 'old';
        readonly replicas: number;
        readonly desiredReplicas: number;
        readonly maxReplicas: number;
      }[];
    },
    readonly number[]
  >[];
  readonly history: readonly Case<
    { readonly revisionHistoryLimit: number; readonly old: readonly OldReplicaSet[] },
    number
  >[];
}

const cases = JSON.parse(readFileSync(new URL('deployment-rules.cases.json', import.meta.url), 'utf8')) as Cases;

const absolute = (pods: number): IntOrPercent => ({ absolute: pods });

/** As in a manifest; null: the API refuses it. */
const read = (amount: string | number): IntOrPercent | null => {
  if (typeof amount === 'number') return absolute(amount);
  const parsed = parsePercent(amount);
  return 'value' in parsed ? { fraction: parsed.value } : null;
};

describe("what Kubernetes' Deployment tests fix", () => {
  it.each(cases.fenceposts)('limits: $name ($test)', ({ maxSurge, maxUnavailable, replicas, expected }) => {
    const surge = read(maxSurge);
    const unavailable = read(maxUnavailable);
    const refused = surge === null || unavailable === null;
    expect(refused ? 'refused' : resolveFenceposts(surge, unavailable, replicas)).toEqual(expected);
  });

  it.each(cases.newReplicaSet)('new ReplicaSet: $name ($test)', ({ replicas, surge, oldSize, newSize, expected }) => {
    expect(reconcileNewReplicaSet(replicas, newSize, oldSize + newSize, surge)).toBe(expected);
  });

  it.each(cases.newReplicaSetSize)(
    'size: $name ($test)',
    ({ strategy, replicas, newSize, totalSize, surge, expected }) => {
      expect(newReplicaSetSize(strategy, replicas, newSize, totalSize, surge)).toBe(expected);
    },
  );

  it.each(cases.oldReplicaSets)(
    'old ReplicaSets: $name ($test)',
    ({ replicas, maxSurge, maxUnavailable, old, newSet, expected }) => {
      const { unavailable } = limitsOf('RollingUpdate', absolute(maxSurge), absolute(maxUnavailable), replicas);
      const writes = reconcileOldReplicaSets(replicas, unavailable, old, newSet);
      const after = resized(old, writes).map((set) => set.replicas);
      expect(writes.length === 0 ? [] : after).toEqual(expected);
    },
  );

  it.each(cases.unhealthy)('unhealthy pods: $name ($test)', ({ old, maxCleanup, expected }) => {
    const { writes } = cleanUpUnhealthy(old, maxCleanup);
    const after = resized(old, writes);
    expect(old.reduce((gone, set, index) => gone + set.replicas - after[index]!.replicas, 0)).toBe(expected);
  });

  it.each(cases.scaleDownOld)(
    'old pods: $name ($test)',
    ({ replicas, maxSurge, maxUnavailable, available, old, expected }) => {
      const { unavailable } = limitsOf('RollingUpdate', absolute(maxSurge), absolute(maxUnavailable), replicas);
      const writes = scaleDownOld([{ replicas: old, available }], replicas, unavailable, available);
      expect(writes).toEqual(expected === null ? [] : [{ index: 0, replicas: expected }]);
    },
  );

  it.each(cases.complete)('complete: $name ($test)', ({ desired, status, expected }) => {
    expect(isComplete(desired, status)).toBe(expected);
  });

  it.each(cases.scale)('$name ($test)', ({ replicas, surge, statusReplicas, sets, expected }) => {
    const annotated = sets.map((set): AnnotatedReplicaSet => ({ ...set, available: 0 }));
    const newIndex = sets.findIndex(({ role }) => role === 'new');
    const writes = scaleReplicaSets(
      { strategy: 'RollingUpdate', replicas, surge, statusReplicas },
      annotated,
      newIndex,
    );
    expect(resized(annotated, writes).map((set) => set.replicas)).toEqual(expected);
    expect(isScalingEvent(replicas, annotated)).toBe(replicas !== statusReplicas);
  });

  it.each(cases.history)('history: $name ($test)', ({ revisionHistoryLimit, old, expected }) => {
    expect(historyToDelete(old, revisionHistoryLimit)).toHaveLength(expected);
  });
});

const set = (replicas: number, available: number, maxReplicas: number | null = null): AnnotatedReplicaSet => ({
  replicas,
  available,
  desiredReplicas: maxReplicas,
  maxReplicas,
});

describe('the rules one by one', () => {
  it('rounds surge up and unavailability down, and not by what binary fractions add', () => {
    expect(resolveUp({ fraction: 0.07 }, 100)).toBe(7);
    expect(resolveUp({ fraction: 0.07 }, 101)).toBe(8);
    expect(resolveDown({ fraction: 0.29 }, 100)).toBe(29);
    expect(resolveDown({ fraction: 0.29 }, 99)).toBe(28);
  });

  it('takes fields that are not set as zero, and never takes more pods away than there are', () => {
    expect(resolveFenceposts(null, null, 10)).toEqual({ surge: 0, unavailable: 1 });
    expect(limitsOf('RollingUpdate', null, absolute(7), 5)).toEqual({ surge: 0, unavailable: 5 });
    expect(limitsOf('Recreate', absolute(3), absolute(3), 5)).toEqual({ surge: 0, unavailable: 0 });
  });

  it('removes unhealthy old pods within the budget before healthy ones, the oldest ReplicaSet first', () => {
    // 12 pods, 8 must stay available, 1 new one is not: 3 may go.
    expect(reconcileOldReplicaSets(10, 2, [set(4, 2), set(6, 6)], set(2, 1))).toEqual([
      { index: 0, replicas: 2 },
      { index: 0, replicas: 1 },
    ]);
    expect(reconcileOldReplicaSets(10, 2, [set(4, 2), set(6, 5)], set(2, 1))).toEqual([
      { index: 0, replicas: 2 },
      { index: 1, replicas: 5 },
    ]);
  });

  it('waits for the status of an old ReplicaSet that was scaled a moment ago', () => {
    // 10 of the old pods are still counted as available, though only 8 are meant to stay.
    expect(reconcileOldReplicaSets(10, 2, [set(8, 10)], set(3, 3))).toEqual([]);
    expect(reconcileOldReplicaSets(10, 2, [set(8, 8)], set(3, 3))).toEqual([{ index: 0, replicas: 5 }]);
  });

  it('empties old ReplicaSets when the new one has all replicas, and gives a lone one the whole size', () => {
    const rolling = { strategy: 'RollingUpdate', replicas: 5, surge: 2, statusReplicas: 7 } as const;
    const saturated = { replicas: 5, available: 5, desiredReplicas: 5, maxReplicas: 7 };
    expect(scaleReplicaSets(rolling, [set(2, 2, 9), saturated], 1)).toEqual([{ index: 0, replicas: 0 }]);
    expect(scaleReplicaSets(rolling, [set(0, 0, 9), set(3, 3, 9)], -1)).toEqual([{ index: 1, replicas: 5 }]);
    expect(scaleReplicaSets(rolling, [set(0, 0, 9), set(0, 0, 9)], -1)).toEqual([{ index: 1, replicas: 5 }]);
    expect(scaleReplicaSets(rolling, [set(5, 5, 9)], 0)).toEqual([]);
    expect(scaleReplicaSets(rolling, [], -1)).toEqual([]);
    expect(scaleReplicaSets({ ...rolling, strategy: 'Recreate' }, [set(2, 2, 9), set(2, 2, 9)], 1)).toEqual([]);
  });

  it('takes the size of the Deployment where a ReplicaSet has no annotation', () => {
    const sizes = scaleReplicaSets(
      { strategy: 'RollingUpdate', replicas: 20, surge: 0, statusReplicas: 10 },
      [set(6, 6), set(4, 4)],
      1,
    );
    expect(sizes).toEqual([
      { index: 0, replicas: 12 },
      { index: 1, replicas: 8 },
    ]);
  });

  it('passes over old ReplicaSets that have pods when it cleans up, though they count', () => {
    const empty = { replicas: 0, statusReplicas: 0, isDeleting: false };
    expect(historyToDelete([{ ...empty, statusReplicas: 1 }, empty, empty], 1)).toEqual([1]);
  });
});

describe('properties', () => {
  const sizes = fc.record({
    replicas: fc.integer({ min: 1, max: 40 }),
    surge: fc.nat(10),
    sets: fc.array(fc.record({ replicas: fc.nat(20), maxReplicas: fc.integer({ min: 1, max: 60 }) }), {
      minLength: 2,
      maxLength: 5,
    }),
  });

  it('proportional scaling gives out exactly the replicas and the surge, and no set turns negative', () => {
    fc.assert(
      fc.property(sizes, ({ replicas, surge, sets }) => {
        const annotated = sets.map((entry) => set(entry.replicas, 0, entry.maxReplicas));
        if (sets.filter((entry) => entry.replicas > 0).length < 2) return;
        const deployment = { strategy: 'RollingUpdate', replicas, surge, statusReplicas: 1 } as const;
        const after = resized(annotated, scaleReplicaSets(deployment, annotated, annotated.length - 1));
        expect(Math.min(...after.map((entry) => entry.replicas))).toBeGreaterThanOrEqual(0);
        const total = after.reduce((pods, entry) => pods + entry.replicas, 0);
        const before = sets.reduce((pods, entry) => pods + entry.replicas, 0);
        // Sizes that no scaling has left so may ask the first to give more than it has.
        if (before <= replicas + surge) expect(total).toBe(replicas + surge);
        else expect(total).toBeGreaterThanOrEqual(replicas + surge);
      }),
    );
  });

  it('steps with honest statuses end with all pods new, and stay within the limits all the way', () => {
    const rollouts = fc.record({
      replicas: fc.integer({ min: 1, max: 50 }),
      maxSurge: fc.nat(20),
      maxUnavailable: fc.nat(20),
      readyPerStep: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(rollouts, ({ replicas, maxSurge, maxUnavailable, readyPerStep }) => {
        const { surge, unavailable } = limitsOf(
          'RollingUpdate',
          absolute(maxSurge),
          absolute(maxUnavailable),
          replicas,
        );
        let old = replicas;
        let size = 0;
        let available = 0;
        for (let step = 0; step < 1000 && (old > 0 || available < replicas); step++) {
          size = reconcileNewReplicaSet(replicas, size, old + size, surge) ?? size;
          const newSet = { replicas: size, available };
          const writes = reconcileOldReplicaSets(replicas, unavailable, [{ replicas: old, available: old }], newSet);
          old = writes.at(-1)?.replicas ?? old;
          expect(old + size).toBeLessThanOrEqual(replicas + surge);
          expect(old + available).toBeGreaterThanOrEqual(replicas - unavailable);
          available = Math.min(size, available + readyPerStep);
        }
        expect([old, size, available]).toEqual([0, replicas, replicas]);
      }),
    );
  });
});
