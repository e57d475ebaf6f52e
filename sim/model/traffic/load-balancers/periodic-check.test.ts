import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Simulation } from '../../../kernel/simulation.js';
import { loadBalancerDefaults } from '../../versions/load-balancer-profile.js';
import type { NodeAnswer } from './load-balancer.js';
import {
  type DetectionNs,
  failureDetectionNs,
  failureKnownNs,
  type PeriodicCheck,
  PeriodicChecks,
  recoveryDetectionNs,
  recoveryKnownNs,
} from './periodic-check.js';

const SECOND = 1e9;
const ns = (seconds: number): number => Math.round(seconds * SECOND);

interface CheckInSeconds {
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}
type Bounds = DetectionNs;
const { detection, sequences } = JSON.parse(
  readFileSync(new URL('periodic-check.cases.json', import.meta.url), 'utf8'),
) as {
  readonly detection: readonly {
    readonly name: string;
    readonly check: CheckInSeconds;
    readonly refused: Bounds;
    readonly silent: Bounds;
    readonly recovered: Bounds;
  }[];
  readonly sequences: readonly {
    readonly name: string;
    readonly check: CheckInSeconds;
    readonly phase: number;
    readonly answers: readonly (readonly [number, NodeAnswer])[];
    readonly verdicts: readonly (readonly [number, boolean])[];
  }[];
};

const checkOf = ({ interval, timeout, healthyThreshold, unhealthyThreshold }: CheckInSeconds): PeriodicCheck => ({
  intervalNs: ns(interval),
  timeoutNs: ns(timeout),
  healthyThreshold,
  unhealthyThreshold,
});
const inNs = ({ min, mean, max }: Bounds): Bounds => ({ min: ns(min), mean: ns(mean), max: ns(max) });

interface AnswerChange {
  readonly atNs: number;
  readonly answer: NodeAnswer;
}
type Verdict = readonly [atNs: number, isHealthy: boolean];

/** What the clockwork finds of one target that is healthy at first. */
function verdictsOf(check: PeriodicCheck, phaseNs: number, changes: readonly AnswerChange[]) {
  const simulation = new Simulation();
  const verdicts: Verdict[] = [];
  const checks = new PeriodicChecks(
    simulation,
    'test',
    1,
    check,
    () => phaseNs,
    (_, isHealthy) => {
      verdicts.push([simulation.nowNs, isHealthy]);
    },
  );
  checks.settle(0, 'healthy');
  const kind = simulation.registerKind('answer', (index) => checks.answers(0, changes[index]!.answer));
  changes.forEach(({ atNs }, index) => simulation.schedule(atNs, kind, index));
  simulation.run();
  return { verdicts, events: simulation.eventsFired - changes.length };
}

/** The same by carrying out every check. */
function checkedOneByOne(check: PeriodicCheck, phaseNs: number, changes: readonly AnswerChange[], untilNs: number) {
  const verdicts: Verdict[] = [];
  let isHealthy = true;
  let contrary = 0;
  for (let tickNs = phaseNs; tickNs <= untilNs; tickNs += check.intervalNs) {
    const answer = changes.findLast(({ atNs }) => atNs <= tickNs)?.answer ?? 'healthy';
    contrary = (answer === 'healthy') === isHealthy ? 0 : contrary + 1;
    if (contrary < (isHealthy ? check.unhealthyThreshold : check.healthyThreshold)) continue;
    contrary = 0;
    isHealthy = !isHealthy;
    verdicts.push([tickNs + (answer === 'silent' ? check.timeoutNs : 0), isHealthy]);
  }
  return verdicts;
}

describe('how long until a change is known', () => {
  test.each(detection)('$name', ({ check, refused, silent, recovered }) => {
    expect(failureDetectionNs(checkOf(check), 'unhealthy')).toEqual(inNs(refused));
    expect(failureDetectionNs(checkOf(check), 'silent')).toEqual(inNs(silent));
    expect(recoveryDetectionNs(checkOf(check))).toEqual(inNs(recovered));
  });

  test.each([
    ['gce', 'Cluster', 20],
    ['gce', 'Local', 20],
    ['aws-nlb', 'Cluster', 75],
    ['aws-nlb', 'Local', 15],
    ['aws-clb', 'Cluster', 55],
    ['azure', 'Cluster', 7.5],
  ] as const)('the profile of %s with policy %s: a refusal after %d s on average', (provider, policy, seconds) => {
    const { healthCheck } = loadBalancerDefaults(provider, policy);
    const check = {
      intervalNs: healthCheck.intervalNs.value,
      timeoutNs: healthCheck.timeoutNs.value,
      healthyThreshold: healthCheck.healthyThreshold.value,
      unhealthyThreshold: healthCheck.unhealthyThreshold.value,
    };
    expect(failureDetectionNs(check, 'unhealthy').mean).toBe(ns(seconds));
    expect(failureDetectionNs(check, 'silent').mean).toBe(ns(seconds) + check.timeoutNs);
  });
});

