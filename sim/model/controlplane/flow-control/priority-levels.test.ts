import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limitsByDemand, PRIORITY_LEVELS, smoothDemand, suggestedLevels } from './priority-levels.js';

const byName = (values: readonly number[]): Record<string, number> =>
  Object.fromEntries(PRIORITY_LEVELS.map((name, index) => [name, values[index]!]));

describe('the suggested configuration of a server with 400 + 200 requests in flight', () => {
  const levels = suggestedLevels(600, null);

  test('nominal limits are those that the EKS best practices name', () => {
    expect(byName(levels.map(({ nominalLimit }) => nominalLimit))).toEqual({
      system: 74,
      'node-high': 98,
      'leader-election': 25,
      'workload-high': 98,
      'workload-low': 245,
      'global-default': 49,
      'catch-all': 13,
    });
  });

  test('what is lent leaves each level its rest', () => {
    // 74 - round(24.42), 98 - round(24.5), 25, 98 - 49, 245 - round(220.5), 49 - round(24.5), 13.
    expect(levels.map(({ minLimit }) => minLimit)).toEqual([50, 73, 25, 49, 24, 24, 13]);
  });

  test('without borrowing all limits stay nominal, whatever the demand', () => {
    const fixed = suggestedLevels(600, 0);
    const nominal = fixed.map(({ nominalLimit }) => nominalLimit);
    const all = fixed.map(() => ({ high: 10_000, smooth: 10_000 }));
    expect(limitsByDemand(600, fixed, all)).toEqual(nominal);
  });

  test('one busy level borrows what the others leave', () => {
    const idle = { high: 0, smooth: 0 };
    const demands = levels.map(({ name }) => (name === 'workload-high' ? { high: 600, smooth: 600 } : idle));
    const limits = byName(limitsByDemand(600, levels, demands));
    // The others keep their least, 209 together, and it gets the rest.
    expect(limits['workload-high']).toBe(600 - 209);
    expect(limits['global-default']).toBe(24);
    const modest = levels.map(({ name }) => (name === 'workload-high' ? { high: 150, smooth: 150 } : idle));
    // 600 seats for a demand of 150 + 209: a proportion of 1.67.
    expect(byName(limitsByDemand(600, levels, modest))['workload-high']).toBeCloseTo((150 * 600) / 359, -1);
  });
});

test('limits stay in their bounds, fill the server and follow demand', () => {
  const levels = suggestedLevels(600, null);
  const demand = fc.nat(400).chain((high) => fc.record({ high: fc.constant(high), smooth: fc.nat(high) }));
  fc.assert(
    fc.property(fc.array(demand, { minLength: levels.length, maxLength: levels.length }), (demands) => {
      const limits = limitsByDemand(600, levels, demands);
      const total = limits.reduce((a, b) => a + b, 0);
      // Nominal limits are rounded up to 602 in all, which the levels may claim; else all is shared out but for rounding.
      expect(total).toBeLessThanOrEqual(602);
      expect(total).toBeGreaterThanOrEqual(600 - levels.length);
      levels.forEach(({ minLimit, nominalLimit }, index) => {
        expect(limits[index]).toBeGreaterThanOrEqual(minLimit);
        expect(limits[index]).toBeGreaterThanOrEqual(Math.min(nominalLimit, demands[index]!.high));
      });
    }),
  );
});

test('smoothed demand follows a peak at once and forgets it slowly', () => {
  const busy = smoothDemand(0, { mean: 90, deviation: 5, high: 98 }, 0.977);
  expect(busy).toBe(95);
  const idle = smoothDemand(busy, { mean: 0, deviation: 0, high: 0 }, 0.977);
  expect(idle).toBeCloseTo(92.8, 1);
  // No more than the peak, however wide the deviation.
  expect(smoothDemand(0, { mean: 90, deviation: 50, high: 98 }, 0.977)).toBe(98);
});
