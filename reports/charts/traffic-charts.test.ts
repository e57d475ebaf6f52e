import { describe, expect, it } from 'vitest';

import type { Results, VariantResult } from '../../sim/experiment/results.js';
import { compileChart } from '../compile-chart.js';
import { distribution, histogram, makeResults, variant, type VariantShape } from '../testing/results-fixture.js';
import { type TrafficShape, withClients } from '../testing/traffic-fixture.js';
import { loadCharts, lossCharts } from './all-charts.js';
import type { Chart, DrawnChart } from './chart.js';
import { workloadEvents } from './losses-over-time.js';

const STALE = 'requests_lost_stale_rules_total';
const BALANCER = 'requests_lost_load_balancer_total';
const FAILED = 'requests_lost_failed_pods_total';

const served = (shape: VariantShape, traffic: TrafficShape = {}): VariantResult => ({
  ...withClients(variant(shape), traffic),
  actions: [{ kind: 'rollingUpdate', service: 'web', atSeconds: 10 }],
});
const cluster = served({ name: 'Cluster' }, { lost: { [STALE]: 4000, [FAILED]: 1000 }, loads: [1, 1, 1] });
const local = served({ name: 'Local' }, { lost: { [BALANCER]: 9000 }, secondHop: 0 });
const two = makeResults({ variants: [cluster, local] });

const chartsOf = (results: Results): Chart[] => [...lossCharts(results), ...loadCharts(results)];

function drawn(id: string, results = two): DrawnChart {
  const chart = chartsOf(results).find((candidate) => candidate.id === id);
  if (chart === undefined || 'empty' in chart) throw new Error(`no chart ${id}`);
  return chart;
}

describe.each([
  ['two variants', two],
  ['one replication', makeResults({ variants: [served({ replications: 1 }, { lost: { [STALE]: 1 } })] })],
  ['a variant without clients', makeResults({ variants: [variant(), local] })],
  [
    'many variants',
    makeResults({
      variants: Array.from({ length: 12 }, (_, index) =>
        served({ name: `variant ${index}` }, { lost: { [STALE]: index }, loads: [1, index], secondHop: index / 11 }),
      ),
    }),
  ],
  ['loads over decades, some of 0', makeResults({ variants: [served({}, { loads: [0, 1, 1000] })] })],
])('charts of %s', (_, results) => {
  it.each(chartsOf(results).map((chart) => [chart.id, chart] as const))(
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
      expect(chart.rows.length).toBeLessThanOrEqual(1300);
    },
  );
});

it('are none without clients', () => {
  expect(chartsOf(makeResults())).toEqual([]);
});

it('are none of even loads and no losses', () => {
  const variants = [served({}, { loads: [2, 2] }), served({ name: 'b' }, { loads: [3] })];
  expect(chartsOf(makeResults({ variants }))).toEqual([]);
});

describe('requests lost by cause', () => {
  it('are shares of the requests, in the order in which a request meets the causes', () => {
    const { rows, takeaway } = drawn('losses-by-cause');
    expect(rows.map((row) => [row['variant'], row['cause'], row['share']])).toEqual([
      ['Cluster', 'Stale rules', 0.004],
      ['Cluster', 'Failed pods', 0.001],
      ['Local', 'Load balancer not drained', 0.009],
    ]);
    expect(takeaway).toBe(
      'Requests lost: 0.5% (most: Stale rules) in Cluster; 0.9% (all: Load balancer not drained) in Local.',
    );
  });

  it('give a cause the same colour whatever other causes there are', () => {
    const colorOf = (results: Results, cause: string) => {
      const { encoding } = drawn('losses-by-cause', results).spec as unknown as {
        encoding: { color: { scale: { domain: string[]; range: string[] } } };
      };
      const { domain, range } = encoding.color.scale;
      return range[domain.indexOf(cause)];
    };
    const alone = makeResults({ variants: [served({}, { lost: { [STALE]: 1 } })] });
    expect(colorOf(alone, 'Stale rules')).toBe(colorOf(two, 'Stale rules'));
    expect(colorOf(two, 'Load balancer not drained')).not.toBe(colorOf(two, 'Stale rules'));
  });

  it('need no picture where nothing was lost', () => {
    expect(lossCharts(makeResults({ variants: [served({})] }))).toEqual([]);
  });
});

