import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  beginsWithObjects,
  estimateList,
  estimateListByCount,
  estimateListBySize,
  estimateMutating,
  estimateUnknown,
  maxSeatsOfLevel,
  ONE_SEAT,
  spreadSeatTime,
  type ListRequest,
  type WatchOptions,
  type WorkEstimate,
} from './work-estimate.js';

interface Case {
  readonly name: string;
  readonly test: string;
  readonly maxSeats: number;
  readonly seats: number;
}
const cases = JSON.parse(readFileSync(new URL('work-estimate.cases.json', import.meta.url), 'utf8')) as {
  readonly lists: readonly (Case & { readonly request: ListRequest })[];
  readonly watches: readonly (Case & { readonly options: WatchOptions; readonly request: ListRequest })[];
  readonly writes: readonly (Case & { readonly watchers: number; readonly expected: WorkEstimate })[];
  readonly unknown: readonly Case[];
  readonly spreadSeatTime: readonly (Case & {
    readonly durationNs: number;
    readonly spreadOver: number;
    readonly expectedNs: number;
  })[];
};

const initial = (initialSeats: number): WorkEstimate => ({ initialSeats, finalSeats: 0, additionalLatencyNs: 0 });

describe("what Kubernetes' tests of the work estimator fix", () => {
  it.each(cases.lists)('list: $name ($test)', ({ request, maxSeats, seats }) => {
    expect(estimateListBySize(request, maxSeats)).toEqual(initial(seats));
  });

  it.each(cases.watches)('watch: $name ($test)', ({ options, request, maxSeats, seats }) => {
    expect(beginsWithObjects(options)).toBe(true);
    expect(estimateListBySize(request, maxSeats)).toEqual(initial(seats));
  });

  it.each(cases.writes)('write: $name ($test)', ({ watchers, maxSeats, expected }) => {
    expect(estimateMutating(watchers, maxSeats)).toEqual(expected);
  });

  it.each(cases.unknown)('$name ($test)', ({ maxSeats, seats }) => {
    expect(estimateUnknown(maxSeats)).toEqual(initial(seats));
  });

  it.each(cases.spreadSeatTime)('$name ($test)', ({ seats, durationNs, spreadOver, expectedNs }) => {
    expect(spreadSeatTime(seats, durationNs, spreadOver)).toBe(expectedNs);
  });
});

const wholeList = (objects: number, averageBytes: number, servedFrom: 'etcd' | 'cache' = 'cache'): ListRequest => ({
  servedFrom,
  limit: 0,
  hasSelector: false,
  isSingleObject: false,
  stored: { known: 'count', objects, averageBytes },
});

test('a watch that goes on from a version brings no objects', () => {
  expect(beginsWithObjects({ sendInitialEvents: null, resourceVersion: '5' })).toBe(false);
  expect(beginsWithObjects({ sendInitialEvents: false, resourceVersion: '5' })).toBe(false);
  expect(beginsWithObjects({ sendInitialEvents: true, resourceVersion: '5' })).toBe(true);
});

test('an empty resource and a request without event take one seat', () => {
  expect(estimateListBySize(wholeList(0, 0, 'etcd'), 100)).toEqual(ONE_SEAT);
  expect(estimateMutating(5000, 100, false)).toEqual(ONE_SEAT);
});

test.each([
  // Up to 1.33: one seat per 100 objects, at most 10.
  [1, 1],
  [100, 1],
  [101, 2],
  [950, 10],
  [100_000, 10],
])('counted by objects, a list of %i from cache takes %i seats whatever their size', (objects, seats) => {
  expect(estimateListByCount(wholeList(objects, 1_000_000), 15)).toEqual(initial(seats));
});

test('the estimator of the version decides', () => {
  const list = wholeList(5000, 2000, 'etcd');
  expect(estimateList('one-seat', list, 15)).toEqual(initial(1));
  expect(estimateList('object-count', list, 15)).toEqual(initial(10));
  expect(estimateList('object-size', list, 200)).toEqual(initial(100));
});

test.each([
  // Nominal limits of the suggested configuration at 600.
  ['system', 74, 6, 12],
  ['node-high', 98, 6, 15],
  ['leader-election', 25, 4, 4],
  ['workload-high', 98, 6, 15],
  ['workload-low', 245, 6, 37],
  ['global-default', 49, 6, 8],
  ['catch-all', 13, null, 2],
  ['a level of one seat', 1, 6, 1],
])('a request of %s (%i seats, hand size %s) takes at most %i seats', (_, nominal, handSize, most) => {
  expect(maxSeatsOfLevel(nominal, handSize)).toBe(most);
});

const requests = fc.record({
  servedFrom: fc.constantFrom('etcd' as const, 'cache' as const),
  limit: fc.nat(2_000),
  hasSelector: fc.boolean(),
  isSingleObject: fc.boolean(),
  stored: fc.oneof(
    fc.record({ known: fc.constant('count' as const), objects: fc.nat(1_000_000), averageBytes: fc.nat(2_000_000) }),
    fc.constant({ known: 'stale' as const }),
    fc.constant({ known: 'absent' as const }),
  ),
});

test('a list takes from 1 to the most seats, and no more from cache than from etcd without limit', () => {
  fc.assert(
    fc.property(requests, fc.integer({ min: 1, max: 200 }), (request, maxSeats) => {
      for (const estimate of [estimateListBySize(request, maxSeats), estimateListByCount(request, maxSeats)]) {
        expect(estimate.initialSeats).toBeGreaterThanOrEqual(1);
        expect(estimate.initialSeats).toBeLessThanOrEqual(Math.min(100, maxSeats));
      }
      const all = { ...request, limit: 0 };
      expect(estimateListBySize({ ...all, servedFrom: 'cache' }, maxSeats).initialSeats).toBeLessThanOrEqual(
        estimateListBySize({ ...all, servedFrom: 'etcd' }, maxSeats).initialSeats,
      );
    }),
  );
});

test('the longest page of a search is no more than the limit and half of what there is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 9_000 }), (limit, objects) => {
      const stored = { known: 'count' as const, objects, averageBytes: 100_000 };
      const search = { servedFrom: 'etcd' as const, limit, hasSelector: true, isSingleObject: false, stored };
      const { initialSeats } = estimateListBySize(search, 1e9);
      const page = Math.min(100, objects, Math.max(limit, (objects + limit) / 2));
      expect(initialSeats).toBeLessThanOrEqual(Math.ceil(page));
      expect(initialSeats).toBeGreaterThanOrEqual(Math.min(100, limit, objects));
    }),
  );
});

test('a write is charged for its watchers: 0.5 ms of a seat each, whatever the shape', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 100_000 }), fc.integer({ min: 1, max: 50 }), (watchers, maxSeats) => {
      const { finalSeats, additionalLatencyNs } = estimateMutating(watchers, maxSeats);
      expect(finalSeats).toBeLessThanOrEqual(Math.min(10, maxSeats));
      const seatMs = (finalSeats * additionalLatencyNs) / 1e6;
      expect(seatMs).toBeGreaterThanOrEqual(Math.ceil(watchers / 10) * 5);
      expect(seatMs).toBeLessThan(Math.ceil(watchers / 10) * 5 + 0.001);
    }),
  );
});
