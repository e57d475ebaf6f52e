import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { imbalanceOf, shareAbove, type Imbalance } from './imbalance.js';

const FIGURES = [
  'maxOverMean',
  'maxOverMin',
  'coefficientOfVariation',
  'gini',
  'jainIndex',
  'hottestShare',
] as const satisfies readonly (keyof Imbalance)[];

const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const load = fc.oneof(positive, fc.constant(0));
const loads = fc.array(load, { minLength: 1, maxLength: 60 }).filter((all) => all.some((one) => one > 0));

/** Within rounding, relative to the larger of the number and 1. */
const expectEqual = (actual: number, expected: number, tolerance = 1e-9): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));

describe('figures by hand', () => {
  it('of one load of a half and two of a quarter', () => {
    const { mean, maxOverMean, maxOverMin, coefficientOfVariation, gini, jainIndex, hottestShare } = imbalanceOf([
      0.25, 0.5, 0.25,
    ]);
    expectEqual(mean, 1 / 3, 1e-15);
    expect([maxOverMean, maxOverMin, hottestShare]).toEqual([1.5, 2, 0.5]);
    expectEqual(coefficientOfVariation, Math.SQRT2 / 4, 1e-15);
    expectEqual(gini, 1 / 6, 1e-15);
    expectEqual(jainIndex, 8 / 9, 1e-15);
  });

  it('leaves out what has no load from the smallest, but not from the mean', () => {
    const { maxOverMin, maxOverMean } = imbalanceOf([0, 6, 2, 0]);
    expect([maxOverMin, maxOverMean]).toEqual([3, 3]);
  });

  test.each([1, 2, 7, 100_000])('when one of %i has all', (count) => {
    const all = new Float64Array(count);
    all[count >> 1] = 3;
    const figures = imbalanceOf(all);
    expectEqual(figures.maxOverMean, count);
    expect(figures.maxOverMin).toBe(1);
    expectEqual(figures.coefficientOfVariation, Math.sqrt(count - 1));
    expectEqual(figures.gini, 1 - 1 / count);
    expectEqual(figures.jainIndex, 1 / count);
    expect(figures.hottestShare).toBe(1);
  });

  test.each([1, 3, 100_000])('of %i equal loads, be they nothing, tiny or huge', (count) => {
    for (const one of [0, 5e-324, 1e-200, 1 / 3, 1e308]) {
      const figures = imbalanceOf(new Float64Array(count).fill(one));
      for (const [index, expected] of [1, 1, 0, 0, 1, 1 / count].entries()) {
        expectEqual(figures[FIGURES[index]!], expected, 1e-12);
      }
    }
  });

  it('of nothing: there is no unevenness, and nobody has a share', () => {
    expect(imbalanceOf([])).toEqual({
      mean: 0,
      maxOverMean: 1,
      maxOverMin: 1,
      coefficientOfVariation: 0,
      gini: 0,
      jainIndex: 1,
      hottestShare: 0,
    });
    expect(shareAbove([], 0)).toBe(0);
  });
});

describe('properties', () => {
  it('are numbers within their bounds', () => {
    fc.assert(
      fc.property(fc.array(load, { maxLength: 60 }), (all) => {
        const count = Math.max(1, all.length);
        const figures = imbalanceOf(all);
        const upper = { maxOverMean: count, coefficientOfVariation: Math.sqrt(count), gini: 1 - 1 / count };
        for (const [name, max] of Object.entries({ ...upper, jainIndex: 1, hottestShare: 1 })) {
          expect(figures[name as keyof Imbalance]).toBeGreaterThanOrEqual(0);
          expect(figures[name as keyof Imbalance]).toBeLessThanOrEqual(max * (1 + 1e-12));
        }
        expect(figures.maxOverMean).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(figures.maxOverMin).toBeGreaterThanOrEqual(1);
        expect(figures.jainIndex).toBeGreaterThanOrEqual((1 - 1e-12) / count);
      }),
    );
  });

  it("Jain's index is 1 / (1 + CoV^2)", () => {
    fc.assert(
      fc.property(loads, (all) => {
        const { jainIndex, coefficientOfVariation } = imbalanceOf(all);
        expectEqual(jainIndex, 1 / (1 + coefficientOfVariation ** 2));
      }),
    );
  });

  it('Gini is the mean difference of two loads over twice the mean', () => {
    fc.assert(
      fc.property(loads, (all) => {
        let differences = 0;
        for (const one of all) for (const other of all) differences += Math.abs(one - other);
        const sum = all.reduce((total, one) => total + one, 0);
        expectEqual(imbalanceOf(all).gini, differences / (2 * all.length * sum));
      }),
    );
  });

  it('neither the unit nor the order matters, and the loads stay as they are', () => {
    fc.assert(
      fc.property(loads, positive, (all, factor) => {
        const given = Float64Array.from(all);
        const figures = imbalanceOf(given);
        const scaled = imbalanceOf(all.map((one) => one * factor).toReversed());
        for (const figure of FIGURES) expectEqual(scaled[figure], figures[figure]);
        expectEqual(scaled.mean, figures.mean * factor);
        expect([...given]).toEqual(all);
      }),
    );
  });

  it('copies of all loads change no figure but the share of the hottest', () => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 2, max: 4 }), (all, copies) => {
        const figures = imbalanceOf(all);
        const copied = imbalanceOf(Array.from({ length: copies }, () => all).flat());
        for (const figure of FIGURES) {
          expectEqual(copied[figure], figures[figure] / (figure === 'hottestShare' ? copies : 1));
        }
      }),
    );
  });

  it('CoV^2 of M requests that choose among n at random is (n - 1) / M in expectation', () => {
    // The mean over all outcomes of 4 draws among 3, by counting in base 3.
    const [things, draws] = [3, 4];
    const outcomes = things ** draws;
    let sum = 0;
    for (let outcome = 0; outcome < outcomes; outcome++) {
      const counts = [0, 0, 0];
      for (let rest = outcome, draw = 0; draw < draws; draw++, rest = Math.floor(rest / things))
        counts[rest % things]!++;
      sum += imbalanceOf(counts).coefficientOfVariation ** 2;
    }
    expectEqual(sum / outcomes, (things - 1) / draws, 1e-12);
  });
});

describe('the share above a capacity', () => {
  it('counts loads above it, and not those at it but for rounding', () => {
    expect(shareAbove([1, 2, 3, 4], 2)).toBe(0.5);
    expect(shareAbove([0.1 + 0.2, 0.3], 0.3)).toBe(0);
    expect(shareAbove(new Float64Array([0, 0]), 0)).toBe(0);
    expect(shareAbove([1e-300, 0], 0)).toBe(0.5);
    expect(shareAbove([5], Infinity)).toBe(0);
  });

  it('falls with the capacity', () => {
    fc.assert(
      fc.property(loads, positive, positive, (all, one, other) => {
        expect(shareAbove(all, Math.max(one, other))).toBeLessThanOrEqual(shareAbove(all, Math.min(one, other)));
      }),
    );
  });
});

test.each([[[-1]], [[NaN]], [[1, Infinity]]])('refuses %j as loads', (all) => {
  expect(() => imbalanceOf(all)).toThrow(RangeError);
});

test.each([-1, NaN])('refuses %d as a capacity', (capacity) => {
  expect(() => shareAbove([1], capacity)).toThrow(RangeError);
});
