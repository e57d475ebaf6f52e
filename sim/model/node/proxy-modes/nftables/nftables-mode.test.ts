import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../../cluster/service-shape.js';
import { versionProfile } from '../../../versions/profiles.js';
import { proxyModeConformance } from '../proxy-mode.conformance.js';
import { SyncKind, type SyncWork } from '../proxy-mode.js';
import { NftablesMode, type NftablesModeOptions } from './nftables-mode.js';
import { DEFAULT_RULESET_OPTIONS } from './nftables-ruleset.js';

const SECOND = 1e9;
const PRESENT: NftablesModeOptions = {
  ...DEFAULT_RULESET_OPTIONS,
  nodePortAddresses: 'primary',
  listings: 'none',
  keepEndpointChainsOnStart: true,
  nodeKernel: '6.12',
};

proxyModeConformance('nftables', () => new NftablesMode(PRESENT));
proxyModeConformance(
  'nftables that lists and rewrites more',
  () => new NftablesMode({ ...PRESENT, listings: 'chains and sets', keepEndpointChainsOnStart: false }),
);
proxyModeConformance('nftables on an older kernel', () => new NftablesMode({ ...PRESENT, nodeKernel: '6.8' }));
proxyModeConformance('nftables with plain gotos', () => new NftablesMode({ ...PRESENT, singleEndpointGoto: true }));

const reachable = (cluster: number) => ({ cluster, local: 0, reachable: cluster, isAnywhere: cluster > 0 });

const tablesOf = (mode: NftablesMode, services: number, endpoints: number, shape = CLUSTER_IP): Float64Array => {
  const counts = new Float64Array(mode.quantities.length);
  mode.count(shape, reachable(endpoints), counts);
  return counts.map((count) => count * services);
};

interface Sync {
  readonly options?: Partial<NftablesModeOptions>;
  readonly kind?: SyncKind;
  readonly services?: number;
  readonly endpoints?: number;
  readonly shape?: ServiceShape;
  readonly changed?: number;
  readonly cleansUp?: boolean;
}

const syncSeconds = ({
  options = {},
  kind = SyncKind.partial,
  services = 10_000,
  endpoints = 2,
  shape = CLUSTER_IP,
  changed = 1,
  cleansUp = false,
}: Sync): number => {
  const mode = new NftablesMode({ ...PRESENT, ...options });
  const work: SyncWork = {
    kind,
    tables: tablesOf(mode, services, endpoints, shape),
    changedServices: changed,
    changedLines: changed * mode.linesOfChangedService(shape, reachable(endpoints)),
    changedEndpoints: changed,
    goneEndpoints: changed,
    staleEndpoints: changed,
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

  it('are as long for a partial sync of all services as for a full one', () => {
    const everything = syncSeconds({ changed: 10_000 });
    expect(everything).toBeCloseTo(syncSeconds({ kind: SyncKind.full, changed: 10_000 }), 6);
  });

  it('cost what they list', () => {
    const [none, chains, both] = (['none', 'chains', 'chains and sets'] as const).map((listings) =>
      syncSeconds({ options: { listings } }),
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
    const first = (keepEndpointChainsOnStart: boolean): number =>
      syncSeconds({ kind: SyncKind.first, options: { keepEndpointChainsOnStart } });
    expect(first(true)).toBeLessThan(first(false));
    expect(syncSeconds({ kind: SyncKind.firstAfterBoot })).toBeLessThan(first(true));
  });

  it('take several times as long on an older kernel, but for partial ones', () => {
    const options = { nodeKernel: '6.8' } as const;
    for (const kind of [SyncKind.full, SyncKind.first, SyncKind.firstAfterBoot]) {
      expect(syncSeconds({ kind, options }) / syncSeconds({ kind })).toBeGreaterThan(3);
    }
    expect(syncSeconds({ options, cleansUp: true })).toBeCloseTo(syncSeconds({ cleansUp: true }), 4);
  });

  it('write nothing where nothing has changed', () => {
    expect(syncSeconds({ changed: 0, cleansUp: true })).toBeLessThan(0.01);
  });
});

describe('single endpoints', () => {
  const full = (singleEndpointGoto: boolean, services: number, endpoints: number): number =>
    syncSeconds({ kind: SyncKind.full, options: { singleEndpointGoto }, services, endpoints });

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
  it('have partial sync, then kept endpoint chains; plain gotos are beyond them', () => {
    const settings = (version: '1.31' | '1.32' | '1.33' | '1.36') => {
      const { partialSync, keepEndpointChainsOnStart, singleEndpointGoto } = versionProfile(version).kubeProxy.nftables;
      return [partialSync.value, keepEndpointChainsOnStart.value, singleEndpointGoto.value];
    };
    expect(settings('1.31')).toEqual([false, false, false]);
    expect(settings('1.32')).toEqual([true, false, false]);
    expect(settings('1.33')).toEqual([true, true, false]);
    expect(settings('1.36')).toEqual([true, true, false]);
  });
});
