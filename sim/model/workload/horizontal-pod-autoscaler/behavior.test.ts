import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScalingRules } from '../../scenario.js';
import {
  DEFAULT_SCALE_UP,
  defaultScaleDown,
  limitByBehavior,
  limitWithoutBehavior,
  ScaleEvents,
  type LimitedScale,
  type ScaleHistory,
} from './behavior.js';

type ScalingPolicy = ScalingRules['policies'][number];

const SECOND = 1e9;
const NOW = 10_000 * SECOND;
const DEFAULTS = { scaleUp: DEFAULT_SCALE_UP, scaleDown: defaultScaleDown(300) };

interface Cases {
  readonly limits: readonly {
    readonly name: string;
    readonly test: string;
    readonly current: number;
    readonly desired: number;
    readonly min: number;
    readonly max: number;
    readonly direction: 'up' | 'down';
    readonly rules: Pick<ScalingRules, 'policies' | 'selectPolicy'> | null;
    readonly scaledInPeriod: readonly number[];
    readonly expected: Partial<LimitedScale>;
  }[];
  readonly events: readonly {
    readonly name: string;
    readonly test: string;
    readonly existing: readonly (readonly [replicas: number, ageSeconds: number])[];
    readonly policyPeriods: readonly number[] | null;
    readonly change: number;
    readonly queryPeriod: number;
    readonly expected: { readonly within: number; readonly stored: readonly number[] };
  }[];
  readonly upFromOne: readonly number[];
  readonly downFromEighty: readonly number[];
}
const cases = JSON.parse(readFileSync(new URL('behavior.cases.json', import.meta.url), 'utf8')) as Cases;

const rulesOf = (
  policies: readonly ScalingPolicy[],
  selectPolicy: ScalingRules['selectPolicy'] = 'Max',
): ScalingRules => ({ policies, selectPolicy, stabilizationWindowSeconds: 0 });
const pods = (value: number, periodSeconds = 60): ScalingPolicy => ({ type: 'Pods', value, periodSeconds });
const percent = (value: number, periodSeconds = 60): ScalingPolicy => ({ type: 'Percent', value, periodSeconds });
const noHistory = (): ScaleHistory => ({ up: new ScaleEvents(), down: new ScaleEvents() });
const forever = rulesOf([pods(1, 1e6)]);

describe("what Kubernetes' tests of scaling behavior fix", () => {
  it.each(cases.limits)(
    '$name ($test)',
    ({ current, desired, direction, rules, scaledInPeriod, expected, ...range }) => {
      const given = rules === null ? null : { ...rules, stabilizationWindowSeconds: 0 };
      const behavior = given === null ? DEFAULTS : { scaleUp: given, scaleDown: given };
      const history = noHistory();
      for (const replicas of scaledInPeriod) history[direction].store(replicas, NOW, forever);
      expect(limitByBehavior(current, desired, range, behavior, history, NOW)).toMatchObject(expected);
      // Autoscalers without behavior know no events, and agree where there are none.
      if (rules === null && scaledInPeriod.length === 0) {
        expect(limitWithoutBehavior(current, desired, range)).toMatchObject(expected);
      }
    },
  );

  it.each(cases.events)('$name ($test)', ({ existing, policyPeriods, change, queryPeriod, expected }) => {
    const events = new ScaleEvents();
    for (const [replicas, age] of existing) events.store(replicas, NOW - age * SECOND, forever);
    expect(events.within(queryPeriod, NOW)).toBe(expected.within);
    // Without behavior nothing is stored.
    if (policyPeriods !== null) events.store(change, NOW, rulesOf(policyPeriods.map((period) => pods(1, period))));
    expect(events.stored).toEqual(expected.stored);
  });
});

/** Replicas after each step, when as much is wanted as possible. */
function steps(
  start: number,
  count: number,
  desired: number,
  intervalSeconds: number,
  behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules },
  range = { min: 1, max: 1e6 },
): number[] {
  const history = noHistory();
  const replicas = [start];
  for (let step = 1; step < count; step++) {
    const nowNs = NOW + step * intervalSeconds * SECOND;
    const before = replicas.at(-1)!;
    const after = limitByBehavior(before, desired, range, behavior, history, nowNs).replicas;
    if (after > before) history.up.store(after - before, nowNs, behavior.scaleUp);
    else if (after < before) history.down.store(before - after, nowNs, behavior.scaleDown);
    replicas.push(after);
  }
  return replicas;
}

