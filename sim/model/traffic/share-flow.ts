/**
 * The requests of one population of clients to one service, as rates: the share level of detail.
 *
 *   rate, weights of entry nodes ----+
 *   version that each node has ------+--> cells: weight of the nodes by (version, zone) --time--> amounts served and lost
 *   endpoints by acceptance ---------+    nodes that use their own endpoints, one by one
 *
 * All nodes of a zone whose rules hold the same version of a service do the same with a request, unless they have endpoints of it
 * themselves and policy Local or hints for nodes make them use those. So a flow is a sum over few cells, and what is lost in a time
 * without change is rate x share of endpoints that do not accept x time, exactly. A cell is settled whenever something in it
 * changes; nothing else costs anything.
 *
 * Left out: hairpin connections (a pod that reaches itself), retries. Members of a zone set made by topology mode Auto that are on the
 * node itself count as one of the zone's even where their hint is for another one.
 */

import { widen } from '../cluster/columns.js';
import type { ServiceRoute } from '../node/service-routing/service-route.js';
import { Acceptance, ACCEPTANCES } from './connection-routes.js';
import type { EntryWeights } from './entry-weights.js';
import { type NodeEndpoints, NOTHING_HERE } from './node-endpoints.js';
import type { RouteOf } from './route-table.js';
import { READY, type ServiceVersions, type SetPlace, TERMINATING } from './service-versions.js';
import { LossCause } from './loss-cause.js';
import type { TrafficTally } from './traffic-tally.js';

export interface ShareFlowParameters {
  readonly service: number;
  readonly versions: ServiceVersions;
  readonly own: NodeEndpoints;
  readonly zoneOfNode: ArrayLike<number>;
  /** 1: the node is down. */
  readonly isDown: Uint8Array;
  readonly routeOf: RouteOf;
  /** Whether nodes that have endpoints themselves may do otherwise than those that have none: policy Local, hints for nodes. */
  readonly dependsOnOwn: boolean;
  readonly followsNodeHints: boolean;
  readonly weights: EntryWeights;
  readonly requestsPerSecond: number;
  /** From outside: all requests go to the nodes that have a weight. From inside each weight stands for clients that are there or gone. */
  readonly isFromOutside: boolean;
  /** What is to blame for requests that a node drops for want of an endpoint of its own: whoever sends them there, or the policy. */
  readonly dropCause: LossCause;
  readonly tally: TrafficTally;
  /** Nothing is sent before; Infinity: until `begin`. */
  readonly startNs: number;
}

const NS_PER_SECOND = 1e9;
/** Below this part of what was added or taken last, a sum is what rounding has left of nothing. */
const ROUNDING = 1e-9;

export class ShareFlow {
  readonly parameters: ShareFlowParameters;
  /** Share of the connections that find a connection tracking table full; it may be set before time passes. */
  conntrackDroppedShare = 0;
  // Cells by (version - oldest) x zones + zone.
  #weight: Float64Array;
  /** Sums over the nodes of a cell: weight x accepting endpoints that the node has itself, ready ones and those that terminate. */
  #ownReady: Float64Array;
  #ownTerminating: Float64Array;
  /** When the cell was settled last. */
  #settledNs: Float64Array;
  /** Nodes that use their own endpoints, with the time when each was settled last. */
  readonly #ownNodes = new Map<number, number>();
  #downWeight = 0;
  #downSettledNs: number;
  /** Requests a nanosecond for each unit of weight. */
  #ratePerWeight = 0;
  readonly #initialTotal: number;
  #startNs: number;
  /** Of nodes that do not use their own endpoints, when the cluster has some; looked up for every move of a node. */
  readonly #routeToCluster: ServiceRoute;

  constructor(parameters: ShareFlowParameters) {
    this.parameters = parameters;
    const cells = parameters.versions.capacity * parameters.versions.zones;
    this.#weight = new Float64Array(cells);
    this.#ownReady = new Float64Array(cells);
    this.#ownTerminating = new Float64Array(cells);
    this.#startNs = parameters.startNs;
    this.#settledNs = new Float64Array(cells).fill(parameters.startNs);
    this.#downSettledNs = parameters.startNs;
    this.#initialTotal = parameters.weights.total;
    this.#routeToCluster = parameters.routeOf(true, false, true);
    this.#takeRate();
  }

