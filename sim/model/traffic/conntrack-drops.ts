/**
 * New connections that find a connection tracking table full, with all clients as they are at the start of the run.
 *
 *   entries of each population, weights of nodes, routes --> entries of each node's table --Erlang's loss--> dropped share by node
 *                                                        ^---- what one node drops reaches no pod on another -----'
 *
 * A connection has an entry on the node where it enters or starts, and one on the node of its pod, if that is another. What no rule
 * sends on leaves no entry. Loads differ between nodes, and a full table drops by its own load: the target of a load balancer that
 * gets most fills first.
 *
 * Left out: changes of loads in the run; that an attempt which the second node drops has an unconfirmed entry on the first;
 * connections of anybody else (section nodeTraffic). Connections that are kept count as if they came at random.
 */

import { droppedShareOf, type EntryLoad, isFarFromFull } from '../node/packet-path/conntrack-table.js';
import type { EntryWeights } from './entry-weights.js';
import type { ClientsOfService, RoutesByRules } from './routes-by-rules.js';

/** One population of clients of one service. */
export interface TrackedClients {
  /** As the routes know them. */
  readonly clients: number;
  readonly service: number;
  readonly way: ClientsOfService;
  /** Of all of its connections, if one table had them. */
  readonly entries: EntryLoad;
}

export interface ConntrackDropsParameters {
  readonly routes: Pick<RoutesByRules, 'routeOf'>;
  readonly zones: number;
  readonly zoneOfNode: ArrayLike<number>;
  readonly nodeOf: (pod: number) => number;
  /** Entries that a table has room for. */
  readonly max: number;
}

/** Shares of pods by node of a set that nodes send to; null: they send nothing on. */
type Destinations = ReadonlyMap<number, number> | null;

/** Where the connections of one population go. */
interface Ways {
  readonly tracked: TrackedClients;
  /** By zone, of the nodes that choose like all others there. */
  readonly byZone: readonly Destinations[];
  /** Of nodes that have endpoints themselves and use those. */
  readonly ownNodes: ReadonlyMap<number, Destinations>;
}

/** Weights of nodes with their sums by zone. */
interface WeightSums {
  readonly weights: EntryWeights;
  /** Sums of weights that get past the table of their node. */
  readonly passing: Float64Array;
  /** Confirmed entries of connections that enter by a node, for a weight of 1. */
  readonly perWeight: Float64Array;
}

const MAX_ROUNDS = 200;
const PRECISION = 1e-7;

export class ConntrackDrops {
  /** Share of the new connections that the table of each node drops. */
  readonly atNode: Float64Array;
  /** Of the connections of each population, in order: those that some table drops. */
  readonly ofClients: Float64Array;

  readonly #parameters: ConntrackDropsParameters;
  readonly #ways: readonly Ways[];
  readonly #sums = new Map<EntryWeights, WeightSums>();

