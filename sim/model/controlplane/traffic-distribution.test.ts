import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hintKinds, reconcileHints, type LocatedEndpoint } from './traffic-distribution.js';

interface Case {
  readonly test: string;
  readonly trafficDistribution: string;
  readonly written: readonly (readonly Omit<LocatedEndpoint, 'isReady'>[])[];
  readonly unchanged: readonly (readonly Omit<LocatedEndpoint, 'isReady'>[])[];
  readonly expected: { readonly hints: unknown; readonly alsoWritten: number };
}
const { reconcile } = JSON.parse(readFileSync(new URL('traffic-distribution.cases.json', import.meta.url), 'utf8')) as {
  readonly reconcile: readonly Case[];
};

const ready = (endpoint: Omit<LocatedEndpoint, 'isReady'>): LocatedEndpoint => ({ ...endpoint, isReady: true });
const at = (zone: string | null, node: string, hints: Partial<LocatedEndpoint> = {}): LocatedEndpoint => ({
  zone,
  node,
  isReady: true,
  forZones: [],
  forNodes: [],
  ...hints,
});

describe('hints of slices', () => {
  it.each(reconcile)('$test', ({ trafficDistribution, expected, ...slices }) => {
    const written = slices.written.map((slice) => slice.map(ready));
    const unchanged = slices.unchanged.map((slice) => slice.map(ready));
    expect(reconcileHints(trafficDistribution, written, unchanged)).toHaveLength(expected.alsoWritten);
    const hints = [...written, ...unchanged].map((slice) =>
      slice.map(({ forZones, forNodes }) => [forZones, forNodes]),
    );
    expect(hints).toEqual(expected.hints);
  });

  it('leaves a slice alone whose hints are right, and endpoints that are not ready without any', () => {
    const right = [at('a', 'n1', { forZones: ['a'] }), at('b', 'n2', { isReady: false })];
    expect(reconcileHints('PreferSameZone', [], [right])).toEqual([]);
    expect(reconcileHints('PreferSameNode', [], [right])).toEqual([right]);
    expect(right.map(({ forNodes }) => forNodes)).toEqual([['n1'], []]);
  });

  it('removes node hints when PreferSameNode becomes PreferSameZone', () => {
    const slice = [at('a', 'n1', { forZones: ['a'], forNodes: ['n1'] })];
    expect(reconcileHints('PreferSameZone', [], [slice])).toEqual([slice]);
    expect(slice[0]).toMatchObject({ forZones: ['a'], forNodes: [] });
  });

  it('strips all hints when the field is not set, writing only slices that had some', () => {
    const [hinted, plain] = [[at('a', 'n1', { forZones: ['a'] })], [at('a', 'n1')]];
    expect(reconcileHints(null, [], [hinted, plain])).toEqual([hinted]);
    expect(hinted[0]!.forZones).toEqual([]);
  });

  it('gives no hint to an endpoint without a zone', () => {
    const slice = [at(null, 'n1')];
    expect(reconcileHints('PreferClose', [], [slice])).toEqual([]);
    expect(slice[0]).toMatchObject({ forZones: [], forNodes: [] });
  });
});

it('asks for zone hints with all three values, for node hints with one, and for none with anything else', () => {
  expect(['PreferClose', 'PreferSameZone', 'PreferSameNode', 'toString', null].map(hintKinds)).toEqual([
    { zone: true, node: false },
    { zone: true, node: false },
    { zone: true, node: true },
    { zone: false, node: false },
    { zone: false, node: false },
  ]);
});
