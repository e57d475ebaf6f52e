import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLUSTER_IP } from '../../../cluster/service-shape.js';
import { KUBE_PROXY_COSTS, MEASURED_FIXED_CHAINS } from '../../../versions/rule-loading-costs.js';
import { SyncKind } from '../proxy-mode.js';
import type { IptablesBackend, IptablesBackendName } from './iptables-backend.js';
import { IPTABLES_LEGACY } from './iptables-legacy.js';
import { IptablesMode } from './iptables-mode.js';
import { IPTABLES_NFT } from './iptables-nft.js';
import {
  canaryCheckNs,
  cleanUpNs,
  ensureJumpsNs,
  fullSyncNs,
  generateNs,
  type IptablesTables,
  partialSyncNs,
  restorePartNs,
  syncAfterBootNs,
} from './iptables-sync-cost.js';

const BACKENDS = { legacy: IPTABLES_LEGACY, nft: IPTABLES_NFT };

type Operation =
  | 'restoreIntoEmpty'
  | 'restoreAll'
  | 'restorePart'
  | 'restoreOwnChains'
  | 'save'
  | 'listChain'
  | 'ensureRule'
  | 'deleteChains';

interface Cell extends Record<Operation, number> {
  readonly backend: IptablesBackendName;
  readonly services: number;
  readonly endpointsPerService: number;
  readonly natRules: number;
}
const { cells } = JSON.parse(readFileSync(new URL('iptables-sync-cost.cases.json', import.meta.url), 'utf8')) as {
  readonly cells: readonly Cell[];
};

const tablesOf = ({ services, endpointsPerService, natRules }: Cell): IptablesTables => ({
  natRules,
  natChains: MEASURED_FIXED_CHAINS.value + services * (1 + endpointsPerService),
  dispatchLines: services,
  nodePortLines: 0,
  filterRules: 0,
});

const nameOf = (operation: Operation, cell: Cell): string =>
  `${cell.backend} ${operation} of ${cell.services} services x ${cell.endpointsPerService}`;

/** Lines of the one changed service's own chains. */
const ownLines = (cell: Cell): number => 1 + 3 * cell.endpointsPerService;
const FIXED_LINES = 5;

const model: Record<Operation, (backend: IptablesBackend, tables: IptablesTables, cell: Cell) => number> = {
  restoreIntoEmpty: (backend, { natRules, natChains }) => backend.restoreIntoEmptyNs(natRules, natChains),
  restoreAll: (backend, { natRules, natChains }) => backend.restoreAllNs(natRules, natChains),
  restorePart: (backend, tables, cell) =>
    restorePartNs(backend, tables, FIXED_LINES + tables.dispatchLines + ownLines(cell)),
  restoreOwnChains: (backend, { natRules, natChains }, cell) =>
    backend.restorePartNs(natRules, natChains, ownLines(cell)),
  save: (backend, { natRules, natChains }) => backend.saveNs(natRules, natChains),
  listChain: (backend, { natRules, natChains }) => backend.listChainNs(natRules, natChains),
  ensureRule: (backend, { natRules, natChains, dispatchLines }) =>
    backend.ensureRuleNs(natRules, natChains, dispatchLines),
  deleteChains: (backend, { natRules, natChains }, cell) =>
    backend.restorePartNs(natRules, natChains, ownLines(cell)) + backend.deleteChainsNs(natRules, natChains),
};

const deviationsOf = (operation: Operation, measured: readonly Cell[]) =>
  measured.map((cell) => ({
    name: nameOf(operation, cell),
    deviation: model[operation](BACKENDS[cell.backend], tablesOf(cell), cell) / (cell[operation] * 1e9) - 1,
  }));