  constructor(parameters: ConntrackDropsParameters, tracked: readonly TrackedClients[]) {
    this.#parameters = parameters;
    this.atNode = new Float64Array(parameters.zoneOfNode.length);
    this.ofClients = new Float64Array(tracked.length);
    const all = tracked.reduce((sum, { entries }) => sum + entries.assured, 0);
    this.#ways = [];
    // Where one table would hold all entries no table is full.
    if (isFarFromFull(all, parameters.max)) return;
    this.#ways = tracked.map((one) => this.#waysOf(one));
    this.#solve();
    if (!this.isAny) return;
    this.#sumWeights();
    for (const [index, ways] of this.#ways.entries()) this.ofClients[index] = this.#droppedOf(ways);
  }

  /** Whether any table drops anything. */
  get isAny(): boolean {
    return this.atNode.some((share) => share > 0);
  }

  /** What tables drop lowers what others see, until nothing changes any more. */
  #solve(): void {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const assured = this.#assuredByNode();
      const known = new Map<number, number>();
      let change = 0;
      for (let node = 0; node < assured.length; node++) {
        const load = assured[node]!;
        let share = known.get(load);
        if (share === undefined) known.set(load, (share = droppedShareOf(load, this.#parameters.max)));
        // Half of the way: two nodes that drop for each other would swing.
        const step = (share - this.atNode[node]!) / 2;
        this.atNode[node]! += step;
        change = Math.max(change, Math.abs(step));
      }
      if (change < PRECISION) return;
    }
  }

  #waysOf(tracked: TrackedClients): Ways {
    const { routes, zones, zoneOfNode, nodeOf } = this.#parameters;
    const { clients, service, way } = tracked;
    if (!this.#sums.has(way.weights)) {
      const perWeight = new Float64Array(zones);
      this.#sums.set(way.weights, { weights: way.weights, passing: new Float64Array(zones), perWeight });
    }
    const destinations = (node: number): Destinations => {
      const { set } = routes.routeOf(clients, service, node);
      if (set === null) return null;
      const shares = new Map<number, number>();
      for (const pod of set.pods) shares.set(nodeOf(pod), (shares.get(nodeOf(pod)) ?? 0) + 1 / set.pods.length);
      return shares;
    };
    const ownNodes = new Map<number, Destinations>();
    if (way.dependsOnOwn) {
      for (const pod of way.traffic.known) {
        const node = nodeOf(pod);
        if (node >= 0 && !ownNodes.has(node)) ownNodes.set(node, destinations(node));
      }
    }
    const byZone: Destinations[] = Array.from({ length: zones }, () => null);
    const isKnown = new Uint8Array(zones);
    let unknown = zones;
    for (let node = 0; node < zoneOfNode.length && unknown > 0; node++) {
      const zone = zoneOfNode[node]!;
      if (isKnown[zone] === 1 || ownNodes.has(node)) continue;
      isKnown[zone] = 1;
      unknown--;
      byZone[zone] = destinations(node);
    }
    return { tracked, byZone, ownNodes };
  }

  /** Confirmed entries of each table, if tables drop as they do now. */
  #assuredByNode(): Float64Array {
    const { zoneOfNode } = this.#parameters;
    this.#sumWeights();
    const assured = new Float64Array(zoneOfNode.length);
    for (const ways of this.#ways) {
      const { entries, way } = ways.tracked;
      const { weight, total } = way.weights;
      if (total <= 0) continue;
      const sums = this.#sums.get(way.weights)!;
      const perWeight = entries.assured / total;
      for (const [zone, to] of ways.byZone.entries()) {
        if (to === null) continue;
        sums.perWeight[zone]! += perWeight;
        const passing = this.#passingOf(ways, zone);
        for (const [node, share] of to) {
          if (node >= 0) assured[node]! += perWeight * share * (passing - this.#passingAt(ways, zone, node));
        }
      }
      for (const [node, to] of ways.ownNodes) {
        // It is not one of those that its zone counts.
        if (ways.byZone[zoneOfNode[node]!] !== null) assured[node]! -= perWeight * weight[node]!;
        if (to === null) continue;
        assured[node]! += perWeight * weight[node]!;
        const passing = weight[node]! * (1 - this.atNode[node]!);
        for (const [other, share] of to) {
          if (other >= 0 && other !== node) assured[other]! += perWeight * share * passing;
        }
      }
    }
    for (const { weights, perWeight } of this.#sums.values()) {
      for (let node = 0; node < assured.length; node++) {
        assured[node]! += weights.weight[node]! * perWeight[zoneOfNode[node]!]!;
      }
    }
    // What is left of sums that cancel out is no load.
    return assured.map((load) => Math.max(0, load));
  }

  #sumWeights(): void {
    const { zoneOfNode } = this.#parameters;
    for (const { weights, passing, perWeight } of this.#sums.values()) {
      passing.fill(0);
      perWeight.fill(0);
      for (let node = 0; node < zoneOfNode.length; node++) {
        passing[zoneOfNode[node]!]! += weights.weight[node]! * (1 - this.atNode[node]!);
      }
    }
  }

  /** Weight of the nodes of a zone that choose like all others there, of what gets past their tables. */
  #passingOf({ tracked, ownNodes }: Ways, zone: number): number {
    const { weights } = tracked.way;
    let passing = this.#sums.get(weights)!.passing[zone]!;
    for (const node of ownNodes.keys()) {
      if (this.#parameters.zoneOfNode[node] === zone) passing -= weights.weight[node]! * (1 - this.atNode[node]!);
    }
    return Math.max(0, passing);
  }

  /** The part of it that is the node's own. */
  #passingAt({ tracked, ownNodes }: Ways, zone: number, node: number): number {
    if (this.#parameters.zoneOfNode[node] !== zone || ownNodes.has(node)) return 0;
    return tracked.way.weights.weight[node]! * (1 - this.atNode[node]!);
  }

  /** Share of the connections that the table of the first node or of the second one drops. */
  #droppedOf(ways: Ways): number {
    const { weights } = ways.tracked.way;
    if (weights.total <= 0) return 0;
    let passing = 0;
    for (const sum of this.#sums.get(weights)!.passing) passing += sum;
    let dropped = weights.total - passing;
    for (const [zone, to] of ways.byZone.entries()) {
      const ofZone = this.#passingOf(ways, zone);
      for (const [node, share] of to ?? []) {
        if (node < 0) continue;
        dropped += (ofZone - this.#passingAt(ways, zone, node)) * share * this.atNode[node]!;
      }
    }
    for (const [node, to] of ways.ownNodes) {
      const own = weights.weight[node]! * (1 - this.atNode[node]!);
      for (const [other, share] of to ?? []) {
        if (other >= 0 && other !== node) dropped += own * share * this.atNode[other]!;
      }
    }
    return Math.min(1, Math.max(0, dropped / weights.total));
  }
}
