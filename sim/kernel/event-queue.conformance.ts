import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { EventQueue } from './event-queue.js';

interface Popped {
  timeNs: number;
  event: number;
}

/** The contract of `EventQueue` at its most literal: a list that is searched for the first in order. */
class SortedListOracle {
  private readonly entries: Popped[] = [];

  push(timeNs: number, event: number): void {
    // Behind all entries that are not later: that is where the first-in first-out rule puts it.
    const notLater = this.entries.findLastIndex((entry) => entry.timeNs <= timeNs);
    this.entries.splice(notLater + 1, 0, { timeNs, event });
  }

  /** As a queue with nothing pending answers when there is no entry. */
  pop(): Popped {
    return this.entries.shift() ?? { timeNs: Infinity, event: -1 };
  }
}

function popOne(queue: EventQueue): Popped {
  return { timeNs: queue.peekTimeNs(), event: queue.pop() };
}

function popAll(queue: EventQueue): Popped[] {
  const popped: Popped[] = [];
  // As many as are said to be pending: a queue that has lost some fails, where it would never be empty.
  for (let left = queue.size; left > 0; left--) popped.push(popOne(queue));
  return popped;
}

/** Pushes events numbered in order of push and checks that they come back by time and then by number. */
function expectSorted(queue: EventQueue, timesNs: readonly number[]): void {
  for (const [event, timeNs] of timesNs.entries()) queue.push(timeNs, event);
  expect(queue.size).toBe(timesNs.length);
  const expected = timesNs
    .map((timeNs, event) => ({ timeNs, event }))
    .sort((a, b) => a.timeNs - b.timeNs || a.event - b.event);
  expect(popAll(queue)).toEqual(expected);
  expectEmpty(queue);
}

function expectEmpty(queue: EventQueue): void {
  expect(queue.size).toBe(0);
  expect(queue.peekTimeNs()).toBe(Infinity);
  expect(queue.pop()).toBe(-1);
}

/** Numbers that look random and are the same in every run: a linear congruential generator with Knuth's MMIX factors. */
function lcg(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return (Number(state >> 11n) + 0.5) / 9_007_199_254_740_992;
  };
}

/** Distributions of the time from now to a new event, by name; `u` is uniform in (0, 1). */
const INCREMENTS_NS: Readonly<Record<string, (u: number) => number>> = {
  'all equal': () => 0,
  'ties in bursts': (u) => Math.ceil(8 * u) * 1_000_000,
  'periodic ticks': (u) => (u < 0.5 ? 1_000_000_000 : 10_000_000_000),
  exponential: (u) => Math.round(-Math.log(u) * 1e9),
  bimodal: (u) => (u < 0.9 ? Math.round(u * 1e6) : Math.round(1e10 + u * 1e9)),
  'heavy-tailed': (u) => Math.min(Math.round(1000 * Math.exp(-1.5 * Math.log(u))), 1e13),
  'mixed scales': (u) => Math.floor(Math.exp(u * 30)),
};

/**
 * Times of `count` pushes, in patterns against which a queue that sorts in parts has to defend itself: what is pushed goes in
 * front of, or between, all that it has just sorted. A queue that takes quadratic time for one does not get through it.
 */
const PATTERNS_NS: Readonly<Record<string, (index: number, count: number) => number>> = {
  rising: (index) => 1000 * index,
  falling: (index, count) => 1000 * (count - index),
  'falling in ties of three': (index, count) => 1000 * (count - (index - (index % 3))),
  'falling in bursts of ties': (index, count) => 1000 * (count - (index - (index % 70))),
  'falling, each block rising': (index, count) => 1000 * (count - (index - (index % 100))) + (index % 100),
  'zig-zag, outwards': (index, count) => 1000 * (index % 2 === 0 ? count - index : count + index),
  'zig-zag, inwards': (index, count) => 1000 * (index % 2 === 0 ? index : 2 * count - index),
  'zig-zag beside a burst of ties': (index, count) => 1000 * [count - index, count, count + index, count][index % 4]!,
  'converging on a time from above': (index, count) => 1000 + Math.floor(1e15 ** (1 - index / count)),
  'converging on a time from both sides': (index, count) =>
    1e15 + (index % 2 === 0 ? 1 : -1) * Math.floor(1e15 ** (1 - index / count)),
};

