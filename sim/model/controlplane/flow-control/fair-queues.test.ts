import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairQueues } from './fair-queues.js';

const MS = 1e6;
const create = (queues = 8, handSize = 4, queueLengthLimit = 50): FairQueues =>
  new FairQueues({ queues, handSize, queueLengthLimit });

/** Serves all that waits on one seat, each request for `workMs`; returns the order. */
const serve = (queues: FairQueues, workMs: number): number[] => {
  const order: number[] = [];
  let nowNs = 0;
  while (queues.waiting > 0) {
    const queue = queues.next();
    order.push(queues.headOf(queue));
    queues.startHead(queue, 1, workMs * MS);
    nowNs += workMs * MS;
    queues.advance(nowNs, 1);
    queues.finish(queue, 1);
  }
  return order;
};

describe('choice of a queue', () => {
  test('takes the queue of the hand in which least work waits', () => {
    const queues = create();
    queues.join(1, 0, 1, 10 * MS, 0);
    queues.join(2, 1, 1, 30 * MS, 0);
    expect(queues.choose(Uint8Array.of(1, 2))).toBe(1);
    queues.join(1, 2, 1, 30 * MS, 0);
    expect(queues.choose(Uint8Array.of(1, 2))).toBe(2);
  });

  test('goes round the hand when nothing waits', () => {
    const queues = create();
    const hand = Uint8Array.of(5, 1, 7, 3);
    expect(Array.from({ length: 5 }, () => queues.choose(hand))).toEqual([5, 1, 7, 3, 5]);
  });

  test('a full queue takes no more', () => {
    const queues = create(8, 4, 2);
    expect(queues.join(0, 0, 1, MS, 0)).toBe(true);
    expect(queues.join(0, 1, 1, MS, 0)).toBe(true);
    expect(queues.join(0, 2, 1, MS, 0)).toBe(false);
    expect(queues.waiting).toBe(2);
  });
});

describe('order of service', () => {
  test('a flow with one request does not wait behind the hundred of another', () => {
    const queues = create(8, 4, 1000);
    for (let request = 0; request < 100; request++) queues.join(0, request, 1, MS, 0);
    queues.join(1, 100, 1, MS, 0);
    expect(serve(queues, 1).indexOf(100)).toBeLessThanOrEqual(1);
  });

  test('queues that are equally busy take turns, each in the order of arrival', () => {
    const queues = create();
    for (let request = 0; request < 6; request++) queues.join(request % 2, request, 1, MS, 0);
    const order = serve(queues, 1);
    expect(order.map((request) => request % 2)).toEqual([1, 0, 1, 0, 1, 0]);
    expect(order.filter((request) => request % 2 === 0)).toEqual([0, 2, 4]);
  });

  test('a queue whose requests are wider gets its turn less often', () => {
    const queues = create();
    for (let request = 0; request < 20; request++) queues.join(0, request, 1, 10 * MS, 0);
    for (let request = 20; request < 40; request++) queues.join(1, request, 1, MS, 0);
    let wide = 0;
    for (let served = 0; served < 11; served++) {
      const queue = queues.next();
      if (queue === 0) wide++;
      queues.startHead(queue, 1, queue === 0 ? 10 * MS : MS);
    }
    expect(wide).toBe(1);
  });

  test('a queue gets no credit for the time in which it was idle', () => {
    const queues = create();
    for (let request = 0; request < 10; request++) queues.join(0, request, 1, MS, 0);
    for (let served = 0; served < 5; served++) {
      queues.startHead(0, 1, MS);
      queues.advance((served + 1) * MS, 1);
      queues.finish(0, 1);
    }
    // Queue 1 comes late: it does not get five turns in a row to catch up.
    for (let request = 10; request < 20; request++) queues.join(1, request, 1, MS, 5 * MS);
    expect(
      serve(queues, 1)
        .slice(0, 4)
        .filter((request) => request >= 10),
    ).toHaveLength(2);
  });

  test('whoever waits longest is known, over all queues', () => {
    const queues = create();
    expect(queues.earliestArrivalNs()).toBe(Infinity);
    queues.join(3, 0, 1, MS, 7);
    queues.join(2, 1, 1, MS, 9);
    expect([queues.longestWaiting(), queues.earliestArrivalNs()]).toEqual([3, 7]);
    expect(queues.dropHead(3)).toBe(0);
    expect([queues.longestWaiting(), queues.earliestArrivalNs()]).toEqual([2, 9]);
  });
});

test('every request is served once, in the order of its queue', () => {
  const arrivals = fc.array(fc.record({ queue: fc.nat(7), work: fc.integer({ min: 1, max: 20 }) }), { maxLength: 60 });
  fc.assert(
    fc.property(arrivals, (requests) => {
      const queues = create(8, 4, 100);
      requests.forEach(({ queue, work }, request) => queues.join(queue, request, 1, work * MS, 0));
      const order = serve(queues, 3);
      expect([...order].sort((a, b) => a - b)).toEqual(requests.map((_, request) => request));
      for (let queue = 0; queue < 8; queue++) {
        const ofQueue = order.filter((request) => requests[request]!.queue === queue);
        expect(ofQueue).toEqual([...ofQueue].sort((a, b) => a - b));
      }
      expect(queues.waitingSeats).toBe(0);
    }),
  );
});
