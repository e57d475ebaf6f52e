/**
 * The trade of externalTrafficPolicy: how uneven the pods are loaded, over the share of requests that take a second hop. Down and to
 * the left is better in both.
 */

import type { Results } from '../../sim/experiment/results.js';
import type { Estimate } from '../../sim/stats/estimate.js';
import { formatEstimate } from '../format.js';
import { areAllEven, type HopTradeOff, hopTradeOffInWords, hopTradeOffsOf } from '../pod-load.js';
import type { Chart, ChartRow } from './chart.js';
import { placeLabels } from './point-labels.js';
import { horizontalInterval, nameLayer, verticalInterval } from './point-layers.js';
import { quantityExpression } from './quantity-expression.js';
import { rounded } from './rounded.js';
import { LEGEND_COLUMNS, PLOT_HEIGHT_PX, PLOT_WIDTH_PX, variantColors } from './style.js';

/** Beyond the outermost values, so that points at an end are whole and names have a place. */
const ROOM = 0.08;

/** Null for fewer than two variants with clients, and where all load their pods evenly: there is nothing to weigh. */
export function hopTradeOff(results: Results): Chart | null {
  const tradeOffs = hopTradeOffsOf(results);
  if (tradeOffs.length < 2 || areAllEven(tradeOffs)) return null;
  const id = 'hop-trade-off';
  const title = 'Hottest pod against second hops';
  const hops = domainOf(
    tradeOffs.map((tradeOff) => tradeOff.hops),
    0,
  );
  // All pods alike is 1, and a load cannot be more even than that.
  const hottest = domainOf(
    tradeOffs.map((tradeOff) => tradeOff.hottest),
    1,
  );
  const rows = tradeOffs.map((tradeOff) => rowOf(tradeOff, hops, hottest));
  const names = tradeOffs.map(({ name }) => name);
  const takeaway = `${hopTradeOffInWords(tradeOffs)} Lower is more even, left is more direct.`;
  const hasIntervals = tradeOffs.some((tradeOff) => tradeOff.hops.low !== null || tradeOff.hottest.low !== null);
  return {
    id,
    title,
    takeaway,
    rows,
    columns: [
      ['variant', 'variant'],
      ['hops', 'second_hop_share'],
      ['hopsLow', 'second_hop_share_low'],
      ['hopsHigh', 'second_hop_share_high'],
      ['hottest', 'hottest_pod_over_mean'],
      ['hottestLow', 'hottest_pod_over_mean_low'],
      ['hottestHigh', 'hottest_pod_over_mean_high'],
    ],
    table: {
      caption: `Requests that take a second hop, and load of the hottest pod in multiples of the mean${hasIntervals ? ', with 95% intervals' : ''}`,
      columns: ['Variant', 'Second hop', 'Hottest pod'],
      rows: tradeOffs.map((tradeOff) => [
        tradeOff.name,
        formatEstimate(tradeOff.hops, 'ratio'),
        formatEstimate(tradeOff.hottest, 'number'),
      ]),
    },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title}. ${takeaway}`,
      width: 'container',
      height: PLOT_HEIGHT_PX,
      data: { values: rows },
      encoding: {
        x: {
          field: 'hops',
          type: 'quantitative',
          scale: { domain: [...hops], nice: false, zero: false },
          axis: {
            title: 'Requests with a second hop',
            labelExpr: quantityExpression('datum.value', 'ratio'),
            values: [0, 0.25, 0.5, 0.75, 1],
          },
        },
        y: {
          field: 'hottest',
          type: 'quantitative',
          scale: { domain: [...hottest], nice: false, zero: false },
          axis: { title: 'Hottest pod, times the mean', tickCount: 5, format: ',.3~r' },
        },
      },
      layer: [
        horizontalInterval('hopsLow', 'hopsHigh'),
        verticalInterval('hottestLow', 'hottestHigh'),
        {
          mark: { type: 'point', filled: true, size: 110, opacity: 1 },
          encoding: {
            color: {
              field: 'variant',
              type: 'nominal',
              scale: { domain: names, range: variantColors(names) },
              legend: { columns: LEGEND_COLUMNS, symbolType: 'circle' },
            },
            tooltip: [
              { field: 'variant', type: 'nominal', title: 'Variant' },
              { field: 'hopsText', type: 'nominal', title: 'Second hop' },
              { field: 'hottestText', type: 'nominal', title: 'Hottest pod' },
            ],
          },
        },
        nameLayer(labelsOf(tradeOffs, hops, hottest)),
      ],
    },
  };
}

type Domain = readonly [least: number, most: number];

/** From the best that is possible to the worst that was measured. Shares of hops reach to all of them, so that reports compare. */
function domainOf(estimates: readonly Estimate[], best: number): Domain {
  const most = Math.max(1, ...estimates.map(({ value, high }) => high ?? value));
  // Where all are even, the axis still needs a length.
  const length = most > best ? most - best : 1;
  return [best - ROOM * length, best + (1 + ROOM) * length];
}

/** Where on its axis, from 0 to 1. */
const shareOf = (value: number, [least, most]: Domain): number => (value - least) / (most - least);

function rowOf({ name, hops, hottest }: HopTradeOff, hopsDomain: Domain, hottestDomain: Domain) {
  return {
    variant: name,
    hops: rounded(hops.value),
    hopsLow: bound(hops.low, hopsDomain),
    hopsHigh: bound(hops.high, hopsDomain),
    hottest: rounded(hottest.value),
    hottestLow: bound(hottest.low, hottestDomain),
    hottestHigh: bound(hottest.high, hottestDomain),
    hopsText: formatEstimate(hops, 'ratio'),
    hottestText: formatEstimate(hottest, 'number'),
  } satisfies ChartRow;
}

/** An interval may reach below what is possible. */
const bound = (value: number | null, [least]: Domain): number | null =>
  value === null ? null : rounded(Math.max(value, least));

function labelsOf(tradeOffs: readonly HopTradeOff[], hopsDomain: Domain, hottestDomain: Domain) {
  const places = tradeOffs.map(({ name, hops, hottest }) => ({
    x: shareOf(hops.value, hopsDomain) * PLOT_WIDTH_PX,
    y: (1 - shareOf(hottest.value, hottestDomain)) * PLOT_HEIGHT_PX,
    name,
  }));
  return placeLabels(places, PLOT_WIDTH_PX, PLOT_HEIGHT_PX).map(({ index, ...label }) => {
    const { hops, hottest } = tradeOffs[index]!;
    return { hops: rounded(hops.value), hottest: rounded(hottest.value), ...label };
  });
}
