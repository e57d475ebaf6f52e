import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Simulation } from '../../kernel/simulation.js';
import { DelayingQueue } from './delaying-queue.js';
import { controllerRateLimiter, ItemExponentialFailureRateLimiter } from './rate-limiters.js';

const SECOND = 1e9;

/** A queue whose keys are taken as soon as they are there, with the times of it. */
function bench(keys = 4): {
  readonly simulation: Simulation;
  readonly queue: DelayingQueue;
  readonly taken: (readonly [seconds: number, key: number])[];
} {
  const simulation = new Simulation();
  const taken: (readonly [number, number])[] = [];
  const limiter = () => new ItemExponentialFailureRateLimiter(keys, SECOND, 1000 * SECOND);
  const queue: DelayingQueue = new DelayingQueue(simulation, 'test', keys, limiter, () => {
    for (let key = queue.take(); key >= 0; key = queue.take()) {
      taken.push([simulation.nowNs / SECOND, key]);
      queue.done(key);
    }
  });
  return { simulation, queue, taken };
}

// Expected behaviour: client-go util/workqueue/delaying_queue_test.go and rate_limiting_queue_test.go.
describe('delaying queue', () => {
  test('a key comes when its delay is over, and keys come in the order of their times (TestSimpleQueue, TestAddTwoFireEarly)', () => {
    const { simulation, queue, taken } = bench();
    queue.addAfter(0, 3 * SECOND);
    queue.addAfter(1, 1 * SECOND);
    queue.addAfter(2, 0);
    simulation.run();
    expect(taken).toEqual([
      [0, 2],
      [1, 1],
      [3, 0],
    ]);
  });

  test('of two delays of one key the earlier holds, in whatever order they come (TestDeduping)', () => {
    const { simulation, queue, taken } = bench();
    queue.addAfter(0, 5 * SECOND);
    queue.addAfter(0, 2 * SECOND);
    queue.addAfter(1, 1 * SECOND);
    queue.addAfter(1, 4 * SECOND);
    simulation.run();
    expect(taken).toEqual([
      [1, 1],
      [2, 0],
    ]);
    // The delay that was overtaken has left nothing behind that would make a run longer.
    expect(simulation.nowNs).toBe(2 * SECOND);
  });

  test('an add at once does not take the waiting entry away', () => {
    const { simulation, queue, taken } = bench();
    queue.addAfter(0, 2 * SECOND);
    queue.add(0);
    simulation.run();
    expect(taken).toEqual([
      [0, 0],
      [2, 0],
    ]);
  });

  test('failures wait 1, 2, 4 s, and from the start again once forgotten (TestRateLimitingQueue)', () => {
    const { simulation, queue, taken } = bench();
    for (let n = 0; n < 3; n++) {
      queue.addRateLimited(0);
      simulation.run();
    }
    expect(queue.numRequeues(0)).toBe(3);
    queue.forget(0);
    expect(queue.numRequeues(0)).toBe(0);
    queue.addRateLimited(0);
    simulation.run();
    expect(taken).toEqual([
      [1, 0],
      [3, 0],
      [7, 0],
      [8, 0],
    ]);
  });

  test('a process that ends forgets what waited, what was processed and what had failed', () => {
    const { simulation, queue, taken } = bench();
    queue.addRateLimited(0);
    queue.addAfter(1, 5 * SECOND);
    queue.clear();
    simulation.run();
    expect([taken, queue.length, queue.numRequeues(0), simulation.nowNs]).toEqual([[], 0, 0, 0]);
    queue.addAfter(1, 6 * SECOND);
    simulation.run();
    expect(taken).toEqual([[6, 1]]);
  });
});

test('property: keys are taken when a naive queue, which looks at every key at every step, takes them', () => {
  const KEYS = 3;
  const limits = { retryBaseNs: 2, retryMaxNs: 9, retryQps: 2e8, retryBurst: 2 };
  const operation = fc.record({
    gapNs: fc.integer({ min: 0, max: 6 }),
    kind: fc.constantFrom('add', 'addAfter', 'addRateLimited', 'forget', 'take', 'done', 'clear'),
    key: fc.nat(KEYS - 1),
    delayNs: fc.integer({ min: -1, max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
      const simulation = new Simulation();
      const queue = new DelayingQueue(
        simulation,
        'test',
        KEYS,
        () => controllerRateLimiter(KEYS, limits),
        () => undefined,
      );
      const naive = new NaiveQueue(() => controllerRateLimiter(KEYS, limits));
      const processing: number[] = [];
      let nowNs = 0;
      const tick = simulation.registerKind('tick', () => undefined);
      for (const { gapNs, kind, key, delayNs } of operations) {
        for (let step = 0; step < gapNs; step++) {
          simulation.schedule(++nowNs, tick);
          simulation.run(nowNs);
          naive.advanceTo(nowNs);
        }
        switch (kind) {
          case 'add':
            queue.add(key);
            naive.add(key);
            break;
          case 'addAfter':
            queue.addAfter(key, delayNs);
            naive.addAfter(key, delayNs);
            break;
          case 'addRateLimited':
            queue.addRateLimited(key);
            naive.addAfter(key, naive.limiter.when(key, nowNs));
            break;
          case 'forget':
            queue.forget(key);
            naive.limiter.forget(key);
            break;
          case 'take': {
            const taken = queue.take();
            expect(taken).toBe(naive.take());
            if (taken >= 0) processing.push(taken);
            break;
          }
          case 'done': {
            const done = processing.shift();
            if (done === undefined) break;
            queue.done(done);
            naive.done(done);
            break;
          }
          case 'clear':
            queue.clear();
            naive.clear();
            processing.length = 0;
            break;
        }
        expect(queue.length).toBe(naive.fifo.length);
        expect(queue.numRequeues(key)).toBe(naive.limiter.requeues(key));
      }
    }),
    { numRuns: 300 },
  );
});

/** The queue of client-go's documentation, with sets and without events. Of keys due at one time, the one that asked first comes first. */
class NaiveQueue {
  fifo: number[] = [];
  limiter;
  #nowNs = 0;
  #dirty = new Set<number>();
  #processing = new Set<number>();
  #waiting: { readonly key: number; readonly dueNs: number }[] = [];
  readonly #newLimiter;

  constructor(newLimiter: () => ReturnType<typeof controllerRateLimiter>) {
    this.#newLimiter = newLimiter;
    this.limiter = newLimiter();
  }

  advanceTo(nowNs: number): void {
    this.#nowNs = nowNs;
    const due = this.#waiting.filter(({ dueNs }) => dueNs <= nowNs);
    this.#waiting = this.#waiting.filter(({ dueNs }) => dueNs > nowNs);
    for (const { key } of due) this.add(key);
  }

  add(key: number): void {
    if (this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.fifo.push(key);
  }

  addAfter(key: number, delayNs: number): void {
    if (delayNs <= 0) {
      this.add(key);
      return;
    }
    const dueNs = this.#nowNs + delayNs;
    if (this.#waiting.some((entry) => entry.key === key && entry.dueNs <= dueNs)) return;
    this.#waiting = [...this.#waiting.filter((entry) => entry.key !== key), { key, dueNs }];
  }

  take(): number {
    const key = this.fifo.shift() ?? -1;
    if (key >= 0) {
      this.#processing.add(key);
      this.#dirty.delete(key);
    }
    return key;
  }

  done(key: number): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.fifo.push(key);
  }

  clear(): void {
    this.fifo = [];
    this.#dirty.clear();
    this.#processing.clear();
    this.#waiting = [];
    this.limiter = this.#newLimiter();
  }
}
