/** An axis of durations that begins at 0, or is logarithmic where that would squeeze the smaller ones into its corner. */

import { quantityExpression } from './quantity-expression.js';
import { roundValues } from './round-values.js';

export interface SecondsAxis {
  readonly domain: readonly [least: number, most: number];
  readonly isLog: boolean;
}

const LOG_FROM_RATIO = 20;
/** Beyond the outermost values, so that a point is not cut in half and its name has a place. */
const ROOM = 1.1;
const LOG_ROOM = 1.5;

/** `bounds` are ends of intervals, which are to be seen too; on a logarithmic axis as far as they are not below half a value. */
export function secondsAxis(values: readonly number[], bounds: readonly number[] = []): SecondsAxis {
  const least = Math.min(...values);
  const most = Math.max(...values, ...bounds);
  const isLog = least > 0 && Math.max(...values) / least >= LOG_FROM_RATIO;
  if (!isLog) return { domain: [0, most * ROOM || 1], isLog };
  return { domain: [Math.max(Math.min(least, ...bounds), least / 2) / LOG_ROOM, most * LOG_ROOM], isLog };
}

export const scaleOf = ({ domain, isLog }: SecondsAxis) => ({
  type: isLog ? ('log' as const) : ('linear' as const),
  domain: [...domain],
  nice: false,
});

export const axisOf = (title: string, { isLog, domain }: SecondsAxis) => ({
  title: `${title}${isLog ? ' (logarithmic)' : ''}`,
  labelExpr: quantityExpression('datum.value', 'seconds'),
  labelFlush: true,
  ...(isLog ? { values: roundValues(...domain) } : { tickCount: 5 }),
});

/** How far along its axis a value stands: from 0 to 1. */
export function shareOf(value: number, { domain: [least, most], isLog }: SecondsAxis): number {
  if (!isLog) return (value - least) / (most - least);
  return Math.log(value / least) / Math.log(most / least);
}
