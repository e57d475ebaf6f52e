import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { exponential, lognormalFromMedianP99, standardNormalQuantile } from './distributions.js';

const uniform = fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true });

describe('standardNormalQuantile', () => {
  // Abramowitz and Stegun (1964), tables 26.5 and 26.6, which have the first six to ten digits; the further ones are those of
  // R's qnorm and Python's statistics.NormalDist.
  test.each([
    [0.5, 0],
    [0.75, 0.6744897501960817],
    [0.9, 1.2815515655446008],
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.99, 2.3263478740408408],
    [0.995, 2.5758293035489004],
    [0.999, 3.090232306167813],
    [0.9999, 3.719016485455709],
    [0.00001, -4.2648907939228256],
    [1e-10, -6.361340902404056],
    [1e-20, -9.262340089798405],
  ])('of %d is %d', (u, z) => {
    expect(Math.abs(standardNormalQuantile(u) - z)).toBeLessThan(1e-9);
  });

  test('is odd about one half', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 0.5, noNaN: true }), (u) => {
        expect(standardNormalQuantile(1 - u)).toBeCloseTo(-standardNormalQuantile(u), 10);
      }),
      { seed: 1 },
    );
  });

  test('rises, across the borders of its three approximations too', () => {
    for (const u of [Math.exp(-25), 0.075, 0.925]) {
      expect(standardNormalQuantile(u * (1 - 1e-9))).toBeLessThan(standardNormalQuantile(u));
      expect(standardNormalQuantile(u * (1 - 1e-9))).toBeCloseTo(standardNormalQuantile(u), 5);
    }
  });
});

describe('exponential', () => {
  test.each([
    [0.5, Math.LN2],
    [1 - 1 / Math.E, 1],
    [0.99, 4.605170185988091],
  ])('the quantile at %d is %d means', (u, means) => {
    expect(exponential(u, 30)).toBeCloseTo(30 * means, 10);
  });

  test('is positive and finite at the ends of (0, 1)', () => {
    expect(exponential(2 ** -53, 1)).toBeGreaterThan(0);
    expect(exponential(1 - 2 ** -53, 1)).toBeCloseTo(53 * Math.LN2, 10);
  });
});

describe('lognormalFromMedianP99', () => {
  test('has the median and the 99th percentile that it is given', () => {
    expect(lognormalFromMedianP99(0.5, 12, 80)).toBeCloseTo(12, 10);
    expect(lognormalFromMedianP99(0.99, 12, 80)).toBeCloseTo(80, 10);
    expect(lognormalFromMedianP99(0.01, 12, 80)).toBeCloseTo((12 * 12) / 80, 10);
  });

  test('is a constant where the two are equal', () => {
    expect(lognormalFromMedianP99(0.9999, 5, 5)).toBe(5);
  });
});

test('every distribution rises with u', () => {
  fc.assert(
    fc.property(uniform, uniform, (u, v) => {
      const [low, high] = u < v ? [u, v] : [v, u];
      expect(exponential(low, 3)).toBeLessThanOrEqual(exponential(high, 3));
      expect(lognormalFromMedianP99(low, 3, 9)).toBeLessThanOrEqual(lognormalFromMedianP99(high, 3, 9));
      expect(standardNormalQuantile(low)).toBeLessThanOrEqual(standardNormalQuantile(high));
    }),
    { seed: 1 },
  );
});
