import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ageBucket,
  compareForDeletion,
  nextSlowStartBatch,
  podDifference,
  podsToDelete,
  type DeletionCandidate,
} from './replica-set-rules.js';

type PodKind = 'unscheduled' | 'scheduled' | 'unready' | 'ready-1' | 'ready-2';

interface Cases {
  readonly slowStart: readonly {
    readonly name: string;
    readonly test: string | null;
    readonly count: number;
    readonly initialBatch: number;
    readonly callLimit: number;
    readonly expected: { readonly successes: number; readonly calls: number; readonly isError: boolean };
  }[];
  readonly batches: readonly {
    readonly name: string;
    readonly test: string | null;
    readonly count: number;
    readonly expected: readonly number[];
  }[];
  readonly deletions: readonly {
    readonly name: string;
    readonly test: string | null;
    readonly pods: readonly PodKind[];
    readonly related: readonly PodKind[] | null;
    readonly count: number;
    readonly expected: readonly PodKind[];
  }[];
}

const cases = JSON.parse(readFileSync(new URL('replica-set-rules.cases.json', import.meta.url), 'utf8')) as Cases;

const running: DeletionCandidate = {
  isAssigned: true,
  phase: 'Running',
  isReady: true,
  deletionCost: 0,
  relatedPodsOnNode: 1,
  readySinceNs: null,
  restarts: 0,
  createdNs: null,
  uid: 0,
};

const nodeOf = (kind: PodKind): number | null => (kind === 'unscheduled' ? null : kind === 'ready-2' ? 2 : 1);

const candidate = (kind: PodKind, uid: number, related: readonly PodKind[]): DeletionCandidate & { kind: PodKind } => ({
  ...running,
  kind,
  uid,
  isAssigned: kind !== 'unscheduled',
  phase: kind === 'unscheduled' || kind === 'scheduled' ? 'Pending' : 'Running',
  isReady: kind === 'ready-1' || kind === 'ready-2',
  relatedPodsOnNode: related.filter((other) => nodeOf(other) === nodeOf(kind)).length,
});

/** Sends in batches to a server that refuses every call after the first `callLimit`. */
function sendInBatches(count: number, initialBatch: number, callLimit: number) {
  const batches: number[] = [];
  let successes = 0;
  let calls = 0;
  let failures = 0;
  let batch = nextSlowStartBatch(0, 0, count, initialBatch);
  while (batch > 0) {
    batches.push(batch);
    const succeeded = Math.max(0, Math.min(batch, callLimit - calls));
    calls += batch;
    successes += succeeded;
    failures = batch - succeeded;
    batch = nextSlowStartBatch(batch, failures, count - calls, initialBatch);
  }
  return { batches, successes, calls, isError: failures > 0 };
}

describe("what Kubernetes' ReplicaSet tests fix", () => {
  it.each(cases.slowStart)('slow start: $name ($test)', ({ count, initialBatch, callLimit, expected }) => {
    expect(sendInBatches(count, initialBatch, callLimit)).toMatchObject(expected);
  });

  it.each(cases.batches)('batches: $name', ({ count, expected }) => {
    expect(sendInBatches(count, 1, Infinity).batches).toEqual(expected);
  });

  it.each(cases.deletions)('deletion: $name ($test)', ({ pods, related, count, expected }) => {
    const candidates = pods.map((kind, uid) => candidate(kind, uid, related ?? pods));
    expect(podsToDelete(candidates, count, 0).map(({ kind }) => kind)).toEqual(expected);
  });
});

