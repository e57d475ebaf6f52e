/**
 * Whether two estimates differ, and by how much, in words.
 *
 * Two numbers differ clearly when their 95 % intervals do not overlap. That asks more than a test of the difference
 * would, above all between variants that draw the same random numbers: it calls few differences clear, and those are.
 */

import type { MetricUnit } from '../sim/metrics.js';
import type { Estimate } from '../sim/stats/estimate.js';
import { formatInSentence, formatPercent, formatRatio, isExact } from './format.js';

/** How `own` stands to `base`; unknown when one of them has no interval, and so nothing says how far chance may move it. */
export type Difference = 'less' | 'more' | 'same' | 'unclear' | 'unknown';

export function differenceOf(base: Estimate, own: Estimate): Difference {
  if (base.low === null || base.high === null || own.low === null || own.high === null) return 'unknown';
  // First, as the last digits of two sums say nothing of which is larger.
  if (isExact({ ...base, low: Math.min(base.low, own.low), high: Math.max(base.high, own.high) })) return 'same';
  if (own.high < base.low) return 'less';
  return own.low > base.high ? 'more' : 'unclear';
}

/** From this ratio on, multiples are read more easily than percentages. */
const MULTIPLES_FROM = 2;

/** "NPL p99 62% lower, 4.7 s (4.5 to 4.9)". */
export function differenceInWords(label: string, base: Estimate, own: Estimate, unit: MetricUnit): string {
  return `${label} ${directionOf(base, own)}${formatInSentence(own, unit)}`;
}

/** With what separates it from the number that follows. */
function directionOf(base: Estimate, own: Estimate): string {
  switch (differenceOf(base, own)) {
    case 'less':
      // "100% lower" of what is gone altogether says nothing more.
      return own.value === 0 ? 'down to ' : `${shareOfBase(base, own)}lower, `;
    case 'more':
      return base.value > 0 && own.value / base.value >= MULTIPLES_FROM
        ? `${formatRatio(own.value / base.value)} as high, `
        : `${shareOfBase(base, own)}higher, `;
    case 'same':
      return 'the same, ';
    case 'unclear':
      return 'not clearly different, ';
    case 'unknown':
      return '';
  }
}

/** How far it is from the base, with a blank behind; nothing where there is no base to take a share of. */
function shareOfBase(base: Estimate, own: Estimate): string {
  return base.value > 0 ? `${formatPercent(Math.abs(own.value / base.value - 1))} ` : '';
}

const MOST_NAMES = 3;

/** "a, b and c"; of many the first two and how many more there are. */
export function namesInWords(names: readonly string[]): string {
  const shown = names.length > MOST_NAMES ? [...names.slice(0, 2), `${names.length - 2} others`] : [...names];
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
}