/** In sample: the constants were fitted to these tables. What this guards is that formula, constants and counts belong together. */
describe('the measured tables, within 30 %', () => {
  const operations = Object.keys(model).filter((operation) => operation !== 'deleteChains') as Operation[];
  const deviations = operations.flatMap((operation) => deviationsOf(operation, cells));
  const misses = deviations.filter(({ deviation }) => !(Math.abs(deviation) <= 0.3));

  it('are all of both backends', () => {
    expect(
      cells
        .map(({ backend }) => backend)
        .sort()
        .join(' '),
    ).toBe([...Array<string>(28).fill('legacy'), ...Array<string>(18).fill('nft')].join(' '));
    expect(deviations.length).toBe(7 * 46);
  });

  it('holds for 24 cells of 25', () => {
    const list = misses.map((miss) => `  ${miss.name}: ${(100 * miss.deviation).toFixed(0)} %`).join('\n');
    console.log(`${misses.length} of ${deviations.length} cells are off by more than 30 %:\n${list}`);
    expect(misses.length / deviations.length).toBeLessThanOrEqual(0.04);
  });

  it('misses by a factor of three at most, and no full restore', () => {
    for (const { deviation } of misses) expect(deviation).toBeGreaterThan(-0.67);
    for (const { deviation } of misses) expect(deviation).toBeLessThan(0.5);
    expect(misses.filter(({ name }) => /restoreIntoEmpty|restoreAll/.test(name))).toEqual([]);
  });

  it('holds for restores that delete chains, where the deletion counts', () => {
    const large = cells.filter((cell) => tablesOf(cell).natChains > (cell.backend === 'nft' ? 1000 : 50_000));
    const off = deviationsOf('deleteChains', large).filter(({ deviation }) => Math.abs(deviation) > 0.3);
    console.log(off.map((miss) => `  ${miss.name}: ${(100 * miss.deviation).toFixed(0)} %`).join('\n'));
    expect(off.length / large.length).toBeLessThanOrEqual(0.1);
  });
});

describe('held out: a published log that the restore costs were not fitted to', () => {
  it('kubernetes#138073: 38,841 lines into the table of 3,595 services with 138,792 endpoints take 1.52 s', () => {
    const restoreNs = restorePartNs(IPTABLES_LEGACY, publishedTables(3595, 138_792), 38_841);
    // 1.55 s. On another machine, so that the agreement of the last percents is luck.
    expect(Math.abs(restoreNs / 1.52e9 - 1)).toBeLessThan(0.3);
  });

  it('and in sample: kube-proxy generates them in 1.29 s', () => {
    const { natRules } = publishedTables(3595, 138_792);
    expect(natRules).toBe(423_571);
    expect(generateNs(natRules, 38_841) / 1e9).toBeCloseTo(1.29, 1);
  });
});

/** ClusterIP services, with kube-proxy's four filter rules. */
function publishedTables(services: number, endpoints: number): IptablesTables {
  return {
    natRules: FIXED_LINES + 2 * services + 3 * endpoints,
    natChains: MEASURED_FIXED_CHAINS.value + services + endpoints,
    dispatchLines: services,
    nodePortLines: 0,
    filterRules: 4,
  };
}

describe.each([IPTABLES_LEGACY, IPTABLES_NFT])('a sync with backend $name', (backend) => {
  const tables = publishedTables(5000, 25_000);
  const written = FIXED_LINES + 5000 + 16;

  it('is the sum of its commands', () => {
    const { natRules, natChains, filterRules } = tables;
    expect(partialSyncNs(backend, tables, written)).toBeCloseTo(
      generateNs(natRules + filterRules, written + filterRules) + restorePartNs(backend, tables, written),
      3,
    );
    expect(fullSyncNs(backend, tables)).toBeCloseTo(
      ensureJumpsNs(backend, tables) +
        generateNs(natRules + filterRules, natRules + filterRules) +
        backend.restoreAllNs(natRules + filterRules, natChains),
      3,
    );
    expect(cleanUpNs(backend, tables, true) - cleanUpNs(backend, tables, false)).toBeCloseTo(
      backend.deleteChainsNs(natRules, natChains),
      3,
    );
    expect(generateNs(0, 1)).toBeCloseTo(KUBE_PROXY_COSTS.generatePerLine.value * 1e9, 6);
    expect(generateNs(1, 0)).toBeCloseTo(KUBE_PROXY_COSTS.generatePerRule.value * 1e9, 6);
  });

  it('is cheaper when partial, grows with what it writes, and at most costs a full restore', () => {
    let previousNs = 0;
    for (let lines = written; lines <= tables.natRules; lines += 1000) {
      const ns = restorePartNs(backend, tables, lines);
      expect(ns).toBeGreaterThanOrEqual(previousNs);
      expect(ns).toBeLessThanOrEqual(backend.restoreAllNs(tables.natRules + tables.filterRules, tables.natChains));
      previousNs = ns;
    }
    expect(partialSyncNs(backend, tables, tables.natRules)).toBeLessThan(fullSyncNs(backend, tables));
  });

  it('is cheaper into empty tables than over the same rules', () => {
    expect(syncAfterBootNs(backend, tables)).toBeLessThan(fullSyncNs(backend, tables));
    expect(syncAfterBootNs(backend, tables)).toBeGreaterThan(partialSyncNs(backend, tables, written));
  });
});

