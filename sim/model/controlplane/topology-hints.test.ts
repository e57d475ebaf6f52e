import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addHints,
  hintsByZone,
  hintsEnabled,
  NO_HINT,
  readyEndpoints,
  redistributeHints,
  removeHints,
  type HintAnnotations,
  type HintedEndpoint,
  type HintedSlice,
} from './topology-hints.js';
import { isOverloaded, NO_ZONE, zoneAllocations, zoneRatios, zonesToRebalance } from './zone-allocations.js';

type ByZone<Value = number> = Readonly<Record<string, Value>>;
type Slice = readonly { readonly zone: string; readonly ready: boolean; readonly hint: string | null }[];
interface Cases {
  readonly ratios: readonly {
    readonly test: string;
    readonly nodes: readonly {
      readonly zone: string;
      readonly cpuMillicores: number;
      readonly isReady: boolean;
      readonly isControlPlane: boolean;
    }[];
    readonly expected: ByZone | null;
  }[];
  readonly rebalance: readonly {
    readonly test: string;
    readonly desired: ByZone;
    readonly allocated: ByZone;
    readonly giving: ByZone;
    readonly receiving: ByZone;
  }[];
  readonly redistribute: readonly {
    readonly test: string;
    readonly slice: Slice;
    readonly giving: ByZone;
    readonly receiving: ByZone;
    readonly expected: ByZone;
  }[];
  readonly hintsByZone: readonly {
    readonly test: string;
    readonly slice: Slice;
    readonly maximum: ByZone;
    readonly already: ByZone;
    readonly expected: ByZone | null;
  }[];
  readonly addHints: readonly {
    readonly test: string;
    readonly ratios: ByZone | null;
    readonly written: readonly Slice[];
    readonly unchanged: readonly Slice[];
    readonly expected: {
      readonly hinted: ByZone | null;
      readonly failure: string | null;
      readonly slicesWritten: number | null;
    };
  }[];
  readonly readyEndpoints: readonly {
    readonly test: string;
    readonly slices: readonly { readonly ready: number; readonly unready: number }[];
    readonly expected: number;
  }[];
  readonly annotations: readonly {
    readonly test: string;
    readonly annotations: HintAnnotations;
    readonly expected: boolean;
  }[];
}
const cases = JSON.parse(readFileSync(new URL('topology-hints.cases.json', import.meta.url), 'utf8')) as Cases;

/** Zones "a", "b", ... are 0, 1, ...; any other name is a zone that no node is in. */
const number = (zone: string): number => (zone.length === 1 ? zone.charCodeAt(0) - 'a'.charCodeAt(0) : 99);
const numbers = (byZone: ByZone): Map<number, number> =>
  new Map(Object.entries(byZone).map(([zone, value]) => [number(zone), value]));
const byLetter = (counts: ReadonlyMap<number, number>): ByZone =>
  Object.fromEntries([...counts].map(([zone, value]) => [String.fromCharCode('a'.charCodeAt(0) + zone), value]));
const sliceOf = (slice: Slice): HintedEndpoint[] =>
  slice.map(({ zone, ready, hint }) => ({
    zone: number(zone),
    isReady: ready,
    hint: hint === null ? NO_HINT : number(hint),
  }));

const endpoint = (zone: number, hint = NO_HINT, isReady = true): HintedEndpoint => ({ zone, isReady, hint });

describe('shares of the zones', () => {
  it.each(cases.ratios)('$test', ({ nodes, expected }) => {
    const ratios = zoneRatios(nodes.map((node) => ({ ...node, zone: number(node.zone) })));
    expect(ratios && byLetter(ratios)).toEqual(expected);
  });

  it('follow CPU and not nodes, and need zone and CPU of every ready worker', () => {
    const node = { zone: 0, cpuMillicores: 3000, isReady: true, isControlPlane: false };
    const other = { ...node, zone: 1, cpuMillicores: 1000 };
    expect(byLetter(zoneRatios([node, other])!)).toEqual({ a: 0.75, b: 0.25 });
    expect(zoneRatios([node, other, { ...node, zone: NO_ZONE }])).toBeNull();
    expect(zoneRatios([node, other, { ...node, cpuMillicores: 0 }])).toBeNull();
    // What is wrong with nodes that take no part does not matter.
    expect(zoneRatios([node, other, { ...node, zone: NO_ZONE, isReady: false }])).not.toBeNull();
    expect(zoneRatios([node, other, { ...node, zone: NO_ZONE, isControlPlane: true }])).not.toBeNull();
  });
});

