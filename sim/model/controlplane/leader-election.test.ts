import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { LeaderElection, pollGapNs, timeToNextPollNs } from './leader-election.js';

const SECOND = 1e9;
const defaults = { leaseDurationNs: 15 * SECOND, retryPeriodNs: 2 * SECOND };

describe('a follower', () => {
  test('polls every retry period, prolonged by up to 120 %', () => {
    expect(pollGapNs(2 * SECOND, 0)).toBe(2 * SECOND);
    expect(pollGapNs(2 * SECOND, 1)).toBe(4.4 * SECOND);
  });

  test('takes over 13 to 23.8 s after a crash with the default flags, and uses that range', () => {
    const election = new LeaderElection(defaults, new RandomStreams(1, 0));
    const seconds = Array.from({ length: 20_000 }, (_, term) => (election.takeoverNs(term, 100 * SECOND) - 1e11) / 1e9);
    const min = Math.min(...seconds);
    const max = Math.max(...seconds);
    // No later than the last renewal + 15 s, which is up to 2 s before the crash; seen and acted on up to a poll late each.
    expect(min).toBeGreaterThanOrEqual(13);
    expect(min).toBeLessThan(14);
    expect(max).toBeLessThan(15 + 2 * 4.4);
    expect(max).toBeGreaterThan(21);
    const mean = seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
    // -1 s on average since the renewal; a residual poll gap of E[g^2] / 2 E[g] = 1.675 s, once to see and once to act.
    expect(mean).toBeCloseTo(15 - 1 + 1.675 + 1.675, 1);
  });

  test('waits for a poll after a lease without length', () => {
    const election = new LeaderElection({ leaseDurationNs: 0, retryPeriodNs: SECOND }, new RandomStreams(3, 0));
    for (let term = 0; term < 50; term++) expect(election.takeoverNs(term, 7 * SECOND)).toBeGreaterThanOrEqual(7e9);
  });

  test('never takes over before the lease is out, counted from a renewal that it has seen', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 10 }),
        fc.nat(1000),
        (lease, retry, term) => {
          const parameters = { leaseDurationNs: lease * SECOND, retryPeriodNs: retry * SECOND };
          const takeoverNs = new LeaderElection(parameters, new RandomStreams(5, 0)).takeoverNs(term, 0);
          expect(Number.isSafeInteger(takeoverNs)).toBe(true);
          expect(takeoverNs).toBeGreaterThanOrEqual((lease - retry) * SECOND);
          expect(takeoverNs).toBeLessThan((lease + 2 * 2.2 * retry) * SECOND + 1);
        },
      ),
    );
  });
});

test('the time to the next poll has the distribution of the residual life: simulated polls agree', () => {
  const hash = new RandomStreams(2, 0).hash('polls');
  const polls: number[] = [];
  for (let n = 0, atNs = 0; n < 40_000; n++) polls.push((atNs += pollGapNs(2 * SECOND, hash.uniform(0, n))));
  const waits: number[] = [];
  for (let n = 0, poll = 0; n < 20_000; n++) {
    const atNs = hash.uniform(1, n) * SECOND + n * 5 * SECOND;
    while (polls[poll]! < atNs) poll++;
    waits.push(polls[poll]! - atNs);
  }
  waits.sort((a, b) => a - b);
  for (const share of [0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
    const simulated = waits[Math.floor(share * waits.length)]! / SECOND;
    expect(timeToNextPollNs(2 * SECOND, share) / SECOND).toBeCloseTo(simulated, 1);
  }
});
