/**
 * Pods of a service away from one another: in a domain with the fewest of them, and there on a node with the fewest, at random among
 * equals.
 *
 *   antiAffinity:    one domain with all nodes         preferred podAntiAffinity on kubernetes.io/hostname
 *   topologySpread:  a domain for each zone            topologySpreadConstraints on topology.kubernetes.io/zone with maxSkew 1,
 *                                                      then the scheduler's default constraints, which spread over hostnames
 *
 * Pods count from their creation to their deletion: those that are terminating no longer do, as in the scheduler's PodTopologySpread.
 * A domain without a node that is up is passed over, as with whenUnsatisfiable: ScheduleAnyway.
 *
 * What is known of nodes that are lost is looked up when one is drawn, and again once nodes have come back, so that a loss costs
 * nothing for services that place no pods then.
 *
 * Left out: DoNotSchedule, with which pods wait when a whole zone is lost; other scores, which may outweigh one pod more or less; pods
 * that are terminating, which the scheduler's InterPodAffinity goes on counting.
 */

import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import { LeastLoaded, NO_MEMBER } from './least-loaded.js';
import type { NodeAvailability } from './node-availability.js';
import type { Placement } from './placement.js';

/** Where the pods of one service are. */
interface ServiceSpread {
  readonly domains: LeastLoaded;
  /** By domain; made when the first pod is put there. */
  readonly nodes: (LeastLoaded | undefined)[];
  /** Of the availability, when the nodes that were set aside were last looked at. */
  returns: number;
}

/** Odd, with bits all over (the golden ratio of 32 bits): keeps the draws of one pod apart from those of others. */
const NEXT_DRAW = 0x9e3779b1;

export class SpreadPlacement implements Placement {
  readonly #nodes: number;
  readonly #domainOf: Uint16Array | null;
  readonly #availability: NodeAvailability;
  readonly #domainHash: CounterHash;
  readonly #nodeHash: CounterHash;
  /** Nodes of each domain, and where each node stands among them; null: one domain of all nodes. */
  readonly #nodesIn: readonly (readonly number[])[] | null;
  readonly #placeInDomain: Int32Array | null;
  readonly #services: (ServiceSpread | undefined)[] = [];

  /** `domainOf`: the domain of each node; null: all are in one. */
  constructor(nodes: number, domainOf: Uint16Array | null, streams: RandomStreams, availability: NodeAvailability) {
    this.#nodes = nodes;
    this.#domainOf = domainOf;
    this.#availability = availability;
    this.#domainHash = streams.hash('spread-placement: domain');
    this.#nodeHash = streams.hash('spread-placement: node');
    this.#nodesIn = domainOf === null ? null : nodesByDomain(domainOf);
    this.#placeInDomain = domainOf === null ? null : placesIn(this.#nodesIn!, nodes);
  }

  place(service: number, ordinal: number): number {
    const spread = this.#spreadOf(service);
    const { domains } = spread;
    // A key for each draw: the first ones of a pod do not depend on how many others needed.
    let key = ordinal;
    for (;;) {
      const domain = domains.least(this.#domainHash.uniform(service, key));
      if (domain === NO_MEMBER) break;
      const nodes = this.#nodesOf(spread, domain);
      for (;;) {
        const place = nodes.least(this.#nodeHash.uniform(service, key));
        if (place === NO_MEMBER) break;
        const node = this.#nodesIn?.[domain]![place] ?? place;
        if (this.#availability.isUp(node)) {
          domains.add(domain);
          nodes.add(place);
          return node;
        }
        nodes.setAside(place);
        key = (key + NEXT_DRAW) | 0;
      }
      domains.setAside(domain);
    }
    // No node is up: any will do.
    const node = Math.floor(this.#nodeHash.uniform(service, ordinal) * this.#nodes);
    domains.add(this.#domain(node));
    this.#nodesOf(spread, this.#domain(node)).add(this.#placeInDomain?.[node] ?? node);
    return node;
  }

  release(service: number, node: number): void {
    const spread = this.#spreadOf(service);
    spread.domains.take(this.#domain(node));
    this.#nodesOf(spread, this.#domain(node)).take(this.#placeInDomain?.[node] ?? node);
  }

  /** With the nodes that are back taking part again. */
  #spreadOf(service: number): ServiceSpread {
    const { returns } = this.#availability;
    const known = this.#services[service];
    if (known === undefined) {
      const domains = new LeastLoaded(this.#nodesIn?.length ?? 1);
      const spread = { domains, nodes: [], returns };
      this.#services[service] = spread;
      return spread;
    }
    if (known.returns !== returns) {
      known.returns = returns;
      known.domains.restore(() => true);
      known.nodes.forEach((nodes, domain) =>
        nodes?.restore((place) => this.#availability.isUp(this.#nodesIn?.[domain]![place] ?? place)),
      );
    }
    return known;
  }

  #domain(node: number): number {
    return this.#domainOf?.[node] ?? 0;
  }

  #nodesOf({ nodes }: ServiceSpread, domain: number): LeastLoaded {
    return (nodes[domain] ??= new LeastLoaded(this.#nodesIn?.[domain]!.length ?? this.#nodes));
  }
}

function nodesByDomain(domainOf: Uint16Array): number[][] {
  const nodesIn: number[][] = [];
  domainOf.forEach((domain, node) => {
    while (nodesIn.length <= domain) nodesIn.push([]);
    nodesIn[domain]!.push(node);
  });
  return nodesIn;
}

function placesIn(nodesIn: readonly (readonly number[])[], nodes: number): Int32Array {
  const places = new Int32Array(nodes);
  for (const members of nodesIn) members.forEach((node, place) => (places[node] = place));
  return places;
}
