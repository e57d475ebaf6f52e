import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TruncatedPoisson } from './truncated-poisson.js';

/** The textbook recursion of Erlang's loss formula. */
function erlangB(servers: number, load: number): number {
  let blocking = 1;
  for (let n = 1; n <= servers; n++) blocking = (load * blocking) / (n + load * blocking);
  return blocking;
}

describe('without a limit', () => {
  // R: qpois(p, mean)
  it.each([
    { mean: 1, p: 0.5, quantile: 1 },
    { mean: 1, p: 0.99, quantile: 4 },
    { mean: 10, p: 0.5, quantile: 10 },
    { mean: 10, p: 0.99, quantile: 18 },
    { mean: 100, p: 0.01, quantile: 77 },
    { mean: 100, p: 0.99, quantile: 124 },
  ])('p$p of mean $mean is $quantile', ({ mean, p, quantile }) => {
    expect(new TruncatedPoisson(mean).quantile(p)).toBe(quantile);
  });

  it('has the mean that it is given, and approaches the normal distribution', () => {
    const poisson = new TruncatedPoisson(1e6);
    expect(poisson.mean).toBeCloseTo(1e6, 4);
    expect(Math.abs(poisson.quantile(0.99) - (1e6 + 2.3263 * 1e3))).toBeLessThan(3);
  });

  it('is 0 when nothing comes', () => {
    const nothing = new TruncatedPoisson(0);
    expect([nothing.mean, nothing.quantile(0.99), nothing.probabilityOfMax]).toEqual([0, 0, 0]);
  });
});

it('is full as often as Erlang says', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 }), fc.double({ min: 0.01, max: 1000, noNaN: true }), (servers, load) => {
      const { probabilityOfMax, mean } = new TruncatedPoisson(load, servers);
      expect(probabilityOfMax).toBeCloseTo(erlangB(servers, load), 9);
      // What is carried is what is not turned away.
      expect(Math.abs(mean - load * (1 - probabilityOfMax))).toBeLessThanOrEqual(1e-6 * (1 + load));
    }),
  );
});

it('refuses what is no distribution', () => {
  expect(() => new TruncatedPoisson(-1)).toThrow(RangeError);
  expect(() => new TruncatedPoisson(Infinity)).toThrow(RangeError);
  expect(() => new TruncatedPoisson(1).quantile(1.5)).toThrow(RangeError);
});
