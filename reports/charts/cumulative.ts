/** The curve "share of samples that are at most x", one line per variant, with the p99 marked. */

import type { Results, VariantResult } from '../../sim/experiment/results.js';
import { type MetricName, METRICS } from '../../sim/metrics.js';
import { Histogram } from '../../sim/stats/histogram.js';
import { formatEstimate, formatInteger, NO_VALUE } from '../format.js';
import { estimateOf } from '../headlines.js';
import type { Chart, ChartRow } from './chart.js';
import { hoverLayer, LIVE } from './hover.js';
import { roundValues } from './round-values.js';
import { rounded } from './rounded.js';
import { quantityExpression } from './quantity-expression.js';
import { lineColor, lineDash, PLOT_HEIGHT_PX } from './style.js';
import { compareInWords } from './wording.js';

export interface CumulativeChart {
  readonly id: string;
  readonly title: string;
  readonly metric: MetricName;
  readonly axisTitle: string;
  /** What the curve counts; samples if nothing is said. */
  readonly populationTitle?: string;
  /** "99% of the updates are on their node within": goes before the p99. */
  readonly p99Phrase: string;
}

/** Of one curve, and of all curves of a chart together. A curve has one point per target, and a second where it jumps. */
const MOST_POINTS = 200;
const MOST_POINTS_OF_ALL = 800;
const TAIL_FROM = 0.99;
/** From this ratio of largest to smallest value on, a linear axis would squeeze most of the curve into its first pixels. */
const LOG_FROM_RATIO = 100;
const QUANTILES = ['p50', 'p90', 'p99', 'max'] as const;

