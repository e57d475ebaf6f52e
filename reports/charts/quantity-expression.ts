/** A Vega expression that writes a quantity as format.ts does: for axes whose labels span several scales, e.g. ms and s. */

import type { MetricUnit } from '../../sim/metrics.js';

const text = (scaled: string, symbol: string): string => `format(${scaled}, ',.3~r') + ' ${symbol}'`;

export function quantityExpression(value: string, unit: MetricUnit): string {
  switch (unit) {
    case 'seconds':
      return `${value} === 0 ? '0' : ${value} < 1e-3 ? ${text(`${value} * 1e6`, 'µs')} : ${value} < 1 ? ${text(`${value} * 1e3`, 'ms')} : ${text(value, 's')}`;
    case 'bytes':
      return `${value} < 1e3 ? ${text(value, 'B')} : ${value} < 1e6 ? ${text(`${value} / 1e3`, 'kB')} : ${text(`${value} / 1e6`, 'MB')}`;
    case 'ratio':
      return `format(${value}, '.3~p')`;
    case 'number':
      return `format(${value}, ',.3~r')`;
    case 'bytesPerSecond':
    case 'eventsPerSecond':
    case 'count':
    case 'cores':
      return `format(${value}, ',.3~s')`;
  }
}
