/**
 * How charts look. Text and axes get their final colours from the page's style sheet, which knows whether it is dark; the
 * colours of data must do on both grounds, so all of them have a contrast of 3:1 and more to white and to near-black.
 */

import type { Config } from 'vega-lite';

import { NPL_STAGES } from '../../sim/metrics.js';

export const DATA_COLORS = [
  '#3b7dd8',
  '#d9731a',
  '#2a9461',
  '#a05fc9',
  '#d1495b',
  '#1f8fa0',
  '#a06f35',
  '#7a828e',
  '#8d7d1c',
  '#c2558f',
] as const;

/** Lines differ by dash as well, for readers who do not tell the colours apart, and for grey paper. */
const DASHES: readonly (readonly number[])[] = [
  [1, 0],
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
  [5, 5],
  [12, 4],
  [3, 2, 1, 2],
  [1, 5],
  [14, 3, 2, 3],
  [4, 2],
];

/** Width of the static picture; a live chart takes the width of its place. */
const STATIC_WIDTH_PX = 720;
/** Of it, what an axis of numbers and its title leave to the plot. */
export const PLOT_WIDTH_PX = STATIC_WIDTH_PX - 70;
export const PLOT_HEIGHT_PX = 260;
export const BAR_STEP_PX = 34;
const LABEL_LIMIT_PX = 190;

/** Below this width of the plot, legends stand in one column, and points have no names beside them. */
export const NARROW_PX = 480;
export const LEGEND_COLUMNS = { expr: `width < ${NARROW_PX} ? 1 : 3` };

export const CHART_CONFIG: Config = {
  // Vega-Lite's white would be a white box on a dark page.
  background: 'transparent',
  font: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  autosize: { type: 'fit-x', contains: 'padding' },
  padding: 4,
  view: { continuousWidth: STATIC_WIDTH_PX, stroke: null },
  range: { category: [...DATA_COLORS] },
  axis: {
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 10,
    labelPadding: 5,
    labelLimit: LABEL_LIMIT_PX,
    labelColor: '#57606a',
    titleColor: '#57606a',
    gridColor: '#808080',
    gridOpacity: 0.25,
    domainColor: '#808080',
    tickColor: '#808080',
  },
  legend: {
    orient: 'top',
    title: null,
    labelFontSize: 12,
    labelLimit: 220,
    labelColor: '#57606a',
    symbolSize: 140,
    symbolStrokeWidth: 2.5,
    offset: 12,
    columnPadding: 18,
  },
};

/** Colours and dashes repeat after ten variants; a comparison of more is no chart. */
export function variantColors(names: readonly string[]): string[] {
  return names.map((_, index) => DATA_COLORS[index % DATA_COLORS.length]!);
}

function variantDashes(names: readonly string[]): number[][] {
  return names.map((_, index) => [...DASHES[index % DASHES.length]!]);
}

export const STAGE_COLORS: readonly string[] = NPL_STAGES.map((_, index) => DATA_COLORS[index]!);

/** The colour channel of a chart with one line per variant; its legend shows strokes, and is left out for a single line. */
export const lineColor = (names: readonly string[]) => ({
  field: 'variant',
  type: 'nominal' as const,
  scale: { domain: [...names], range: variantColors(names) },
  legend: names.length > 1 ? { columns: LEGEND_COLUMNS, symbolType: 'stroke' as const } : null,
});

/** The dashes beside the colours, for those who cannot tell these apart. */
export const lineDash = (names: readonly string[]) => ({
  field: 'variant',
  type: 'nominal' as const,
  scale: { domain: [...names], range: variantDashes(names) },
  ...(names.length > 1 ? {} : { legend: null }),
});
