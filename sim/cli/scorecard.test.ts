import { describe, expect, it } from 'vitest';

import type { ExpectationResult } from '../experiment/results.js';
import { scorecardText } from './scorecard.js';

const match: ExpectationResult = {
  id: 'A-kep752-create-endpoints',
  variant: 'baseline',
  metric: 'watch_bytes_total',
  statistic: 'value',
  published: 10e9,
  simulated: 10.1e9,
  ratio: 1.01,
  tolerance: 0.05,
  source: 'KEP-752',
  verdict: 'match',
  note: '',
};
const miss: ExpectationResult = { ...match, id: 'A-miss', simulated: 20e9, ratio: 2, verdict: 'miss' };
const inconsistent: ExpectationResult = { ...match, id: 'A-odd', verdict: 'inconsistent', note: 'two rows disagree' };
const error: ExpectationResult = {
  ...match,
  id: 'A-none',
  simulated: null,
  ratio: null,
  verdict: 'error',
  note: 'no sample',
};

describe('the scorecard', () => {
  it('shows every case, and under the table what the table cannot hold', () => {
    const text = scorecardText([match, miss, inconsistent, error], { columns: 100, color: false });
    expect(text).toBe(`case                       published  simulated  ratio  verdict
A-kep752-create-endpoints      10 GB    10.1 GB  1.010  match
A-miss                         10 GB      20 GB  2.000  miss
A-odd                          10 GB    10.1 GB  1.010  inconsistent
A-none                         10 GB          –      –  error

A-miss: value of watch_bytes_total is off by more than 5% (KEP-752)
A-odd: not judged: two rows disagree
A-none: no sample
4 published values: 1 match, 1 miss, 1 error, 1 inconsistent
`);
  });

  it('shortens case names, never numbers, in a narrow terminal', () => {
    const lines = scorecardText([match], { columns: 56, color: false }).split('\n');
    expect(lines[1]).toBe('A-kep752-create-e…      10 GB    10.1 GB  1.010  match');
  });

  it('marks verdicts by colour only when asked to', () => {
    expect(scorecardText([miss], { columns: 100, color: true })).toContain('\u001b[31mA-miss');
  });
});
