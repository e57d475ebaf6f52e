import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distinctPods,
  leastConnectionBurst,
  probabilityOfDistinctPods,
  requestsVariation,
  rollingRestartShares,
  rollingUpdateShares,
  scaleOutLoads,
} from './long-lived-connections.js';

type Fraction = readonly [number, number];
interface ShareCase {
  readonly pods: number;
  readonly hottest: number;
  readonly coldest?: number;
  readonly sharesAsFractions?: readonly Fraction[];
  readonly shares?: readonly number[];
}
interface Choices {
  readonly pods: number;
  readonly choices: number;
}
const cases = JSON.parse(readFileSync(new URL('long-lived-connections.cases.json', import.meta.url), 'utf8')) as {
  readonly rollingRestart: readonly ShareCase[];
  readonly rollingUpdate: readonly ShareCase[];
  readonly scaleOut: readonly {
    readonly podsBefore: number;
    readonly podsAfter: number;
    readonly lifetimes: number;
    readonly oldOverFair: number;
    readonly newOverFair: number;
  }[];
  readonly requestsVariation: readonly {
    readonly pods: number;
    readonly connections: number;
    readonly squaredVariation: number;
    readonly variation: number;
  }[];
  readonly distinctPods: readonly (Choices & { readonly distinct: Fraction })[];
  readonly allDistinct: readonly (Choices & { readonly probability: Fraction })[];
};

const value = ([numerator, denominator]: Fraction): number => numerator / denominator;

/** Where the table has no fractions it has 12 digits. */
const expectShares = (shares: Float64Array, { hottest, coldest, sharesAsFractions, shares: decimals }: ShareCase) => {
  const expected = decimals ?? sharesAsFractions!.map(value);
  expect(shares).toHaveLength(expected.length);
  expected.forEach((share, index) => expect(shares[index]).toBeCloseTo(share, decimals === undefined ? 13 : 10));
  expect(Math.max(...shares)).toBeCloseTo(hottest, 12);
  if (coldest !== undefined) expect(Math.min(...shares)).toBeCloseTo(coldest, 12);
};
const sum = (shares: Float64Array): number => shares.reduce((total, share) => total + share, 0);

describe('the exact tables', () => {
  it.each(cases.rollingRestart)('a rolling restart of $pods pods', (row) => {
    expectShares(rollingRestartShares(row.pods), row);
  });

  it.each(cases.rollingUpdate)('a rolling update of $pods pods', (row) => {
    expectShares(rollingUpdateShares(row.pods), row);
  });

  it.each(cases.scaleOut)('from $podsBefore to $podsAfter pods, $lifetimes lifetimes later', (row) => {
    const { oldOverFair, newOverFair } = scaleOutLoads(row.podsBefore, row.podsAfter, row.lifetimes);
    expect(oldOverFair).toBeCloseTo(row.oldOverFair, 14);
    expect(newOverFair).toBeCloseTo(row.newOverFair, 14);
  });

  it.each(cases.requestsVariation)(
    '$connections connections to $pods pods, squared variation of requests $squaredVariation',
    ({ pods, connections, squaredVariation, variation }) => {
      expect(requestsVariation(pods, connections, squaredVariation)).toBeCloseTo(variation, 14);
    },
  );

  it.each(cases.distinctPods)('different pods of $pods that $choices connections hit', (row) => {
    expect(distinctPods(row.pods, row.choices)).toBeCloseTo(value(row.distinct), 13);
  });

  it.each(cases.allDistinct)('$choices connections to $pods pods, all different', (row) => {
    expect(probabilityOfDistinctPods(row.pods, row.choices)).toBeCloseTo(value(row.probability), 14);
  });
});

describe('what holds for any number of pods', () => {
  it('keeps all connections through a restart and through an update', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), (pods) => {
        expect(sum(rollingRestartShares(pods)) / pods).toBeCloseTo(1, 10);
        expect(sum(rollingUpdateShares(pods)) / pods).toBeCloseTo(1, 10);
      }),
    );
  });

  it('follows one step of a restart after the other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), (pods) => {
        const open = new Float64Array(pods).fill(1);
        for (let victim = 0; victim < pods; victim++) {
          const share = open[victim]! / (pods - 1);
          for (let pod = 0; pod < pods; pod++) open[pod]! += share;
          open[victim] = 0;
        }
        const shares = rollingRestartShares(pods);
        shares.forEach((share, pod) => expect(open[pod]).toBeCloseTo(share, 10));
      }),
    );
  });

  it('tends to e - 1 for the first pod of many', () => {
    expect(rollingRestartShares(100_000)[0]).toBeCloseTo(Math.E - 1, 4);
    expect(rollingUpdateShares(100_000)[0]).toBeCloseTo(Math.E - 1, 4);
  });

  it('keeps all connections through a scale-out', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 500 }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (before, added, lifetimes) => {
          const { oldOverFair, newOverFair } = scaleOutLoads(before, before + added, lifetimes);
          expect((before * oldOverFair + added * newOverFair) / (before + added)).toBeCloseTo(1, 12);
        },
      ),
    );
  });

  it('gives a pod that joins as many connections in a row as the others have', () => {
    expect(leastConnectionBurst(1000, 4)).toBe(250);
  });
});
