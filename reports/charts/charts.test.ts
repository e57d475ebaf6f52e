import { describe, expect, it } from 'vitest';

import { Histogram } from '../../sim/stats/histogram.js';
import { compileChart } from '../compile-chart.js';
import { contrast, parseColor } from '../testing/contrast.js';
import { distribution, makeResults, variant } from '../testing/results-fixture.js';
import { bottleneckChart, evidenceCharts } from './all-charts.js';
import type { DrawnChart } from './chart.js';
import { cumulativePoints } from './cumulative.js';
import { thinned } from './over-time.js';
import { withShortNames } from './short-names.js';
import { DATA_COLORS } from './style.js';

const many = Array.from({ length: 12 }, (_, index) => variant({ name: `variant ${index}`, factor: 1 + index }));

describe.each([
  ['two variants', makeResults()],
  ['one replication', makeResults({ variants: [variant({ replications: 1 })] })],
  [
    'variants with one and with more replications',
    makeResults({ variants: [variant({ replications: 1 }), variant({ name: 'b' })] }),
  ],
  ['many variants', makeResults({ variants: many })],
  ['one variant without samples', makeResults({ variants: [variant(), variant({ name: 'idle', empty: true })] })],
  ['nothing', makeResults({ variants: [variant({ empty: true })] })],
])('charts of %s', (_, results) => {
  const charts = [bottleneckChart(results), ...evidenceCharts(results)];

  it.each(charts.map((chart) => [chart.id, chart] as const))(
    '%s compiles, or says why it is empty',
    async (_id, chart) => {
      if ('empty' in chart) {
        expect(chart.empty).toMatch(/\.$/);
        return;
      }
      const { svg } = await compileChart(chart.spec);
      expect(svg).toContain('role-mark');
      expect(chart.spec.description).toContain(chart.title);
      expect(chart.takeaway).toMatch(/[^.]\.$/);
      expect(`${svg}${chart.takeaway}`).not.toMatch(/NaN|undefined|Infinity/);
    },
  );

  it('have modest data', () => {
    for (const chart of charts) if (!('empty' in chart)) expect(chart.rows.length).toBeLessThanOrEqual(1300);
  });
});

function drawn(id: string, results = makeResults()): DrawnChart {
  const chart = [bottleneckChart(results), ...evidenceCharts(results)].find((candidate) => candidate.id === id);
  if (chart === undefined || 'empty' in chart) throw new Error(`no chart ${id}`);
  return chart;
}

describe('what a chart says', () => {
  it('names the largest stage', () => {
    expect(drawn('npl-by-stage').takeaway).toBe(
      'The largest stage is kube-proxy sync: 18% of 3.66 s in EndpointSlice; 18% of 8.79 s in Endpoints.',
    );
  });

  it('names no variant when there is one, and only the extremes of many', () => {
    const one = makeResults({ variants: [variant()] });
    expect(drawn('sync-cpu', one).takeaway).toBe('CPU time of all syncs of a node: 4.2 s (4.0 to 4.4).');
    expect(drawn('sync-cpu', makeResults({ variants: many })).takeaway).toContain('in variant 0 (least) to');
  });

  it('gives the peak of the full curve', () => {
    const results = makeResults({ variants: [variant()] });
    const values = results.variants[0]!.series.watch_events_per_second!.values.map((value) => value ?? 0);
    const row = drawn('watch-events', results).table.rows[0]!;
    expect(row[2]).toBe(`${(Math.max(...values) / 1000).toFixed(1)}k/s`);
  });
});

describe('the cumulative curve', () => {
  it('rises from 0 to 1 with at most 200 points, and is true to the histogram', () => {
    const points = cumulativePoints(variant(), 'network_programming_true_seconds', 200);
    const histogram = Histogram.fromSparse(variant().metrics.network_programming_true_seconds!.histogram!);
    expect(points.length).toBeLessThanOrEqual(200);
    expect(points[0]!.fraction).toBe(0);
    expect(points.at(-1)).toEqual({ value: histogram.max, fraction: 1 });
    for (const { value, fraction } of points.slice(1)) {
      expect(value).toBeCloseTo(histogram.quantile(fraction), 1);
    }
  });

  it('is upright where many samples have one value', () => {
    const histogram = new Histogram();
    histogram.recordMany(1, 50);
    histogram.recordMany(8, 50);
    const metric = 'network_programming_true_seconds';
    const spiky = { ...variant(), metrics: { [metric]: distribution(metric, histogram.toSparse(), 3) } };
    const points = cumulativePoints(spiky, metric, 200);
    expect(points.map(({ fraction }) => fraction)).toEqual([0, 0, 0.5, 0.5, 1]);
    expect(points.slice(-2).map(({ value }) => value)).toEqual([8, 8]);
  });
});

it('thins by the greatest of neighbours, and leaves gaps where nothing was', () => {
  const bins = [1, 3, null, 5, null, null, 7].map((value, index) => ({ seconds: index, value }));
  expect(thinned(bins, 4)).toEqual([
    { seconds: 0, value: 3 },
    { seconds: 2, value: 5 },
    { seconds: 4, value: null },
    { seconds: 6, value: 7 },
  ]);
});

it('shortens names, keeps them apart, and cuts no emoji in half', () => {
  const long = '😀'.repeat(300);
  const { variants } = withShortNames(
    makeResults({ variants: [variant({ name: long }), variant({ name: `${long}b` })] }),
  );
  expect(variants.map(({ name }) => name)).toEqual([`${'😀'.repeat(31)}…`, `${'😀'.repeat(31)}… (2)`]);
});

it.each(DATA_COLORS)('%s can be told from a light and from a dark ground', (color) => {
  expect(contrast(parseColor(color), parseColor('#ffffff'))).toBeGreaterThan(3);
  expect(contrast(parseColor(color), parseColor('#14171b'))).toBeGreaterThan(3);
});
