/** The placement of all services, each by the strategy of its own. */

import type { RandomStreams } from '../../kernel/random.js';
import { EvenPlacement } from './even-placement.js';
import type { NodeAvailability } from './node-availability.js';
import type { NodeTable } from './nodes.js';
import type { Placement, PlacementStrategy } from './placement.js';
import { RandomPlacement } from './random-placement.js';
import { SpreadPlacement } from './spread-placement.js';

/** What a placement is made for. */
export interface PlacementCluster {
  readonly nodes: Pick<NodeTable, 'count' | 'zone'>;
  readonly availability: NodeAvailability;
  readonly streams: RandomStreams;
}

/** `strategies`: of each group of services; `groupOf`: the group of each service. */
export function createPlacement(
  strategies: readonly PlacementStrategy[],
  groupOf: ArrayLike<number>,
  cluster: PlacementCluster,
): Placement {
  const placements = new Map<PlacementStrategy, Placement>();
  for (const strategy of strategies) {
    if (!placements.has(strategy)) placements.set(strategy, placementBy(strategy, cluster));
  }
  const ofGroup = strategies.map((strategy) => placements.get(strategy)!);
  return placements.size === 1 ? ofGroup[0]! : new PlacementByGroup(ofGroup, groupOf);
}

function placementBy(strategy: PlacementStrategy, { nodes, availability, streams }: PlacementCluster): Placement {
  switch (strategy) {
    case 'even':
      return new EvenPlacement(nodes.count, streams, availability);
    case 'random':
      return new RandomPlacement(nodes.count, streams, availability);
    case 'antiAffinity':
      return new SpreadPlacement(nodes.count, null, streams, availability);
    case 'topologySpread':
      return new SpreadPlacement(nodes.count, nodes.zone, streams, availability);
  }
}

class PlacementByGroup implements Placement {
  readonly #ofGroup: readonly Placement[];
  readonly #groupOf: ArrayLike<number>;

  constructor(ofGroup: readonly Placement[], groupOf: ArrayLike<number>) {
    this.#ofGroup = ofGroup;
    this.#groupOf = groupOf;
  }

  place(service: number, ordinal: number): number {
    return this.#ofGroup[this.#groupOf[service]!]!.place(service, ordinal);
  }

  release(service: number, node: number): void {
    this.#ofGroup[this.#groupOf[service]!]!.release(service, node);
  }
}
