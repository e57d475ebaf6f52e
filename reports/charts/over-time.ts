/** An amount over simulated time, one line per variant. */

import type { Results, SeriesResult } from '../../sim/experiment/results.js';
import { type MetricName, METRICS, type MetricUnit } from '../../sim/metrics.js';
import { type DisplayScale, displayScale, formatQuantity } from '../format.js';
import type { Chart, ChartRow, SummaryTable } from './chart.js';
import { hoverLayer, LIVE } from './hover.js';
import { rounded } from './rounded.js';
import { lineColor, lineDash, PLOT_HEIGHT_PX } from './style.js';
import { compareInWords } from './wording.js';

export interface OverTimeChart {
  readonly id: string;
  readonly title: string;
  readonly metric: MetricName;
  readonly axisTitle: string;
  /** "Peak": what the largest value is called in the sentence. */
  readonly peakName: string;
  /** Instead of the mean and the peak of each curve. */
  readonly table?: SummaryTable;
  /** When something happened that the curve answers to. */
  readonly events?: TimeEvents;
}

export interface TimeEvents {
  /** Each gets an upright line; `label` is for who points at it. */
  readonly moments: readonly { readonly seconds: number; readonly label: string }[];
  /** Shaded from the first moment to here; null where nobody knows. */
  readonly endSeconds: number | null;
  /** Goes behind the peak, as the lines have no legend. */
  readonly sentence: string;
}

/** Two pixels each on a wide screen. */
const MOST_POINTS_PER_VARIANT = 300;
/** Of all variants together, so that a comparison of many does not swell the file. */
const MOST_POINTS = 1200;

interface Curve {
  readonly name: string;
  readonly points: readonly { readonly seconds: number; readonly value: number | null }[];
  readonly peak: { readonly seconds: number; readonly value: number };
  readonly mean: number;
}

