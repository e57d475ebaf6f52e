/** Full connection tracking tables: single ones by Erlang's loss formula, several by what one keeps from the other. */

import { expect, test } from 'vitest';
import { droppedShareOf, isFarFromFull } from '../node/packet-path/conntrack-table.js';
import { ConntrackDrops } from './conntrack-drops.js';
import { EntryWeights } from './entry-weights.js';
import type { ClientsOfService } from './routes-by-rules.js';

const MAX = 1000;

interface Given {
  /** Entries of all connections. */
  readonly assured: number;
  readonly weights: readonly number[];
  /** Pods that each node sends to; empty: it sends nothing on. */
  readonly podsOf: readonly (readonly number[])[];
  readonly dependsOnOwn?: boolean;
}

/** Pod p is on node p. */
const dropsOf = (given: readonly Given[], zoneOfNode: readonly number[] = given[0]!.weights.map(() => 0)) => {
  const tracked = given.map(({ assured, weights, podsOf, dependsOnOwn = false }, clients) => {
    const entryWeights = new EntryWeights(weights.length);
    for (const [node, weight] of weights.entries()) entryWeights.set(node, weight);
    const traffic = { known: new Set(podsOf.flat()) } as unknown as ClientsOfService['traffic'];
    const way = { traffic, dependsOnOwn, weights: entryWeights } as ClientsOfService;
    return { clients, service: clients, way, entries: { assured, evictable: 0 } };
  });
  const routes = {
    routeOf: (clients: number, _: number, node: number) => {
      const pods = Int32Array.from(given[clients]!.podsOf[node]!);
      return pods.length === 0
        ? ({ outcome: 'DROP', set: null, isMasqueraded: false } as const)
        : ({ outcome: 'FORWARD', set: { pods }, isMasqueraded: false } as const);
    },
  };
  const zones = Math.max(...zoneOfNode) + 1;
  return new ConntrackDrops({ routes, zones, zoneOfNode, nodeOf: (pod) => pod, max: MAX }, tracked);
};

test('one that is far from full drops nothing, and nobody looks at routes', () => {
  const drops = dropsOf([{ assured: 500, weights: [1], podsOf: [] }]);
  expect(drops.isAny).toBe(false);
  expect([...drops.ofClients]).toEqual([0]);
  expect(isFarFromFull(500, MAX)).toBe(true);
});

test('a single node drops the share of Erlang, once for a connection that stays on it', () => {
  const drops = dropsOf([{ assured: 1500, weights: [1], podsOf: [[0]] }]);
  const erlang = droppedShareOf(1500, MAX);
  expect(erlang).toBeGreaterThan(1 / 3);
  expect(drops.atNode[0]).toBeCloseTo(erlang, 5);
  expect(drops.ofClients[0]).toBeCloseTo(erlang, 5);
});

test('what no rule sends on leaves no entry', () => {
  expect(dropsOf([{ assured: 5000, weights: [1, 1], podsOf: [[], []] }]).isAny).toBe(false);
});

test('the node of the pod sees only what the other one lets pass', () => {
  const drops = dropsOf([{ assured: 2000, weights: [1, 0], podsOf: [[1], [1]] }]);
  const first = droppedShareOf(2000, MAX);
  const second = droppedShareOf(2000 * (1 - first), MAX);
  expect(drops.atNode[0]).toBeCloseTo(first, 5);
  expect(drops.atNode[1]).toBeCloseTo(second, 4);
  expect(drops.ofClients[0]).toBeCloseTo(first + (1 - first) * second, 4);
});

test('the hot one of two targets drops, and the other does not', () => {
  // Mean of both: 750 entries, which fit.
  const drops = dropsOf([{ assured: 1500, weights: [9, 1], podsOf: [[0], [1]], dependsOnOwn: true }]);
  const hot = droppedShareOf(1350, MAX);
  expect(drops.atNode[0]).toBeCloseTo(hot, 5);
  expect(drops.atNode[1]).toBe(0);
  expect(drops.ofClients[0]).toBeCloseTo(0.9 * hot, 5);
});

test('clients that share a table drop alike', () => {
  const clients = { weights: [1], podsOf: [[0]] };
  const drops = dropsOf([
    { ...clients, assured: 400 },
    { ...clients, assured: 800 },
  ]);
  expect(drops.atNode[0]).toBeCloseTo(droppedShareOf(1200, MAX), 5);
  expect(drops.ofClients[0]).toBeCloseTo(drops.ofClients[1]!, 9);
});

test.each([
  { dependsOnOwn: false, zones: [0, 0, 0, 0] },
  { dependsOnOwn: true, zones: [0, 0, 0, 0] },
  { dependsOnOwn: false, zones: [0, 1, 0, 1] },
  { dependsOnOwn: true, zones: [1, 0, 0, 1] },
])('nodes that are alike: each has its share and what comes from the others, $zones $dependsOnOwn', (one) => {
  const podsOf = Array.from({ length: 4 }, () => [0, 1, 2, 3]);
  const given = { assured: 4000, weights: [1, 1, 1, 1], podsOf, dependsOnOwn: one.dependsOnOwn };
  const drops = dropsOf([given], one.zones);
  const dropped = drops.atNode[0]!;
  // 1000 that enter, and three quarters of as many that pass another table.
  expect(dropped).toBeCloseTo(droppedShareOf(1000 + 750 * (1 - dropped), MAX), 5);
  for (const share of drops.atNode) expect(share).toBeCloseTo(dropped, 5);
  expect(drops.ofClients[0]).toBeCloseTo(dropped + (1 - dropped) * 0.75 * dropped, 5);
});