  /** Clients of a service that is created in the run begin, if they have not: it can be reached for the first time. */
  begin(nowNs: number): void {
    if (this.#startNs < Infinity) return;
    this.#startNs = nowNs;
    this.#settledNs.fill(nowNs);
    this.#downSettledNs = nowNs;
    for (const node of this.#ownNodes.keys()) this.#ownNodes.set(node, nowNs);
  }

  /** Share of the clients that are there to send. */
  get presentShare(): number {
    const { weights, isFromOutside } = this.parameters;
    if (isFromOutside) return 1;
    return this.#initialTotal > 0 ? Math.max(0, weights.total) / this.#initialTotal : 0;
  }

  /** The rows of the versions have moved down by `moved`, or there is room for more. */
  followRows(moved: number): void {
    const { versions } = this.parameters;
    const shift = moved * versions.zones;
    const cells = versions.capacity * versions.zones;
    const follow = (column: Float64Array): Float64Array => {
      if (shift > 0) column.copyWithin(0, shift).fill(0, column.length - shift);
      return column.length < cells ? widen(column, cells) : column;
    };
    this.#weight = follow(this.#weight);
    this.#ownReady = follow(this.#ownReady);
    this.#ownTerminating = follow(this.#ownTerminating);
    this.#settledNs = follow(this.#settledNs);
  }

  /** The node, with its rules at `version`, takes part from now on with the weight that it has. */
  enter(node: number, version: number, nowNs: number): void {
    const weight = this.parameters.weights.weight[node]!;
    if (weight === 0) return;
    if (this.parameters.isDown[node] === 1) {
      this.#settleDown(nowNs);
      this.#downWeight += weight;
    } else if (this.#usesOwn(node)) {
      this.#ownNodes.set(node, Math.max(nowNs, this.#startNs));
    } else {
      this.#addToCell(node, version, weight, nowNs);
    }
  }

  /** The node, which is as it was when it entered, takes no part from now on. */
  leave(node: number, version: number, nowNs: number): void {
    const weight = this.parameters.weights.weight[node]!;
    if (weight === 0) return;
    if (this.parameters.isDown[node] === 1) {
      this.#settleDown(nowNs);
      this.#downWeight = Math.max(0, this.#downWeight - weight);
    } else if (this.parameters.dependsOnOwn && this.#ownNodes.has(node)) {
      this.#settleOwn(node, version, nowNs);
      this.#ownNodes.delete(node);
    } else {
      this.#addToCell(node, version, -weight, nowNs);
    }
  }

  /** Settles what uses a version, all cells of it; before anything in its row changes. */
  settleVersion(version: number, nowNs: number): void {
    const { zones } = this.parameters.versions;
    for (let zone = 0; zone < zones; zone++) this.#settleCell(version, zone, nowNs);
  }

  /** Settles nodes that use their own endpoints as long as hints say so, and else those of all; before endpoints anywhere change. */
  settleNodesWithOwn(nowNs: number, versionOf: (node: number) => number): void {
    if (!this.parameters.followsNodeHints) return;
    for (const node of this.#ownNodes.keys()) this.#settleOwn(node, versionOf(node), nowNs);
  }

  /** Settles everything; before the rate changes, and at the end. */
  settleAll(nowNs: number, versionOf: (node: number) => number): void {
    const { versions } = this.parameters;
    for (let version = versions.oldest; version <= versions.newest; version++) this.settleVersion(version, nowNs);
    for (const node of this.#ownNodes.keys()) this.#settleOwn(node, versionOf(node), nowNs);
    this.#settleDown(nowNs);
  }

  /** The weights, or their sum, have changed; everything was settled before. */
  weightsChanged(): void {
    this.#takeRate();
  }

  /**
   * Calls `add` for every set of endpoints that requests go to now, with the requests per second that each of them gets: `version` and
   * `zone` of the set, and the node if it is the node's own endpoints (else -1).
   */
  forEachSet(
    versionOf: (node: number) => number,
    add: (version: number, zone: number, node: number, perEndpoint: number) => void,
  ): void {
    const { versions, weights, own, service, zoneOfNode } = this.parameters;
    const perSecond = this.#ratePerWeight * NS_PER_SECOND * (1 - this.conntrackDroppedShare);
    for (let version = versions.oldest; version <= versions.newest; version++) {
      for (let zone = 0; zone < versions.zones; zone++) {
        const weight = this.#weight[this.#cell(version, zone)]!;
        if (weight <= 0) continue;
        const size = versions.sizeAt(versions.clusterSetAt(version, zone));
        if (size === 0 || this.#poolRoute(version, size).outcome !== 'FORWARD') continue;
        add(version, zone, -1, (weight * perSecond) / size);
      }
    }
    for (const node of this.#ownNodes.keys()) {
      const version = versionOf(node);
      const zone = zoneOfNode[node]!;
      const perNode = weights.weight[node]! * perSecond;
      const offset = own.offsetOf(node, service);
      const set = this.#ownSet(version, offset);
      if (set !== null) add(version, zone, node, perNode / own.sizeAt(offset, set));
      else add(version, zone, -1, perNode / versions.sizeAt(versions.clusterSetAt(version, zone)));
    }
  }

  #takeRate(): void {
    const { weights, requestsPerSecond, isFromOutside } = this.parameters;
    const total = isFromOutside ? weights.total : this.#initialTotal;
    this.#ratePerWeight = total > 0 ? requestsPerSecond / NS_PER_SECOND / total : 0;
  }

  #cell(version: number, zone: number): number {
    const { oldest, zones } = this.parameters.versions;
    return (version - oldest) * zones + zone;
  }

  #addToCell(node: number, version: number, weight: number, nowNs: number): void {
    const { zoneOfNode, own, service } = this.parameters;
    const zone = zoneOfNode[node]!;
    this.#settleCell(version, zone, nowNs);
    const cell = this.#cell(version, zone);
    this.#weight[cell]! += weight;
    if (this.#weight[cell]! < ROUNDING * Math.abs(weight)) {
      this.#weight[cell] = this.#ownReady[cell] = this.#ownTerminating[cell] = 0;
      return;
    }
    const offset = own.offsetOf(node, service);
    if (offset === NOTHING_HERE) return;
    this.#ownReady[cell]! += weight * own.acceptingAt(offset, READY);
    this.#ownTerminating[cell]! += weight * own.acceptingAt(offset, TERMINATING);
  }

  #usesOwn(node: number): boolean {
    const { dependsOnOwn, own, service } = this.parameters;
    return dependsOnOwn && own.offsetOf(node, service) !== NOTHING_HERE;
  }

  /** What a node does that has no endpoint itself, or need not look whether it has. */
  #poolRoute(version: number, clusterSize: number): ServiceRoute {
    return this.parameters.routeOf(clusterSize > 0, false, this.parameters.versions.isAnywhere(version));
  }