export function overTimeChart(results: Results, chart: OverTimeChart): Chart {
  const { id, title, metric, axisTitle, peakName } = chart;
  const { unit } = METRICS[metric];
  const most = Math.max(2, Math.min(MOST_POINTS_PER_VARIANT, Math.floor(MOST_POINTS / results.variants.length)));
  const curves = results.variants.flatMap(({ name, series }) => curveOf(name, series[metric], most));
  if (curves.length === 0) return { id, title, empty: 'Nothing was sent while the run lasted.' };

  const highest = Math.max(...curves.map(({ peak }) => peak.value));
  const longest = Math.max(...curves.map(({ points }) => points.at(-1)!.seconds));
  const valueScale = displayScale(highest, unit);
  const timeScale = timeAxisScale(longest);
  const rows: ChartRow[] = curves.flatMap(({ name, points }) =>
    points.map(({ seconds, value }, index) => ({
      variant: name,
      time: rounded(seconds / timeScale.divisor),
      value: value === null ? null : rounded(value / valueScale.divisor),
      ...(isAlone(points, index) ? { alone: true } : {}),
    })),
  );
  const peaks = compareInWords(
    `${peakName}:`,
    curves.map(({ name, peak }) => ({
      name,
      value: peak.value,
      // Nothing has no moment.
      text:
        peak.value === 0
          ? formatQuantity(0, unit)
          : `${formatQuantity(peak.value, unit)} at ${formatQuantity(peak.seconds, 'seconds')}`,
    })),
  );
  const takeaway = chart.events === undefined ? peaks : `${peaks} ${chart.events.sentence}`;
  const names = curves.map(({ name }) => name);
  const valueTitle = `${axisTitle} (${valueSymbol(unit, valueScale.symbol)})`;
  return {
    id,
    title,
    takeaway,
    rows,
    columns: [
      ['variant', 'variant'],
      ['time', `simulated time (${timeScale.symbol})`],
      ['value', valueTitle],
    ],
    table: chart.table ?? meanAndPeak(title, curves, unit),
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title} over simulated time. ${takeaway}`,
      width: 'container',
      height: PLOT_HEIGHT_PX,
      params: [LIVE],
      encoding: {
        x: {
          field: 'time',
          type: 'quantitative',
          scale: { domain: [0, longest / timeScale.divisor || 1] },
          axis: { title: `Simulated time (${timeScale.symbol})`, tickCount: 8, labelFlush: true },
        },
      },
      layer: [
        ...eventLayers(chart.events, longest, timeScale),
        {
          data: { values: [...rows] },
          encoding: {
            y: {
              field: 'value',
              type: 'quantitative',
              scale: { domain: [0, highest / valueScale.divisor || 1], nice: true },
              axis: { title: valueTitle, tickCount: 5, format: ',~r' },
            },
            color: lineColor(names),
            strokeDash: lineDash(names),
          },
          layer: [
            { mark: { type: 'line', strokeWidth: 2, interpolate: 'step-after' } },
            // A value between two gaps has no line.
            { transform: [{ filter: 'datum.alone' }], mark: { type: 'point', filled: true, size: 20, opacity: 1 } },
            hoverLayer([
              { field: 'variant', type: 'nominal', title: 'Variant' },
              { field: 'time', type: 'quantitative', title: `Time (${timeScale.symbol})`, format: ',.4~r' },
              { field: 'value', type: 'quantitative', title: valueTitle, format: ',.4~r' },
            ]),
          ],
        },
      ],
    },
  };
}

/** Behind the curves: what is shaded, and an upright line at each moment. Nothing beyond the end of the curves. */
function eventLayers(events: TimeEvents | undefined, longest: number, { divisor }: DisplayScale) {
  const moments = events?.moments.filter(({ seconds }) => seconds <= longest) ?? [];
  const [first] = moments.toSorted((a, b) => a.seconds - b.seconds);
  if (events === undefined || first === undefined) return [];
  const time = (seconds: number): number => rounded(Math.min(seconds, longest) / divisor);
  const shaded = events.endSeconds === null ? [] : [{ time: time(first.seconds), end: time(events.endSeconds) }];
  return [
    {
      data: { values: shaded },
      mark: { type: 'rect' as const, color: '#808080', opacity: 0.15, aria: false },
      encoding: { x2: { field: 'end' } },
    },
    {
      data: { values: moments.map(({ seconds, label }) => ({ time: time(seconds), label })) },
      mark: { type: 'rule' as const, strokeDash: [4, 4], opacity: 0.7, aria: false },
      encoding: { tooltip: [{ field: 'label', type: 'nominal' as const, title: 'Action' }] },
    },
  ];
}

function isAlone(points: Curve['points'], index: number): boolean {
  const isGap = (neighbour: number): boolean => (points[neighbour]?.value ?? null) === null;
  return !isGap(index) && isGap(index - 1) && isGap(index + 1);
}

/** Empty when the series is missing or has no value at all. */
function curveOf(name: string, series: SeriesResult | undefined, mostPoints: number): Curve[] {
  if (series === undefined) return [];
  const bins = series.values.map((value, index) => ({ seconds: index * series.binWidthSeconds, value }));
  const filled = bins.flatMap(({ seconds, value }) => (value === null ? [] : [{ seconds, value }]));
  if (filled.length === 0) return [];
  return [
    {
      name,
      points: thinned(bins, mostPoints),
      // Of the full curve: thinning keeps the height of peaks, not when exactly they were.
      peak: filled.reduce((highest, bin) => (bin.value > highest.value ? bin : highest)),
      mean: filled.reduce((sum, { value }) => sum + value, 0) / filled.length,
    },
  ];
}

/** Joins neighbouring bins until there are at most `most`, by the greatest of each: a peak is what a planner looks for. */
export function thinned(
  bins: readonly { seconds: number; value: number | null }[],
  most: number,
): { seconds: number; value: number | null }[] {
  const size = Math.ceil(bins.length / most);
  if (size <= 1) return [...bins];
  return Array.from({ length: Math.ceil(bins.length / size) }, (_, index) => {
    const group = bins.slice(index * size, (index + 1) * size);
    const values = group.flatMap(({ value }) => value ?? []);
    return { seconds: group[0]!.seconds, value: values.length === 0 ? null : Math.max(...values) };
  });
}

function meanAndPeak(title: string, curves: readonly Curve[], unit: MetricUnit): SummaryTable {
  return {
    caption: `${title}, mean over replications`,
    columns: ['Variant', 'Mean over the run', 'Peak', 'Peak at'],
    rows: curves.map(({ name, mean, peak }) => [
      name,
      formatQuantity(mean, unit),
      formatQuantity(peak.value, unit),
      formatQuantity(peak.seconds, 'seconds'),
    ]),
  };
}

/** "k/s" on an axis reads badly: "thousands per second" does not. */
function valueSymbol(unit: MetricUnit, symbol: string): string {
  if (unit !== 'eventsPerSecond') return symbol;
  return { '/s': 'per second', 'k/s': 'thousands per second', 'M/s': 'millions per second' }[symbol] ?? symbol;
}

/** Seconds for longer than in text: an axis of 0.2 and 0.4 minutes reads badly. */
function timeAxisScale(seconds: number): DisplayScale {
  if (seconds < 600) return { divisor: 1, symbol: 's' };
  return seconds < 4 * 3600 ? { divisor: 60, symbol: 'min' } : { divisor: 3600, symbol: 'h' };
}
