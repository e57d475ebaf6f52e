import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../../cluster/service-shape.js';
import {
  type NftablesBehavior,
  nftablesBehavior,
  nftablesBehaviorConstants,
} from '../../../versions/nftables-rules.js';
import { SUPPORTED_VERSIONS, minorOf } from '../../../versions/profiles.js';
import { proxyModeConformance } from '../proxy-mode.conformance.js';
import { SyncKind, type SyncWork } from '../proxy-mode.js';
import { NftablesMode } from './nftables-mode.js';

const SECOND = 1e9;
const PRESENT = nftablesBehavior(35);

for (const minor of [31, 35, 37]) {
  proxyModeConformance(`nftables of 1.${minor}`, () => new NftablesMode(nftablesBehavior(minor)));
}
proxyModeConformance(
  'nftables with lists in every sync',
  () => new NftablesMode({ ...PRESENT, partialSyncListings: 'chains and sets' }),
);

const reachable = (cluster: number) => ({ cluster, local: 0, reachable: cluster, isAnywhere: cluster > 0 });

const tablesOf = (mode: NftablesMode, services: number, endpoints: number, shape = CLUSTER_IP): Float64Array => {
  const counts = new Float64Array(mode.quantities.length);
  mode.count(shape, reachable(endpoints), counts);
  return counts.map((count) => count * services);
};

interface Sync {
  readonly behavior?: Partial<NftablesBehavior>;
  readonly kind?: SyncKind;
  readonly services?: number;
  readonly endpoints?: number;
  readonly shape?: ServiceShape;
  readonly changed?: number;
  readonly cleansUp?: boolean;
}

const syncSeconds = ({
  behavior = {},
  kind = SyncKind.partial,
  services = 10_000,
  endpoints = 2,
  shape = CLUSTER_IP,
  changed = 1,
  cleansUp = false,
}: Sync): number => {
  const mode = new NftablesMode({ ...PRESENT, ...behavior });
  const work: SyncWork = {
    kind,
    tables: tablesOf(mode, services, endpoints, shape),
    changedServices: changed,
    changedLines: changed * mode.linesOfChangedService(shape, reachable(endpoints)),
    changedEndpoints: 0,
    cleansUp,
  };
  return mode.syncNs(work) / SECOND;
};

describe('syncs of 10,000 services of two endpoints', () => {
  it('take a tenth of a second for one service and half a minute for all', () => {
    const partialSeconds = syncSeconds({});
    const fullSeconds = syncSeconds({ kind: SyncKind.full });
    expect(partialSeconds).toBeGreaterThan(0.07);
    expect(partialSeconds).toBeLessThan(0.15);
    expect(fullSeconds).toBeGreaterThan(30);
    expect(fullSeconds).toBeLessThan(60);
  });

  it('are as long for a partial sync of all services as for a full one, but for the lists', () => {
    const everything = syncSeconds({ changed: 10_000, behavior: { partialSyncListings: 'chains and sets' } });
    expect(everything).toBeCloseTo(syncSeconds({ kind: SyncKind.full }), 6);
  });

  it('cost what they list', () => {
    const [none, chains, both] = (['none', 'chains', 'chains and sets'] as const).map((partialSyncListings) =>
      syncSeconds({ behavior: { partialSyncListings } }),
    ) as [number, number, number];
    expect(chains - none).toBeGreaterThan(0.1);
    expect(both - chains).toBeGreaterThan(3);
  });

  it('cost a transaction more when stale chains are deleted, except in a process that knows of none', () => {
    const added = (kind: SyncKind): number => syncSeconds({ kind, cleansUp: true }) - syncSeconds({ kind });
    expect(added(SyncKind.partial)).toBeGreaterThan(0.07);
    expect(added(SyncKind.full)).toBeGreaterThan(0.07);
    expect(added(SyncKind.first)).toBe(0);
    expect(added(SyncKind.firstAfterBoot)).toBe(0);
  });

  it('are quicker after a restart when endpoint chains are kept, and quickest in an empty table', () => {
    const first = (keepsEndpointChainsOnStart: boolean): number =>
      syncSeconds({ kind: SyncKind.first, behavior: { keepsEndpointChainsOnStart } });
    expect(first(true)).toBeLessThan(first(false));
    expect(syncSeconds({ kind: SyncKind.firstAfterBoot })).toBeLessThan(first(true));
  });

  it('of the services without a change write nothing', () => {
    expect(syncSeconds({ changed: 0 })).toBeLessThan(0.01);
  });
});

describe('single endpoints', () => {
  const full = (singleEndpointGoto: boolean, services: number, endpoints: number): number =>
    syncSeconds({ kind: SyncKind.full, behavior: { singleEndpointGoto }, services, endpoints });

  it('with a plain goto take the square away', () => {
    expect(full(true, 40_000, 1) / full(true, 20_000, 1)).toBeLessThan(3);
    expect(full(false, 40_000, 1) / full(false, 20_000, 1)).toBeGreaterThan(3.7);
    expect(full(true, 44_000, 1)).toBeLessThan(0.03 * full(false, 44_000, 1));
  });

  it('make no difference to services of two', () => {
    expect(full(true, 10_000, 2)).toBe(full(false, 10_000, 2));
  });
});

describe('versions', () => {
  it('have partial sync, kept endpoint chains and plain gotos one after the other', () => {
    const of = (minor: number) => {
      const { partialSync, keepsEndpointChainsOnStart, singleEndpointGoto } = nftablesBehavior(minor);
      return [partialSync, keepsEndpointChainsOnStart, singleEndpointGoto];
    };
    expect([31, 32, 33, 36, 37].map(of)).toEqual([
      [false, false, false],
      [true, false, false],
      [true, true, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  it('say of every behaviour where it is known from', () => {
    for (const version of SUPPORTED_VERSIONS) {
      for (const { source, date } of Object.values(nftablesBehaviorConstants(minorOf(version)))) {
        expect(source.length).toBeGreaterThan(20);
        expect(date).toContain(version);
      }
    }
  });
});
