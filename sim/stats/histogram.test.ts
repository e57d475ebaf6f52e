import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Histogram, SampleBuffer } from './histogram.js';

const RELATIVE_ERROR = 1 / 512;

function histogramOf(values: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The value of rank ceil(p * n), from the sorted values themselves. */
function exactQuantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
}

const value = fc.oneof(fc.constant(0), fc.nat(1000), fc.maxSafeNat(), fc.double({ min: 1e-9, max: 1e18, noNaN: true }));
const values = fc.array(value, { minLength: 1, maxLength: 200 });

describe('an empty histogram', () => {
  test('has a count and a sum of 0 and no other number', () => {
    const histogram = new Histogram();
    expect([histogram.count, histogram.sum]).toEqual([0, 0]);
    expect([histogram.min, histogram.max, histogram.mean, histogram.quantile(0.5)]).toEqual([NaN, NaN, NaN, NaN]);
    expect([...histogram.cumulative()]).toEqual([]);
  });

  test('survives JSON', () => {
    const sparse = JSON.parse(JSON.stringify(new Histogram().toSparse())) as ReturnType<Histogram['toSparse']>;
    const histogram = Histogram.fromSparse(sparse);
    histogram.record(3);
    expect([histogram.count, histogram.min, histogram.max]).toEqual([1, 3, 3]);
  });
});

describe('recording', () => {
  test('count, sum, mean, min and max are exact', () => {
    const histogram = histogramOf([5, 0, 1_000_000_007, 5]);
    expect(histogram.count).toBe(4);
    expect(histogram.sum).toBe(1_000_000_017);
    expect(histogram.mean).toBe(1_000_000_017 / 4);
    expect([histogram.min, histogram.max]).toEqual([0, 1_000_000_007]);
  });

  test('recordMany is record, many times', () => {
    const many = new Histogram();
    many.recordMany(7, 3);
    many.recordMany(0, 2);
    many.recordMany(1e9, 0);
    expect(many.toSparse()).toEqual(histogramOf([7, 0, 7, 0, 7]).toSparse());
  });

  test('counts go on beyond 32 bits', () => {
    const histogram = new Histogram();
    histogram.recordMany(2, 2 ** 32);
    histogram.record(2);
    expect(histogram.count).toBe(2 ** 32 + 1);
  });

  test.each([-1, -1e-300, Number.NaN, Infinity, -Infinity])('%d is refused, early and late', (bad) => {
    const histogram = new Histogram();
    expect(() => histogram.record(bad)).toThrow(RangeError);
    histogram.record(1);
    histogram.record(Number.MAX_VALUE);
    expect(() => histogram.record(bad)).toThrow(RangeError);
    expect(() => histogram.recordMany(bad, 2)).toThrow(RangeError);
    expect(histogram.count).toBe(2);
  });

  test.each([-1, 0.5, Number.NaN])('a count of %d is refused', (count) => {
    expect(() => new Histogram().recordMany(1, count)).toThrow(RangeError);
  });

  test('takes all doubles from -0 to the greatest, and counts the very least as 0', () => {
    const histogram = histogramOf([2 ** -1022, Number.MIN_VALUE, Number.MAX_VALUE, 0, -0]);
    expect(histogram.toSparse().counts).toEqual([3, 1, 1]);
    expect(histogram.quantile(0.6)).toBe(0);
    expect(histogram.quantile(0.8) / 2 ** -1022).toBeCloseTo(1, 2);
    expect(histogram.quantile(1)).toBe(Number.MAX_VALUE);
  });
});

describe('recording many at once', () => {
  const buffered = (sample: readonly number[], length = sample.length): Histogram => {
    const buffer = new SampleBuffer(sample.length);
    buffer.values.set(sample);
    const histogram = new Histogram();
    histogram.recordAll(buffer, length);
    return histogram;
  };

  test('is recording one by one, with zeros and subnormal numbers among them', () => {
    const some = fc.array(fc.oneof(value, fc.constantFrom(0, -0, 5e-324, 2e-308)));
    fc.assert(
      fc.property(some, fc.nat(20), (sample, left) => {
        const length = Math.max(0, sample.length - left);
        expect(buffered(sample, length).toSparse()).toEqual(histogramOf(sample.slice(0, length)).toSparse());
      }),
    );
  });

  test.each([-1, NaN, Infinity])('refuses %s', (wrong) => {
    expect(() => buffered([1, 0, wrong])).toThrow(RangeError);
  });
});

