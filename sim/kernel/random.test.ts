import { describe, expect, test } from 'vitest';

import { RandomStreams } from './random.js';

const DRAWS = 200_000;

/** Pearson's chi-square over 256 equal cells; its mean is 255 and its standard deviation 22.6. */
function chiSquare256(draw: () => number): number {
  const cells = new Float64Array(256);
  for (let i = 0; i < DRAWS; i++) cells[Math.floor(draw() * 256)]!++;
  const expected = DRAWS / 256;
  return cells.reduce((sum, count) => sum + ((count - expected) * (count - expected)) / expected, 0);
}

/** Correlation coefficient of pairs of uniform numbers, in units of its standard deviation under independence. */
function correlationZ(drawX: () => number, drawY: () => number): number {
  let sum = 0;
  for (let i = 0; i < DRAWS; i++) sum += (drawX() - 0.5) * (drawY() - 0.5);
  return (sum * 12) / Math.sqrt(DRAWS);
}

// Bounds of four standard deviations or more: with fixed seeds these either always pass or show a fault.
const CHI_SQUARE_BOUND = 255 + 4.5 * 22.6;
const Z_BOUND = 4;

describe('RandomStream', () => {
  test('is the same again for the same seed, replication, purpose and entity', () => {
    const [first, second] = [1, 2].map(() => {
      const stream = new RandomStreams('a seed', 3).stream('purpose', 17);
      return Array.from({ length: 100 }, () => stream.double());
    });
    expect(first).toEqual(second);
  });

  test('is pinned: a change of these numbers changes every result of every scenario', () => {
    const stream = new RandomStreams(7, 0).stream('purpose');
    expect([stream.double(), stream.double(), stream.integerBelow(1000), stream.int32()]).toEqual([
      0.2668645727204473, 0.2753791644582827, 260, -2134552987,
    ]);
  });

  test('is another one for whatever differs, and nothing runs together', () => {
    const streams = [
      new RandomStreams(1, 0).stream('p'),
      new RandomStreams(11, 0).stream('p'),
      new RandomStreams('1', 0).stream('p'),
      new RandomStreams('11', 0).stream('p'),
      new RandomStreams(1, 1).stream('p'),
      new RandomStreams(1, 10).stream('p'),
      new RandomStreams(1, 0).stream('pp'),
      new RandomStreams(1, 0).stream('p', 1),
      new RandomStreams(1, 0).stream('p', 11),
      new RandomStreams(1, 0).stream('p', '1'),
      new RandomStreams(1, 0).stream('p', ''),
      new RandomStreams(1, 0).stream('p1'),
      new RandomStreams('š', 0).stream('p'),
      new RandomStreams('a', 0).stream('p'),
    ];
    expect(new Set(streams.map((stream) => stream.double())).size).toBe(streams.length);
  });

  test('100,000 entities have 100,000 streams, whose first numbers are uniform', () => {
    const streams = new RandomStreams(7, 0);
    const firsts = new Set<number>();
    for (let entity = 0; entity < 100_000; entity++) firsts.add(streams.stream('delay', entity).double());
    expect(firsts.size).toBe(100_000);
    const draws = [...firsts];
    let next = 0;
    // Twice round: every cell has twice its count, and the statistic twice its value.
    expect(chiSquare256(() => draws[next++ % draws.length]!)).toBeLessThan(2 * CHI_SQUARE_BOUND);
  });

  test('is uniform in (0, 1)', () => {
    const stream = new RandomStreams(7, 0).stream('uniform');
    expect(chiSquare256(() => stream.double())).toBeLessThan(CHI_SQUARE_BOUND);
    expect(chiSquare256(() => stream.integerBelow(256) / 256)).toBeLessThan(CHI_SQUARE_BOUND);
    expect(chiSquare256(() => (stream.int32() >>> 0) / 2 ** 32)).toBeLessThan(CHI_SQUARE_BOUND);
  });

  test('is independent of those of other purposes, entities, replications', () => {
    const reference = new RandomStreams(7, 0);
    for (const other of [
      new RandomStreams(7, 0).stream('b'),
      new RandomStreams(7, 0).stream('a', 0),
      new RandomStreams(7, 1).stream('a'),
      new RandomStreams(8, 0).stream('a'),
    ]) {
      const stream = reference.stream('a');
      expect(
        Math.abs(
          correlationZ(
            () => stream.double(),
            () => other.double(),
          ),
        ),
      ).toBeLessThan(Z_BOUND);
    }
  });

  test.each([Number.NaN, Infinity])('a seed of %d is refused', (seed) => {
    expect(() => new RandomStreams(seed, 0)).toThrow(RangeError);
  });

  test.each([-1, 0.5, Number.NaN])('a replication of %d is refused', (replication) => {
    expect(() => new RandomStreams(1, replication)).toThrow(RangeError);
  });
});

