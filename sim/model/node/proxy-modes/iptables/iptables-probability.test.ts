import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cascadeShares, probabilityText } from './iptables-probability.js';

describe('TestComputeProbability (Kubernetes pkg/proxy/iptables/proxier_test.go)', () => {
  it.each([
    { remaining: 1, text: '1.0000000000' },
    { remaining: 10, text: '0.1000000000' },
    { remaining: 1000, text: '0.0010000000' },
    { remaining: 10_000, text: '0.0001000000' },
    { remaining: 100_001, text: '0.0000099999' },
  ])('one of $remaining', ({ remaining, text }) => {
    expect(probabilityText(remaining)).toBe(text);
  });

  it('rounds as Go does: up, down, and ties to even', () => {
    expect([3, 6, 2048, 4096].map(probabilityText)).toEqual([
      '0.3333333333',
      '0.1666666667',
      '0.0004882812',
      '0.0002441406',
    ]);
  });
});

describe('the shares of a cascade', () => {
  it('add up to one, and differ by what ten decimals round off', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), (endpoints) => {
        const shares = cascadeShares(endpoints);
        expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        // Half a unit of the last decimal in each of the probabilities before.
        const worst = shares.reduce((max, share) => Math.max(max, Math.abs(share * endpoints - 1)), 0);
        expect(worst).toBeLessThan(0.5e-10 * endpoints * endpoints + 1e-12);
      }),
    );
  });

  it('are none for no endpoints, and all for one', () => {
    expect([...cascadeShares(0)]).toEqual([]);
    expect([...cascadeShares(1)]).toEqual([1]);
  });
});
