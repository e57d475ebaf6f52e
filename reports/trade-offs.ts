/**
 * Latency against cost: where each variant stands, which variants another one beats in both, and in which order variants
 * of one numeric setting lie on a curve.
 */

import type { Results, VariantResult } from '../sim/experiment/results.js';
import type { Estimate } from '../sim/stats/estimate.js';
import { type Parsed, parseDuration, parsePercent, parseQuantity } from '../sim/units.js';
import { COST_METRIC, LATENCY_METRIC } from './comparison.js';
import { differenceOf, namesInWords } from './differences.js';
import { estimateOf } from './headlines.js';

export interface TradeOff {
  readonly name: string;
  /** CPU seconds that a node spends on syncs. */
  readonly cost: Estimate;
  /** Seconds of network programming latency. */
  readonly p50: Estimate;
  readonly p99: Estimate;
  /** The number that this variant gives to the one setting in which the variants differ; null where there is no such. */
  readonly setting: number | null;
}

/** The variants that have both a cost and a latency, in the order of the file. */
export function tradeOffsOf(results: Results): TradeOff[] {
  const numbers = numbersOfSetting(results.variants);
  return results.variants.flatMap((variant) => {
    const [cost, p50, p99] = [
      estimateOf(variant, COST_METRIC, 'value'),
      estimateOf(variant, LATENCY_METRIC, 'p50'),
      estimateOf(variant, LATENCY_METRIC, 'p99'),
    ];
    if (cost === null || p50 === null || p99 === null) return [];
    return [{ name: variant.name, cost, p50, p99, setting: numbers?.read(variant) ?? null }];
  });
}

/** The one numeric setting in which all variants differ that change anything; null when they differ in more. */
export function sharedSetting(variants: readonly VariantResult[]): string | null {
  return numbersOfSetting(variants)?.path ?? null;
}

type Reader = (value: unknown) => number | null;

const reader =
  (parse: (text: string) => Parsed<number>): Reader =>
  (value) => {
    const parsed = parse(String(value));
    return 'value' in parsed ? parsed.value : null;
  };

/** Values are compared as one kind of number: "25%" and 3 have no order. "1m" is a minute before it is a thousandth. */
const READERS: readonly Reader[] = [
  (value) => (typeof value === 'number' ? value : null),
  reader(parseDuration),
  reader(parsePercent),
  reader(parseQuantity),
];

function numbersOfSetting(
  variants: readonly VariantResult[],
): { readonly path: string; readonly read: (variant: VariantResult) => number | null } | null {
  const changed = variants.filter(({ set }) => Object.keys(set).length > 0);
  const [path, ...more] = new Set(changed.flatMap(({ set }) => Object.keys(set)));
  if (path === undefined || more.length > 0 || changed.length < 2) return null;
  const readNumber = READERS.find((read) => changed.every(({ set }) => read(set[path]) !== null));
  return readNumber === undefined ? null : { path, read: ({ set }) => (path in set ? readNumber(set[path]) : null) };
}

/**
 * The variants in the order in which a line joins them, which is that of their setting. The first variant keeps the value
 * of the file, which results do not name; where the cost only rises or only falls with the setting, its cost tells where
 * it belongs, otherwise it stands beside the line. Empty when there is no such setting.
 */
export function curveOf(tradeOffs: readonly TradeOff[]): readonly TradeOff[] {
  const along = tradeOffs.filter(({ setting }) => setting !== null).toSorted((a, b) => a.setting! - b.setting!);
  if (along.length < 2) return [];
  const others = tradeOffs.filter(({ setting }) => setting === null);
  const steps = along.slice(1).map(({ cost }, index) => cost.value - along[index]!.cost.value);
  const rises = steps.every((step) => step >= 0);
  if (!rises && !steps.every((step) => step <= 0)) return along;
  const sign = rises ? 1 : -1;
  return [...along, ...others].toSorted((a, b) => sign * (a.cost.value - b.cost.value));
}

/** How one variant beats another: clearly in both, or clearly in one and not clearly losing in the other. */
const WAYS = ['both', 'cost', 'latency'] as const;
type Way = (typeof WAYS)[number];

export interface Domination {
  readonly dominated: string;
  readonly by: string;
  readonly way: Way;
}

/** Each dominated variant once, with the one that beats it most clearly, and of several such the fastest. */
export function dominationsOf(tradeOffs: readonly TradeOff[]): Domination[] {
  return tradeOffs.flatMap((loser) => {
    const [best] = tradeOffs
      .flatMap((winner) => {
        const way = wayToBeat(winner, loser);
        return way === null ? [] : [{ winner, way }];
      })
      .toSorted((a, b) => WAYS.indexOf(a.way) - WAYS.indexOf(b.way) || a.winner.p99.value - b.winner.p99.value);
    return best === undefined ? [] : [{ dominated: loser.name, by: best.winner.name, way: best.way }];
  });
}

/** Faster is at the 99th percentile; a median that is clearly slower is not made up for by that. */
function wayToBeat(winner: TradeOff, loser: TradeOff): Way | null {
  const [p50, p99, cost] = (['p50', 'p99', 'cost'] as const).map((key) => differenceOf(loser[key], winner[key]));
  if (p50 === 'more' || p99 === 'more' || cost === 'more') return null;
  if (p99 === 'less') return cost === 'less' ? 'both' : 'latency';
  return cost === 'less' ? 'cost' : null;
}

/** What the trade-off shows, in a sentence or two. */
export function tradeOffInWords(tradeOffs: readonly TradeOff[]): string {
  if (tradeOffs.some(({ cost, p99 }) => cost.low === null || p99.low === null)) {
    return 'A variant has one replication and so no interval: whether another one beats it cannot be told.';
  }
  const dominations = dominationsOf(tradeOffs);
  const left = tradeOffs.filter(({ name }) => !dominations.some(({ dominated }) => dominated === name));
  const sentences = WAYS.flatMap((way) => {
    const inThisWay = dominations.filter((domination) => domination.way === way);
    return [...new Set(inThisWay.map(({ by }) => by))].map((winner) => {
      const losers = inThisWay.flatMap(({ by, dominated }) => (by === winner ? dominated : []));
      return `${winner} is ${WAYS_IN_WORDS[way](namesInWords(losers))}.`;
    });
  });
  if (left.length > 1) {
    const names = left.length === tradeOffs.length ? 'the variants' : namesInWords(left.map(({ name }) => name));
    const isTrade = left.some((a) => left.some((b) => differenceOf(a.cost, b.cost) === 'less'));
    sentences.push(
      isTrade
        ? `Between ${names} it is a trade of latency against CPU.`
        : `Between ${names} there is no clear difference.`,
    );
  }
  return sentences.join(' ');
}

const WAYS_IN_WORDS: Readonly<Record<Way, (losers: string) => string>> = {
  both: (losers) => `both faster and cheaper than ${losers}`,
  cost: (losers) => `cheaper than ${losers} and not clearly slower`,
  latency: (losers) => `faster than ${losers} and not clearly costlier`,
};
