import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomStreams } from '../../kernel/random.js';
import { type AllocationRange, nodePortRange } from './allocation-bands.js';
import { staticRequestCollision } from './allocation-collisions.js';
import { BandedAllocator } from './banded-allocator.js';

const draws = (seed = 1): ((bound: number) => number) => {
  const stream = new RandomStreams(seed, 0).stream('test');
  return (bound) => stream.integerBelow(bound);
};

/** pkg/registry/core/service/portallocator/allocator_test.go, TestAllocate. */
describe('a range of 201 ports', () => {
  const create = () => new BandedAllocator(nodePortRange('10000-10200', true));

  test('is handed out to the last port, each once, and what is released is next', () => {
    const ports = create();
    const draw = draws();
    const found = new Set<number>();
    for (let free = 201; free > 0; free--) {
      expect(ports.free).toBe(free);
      const port = ports.allocateNext(draw)!;
      expect(port).toBeGreaterThanOrEqual(10_000);
      expect(port).toBeLessThanOrEqual(10_200);
      found.add(port);
    }
    expect(found.size).toBe(201);
    expect(ports.allocateNext(draw)).toBeNull();

    ports.release(10_005);
    expect(ports.free).toBe(1);
    expect(ports.allocateNext(draw)).toBe(10_005);
    expect(ports.allocateNext(draw)).toBeNull();

    // From the upper band, too, and whoever asks for it gets it first.
    ports.release(10_025);
    expect(ports.allocate(10_025)).toBe('allocated');
    expect(ports.allocate(10_025)).toBe('already allocated');
  });

  test.each([0, 9999, 10_201, 80, 65_536, 10_000.5, NaN])('has no port %d', (port) => {
    const ports = create();
    expect(ports.allocate(port)).toBe('out of range');
    expect(ports.has(port)).toBe(false);
    ports.release(port);
    expect([ports.free, ports.allocated]).toEqual([201, 0]);
  });

  test('keeps its 16 lower ports until all others are taken', () => {
    const ports = create();
    const draw = draws(7);
    for (let n = 0; n < 185; n++) expect(ports.allocateNext(draw)).toBeGreaterThanOrEqual(10_016);
    for (let n = 0; n < 16; n++) expect(ports.allocateNext(draw)).toBeLessThan(10_016);
  });

  test('goes back to the upper band as soon as there is room', () => {
    const ports = create();
    const draw = draws(3);
    for (let n = 0; n < 190; n++) ports.allocateNext(draw);
    ports.release(10_100);
    expect(ports.allocateNext(draw)).toBe(10_100);
    expect(ports.allocateNext(draw)).toBeLessThan(10_016);
  });
});

test.each([30_000, 30_040, 31_276, 31_230, 31_070, 30_123])('%d is in the default range', (port) => {
  const ports = new BandedAllocator(nodePortRange('30000-32767', true));
  expect(ports.allocate(port)).toBe('allocated');
});

test('the search goes up from where it begins, and round to the end of the static band', () => {
  const ports = new BandedAllocator({ first: 100, size: 8, staticBand: 3 });
  const from = (place: number) => (bound: number) => Math.min(place, bound - 1);
  expect(ports.allocateNext(from(3))).toBe(106);
  expect(ports.allocateNext(from(3))).toBe(107);
  expect(ports.allocateNext(from(3))).toBe(103);
  expect(ports.allocateNext(from(3))).toBe(104);
  expect(ports.allocateNext(from(3))).toBe(105);
  // The static band has a beginning of its own.
  expect(ports.allocateNext(from(1))).toBe(101);
  expect(ports.allocateNext(from(1))).toBe(102);
  expect(ports.allocateNext(from(1))).toBe(100);
});

test('it does what a list of free numbers does', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('allocate' as const), number: fc.integer({ min: -2, max: 60 }) }),
    fc.record({ kind: fc.constant('release' as const), number: fc.integer({ min: -2, max: 60 }) }),
    fc.record({ kind: fc.constant('next' as const), number: fc.nat({ max: 1_000_000 }) }),
  );
  const range = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 40 })).chain(([first, size]) =>
    fc.record({
      first: fc.constant(first),
      size: fc.constant(size),
      staticBand: fc.integer({ min: 0, max: size - 1 }),
    }),
  );
  fc.assert(
    fc.property(range, fc.array(action, { maxLength: 120 }), (inRange: AllocationRange, actions) => {
      const { first, size, staticBand } = inRange;
      const allocator = new BandedAllocator(inRange);
      const free = new Set(Array.from({ length: size }, (_, place) => first + place));
      for (const { kind, number } of actions) {
        const isInside = number >= first && number < first + size;
        if (kind === 'allocate') {
          const expected = !isInside ? 'out of range' : free.has(number) ? 'allocated' : 'already allocated';
          expect(allocator.allocate(number)).toBe(expected);
          free.delete(number);
        } else if (kind === 'release') {
          allocator.release(number);
          if (isInside) free.add(number);
        } else {
          const upper = [...free].filter((candidate) => candidate >= first + staticBand);
          const band = upper.length > 0 ? upper : [...free];
          const start = upper.length > 0 ? first + staticBand : first;
          const length = upper.length > 0 ? size - staticBand : staticBand;
          const begin = start + (number % Math.max(1, length));
          const ascending = band.toSorted((a, b) => a - b);
          const expected = ascending.find((candidate) => candidate >= begin) ?? ascending[0] ?? null;
          expect(allocator.allocateNext((bound) => number % bound)).toBe(expected);
          if (expected !== null) free.delete(expected);
        }
        expect(allocator.free).toBe(free.size);
      }
    }),
  );
});

test('a port that is asked for is as likely taken as the formula says', () => {
  const range = { first: 0, size: 20, staticBand: 4 };
  const runs = 4000;
  for (const dynamic of [5, 18]) {
    const taken = new Float64Array(range.size);
    for (let run = 0; run < runs; run++) {
      const allocator = new BandedAllocator(range);
      const draw = draws(run);
      for (let n = 0; n < dynamic; n++) allocator.allocateNext(draw);
      for (let number = 0; number < range.size; number++) if (allocator.has(number)) taken[number]!++;
    }
    for (let number = 0; number < range.size; number++) {
      // Four and a half standard errors of a share of one half.
      expect(Math.abs(taken[number]! / runs - staticRequestCollision(range, number, dynamic))).toBeLessThan(0.036);
    }
  }
});
