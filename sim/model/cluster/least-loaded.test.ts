import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { LeastLoaded, NO_MEMBER } from './least-loaded.js';

/** Counts in a list that is searched. */
class Oracle {
  readonly counts: number[];
  readonly aside = new Set<number>();

  constructor(members: number) {
    this.counts = Array<number>(members).fill(0);
  }

  least(): number[] {
    const taking = [...this.counts.keys()].filter((member) => !this.aside.has(member));
    const fewest = Math.min(...taking.map((member) => this.counts[member]!));
    return taking.filter((member) => this.counts[member] === fewest);
  }
}

/** All members that some number of [0, 1) picks. */
const picked = (loaded: LeastLoaded, members: number): number[] => {
  const all = Array.from({ length: 4 * members }, (_, step) => loaded.least(step / (4 * members)));
  return [...new Set(all)].filter((member) => member !== NO_MEMBER).sort((a, b) => a - b);
};

const operations = fc.array(
  fc.record({
    kind: fc.constantFrom('add', 'add', 'add', 'addToLeast', 'take', 'setAside', 'restore'),
    member: fc.nat(1000),
    isBack: fc.func(fc.boolean()),
  }),
  { maxLength: 120 },
);

it('picks any of the members with the fewest, after any sequence of changes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), operations, (members, sequence) => {
      const loaded = new LeastLoaded(members);
      const oracle = new Oracle(members);
      for (const { kind, member: any, isBack } of sequence) {
        const least = loaded.least((any % 97) / 97);
        const member = kind === 'addToLeast' && least !== NO_MEMBER ? least : any % members;
        if (kind === 'add' || kind === 'addToLeast') {
          loaded.add(member);
          oracle.counts[member]!++;
        } else if (kind === 'take' && oracle.counts[member]! > 0) {
          loaded.take(member);
          oracle.counts[member]!--;
        } else if (kind === 'setAside') {
          loaded.setAside(member);
          oracle.aside.add(member);
        } else if (kind === 'restore') {
          loaded.restore((one) => isBack(one));
          for (const one of oracle.aside) if (isBack(one)) oracle.aside.delete(one);
        }
        expect(picked(loaded, members)).toEqual(oracle.least());
        expect(oracle.counts.map((_, one) => loaded.countOf(one))).toEqual(oracle.counts);
      }
    }),
    { numRuns: 300 },
  );
});

it('has nothing to pick of nobody', () => {
  expect(new LeastLoaded(0).least(0.5)).toBe(NO_MEMBER);
});

it('refuses to take from a member that has nothing', () => {
  const loaded = new LeastLoaded(2);
  loaded.add(0);
  expect(() => loaded.take(1)).toThrow(RangeError);
});
