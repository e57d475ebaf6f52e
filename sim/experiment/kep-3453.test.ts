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
  const GROUPS = [
    { services: 50, endpoints: 250 },
    { services: 600, endpoints: 30 },
    { services: 7450, endpoints: 5 },
  ];
  const ENDPOINTS = 67_750;
  const speed = experiment.variants[0]!.scenario.cluster.nodeSpeedFactor;
  const everywhere = (count: number) => ({ cluster: count, local: 0, reachable: count, isAnywhere: count > 0 });
  const modeOf = (partialSyncEnsuresChains: boolean): IptablesMode =>
    new IptablesMode(30 * SECOND, 'legacy', undefined, partialSyncEnsuresChains);
  const mode = modeOf(false);
  const tables = new Float64Array(mode.quantities.length);
  const counts = new Float64Array(mode.quantities.length);
  /** Of the service of a pod, every pod equally likely. */
  let linesPerChange = 0;
  for (const { services, endpoints } of GROUPS) {
    mode.count(CLUSTER_IP, everywhere(endpoints), counts);
    counts.forEach((count, quantity) => (tables[quantity]! += services * count));
    const lines = mode.linesOfChangedService(CLUSTER_IP, everywhere(endpoints));
    linesPerChange += (lines * services * endpoints) / ENDPOINTS;
  }
  const SYNC_PERIOD_SECONDS = 30;
  /**
   * Mean of the syncs that are `secondsBetween` apart. Five pods are replaced a second, each in about 3 s, so that most of their
   * services change once or twice between syncs. A sync cleans up when the last that did is more than a syncPeriod ago.
   */
  const syncSeconds = (kind: SyncKind, secondsBetween: number, ensuresChains: boolean): number => {
    const changedServices = 5 * (secondsBetween + 3);
    const changedLines = changedServices * linesPerChange;
    const work = {
      kind,
      tables,
      changedServices,
      changedLines,
      changedEndpoints: changedServices,
      goneEndpoints: 0,
      staleEndpoints: 0,
    };
    const secondsOf = (cleansUp: boolean): number =>
      (speed * modeOf(ensuresChains).syncNs({ ...work, cleansUp })) / SECOND;
    // From the end of that one to the next start.
    const gapSeconds = Math.max(0, secondsBetween - secondsOf(true));
    const syncsPerCleanUp = Math.floor((SYNC_PERIOD_SECONDS - gapSeconds) / secondsBetween) + 2;
    return secondsOf(false) + (secondsOf(true) - secondsOf(false)) / syncsPerCleanUp;
  };
  const saturated = (dSeconds: number, mSeconds: number): number => dSeconds + Math.max(dSeconds, mSeconds) / 2;

  it('has the rules of the published load test', () => {
    expect(mode.natRules(tables)).toBe(219_455);
    const { services } = experiment.variants[0]!.scenario;
    expect(services.map(({ count, endpoints }) => ({ services: count, endpoints }))).toEqual(GROUPS);
  });

  it.each([
    ['full-10s', 10, syncSeconds(SyncKind.full, 15, false)],
    ['partial-10s', 10, syncSeconds(SyncKind.partial, 10, true)],
    ['partial-1s', 1, syncSeconds(SyncKind.partial, 3, false)],
  ])('%s', (name, minSyncPeriod, seconds) => {
    // The different speeds of nodes, and syncs that collect more changes as they take longer, add a few percent.
    const ratio = runs.get(name)!.programming / saturated(seconds, minSyncPeriod);
    expect(ratio).toBeGreaterThan(0.97);
    expect(ratio).toBeLessThan(1.1);
  });
});
