import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SCALE_UP, defaultScaleDown } from './behavior.js';
import { ScaleDecision } from './scale-decision.js';
import { Recommendations } from './stabilization.js';

const SECOND = 1e9;
const NOW = 10_000 * SECOND;
/** Long enough to forget nothing while the memory is filled. */
const LONG_SECONDS = 1e6;

interface Case {
  readonly recommendations: readonly (readonly [replicas: number, ageMinutes: number])[];
  readonly current: number;
  readonly desired: number;
  readonly scaleUpWindowSeconds: number;
  readonly scaleDownWindowSeconds: number;
  readonly expected: { readonly replicas: number; readonly stored: readonly number[] };
}
const { cases } = JSON.parse(readFileSync(new URL('stabilization.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

describe("what Kubernetes' tests fix (TestNormalizeDesiredReplicasWithBehavior)", () => {
  it.each(cases)('$recommendations from $current to $desired', ({ recommendations, current, desired, ...rest }) => {
    const memory = new Recommendations();
    for (const [replicas, ageMinutes] of recommendations) {
      memory.highestWithin(replicas, NOW - ageMinutes * 60 * SECOND, LONG_SECONDS);
    }
    const stable = memory.stabilize(current, desired, NOW, rest.scaleUpWindowSeconds, rest.scaleDownWindowSeconds);
    expect({ replicas: stable, stored: memory.stored }).toEqual(rest.expected);
  });
});

describe('without behavior', () => {
  it('holds the highest recommendation of the window, both ends included', () => {
    const memory = new Recommendations();
    memory.highestWithin(20, NOW, 300);
    expect(memory.highestWithin(10, NOW + 300 * SECOND, 300)).toBe(20);
    expect(memory.highestWithin(10, NOW + 300 * SECOND + 1, 300)).toBe(10);
  });

  it('gives the place of an outdated recommendation to the next', () => {
    const memory = new Recommendations();
    for (let sync = 0; sync < 100; sync++) memory.highestWithin(sync, NOW + sync * 15 * SECOND, 300);
    // 300 s of syncs, both ends included, and the one that makes room.
    expect(memory.stored.length).toBeLessThanOrEqual(22);
  });
});

describe('one decision', () => {
  const parameters = { min: 2, max: 50, behavior: null, downscaleStabilizationSeconds: 300 };
  const unasked = (): number => {
    throw new Error('the metrics do not matter here');
  };

  it('returns into its range at once, without a look at the metrics', () => {
    const decision = new ScaleDecision(parameters);
    expect(decision.replicas(60, NOW, unasked)).toBe(50);
    expect(decision.replicas(1, NOW, unasked)).toBe(2);
    expect(decision.replicas(0, NOW, unasked)).toBe(0);
  });

  it('does nothing when the metrics say nothing', () => {
    expect(new ScaleDecision(parameters).replicas(10, NOW, () => null)).toBe(10);
  });

  it('scales up at once and down when the window has passed', () => {
    const decision = new ScaleDecision(parameters);
    expect(decision.replicas(10, NOW, () => 18)).toBe(18);
    for (let seconds = 15; seconds <= 300; seconds += 15) {
      expect(decision.replicas(18, NOW + seconds * SECOND, () => 5)).toBe(18);
    }
    expect(decision.replicas(18, NOW + 315 * SECOND, () => 5)).toBe(5);
  });

  it('with behavior forgets nothing that a policy asks for', () => {
    const policies = [{ type: 'Pods', value: 4, periodSeconds: 60 }] as const;
    const scaleUp = { ...DEFAULT_SCALE_UP, policies };
    const decision = new ScaleDecision({ ...parameters, behavior: { scaleUp, scaleDown: defaultScaleDown(0) } });
    const replicas = [10];
    for (let sync = 0; sync < 9; sync++) {
      const nowNs = NOW + sync * 15 * SECOND;
      const before = replicas.at(-1)!;
      const after = decision.replicas(before, nowNs, () => 40);
      if (after !== before) decision.scaled(before, after, nowNs);
      replicas.push(after);
    }
    expect(replicas).toEqual([10, 14, 14, 14, 14, 18, 18, 18, 18, 22]);
  });
});
