import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { createPlacement } from './create-placement.js';
import { EvenPlacement } from './even-placement.js';
import { NodeAvailability } from './node-availability.js';
import { apply, changes, describePlacement, PlacementBench } from './placement.conformance.js';

describePlacement('even', false);
describePlacement('random', true);
describePlacement('antiAffinity', true);
describePlacement('topologySpread', true);

const clusters = fc.record({ nodes: fc.integer({ min: 1, max: 12 }), zones: fc.integer({ min: 1, max: 5 }) });

describe('even', () => {
  it('goes round the nodes: pods of all services together differ by one at most', () => {
    const bench = new PlacementBench('even', 7);
    for (let pod = 0; pod < 100; pod++) {
      bench.place(pod % 3);
      const sums = bench.counts(0).map((count, node) => count + bench.counts(1)[node]! + bench.counts(2)[node]!);
      expect(Math.max(...sums) - Math.min(...sums)).toBeLessThanOrEqual(1);
    }
  });
});

describe('random', () => {
  it('moves no pod because of a node that is lost but those that would have been put there', () => {
    const whole = new PlacementBench('random', 10);
    const partial = new PlacementBench('random', 10);
    partial.availability.setUp(4, false);
    for (let pod = 0; pod < 200; pod++) {
      const node = whole.place();
      const other = partial.place();
      if (node === 4) expect(other).not.toBe(4);
      else expect(other).toBe(node);
    }
  });

  it('puts those on any of the others alike', () => {
    const counts = Array<number>(5).fill(0);
    for (let replication = 0; replication < 400; replication++) {
      const bench = new PlacementBench('random', 5, { replication });
      for (const node of [1, 3]) bench.availability.setUp(node, false);
      for (let pod = 0; pod < 5; pod++) counts[bench.place()]!++;
    }
    expect([counts[1], counts[3]]).toEqual([0, 0]);
    // Four standard deviations of a binomial count of 2,000 thirds.
    for (const node of [0, 2, 4]) expect(Math.abs(counts[node]! - 2000 / 3)).toBeLessThan(4 * 21.1);
  });
});

describe('antiAffinity', () => {
  it('takes a node that is up with the fewest pods of the service', () => {
    fc.assert(
      fc.property(clusters, changes, ({ nodes, zones }, all) => {
        const bench = new PlacementBench('antiAffinity', nodes, { zones });
        for (const change of all) {
          const before = bench.counts(change.service);
          const node = apply(bench, change);
          if (node === null || bench.availability.up === 0) continue;
          const candidates = before.filter((_, other) => bench.availability.isUp(other));
          expect(before[node]).toBe(Math.min(...candidates));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('topologySpread', () => {
  it('takes a zone with the fewest pods of the service of those with a node that is up, and there such a node', () => {
    fc.assert(
      fc.property(clusters, changes, ({ nodes, zones }, all) => {
        const bench = new PlacementBench('topologySpread', nodes, { zones });
        const isUp = (node: number): boolean => bench.availability.isUp(node);
        for (const change of all) {
          const before = bench.counts(change.service);
          const node = apply(bench, change);
          if (node === null || bench.availability.up === 0) continue;
          const inZone = (zone: number): number =>
            before.reduce((sum, count, other) => sum + (bench.zone[other] === zone ? count : 0), 0);
          const zonesUp = [...new Set(bench.zone.filter((_, other) => isUp(other)))];
          expect(inZone(bench.zone[node]!)).toBe(Math.min(...zonesUp.map(inZone)));
          const peers = before.filter((_, other) => isUp(other) && bench.zone[other] === bench.zone[node]);
          expect(before[node]).toBe(Math.min(...peers));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has a skew of one at most over zones of unequal size, and so a node of a small zone has more', () => {
    // Zones 0 and 1 have three nodes, zone 2 has two.
    const bench = new PlacementBench('topologySpread', 8);
    for (let pod = 0; pod < 18; pod++) bench.place();
    expect(bench.counts().sort((a, b) => a - b)).toEqual([2, 2, 2, 2, 2, 2, 3, 3]);
  });
});

test('groups of services have strategies of their own', () => {
  const nodes = 6;
  const even = new EvenPlacement(nodes, new RandomStreams(1, 0));
  const mixed = createPlacement(['even', 'antiAffinity', 'even'], [0, 1, 2], {
    nodes: { count: nodes, zone: new Uint16Array(nodes) },
    availability: new NodeAvailability(nodes),
    streams: new RandomStreams(1, 0),
  });
  const spread = new Set<number>();
  for (let pod = 0; pod < nodes; pod++) {
    // Both even groups are dealt out from the same order, as if there were no others.
    expect(mixed.place(pod % 2 === 0 ? 0 : 2, pod)).toBe(even.place());
    spread.add(mixed.place(1, pod));
  }
  expect(spread.size).toBe(nodes);
  mixed.release(1, 3);
  expect(mixed.place(1, nodes)).toBe(3);
});
