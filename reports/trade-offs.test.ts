import { describe, expect, it } from 'vitest';

import { estimate, makeResults, variant } from './testing/results-fixture.js';
import { curveOf, dominationsOf, sharedSetting, type TradeOff, tradeOffInWords, tradeOffsOf } from './trade-offs.js';

/** A variant with a tenth of each number on both sides of it. */
function at(
  name: string,
  cost: number,
  p99: number,
  { p50 = p99 / 2, setting = null as number | null } = {},
): TradeOff {
  const around = (value: number) => estimate(value, value / 10);
  return { name, cost: around(cost), p50: around(p50), p99: around(p99), setting };
}

describe('domination', () => {
  it.each([
    ['both numbers', [at('a', 1, 1), at('b', 2, 2)], [['b', 'a', 'both']]],
    ['cost alone', [at('a', 1, 1), at('b', 2, 1.05)], [['b', 'a', 'cost']]],
    ['latency alone', [at('a', 1.05, 1), at('b', 1, 2)], [['b', 'a', 'latency']]],
    ['neither: a trade', [at('a', 1, 2), at('b', 2, 1)], []],
    ['neither: noise', [at('a', 1, 1), at('b', 1.1, 1.1)], []],
    ['the p99 but not the median', [at('a', 1, 1, { p50: 0.9 }), at('b', 2, 2, { p50: 0.5 })], []],
    [
      'both, by the fastest of several',
      [at('loser', 9, 9), at('cheap', 1, 4), at('fast', 4, 1)],
      [['loser', 'fast', 'both']],
    ],
    [
      'both, rather than one by a faster one',
      [at('loser', 5, 9), at('fast', 5.1, 1), at('good', 1, 4)],
      [['loser', 'good', 'both']],
    ],
  ] as const)('is by %s', (_, tradeOffs, expected) => {
    const found = dominationsOf(tradeOffs).map(({ dominated, by, way }) => [dominated, by, way]);
    expect(found).toEqual(expected);
  });
});

describe('the sentence', () => {
  it.each([
    [
      'names who is beaten and what is left to weigh',
      [at('iptables', 4, 4), at('ipvs', 9, 9), at('nftables', 1, 6)],
      'iptables is both faster and cheaper than ipvs. Between iptables and nftables it is a trade of latency against CPU.',
    ],
    [
      'does not call a gain without a price a trade',
      [at('iptables', 9, 4), at('nftables', 1, 4.1)],
      'nftables is cheaper than iptables and not clearly slower.',
    ],
    [
      'calls a trade a trade',
      [at('a', 1, 9), at('b', 3, 3), at('c', 9, 1)],
      'Between the variants it is a trade of latency against CPU.',
    ],
    [
      'finds no difference in noise',
      [at('a', 1, 1), at('b', 1.1, 1.1)],
      'Between the variants there is no clear difference.',
    ],
    [
      'joins those that one variant beats',
      [at('a', 1, 1), at('b', 2, 2), at('c', 3, 3)],
      'a is both faster and cheaper than b and c.',
    ],
  ])('%s', (_, tradeOffs, sentence) => {
    expect(tradeOffInWords(tradeOffs)).toBe(sentence);
  });

  it('tells nothing from single replications', () => {
    const variants = [variant({ replications: 1 }), variant({ name: 'b', replications: 1, factor: 9 })];
    expect(tradeOffInWords(tradeOffsOf(makeResults({ variants })))).toMatch(/cannot be told\.$/);
  });
});

describe('the one setting in which variants differ', () => {
  const path = 'kubeProxy.minSyncPeriod';
  it.each([
    ['durations', [{}, { [path]: '250ms' }, { [path]: '1m' }], path, [null, 250e6, 60e9]],
    ['numbers', [{}, { nodes: 100 }, { nodes: 5000 }], 'nodes', [null, 100, 5000]],
    ['percentages', [{ surge: '25%' }, { surge: '5%' }], 'surge', [0.25, 0.05]],
    ['quantities', [{ link: '10Gi' }, { link: '1Gi' }], 'link', [10 * 2 ** 30, 2 ** 30]],
    ['names', [{}, { mode: 'ipvs' }, { mode: 'nftables' }], null, [null, null, null]],
    ['two settings', [{}, { a: 1, b: 2 }, { a: 2, b: 3 }], null, [null, null, null]],
    ['another setting each', [{}, { a: 1 }, { b: 2 }], null, [null, null, null]],
    ['numbers of two kinds', [{ surge: '25%' }, { surge: '3s' }], null, [null, null]],
    ['one change', [{}, { a: 1 }], null, [null, null]],
    ['nothing', [{}, {}], null, [null, null]],
  ])('%s', (_, sets, expected, numbers) => {
    const variants = sets.map((set, index) => variant({ name: String(index), set }));
    expect(sharedSetting(variants)).toBe(expected);
    expect(tradeOffsOf(makeResults({ variants })).map(({ setting }) => setting)).toEqual(numbers);
  });
});

describe('the curve', () => {
  const names = (tradeOffs: readonly TradeOff[]) => curveOf(tradeOffs).map(({ name }) => name);

  it('goes by the setting, wherever the variants stand in the file', () => {
    expect(
      names([at('10', 1, 9, { setting: 10 }), at('1', 9, 1, { setting: 1 }), at('3', 3, 3, { setting: 3 })]),
    ).toEqual(['1', '3', '10']);
  });

  it.each([
    ['between', 5, ['1', 'base', '10']],
    ['at the end', 0.5, ['1', '10', 'base']],
  ])('has the baseline %s by its cost', (_, cost, expected) => {
    expect(names([at('base', cost, 2), at('10', 1, 9, { setting: 10 }), at('1', 9, 1, { setting: 1 })])).toEqual(
      expected,
    );
  });

  it('leaves the baseline out where cost does not tell its place', () => {
    const along = [at('1', 9, 1, { setting: 1 }), at('2', 1, 2, { setting: 2 }), at('3', 5, 3, { setting: 3 })];
    expect(names([at('base', 4, 2), ...along])).toEqual(['1', '2', '3']);
  });

  it('needs two values', () => {
    expect(names([at('base', 4, 2), at('1', 9, 1, { setting: 1 })])).toEqual([]);
  });
});
