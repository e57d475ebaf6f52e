import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { probeTimeoutProbability, thresholdsPerPeriod } from './overloaded-probes.js';

describe('probes that time out', () => {
  it.each([
    // Service times of 200 ms, probes of 1 s.
    [0, Math.exp(-5)],
    [0.5, Math.exp(-2.5)],
    [0.8, Math.exp(-1)],
    [0.99, Math.exp(-0.05)],
    [1, 1],
    [3, 1],
  ])('at a utilization of %d: %d', (utilization, expected) => {
    expect(probeTimeoutProbability(utilization, 200e6, 1e9)).toBeCloseTo(expected, 12);
  });

  it('are rarer in a pod that works on more at a time', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.98, noNaN: true }), fc.integer({ min: 1, max: 50 }), (rho, servers) => {
        const few = probeTimeoutProbability(rho, 100e6, 1e9, servers);
        expect(probeTimeoutProbability(rho, 100e6, 1e9, servers + 1)).toBeLessThanOrEqual(few * (1 + 1e-9));
      }),
    );
  });
});

describe('thresholds', () => {
  it.each([
    [1, 1, 1],
    [1, 3, 1 / 3],
    [0, 3, 0],
    [0.5, 1, 0.5],
    // Two heads in a row take six tosses.
    [0.5, 2, 1 / 6],
    [0.5, 3, 1 / 14],
  ])('with failures of %d, %d in a row come %d times in a period', (failure, threshold, expected) => {
    expect(thresholdsPerPeriod(failure, threshold)).toBeCloseTo(expected, 12);
  });

  it('are about the power of a rare failure', () => {
    expect(thresholdsPerPeriod(1e-4, 3) / 1e-12).toBeCloseTo(1, 3);
  });
});
