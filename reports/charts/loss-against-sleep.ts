/**
 * What a rollout loses over how long preStop sleeps: the band is the interval, the line across is the limit, the filled point is
 * the answer. Losses fall by orders of magnitude, so the axis is logarithmic; sleeps that lose nothing stand at its foot.
 */

import type { PreStopResults, SleepResult } from '../../sim/experiment/prestop-results.js';
import { answerSentence, limitText, lossText } from '../prestop-wording.js';
import { sleepTable, sleepVerdict } from '../prestop-table.js';
import type { Chart } from './chart.js';
import { roundValues } from './round-values.js';
import { rounded } from './rounded.js';
import { DATA_COLORS, PLOT_HEIGHT_PX } from './style.js';

/** Beyond the outermost values, so that no point is cut in half. */
const ROOM = 1.5;
const LIMIT_COLOR = DATA_COLORS[4];
const LOSS_COLOR = DATA_COLORS[0];

export function lossAgainstSleep(results: PreStopResults): Chart {
  const id = 'loss-against-sleep';
  const title = 'Requests lost against the preStop sleep';
  const { preStop } = results;
  const measured = preStop.sleeps.filter(({ loss }) => loss !== null);
  const values = measured.flatMap(({ loss }) => (loss!.value > 0 ? [loss!.value] : []));
  if (values.length === 0) return { id, title, empty: 'No sleep lost a request.' };

  const { least, most } = range(measured, values, preStop.maxLoss);
  const rows = measured.map((sleep) => rowOf(results, sleep, least));
  const limit = preStop.maxLoss > 0 ? [{ limit: preStop.maxLoss, text: `limit ${limitText(preStop)}` }] : [];
  const y = { type: 'log' as const, domain: [least, most], nice: false };
  const x = {
    field: 'sleep',
    type: 'quantitative' as const,
    scale: {
      type: 'symlog' as const,
      constant: 1,
      domain: [0, Math.max(1, ...rows.map(({ sleep }) => sleep))],
      nice: false,
    },
    axis: {
      title: 'preStop sleep in seconds (logarithmic)',
      values: rows.map(({ sleep }) => sleep),
      labelOverlap: 'greedy' as const,
      format: 'd',
    },
  };
  const foot = rows.some(({ nothing }) => nothing) ? ' Hollow points at the foot: nothing was lost.' : '';
  const takeaway = `${answerSentence(results).replace(/^preStop sleep/, 'The answer')}.${foot}`;
  const table = sleepTable(preStop, { causes: 'intervals', duration: true });
  return {
    id,
    title,
    takeaway,
    rows,
    columns: [
      ['sleep', 'sleep (s)'],
      ['lossExact', 'requests lost'],
      ['low', 'low'],
      ['high', 'high'],
      ['verdict', 'against the limit'],
    ],
    table: {
      caption:
        'Requests lost, divided by the requests from the beginning of the rollout to its end, with 95% intervals',
      columns: table.headings,
      rows: table.rows,
    },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title}. ${takeaway}`,
      width: 'container',
      height: PLOT_HEIGHT_PX,
      data: { values: rows },
      layer: [
        {
          transform: [{ filter: 'isValid(datum.low)' }],
          mark: { type: 'area', color: LOSS_COLOR, opacity: 0.25 },
          encoding: {
            x,
            y: {
              field: 'lowDrawn',
              type: 'quantitative',
              scale: y,
              axis: {
                title: 'Requests lost (logarithmic)',
                values: roundValues(least, most),
                labelExpr: "format(datum.value * 100, ',.3~r') + '%'",
                labelOverlap: 'greedy',
              },
            },
            y2: { field: 'highDrawn' },
          },
        },
        {
          mark: { type: 'line', color: LOSS_COLOR, strokeWidth: 1.5 },
          encoding: { x, y: { field: 'loss', type: 'quantitative', scale: y } },
        },
        {
          data: { values: limit },
          mark: { type: 'rule', color: LIMIT_COLOR, strokeDash: [7, 3], strokeWidth: 1.5 },
          encoding: { y: { field: 'limit', type: 'quantitative', scale: y } },
        },
        {
          data: { values: limit },
          mark: {
            type: 'text',
            align: 'right',
            baseline: 'bottom',
            x: { expr: 'width' },
            dx: -2,
            dy: -3,
            fontSize: 12,
            aria: false,
          },
          encoding: { y: { field: 'limit', type: 'quantitative', scale: y }, text: { field: 'text', type: 'nominal' } },
        },
        {
          mark: { type: 'point', opacity: 1, size: 70, stroke: LOSS_COLOR, strokeWidth: 1.5 },
          encoding: {
            x,
            y: { field: 'loss', type: 'quantitative', scale: y },
            fill: { condition: { test: 'datum.nothing', value: 'transparent' }, value: LOSS_COLOR },
            size: { condition: { test: 'datum.answer', value: 220 }, value: 60 },
            shape: { condition: { test: 'datum.answer', value: 'diamond' }, value: 'circle' },
            tooltip: [
              { field: 'sleepText', type: 'nominal', title: 'Sleep' },
              { field: 'text', type: 'nominal', title: 'Requests lost' },
              { field: 'verdict', type: 'nominal', title: 'Against the limit' },
            ],
          },
        },
      ],
    },
  };
}

/** Everything that is above nothing, with the limit; intervals as far as they are not below half a value. */
function range(
  sleeps: readonly SleepResult[],
  values: readonly number[],
  maxLoss: number,
): { least: number; most: number } {
  const limits = maxLoss > 0 ? [maxLoss] : [];
  const highs = sleeps.flatMap(({ loss }) => loss!.high ?? []);
  const smallest = Math.min(...values, ...limits);
  return { least: smallest / 2 / ROOM, most: Math.max(...values, ...highs, ...limits) * ROOM };
}

function rowOf({ preStop }: PreStopResults, sleep: SleepResult, foot: number) {
  const { outcome } = preStop;
  const { value, low, high } = sleep.loss!;
  const atLeastFoot = (bound: number | null): number | null => (bound === null ? null : rounded(Math.max(bound, foot)));
  return {
    sleep: sleep.sleepSeconds,
    sleepText: `${sleep.sleepSeconds} s`,
    loss: rounded(Math.max(value, foot)),
    lossExact: rounded(value),
    low: low === null ? null : rounded(low),
    high: high === null ? null : rounded(high),
    lowDrawn: atLeastFoot(low),
    highDrawn: atLeastFoot(high),
    nothing: value === 0,
    answer: outcome.status === 'found' && outcome.sleepSeconds === sleep.sleepSeconds,
    verdict: sleepVerdict(preStop, sleep),
    text: lossText(sleep.loss),
  };
}
