import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  failureDetectionNs,
  failureSeenNs,
  probesPerSecond,
  readyProbeNs,
  recoverySeenNs,
  startupBudgetNs,
  type ReadinessProbe,
} from './readiness-probe.js';

const SECOND = 1e9;
const ns = (seconds: number): number => Math.round(seconds * SECOND);

/** As in the file of cases: seconds. */
interface ProbeInSeconds {
  readonly initialDelay: number;
  readonly period: number;
  readonly timeout: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}
interface Bounds {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}
const { detection, ready } = JSON.parse(
  readFileSync(new URL('readiness-probe.cases.json', import.meta.url), 'utf8'),
) as {
  readonly detection: readonly {
    readonly name: string;
    readonly probe: ProbeInSeconds;
    readonly refused: Bounds;
    readonly timeout: Bounds;
  }[];
  readonly ready: readonly {
    readonly name: string;
    readonly probe: ProbeInSeconds;
    readonly probesAtOnce: boolean;
    readonly runningAt: number;
    readonly seenAt: number;
    readonly phase: number;
    readonly readyAt: number;
  }[];
};

const probeOf = (seconds: ProbeInSeconds): ReadinessProbe => ({
  initialDelayNs: ns(seconds.initialDelay),
  periodNs: ns(seconds.period),
  timeoutNs: ns(seconds.timeout),
  successThreshold: seconds.successThreshold,
  failureThreshold: seconds.failureThreshold,
});
const inNs = ({ min, mean, max }: Bounds): Bounds => ({ min: ns(min), mean: ns(mean), max: ns(max) });

describe('how long until a failure is known', () => {
  test.each(detection)('$name', ({ probe, refused, timeout }) => {
    expect(failureDetectionNs(probeOf(probe), 'refused')).toEqual(inNs(refused));
    expect(failureDetectionNs(probeOf(probe), 'timeout')).toEqual(inNs(timeout));
  });

  test('is within its bounds at every phase, and reaches the lower one', () => {
    const defaults = probeOf(detection[0]!.probe);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 * SECOND - 1 }), fc.integer({ min: 0, max: 1e12 }), (phase, failed) => {
        const seconds = (failureSeenNs(defaults, phase, failed, 'refused') - failed) / SECOND;
        expect(seconds).toBeGreaterThanOrEqual(20);
        expect(seconds).toBeLessThan(30);
      }),
    );
    expect(failureSeenNs(defaults, ns(4), ns(14), 'refused')).toBe(ns(34));
    expect(failureSeenNs(defaults, ns(4), ns(14) + 1, 'refused')).toBe(ns(44));
  });

  test('a recovery takes successThreshold probes and no time-out', () => {
    const probe = { ...probeOf(detection[0]!.probe), successThreshold: 3 };
    expect(recoverySeenNs(probe, ns(4), ns(5))).toBe(ns(34));
  });
});

describe('when a new container is ready', () => {
  test.each(ready)('$name', ({ probe, phase, runningAt, seenAt, probesAtOnce, readyAt }) => {
    expect(readyProbeNs(probeOf(probe), ns(phase), ns(runningAt), ns(seenAt), probesAtOnce)).toBe(ns(readyAt));
  });

  test('up to 1.23, or with an initial delay, between the delay and a period more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.boolean(),
        (initialDelay, period, phase, probesAtOnce) => {
          const probe = probeOf({ initialDelay, period, timeout: 1, successThreshold: 1, failureThreshold: 3 });
          const readyNs =
            readyProbeNs(probe, Math.floor(phase * ns(period)), ns(100), ns(100.5), probesAtOnce) - ns(100);
          expect(readyNs).toBeGreaterThanOrEqual(ns(initialDelay));
          expect(readyNs).toBeLessThan(ns(initialDelay + period));
        },
      ),
    );
  });
});

test('a startup probe every 10 s that may fail 30 times gives a container 300 s', () => {
  expect(startupBudgetNs({ periodNs: ns(10), failureThreshold: 30 })).toBe(ns(300));
});

test.each([
  { what: 'one pod, readiness and liveness every 5 s', pods: 1, periods: [5, 5], perSecond: 0.4 },
  { what: 'ten pods', pods: 10, periods: [5, 5], perSecond: 4 },
  { what: 'a full node with the default period', pods: 110, periods: [10, 10], perSecond: 22 },
])('probes a second of $what', ({ pods, periods, perSecond }) => {
  expect(probesPerSecond(pods, periods.map(ns))).toBeCloseTo(perSecond, 12);
});
