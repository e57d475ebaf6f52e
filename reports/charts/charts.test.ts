import { describe, expect, it } from 'vitest';

import type { Results } from '../../sim/experiment/results.js';
import { Histogram } from '../../sim/stats/histogram.js';
import { compileChart } from '../compile-chart.js';
import { contrast, parseColor } from '../testing/contrast.js';
import { distribution, histogram as samplesFrom, makeResults, variant } from '../testing/results-fixture.js';
import { bottleneckChart, comparisonChart, evidenceCharts } from './all-charts.js';
import type { Chart, DrawnChart } from './chart.js';
import { cumulativePoints } from './cumulative.js';
import { thinned } from './over-time.js';
import { withShortNames } from './short-names.js';
import { DATA_COLORS } from './style.js';

function allCharts(results: Results): Chart[] {
  return [comparisonChart(results) ?? [], bottleneckChart(results) ?? [], evidenceCharts(results)].flat();
}

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
  const charts = allCharts(results);

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
  const chart = allCharts(results).find((candidate) => candidate.id === id);
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

describe('latency against cost', () => {
  const periods = (...given: (readonly [period: string | null, cost: number])[]) =>
    makeResults({
      variants: given.map(([period, factor]) =>
        variant({
          name: period ?? 'baseline',
          factor,
          set: period === null ? {} : { 'kubeProxy.minSyncPeriod': period },
        }),
      ),
    });
  const layers = (results: Results) => (drawn('trade-off', results).spec as { layer: readonly Layer[] }).layer;
  const line = (results: Results) => layers(results)[0]!.data.values.filter(({ statistic }) => statistic === 'p50');

  it('has a point for each quantile of each variant, with the intervals of both numbers', () => {
    const { rows, table } = drawn('trade-off');
    expect(rows).toHaveLength(4);
    expect(rows[1]).toMatchObject({ variant: 'EndpointSlice', statistic: 'p99', cost: 4.2, costLow: 4, costHigh: 4.4 });
    expect(table.rows.map((row) => row[3])).toEqual(['4.2 s (4.0 to 4.4)', '10.1 s (9.6 to 10.6)']);
  });

  it('joins the values of one setting in their order, the baseline by its cost', () => {
    const results = periods([null, 2], ['10s', 1], ['500ms', 3]);
    expect(line(results).map(({ cost }) => cost)).toEqual([12.6, 8.4, 4.2]);
    expect(drawn('trade-off', results).takeaway).toContain('kubeProxy.minSyncPeriod');
  });

  it('joins nothing where variants differ in more than a number', () => {
    expect(line(makeResults())).toEqual([]);
    expect(drawn('trade-off').takeaway).not.toContain('Lines join');
  });

  it('is logarithmic where a linear axis would squeeze the small ones, and has no value beyond its end', () => {
    const results = periods(['1s', 1], ['10s', 40]);
    const spec = drawn('trade-off', results).spec as {
      encoding?: { x?: { scale?: { type: string; domain: number[] } } };
    };
    const { type, domain } = spec.encoding!.x!.scale!;
    expect(type).toBe('log');
    expect(domain[0]).toBeGreaterThan(0);
    expect(domain[0]).toBeLessThan(4);
    expect(domain[1]).toBeGreaterThan(176);
  });
});

interface Layer {
  readonly data: { readonly values: readonly { readonly statistic: string; readonly cost: number }[] };
}

describe('full and partial syncs', () => {
  it('are told apart, and the longest are named', () => {
    const { takeaway, table } = drawn('sync-kinds');
    expect(takeaway).toBe(
      'Longest full sync: 900 ms in EndpointSlice; 2.16 s in Endpoints. Longest partial sync: 200 ms in EndpointSlice; 480 ms in Endpoints.',
    );
    expect(table.rows.map((row) => row.slice(0, 3))).toEqual([
      ['EndpointSlice', 'full', '5,000'],
      ['EndpointSlice', 'partial', '5,000'],
      ['Endpoints', 'full', '5,000'],
      ['Endpoints', 'partial', '5,000'],
    ]);
  });

  it('stand beside the first ones where kube-proxies were started', () => {
    const started = (name: string, most: number) => {
      const made = variant({ name });
      const metric = 'kube_proxy_first_sync_seconds';
      const first = distribution(metric, samplesFrom(1, most, 500), 3);
      return { ...made, metrics: { ...made.metrics, [metric]: first } };
    };
    const results = makeResults({ variants: [started('ipvs', 3), started('nftables', 40)] });
    const { title, takeaway, table } = drawn('sync-kinds', results);
    expect(title).toBe('Full, partial and first syncs');
    expect(takeaway).toContain(
      'Longest from the start of a kube-proxy to the end of its first sync: 3 s in ipvs; 40 s in nftables.',
    );
    expect(table.rows.map((row) => row.slice(0, 3))).toContainEqual(['nftables', 'first', '500']);
  });

  it('have a chart where there was one kind only', async () => {
    const { sync_full_proxy_rules_duration_seconds: _, ...metrics } = variant().metrics;
    const { spec, table } = drawn('sync-kinds', makeResults({ variants: [{ ...variant(), metrics }] }));
    expect((await compileChart(spec)).svg).toContain('role-mark');
    expect(table.rows).toHaveLength(1);
  });

  it('have no chart where results do not tell them apart', () => {
    const {
      sync_full_proxy_rules_duration_seconds: _,
      sync_partial_proxy_rules_duration_seconds: __,
      ...metrics
    } = variant().metrics;
    const charts = allCharts(makeResults({ variants: [{ ...variant(), metrics }] }));
    expect(charts.map(({ id }) => id)).not.toContain('sync-kinds');
    expect(charts.map(({ id }) => id)).toContain('sync-duration');
  });
});

describe('the first packets of connections', () => {
  it('have a chart where the traffic of nodes was measured, and none elsewhere', () => {
    const metric = 'first_packet_latency_seconds';
    const made = variant({ name: 'nftables' });
    const traffic = {
      ...made,
      metrics: { ...made.metrics, [metric]: distribution(metric, samplesFrom(9e-6, 4e-5), 3) },
    };
    expect(drawn('first-packet', makeResults({ variants: [traffic] })).takeaway).toMatch(
      /^99% of the first packets of connections are answered within 39 µs/,
    );
    expect(allCharts(makeResults()).map(({ id }) => id)).not.toContain('first-packet');
  });
});

it('draws nothing about changes where there were none', () => {
  const none = { unit: 'count' as const, estimates: { value: { value: 0, low: 0, high: 0, replications: 3 } } };
  const resting = (name: string) => {
    const made = variant({ name, empty: true });
    return { ...made, metrics: { ...made.metrics, endpoint_writes_total: none } };
  };
  const charts = allCharts(makeResults({ variants: [resting('a'), resting('b')] }));
  expect(charts).toEqual([]);
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
