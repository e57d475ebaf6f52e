import { describe, expect, it } from 'vitest';

import type { Expectation } from '../scenario/experiment.js';
import { estimateMean } from '../stats/estimate.js';
import type { ObjectiveResult, Verdict } from './results.js';
import { FAKE_OBJECTIVE } from './testing/fake-replication.js';
import { judgeExpectation, judgeObjective, overallVerdict } from './verdicts.js';

const judge = (values: readonly number[], partial = false, updatesNotApplied = 0): ObjectiveResult =>
  judgeObjective(FAKE_OBJECTIVE, 'baseline', values.length === 0 ? null : estimateMean(values), {
    partial,
    updatesNotApplied,
  });

describe('an objective', () => {
  it('does not pass while the slowest samples are missing, and still fails', () => {
    expect(judge([10, 11, 12], false, 1)).toMatchObject({ verdict: 'inconclusive' });
    expect(judge([10, 11, 12], false, 1).hint).toMatch(/raise drainLimit/);
    expect(judge([40, 41, 42], false, 1)).toMatchObject({ verdict: 'fail' });
    expect(judge([], false, 1)).toMatchObject({ verdict: 'inconclusive' });
  });

  it('passes when the whole interval is below the limit, and fails when it is above', () => {
    expect(judge([10, 11, 12])).toMatchObject({ verdict: 'pass', hint: '' });
    expect(judge([40, 41, 42])).toMatchObject({ verdict: 'fail', hint: '' });
  });

  it('passes on the limit itself', () => {
    expect(judge([30, 30]).verdict).toBe('pass');
  });

  it('is inconclusive when the interval straddles the limit, with the number of replications that would settle it', () => {
    const straddling = judge([27, 31, 27, 31]);
    expect(straddling.verdict).toBe('inconclusive');
    // s = 2.3094 and a distance of 1 to the limit: t(n - 1) s / sqrt(n) < 1 holds from n = 23 on.
    expect(straddling.hint).toContain('use --replications 23');
  });

  it('is inconclusive without end when the value is on the limit', () => {
    expect(judge([29, 31])).toMatchObject({
      verdict: 'inconclusive',
      hint: expect.stringContaining('too close') as unknown,
    });
  });

  it('is inconclusive with a single replication, however good', () => {
    expect(judge([1])).toMatchObject({
      verdict: 'inconclusive',
      hint: expect.stringContaining('--replications') as unknown,
    });
  });

  it('is an error without samples, never a pass', () => {
    expect(judge([])).toMatchObject({ verdict: 'error', estimate: null });
  });

  it('is inconclusive in a run that was interrupted', () => {
    expect(judge([10, 11, 12], true).verdict).toBe('inconclusive');
    expect(judge([], true).verdict).toBe('inconclusive');
  });
});

describe('the overall verdict', () => {
  it.each<[Verdict, Verdict[]]>([
    ['pass', []],
    ['pass', ['pass', 'pass']],
    ['inconclusive', ['pass', 'inconclusive']],
    ['error', ['error', 'inconclusive', 'pass']],
    ['fail', ['pass', 'error', 'fail', 'inconclusive']],
  ])('is %s for %j', (overall, verdicts) => {
    const objectives = verdicts.map((verdict) => ({ ...judge([1, 2]), verdict }));
    expect(overallVerdict(objectives, false)).toBe(overall);
  });

  it('is no pass in a run that was interrupted', () => {
    expect(overallVerdict([], true)).toBe('inconclusive');
  });
});

describe('an expectation', () => {
  const expectation: Expectation = {
    id: 'A-case',
    variant: 'baseline',
    metric: 'watch_bytes_total',
    statistic: 'value',
    value: 100,
    tolerance: 0.05,
    source: 'somewhere',
    bound: null,
    inconsistent: null,
  };

  it('matches within the tolerance, bounds included, and misses beyond it', () => {
    expect(judgeExpectation(expectation, estimateMean([105]))).toMatchObject({ verdict: 'match', ratio: 1.05 });
    expect(judgeExpectation(expectation, estimateMean([95])).verdict).toBe('match');
    expect(judgeExpectation(expectation, estimateMean([105.1])).verdict).toBe('miss');
    expect(judgeExpectation(expectation, estimateMean([94.9])).verdict).toBe('miss');
  });

  it('of a bound matches beyond it by any amount, and short of it within the tolerance', () => {
    const atLeast: Expectation = { ...expectation, bound: 'atLeast' };
    expect([1000, 95, 94.9].map((value) => judgeExpectation(atLeast, estimateMean([value])).verdict)).toEqual([
      'match',
      'match',
      'miss',
    ]);
    const atMost: Expectation = { ...expectation, bound: 'atMost' };
    expect([1, 105, 105.1].map((value) => judgeExpectation(atMost, estimateMean([value])).verdict)).toEqual([
      'match',
      'match',
      'miss',
    ]);
  });

  it('is an error when nothing was simulated', () => {
    expect(judgeExpectation(expectation, null)).toMatchObject({ verdict: 'error', simulated: null, ratio: null });
  });

  it('is shown and not judged when the published cell contradicts itself', () => {
    const inconsistent = { ...expectation, inconsistent: 'rows 1 and 2 disagree' };
    expect(judgeExpectation(inconsistent, estimateMean([300]))).toMatchObject({
      verdict: 'inconsistent',
      ratio: 3,
      note: 'rows 1 and 2 disagree',
    });
  });

  it('has no ratio to a published 0, which only 0 matches', () => {
    const zero = { ...expectation, value: 0 };
    expect(judgeExpectation(zero, estimateMean([0]))).toMatchObject({ verdict: 'match', ratio: null });
    expect(judgeExpectation(zero, estimateMean([0.1])).verdict).toBe('miss');
  });
});
