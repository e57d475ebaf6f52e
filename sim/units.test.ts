import { assert, maxSafeNat, oneof, property, string, stringMatching } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, formatPercent, formatQuantity, parseDuration, parsePercent, parseQuantity } from './units.js';

describe('durations', () => {
  test.each([
    ['30s', 30e9],
    ['500ms', 500e6],
    ['1h30m', 5400e9],
    ['1.5s', 1.5e9],
    ['.5s', 0.5e9],
    ['0s', 0],
    ['0', 0],
    ['1h1m1s1ms1us1ns', 3661001001001],
    ['0.000001ms', 1],
    ['1.000000001s', 1_000_000_001],
    ['10µs', 10_000],
  ])('%s is %d ns', (text, ns) => {
    expect(parseDuration(text)).toEqual({ value: ns });
  });

  test.each([
    ['30', 'has no unit', 'write "30s" or "30ms"'],
    ['-5s', 'is negative', null],
    ['5 min', 'is not a duration', 'write "5m"'],
    ['30 Seconds', 'is not a duration', 'write "30s"'],
    ['2d', 'is not a duration', 'write "48h"'],
    ['soon', 'is not a duration', 'write a number with a unit, such as "30s", "500ms" or "1h30m"'],
    ['', 'is not a duration', 'write a number with a unit, such as "30s", "500ms" or "1h30m"'],
    ['10x5s', 'is not a duration', 'write a number with a unit, such as "30s", "500ms" or "1h30m"'],
    ['1constructor', 'is not a duration', 'write a number with a unit, such as "30s", "500ms" or "1h30m"'],
    ['0.5ns', 'is not a whole number of nanoseconds', null],
    ['3000h', 'is longer than the 104 days', null],
  ])('%s is refused with advice', (text, problem, suggestion) => {
    expect(parseDuration(text)).toEqual({ problem: expect.stringContaining(problem) as string, suggestion });
  });

  test('what is formatted is read back to the same number of nanoseconds', () => {
    assert(
      property(maxSafeNat(), (ns) => {
        expect(parseDuration(formatDuration(ns))).toEqual({ value: ns });
      }),
    );
  });

  test('reading never throws, and a value is a whole number of nanoseconds that is never negative', () => {
    const texts = oneof(string(), stringMatching(/^[0-9.]{0,4}(ns|us|ms|s|m|h|d| )?[0-9.]{0,3}(ns|s|min)?$/));
    assert(
      property(texts, (text) => {
        const parsed = parseDuration(text);
        if ('value' in parsed) expect(Number.isSafeInteger(parsed.value) && parsed.value >= 0).toBe(true);
      }),
    );
  });

  test('formatting is as short as people write', () => {
    expect([0, 1, 1500, 250e6, 1.5e9, 60e9, 90e9, 5400e9].map(formatDuration)).toEqual([
      '0s',
      '1ns',
      '1.5us',
      '250ms',
      '1.5s',
      '1m',
      '1m30s',
      '1h30m',
    ]);
  });
});

describe('quantities', () => {
  test.each([
    ['10Gi', 10 * 1024 * 1024 * 1024],
    ['1.5Mi', 1.5 * 1024 * 1024],
    ['500k', 500_000],
    ['10G', 1e10],
    ['42', 42],
    ['500m', 0.5],
    ['1e3', 1000],
  ])('%s is %d', (text, value) => {
    expect(parseQuantity(text)).toEqual({ value });
  });

  test.each([
    ['10GiB', 'write "10Gi"'],
    ['10 Gi', 'write "10Gi"'],
    ['10Gbit/s', 'write "10G" (powers of 1000) or "10Gi" (powers of 1024)'],
    ['10K', 'write "10k" (powers of 1000) or "10Ki" (powers of 1024)'],
    ['lots', 'write a number with an optional suffix, such as "500k", "10G" (10^9) or "10Gi" (2^30)'],
    ['1e999', 'write a number with an optional suffix, such as "500k", "10G" (10^9) or "10Gi" (2^30)'],
  ])('%s is refused with advice', (text, suggestion) => {
    expect(parseQuantity(text)).toEqual({ problem: `"${text}" is not a quantity`, suggestion });
  });

  test('what is formatted is read back to the same number', () => {
    assert(
      property(maxSafeNat(), (value) => {
        expect(parseQuantity(formatQuantity(value))).toEqual({ value });
      }),
    );
    expect([0, 999, 10e9, 1_572_864, 500_000].map(formatQuantity)).toEqual(['0', '999', '10G', '1536Ki', '500k']);
  });
});

describe('percentages', () => {
  test.each([
    ['25%', 0.25],
    ['5%', 0.05],
    ['0%', 0],
    ['150%', 1.5],
    ['0.5%', 0.005],
  ])('%s is %d', (text, value) => {
    expect(parsePercent(text)).toEqual({ value });
    expect(formatPercent(value)).toBe(text);
  });

  test.each([
    ['25', 'write "25%"'],
    ['0.25', 'write "25%"'],
    ['a quarter', 'write a number with a percent sign, such as "5%"'],
  ])('%s is refused with advice', (text, suggestion) => {
    expect(parsePercent(text)).toEqual({ problem: `"${text}" is not a percentage`, suggestion });
  });
});