describe('a target whose answers change', () => {
  test.each(sequences)('$name', ({ check, phase, answers, verdicts }) => {
    const changes = answers.map(([at, answer]) => ({ atNs: ns(at), answer }));
    const expected = verdicts.map(([at, isHealthy]) => [ns(at), isHealthy]);
    expect(verdictsOf(checkOf(check), ns(phase), changes).verdicts).toEqual(expected);
    // The oracle of the property below is held to the same cases.
    expect(checkedOneByOne(checkOf(check), ns(phase), changes, ns(1000))).toEqual(expected);
  });

  const checks = fc
    .record({
      intervalNs: fc.integer({ min: 1, max: 12 }),
      timeoutNs: fc.integer({ min: 0, max: 12 }),
      healthyThreshold: fc.integer({ min: 1, max: 4 }),
      unhealthyThreshold: fc.integer({ min: 1, max: 4 }),
    })
    .map((check) => ({ ...check, timeoutNs: Math.min(check.timeoutNs, check.intervalNs) }));

  test('has the verdicts of checks that are carried out one by one, and an event for each of them', () => {
    const changes = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom<NodeAnswer>('healthy', 'unhealthy', 'silent')),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(checks, fc.integer({ min: 0, max: 11 }), changes, (check, phase, gaps) => {
        const phaseNs = phase % check.intervalNs;
        let atNs = 0;
        const answers = gaps.map(([gapNs, answer]) => ({ atNs: (atNs += gapNs), answer }));
        const { verdicts, events } = verdictsOf(check, phaseNs, answers);
        expect(verdicts).toEqual(checkedOneByOne(check, phaseNs, answers, atNs + 200));
        expect(events).toBe(verdicts.length);
      }),
      { numRuns: 2000 },
    );
  });

  test('is found out at the times of the formulas', () => {
    fc.assert(
      fc.property(checks, fc.integer({ min: 0, max: 100 }), fc.boolean(), (check, failedNs, hangs) => {
        const phaseNs = failedNs % check.intervalNs;
        const failure = hangs ? 'silent' : 'unhealthy';
        const knownNs = failureKnownNs(check, phaseNs, failedNs + 1, failure);
        const recoveredNs = knownNs + 5;
        const { verdicts } = verdictsOf(check, phaseNs, [
          { atNs: failedNs + 1, answer: failure },
          { atNs: recoveredNs, answer: 'healthy' },
        ]);
        expect(verdicts).toEqual([
          [knownNs, false],
          [recoveryKnownNs(check, phaseNs, recoveredNs), true],
        ]);
      }),
    );
  });
});

describe('a target that is put under check, or taken out', () => {
  const check = checkOf({ interval: 10, timeout: 5, healthyThreshold: 2, unhealthyThreshold: 2 });
  const create = () => {
    const simulation = new Simulation();
    const verdicts: Verdict[] = [];
    const checks = new PeriodicChecks(
      simulation,
      'test',
      1,
      check,
      () => ns(4),
      (_, isHealthy) => verdicts.push([simulation.nowNs, isHealthy]),
    );
    return { simulation, checks, verdicts };
  };

  test('is healthy after the threshold of successes', () => {
    const { simulation, checks, verdicts } = create();
    checks.answers(0, 'healthy');
    checks.begin(0);
    expect(checks.isHealthy(0)).toBe(false);
    simulation.run();
    expect(verdicts).toEqual([[ns(14), true]]);
  });

  test('is not healthy and leaves no event when it is taken out', () => {
    const { simulation, checks, verdicts } = create();
    checks.settle(0, 'healthy');
    checks.answers(0, 'unhealthy');
    expect(simulation.pending).toBe(1);
    checks.end(0);
    expect(simulation.pending).toBe(0);
    expect(checks.isHealthy(0)).toBe(false);
    checks.answers(0, 'healthy');
    simulation.run();
    expect(verdicts).toEqual([]);
  });
});
