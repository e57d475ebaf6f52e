import { describe, expect, it } from 'vitest';

import { formatEstimate, formatPercent, formatQuantity, formatRatio, NO_VALUE } from './format.js';

describe('formatQuantity', () => {
  it.each([
    [0, 'seconds', '0 s'],
    [4.2, 'seconds', '4.2 s'],
    [0.00012, 'seconds', '120 µs'],
    [0.9999, 'seconds', '1 s'],
    [90, 'seconds', '90 s'],
    [150, 'seconds', '2.5 min'],
    [9000, 'seconds', '2.5 h'],
    [0, 'bytes', '0 B'],
    [999, 'bytes', '999 B'],
    [3.21e9, 'bytes', '3.21 GB'],
    [1.25e8, 'bytesPerSecond', '1 Gbit/s'],
    [0, 'bytesPerSecond', '0 bit/s'],
    [0.05, 'bytesPerSecond', '0.4 bit/s'],
    [32_400, 'eventsPerSecond', '32.4k/s'],
    [12, 'eventsPerSecond', '12/s'],
    [1234, 'count', '1,234'],
    [12_345, 'count', '12.3k'],
    [100_000_000, 'count', '100M'],
    [0.073, 'ratio', '7.3%'],
    [2.2604664, 'number', '2.26'],
    [0.4, 'number', '0.4'],
    [1009, 'number', '1,009'],
    [0.0421, 'cores', '42.1 mCPU'],
    [2.5, 'cores', '2.5 CPU'],
    [-4.2, 'seconds', '-4.2 s'],
    [Number.NaN, 'seconds', NO_VALUE],
  ] as const)('%f %s is %s', (value, unit, text) => {
    expect(formatQuantity(value, unit)).toBe(text);
  });
});

describe('formatEstimate', () => {
  const of = (value: number, halfWidth: number) => ({
    value,
    low: value - halfWidth,
    high: value + halfWidth,
    replications: 3,
  });

  it.each([
    [4.2, 0.2, '4.2 s (4.0 to 4.4)'],
    [4.2, 0.03, '4.20 s (4.17 to 4.23)'],
    [13.4, 3, '13 s (10 to 16)'],
    // The interval is shown in the value's own scale, and may be below 0.
    [1.1, 1.4, '1.1 s (-0.3 to 2.5)'],
    [0.4, 0.8, '400 ms (-400 to 1,200)'],
    [4.2, 0, '4.2 s (±0)'],
    [2 / 3, 1e-16, '667 ms (±0)'],
    // 0 says by itself that no replication had anything.
    [0, 0, '0 s'],
    // In the digits that are shown, both ends are the value.
    [0.9990012, 0.0000001, '999.0 ms'],
  ])('%f with a half-width of %f is %s', (value, halfWidth, text) => {
    expect(formatEstimate(of(value, halfWidth), 'seconds')).toBe(text);
  });

  it('has no interval after a single replication', () => {
    expect(formatEstimate({ value: 4.2, low: null, high: null, replications: 1 }, 'seconds')).toBe('4.2 s');
  });
});

it('keeps the digits of ratios aligned', () => {
  expect([0.48, 1, 2.4, 12.34, 0.0123, 0].map(formatRatio)).toEqual([
    '0.48×',
    '1.00×',
    '2.40×',
    '12.3×',
    '0.0123×',
    '0×',
  ]);
});

it('never calls something nothing', () => {
  expect([0, 0.004, 0.25, 1].map(formatPercent)).toEqual(['0%', '<1%', '25%', '100%']);
});