describe('allocations', () => {
  it('are refused with fewer endpoints than zones, or when the minimum of all zones is more than there are', () => {
    const even = numbers({ a: 1 / 3, b: 1 / 3, c: 1 / 3 });
    expect(zoneAllocations(even, 2)).toBe('insufficient-number-of-endpoints');
    expect(zoneAllocations(null, 9)).toBe('insufficient-node-info');
    expect(zoneAllocations(even, 4)).toBe('min-allocation-exceeds-overload-threshold');
    expect(zoneAllocations(even, 3)).toEqual(
      new Map([0, 1, 2].map((zone) => [zone, { minimum: 1, desired: 1, maximum: 1 }])),
    );
  });

  it('leave what the minimum does not need to any one zone', () => {
    expect(zoneAllocations(numbers({ a: 0.5, b: 0.5 }), 12)).toEqual(
      new Map([
        [0, { minimum: 5, desired: 6, maximum: 7 }],
        [1, { minimum: 5, desired: 6, maximum: 7 }],
      ]),
    );
  });
});

describe('an overloaded service', () => {
  it.each([
    { name: 'no hints', hinted: {}, ratios: { a: 1 }, expected: false },
    { name: 'one zone, no ratios', hinted: { a: 1 }, ratios: {}, expected: true },
    { name: 'two zones, no ratios', hinted: { a: 1, b: 1 }, ratios: {}, expected: true },
    { name: 'not overloaded', hinted: { a: 1, b: 1 }, ratios: { a: 0.5, b: 0.5 }, expected: false },
    { name: 'a zone has none', hinted: { a: 2 }, ratios: { a: 0.5, b: 0.5 }, expected: true },
    { name: 'at the threshold', hinted: { a: 5, b: 5 }, ratios: { a: 0.6, b: 0.4 }, expected: false },
    { name: 'beyond it', hinted: { a: 50, b: 50 }, ratios: { a: 0.61, b: 0.39 }, expected: true },
    { name: 'hints of a zone that is gone', hinted: { a: 4, b: 4, c: 4 }, ratios: { a: 0.5, b: 0.5 }, expected: true },
  ])('$name', ({ hinted, ratios, expected }) => {
    expect(isOverloaded(numbers(hinted), numbers(ratios))).toBe(expected);
  });
});

describe('zones that give and receive', () => {
  it.each(cases.rebalance)('$test', ({ desired, allocated, giving, receiving }) => {
    const zones = zonesToRebalance(numbers(desired), numbers(allocated));
    expect({ giving: byLetter(zones.giving), receiving: byLetter(zones.receiving) }).toEqual({ giving, receiving });
  });

  it('move nothing for less than a whole endpoint, and not to or from a zone with less than half', () => {
    const moves = (desired: ByZone, allocated: ByZone) => {
      const { giving, receiving } = zonesToRebalance(numbers(desired), numbers(allocated));
      return [byLetter(giving), byLetter(receiving)];
    };
    expect(moves({ a: 1.1, b: 1.9 }, { a: 2, b: 1 })).toEqual([{}, {}]);
    expect(moves({ a: 1, b: 1.5, c: 1.5 }, { a: 2, b: 1, c: 1 })).toEqual([{ a: 1 }, { b: 1 }]);
    expect(moves({ a: 1, b: 1.4, c: 1.4 }, { a: 2, b: 1, c: 1 })).toEqual([{}, {}]);
  });
});

describe('redistribution', () => {
  it.each(cases.redistribute)('$test', ({ slice, giving, receiving, expected }) => {
    const endpoints = sliceOf(slice);
    const changes = redistributeHints([endpoints], numbers(giving), numbers(receiving));
    expect(byLetter(changes)).toEqual(expected);
    for (const [zone, change] of changes) {
      const hints = endpoints.filter(({ hint }) => hint === zone).length;
      expect(hints - endpoints.filter((one) => one.zone === zone).length).toBe(change);
    }
  });
});

describe('hints that a slice may keep', () => {
  it.each(cases.hintsByZone)('$test', ({ slice, maximum, already, expected }) => {
    const allocations = new Map([...numbers(maximum)].map(([zone, most]) => [zone, { maximum: most }]));
    const hints = hintsByZone(sliceOf(slice), numbers(already), allocations);
    expect(hints && byLetter(hints)).toEqual(expected);
  });

  it('are as many as the maximum, with those of the slices before', () => {
    const allocations = new Map([[0, { maximum: 3 }]]);
    expect(hintsByZone([endpoint(0, 0)], numbers({ a: 2 }), allocations)).toEqual(numbers({ a: 1 }));
    expect(hintsByZone([endpoint(0, 0)], numbers({ a: 3 }), allocations)).toBeNull();
  });

  it('do not count endpoints that are not ready', () => {
    expect(
      hintsByZone([endpoint(0, NO_HINT, false), endpoint(0, 0)], new Map(), new Map([[0, { maximum: 1 }]])),
    ).toEqual(numbers({ a: 1 }));
  });
});

