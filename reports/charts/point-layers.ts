/** What a chart of one point per variant has besides its points: intervals in both directions, and names beside the points. */

import { NARROW_PX } from './style.js';

/** A line from the lower to the upper end of the interval, where there is one. */
export const horizontalInterval = (low: string, high: string) => ({
  transform: [{ filter: `isValid(datum.${low})` }],
  mark: { type: 'rule' as const },
  encoding: { x: { field: low, type: 'quantitative' as const }, x2: { field: high } },
});

export const verticalInterval = (low: string, high: string) => ({
  transform: [{ filter: `isValid(datum.${low})` }],
  mark: { type: 'rule' as const },
  encoding: { y: { field: low, type: 'quantitative' as const }, y2: { field: high } },
});

/** `labels` have the place that point-labels.ts gave them, and the fields of the chart's axes. A narrow plot has no room. */
export const nameLayer = (labels: readonly Readonly<Record<string, string | number>>[]) => ({
  data: { values: [...labels] },
  mark: {
    type: 'text' as const,
    fontSize: 12,
    baseline: 'middle' as const,
    align: { expr: 'datum.align' },
    dx: { expr: 'datum.dx' },
    dy: { expr: 'datum.dy' },
    opacity: { expr: `width < ${NARROW_PX} ? 0 : 1` },
    aria: false,
  },
  encoding: { text: { field: 'name', type: 'nominal' as const } },
});
