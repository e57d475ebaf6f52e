import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { imbalanceOf, type Imbalance } from '../../stats/imbalance.js';
import { randomPlacement } from './testing/random-placement.js';
import { loadOfPods, localImbalance, sharesByZone, trafficShares, type EntryNodes } from './traffic-shares.js';

interface Case {
  readonly name: string;
  readonly source: string;
  readonly pods: readonly (readonly [number, number])[];
  readonly local: readonly string[];
  readonly cluster: string;
  readonly hottestOverCluster: string;
  readonly uneven: Omit<Imbalance, 'mean' | 'hottestShare'>;
  readonly secondHop: string;
  readonly dropped: string;
}
interface RandomCase {
  readonly nodes: number;
  readonly pods: number;
  readonly hottestOverFair: number;
  readonly nodesWithPods: number;
}
const { cases, random } = JSON.parse(readFileSync(new URL('traffic-shares.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
  readonly random: readonly RandomCase[];
};

const ALL: EntryNodes = { kind: 'all' };
const WITH_PODS: EntryNodes = { kind: 'withPods' };
const BY_PODS: EntryNodes = { kind: 'byPods' };

const EXACT = 1e-12;
const expectExact = (actual: number, expected: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(EXACT * Math.max(1, Math.abs(expected)));

const fraction = (text: string): number => {
  const [numerator, denominator = '1'] = text.split('/');
  return Number(numerator) / Number(denominator);
};

describe('shares of pods under the two policies', () => {
  test.each(cases)('$name ($source)', ({ pods, local, cluster, hottestOverCluster, uneven, secondHop, dropped }) => {
    const podsOn = pods.flatMap(([nodes, own]) => Array<number>(nodes).fill(own));
    const localShares = trafficShares(podsOn, 'Local', WITH_PODS);
    const clusterShares = trafficShares(podsOn, 'Cluster', ALL);
    let node = 0;
    for (const [index, [nodes, own]] of pods.entries()) {
      for (const end = node + nodes; node < end; node++) {
        expectExact(localShares.ofEachPodOn[node]!, fraction(local[index]!));
        expectExact(clusterShares.ofEachPodOn[node]!, own > 0 ? fraction(cluster) : 0);
      }
    }
    expect([localShares.secondHop, localShares.dropped, clusterShares.dropped]).toEqual([0, 0, 0]);
    expectExact(clusterShares.secondHop, fraction(secondHop));
    expectExact(trafficShares(podsOn, 'Local', ALL).dropped, fraction(dropped));

    const loads = loadOfPods(podsOn, localShares);
    const figures = imbalanceOf(loads);
    for (const [name, expected] of Object.entries(uneven)) expectExact(figures[name as keyof Imbalance], expected);
    expectExact(figures.hottestShare / fraction(cluster), fraction(hottestOverCluster));
    const closed = localImbalance(podsOn);
    expectExact(closed.maxOverMean, uneven.maxOverMean);
    expectExact(closed.coefficientOfVariation, uneven.coefficientOfVariation);
  });
});

describe('MetalLB in layer 2 mode: one node gets everything', () => {
  const podsOn = [3, 0, 5];
  it.each([
    { leader: 0, policy: 'Local', ofEachPodOn: [1 / 3, 0, 0], secondHop: 0, dropped: 0 },
    { leader: 1, policy: 'Local', ofEachPodOn: [0, 0, 0], secondHop: 0, dropped: 1 },
    { leader: 0, policy: 'Cluster', ofEachPodOn: [1 / 8, 0, 1 / 8], secondHop: 5 / 8, dropped: 0 },
    { leader: 1, policy: 'Cluster', ofEachPodOn: [1 / 8, 0, 1 / 8], secondHop: 1, dropped: 0 },
  ] as const)('$policy by node $leader', ({ leader, policy, ...expected }) => {
    const { ofEachPodOn, ...rest } = trafficShares(podsOn, policy, { kind: 'leader', node: leader });
    expect({ ofEachPodOn: [...ofEachPodOn], ...rest }).toEqual(expected);
  });
});

describe('properties', () => {
  const podCounts = fc
    .array(fc.oneof(fc.nat(9), fc.constant(0)), { minLength: 1, maxLength: 30 })
    .filter((counts) => counts.some((count) => count > 0));
  const entries = podCounts.chain((podsOn) =>
    fc.tuple(
      fc.constant(podsOn),
      fc.oneof(
        fc.constantFrom(ALL, WITH_PODS, BY_PODS),
        fc.nat(podsOn.length - 1).map((node): EntryNodes => ({ kind: 'leader', node })),
        fc
          .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: podsOn.length, maxLength: podsOn.length })
          .map((weights): EntryNodes => {
            const sum = weights.reduce((total, weight) => total + weight, 0);
            return { kind: 'shares', shares: weights.map((weight) => weight / sum) };
          }),
      ),
    ),
  );

  it('every request reaches a pod or is dropped', () => {
    fc.assert(
      fc.property(entries, fc.constantFrom('Cluster' as const, 'Local' as const), ([podsOn, entry], policy) => {
        const shares = trafficShares(podsOn, policy, entry);
        const reached = loadOfPods(podsOn, shares).reduce((total, share) => total + share, 0);
        expectExact(reached + shares.dropped, 1);
        expect(shares.secondHop).toBeLessThanOrEqual(reached + EXACT);
      }),
    );
  });

  it('under Cluster, 1 - 1/N of the requests take a second hop from all nodes, wherever the pods are', () => {
    fc.assert(
      fc.property(podCounts, (podsOn) => {
        expectExact(trafficShares(podsOn, 'Cluster', ALL).secondHop, 1 - 1 / podsOn.length);
      }),
    );
  });

  it('a load balancer that weighs nodes by their pods makes Local as even as Cluster', () => {
    fc.assert(
      fc.property(podCounts, (podsOn) => {
        const local = trafficShares(podsOn, 'Local', BY_PODS);
        const cluster = trafficShares(podsOn, 'Cluster', BY_PODS);
        podsOn.forEach((_, node) => expectExact(local.ofEachPodOn[node]!, cluster.ofEachPodOn[node]!));
      }),
    );
  });

  it('the closed forms of Local are those of the vector of loads', () => {
    fc.assert(
      fc.property(podCounts, (podsOn) => {
        const figures = imbalanceOf(loadOfPods(podsOn, trafficShares(podsOn, 'Local', WITH_PODS)));
        const closed = localImbalance(podsOn);
        expectExact(closed.maxOverMean, figures.maxOverMean);
        // The root of a difference: nothing is lost of the square.
        expectExact(closed.coefficientOfVariation ** 2, figures.coefficientOfVariation ** 2);
      }),
    );
  });

  it('zones: clients use their own, and all where it has no pod', () => {
    fc.assert(
      fc.property(podCounts, (podsIn) => {
        const clients = podsIn.map((_, zone) => (2 * (zone + 1)) / (podsIn.length * (podsIn.length + 1)));
        const shares = sharesByZone(clients, podsIn);
        expectExact(
          podsIn.reduce((total, own, zone) => total + own * shares[zone]!, 0),
          1,
        );
      }),
    );
    const [first, second, third] = sharesByZone([0.5, 0.25, 0.25], [1, 3, 0]);
    expectExact(first!, 0.5 + 0.25 / 4);
    expectExact(second!, 0.25 / 3 + 0.25 / 4);
    expect(third).toBe(0);
  });
});

it.each(['Cluster', 'Local'] as const)('drops everything when there is no pod, under %s', (policy) => {
  for (const entry of [ALL, WITH_PODS, BY_PODS]) {
    expect(trafficShares([0, 0], policy, entry)).toEqual({
      ofEachPodOn: new Float64Array(2),
      secondHop: 0,
      dropped: 1,
    });
  }
  expect(localImbalance([0, 0])).toEqual({ maxOverMean: 1, coefficientOfVariation: 0 });
  expect([...sharesByZone([1], [0])]).toEqual([0]);
});

describe('pods on nodes at random', () => {
  test.each(random)('$pods pods on $nodes nodes', ({ nodes, pods, hottestOverFair, nodesWithPods }) => {
    const expected = randomPlacement(nodes, pods);
    expectExact(expected.hottestOverFair, hottestOverFair);
    expectExact(expected.nodesWithPods, nodesWithPods);
  });

  it('agrees with a walk through all placements, and with N (1 - (1 - 1/N)^K) nodes', () => {
    for (const [nodes, pods] of [
      [1, 1],
      [1, 5],
      [5, 1],
      [2, 6],
      [4, 5],
      [6, 4],
    ] as const) {
      const placements = nodes ** pods;
      let [hottest, squared] = [0, 0];
      for (let placement = 0; placement < placements; placement++) {
        const podsOn = Array<number>(nodes).fill(0);
        for (let rest = placement, pod = 0; pod < pods; pod++, rest = Math.floor(rest / nodes)) podsOn[rest % nodes]!++;
        const { maxOverMean } = localImbalance(podsOn);
        hottest += maxOverMean / placements;
        squared += maxOverMean ** 2 / placements;
      }
      const expected = randomPlacement(nodes, pods);
      expectExact(expected.hottestOverFair, hottest);
      expectExact(expected.hottestOverFairSquared, squared);
      expectExact(expected.nodesWithPods, nodes * (1 - (1 - 1 / nodes) ** pods));
    }
  });

  it('holds for hundreds of pods', () => {
    const { hottestOverFair, nodesWithPods } = randomPlacement(50, 200);
    expectExact(nodesWithPods, 50 * (1 - 0.98 ** 200));
    // Fewest is nearly always 1, on nearly all nodes.
    expect(hottestOverFair).toBeGreaterThan(3);
    expect(hottestOverFair).toBeLessThan(4.2);
  });
});
