import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KUBE_PROXY_COSTS } from '../../../versions/costs.js';
import { natChains, natRules, natRulesOfPartialSync, serviceChainRules } from './iptables-rules.js';
import { commandNs, fullRestoreNs, fullSyncNs, partialRestoreNs, partialSyncNs, saveNs } from './iptables-sync-cost.js';

interface Cell {
  readonly services: number;
  readonly endpointsPerService: number;
  readonly fullResync: number;
  readonly partial: number;
  readonly save: number;
  readonly command: number;
}
const { cells } = JSON.parse(readFileSync(new URL('iptables-sync-cost.cases.json', import.meta.url), 'utf8')) as {
  readonly cells: readonly Cell[];
};

const table = ({ services, endpointsPerService }: Cell) => {
  const endpoints = services * endpointsPerService;
  return { rules: natRules(services, endpoints), chains: natChains(services, endpoints) };
};

const operations: readonly {
  readonly name: 'fullResync' | 'partial' | 'save' | 'command';
  readonly modelNs: (cell: Cell) => number;
}[] = [
  { name: 'fullResync', modelNs: (cell) => fullRestoreNs(table(cell).rules, table(cell).chains) },
  {
    name: 'partial',
    modelNs: (cell) => {
      const written = natRulesOfPartialSync(cell.services, serviceChainRules(cell.endpointsPerService));
      return partialRestoreNs(table(cell).rules, written, table(cell).chains);
    },
  },
  { name: 'save', modelNs: (cell) => saveNs(table(cell).rules, table(cell).chains) },
  { name: 'command', modelNs: (cell) => commandNs(table(cell).rules, table(cell).chains) },
];

/** In sample: the constants were fitted to these tables. What this guards is that formula, constants and counts belong together. */
describe('the measured tables, within 30 %', () => {
  const deviations = operations.flatMap(({ name, modelNs }) =>
    cells.map((cell) => ({
      name: `${name} of ${cell.services} services x ${cell.endpointsPerService}`,
      deviation: modelNs(cell) / (cell[name] * 1e9) - 1,
    })),
  );
  const misses = deviations.filter(({ deviation }) => Math.abs(deviation) > 0.3);

  it('holds for nine cells of ten', () => {
    const list = misses.map((miss) => `  ${miss.name}: ${(100 * miss.deviation).toFixed(0)} %`).join('\n');
    console.log(`${misses.length} of ${deviations.length} cells are off by more than 30 %:\n${list}`);
    expect(misses.length / deviations.length).toBeLessThanOrEqual(0.1);
  });

  it('misses only where a table is loaded in milliseconds, and the measurement was disturbed', () => {
    expect(misses.map((miss) => miss.name)).toEqual(['save of 10 services x 5', 'command of 10 services x 5']);
  });
});

describe('held out: a published log that the restore costs were not fitted to', () => {
  it('kubernetes#138073: 38,841 lines into the table of 3,595 services with 138,792 endpoints take 1.52 s', () => {
    const restoreSeconds = partialRestoreNs(natRules(3595, 138_792), 38_841, natChains(3595, 138_792)) / 1e9;
    // 1.525 s. On another machine, so that the agreement of the last percents is luck.
    expect(Math.abs(restoreSeconds / 1.52 - 1)).toBeLessThan(0.3);
  });
});

describe('a sync', () => {
  const rules = natRules(5000, 25_000);
  const chains = natChains(5000, 25_000);
  const written = natRulesOfPartialSync(5000, serviceChainRules(5));

  it('takes whole nanoseconds', () => {
    expect(Number.isInteger(partialSyncNs(rules, written, chains, true))).toBe(true);
    expect(Number.isInteger(fullSyncNs(rules, chains, true))).toBe(true);
  });

  it('is the sum of its commands', () => {
    const generateNs = KUBE_PROXY_COSTS.generatePerLine.value * 1e9;
    expect(partialSyncNs(rules, written, chains, false)).toBe(
      Math.round(generateNs * written + partialRestoreNs(rules, written, chains)),
    );
    const cleanupNs = partialSyncNs(rules, written, chains, true) - partialSyncNs(rules, written, chains, false);
    expect(Math.abs(cleanupNs - saveNs(rules, chains))).toBeLessThanOrEqual(1);
    expect(
      Math.abs(fullSyncNs(rules, chains, true) - fullSyncNs(rules, chains, false) - cleanupNs),
    ).toBeLessThanOrEqual(1);
  });

  it('is cheaper when partial, grows with what it writes, and at most costs a full restore', () => {
    let previousNs = 0;
    for (let lines = written; lines <= rules; lines += 1000) {
      const ns = partialRestoreNs(rules, lines, chains);
      expect(ns).toBeGreaterThanOrEqual(previousNs);
      expect(ns).toBeLessThanOrEqual(fullRestoreNs(rules, chains));
      previousNs = ns;
    }
    expect(partialSyncNs(rules, rules, chains, true)).toBeLessThan(fullSyncNs(rules, chains, true));
  });
});