describe('hints of a service', () => {
  it.each(cases.addHints)('$test', ({ ratios, written, unchanged, expected }) => {
    const slices = { written: written.map(sliceOf), unchanged: unchanged.map(sliceOf) };
    const outcome = addHints(ratios && numbers(ratios), slices.written, slices.unchanged);
    expect(outcome.hinted && byLetter(outcome.hinted)).toEqual(expected.hinted);
    expect(outcome.failure).toBe(expected.failure);
    if (expected.slicesWritten !== null) {
      expect(written.length + outcome.alsoWritten.length).toBe(expected.slicesWritten);
    }
  });

  it('come off all slices when a rule fails: those that had any are written, others are not', () => {
    const [hinted, plain] = [[endpoint(0, 0)], [endpoint(1)]];
    expect(addHints(null, [], [hinted, plain])).toMatchObject({ hinted: null, failure: 'insufficient-node-info' });
    expect(hinted[0]!.hint).toBe(NO_HINT);
    expect(removeHints([], [[endpoint(0, 0)], plain])).toHaveLength(1);
  });

  it('come off all slices when a ready endpoint has no zone', () => {
    const [kept, written] = [
      [endpoint(0, 0), endpoint(1, 1)],
      [endpoint(NO_ZONE), endpoint(1)],
    ];
    const outcome = addHints(numbers({ a: 0.5, b: 0.5 }), [written], [kept]);
    expect(outcome).toMatchObject({ alsoWritten: [kept], hinted: null, failure: 'endpoint-without-zone' });
    expect([...kept, ...written].map(({ hint }) => hint)).toEqual(Array<number>(4).fill(NO_HINT));
  });

  it('are on all ready endpoints or on none, and are what the counts by zone say', () => {
    const zone = fc.nat(3);
    const slice = fc.array(fc.record({ zone, isReady: fc.boolean(), hint: fc.oneof(zone, fc.constant(NO_HINT)) }), {
      minLength: 1,
      maxLength: 8,
    });
    const shares = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(
        shares,
        fc.array(slice, { maxLength: 6 }),
        fc.array(slice, { maxLength: 6 }),
        (cpu, written, unchanged) => {
          const total = cpu.reduce((sum, one) => sum + one, 0);
          const ratios = new Map(cpu.map((one, index) => [index, one / total]));
          const { alsoWritten, hinted, failure } = addHints(ratios, written, unchanged);
          const all: HintedSlice[] = [...written, ...unchanged];
          const endpoints = all.flat();
          if (hinted === null) {
            expect(failure).not.toBeNull();
            for (const { hint } of [...written, ...alsoWritten].flat()) expect(hint).toBe(NO_HINT);
            expect(endpoints.some(({ hint }) => hint !== NO_HINT)).toBe(false);
            return;
          }
          for (const [index, count] of hinted) {
            expect(endpoints.filter((one) => one.isReady && one.hint === index)).toHaveLength(count);
          }
          for (const one of endpoints) if (one.isReady) expect(one.hint).not.toBe(NO_HINT);
          expect([...hinted.values()].reduce((sum, count) => sum + count, 0)).toBe(readyEndpoints(all));
        },
      ),
    );
  });
});

it('adds up ready endpoints only', () => {
  expect(cases.readyEndpoints.length).toBeGreaterThan(0);
  for (const { slices, expected } of cases.readyEndpoints) {
    const endpoints = slices.map(({ ready, unready }) => [
      ...Array.from({ length: ready }, () => endpoint(0)),
      ...Array.from({ length: unready }, () => endpoint(0, NO_HINT, false)),
    ]);
    expect(readyEndpoints(endpoints)).toBe(expected);
  }
  expect(readyEndpoints([[endpoint(0), endpoint(0, NO_HINT, false)]])).toBe(1);
});

describe('annotations that ask for hints', () => {
  it.each(cases.annotations)('$annotations: $expected', ({ annotations, expected }) => {
    expect(hintsEnabled(annotations)).toBe(expected);
  });

  it('the deprecated one wins, even to switch off', () => {
    expect(hintsEnabled({ topologyMode: 'auto' })).toBe(true);
    expect(hintsEnabled({ topologyMode: 'Auto', topologyAwareHints: '' })).toBe(false);
  });
});
