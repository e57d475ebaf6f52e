import { stripVTControlCharacters } from 'node:util';

import { describe, expect, it } from 'vitest';

import { estimate, makeResults, objective, variant } from './testing/results-fixture.js';
import { withClients } from './testing/traffic-fixture.js';
import { bar, displayWidth, printable, truncate, wrap } from './text-layout.js';
import { renderTextSummary } from './text-summary.js';

const hostile = `\u001b[31mred\u001b[0m\u202e "<script>" 😀 界\n`.repeat(12);

const cases = {
  'two variants': makeResults(),
  'one replication': makeResults({ variants: [variant({ replications: 1 })] }),
  nothing: makeResults({ variants: [variant({ empty: true })], objectives: [] }),
  'every verdict': makeResults({
    verdict: 'fail',
    partial: true,
    objectives: [
      objective({ verdict: 'fail', estimate: estimate(31) }),
      objective({ verdict: 'inconclusive', hint: 'the interval straddles the limit: use --replications 12' }),
      objective({ verdict: 'error', estimate: null, hint: 'no sample' }),
      objective(),
    ],
  }),
  'hostile names': makeResults({
    name: hostile,
    variants: [variant({ name: hostile, warnings: [hostile] }), variant({ name: `${hostile}2` })],
    objectives: [objective({ variant: hostile, metric: hostile, hint: hostile, maxText: hostile, verdict: 'error' })],
  }),
  clients: makeResults({
    variants: [
      withClients(variant({ name: 'Cluster' }), { loads: [1, 1], lost: { requests_lost_stale_rules_total: 2000 } }),
      withClients(variant({ name: 'Local' }), { lost: { requests_lost_load_balancer_total: 10_000 }, capacity: 1 }),
    ],
  }),
  'many variants': makeResults({
    variants: Array.from({ length: 12 }, (_, index) => variant({ name: `variant ${index}` })),
  }),
};

describe.each(Object.entries(cases))('the summary of %s', (_, results) => {
  it.each([40, 80, 120])('fits %i columns', (columns) => {
    const text = renderTextSummary(results, { columns, color: false });
    expect(text.endsWith('\n')).toBe(true);
    expect(text.split('\n').filter((line) => displayWidth(line) > columns)).toEqual([]);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('has colours only when asked, and the same text', () => {
    const plain = renderTextSummary(results, { columns: 80, color: false });
    const colored = renderTextSummary(results, { columns: 80, color: true });
    expect(plain).not.toContain('\u001b');
    expect(colored).toContain('\u001b[');
    expect(stripVTControlCharacters(colored)).toBe(plain);
  });
});

it('sets variants side by side at 80 columns', () => {
  const text = renderTextSummary(makeResults(), { columns: 80, color: false });
  expect(text).toContain('quickstart  PASS\nBoth objectives are met.');
  expect(text).toMatch(/^ {2}NPL p99, as measured  13\.4 s \(12\.8 to 13\.9\) {3}32 s \(31 to 33\) 2\.40×$/m);
  expect(text).toMatch(/^ {4}kube-proxy sync {7}666 ms {2}18% █████▌$/m);
  expect(text).toContain(
    '- EndpointSlice: Time that nodes take to program rules: 18% of the mean\n    latency (666 ms)',
  );
  expect(text).toContain('Used up: API client of\n    the ReplicaSet controller (96%).');
});

it('sets them one below the other at 40', () => {
  const text = renderTextSummary(makeResults(), { columns: 40, color: false });
  expect(text).toContain('  Endpoints\n    NPL p50, as measured\n      3.1 s (3.0 to 3.2) 2.40×\n');
});

it('says that one replication has no interval', () => {
  const text = renderTextSummary(cases['one replication'], { columns: 80, color: false });
  expect(text).toContain('one replication: no interval');
});

it('shows what must be known before the numbers are used', () => {
  const text = renderTextSummary(cases['every verdict'], { columns: 80, color: false });
  expect(text).toContain('Of 4 objectives: 1 missed, 1 without a sample, 1 inconclusive, 1 met.');
  expect(text).toContain('  - The run was interrupted.');
  expect(text).toContain('    the interval straddles the limit: use --replications 12');
});

it('says what clients lose, what helps, and how evenly pods are loaded', () => {
  const text = renderTextSummary(cases.clients, { columns: 80, color: false });
  expect(text).toContain(
    'Requests\n  - Cluster: 0.200% (0.192 to 0.208) of the requests are lost, because of stale\n    rules.',
  );
  expect(text).toMatch(/- Against stale rules: a preStop sleep .* "kube-headroom\s+prestop"/s);
  expect(text).toContain(
    'How evenly pods are loaded\n  - Cluster: In the end all pods of a service get the same; at the worst second',
  );
  expect(text).toMatch(/- Local: The hottest pod gets 1\.50 \(1\.44 to 1\.56\)/);
});

it('says nothing of requests without clients', () => {
  const text = renderTextSummary(makeResults(), { columns: 80, color: false });
  expect(text).not.toMatch(/requests|hottest|evenly/i);
});

describe('text layout', () => {
  it('counts columns, not characters', () => {
    expect(['abc', '界', '😀', 'é', 'e\u0301', '–'].map(displayWidth)).toEqual([3, 2, 2, 1, 1, 1]);
  });

  it('lets a terminal obey nothing', () => {
    expect(printable('a\u001b[31m\nb\u202e')).toBe('a?[31m b?');
  });

  it('cuts with dots and never in the middle of a wide character', () => {
    expect([truncate('abcdef', 6), truncate('abcdefg', 6), truncate('界界界', 6), truncate('界界界界', 6)]).toEqual([
      'abcdef',
      'abc...',
      '界界界',
      '界...',
    ]);
  });

  it('wraps between words', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('', 8)).toEqual([]);
  });

  it('draws bars to an eighth of a column', () => {
    expect([bar(0, 4), bar(0.001, 4), bar(0.5, 4), bar(0.53, 4), bar(1, 4)]).toEqual(['', '▏', '██', '██▏', '████']);
  });
});
