/**
 * What others have measured of nftables mode against the model, which was fitted to none of it: one host factor per machine.
 *
 *   published value, model value on the reference machine --> implied host factors --> one for each machine --> what it misses
 */

import { describe, expect, it } from 'vitest';
import { CLUSTER_IP } from '../../../cluster/service-shape.js';
import { KUBE_PROXY_COSTS } from '../../../versions/rule-loading-costs.js';
import { IptablesMode } from '../iptables/iptables-mode.js';
import { type ProxyMode, SyncKind } from '../proxy-mode.js';
import { NftablesMode, type NftablesModeOptions } from './nftables-mode.js';
import { DEFAULT_RULESET_OPTIONS } from './nftables-ruleset.js';

const SECOND = 1e9;

/** Of 1.32, before and after the change to partial syncs; what a sync lists is known from one of the values below. */
const OPTIONS: NftablesModeOptions = {
  ...DEFAULT_RULESET_OPTIONS,
  nodePortAddresses: 'primary',
  listings: 'none',
  keepEndpointChainsOnStart: false,
};

const NFTABLES = new NftablesMode(OPTIONS);

/** Of `services` alike with `endpoints` in all, `changed` of which are new; on the reference machine. */
function syncSeconds(
  kind: SyncKind,
  services: number,
  endpoints: number,
  changed = 0,
  mode: ProxyMode = NFTABLES,
): number {
  if (services === 0) return 0;
  const perService = endpoints / services;
  const counts = { cluster: perService, local: 0, reachable: perService, isAnywhere: true };
  const tables = new Float64Array(mode.quantities.length);
  mode.count(CLUSTER_IP, counts, tables);
  const work = {
    kind,
    tables: tables.map((quantity) => quantity * services),
    changedServices: changed,
    changedLines: changed * mode.linesOfChangedService(CLUSTER_IP, counts),
    changedEndpoints: 0,
    goneEndpoints: 0,
    staleEndpoints: 0,
    cleansUp: mode.cleansUp(tables, Infinity),
  };
  return mode.syncNs(work) / SECOND;
}

/** client-go's limits of a controller: what the EndpointSlice controller writes when all services are created at once. */
const SLICES_PER_SECOND = 20;
const SLICES_AT_ONCE = 30;
const MIN_SYNC_PERIOD_SECONDS = 1;

/**
 * From the first of so many services of two endpoints to rules for all. Each sync covers what has been created before it starts,
 * and the next follows when it has ended and a second has passed.
 */
function creationSeconds(services: number, kind: SyncKind, hostFactor: number): number {
  let nowSeconds = 0;
  let covered = 0;
  while (covered < services) {
    const created = Math.min(services, Math.floor(SLICES_AT_ONCE + SLICES_PER_SECOND * nowSeconds));
    nowSeconds += hostFactor * syncSeconds(kind, created, 2 * created, created - covered);
    covered = created;
    if (covered < services) nowSeconds += MIN_SYNC_PERIOD_SECONDS;
  }
  return nowSeconds;
}

interface Measurement {
  readonly name: string;
  readonly seconds: number;
  readonly model: (hostFactor: number) => number;
}
interface Machine {
  readonly name: string;
  readonly measurements: readonly Measurement[];
}

const scaled = (name: string, seconds: number, referenceSeconds: number): Measurement => ({
  name,
  seconds,
  model: (hostFactor) => hostFactor * referenceSeconds,
});

const iptablesRestartSeconds = syncSeconds(SyncKind.first, 10_000, 20_000, 0, new IptablesMode(30 * SECOND));
const restartSeconds = syncSeconds(SyncKind.first, 10_000, 20_000);

const iptablesRestart = scaled('iptables, first sync after a restart, 10,000 x 2', 40.12, iptablesRestartSeconds);
const firstMachine: Machine = {
  name: 'kubernetes#130119, kernel 6.8.0-51',
  measurements: [scaled('nftables, first sync after a restart, 10,000 x 2', 194.38, restartSeconds)],
};
const secondMachine: Machine = {
  name: 'kubernetes#130119, kernel 6.8.5',
  measurements: [scaled('nftables, first sync after a restart, 10,000 x 2', 333.41, restartSeconds)],
};
const manyEndpoints: Machine = {
  name: 'kubernetes#135639, m6i.8xlarge, kernel 6.1.144',
  measurements: [
    scaled('full sync, 5,006 services, 250,011 endpoints', 795.34, syncSeconds(SyncKind.full, 5006, 250_011)),
  ],
};
const addOnePartial = scaled(
  'add one to 10,000 x 2, partial sync',
  0.141,
  syncSeconds(SyncKind.partial, 10_001, 20_002, 1),
);
/** Of kubernetes#126013, those that take minutes. */
const kind: Machine = {
  name: 'kubernetes#126013, a kind cluster',
  measurements: [
    {
      name: 'create 10,000 x 2, full syncs',
      seconds: 25 * 60,
      model: (factor) => creationSeconds(10_000, SyncKind.full, factor),
    },
    {
      name: 'create 10,000 x 2, partial syncs',
      seconds: 9 * 60,
      model: (factor) => creationSeconds(10_000, SyncKind.partial, factor),
    },
    scaled('add one to 10,000 x 2, full sync', 8 * 60, syncSeconds(SyncKind.full, 10_001, 20_002)),
  ],
};

