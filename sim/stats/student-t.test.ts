import { assert, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { studentTCdf, studentTQuantile } from './student-t.js';

describe('Student-t', () => {
  // Closed forms: df 1 is Cauchy, tan(pi (p - 1/2)); df 2 is (2p - 1) sqrt(2 / (4p (1 - p))); df 4 has one too.
  it.each([0.6, 0.9, 0.975, 0.995, 0.9995])('the quantile at %d equals the closed forms for 1 and 2 degrees', (p) => {
    expect(studentTQuantile(p, 1) / Math.tan(Math.PI * (p - 0.5))).toBeCloseTo(1, 11);
    expect(studentTQuantile(p, 2) / ((2 * p - 1) * Math.sqrt(2 / (4 * p * (1 - p))))).toBeCloseTo(1, 11);
  });

  it.each([0.1, 1, 2.5, 7])('the distribution function at %d equals the closed forms for 1, 2 and 4 degrees', (t) => {
    expect(studentTCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 12);
    expect(studentTCdf(t, 2)).toBeCloseTo(0.5 + t / (2 * Math.sqrt(2 + t * t)), 12);
    const u = 1 + (t * t) / 4;
    expect(studentTCdf(t, 4)).toBeCloseTo(0.5 + (3 / 8) * (t / Math.sqrt(u)) * (1 - (t * t) / (12 * u)), 12);
  });

  // The 0.975, 0.95, 0.995 and 0.9995 rows of the usual tables, worked out to 13 digits with mpmath (40 digits, betainc).
  it.each([
    [0.975, 1, 12.70620473617],
    [0.975, 2, 4.302652729749],
    [0.975, 3, 3.182446305284],
    [0.975, 4, 2.776445105198],
    [0.975, 9, 2.262157162798],
    [0.975, 29, 2.045229642133],
    [0.975, 99, 1.984216951586],
    [0.95, 5, 2.015048373333],
    [0.995, 9, 3.249835541592],
    [0.9995, 4, 8.610301581379],
  ])('the quantile at %d with %d degrees of freedom is the table value %d', (p, degreesOfFreedom, expected) => {
    expect(Math.abs(studentTQuantile(p, degreesOfFreedom) - expected)).toBeLessThan(1e-9);
  });

  it('goes to the normal quantile with many degrees of freedom', () => {
    expect(studentTQuantile(0.975, 10_000_000)).toBeCloseTo(1.959963984540054, 6);
  });

  it('is symmetric, and 0 at one half', () => {
    expect(studentTQuantile(0.5, 7)).toBe(0);
    expect(studentTQuantile(0.025, 7)).toBe(-studentTQuantile(0.975, 7));
    expect(studentTCdf(-1.3, 7)).toBeCloseTo(1 - studentTCdf(1.3, 7), 15);
  });

  it('has a quantile that the distribution function inverts', () => {
    assert(
      property(double({ min: 0.0001, max: 0.9999, noNaN: true }), integer({ min: 1, max: 2000 }), (p, df) => {
        expect(studentTCdf(studentTQuantile(p, df), df)).toBeCloseTo(p, 11);
      }),
    );
  });

  it.each([
    [0, 5],
    [1, 5],
    [Number.NaN, 5],
    [0.9, 0],
  ])('refuses the quantile of %d with %d degrees of freedom', (p, df) => {
    expect(() => studentTQuantile(p, df)).toThrow(RangeError);
  });
});
