import { assert, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { estimateMean, relativeHalfWidth, replicationsForHalfWidth } from './estimate.js';

describe('estimateMean', () => {
  it('gives the Student-t interval of the mean', () => {
    // mean 3, s = sqrt(2.5), t(0.975, 4) = 2.776445105198: half-width 1.963243161.
    const estimate = estimateMean([1, 2, 3, 4, 5]);
    expect(estimate.value).toBe(3);
    expect(estimate.replications).toBe(5);
    expect(estimate.low).toBeCloseTo(3 - 1.963243161, 8);
    expect(estimate.high).toBeCloseTo(3 + 1.963243161, 8);
  });

  it('gives no interval for a single replication', () => {
    expect(estimateMean([7])).toEqual({ value: 7, low: null, high: null, replications: 1 });
  });

  it('gives an interval of no width when all replications agree', () => {
    expect(estimateMean([0.1, 0.1, 0.1])).toEqual({ value: 0.1, low: 0.1, high: 0.1, replications: 3 });
    expect(relativeHalfWidth(estimateMean([0.1, 0.1, 0.1]))).toBe(0);
    expect(relativeHalfWidth(estimateMean([0, 0]))).toBe(0);
  });

  it('covers the true mean in about 95 % of experiments, also with three replications', () => {
    // Uniform draws from a full-period linear congruential generator; 4000 experiments, standard error 0.35 %.
    let state = 12345;
    const draw = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    // A sum of 12 uniform draws less 6 is close to the standard normal law, which the interval assumes.
    const normal = (): number => Array.from({ length: 12 }, draw).reduce((sum, value) => sum + value, -6);
    let covered = 0;
    for (let experiment = 0; experiment < 4000; experiment++) {
      const { low, high } = estimateMean([normal(), normal(), normal()]);
      if (low !== null && high !== null && low <= 0 && high >= 0) covered++;
    }
    expect(covered / 4000).toBeGreaterThan(0.935);
    expect(covered / 4000).toBeLessThan(0.965);
  });
});

describe('relativeHalfWidth', () => {
  it('is the half-width as a share of the value, whatever its sign', () => {
    expect(relativeHalfWidth({ value: 10, low: 9, high: 11, replications: 5 })).toBeCloseTo(0.1, 12);
    expect(relativeHalfWidth({ value: -10, low: -11, high: -9, replications: 5 })).toBeCloseTo(0.1, 12);
  });

  it('is infinite without an interval, and around a value of 0', () => {
    expect(relativeHalfWidth({ value: 10, low: null, high: null, replications: 1 })).toBe(Infinity);
    expect(relativeHalfWidth({ value: 0, low: -1, high: 1, replications: 5 })).toBe(Infinity);
  });
});

describe('replicationsForHalfWidth', () => {
  it('finds the first count that is narrow enough', () => {
    assert(
      property(integer({ min: 2, max: 30 }), double({ min: 0.05, max: 3, noNaN: true }), (count, target) => {
        const sample = Array.from({ length: count }, (_, index) => index % 2);
        const estimate = estimateMean(sample);
        const needed = replicationsForHalfWidth(estimate, target, 100_000);
        expect(needed).not.toBeNull();
        if (needed !== null && needed <= count) {
          expect((estimate.high ?? 0) - estimate.value).toBeLessThan(target);
        } else {
          expect((estimate.high ?? 0) - estimate.value).toBeGreaterThanOrEqual(target);
        }
      }),
    );
  });

  it('is null when nothing can be said or the limit is too low', () => {
    expect(replicationsForHalfWidth(estimateMean([1]), 0.1, 1000)).toBeNull();
    expect(replicationsForHalfWidth(estimateMean([1, 2, 3]), 0, 1000)).toBeNull();
    expect(replicationsForHalfWidth(estimateMean([1, 2, 3]), 0.001, 1000)).toBeNull();
  });
});