export function cumulativeChart(results: Results, chart: CumulativeChart): Chart {
  const { id, title, metric, populationTitle = 'Share of samples' } = chart;
  const variants = results.variants.filter((variant) => (variant.metrics[metric]?.histogram?.count ?? 0) > 0);
  if (variants.length === 0) return { id, title, empty: 'No sample was taken.' };

  const mostPoints = Math.min(MOST_POINTS, Math.floor(MOST_POINTS_OF_ALL / variants.length));
  const curves = variants.map((variant) => ({ variant, points: cumulativePoints(variant, metric, mostPoints) }));
  const isLog = spansDecades(curves.flatMap(({ points }) => points.map(({ value }) => value)));
  const rows: ChartRow[] = curves.flatMap(({ variant, points }) =>
    points
      // A logarithmic axis has no 0.
      .filter(({ value }) => !isLog || value > 0)
      .map(({ value, fraction }) => ({
        variant: variant.name,
        value: rounded(value),
        fraction: rounded(fraction),
      })),
  );
  const values = rows.map((row) => Number(row['value']));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // The curve's own p99, which lies on it; the mean of the replications' quantiles in the table need not.
  const p99s = variants.flatMap((variant) => {
    const value = Histogram.fromSparse(variant.metrics[metric]!.histogram!).quantile(0.99);
    return isLog && value <= 0 ? [] : [{ name: variant.name, value }];
  });
  const { unit } = METRICS[metric];
  const takeaway = compareInWords(
    chart.p99Phrase,
    variants.flatMap((variant) => {
      const p99 = estimateOf(variant, metric, 'p99');
      return p99 === null ? [] : [{ name: variant.name, value: p99.value, text: formatEstimate(p99, unit) }];
    }),
  );
  const names = variants.map(({ name }) => name);
  return {
    id,
    title,
    takeaway,
    rows,
    columns: [
      ['variant', 'variant'],
      ['value', `${metric}_at_most`],
      ['fraction', 'fraction_of_samples'],
    ],
    table: {
      caption: results.variants.some(({ replications }) => replications > 1)
        ? `${title}: quantiles of a replication, mean with 95% interval. The curve joins the samples of all replications, so its p99, the dot, may lie elsewhere.`
        : `${title}: quantiles; the dot marks the p99`,
      columns: ['Variant', 'Samples', ...QUANTILES],
      rows: variants.map((variant) => [
        variant.name,
        formatInteger(variant.metrics[metric]?.samples ?? 0),
        ...QUANTILES.map((quantile) => describeStatistic(variant, metric, quantile)),
      ]),
    },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title}: cumulative distribution. ${takeaway}`,
      params: [LIVE],
      width: 'container',
      height: PLOT_HEIGHT_PX,
      encoding: {
        x: {
          field: 'value',
          type: 'quantitative',
          scale: isLog ? { type: 'log', domain: [least, most] } : { domain: [0, most || 1] },
          axis: {
            title: `${chart.axisTitle}${isLog ? ' (logarithmic)' : ''}`,
            labelExpr: quantityExpression('datum.value', unit),
            labelFlush: true,
            ...(isLog ? { values: roundValues(least, most) } : { tickCount: 6 }),
          },
        },
        color: lineColor(names),
      },
      layer: [
        {
          data: { values: [...rows] },
          encoding: {
            y: {
              field: 'fraction',
              type: 'quantitative',
              scale: { domain: [0, 1] },
              axis: { title: populationTitle, format: '.0%', values: [0, 0.25, 0.5, 0.75, 0.99] },
            },
            strokeDash: lineDash(names),
          },
          layer: [
            { mark: { type: 'line', strokeWidth: 2.5 } },
            {
              ...hoverLayer([
                { field: 'variant', type: 'nominal', title: 'Variant' },
                { field: 'text', type: 'nominal', title: 'At most' },
                { field: 'fraction', type: 'quantitative', title: populationTitle, format: '.2%' },
              ]),
              transform: [{ filter: LIVE.name }, { calculate: quantityExpression('datum.value', unit), as: 'text' }],
            },
          ],
        },
        {
          data: { values: p99s.map(({ name, value }) => ({ variant: name, value, fraction: 0.99 })) },
          transform: [{ calculate: quantityExpression('datum.value', unit), as: 'text' }],
          mark: { type: 'point', filled: true, size: 90, opacity: 1 },
          encoding: {
            y: { field: 'fraction', type: 'quantitative' },
            tooltip: [
              { field: 'variant', type: 'nominal', title: 'Variant' },
              { field: 'text', type: 'nominal', title: 'p99 of all samples' },
            ],
          },
        },
      ],
    },
  };
}

/** At most `most` points, evenly over the body and as densely again over the last percent, where the p99 is. */
export function cumulativePoints(
  variant: VariantResult,
  metric: MetricName,
  most: number,
): { value: number; fraction: number }[] {
  const sparse = variant.metrics[metric]?.histogram;
  if (sparse === undefined || sparse.count === 0) return [];
  const bodyPoints = Math.max(4, Math.floor(most * 0.4));
  const tailPoints = Math.max(2, Math.floor(most * 0.15));
  const targets = [
    ...Array.from({ length: bodyPoints }, (_, index) => (index / bodyPoints) * TAIL_FROM),
    ...Array.from({ length: tailPoints }, (_, index) => TAIL_FROM + (index / tailPoints) * (1 - TAIL_FROM)),
    1,
  ];
  const points = [{ value: sparse.min, fraction: 0 }];
  let target = 0;
  let before = 0;
  for (const { value, fraction } of Histogram.fromSparse(sparse).cumulative()) {
    if (fraction >= targets[target]!) {
      // Many samples of one value are an upright line, not a slope from the value before.
      if (fraction - before > 1 / bodyPoints) points.push({ value, fraction: before });
      points.push({ value, fraction });
      while (target < targets.length - 1 && targets[target]! <= fraction) target++;
    }
    before = fraction;
  }
  return points;
}

function spansDecades(values: readonly number[]): boolean {
  const positive = values.filter((value) => value > 0);
  return positive.length > 0 && Math.max(...positive) / Math.min(...positive) >= LOG_FROM_RATIO;
}

function describeStatistic(variant: VariantResult, metric: MetricName, statistic: string): string {
  const estimate = estimateOf(variant, metric, statistic);
  return estimate === null ? NO_VALUE : formatEstimate(estimate, METRICS[metric].unit);
}
