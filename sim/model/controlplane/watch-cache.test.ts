import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  capacityUpperBound,
  DispatchBudget,
  DYNAMIC_RING,
  EventRing,
  fixedRing,
  watchChannelSize,
  NO_INDEX,
  type WatchIndex,
} from './watch-cache.js';

const SECOND = 1e9;
const MS = 1e6;

interface Cases {
  readonly resize: readonly {
    readonly name: string;
    readonly test: string;
    readonly capacity: number;
    readonly start: number;
    readonly events: number;
    readonly bounds: readonly [number, number];
    readonly gapSeconds: number;
    readonly expected: { readonly capacity: number; readonly start: number };
  }[];
  readonly channelSize: readonly {
    readonly name: string;
    readonly test: string;
    readonly capacity: number;
    readonly freshSeconds: number;
    readonly index: WatchIndex;
    readonly expected: number;
  }[];
  readonly capacityUpperBound: readonly {
    readonly name: string;
    readonly test: string;
    readonly freshSeconds: number;
    readonly expected: number;
  }[];
}
const cases = JSON.parse(readFileSync(new URL('watch-cache.cases.json', import.meta.url), 'utf8')) as Cases;

describe("what Kubernetes' tests of the watch cache fix", () => {
  it.each(cases.resize)('$name ($test)', ({ capacity, start, events, bounds, gapSeconds, expected }) => {
    const end = start + events;
    const timesNs = Float64Array.from({ length: end + 1 }, (_, event) => event * gapSeconds * SECOND);
    const ring = new EventRing(
      { lowerBound: bounds[0], upperBound: bounds[1], freshNs: 75 * SECOND },
      start,
      end,
      capacity,
    );
    ring.add(timesNs[end]!, timesNs);
    expect(ring.capacity).toBe(expected.capacity);
    // The new event pushes out the oldest one of a ring that is still full.
    const isFull = end - expected.start === expected.capacity;
    expect(ring.start).toBe(expected.start + (isFull ? 1 : 0));
    expect(ring.end).toBe(end + 1);
  });

  it.each(cases.channelSize)('channels for $name ($test)', ({ capacity, freshSeconds, index, expected }) => {
    expect(watchChannelSize(capacity, freshSeconds * SECOND, index)).toBe(expected);
  });

  it.each(cases.capacityUpperBound)('upper bound for $name ($test)', ({ freshSeconds, expected }) => {
    expect(capacityUpperBound(freshSeconds * SECOND)).toBe(expected);
  });
});

describe('the ring', () => {
  /** A ring that is fed `count` events a gap apart. */
  const feed = (ring: EventRing, count: number, gapNs: number): void => {
    const timesNs = Float64Array.from({ length: count }, (_, event) => event * gapNs);
    for (let event = 0; event < count; event++) ring.add(timesNs[event]!, timesNs);
  };

  it('grows until it holds 75 s of events, and no further', () => {
    const ring = new EventRing(DYNAMIC_RING, 0, 0);
    feed(ring, 20_000, SECOND / 20);
    // 75 s at 20 a second are 1,500 events: the first power of two times 100 that holds them.
    expect(ring.capacity).toBe(1600);
    expect(ring.end - ring.start).toBe(1600);
  });

  it('stays at its size when that is fixed', () => {
    const ring = new EventRing(fixedRing(100), -100, 0);
    feed(ring, 1000, SECOND / 100);
    expect([ring.capacity, ring.start, ring.end]).toEqual([100, 900, 1000]);
  });

  it('of a server that has been up for long starts to grow when its old events are gone', () => {
    const ring = new EventRing(DYNAMIC_RING, -100, 0);
    feed(ring, 100, MS);
    expect(ring.capacity).toBe(100);
    const timesNs = Float64Array.from({ length: 101 }, (_, event) => event * MS);
    ring.add(timesNs[100]!, timesNs);
    expect(ring.capacity).toBe(200);
  });

  it('refuses who has seen nothing that it holds', () => {
    const ring = new EventRing(fixedRing(100), 50, 150);
    const timesNs = Float64Array.from({ length: 151 }, (_, event) => event * SECOND);
    ring.add(150 * SECOND, timesNs);
    expect(ring.start).toBe(51);
    // Of the time after the last event that was dropped: other resources have moved the version on since.
    expect([50, 51, 52].map((seen) => ring.isTooOld(seen, 50.5 * SECOND))).toEqual([true, true, false]);
  });

  it('of a server that has just started refuses every version from before its start', () => {
    const ring = new EventRing(DYNAMIC_RING, 7, 7, 100, 30 * SECOND);
    expect(ring.isTooOld(7, 29 * SECOND)).toBe(true);
    expect(ring.isTooOld(7, 30 * SECOND)).toBe(false);
    expect(ring.isTooOld(6, 31 * SECOND)).toBe(true);
    ring.add(31 * SECOND, new Float64Array(8));
    expect(ring.isTooOld(8, 31 * SECOND)).toBe(false);
  });

  it('never holds more than its capacity or less than it could, and keeps within its bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 400 }), (gapsSeconds) => {
        const limits = { lowerBound: 4, upperBound: 48, freshNs: 75 * SECOND };
        const ring = new EventRing(limits, 0, 0);
        let nowNs = 0;
        const timesNs = Float64Array.from(gapsSeconds, (gap) => (nowNs += gap * SECOND));
        timesNs.forEach((timeNs, event) => {
          const { capacity, start } = ring;
          const wasFull = ring.end - start === capacity;
          ring.add(timeNs, timesNs);
          expect(ring.end).toBe(event + 1);
          expect(ring.end - ring.start).toBeLessThanOrEqual(ring.capacity);
          expect(ring.capacity).toBeGreaterThanOrEqual(limits.lowerBound);
          expect(ring.capacity).toBeLessThanOrEqual(limits.upperBound);
          // An event younger than 75 s is dropped only at the upper bound.
          if (ring.start > start && ring.capacity < limits.upperBound) {
            expect(timeNs - timesNs[ring.start - 1]!).toBeGreaterThanOrEqual(75 * SECOND);
          }
          if (!wasFull) expect(ring.capacity).toBe(capacity);
        });
      }),
    );
  });

  it('gives a watcher on a fresh ring channels of ten, whatever the ring grows to', () => {
    expect(watchChannelSize(100, DYNAMIC_RING.freshNs, NO_INDEX)).toBe(10);
    expect(watchChannelSize(102_400, DYNAMIC_RING.freshNs, NO_INDEX)).toBe(100);
  });
});

describe('the budget of the dispatcher', () => {
  it('starts with 50 ms, gains 50 ms at each second and holds 100 ms', () => {
    const budget = new DispatchBudget();
    expect(budget.take(0.5 * SECOND)).toBe(50 * MS);
    expect(budget.take(0.9 * SECOND)).toBe(0);
    expect(budget.take(1.1 * SECOND)).toBe(50 * MS);
    expect(budget.take(60 * SECOND)).toBe(100 * MS);
  });

  it('keeps what a wait did not need, up to its maximum', () => {
    const budget = new DispatchBudget();
    budget.giveBack(budget.take(0) - 20 * MS);
    expect(budget.take(0)).toBe(30 * MS);
    budget.giveBack(500 * MS);
    expect(budget.take(0)).toBe(100 * MS);
    budget.giveBack(-1);
    expect(budget.take(0)).toBe(0);
  });
});
