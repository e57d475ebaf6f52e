import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityAnnotationCorrect, truncateEndpoints } from './endpoints-truncation.js';

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

describe('TestTruncateEndpoints (Kubernetes pkg/controller/endpoint/endpoints_controller_test.go)', () => {
  it.each([
    { name: 'empty', ready: [], notReady: [], keptReady: [], keptNotReady: [] },
    {
      name: 'exactly 1000 addresses',
      ready: [100, 100, 100, 100, 100],
      notReady: [100, 100, 100, 100, 100],
      keptReady: [100, 100, 100, 100, 100],
      keptNotReady: [100, 100, 100, 100, 100],
    },
    {
      name: '2100 ready',
      ready: [205, 400, 402, 400, 693],
      notReady: [100, 200, 200, 200, 300],
      keptReady: [98, 191, 192, 191, 328],
      keptNotReady: [0, 0, 0, 0, 0],
    },
  ])('$name', ({ ready, notReady, keptReady, keptNotReady }) => {
    const kept = truncateEndpoints(ready, notReady, 1000);
    expect(kept.ready).toEqual(keptReady);
    expect(kept.notReady).toEqual(keptNotReady);
  });
});

describe('TestSyncServiceOverCapacity (same file)', () => {
  it.each([
    // existing: addresses in the object before the sync; desired: what the pods ask for; then what is kept.
    { name: 'just over the limit, first seen', before: null, existing: 999, desired: [1000, 10], truncated: true },
    { name: 'annotation was "warning", now at capacity', before: 'warning', existing: 1000, desired: [1000, 0] },
    { name: 'annotation removed at capacity', before: 'truncated', existing: 1000, desired: [1000, 0] },
    { name: 'annotation value corrected', before: 'invalid', existing: 1001, desired: [1001, 0], truncated: true },
  ])('$name', ({ before, existing, desired, truncated = false }) => {
    const kept = truncateEndpoints([desired[0]!], [desired[1]!], 1000);
    expect(kept).toEqual({ ready: [1000], notReady: [0], truncated });
    // All four are written: the addresses changed, or the annotation was not as it should be.
    const unchanged = existing === desired[0]! + desired[1]!;
    expect(unchanged && capacityAnnotationCorrect(existing, before, 1000)).toBe(false);
  });

  it('leaves an object within the cap alone, and rewrites a truncated one at every sync', () => {
    expect(capacityAnnotationCorrect(1000, null, 1000)).toBe(true);
    expect(capacityAnnotationCorrect(1000, 'truncated', 1000)).toBe(false);
  });
});

it('keeps exactly the cap, never more of a subset than it has, and drops not-ready addresses first', () => {
  const subsets = fc.array(fc.tuple(fc.nat(1500), fc.nat(1500)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(subsets, (counts) => {
      const ready = counts.map(([count]) => count);
      const notReady = counts.map(([, count]) => count);
      const kept = truncateEndpoints(ready, notReady, 1000);
      expect(sum(kept.ready) + sum(kept.notReady)).toBe(Math.min(1000, sum(ready) + sum(notReady)));
      expect(sum(kept.ready)).toBe(Math.min(1000, sum(ready)));
      for (let i = 0; i < counts.length; i++) {
        expect(kept.ready[i]).toBeLessThanOrEqual(ready[i]!);
        expect(kept.notReady[i]).toBeLessThanOrEqual(notReady[i]!);
      }
    }),
  );
});

it('truncates nothing without a cap', () => {
  expect(truncateEndpoints([20_000], [5], null)).toEqual({ ready: [20_000], notReady: [5], truncated: false });
});
