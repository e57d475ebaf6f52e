/**
 * Staleness against cost: how late the nodes' rules are, over what it takes a node to keep them. Down and to the left is
 * better in both.
 */

import type { Results } from '../../sim/experiment/results.js';
import { METRICS, type MetricUnit } from '../../sim/metrics.js';
import { LATENCY_METRIC } from '../comparison.js';
import { formatEstimate } from '../format.js';
import { curveOf, sharedSetting, type TradeOff, tradeOffInWords, tradeOffsOf } from '../trade-offs.js';
import type { Chart, ChartRow } from './chart.js';
import { placeLabels } from './point-labels.js';
import { horizontalInterval, nameLayer, verticalInterval } from './point-layers.js';
import { rounded } from './rounded.js';
import { axisOf, scaleOf, secondsAxis, type SecondsAxis, shareOf } from './seconds-axis.js';
import { LEGEND_COLUMNS, PLOT_HEIGHT_PX, PLOT_WIDTH_PX, variantColors } from './style.js';

const UNIT: MetricUnit = 'seconds';
const STATISTICS = ['p50', 'p99'] as const;

/** One quantile of one variant, in seconds. */
interface Point {
  readonly variant: string;
  readonly statistic: (typeof STATISTICS)[number];
  readonly cost: number;
  readonly costLow: number | null;
  readonly costHigh: number | null;
  readonly latency: number;
  readonly latencyLow: number | null;
  readonly latencyHigh: number | null;
  readonly costText: string;
  readonly latencyText: string;
}

