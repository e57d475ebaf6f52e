import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CounterHash } from '../../../kernel/random.js';
import { FlowTable } from './flow-table.js';
import { brokenShare, HASH_RANGE, imbalanceOfFlows, movedShare, nextHopPosition } from './next-hop.js';

interface Cases {
  readonly moved: readonly {
    readonly nextHops: number;
    readonly modulo: string;
    readonly hashThresholdEdge: string;
    readonly hashThresholdMiddle: string;
    readonly resilient: string;
  }[];
  readonly imbalance: readonly {
    readonly nextHops: number;
    readonly flows: number;
    readonly coefficientOfVariation: number;
  }[];
}
const cases = JSON.parse(readFileSync(new URL('next-hop.cases.json', import.meta.url), 'utf8')) as Cases;

const fraction = (text: string): number => {
  const [numerator, denominator] = text.split('/');
  return Number(numerator) / Number(denominator);
};

/** Share of evenly spaced hashes that change their next hop when one of `nextHops` goes. */
function counted(selection: 'modulo' | 'hash-threshold', nextHops: number, position: number): number {
  const hashes = nextHops * (nextHops - 1) * 2;
  const left = Array.from({ length: nextHops }, (_, nextHop) => nextHop).filter((nextHop) => nextHop !== position);
  let moved = 0;
  for (let step = 0; step < hashes; step++) {
    const hash = selection === 'modulo' ? step : Math.floor(((step + 0.5) / hashes) * HASH_RANGE);
    const before = nextHopPosition(selection, hash, nextHops);
    if (left[nextHopPosition(selection, hash, nextHops - 1)] !== before) moved++;
  }
  return moved / hashes;
}

describe('the share of flows that move', () => {
  it.each(cases.moved)('when one of $nextHops next hops goes', ({ nextHops, ...expected }) => {
    const last = nextHops - 1;
    const middle = Math.floor(last / 2);
    for (const position of [0, middle, last]) {
      expect(movedShare('modulo', nextHops, position)).toBeCloseTo(fraction(expected.modulo), 12);
      expect(movedShare('resilient', nextHops, position)).toBeCloseTo(fraction(expected.resilient), 12);
    }
    expect(movedShare('hash-threshold', nextHops, 0)).toBeCloseTo(fraction(expected.hashThresholdEdge), 12);
    expect(movedShare('hash-threshold', nextHops, last)).toBeCloseTo(fraction(expected.hashThresholdEdge), 12);
    expect(movedShare('hash-threshold', nextHops, middle)).toBeCloseTo(fraction(expected.hashThresholdMiddle), 12);
  });

  it('is what counting every hash gives, wherever the next hop is', () => {
    for (let nextHops = 2; nextHops <= 24; nextHops++) {
      for (let position = 0; position < nextHops; position++) {
        for (const selection of ['modulo', 'hash-threshold'] as const) {
          expect(movedShare(selection, nextHops, position)).toBeCloseTo(counted(selection, nextHops, position), 12);
        }
      }
    }
  });

  it('is everything when the only next hop goes, and no position is out of the list', () => {
    for (const selection of ['modulo', 'hash-threshold', 'resilient'] as const) {
      expect(movedShare(selection, 1, 0)).toBe(1);
      expect(() => movedShare(selection, 3, 3)).toThrow(RangeError);
    }
  });
});

it.each(cases.imbalance)(
  '$flows flows on $nextHops next hops vary by $coefficientOfVariation',
  ({ nextHops, flows, coefficientOfVariation }) => {
    expect(imbalanceOfFlows(nextHops, flows)).toBeCloseTo(coefficientOfVariation, 12);
  },
);

it('breaks all moved connections under Local, and under Cluster all but one in as many as there are endpoints', () => {
  expect(brokenShare(0.5, 10, 'Local')).toBe(0.5);
  expect(brokenShare(0.5, 10, 'Cluster')).toBeCloseTo(0.45, 12);
  expect(brokenShare(0.5, 1, 'Cluster')).toBe(0);
});

describe('a table of flows', () => {
  const hash = (key: number): CounterHash => new CounterHash(Math.imul(key, 0x9e3779b1), key ^ 0x5bd1e995);
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const FLOWS = 20_000;
  const NEXT_HOPS = 10;

  it.each([
    { selection: 'modulo', position: 4 },
    { selection: 'hash-threshold', position: 0 },
    { selection: 'hash-threshold', position: 4 },
    { selection: 'resilient', position: 4 },
  ] as const)('moves what the closed form of $selection says at position $position', ({ selection, position }) => {
    const table = new FlowTable(selection, hash(3), 0, FLOWS, NEXT_HOPS);
    table.startWith(numbers(NEXT_HOPS));
    const expected = movedShare(selection, NEXT_HOPS, position);
    const tolerance = 5 * Math.sqrt((expected * (1 - expected)) / FLOWS);
    expect(Math.abs(table.remove(position) - expected)).toBeLessThan(tolerance);
    expect(table.shareOf(position)).toBe(0);
    expect(Math.abs(table.add(position) - expected)).toBeLessThan(tolerance);
  });

  it.each(['modulo', 'hash-threshold', 'resilient'] as const)(
    'of kind %s is as uneven as multinomial draws',
    (kind) => {
      const flows = 1000;
      const tables = 400;
      let sumOfSquares = 0;
      for (let entity = 0; entity < tables; entity++) {
        const table = new FlowTable(kind, hash(11), entity, flows, NEXT_HOPS);
        table.startWith(numbers(NEXT_HOPS));
        for (const nextHop of numbers(NEXT_HOPS)) sumOfSquares += (table.shareOf(nextHop) * NEXT_HOPS - 1) ** 2;
      }
      // Squares of about normal deviations: their mean has a relative standard error of sqrt(2 / number).
      const relative = sumOfSquares / (tables * NEXT_HOPS) / imbalanceOfFlows(NEXT_HOPS, flows) ** 2;
      expect(Math.abs(relative - 1)).toBeLessThan(4 * Math.sqrt(2 / (tables * (NEXT_HOPS - 1))));
    },
  );

  it('depends on which next hops are there and not on how it came to be, and keeps every flow', () => {
    const histories = fc.record({
      selection: fc.constantFrom('modulo', 'hash-threshold', 'resilient'),
      toggles: fc.array(fc.nat(7), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(histories, ({ selection, toggles }) => {
        const table = new FlowTable(selection, hash(5), 1, 200, 8);
        const present = new Set<number>();
        for (const nextHop of toggles) {
          const before = table.shareOf(nextHop);
          if (present.delete(nextHop)) {
            const moved = table.remove(nextHop);
            if (selection === 'resilient') expect(moved).toBeCloseTo(before, 12);
          } else {
            present.add(nextHop);
            const moved = table.add(nextHop);
            if (selection === 'resilient') expect(moved).toBeCloseTo(table.shareOf(nextHop), 12);
          }
        }
        const fresh = new FlowTable(selection, hash(5), 1, 200, 8);
        fresh.startWith([...present]);
        const shares = numbers(8).map((nextHop) => table.shareOf(nextHop));
        expect(shares).toEqual(numbers(8).map((nextHop) => fresh.shareOf(nextHop)));
        const sum = shares.reduce((total, share) => total + share, 0);
        expect(sum).toBeCloseTo(present.size === 0 ? 0 : 1, 12);
      }),
    );
  });
});