describe('requests lost over time', () => {
  it('stand beside the time of the workload', () => {
    expect(drawn('losses-over-time').takeaway).toBe(
      'Peak: 262/s at 25 s in Cluster; 471/s at 25 s in Local. Dashed: rollingUpdate of web at 10 s. Shaded: until all changes are on every node in every variant, at 104 s.',
    );
  });

  it('have a curve for a variant without losses, and one of the same length for one that loses less', () => {
    const early = { ...cluster.series.requests_lost_per_second!, values: [0, 5] };
    const { requests_lost_per_second: _, ...others } = local.series;
    const none = served({ name: 'none' });
    const results = makeResults({
      variants: [
        { ...cluster, series: { ...cluster.series, requests_lost_per_second: early } },
        { ...none, series: others },
        local,
        variant({ name: 'no clients' }),
      ],
    });
    const { rows, table } = drawn('losses-over-time', results);
    const lastTimes = ['Cluster', 'none', 'Local'].map((name) =>
      Math.max(...rows.filter((row) => row['variant'] === name).map((row) => Number(row['time']))),
    );
    expect(new Set(lastTimes).size).toBe(1);
    expect(lastTimes[0]).toBeGreaterThan(100);
    expect(table.rows).toEqual([
      ['Cluster', '5,000', '5/s', '100 ms', '200 ms'],
      ['none', '0', '0/s', '–', '–'],
      ['Local', '9,000', '471/s', '10.1 s', '40 s'],
    ]);
  });

  it('have an upright line for each action, once though several variants have it', () => {
    const at = (atSeconds: number) => ({ kind: 'scale', service: 'web', atSeconds });
    const variants = [
      { ...cluster, actions: [at(30), at(20)] },
      { ...local, actions: [at(20), { kind: 'failOverControllerManager', service: null, atSeconds: 5 }] },
    ];
    const events = workloadEvents(makeResults({ variants }))!;
    expect(events.moments).toEqual([
      { seconds: 5, label: 'failOverControllerManager at 5 s' },
      { seconds: 20, label: 'scale of web at 20 s' },
      { seconds: 30, label: 'scale of web at 30 s' },
    ]);
    expect(events.endSeconds).toBe(114);
  });

  it('do without where results do not say when that was', () => {
    const { actions: _, ...older } = cluster;
    expect(workloadEvents(makeResults({ variants: [older] }))).toBeNull();
    const { workload_duration_seconds: __, ...metrics } = cluster.metrics;
    const cutOff = workloadEvents(makeResults({ variants: [{ ...cluster, metrics }] }))!;
    expect(cutOff).toMatchObject({ endSeconds: null, sentence: 'Dashed: rollingUpdate of web at 10 s.' });
  });
});

describe('the load of pods', () => {
  it('is an upright line where all get the same', () => {
    const { rows } = drawn('pod-load');
    const even = rows.filter((row) => row['variant'] === 'Cluster');
    expect(even.map((row) => [row['value'], row['fraction']])).toEqual([
      [1, 0],
      [1, 0],
      [1, 1],
    ]);
  });

  it('says how much the hottest pods get', () => {
    expect(drawn('pod-load').takeaway).toBe(
      'In multiples of the mean of their service, 99% of the pods get at most 1.00 (0.96 to 1.04) in Cluster; 1.50 (1.44 to 1.56) in Local.',
    );
  });
});

it('shows response times where requests are followed one by one', () => {
  const metric = 'request_duration_seconds';
  const followed = { ...local, metrics: { ...local.metrics, [metric]: distribution(metric, histogram(0.01, 2), 3) } };
  const results = makeResults({ variants: [cluster, followed] });
  expect(drawn('response-time', results).takeaway).toMatch(/^99% of the answered requests take at most 1\.9/);
  expect(chartsOf(two).map(({ id }) => id)).not.toContain('response-time');
});

describe('the hottest pod against second hops', () => {
  it('has a point for each variant, with the intervals of both numbers', () => {
    const { rows, takeaway } = drawn('hop-trade-off');
    expect(rows).toMatchObject([
      { variant: 'Cluster', hops: 0.9, hopsLow: 0.864, hopsHigh: 0.936, hottest: 1, hottestHigh: 1.04 },
      { variant: 'Local', hops: 0, hottest: 1.5, hottestLow: 1.44 },
    ]);
    expect(takeaway).toContain('Local has the fewest second hops');
    expect(takeaway).toContain('Cluster has the most even load');
  });

  it('has nothing to weigh in a single variant', () => {
    expect(loadCharts(makeResults({ variants: [local] })).map(({ id }) => id)).toEqual(['pod-load']);
  });
});