describe('the mode', () => {
  const mode = new IptablesMode(30e9);
  const endpoints = { cluster: 5, local: 0, reachable: 5, isAnywhere: true };
  const counts = new Float64Array(mode.quantities.length);
  mode.count(CLUSTER_IP, endpoints, counts);
  const tables = counts.map((quantity) => 5000 * quantity);
  const work = (kind: SyncKind, changed: number, cleansUp: boolean) => ({
    kind,
    tables,
    changedServices: changed,
    changedLines: changed * mode.linesOfChangedService(CLUSTER_IP, endpoints),
    changedEndpoints: changed,
    goneEndpoints: changed,
    staleEndpoints: changed,
    cleansUp,
  });

  it('says what the metrics of a node say', () => {
    expect(mode.natRules(tables)).toBe(5 + 5000 * 17);
    expect(mode.linesOfPartialSync(tables, 16)).toBe(5 + 5000 + 16);
    expect(mode.filterRules(tables)).toBe(4);
    expect(mode.isRefused(tables)).toBe(false);
    expect(mode.isRefused(tables.map((quantity) => 20 * quantity))).toBe(true);
    expect(new IptablesMode(30e9, 'nft').isRefused(tables.map((quantity) => 20 * quantity))).toBe(false);
  });

  it('takes for a sync what the cost model says', () => {
    const model5000 = publishedTables(5000, 25_000);
    expect(mode.syncNs(work(SyncKind.partial, 1, false))).toBe(
      Math.round(partialSyncNs(IPTABLES_LEGACY, model5000, 5 + 5000 + 16)),
    );
    expect(mode.syncNs(work(SyncKind.full, 1, true))).toBe(
      Math.round(fullSyncNs(IPTABLES_LEGACY, model5000) + cleanUpNs(IPTABLES_LEGACY, model5000, true)),
    );
    expect(mode.syncNs(work(SyncKind.first, 0, true))).toBe(
      Math.round(fullSyncNs(IPTABLES_LEGACY, model5000) + cleanUpNs(IPTABLES_LEGACY, model5000, false)),
    );
    expect(mode.syncNs(work(SyncKind.firstAfterBoot, 0, true))).toBe(
      Math.round(syncAfterBootNs(IPTABLES_LEGACY, model5000)),
    );
    expect(mode.backgroundNs(tables)).toBe(Math.round(canaryCheckNs(IPTABLES_LEGACY, model5000)));
  });

  it('makes sure of chains and jumps in every sync, if told so', () => {
    const upTo126 = new IptablesMode(30e9, 'legacy', undefined, true);
    const extraNs = (kind: SyncKind): number =>
      upTo126.syncNs(work(kind, 1, false)) - mode.syncNs(work(kind, 1, false));
    const ensuringNs = ensureJumpsNs(IPTABLES_LEGACY, publishedTables(5000, 25_000));
    expect(Math.abs(extraNs(SyncKind.partial) - ensuringNs)).toBeLessThanOrEqual(1);
    expect(extraNs(SyncKind.full)).toBe(0);
  });

  it('spends more on a look at the canary in a legacy table, and the same at any size with nf_tables', () => {
    const larger = tables.map((quantity) => 4 * quantity);
    const nft = new IptablesMode(30e9, 'nft');
    expect(mode.backgroundNs(larger)).toBeGreaterThan(4 * mode.backgroundNs(tables));
    expect(nft.backgroundNs(larger)).toBe(nft.backgroundNs(tables));
  });
});