  /** Which of its own endpoints a node uses that has some at `offset`; null: those that the others use too. */
  #ownSet(version: number, offset: number): SetPlace | null {
    const { own, routeOf, followsNodeHints, versions } = this.parameters;
    const hasReady = own.sizeAt(offset, READY) > 0;
    if (routeOf(true, true, true).endpoints === 'local') return hasReady ? READY : TERMINATING;
    return followsNodeHints && hasReady && versions.isHinted(version) ? READY : null;
  }

  #settleCell(version: number, zone: number, nowNs: number): void {
    const cell = this.#cell(version, zone);
    const fromNs = this.#settledNs[cell]!;
    this.#settledNs[cell] = Math.max(nowNs, this.#startNs);
    const weight = this.#weight[cell]!;
    if (weight <= 0 || nowNs <= fromNs) return;
    const { versions } = this.parameters;
    const amount = this.#spend(weight, fromNs, nowNs);
    const offset = versions.clusterSetAt(version, zone);
    const size = versions.sizeAt(offset);
    const route = size > 0 ? this.#routeToCluster : this.#poolRoute(version, size);
    if (route.outcome !== 'FORWARD') {
      this.#loseAtNode(route.outcome, amount, fromNs, nowNs);
      return;
    }
    const isTerminating = offset - versions.rowOf(version) === TERMINATING;
    const onNode = (isTerminating ? this.#ownTerminating : this.#ownReady)[cell]! / weight;
    const inZone = versions.acceptingInZone(version, offset, zone);
    this.#deliver(amount, versions.rows, offset, size, onNode, inZone, route.isMasqueraded, fromNs, nowNs);
  }

  #settleOwn(node: number, version: number, nowNs: number): void {
    const fromNs = this.#ownNodes.get(node)!;
    if (nowNs <= fromNs) return;
    this.#ownNodes.set(node, nowNs);
    const { versions, own, service, weights, zoneOfNode, routeOf } = this.parameters;
    const amount = this.#spend(weights.weight[node]!, fromNs, nowNs);
    const ownOffset = own.offsetOf(node, service);
    const set = this.#ownSet(version, ownOffset);
    const route = routeOf(true, true, true);
    if (set !== null) {
      const size = own.sizeAt(ownOffset, set);
      const accepting = own.acceptingAt(ownOffset, set);
      this.#deliver(
        amount,
        own.counts,
        ownOffset + set,
        size,
        accepting,
        accepting,
        route.isMasqueraded,
        fromNs,
        nowNs,
      );
      return;
    }
    const zone = zoneOfNode[node]!;
    const offset = versions.clusterSetAt(version, zone);
    const size = versions.sizeAt(offset);
    const isTerminating = offset - versions.rowOf(version) === TERMINATING;
    const onNode = own.acceptingAt(ownOffset, isTerminating ? TERMINATING : READY);
    const inZone = versions.acceptingInZone(version, offset, zone);
    this.#deliver(amount, versions.rows, offset, size, onNode, inZone, route.isMasqueraded, fromNs, nowNs);
  }

  /** Requests from outside that nobody takes: to nodes that are down, or with no node to go to. */
  #settleDown(nowNs: number): void {
    const { isFromOutside, weights, requestsPerSecond, tally } = this.parameters;
    const fromNs = this.#downSettledNs;
    if (nowNs <= fromNs) return;
    this.#downSettledNs = nowNs;
    if (!isFromOutside) return;
    if (weights.total <= 0) {
      const amount = (requestsPerSecond / NS_PER_SECOND) * (nowNs - fromNs);
      tally.sent += amount;
      tally.lose(LossCause.loadBalancer, false, amount, fromNs, nowNs);
    } else if (this.#downWeight > 0) {
      const amount = this.#downWeight * this.#ratePerWeight * (nowNs - fromNs);
      tally.sent += amount;
      tally.lose(LossCause.loadBalancer, false, amount, fromNs, nowNs);
    }
  }

  /** Requests that a weight stands for in that time; those of them that find the connection table full are lost here. */
  #spend(weight: number, fromNs: number, nowNs: number): number {
    const { conntrackDroppedShare } = this;
    const { tally } = this.parameters;
    const amount = weight * this.#ratePerWeight * (nowNs - fromNs);
    tally.sent += amount;
    if (conntrackDroppedShare === 0) return amount;
    tally.lose(LossCause.conntrack, false, amount * conntrackDroppedShare, fromNs, nowNs);
    return amount * (1 - conntrackDroppedShare);
  }

  #loseAtNode(outcome: 'REJECT' | 'DROP', amount: number, fromNs: number, nowNs: number): void {
    const { tally, dropCause } = this.parameters;
    if (outcome === 'REJECT') tally.lose(LossCause.noEndpoints, true, amount, fromNs, nowNs);
    else tally.lose(dropCause, false, amount, fromNs, nowNs);
  }

  /** `onNode` and `inZone`: accepting endpoints of the set that are on the node (a mean over nodes), and in its zone. */
  #deliver(
    amount: number,
    counts: Int32Array,
    offset: number,
    size: number,
    onNode: number,
    inZone: number,
    isMasqueraded: boolean,
    fromNs: number,
    nowNs: number,
  ): void {
    const { tally } = this.parameters;
    const accepting = counts[offset + Acceptance.accepts]!;
    const perEndpoint = amount / size;
    tally.serve(
      perEndpoint * accepting,
      perEndpoint * (accepting - onNode),
      perEndpoint * (accepting - inZone),
      isMasqueraded,
    );
    if (accepting === size) return;
    for (let kind = 1; kind < ACCEPTANCES; kind++) {
      const count = counts[offset + kind]!;
      if (count > 0) tally.loseAtPod(kind as Acceptance, (amount * count) / size, fromNs, nowNs);
    }
  }
}
