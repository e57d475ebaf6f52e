/**
 * Numbers for people: "4.2 s (4.0 to 4.4)". Written by hand, because Intl differs between builds of Node.js, and a report
 * must be the same bytes everywhere.
 */

import type { MetricUnit } from '../sim/metrics.js';
import type { Estimate } from '../sim/stats/estimate.js';

/** `value / divisor` is the number to show before `symbol`. */
export interface DisplayScale {
  readonly divisor: number;
  readonly symbol: string;
}

/** Scales of a unit, largest first; `from` is the least value, in the base unit, that is shown in it. */
type Scales = readonly (DisplayScale & { readonly from: number })[];

const siScales = (symbol: string): Scales =>
  [
    { divisor: 1e12, symbol: `T${symbol}` },
    { divisor: 1e9, symbol: `G${symbol}` },
    { divisor: 1e6, symbol: `M${symbol}` },
    { divisor: 1e3, symbol: `k${symbol}` },
    { divisor: 1, symbol },
  ].map((scale) => ({ ...scale, from: scale.divisor }));

const BITS_PER_BYTE = 8;

const SCALES: Record<MetricUnit, Scales> = {
  seconds: [
    // Two of the larger unit before it is used: "90 s" is read more easily than "1.5 min".
    { divisor: 3600, symbol: 'h', from: 7200 },
    { divisor: 60, symbol: 'min', from: 120 },
    { divisor: 1, symbol: 's', from: 1 },
    { divisor: 1e-3, symbol: 'ms', from: 1e-3 },
    { divisor: 1e-6, symbol: 'µs', from: 1e-6 },
    { divisor: 1e-9, symbol: 'ns', from: 0 },
  ],
  bytes: siScales('B'),
  // Network cards and links are sold in bits.
  bytesPerSecond: siScales('bit/s').map(({ divisor, symbol }) => ({
    divisor: divisor / BITS_PER_BYTE,
    symbol,
    from: divisor / BITS_PER_BYTE,
  })),
  // Counts below 10,000 are shown in full: readers compare them with numbers that they set themselves.
  eventsPerSecond: siScales('/s').map((scale) => (scale.divisor === 1e3 ? { ...scale, from: 1e4 } : scale)),
  count: siScales('').map((scale) => (scale.divisor === 1e3 ? { ...scale, from: 1e4 } : scale)),
  ratio: [{ divisor: 0.01, symbol: '%', from: 0 }],
  number: [{ divisor: 1, symbol: '', from: 0 }],
  cores: [
    { divisor: 1, symbol: 'CPU', from: 1 },
    { divisor: 1e-3, symbol: 'mCPU', from: 0 },
  ],
};

/** Shown where there is no number. */
export const NO_VALUE = '–';

/** The scale in which a value is best read. */
export function displayScale(value: number, unit: MetricUnit): DisplayScale {
  const scales = SCALES[unit];
  // Rounded first: 999.96 ms is shown as 1 s, not as 1,000 ms.
  const magnitude = Math.abs(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
  // 0 is no nanosecond: it takes the unit itself.
  const zero = scales.find(({ divisor }) => divisor === 1) ?? scales.at(-1)!;
  return magnitude === 0 ? zero : (scales.find(({ from }) => magnitude >= from) ?? scales.at(-1)!);
}

const SIGNIFICANT_DIGITS = 3;

/** Three significant digits, without trailing zeros: "4.2 s", "1,234", "12.3k". */
export function formatQuantity(value: number, unit: MetricUnit): string {
  if (!Number.isFinite(value)) return NO_VALUE;
  const scale = displayScale(value, unit);
  const scaled = value / scale.divisor;
  return withSymbol(formatNumber(scaled, decimalsFor(scaled, SIGNIFICANT_DIGITS), true), scale.symbol);
}

/** Replications that gave the same number, but for the rounding of sums: relative to the number. */
const ROUNDING = 1e-9;

/** Whether there is an interval, and it has no width. */
export function isExact({ value, low, high }: Estimate): boolean {
  return low !== null && high !== null && high - low <= ROUNDING * Math.abs(value);
}

/**
 * An estimate with its interval, all three numbers in one scale and with as many decimals as the interval supports.
 * "(±0)" says that every replication gave the same number; a plain 0 says it of itself. Only the value also where there is no
 * interval, and where its ends are the same number in the digits that are shown.
 */
export function formatEstimate(estimate: Estimate, unit: MetricUnit): string {
  const { value, low, high } = estimate;
  if (low === null || high === null || !Number.isFinite(value)) return formatQuantity(value, unit);
  if (isExact(estimate)) return value === 0 ? formatQuantity(value, unit) : `${formatQuantity(value, unit)} (±0)`;
  const { divisor, symbol } = displayScale(value, unit);
  const scaled = value / divisor;
  const decimals = decimalsForInterval(scaled, (high - low) / 2 / divisor);
  const [middle, from, to] = [scaled, low / divisor, high / divisor].map((number) =>
    formatNumber(number, decimals, false),
  );
  if (from === to) return withSymbol(middle!, symbol);
  return `${withSymbol(middle!, symbol)} (${from} to ${to})`;
}

/** For sentences, in which it does not matter that every replication gave the same number. */
export function formatInSentence(estimate: Estimate, unit: MetricUnit): string {
  return isExact(estimate) ? formatQuantity(estimate.value, unit) : formatEstimate(estimate, unit);
}

/** How many times the first variant's value: "0.48×". */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return NO_VALUE;
  const decimals = ratio >= 0.1 && ratio < 10 ? 2 : decimalsFor(ratio, SIGNIFICANT_DIGITS);
  return `${formatNumber(ratio, decimals, false)}×`;
}

export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return '<1%';
  return `${formatNumber(percent, 0, true)}%`;
}

/** An integer in full, with thousands separated by commas. */
export function formatInteger(value: number): string {
  return formatNumber(value, 0, true);
}

export function plural(count: number, singular: string, several = `${singular}s`): string {
  return `${formatInteger(count)} ${count === 1 ? singular : several}`;
}

/** Percent signs and the k and M of counts stand close to their number, units apart from it. */
function withSymbol(number: string, symbol: string): string {
  const close = symbol === '%' || /^[TGMk]?(\/s)?$/.test(symbol);
  return close ? `${number}${symbol}` : `${number} ${symbol}`;
}

/** Decimals that give `digits` significant digits, none for numbers that have as many before the point. */
function decimalsFor(value: number, digits: number): number {
  return value === 0 ? 0 : Math.max(0, digits - 1 - exponentOf(value));
}

/** The interval's half-width to its first digit, but never fewer than two or more than four digits of the value. */
function decimalsForInterval(value: number, halfWidth: number): number {
  const wanted = Math.max(0, -exponentOf(halfWidth));
  // An interval around 0 has no digits of the value to go by.
  if (value === 0) return wanted;
  return Math.min(Math.max(wanted, decimalsFor(value, 2)), decimalsFor(value, 4));
}

/** Exponent of the first significant digit; read from the text, since Math.log10 is inexact at powers of ten. */
function exponentOf(value: number): number {
  return Number(value.toExponential(SIGNIFICANT_DIGITS - 1).split('e')[1]);
}

function formatNumber(value: number, decimals: number, trim: boolean): string {
  // toFixed takes at most 100 decimals.
  const [whole = '', fraction = ''] = Math.abs(value).toFixed(Math.min(decimals, 20)).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const shownFraction = trim ? fraction.replace(/0+$/, '') : fraction;
  const text = shownFraction === '' ? grouped : `${grouped}.${shownFraction}`;
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text;
}
