import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { createPlacement } from './create-placement.js';
import { NodeAvailability } from './node-availability.js';
import type { Placement, PlacementStrategy } from './placement.js';

/** Counts how often somebody asks for a node. */
class CountedAvailability extends NodeAvailability {
  asked = 0;

  override isUp(node: number): boolean {
    this.asked++;
    return super.isUp(node);
  }
}

/** Nodes in zones dealt out in turn, with a placement of services of one group. */
export class PlacementBench {
  readonly zone: Uint16Array;
  readonly availability: CountedAvailability;
  readonly placement: Placement;
  /** Pods of each service that are placed and not released, as [ordinal, node]. */
  readonly pods = new Map<number, { readonly ordinal: number; readonly node: number }[]>();
  readonly #ordinals = new Map<number, number>();

  constructor(strategy: PlacementStrategy, nodes: number, { zones = 3, replication = 0 } = {}) {
    this.zone = Uint16Array.from({ length: nodes }, (_, node) => node % zones);
    this.availability = new CountedAvailability(nodes);
    this.placement = createPlacement([strategy], [], {
      nodes: { count: nodes, zone: this.zone },
      availability: this.availability,
      streams: new RandomStreams(1, replication),
    });
  }

  /** The node of one more pod. */
  place(service = 0): number {
    const ordinal = this.#ordinals.get(service) ?? 0;
    this.#ordinals.set(service, ordinal + 1);
    const node = this.placement.place(service, ordinal);
    this.of(service).push({ ordinal, node });
    return node;
  }

  /** Releases one of the pods of the service, if it has any. */
  release(service: number, which: number): void {
    const pods = this.of(service);
    const [pod] = pods.splice(which % Math.max(1, pods.length), 1);
    if (pod !== undefined) this.placement.release(service, pod.node);
  }

  of(service: number): { readonly ordinal: number; readonly node: number }[] {
    if (!this.pods.has(service)) this.pods.set(service, []);
    return this.pods.get(service)!;
  }

  /** Pods of the service on each node. */
  counts(service = 0): number[] {
    const counts = Array<number>(this.zone.length).fill(0);
    for (const { node } of this.of(service)) counts[node]!++;
    return counts;
  }
}

/** Pods that come and go, and nodes that are lost and come back. */
export const changes = fc.array(
  fc.record({
    kind: fc.constantFrom('place', 'place', 'place', 'release', 'lose', 'return'),
    service: fc.nat(1),
    which: fc.nat(1000),
  }),
  { maxLength: 150 },
);

/** Carries out the change; says which node a pod of which service got, or null. */
export function apply(
  bench: PlacementBench,
  { kind, service, which }: { readonly kind: string; readonly service: number; readonly which: number },
): number | null {
  const node = which % bench.zone.length;
  if (kind === 'place') return bench.place(service);
  if (kind === 'release') bench.release(service, which);
  else bench.availability.setUp(node, kind === 'return');
  return null;
}

/** What every strategy keeps to. `isOfOwnService`: other services make no difference to where pods go. */
export function describePlacement(strategy: PlacementStrategy, isOfOwnService: boolean): void {
  describe(`placement ${strategy}`, () => {
    test('puts pods on nodes that are up as long as there is one', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), changes, (nodes, zones, all) => {
          const bench = new PlacementBench(strategy, nodes, { zones });
          for (const change of all) {
            const node = apply(bench, change);
            if (node === null) continue;
            expect(node).toBeGreaterThanOrEqual(0);
            expect(node).toBeLessThan(nodes);
            if (bench.availability.up > 0) expect(bench.availability.isUp(node)).toBe(true);
          }
        }),
        { numRuns: 300 },
      );
    });

    test('is the same in every run of a seed, and another in another replication', () => {
      expect(nodesOf(strategy, 3)).toEqual(nodesOf(strategy, 3));
      expect(nodesOf(strategy, 3)).not.toEqual(nodesOf(strategy, 4));
    });

    test.runIf(isOfOwnService)('puts the pods of a service where they go without the others', () => {
      const alone = new PlacementBench(strategy, 30);
      const among = new PlacementBench(strategy, 30);
      for (let pod = 0; pod < 100; pod++) {
        for (let other = 0; other < pod % 4; other++) among.place(1);
        expect(among.place(0)).toBe(alone.place(0));
      }
    });

    test('uses every node alike in the long run', () => {
      const nodes = 10;
      const counts = Array<number>(nodes).fill(0);
      for (let replication = 0; replication < 300; replication++) {
        const bench = new PlacementBench(strategy, nodes, { zones: 1, replication });
        for (let pod = 0; pod < 7; pod++) counts[bench.place()]!++;
      }
      const expected = (300 * 7) / nodes;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // The 99.9 % quantile of 9 degrees of freedom, at most: strategies that avoid a node twice vary less.
      expect(chiSquare).toBeLessThan(27.9);
    });

    test('asks for few nodes whether they are up: 150,000 pods on 5,000 nodes, a zone of which is lost and comes back', () => {
      const bench = new PlacementBench(strategy, 5000);
      const setZone = (isUp: boolean): void => {
        for (let node = 0; node < 5000; node += 3) bench.availability.setUp(node, isUp);
      };
      for (let pod = 0; pod < 150_000; pod++) {
        if (pod === 50_000) setZone(false);
        if (pod === 100_000) setZone(true);
        bench.place(pod % 30);
      }
      expect(bench.availability.asked).toBeLessThan(3 * 150_000);
    });
  });
}

function nodesOf(strategy: PlacementStrategy, replication: number): number[] {
  const bench = new PlacementBench(strategy, 50, { replication });
  bench.availability.setUp(7, false);
  return Array.from({ length: 60 }, (_, pod) => bench.place(pod % 2));
}