/**
 * What every implementation of `EventQueue` has to satisfy.
 *
 * @param createQueue makes an empty queue
 */
export function describeEventQueue(name: string, createQueue: () => EventQueue): void {
  describe(`${name} is an EventQueue`, () => {
    test('is empty at first', () => expectEmpty(createQueue()));

    test('holds one event', () => {
      const queue = createQueue();
      queue.push(42, 7);
      expect(queue.size).toBe(1);
      expect(queue.peekTimeNs()).toBe(42);
      expect(queue.size).toBe(1);
      expect(queue.pop()).toBe(7);
      expectEmpty(queue);
    });

    test('takes the ends of the ranges of times and events', () => {
      expectSorted(createQueue(), [Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER - 1, 1, 0]);
      const queue = createQueue();
      queue.push(1, 2 ** 31 - 1);
      expect(queue.pop()).toBe(2 ** 31 - 1);
    });

    test.each([2, 63, 64, 65, 1000, 150_000])('keeps the order of push in a burst of %i equal times', (count) => {
      expectSorted(createQueue(), Array<number>(count).fill(5_000_000_000));
    });

    test('keeps the order of push in bursts of ties at several times', () => {
      const random = lcg(1);
      expectSorted(
        createQueue(),
        Array.from({ length: 20_000 }, () => Math.floor(random() * 7) * 1000),
      );
    });

    test('orders times that rise, fall, alternate', () => {
      const rising = Array.from({ length: 5000 }, (_, index) => index * 3);
      expectSorted(createQueue(), rising);
      expectSorted(createQueue(), rising.toReversed());
      expectSorted(
        createQueue(),
        rising.map((timeNs, index) => (index % 2 === 0 ? timeNs : 1e9 - timeNs)),
      );
    });

    test.each(Object.entries(PATTERNS_NS))('orders 100,000 times, %s', (_name, patternNs) => {
      const count = 100_000;
      expectSorted(
        createQueue(),
        Array.from({ length: count }, (_, index) => patternNs(index, count)),
      );
    });

    test.each(Object.entries(PATTERNS_NS))(
      'agrees with a sorted list when pops interrupt pushes, times %s',
      (_, patternNs) => {
        const count = 4000;
        for (const pops of [1, 20, 90]) {
          const queue = createQueue();
          const oracle = new SortedListOracle();
          const popped: Popped[] = [];
          const expected: Popped[] = [];
          for (let event = 0; event < count; event++) {
            const timeNs = patternNs(event, count);
            queue.push(timeNs, event);
            oracle.push(timeNs, event);
            if (event % 130 !== 129) continue;
            queue.peekTimeNs();
            for (let i = 0; i < pops; i++) {
              popped.push(popOne(queue));
              expected.push(oracle.pop());
            }
          }
          for (const last of popAll(queue)) {
            popped.push(last);
            expected.push(oracle.pop());
          }
          expect(popped).toEqual(expected);
          expectEmpty(queue);
        }
      },
    );

    test('orders times just below, at and just above the borders of equal parts of the range', () => {
      // Wherever an implementation divides the range, into as many parts as there are events, a half or the double, the
      // borders are among these. Widths that are no power of two make the division inexact.
      for (const width of [1, 3, 7, 10, 1000, 333_333_333, 2 ** 33 + 1]) {
        for (const start of [0, 1, 123_456_789_012_345]) {
          const times: number[] = [];
          for (let part = 0; part <= 400; part++) {
            for (const offset of [1, 0, -1, 0]) times.push(Math.max(0, start + part * width + offset));
          }
          expectSorted(createQueue(), times);
        }
      }
    });

    test('orders exponential gaps, from 1 ns to 104 days, with many events at each', () => {
      const times: number[] = [];
      for (let copy = 0; copy < 100; copy++) {
        for (let timeNs = 1; timeNs < Number.MAX_SAFE_INTEGER; timeNs *= 2) times.push(timeNs, timeNs + copy);
      }
      expectSorted(createQueue(), times);
    });

    test.each(Object.entries(INCREMENTS_NS))('drains 100,000 events, increments %s', (_, incrementNs) => {
      const random = lcg(2);
      expectSorted(
        createQueue(),
        Array.from({ length: 100_000 }, () => incrementNs(random())),
      );
    });

    test.each(Object.entries(INCREMENTS_NS))(
      'agrees with a sorted list in the hold model, increments %s',
      (_, incrementNs) => {
        for (const pending of [1, 10, 100, 500]) {
          const random = lcg(pending);
          const queue = createQueue();
          const oracle = new SortedListOracle();
          let nextEvent = 0;
          const push = (timeNs: number): void => {
            queue.push(timeNs, nextEvent);
            oracle.push(timeNs, nextEvent++);
          };
          for (let i = 0; i < pending; i++) push(incrementNs(random()));
          const popped: Popped[] = [];
          const expected: Popped[] = [];
          for (let i = 0; i < 4000; i++) {
            const first = popOne(queue);
            popped.push(first);
            expected.push(oracle.pop());
            push(first.timeNs + incrementNs(random()));
            // A second one at the current time now and then, and a pop without a push, so that the number pending varies.
            if (i % 5 === 0) push(first.timeNs);
            if (i % 5 === 1) {
              popped.push(popOne(queue));
              expected.push(oracle.pop());
            }
          }
          expect(popped).toEqual(expected);
        }
      },
    );

    test('serves events that are pushed at the current time after those that wait for it', () => {
      const queue = createQueue();
      for (let event = 0; event < 300; event++) queue.push(1000, event);
      const order: number[] = [];
      let nextEvent = 300;
      while (queue.size > 0) {
        const event = queue.pop();
        order.push(event);
        if (event < 300) queue.push(1000, nextEvent++);
      }
      expect(order).toEqual(Array.from({ length: 600 }, (_, index) => index));
    });

    test.each([1, 10, 100])(
      'keeps a burst of 20,000 ties in order while %i events at a time are served before it',
      (inFront) => {
        const queue = createQueue();
        const burstNs = 1_000_000_000;
        const burst: number[] = [];
        const order: number[] = [];
        const expected: number[] = [];
        let nextEvent = 0;
        const pushToBurst = (): void => {
          burst.push(nextEvent);
          queue.push(burstNs, nextEvent++);
        };
        for (let ties = 0; ties < 20_000; ties++) pushToBurst();
        for (let round = 0; round < 20_000 / inFront; round++) {
          // Asking for the time makes the burst what is next, as a run does that stops before it.
          expect(queue.peekTimeNs()).toBe(burstNs);
          const firstEvent = nextEvent;
          for (let i = 0; i < inFront; i++) queue.push(burstNs - 1 - i, nextEvent++);
          for (let event = nextEvent - 1; event >= firstEvent; event--) expected.push(event);
          for (let i = 0; i < inFront; i++) order.push(queue.pop());
          if (round % 3 === 0) pushToBurst();
        }
        for (const { event } of popAll(queue)) order.push(event);
        expect(order).toEqual([...expected, ...burst]);
        expectEmpty(queue);
      },
    );

    test('serves events earlier than the last popped in their place', () => {
      const queue = createQueue();
      for (let event = 0; event < 1000; event++) queue.push(1_000_000 + event * 1000, event);
      for (let event = 0; event < 500; event++) expect(queue.pop()).toBe(event);
      queue.push(10, 2000);
      queue.push(5, 2001);
      queue.push(10, 2002);
      expect(queue.peekTimeNs()).toBe(5);
      expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()]).toEqual([2001, 2000, 2002, 500]);
    });

    test('keeps the order when every push goes further into the past', () => {
      // Each block lies in front of all that is pending, so nothing is ever finished before the next one starts.
      const queue = createQueue();
      const random = lcg(3);
      const expected: Popped[] = [];
      for (let block = 100; block > 0; block--) {
        for (let i = 0; i < 200; i++) {
          const timeNs = block * 1_000_000 + Math.floor(random() * 999_999);
          expected.push({ timeNs, event: expected.length });
          queue.push(timeNs, expected.length - 1);
        }
        queue.peekTimeNs();
      }
      expected.sort((a, b) => a.timeNs - b.timeNs || a.event - b.event);
      expect(popAll(queue)).toEqual(expected);
    });

    test('takes near events while a burst of ties is next', () => {
      const queue = createQueue();
      const times = [...Array<number>(5000).fill(1_000_000), ...Array<number>(100).fill(2_000_000_000)];
      for (const [event, timeNs] of times.entries()) queue.push(timeNs, event);
      expect(queue.peekTimeNs()).toBe(1_000_000);
      for (let event = 0; event < 1000; event++) queue.push(999_999 - event, 10_000 + event);
      const popped = popAll(queue).map(({ event }) => event);
      expect(popped.slice(0, 1000)).toEqual(Array.from({ length: 1000 }, (_, index) => 10_999 - index));
      expect(popped.slice(1000)).toEqual(times.map((_, index) => index));
    });

    test('clear forgets everything, whatever the state, and the queue works on', () => {
      for (const pops of [0, 1, 700]) {
        const queue = createQueue();
        const random = lcg(4);
        for (let event = 0; event < 2000; event++) queue.push(Math.floor(random() * 1e9), event);
        for (let i = 0; i < pops; i++) queue.pop();
        queue.clear();
        expectEmpty(queue);
        expectSorted(
          queue,
          Array.from({ length: 2000 }, () => Math.floor(random() * 1e9)),
        );
      }
    });

    test('can be emptied and filled again many times', () => {
      const queue = createQueue();
      const random = lcg(5);
      for (let round = 0; round < 50; round++) {
        expectSorted(
          queue,
          Array.from({ length: round * 13 }, () => round * 1000 + Math.floor(random() * 500)),
        );
      }
    });

    test('agrees with a sorted list on any sequence of pushes, pops, peeks', () => {
      const timeNs = fc.oneof(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.maxSafeNat(),
        fc.constantFrom(1_000_000, 1_000_001),
      );
      const step = fc.oneof(
        { weight: 4, arbitrary: fc.record({ pushNs: timeNs, copies: fc.integer({ min: 1, max: 60 }) }) },
        { weight: 3, arbitrary: fc.record({ pops: fc.integer({ min: 1, max: 80 }) }) },
        { weight: 1, arbitrary: fc.constant('peek' as const) },
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 150, size: 'max' }), fc.boolean(), (steps, relativeToNow) => {
          const queue = createQueue();
          const oracle = new SortedListOracle();
          const popped: Popped[] = [];
          const expected: Popped[] = [];
          let nowNs = 0;
          let nextEvent = 0;
          for (const action of steps) {
            if (action === 'peek') {
              queue.peekTimeNs();
            } else if ('pushNs' in action) {
              for (let copy = 0; copy < action.copies; copy++) {
                // Neighbours of one another, in ties of three.
                const offsetNs = copy - (copy % 3);
                const pushNs = Math.min(
                  (relativeToNow ? nowNs : 0) + action.pushNs + offsetNs,
                  Number.MAX_SAFE_INTEGER,
                );
                queue.push(pushNs, nextEvent);
                oracle.push(pushNs, nextEvent++);
              }
            } else {
              for (let i = 0; i < action.pops && queue.size > 0; i++) {
                const first = popOne(queue);
                popped.push(first);
                expected.push(oracle.pop());
                nowNs = first.timeNs;
              }
            }
          }
          while (queue.size > 0) {
            popped.push(popOne(queue));
            expected.push(oracle.pop());
          }
          expect(popped).toEqual(expected);
          expect(oracle.pop().event).toBe(-1);
          expectEmpty(queue);
        }),
        { numRuns: 150, seed: 20_261_121 },
      );
    });
  });
}