describe('quantile', () => {
  test('is within 1/512 of the value of that rank', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (sample, p) => {
        const exact = exactQuantile(sample, p);
        expect(Math.abs(histogramOf(sample).quantile(p) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  test('is exact at the ends, for zeros, and for a single value', () => {
    expect(histogramOf([1234.5]).quantile(0.37)).toBe(1234.5);
    const histogram = histogramOf([0, 0, 0, 17, 123_456_789]);
    expect([0, 0.6, 1].map((p) => histogram.quantile(p))).toEqual([0, 0, 123_456_789]);
  });

  test('rises with p', () => {
    const histogram = histogramOf(Array.from({ length: 1000 }, (_, index) => index * index));
    let previous = -1;
    for (let p = 0; p <= 1; p += 0.001) {
      expect(histogram.quantile(p)).toBeGreaterThanOrEqual(previous);
      previous = histogram.quantile(p);
    }
  });

  test.each([-0.1, 1.1, Number.NaN])('p = %d is refused', (p) => {
    expect(() => histogramOf([1]).quantile(p)).toThrow(RangeError);
  });
});

/** Without the sum, which depends on the order of addition in its last bits. */
function contents(histogram: Histogram) {
  return { ...histogram.toSparse(), sum: undefined };
}

describe('merging', () => {
  test('gives the histogram of all values, whichever way it is bracketed', () => {
    fc.assert(
      fc.property(fc.array(value), fc.array(value), fc.array(value), (a, b, c) => {
        const left = histogramOf(a);
        left.merge(histogramOf(b));
        left.merge(histogramOf(c));
        const right = histogramOf(b);
        right.merge(histogramOf(c));
        const whole = histogramOf(a);
        whole.merge(right);
        expect(contents(left)).toEqual(contents(histogramOf([...a, ...b, ...c])));
        expect(contents(whole)).toEqual(contents(left));
        expect(whole.sum / left.sum || 1).toBeCloseTo(1, 12);
      }),
      { seed: 1 },
    );
  });

  test('sums of integers are exact', () => {
    const histogram = histogramOf([1, 2, 3]);
    histogram.merge(histogramOf([2 ** 50]));
    expect(histogram.sum).toBe(2 ** 50 + 6);
  });
});

describe('transfer', () => {
  test('is lossless, through JSON too', () => {
    fc.assert(
      fc.property(values, (sample) => {
        const sparse = histogramOf(sample).toSparse();
        const copy = Histogram.fromSparse(JSON.parse(JSON.stringify(sparse)) as typeof sparse);
        expect(JSON.stringify(copy.toSparse())).toBe(JSON.stringify(sparse));
        expect(copy.quantile(0.9)).toBe(histogramOf(sample).quantile(0.9));
      }),
      { seed: 1 },
    );
  });

  test('data that no histogram wrote is refused', () => {
    const sparse = histogramOf([1, 2, 3]).toSparse();
    expect(() => Histogram.fromSparse({ ...sparse, counts: [1] })).toThrow(/ascending/);
    expect(() => Histogram.fromSparse({ ...sparse, buckets: sparse.buckets.toReversed() })).toThrow(/ascending/);
    expect(() => Histogram.fromSparse({ ...sparse, buckets: [1, 300, 400] })).toThrow(/ascending/);
    expect(() => Histogram.fromSparse({ ...sparse, buckets: [300, 400, 2 ** 30] })).toThrow(/ascending/);
    expect(() => Histogram.fromSparse({ ...sparse, count: 4 })).toThrow(/hold 3 values, not 4/);
  });
});

test('cumulative ends at the maximum with all values, and is never below the fraction of values at most so large', () => {
  fc.assert(
    fc.property(values, (sample) => {
      const steps = [...histogramOf(sample).cumulative()];
      expect(steps.at(-1)).toEqual({ value: Math.max(...sample), count: sample.length, fraction: 1 });
      for (const [index, step] of steps.entries()) {
        expect(step.value).toBeGreaterThan(steps[index - 1]?.value ?? -1);
        // A bucket's upper bound itself belongs to the next bucket, hence "less than" below the maximum.
        const isLast = index === steps.length - 1;
        expect(step.count).toBe(sample.filter((x) => isLast || x < step.value || (x === 0 && step.value === 0)).length);
      }
    }),
    { seed: 1 },
  );
});
