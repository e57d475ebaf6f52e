import { describe, expect, it } from 'vitest';

import { differenceInWords, differenceOf, namesInWords } from './differences.js';
import { estimate } from './testing/results-fixture.js';

const single = (value: number) => estimate(value, null);

describe('two estimates', () => {
  it.each([
    ['less', estimate(10, 1), estimate(5, 1), 'lag 50% lower, 5.0 s (4.0 to 6.0)'],
    ['more', estimate(10, 1), estimate(15, 1), 'lag 50% higher, 15 s (14 to 16)'],
    ['more', estimate(10, 1), estimate(30, 1), 'lag 3.00× as high, 30 s (29 to 31)'],
    ['more', estimate(0, 0), estimate(3, 0), 'lag higher, 3 s'],
    ['unclear', estimate(10, 3), estimate(15, 3), 'lag not clearly different, 15 s (12 to 18)'],
    // Intervals that touch overlap.
    ['unclear', estimate(10, 1), estimate(12, 1), 'lag not clearly different, 12 s (11 to 13)'],
    ['unclear', estimate(10, 0), estimate(10, 1), 'lag not clearly different, 10 s (9 to 11)'],
    ['same', estimate(10, 0), estimate(10, 0), 'lag the same, 10 s'],
    // Two ways to add up the same numbers.
    ['same', estimate(0.3, 0), estimate(0.1 + 0.2, 1e-16), 'lag the same, 300 ms'],
    ['less', estimate(10, 0), estimate(9.99, 0), 'lag <1% lower, 9.99 s'],
    ['unknown', single(10), single(500), 'lag 8.33 min'],
    ['unknown', single(10), estimate(300, 1), 'lag 5.00 min (4.98 to 5.02)'],
  ] as const)('are %s', (difference, base, own, words) => {
    expect(differenceOf(base, own)).toBe(difference);
    expect(differenceInWords('lag', base, own, 'seconds')).toBe(words);
  });

  it('differ the other way round when they change places', () => {
    expect(differenceOf(estimate(5, 1), estimate(10, 1))).toBe('more');
    expect(differenceOf(estimate(10, 1), estimate(5, 1))).toBe('less');
  });
});

it.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
  [['a', 'b', 'c', 'd'], 'a, b and 2 others'],
])('names %j as a reader would', (names, words) => {
  expect(namesInWords(names)).toBe(words);
});