describe('CounterHash', () => {
  const hash = new RandomStreams(7, 0).hash('link latency');

  test('depends on nothing but seed, replication, purpose, entity, index', () => {
    const again = new RandomStreams(7, 0).hash('link latency');
    expect(again.uniform(3, 5)).toBe(hash.uniform(3, 5));
    const values = [
      hash.uniform(3, 5),
      hash.uniform(5, 3),
      hash.uniform(3, 6),
      new RandomStreams(7, 1).hash('link latency').uniform(3, 5),
      new RandomStreams(7, 0).hash('another').uniform(3, 5),
    ];
    expect(new Set(values).size).toBe(values.length);
  });

  test('is pinned', () => {
    expect([hash.uniform(0, 0), hash.uniform(1, 0), hash.uniform(0, 1)]).toEqual([
      0.5696279521798715, 0.01753785426262766, 0.5186719984048977,
    ]);
  });

  test('is uniform along indexes, along entities, and along diagonals', () => {
    let i = 0;
    expect(chiSquare256(() => hash.uniform(12, i++))).toBeLessThan(CHI_SQUARE_BOUND);
    expect(chiSquare256(() => hash.uniform(i++, 12))).toBeLessThan(CHI_SQUARE_BOUND);
    expect(chiSquare256(() => hash.uniform(i, i++))).toBeLessThan(CHI_SQUARE_BOUND);
    expect(chiSquare256(() => hash.uniform(0, i++ << 12))).toBeLessThan(CHI_SQUARE_BOUND);
    // The bits below the first eight count too.
    expect(chiSquare256(() => (hash.uniform(5, i++) * 2 ** 24) % 1)).toBeLessThan(CHI_SQUARE_BOUND);
  });

  test('neighbours are independent, in either direction and at a distance', () => {
    for (const [entities, indexes] of [
      [0, 1],
      [1, 0],
      [1, -1],
      [0, 1000],
      [256, 1],
    ] as const) {
      let x = 0;
      let y = 0;
      expect(
        Math.abs(
          correlationZ(
            () => hash.uniform(40, x++),
            () => hash.uniform(40 + entities, y++ + indexes),
          ),
        ),
      ).toBeLessThan(Z_BOUND);
    }
  });

  test('a million pairs collide as seldom as a million random numbers', () => {
    const seen = new Float64Array(1_000_000);
    for (let entity = 0; entity < 1000; entity++) {
      for (let index = 0; index < 1000; index++) seen[entity * 1000 + index] = hash.uniform(entity, index);
    }
    seen.sort();
    // The birthday problem: n^2 / 2 pairs, each equal with probability 2^-32, makes 116, give or take 11.
    const collisions = seen.filter((value, at) => value === seen[at + 1]).length;
    expect(collisions).toBeGreaterThan(116 - 45);
    expect(collisions).toBeLessThan(116 + 45);
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen.at(-1)).toBeLessThan(1);
  });

  test('each bit of entity or index flips each high bit of the result half the time', () => {
    const samples = 4000;
    for (let bit = 0; bit < 64; bit++) {
      const flips = new Float64Array(24);
      for (let sample = 0; sample < samples; sample++) {
        const entity = sample % 61;
        const index = sample * 3;
        const flipped =
          bit < 32 ? hash.uniform(entity ^ (1 << bit), index) : hash.uniform(entity, index ^ (1 << (bit - 32)));
        const difference = Math.floor(hash.uniform(entity, index) * 2 ** 24) ^ Math.floor(flipped * 2 ** 24);
        for (let place = 0; place < 24; place++) flips[place]! += (difference >>> place) & 1;
      }
      // 1,536 counts of a standard deviation of 0.0079: 4.5 of them.
      for (const count of flips) expect(Math.abs(count / samples - 0.5)).toBeLessThan(0.0356);
    }
  });
});
