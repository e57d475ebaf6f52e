import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { WorkQueue } from './work-queue.js';

// Expected behaviour: client-go util/workqueue/queue_test.go (TestBasic, TestAddWhileProcessing, TestReinsert).
describe('work queue', () => {
  test('hands out keys in the order in which they were added', () => {
    const queue = new WorkQueue(5);
    for (const key of [3, 0, 4]) queue.add(key);
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([3, 0, 4, -1]);
  });

  test('a key that waits is not queued a second time', () => {
    const queue = new WorkQueue(2);
    queue.add(1);
    queue.add(1);
    expect(queue.length).toBe(1);
  });

  test('a key that is added while it is processed runs once more, from the tail, and not at the same time', () => {
    const queue = new WorkQueue(3);
    queue.add(0);
    queue.add(1);
    expect(queue.take()).toBe(0);
    queue.add(0);
    queue.add(0);
    queue.add(2);
    expect(queue.length).toBe(2);
    queue.done(0);
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([1, 2, 0, -1]);
  });

  test('no key is lost, none runs twice at once, and every add is followed by a run', () => {
    const operations = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('add' as const), key: fc.integer({ min: 0, max: 6 }) }),
        fc.record({ kind: fc.constantFrom('take' as const, 'done' as const), key: fc.constant(0) }),
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(operations, (steps) => {
        const queue = new WorkQueue(7);
        const running: number[] = [];
        const due = new Set<number>();
        for (const { kind, key } of steps) {
          if (kind === 'add') {
            queue.add(key);
            due.add(key);
          } else if (kind === 'take') {
            const taken = queue.take();
            if (taken < 0) continue;
            expect(running).not.toContain(taken);
            running.push(taken);
            due.delete(taken);
          } else if (running.length > 0) queue.done(running.shift()!);
        }
        for (const key of running) queue.done(key);
        const rest = [];
        for (let key = queue.take(); key >= 0; key = queue.take()) rest.push(key);
        expect(rest.toSorted((a, b) => a - b)).toEqual([...due].toSorted((a, b) => a - b));
      }),
    );
  });
});
