import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { CounterHash } from '../../../kernel/random.js';
import { ANNOUNCEMENT_RULES } from '../../versions/metallb-profile.js';
import {
  confirmationsNeeded,
  detectionNs,
  expectedProbePeriods,
  maxSuspicionNs,
  minSuspicionNs,
  suspicionNs,
} from './memberlist.js';

interface Case {
  readonly members: number;
  readonly min: number;
  readonly max: number;
  readonly confirmations: number;
  readonly afterOne: number;
  readonly afterTwo: number;
  readonly firstProbe: number;
}
const { cases } = JSON.parse(readFileSync(new URL('memberlist.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const SECOND = 1e9;
const hash = new CounterHash(0x2545f491, 0x1f123bb5);
const drawn = (run: number, members: number, survivors = members - 1): number =>
  detectionNs(members, survivors, (index) => hash.uniform(run, index)) / SECOND;

describe('a suspicion', () => {
  it.each(cases)('among $members members lasts from $min s to $max s', (expected) => {
    const { members } = expected;
    expect(minSuspicionNs(members) / SECOND).toBeCloseTo(expected.min, 9);
    expect(maxSuspicionNs(members) / SECOND).toBeCloseTo(expected.max, 9);
    expect(confirmationsNeeded(members)).toBe(expected.confirmations);
    if (expected.confirmations > 0) expect(suspicionNs(members, 0) / SECOND).toBeCloseTo(expected.max, 9);
    expect(suspicionNs(members, 1) / SECOND).toBeCloseTo(expected.afterOne, 9);
    expect(suspicionNs(members, 2) / SECOND).toBeCloseTo(expected.afterTwo, 9);
    expect(expectedProbePeriods(members)).toBeCloseTo(expected.firstProbe, 8);
  });

  it('never gets longer by a confirmation, nor shorter than its minimum', () => {
    for (const members of [2, 3, 4, 50, 2000]) {
      for (let confirmations = 0; confirmations < 6; confirmations++) {
        const lasts = suspicionNs(members, confirmations);
        expect(lasts).toBeGreaterThanOrEqual(minSuspicionNs(members));
        expect(suspicionNs(members, confirmations + 1)).toBeLessThanOrEqual(lasts);
      }
    }
  });
});

describe('from the death of a member to its detection', () => {
  const RUNS = 20_000;
  const mean = (members: number): number => {
    let sum = 0;
    for (let run = 0; run < RUNS; run++) sum += drawn(run, members);
    return sum / RUNS;
  };

  it.each([3, 10, 1000])('among %i members nobody knows before a probe and the shortest suspicion', (members) => {
    const shortest = 1 + minSuspicionNs(members) / SECOND;
    for (let run = 0; run < 2000; run++) {
      expect(drawn(run, members)).toBeGreaterThan(shortest);
      expect(drawn(run, members)).toBeLessThan(shortest + maxSuspicionNs(members) / SECOND);
    }
  });

  it('takes half a period, the periods until the first probe, and the suspicion, on average', () => {
    // Among three none has to confirm; among 1000 two of the others do so long before the twelve seconds are over.
    for (const members of [3, 1000]) {
      const expected = expectedProbePeriods(members) + 0.5 + minSuspicionNs(members) / SECOND;
      expect(Math.abs(mean(members) - expected)).toBeLessThan(0.03);
    }
  });

  it('may wait for confirmations among ten, where the shortest suspicion has four probes', () => {
    const atOnce = expectedProbePeriods(10) + 0.5 + minSuspicionNs(10) / SECOND;
    expect(mean(10)).toBeGreaterThan(atOnce + 0.05);
    expect(mean(10)).toBeLessThan(atOnce + 1);
  });

  it('takes longer where several have died together: fewer probe, and fewer confirm', () => {
    let more = 0;
    for (let run = 0; run < 500; run++) more += drawn(run, 10, 2) - drawn(run, 10, 9);
    expect(more / 500).toBeGreaterThan(1);
  });

  it('never ends where nobody is left to find it', () => {
    expect(detectionNs(3, 0, () => 0.5)).toBe(Infinity);
    expect(detectionNs(1, 0, () => 0.5)).toBe(Infinity);
  });

  it('takes two members one period at most to begin', () => {
    expect(detectionNs(2, 1, () => 0.25) / SECOND).toBe(0.25 + 1 + 4);
  });
});

it('a new leader announces itself five times', () => {
  const { interval, duration } = ANNOUNCEMENT_RULES;
  expect(Math.floor(duration.value / interval.value) + 1).toBe(5);
});