describe('the rules one by one', () => {
  it('creates and deletes at most 500 pods a sync', () => {
    expect(podDifference(100, 1000, 500)).toEqual({ creates: 500, deletes: 0 });
    expect(podDifference(100, 101, 500)).toEqual({ creates: 1, deletes: 0 });
    expect(podDifference(1000, 100, 500)).toEqual({ creates: 0, deletes: 500 });
    expect(podDifference(7, 7, 500)).toEqual({ creates: 0, deletes: 0 });
  });

  it('never sends more than is asked for, and nothing for nothing', () => {
    expect(sendInBatches(0, 1, Infinity).batches).toEqual([]);
    expect(sendInBatches(3, 10, Infinity).batches).toEqual([3]);
    expect(sendInBatches(25, 10, Infinity).batches).toEqual([10, 15]);
  });

  it('ranks ages by powers of two', () => {
    expect([0, 1, 2, 3, 4, 1023, 1024].map((ageNs) => ageBucket(-ageNs, 0))).toEqual([-1, 0, 1, 1, 2, 9, 10]);
    expect(ageBucket(5, 0)).toBe(-1);
  });

  const HOUR = 3600e9;
  const nowNs = 100 * HOUR;
  const since = (hours: number): number => nowNs - hours * HOUR;
  // Each line: what goes first, what stays. All else is equal.
  it.each<[string, Partial<DeletionCandidate>, Partial<DeletionCandidate>]>([
    ['without a node', { isAssigned: false, phase: 'Running' }, { phase: 'Pending' }],
    ['pending', { phase: 'Pending' }, { phase: 'Unknown', isReady: false }],
    ['unknown', { phase: 'Unknown' }, { isReady: false }],
    ['not ready', { isReady: false, deletionCost: 100 }, { deletionCost: -100 }],
    ['cheaper', { deletionCost: -1, relatedPodsOnNode: 1 }, { relatedPodsOnNode: 5 }],
    ['doubled up', { relatedPodsOnNode: 2, readySinceNs: since(99) }, { readySinceNs: since(1) }],
    ['without a ready time', { readySinceNs: null, restarts: 0 }, { readySinceNs: since(1), restarts: 5 }],
    ['ready for less', { readySinceNs: since(1), uid: 9 }, { readySinceNs: since(4), uid: 1 }],
    ['ready for about as long', { readySinceNs: since(1.2), uid: 1 }, { readySinceNs: since(1.1), uid: 2 }],
    ['restarted more often', { restarts: 2, createdNs: since(9) }, { restarts: 1, createdNs: since(1) }],
    ['without a creation time', { createdNs: null, uid: 9 }, { createdNs: since(1), uid: 1 }],
    ['younger', { createdNs: since(1), uid: 9 }, { createdNs: since(4), uid: 1 }],
    ['about as old', { createdNs: since(1.2), uid: 1 }, { createdNs: since(1.1), uid: 2 }],
  ])('%s goes first', (_, first, other) => {
    const a = { ...running, ...first };
    const b = { ...running, ...other };
    expect(compareForDeletion(a, b, nowNs)).toBeLessThan(0);
    expect(compareForDeletion(b, a, nowNs)).toBeGreaterThan(0);
  });

  it('leaves pods that are equal in their order', () => {
    expect(compareForDeletion(running, { ...running, uid: 5 }, nowNs)).toBe(0);
  });

  it('deletes exactly so many, whatever the pods', () => {
    const pods = fc.array(
      fc.record({
        isAssigned: fc.boolean(),
        phase: fc.constantFrom('Pending' as const, 'Unknown' as const, 'Running' as const),
        isReady: fc.boolean(),
        deletionCost: fc.integer({ min: -2, max: 2 }),
        relatedPodsOnNode: fc.nat(3),
        readySinceNs: fc.option(fc.nat(1000)),
        restarts: fc.nat(2),
        createdNs: fc.option(fc.nat(1000)),
        uid: fc.nat(),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(pods, fc.nat(25), (candidates, count) => {
        const gone = podsToDelete(candidates, count, 1000);
        expect(gone).toHaveLength(Math.min(count, candidates.length));
        const rank = (pod: DeletionCandidate): number => Number(pod.isAssigned) * 2 + Number(pod.phase !== 'Pending');
        const stays = candidates.filter((pod) => !gone.includes(pod));
        if (stays.length > 0 && gone.length > 0) {
          expect(Math.max(...gone.map(rank))).toBeLessThanOrEqual(Math.min(...stays.map(rank)));
        }
      }),
    );
  });
});
