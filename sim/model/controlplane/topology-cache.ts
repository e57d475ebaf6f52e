/**
 * What the EndpointSlice controller remembers for Topology Aware Hints: the zones' shares of the CPU, and how many endpoints of
 * each service are hinted to each zone.
 *
 *   nodes that come, go, turn unready --> nodesChanged --> ratios, services that are overloaded now --> work queue
 *   reconcile of a service --> setHinted
 *
 * From k8s.io/endpointslice/topologycache (topologycache.go). A service whose hints were taken away is not remembered: it is not
 * queued when the nodes come back, but gets its hints again with its next sync.
 *
 * Left out: the controller's topology queue, whose single worker adds no delay worth modelling.
 */

import { isOverloaded, zoneRatios, type TopologyNode, type ZoneCounts, type ZoneRatios } from './zone-allocations.js';

export class TopologyCache {
  readonly #listNodes: () => Iterable<TopologyNode>;
  #ratios: ZoneRatios;
  /** By service: hinted endpoints of each of its address families that has hints. */
  readonly #hinted = new Map<number, Map<number, ZoneCounts>>();

  constructor(listNodes: () => Iterable<TopologyNode>) {
    this.#listNodes = listNodes;
    this.#ratios = zoneRatios(listNodes());
  }

  get ratios(): ZoneRatios {
    return this.#ratios;
  }

  /** A reconcile of the service has hinted its endpoints so; null: it has no hints. */
  setHinted(service: number, family: number, hinted: ZoneCounts | null): void {
    let families = this.#hinted.get(service);
    if (families === undefined) this.#hinted.set(service, (families = new Map()));
    if (hinted === null) families.delete(family);
    else families.set(family, hinted);
  }

  /** Looks at the nodes again. Returns the services that need a sync, as some zone has too few of their endpoints. */
  nodesChanged(): number[] {
    this.#ratios = zoneRatios(this.#listNodes());
    const overloaded: number[] = [];
    for (const [service, families] of this.#hinted) {
      if ([...families.values()].some((hinted) => isOverloaded(hinted, this.#ratios))) overloaded.push(service);
    }
    return overloaded;
  }
}