/**
 * Published times of machines that nobody has here: what the model says for the reference machine, and the factor between. One
 * factor holds for one cluster, so that only series of one cluster can be wrong in shape.
 */
describe('published sync times', () => {
  const seconds = (ns: number): number => ns * 1e-9;
  const list = (rows: readonly { name: string; published: number; model: number }[]): string =>
    rows
      .map(
        ({ name, published, model: modelled }) =>
          `  ${name}: published ${published} s, model ${modelled.toFixed(3)} s, factor ${(published / modelled).toFixed(1)}`,
      )
      .join('\n');
  const restart = (backend: IptablesBackend): number => {
    const tables = publishedTables(10_000, 20_000);
    return seconds(fullSyncNs(backend, tables) + cleanUpNs(backend, tables, false));
  };
  const single = [
    {
      name: 'kubernetes#130119, first sync of 10,000 services x 2, legacy',
      published: 40.12,
      model: restart(IPTABLES_LEGACY),
    },
    { name: 'the same, nft', published: 40.12, model: restart(IPTABLES_NFT) },
    {
      name: 'kubernetes#111219, full sync of 117 services with 215 endpoints',
      published: 0.17566,
      model: seconds(
        fullSyncNs(IPTABLES_LEGACY, { ...publishedTables(117, 215), natRules: 897, natChains: 338 }) +
          cleanUpNs(IPTABLES_LEGACY, publishedTables(117, 215), true),
      ),
    },
    {
      name: 'kubernetes#138073, partial sync of 38,841 lines, 3,595 services with 138,792 endpoints',
      published: 2.838,
      model: seconds(partialSyncNs(IPTABLES_LEGACY, publishedTables(3595, 138_792), 38_841)),
    },
    ...[0.7, 0.27].map((published) => ({
      name: 'kubernetes#36006, iptables-restore of 1,000 services (x 1 assumed), kernel 4.6',
      published,
      model: seconds(IPTABLES_LEGACY.restoreAllNs(5005, 2020)),
    })),
  ];
  // A full sync each time, as before KEP-3453. How many endpoints a service has is not said: one is assumed.
  const addService = [
    [1, 0.077],
    [100, 0.1],
    [500, 0.491],
    [1000, 1.302],
    [1500, 2.476],
    [2000, 2.662],
    [5000, 6.547],
    [10_000, 9.491],
    [15_000, 15.125],
    [20_000, 20],
  ].map(([services, published]) => ({
    name: `flftuu.com 2019, one more service than ${services}`,
    published: published!,
    model: seconds(
      fullSyncNs(IPTABLES_LEGACY, publishedTables(services!, services!)) +
        cleanUpNs(IPTABLES_LEGACY, publishedTables(services!, services!), false),
    ),
  }));
  console.log(`published sync times\n${list([...single, ...addService])}`);

  it('are none of them shorter than on the reference machine by more than a fifth', () => {
    for (const { name, published, model: modelled } of [...single, ...addService]) {
      if (!name.includes('nft')) expect(published / modelled).toBeGreaterThan(0.8);
    }
  });

  // Misses, seen and left: with 500 services the factor is two thirds, with 1 and 100 a quarter of what it is with more. There
  // the fixed costs of commands count, which a slow machine seems to make less slow than the work on large tables.
  it('of one cluster have one factor within 50 % from 1,000 to 20,000 services, and a smaller one below', () => {
    const factors = addService.map(({ published, model: modelled }) => published / modelled);
    const ofMany = factors.slice(3);
    const mean = Math.exp(ofMany.reduce((sum, factor) => sum + Math.log(factor), 0) / ofMany.length);
    for (const factor of ofMany) expect(Math.abs(Math.log(factor / mean))).toBeLessThan(Math.log(1.5));
    for (const factor of factors.slice(0, 3)) expect(mean / factor).toBeGreaterThan(1.5);
    for (const factor of factors.slice(0, 3)) expect(mean / factor).toBeLessThan(4.5);
  });
});
