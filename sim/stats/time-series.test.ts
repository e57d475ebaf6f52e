import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { TimeSeries } from './time-series.js';

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

describe('add', () => {
  test('an empty series has no bins', () => {
    expect(new TimeSeries(10).toJSON()).toEqual({ binWidthNs: 10, total: 0, values: [] });
  });

  test('an instant on a border belongs to the later bin', () => {
    const series = new TimeSeries(10, 4);
    series.add(9, 1);
    series.add(10, 2);
    series.add(39, 4);
    expect([...series.values()]).toEqual([1, 2, 0, 4]);
    expect(series.binWidthNs).toBe(10);
  });

  test('neighbours merge and the width doubles when the time goes beyond the last bin', () => {
    const series = new TimeSeries(10, 4);
    for (const timeNs of [0, 10, 20, 30]) series.add(timeNs, 1);
    series.add(40, 5);
    expect(series.toJSON()).toEqual({ binWidthNs: 20, total: 9, values: [2, 2, 5] });
    series.add(1000, 1);
    expect(series.binWidthNs).toBe(320);
    expect(sum(series.values())).toBe(10);
  });

  test('reaches 104 days from a microsecond in 512 bins', () => {
    const series = new TimeSeries(1000);
    series.add(0, 1);
    series.add(Number.MAX_SAFE_INTEGER, 2);
    expect(series.values().length).toBeLessThanOrEqual(512);
    expect(series.values()[0]).toBe(1);
    expect(series.total).toBe(3);
  });

  test.each([-1, Number.NaN, Infinity])('a time of %d is refused', (timeNs) => {
    expect(() => new TimeSeries(1).add(timeNs, 1)).toThrow(RangeError);
  });

  test('a width or a limit that would not work is refused', () => {
    for (const width of [0, 0.5, Number.NaN]) expect(() => new TimeSeries(width)).toThrow(RangeError);
    for (const limit of [0, 1, 3, 2.5]) expect(() => new TimeSeries(1, limit)).toThrow(RangeError);
  });
});

describe('addSpread', () => {
  test('gives each bin its share of the time', () => {
    const series = new TimeSeries(10, 4);
    series.addSpread(5, 25, 100);
    expect([...series.values()]).toEqual([25, 50, 25]);
  });

  test('an end on a border, even that of the last bin, leaves nothing to the next one', () => {
    const series = new TimeSeries(10, 4);
    series.addSpread(0, 20, 8);
    expect([...series.values()]).toEqual([4, 4]);
    series.addSpread(30, 40, 3);
    expect(series.total).toBe(11);
    expect(sum(series.values())).toBe(11);
  });

  test('within one bin, and at one instant', () => {
    const series = new TimeSeries(10, 4);
    series.addSpread(12, 17, 3);
    series.addSpread(20, 20, 4);
    expect([...series.values()]).toEqual([0, 3, 4]);
  });

  test('backwards is refused', () => {
    expect(() => new TimeSeries(10).addSpread(2, 1, 1)).toThrow(RangeError);
  });
});

describe('rebin', () => {
  test('merges neighbours', () => {
    const series = new TimeSeries(10, 8);
    for (let bin = 0; bin < 7; bin++) series.add(bin * 10, bin);
    expect([...series.rebin(10)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...series.rebin(40)]).toEqual([6, 15]);
    expect([...series.rebin(160)]).toEqual([21]);
  });

  test.each([5, 30, 0, Number.NaN])('to %d ns is refused', (widthNs) => {
    expect(() => new TimeSeries(10).rebin(widthNs)).toThrow(RangeError);
  });
});

test('no amount is lost or moved by more than one bin', () => {
  const entry = fc.record({
    startNs: fc.nat(1_000_000),
    lengthNs: fc.oneof(fc.constant(0), fc.nat(100), fc.nat(1_000_000)),
    amount: fc.nat(1_000_000),
  });
  fc.assert(
    fc.property(fc.array(entry), fc.integer({ min: 1, max: 50 }), (entries, baseWidthNs) => {
      const series = new TimeSeries(baseWidthNs, 16);
      for (const { startNs, lengthNs, amount } of entries) series.addSpread(startNs, startNs + lengthNs, amount);
      const total = sum(entries.map(({ amount }) => amount));
      expect(series.total).toBe(total);
      expect(sum(series.values())).toBeCloseTo(total, 4);
      expect(Math.log2(series.binWidthNs / baseWidthNs) % 1).toBe(0);
      // Up to any border of bins, the series has what had accrued by then.
      let accrued = 0;
      for (const [bin, value] of series.values().entries()) {
        accrued += value;
        const borderNs = (bin + 1) * series.binWidthNs;
        const expected = entries.map(({ startNs, lengthNs, amount }) => {
          if (startNs >= borderNs) return 0;
          return startNs + lengthNs <= borderNs ? amount : (amount * (borderNs - startNs)) / lengthNs;
        });
        expect(accrued).toBeCloseTo(sum(expected), 4);
      }
    }),
    { seed: 1 },
  );
});