/** Largest factor by which a value is missed, either way. */
const worstMiss = (measurements: readonly Measurement[], hostFactor: number): number =>
  Math.max(
    ...measurements.map(({ seconds, model }) => Math.max(model(hostFactor) / seconds, seconds / model(hostFactor))),
  );

/** The host factor between 0.2 and 50 with the smallest worst miss. */
function bestHostFactor(measurements: readonly Measurement[]): number {
  let best = Number.NaN;
  let smallestMiss = Infinity;
  for (let factor = 0.2; factor < 50; factor *= 1.04) {
    const miss = worstMiss(measurements, factor);
    if (miss >= smallestMiss) continue;
    smallestMiss = miss;
    best = factor;
  }
  return best;
}

const FACTOR_IN_WHICH_VALUES_LAND = 1.5;

describe('one host factor per machine', () => {
  it.each([firstMachine, secondMachine, manyEndpoints, kind])('$name', ({ name, measurements }) => {
    const hostFactor = bestHostFactor(measurements);
    const lines = measurements.map((measurement) => {
      const { name: what, seconds, model } = measurement;
      const missed = (model(hostFactor) / seconds).toFixed(2);
      return `  ${what}: ${seconds} s published, ${model(1).toFixed(1)} s here, ${model(hostFactor).toFixed(1)} s there (x ${missed})`;
    });
    console.log(`${name}: host factor ${hostFactor.toFixed(1)}\n${lines.join('\n')}`);
    expect(worstMiss(measurements, hostFactor)).toBeLessThan(FACTOR_IN_WHICH_VALUES_LAND);
    // Kernels of 6.1 and 6.8, where it is known which: all several times slower at this than the 6.18 of the reference machine.
    expect(hostFactor).toBeGreaterThan(4);
    expect(hostFactor).toBeLessThan(13);
  });
});

describe('what does not hold', () => {
  // nft's own reading of the table makes the time of a partial sync, the kernel's walk over anonymous sets that of a full one.
  // The kind cluster is as fast as the reference machine in the former and ten times slower in the latter, and one factor for
  // both cannot be. Its kernel is not known.
  it('the partial sync of one service on the kind cluster is ten times quicker than its full syncs let expect', () => {
    const hostFactor = bestHostFactor(kind.measurements);
    const missed = addOnePartial.model(hostFactor) / addOnePartial.seconds;
    console.log(
      `add one, partial sync: 0.141 s published, ${addOnePartial.model(1).toFixed(3)} s here, x ${missed.toFixed(1)} there`,
    );
    expect(missed).toBeGreaterThan(5);
    expect(missed).toBeLessThan(15);
  });

  it('taken by itself it is what the reference machine takes', () => {
    expect(worstMiss([addOnePartial], 1)).toBeLessThan(1.3);
  });

  // Half a millisecond for each of its rules: the machine of no other published iptables sync is as slow.
  it('iptables and nftables of one machine are four times further apart than published', () => {
    const pair = [iptablesRestart, ...firstMachine.measurements];
    const missed = worstMiss(pair, bestHostFactor(pair));
    const factors = pair.map(({ seconds, model }) => (seconds / model(1)).toFixed(1));
    console.log(
      `iptables and nftables of kubernetes#130119: host factors ${factors.join(' and ')}, missed by x ${missed.toFixed(2)}`,
    );
    expect(missed).toBeGreaterThan(1.5);
    expect(missed).toBeLessThan(2.5);
  });

  it('and would land at 1.5 if all that kube-proxy spends in iptables mode were spent on lines that it writes', () => {
    const { generatePerRule, generatePerLine } = KUBE_PROXY_COSTS;
    // Two lines for a service and three for an endpoint, all of them written.
    const lines = 2 * 10_000 + 3 * 20_000;
    const dearerSeconds = lines * (generatePerLine.range![1] - generatePerLine.value - generatePerRule.value);
    const pair = [
      scaled(iptablesRestart.name, iptablesRestart.seconds, iptablesRestartSeconds + dearerSeconds),
      ...firstMachine.measurements,
    ];
    expect(worstMiss(pair, bestHostFactor(pair))).toBeLessThan(1.55);
  });
});

describe('what a sync lists', () => {
  const addOneSeconds = (listings: NftablesModeOptions['listings']): number =>
    syncSeconds(SyncKind.partial, 10_001, 20_002, 1, new NftablesMode({ ...OPTIONS, listings }));

  it('cannot be the sets: 141 ms would need a machine thirty times faster than the reference', () => {
    expect(addOneSeconds('chains and sets') / addOnePartial.seconds).toBeGreaterThan(30);
  });

  it('can be the chains only on a machine twice as fast', () => {
    expect(addOneSeconds('chains') / addOnePartial.seconds).toBeGreaterThan(2);
  });
});