export function tradeOff(results: Results): Chart {
  const id = 'trade-off';
  const title = 'Latency against node CPU';
  const tradeOffs = tradeOffsOf(results);
  if (tradeOffs.length < 2) {
    return { id, title, empty: 'Fewer than two variants have both a latency and a cost to compare.' };
  }
  const rows = tradeOffs.flatMap((variant) => STATISTICS.map((statistic) => pointOf(variant, statistic)));
  const [cost, latency] = [axisOfKey(rows, 'cost'), axisOfKey(rows, 'latency')];
  // An interval may reach below what is possible, or below what a logarithmic axis can show.
  const drawn = rows.map((row) => ({
    ...row,
    costLow: row.costLow === null ? null : Math.max(row.costLow, cost.domain[0]),
    latencyLow: row.latencyLow === null ? null : Math.max(row.latencyLow, latency.domain[0]),
  }));
  const curve = curveOf(tradeOffs);
  const curveRows = STATISTICS.flatMap((statistic) =>
    curve.flatMap(({ name }, order) => {
      const point = drawn.find((row) => row.variant === name && row.statistic === statistic);
      return point === undefined ? [] : [{ statistic, order, cost: point.cost, latency: point.latency }];
    }),
  );
  const labels = labelsOf(drawn, cost, latency);
  const names = tradeOffs.map(({ name }) => name);
  const path = sharedSetting(results.variants);
  const takeaway = `${tradeOffInWords(tradeOffs)} Lower is fresher, left is cheaper.${
    curve.length > 0 && path !== null ? ` Lines join the values of ${path} in their order.` : ''
  }`;
  const latencyTitle = METRICS[LATENCY_METRIC].title;
  const hasIntervals = rows.some(({ costLow, latencyLow }) => costLow !== null || latencyLow !== null);
  const intervals = hasIntervals ? ', with 95% intervals' : '';
  return {
    id,
    title,
    takeaway,
    rows: rows.map((row): ChartRow => ({ ...row })),
    columns: [
      ['variant', 'variant'],
      ['statistic', 'statistic'],
      ['cost', 'CPU per node (s)'],
      ['costLow', 'CPU low (s)'],
      ['costHigh', 'CPU high (s)'],
      ['latency', 'latency (s)'],
      ['latencyLow', 'latency low (s)'],
      ['latencyHigh', 'latency high (s)'],
    ],
    table: {
      caption: `${latencyTitle}, and CPU time of all syncs of a node${intervals}`,
      columns: ['Variant', 'NPL p50', 'NPL p99', 'CPU time per node'],
      rows: tradeOffs.map(({ name, p50, p99, cost: own }) => [
        name,
        ...[p50, p99, own].map((estimate) => formatEstimate(estimate, UNIT)),
      ]),
    },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title}. ${takeaway}`,
      width: 'container',
      height: PLOT_HEIGHT_PX,
      data: { values: drawn },
      encoding: {
        x: {
          field: 'cost',
          type: 'quantitative',
          scale: scaleOf(cost),
          axis: axisOf('CPU time of syncs per node', cost),
        },
        y: {
          field: 'latency',
          type: 'quantitative',
          scale: scaleOf(latency),
          axis: axisOf('NPL', latency),
        },
      },
      layer: [
        {
          data: { values: curveRows },
          mark: { type: 'line', strokeWidth: 1.5, color: '#808080' },
          encoding: {
            detail: { field: 'statistic', type: 'nominal' },
            order: { field: 'order', type: 'quantitative' },
          },
        },
        horizontalInterval('costLow', 'costHigh'),
        verticalInterval('latencyLow', 'latencyHigh'),
        {
          mark: { type: 'point', filled: true, size: 110, opacity: 1 },
          encoding: {
            color: {
              field: 'variant',
              type: 'nominal',
              scale: { domain: names, range: variantColors(names) },
              legend: { columns: LEGEND_COLUMNS, symbolType: 'circle' },
            },
            shape: {
              field: 'statistic',
              type: 'nominal',
              scale: { domain: [...STATISTICS], range: ['circle', 'triangle-up'] },
              legend: { symbolFillColor: '#808080', symbolStrokeColor: '#808080' },
            },
            tooltip: [
              { field: 'variant', type: 'nominal', title: 'Variant' },
              { field: 'statistic', type: 'nominal', title: 'Statistic' },
              { field: 'latencyText', type: 'nominal', title: 'Latency' },
              { field: 'costText', type: 'nominal', title: 'CPU time per node' },
            ],
          },
        },
        nameLayer(labels),
      ],
    },
  };
}

const bound = (value: number | null): number | null => (value === null ? null : rounded(value));

function pointOf({ name, cost, ...latencies }: TradeOff, statistic: Point['statistic']): Point {
  const latency = latencies[statistic];
  return {
    variant: name,
    statistic,
    cost: rounded(cost.value),
    costLow: bound(cost.low),
    costHigh: bound(cost.high),
    latency: rounded(latency.value),
    latencyLow: bound(latency.low),
    latencyHigh: bound(latency.high),
    costText: formatEstimate(cost, UNIT),
    latencyText: formatEstimate(latency, UNIT),
  };
}

/** Room for the outermost points; the intervals of both kinds of number are in it. */
function axisOfKey(points: readonly Point[], key: 'cost' | 'latency'): SecondsAxis {
  return secondsAxis(
    points.map((point) => point[key]),
    points.flatMap((point) => [point[`${key}Low`] ?? [], point[`${key}High`] ?? []].flat()),
  );
}

/** The names of the variants beside their p99, wherever there is room for them. */
function labelsOf(points: readonly Point[], cost: SecondsAxis, latency: SecondsAxis) {
  const places = points.map((point) => ({
    x: shareOf(point.cost, cost) * PLOT_WIDTH_PX,
    y: (1 - shareOf(point.latency, latency)) * PLOT_HEIGHT_PX,
    name: point.statistic === 'p99' ? point.variant : null,
  }));
  return placeLabels(places, PLOT_WIDTH_PX, PLOT_HEIGHT_PX).map(({ index, ...label }) => {
    const { cost: x, latency: y } = points[index]!;
    return { cost: x, latency: y, ...label };
  });
}
