import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { nextTickNs } from './ticks.js';

test('ticks are a period apart, before and after the phase', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 0, max: 1e9 }),
      (period, phase, from) => {
        const tick = nextTickNs(period, phase, from);
        expect(tick).toBeGreaterThanOrEqual(from);
        expect(tick - from).toBeLessThan(period);
        expect(Math.abs(tick - phase) % period).toBe(0);
      },
    ),
  );
});