describe('sequences of the documentation', () => {
  it('doubles every 15 s from one pod on, four pods coming first', () => {
    expect(steps(1, cases.upFromOne.length, 1e6, 15, DEFAULTS)).toEqual(cases.upFromOne);
  });

  it('goes from 80 to 10 by 10 % or 4 pods a minute', () => {
    const scaleDown = rulesOf([percent(10), pods(4)]);
    const behavior = { ...DEFAULTS, scaleDown };
    expect(steps(80, cases.downFromEighty.length, 10, 60, behavior)).toEqual(cases.downFromEighty);
  });
});

describe('the rules one by one', () => {
  const range = { min: 1, max: 1000 };
  const limit = (current: number, desired: number, rules: ScalingRules, history = noHistory()): number =>
    limitByBehavior(current, desired, range, { scaleUp: rules, scaleDown: rules }, history, NOW).replicas;

  it('of several policies takes the greatest change, or the smallest, or none', () => {
    const policies = [pods(4), percent(10)];
    // 1 + 10/100 is a little more than 1.1, and 100 times that is rounded up, in Go as here.
    expect([100, 20].map((current) => limit(current, 500, rulesOf(policies)))).toEqual([111, 24]);
    expect([100, 20].map((current) => limit(current, 500, rulesOf(policies, 'Min')))).toEqual([104, 22]);
    expect([100, 20].map((current) => limit(current, 1, rulesOf(policies)))).toEqual([90, 16]);
    expect([100, 20].map((current) => limit(current, 1, rulesOf(policies, 'Min')))).toEqual([96, 18]);
    expect(limit(100, 500, rulesOf(policies, 'Disabled'))).toBe(100);
    expect(limit(100, 1, rulesOf(policies, 'Disabled'))).toBe(100);
  });

  it('gives back what was scaled the other way within the period', () => {
    const history = noHistory();
    history.down.store(30, NOW - SECOND, forever);
    // 100 pods at the start of the period, 70 now: up to 110.
    expect(limit(70, 500, rulesOf([pods(10)]), history)).toBe(110);
  });

  it('counts a change for less than the whole period', () => {
    const events = new ScaleEvents();
    events.store(3, NOW - 60 * SECOND, forever);
    expect(events.within(60, NOW)).toBe(0);
    expect(events.within(61, NOW)).toBe(3);
  });

  it('without behavior scales up to twice the replicas or 4, and down at once', () => {
    const replicas = (current: number, desired: number): LimitedScale =>
      limitWithoutBehavior(current, desired, { min: 2, max: 50 });
    expect(replicas(1, 40)).toEqual({ replicas: 4, reason: 'ScaleUpLimit' });
    expect(replicas(10, 40)).toEqual({ replicas: 20, reason: 'ScaleUpLimit' });
    expect(replicas(30, 70)).toEqual({ replicas: 50, reason: 'TooManyReplicas' });
    expect(replicas(30, 0)).toEqual({ replicas: 2, reason: 'TooFewReplicas' });
    expect(replicas(30, 7)).toEqual({ replicas: 7, reason: 'DesiredWithinRange' });
  });
});

it('never leaves the way from current to desired, whatever the rules', () => {
  const rules = fc.record({
    policies: fc.array(
      fc.record({
        type: fc.constantFrom('Pods', 'Percent'),
        value: fc.integer({ min: 1, max: 500 }),
        periodSeconds: fc.integer({ min: 1, max: 300 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
    stabilizationWindowSeconds: fc.constant(0),
  });
  const event = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat(400));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      rules,
      fc.array(event, { maxLength: 5 }),
      fc.array(event, { maxLength: 5 }),
      (current, desired, given, up, down) => {
        const history = noHistory();
        for (const [replicas, age] of up) history.up.store(replicas, NOW - age * SECOND, forever);
        for (const [replicas, age] of down) history.down.store(replicas, NOW - age * SECOND, forever);
        const range = { min: 1, max: 300 };
        const { replicas } = limitByBehavior(
          current,
          desired,
          range,
          { scaleUp: given, scaleDown: given },
          history,
          NOW,
        );
        expect(replicas).toBeGreaterThanOrEqual(Math.min(current, desired));
        expect(replicas).toBeLessThanOrEqual(Math.max(current, desired));
        if (given.selectPolicy === 'Disabled') expect(replicas).toBe(current);
      },
    ),
  );
});
