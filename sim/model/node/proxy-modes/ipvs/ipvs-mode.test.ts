import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../../cluster/service-shape.js';
import { SyncKind, type SyncWork } from '../proxy-mode.js';
import { proxyModeConformance } from '../proxy-mode.conformance.js';
import { IpvsMode } from './ipvs-mode.js';
import { bindAddressesNs, writeIpsetEntriesNs, writeServersNs } from './ipvs-sync-cost.js';

proxyModeConformance('ipvs', () => new IpvsMode());

interface Case {
  readonly name: string;
  readonly shape: Partial<ServiceShape>;
  /** Cluster, local, reachable. */
  readonly endpoints: readonly [number, number, number];
  readonly expected: readonly number[];
}
const { nodeAddresses, cases } = JSON.parse(
  readFileSync(new URL('ipvs-tables.cases.json', import.meta.url), 'utf8'),
) as { readonly nodeAddresses: number; readonly cases: readonly Case[] };

describe('what a service port makes', () => {
  const mode = new IpvsMode(nodeAddresses);
  it.each(cases)('$name', ({ shape, endpoints: [cluster, local, reachable], expected }) => {
    const counts = new Float64Array(mode.quantities.length);
    const full = { ...CLUSTER_IP, ...shape };
    mode.count(full, { cluster, local, reachable, isAnywhere: reachable > 0 }, counts);
    expect([...counts]).toEqual(expected);
    expect(mode.linesOfChangedService(full)).toBe(expected[0]);
  });
});

describe('a sync', () => {
  const mode = new IpvsMode();
  /** 1,000 services with five endpoints each. */
  const tables = Float64Array.of(1000, 5000, 1000, 1000);
  const syncNs = (change: Partial<SyncWork> = {}): number =>
    mode.syncNs({
      kind: SyncKind.partial,
      tables,
      changedServices: 0,
      changedLines: 0,
      changedEndpoints: 0,
      goneEndpoints: 0,
      staleEndpoints: 0,
      cleansUp: true,
      ...change,
    });

  it('goes through all services whatever changed, in full or not, of a new process or an old one', () => {
    expect(syncNs({ kind: SyncKind.full })).toBe(syncNs());
    expect(syncNs({ kind: SyncKind.first })).toBe(syncNs());
  });

  it('writes an endpoint on every virtual server of its service', () => {
    const added = (changedLines: number): number =>
      syncNs({ changedServices: 2, changedEndpoints: 10, goneEndpoints: 10, staleEndpoints: 10, changedLines }) -
      syncNs();
    expect(added(2)).toBeCloseTo(writeServersNs(10), -1);
    expect(added(8)).toBeCloseTo(writeServersNs(40), -1);
    // Small beside the rest.
    expect(added(2)).toBeLessThan(0.01 * syncNs());
  });

  it('loads everything after boot', () => {
    expect(syncNs({ kind: SyncKind.firstAfterBoot }) - syncNs()).toBeCloseTo(
      writeServersNs(6000) + bindAddressesNs(1000) + writeIpsetEntriesNs(1000),
      -1,
    );
  });
});
