/**
 * The three regimes of KEP-3453 on the official 5,000-node load test: the shipped scenario on fewer nodes (the latency of a node
 * does not depend on how many others there are), against the published medians and against the closed forms of saturated proxies.
 */

import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { CLUSTER_IP } from '../model/cluster/service-shape.js';
import { IptablesMode } from '../model/node/proxy-modes/iptables/iptables-mode.js';
import { SyncKind } from '../model/node/proxy-modes/proxy-mode.js';
import { loadExperiment } from '../scenario/load.js';
import { Histogram } from '../stats/histogram.js';
import { runReplication } from './replication.js';

const SECOND = 1e9;

const file = fileURLToPath(new URL('../../scenarios/published/kep-3453.yaml', import.meta.url));
const experiment = loadExperiment(file, { overrides: ['cluster.nodes=100'] });

const runs = new Map(
  experiment.variants.map(({ name, scenario }) => {
    const { distributions } = runReplication(scenario, 0);
    const of = (metric: keyof typeof distributions): Histogram => Histogram.fromSparse(distributions[metric]!);
    return [
      name,
      {
        observed: of('network_programming_duration_seconds'),
        programming: of('stage_proxy_wait_seconds').mean + of('stage_proxy_sync_seconds').mean,
      },
    ];
  }),
);

describe('the medians of the KEP, within 30 %', () => {
  it.each([
    ['full-10s', 27],
    ['partial-10s', 13],
    ['partial-1s', 5],
  ])('%s: about %i s', (name, seconds) => {
    const median = runs.get(name)!.observed.quantile(0.5);
    expect(median).toBeGreaterThan(0.7 * seconds);
    expect(median).toBeLessThan(1.3 * seconds);
  });

  it('and the tails, which nothing was fitted to: halved by partial syncs', () => {
    for (const p of [0.9, 0.99]) {
      const ratio = runs.get('partial-10s')!.observed.quantile(p) / runs.get('full-10s')!.observed.quantile(p);
      expect(ratio).toBeGreaterThan(0.4);
      expect(ratio).toBeLessThan(0.65);
    }
  });
});

describe('the closed forms: D + max(D, minSyncPeriod) / 2 from the delivery to the rules', () => {
  const SERVICES = 8100;
  const ENDPOINTS = 67_750;
  const GROUPS = [
    { count: 50, endpoints: 250 },
    { count: 600, endpoints: 30 },
    { count: 7450, endpoints: 5 },
  ];
  const mode = (partialSyncEnsuresChains: boolean) =>
    new IptablesMode(30 * SECOND, 'legacy', undefined, partialSyncEnsuresChains);
  const tables = new Float64Array(mode(false).quantities.length);
  for (const { count, endpoints } of GROUPS) {
    const counts = new Float64Array(tables.length);
    const usable = { cluster: endpoints, local: 0, reachable: endpoints, isAnywhere: true };
    mode(false).count(CLUSTER_IP, usable, counts);
    for (const quantity of tables.keys()) tables[quantity]! += count * counts[quantity]!;
  }
  const syncNs = (kind: SyncKind, changedLines: number, ensuresChains = false): number =>
    mode(ensuresChains).syncNs({
      kind,
      tables,
      changedLines,
      changedServices: changedLines / 100,
      changedEndpoints: changedLines / 100,
      cleansUp: false,
    });
  const speed = experiment.variants[0]!.scenario.cluster.nodeSpeedFactor;
  /** Pods are drawn by service size: 50 of 250, 600 of 30, 7,450 of 5 endpoints. */
  const linesPerChange = 1 + (3 * (50 * 250 ** 2 + 600 * 30 ** 2 + 7450 * 5 ** 2)) / ENDPOINTS;
  /** Services that change between two syncs: a pod is replaced in about 3 s, so that most count once or twice. */
  const linesIn = (seconds: number): number => 5 * (seconds + 3) * linesPerChange;
  const saturated = (dSeconds: number, mSeconds: number): number => dSeconds + Math.max(dSeconds, mSeconds) / 2;

  it('has the rules of the published load test', () => {
    expect(mode(false).natRules(tables)).toBe(219_455);
    expect(experiment.variants[0]!.scenario.services.reduce((sum, { count }) => sum + count, 0)).toBe(SERVICES);
  });

  it.each([
    ['full-10s', 10, syncNs(SyncKind.full, 0)],
    ['partial-10s', 10, syncNs(SyncKind.partial, linesIn(10), true)],
    ['partial-1s', 1, syncNs(SyncKind.partial, linesIn(3))],
  ])('%s', (name, minSyncPeriod, durationNs) => {
    const expected = saturated((speed * durationNs) / SECOND, minSyncPeriod);
    // Cleaning up every 30 s and the different speeds of nodes add a few percent to the closed form.
    const ratio = runs.get(name)!.programming / expected;
    expect(ratio).toBeGreaterThan(0.97);
    expect(ratio).toBeLessThan(1.1);
  });
});
