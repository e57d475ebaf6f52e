import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  erlangB,
  erlangC,
  evenArrivalsSigma,
  gm1MeanTime,
  meanInFlight,
  mg1MeanWait,
  mm1Limited,
  mm1TimeQuantile,
  mmcMeanWait,
  mmcTimeExceeds,
  roundRobinSigma,
  shortestOfMeanTime,
} from './queueing.js';

type Row<Field extends string> = Readonly<Record<Field, number>>;

const cases = JSON.parse(readFileSync(new URL('queueing.cases.json', import.meta.url), 'utf8')) as {
  readonly poissonExponentialOneServer: readonly Row<'utilization' | 'meanTime' | 'meanWait' | 'p50' | 'p99'>[];
  readonly poissonGeneralOneServer: readonly Row<'utilization' | 'serviceScv' | 'meanWait'>[];
  readonly poissonExponentialManyServers: readonly Row<'servers' | 'utilization' | 'blocked' | 'waits' | 'meanWait'>[];
  readonly limited: readonly Row<'limit' | 'utilization' | 'blocked' | 'meanNumber' | 'meanTime'>[];
  readonly roundRobin: readonly Row<'servers' | 'utilization' | 'sigma' | 'meanTime'>[];
  readonly evenArrivals: readonly Row<'utilization' | 'sigma' | 'meanTime'>[];
  readonly shortestOf: readonly Row<'choices' | 'utilization' | 'meanTime'>[];
  readonly little: readonly Row<'perSecond' | 'meanSeconds' | 'inFlight'>[];
};

const same = (value: number, expected: number): void => {
  expect(Math.abs(value / expected - 1)).toBeLessThan(1e-12);
};

describe('closed forms, to twelve digits', () => {
  it.each(cases.poissonExponentialOneServer)('M/M/1 at $utilization', (row) => {
    const { utilization } = row;
    same(mg1MeanWait(utilization, 1), row.meanWait);
    same(mmcMeanWait(1, utilization), row.meanWait);
    same(mg1MeanWait(utilization, 1) + 1, row.meanTime);
    same(mm1TimeQuantile(utilization, 0.5), row.p50);
    same(mm1TimeQuantile(utilization, 0.99), row.p99);
    same(mmcTimeExceeds(1, utilization, row.p99), 0.01);
    same(roundRobinSigma(1, utilization), utilization);
    same(shortestOfMeanTime(1, utilization), row.meanTime);
  });

  it.each(cases.poissonGeneralOneServer)('M/G/1 at $utilization, scv $serviceScv', (row) =>
    same(mg1MeanWait(row.utilization, row.serviceScv), row.meanWait),
  );

  it.each(cases.poissonExponentialManyServers)('M/M/$servers at $utilization', (row) => {
    same(erlangB(row.servers, row.servers * row.utilization), row.blocked);
    same(erlangC(row.servers, row.utilization), row.waits);
    same(mmcMeanWait(row.servers, row.utilization), row.meanWait);
  });

  it.each(cases.limited)('M/M/1/$limit at $utilization', ({ utilization, limit, ...row }) => {
    const queue = mm1Limited(utilization, limit);
    same(queue.blocked, row.blocked);
    same(queue.meanNumber, row.meanNumber);
    same(queue.meanTime, row.meanTime);
  });

  it.each(cases.roundRobin)('round robin over $servers at $utilization', (row) => {
    same(roundRobinSigma(row.servers, row.utilization), row.sigma);
    same(gm1MeanTime(roundRobinSigma(row.servers, row.utilization)), row.meanTime);
  });

  it.each(cases.evenArrivals)('D/M/1 at $utilization', (row) => {
    same(evenArrivalsSigma(row.utilization), row.sigma);
    same(gm1MeanTime(evenArrivalsSigma(row.utilization)), row.meanTime);
  });

  it.each(cases.shortestOf)('the shortest of $choices at $utilization', (row) =>
    same(shortestOfMeanTime(row.choices, row.utilization), row.meanTime),
  );

  it.each(cases.little)('$perSecond a second that stay $meanSeconds s', (row) =>
    same(meanInFlight(row.perSecond, row.meanSeconds), row.inFlight),
  );
});

describe('what must hold at any load', () => {
  const utilization = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  const servers = fc.integer({ min: 1, max: 200 });

  it('a tail integrates to the mean time', () => {
    fc.assert(
      fc.property(utilization, fc.integer({ min: 1, max: 20 }), (rho, c) => {
        // Simpson's rule, far into the slower of the two exponentials.
        const end = 45 / Math.min(1, c * (1 - rho));
        const steps = 4000;
        let sum = 0;
        for (let step = 0; step <= steps; step++) {
          const weight = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2;
          sum += weight * mmcTimeExceeds(c, rho, (end * step) / steps);
        }
        expect((sum * end) / steps / 3 / (1 + mmcMeanWait(c, rho))).toBeCloseTo(1, 4);
      }),
      { numRuns: 50 },
    );
  });

  it('a tail falls with time and rises with the load, and is 1 where nothing settles', () => {
    fc.assert(
      fc.property(utilization, servers, fc.double({ min: 0, max: 50, noNaN: true }), (rho, c, time) => {
        const exceeds = mmcTimeExceeds(c, rho, time);
        expect(exceeds).toBeGreaterThanOrEqual(0);
        expect(exceeds).toBeLessThanOrEqual(1 + 1e-12);
        expect(mmcTimeExceeds(c, rho, time * 1.1)).toBeLessThanOrEqual(exceeds);
        expect(mmcTimeExceeds(c, rho + 0.009, time)).toBeGreaterThanOrEqual(exceeds * (1 - 1e-12));
      }),
    );
    expect(mmcTimeExceeds(3, 1, 5)).toBe(1);
    expect(mmcTimeExceeds(3, 2, 5)).toBe(1);
  });

  it('the more evenly arrivals come, the shorter the time', () => {
    fc.assert(
      fc.property(utilization, servers, (rho, n) => {
        expect(roundRobinSigma(n + 1, rho)).toBeLessThanOrEqual(roundRobinSigma(n, rho));
        expect(evenArrivalsSigma(rho)).toBeLessThanOrEqual(roundRobinSigma(n, rho));
      }),
    );
  });

  it('a far limit is none', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.9, noNaN: true }), (rho) => {
        const { blocked, meanTime } = mm1Limited(rho, 1000);
        expect(blocked).toBeLessThan(1e-40);
        expect(meanTime).toBeCloseTo(1 / (1 - rho), 9);
      }),
    );
    expect(mm1Limited(1e6, 100_000).blocked).toBeCloseTo(1 - 1e-6, 12);
  });

  it('no settled state at a utilization of 1', () => {
    for (const closedForm of [() => erlangC(2, 1), () => mg1MeanWait(1.2, 1), () => roundRobinSigma(3, 1)]) {
      expect(closedForm).toThrow(RangeError);
    }
  });
});
