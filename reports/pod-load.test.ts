import { describe, expect, it } from 'vitest';

import { TRAFFIC_METRICS } from '../sim/traffic-metrics.js';
import { EVENNESS, figureTable, hopTradeOffInWords, hopTradeOffsOf, loadSentence, PATHS } from './pod-load.js';
import { estimate, makeResults, variant } from './testing/results-fixture.js';
import { withClients } from './testing/traffic-fixture.js';

const local = withClients(variant({ name: 'Local' }), {
  loads: [2, 1, 1],
  capacity: 1.5,
  secondHop: 0,
  sourceKept: 1,
});
const cluster = withClients(variant({ name: 'Cluster' }), { loads: [1, 1, 1], capacity: 1.5, secondHop: 0.5 });

it('has a line for every figure of load in the catalogue', () => {
  const measured = Object.keys(TRAFFIC_METRICS).filter((name) =>
    /^(pod|node)_load_|^pod_utilization_|_over_capacity_ratio$|_over_mean$/.test(name),
  );
  const shown = new Set<string>([...EVENNESS.map(({ metric }) => metric), 'pod_load_relative']);
  expect(measured.filter((name) => !shown.has(name))).toEqual([]);
});

describe('the sentence on load', () => {
  it('tells of the hottest pod, of capacity, and of the way', () => {
    expect(loadSentence(local)).toBe(
      'The hottest pod gets 1.50 (1.44 to 1.56) times the mean of its service; the Gini coefficient is 0.167 (0.160 to 0.173). 33% (32 to 35) of the pods are above their capacity. Of the requests, 0% take a second hop, and 100% (96 to 104) keep their source address.',
    );
  });

  it('needs no figure where the load is even', () => {
    const { pod_load_max_over_mean_peak: _, ...metrics } = cluster.metrics;
    expect(loadSentence({ ...cluster, metrics })).toMatch(
      /^All pods of a service get the same\. No pod is above its capacity\./,
    );
  });

  it('tells of a load that is even in the end only', () => {
    expect(loadSentence(cluster)).toMatch(
      /^In the end all pods of a service get the same; at the worst second the hottest got 1\.20 \(1\.15 to 1\.25\) times the mean\./,
    );
  });

  it('says nothing of capacity where none is known, and nothing at all without clients', () => {
    const { pods_over_capacity_ratio: _, ...metrics } = local.metrics;
    expect(loadSentence({ ...local, metrics })).not.toContain('capacity');
    expect(loadSentence(variant())).toBeNull();
  });
});

describe('the figures of load', () => {
  it('stand side by side, with a dash for a variant without', () => {
    const rows = figureTable(EVENNESS, makeResults({ variants: [local, cluster, variant()] }));
    expect(rows.map(({ label, cells }) => [label, ...cells])).toContainEqual([
      'Gini coefficient',
      '0.167 (0.160 to 0.173)',
      '0',
      '–',
    ]);
    for (const { reading } of rows) expect(reading).toMatch(/\.$/);
  });

  it('are left out where an even load makes them so in every variant', () => {
    const labels = figureTable(EVENNESS, makeResults({ variants: [cluster, variant()] })).map(({ label }) => label);
    expect(labels).toContain('Hottest pod, times the mean');
    expect(labels).not.toContain('Gini coefficient');
    expect(labels).not.toContain('Jain index');
  });

  it('are left out where no variant measured them', () => {
    expect(figureTable([...EVENNESS, ...PATHS], makeResults())).toEqual([]);
  });
});

describe('evenness against second hops', () => {
  it('has the variants that measured both', () => {
    const tradeOffs = hopTradeOffsOf(makeResults({ variants: [local, variant(), cluster] }));
    expect(tradeOffs.map(({ name }) => name)).toEqual(['Local', 'Cluster']);
  });

  const at = (name: string, hops: number, hottest: number) => ({
    name,
    hops: estimate(hops, 0),
    hottest: estimate(hottest, 0),
  });

  it.each([
    [
      'a trade',
      [at('Cluster', 0.9, 1), at('random', 0, 2.25), at('spread', 0, 1.5)],
      'spread has the fewest second hops: 0% second hops, and a hottest pod of 1.5 times the mean. Cluster has the most even load: 90% second hops, and a hottest pod of 1 times the mean.',
    ],
    [
      'none',
      [at('Cluster', 0.9, 1), at('spread', 0, 1)],
      'spread has both the fewest second hops and the most even load: 0% second hops, and a hottest pod of 1 times the mean.',
    ],
    ['nothing', [], ''],
  ])('%s', (_, tradeOffs, words) => {
    expect(hopTradeOffInWords(tradeOffs)).toBe(words);
  });
});
