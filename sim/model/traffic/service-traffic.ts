/**
 * One service that has clients: the versions of its endpoints, the flows to it, and its load balancer, kept in step.
 *
 *   write --> a version more;   rules of a node committed --> the node moves to a later version
 *   pod stops, fails, recovers --> rows of all versions and of its node;   load balancer, node faults --> weights
 */

import { EndpointState, type EndpointUpdate, NO_ZONE } from '../node/endpoint-ledger.js';
import type { EndpointRecords } from './endpoint-records.js';
import type { EntryWeights } from './entry-weights.js';
import type { LoadBalancer, NodeAnswer } from './load-balancers/load-balancer.js';
import { nodeAnswer, type NodeCheck } from './load-balancers/node-answer.js';
import type { NodeEndpoints } from './node-endpoints.js';
import { READY, type ServiceVersions, TERMINATING } from './service-versions.js';
import type { ShareFlow } from './share-flow.js';

export interface ServiceTrafficContext {
  readonly service: number;
  readonly versions: ServiceVersions;
  readonly records: EndpointRecords;
  readonly own: NodeEndpoints;
  readonly zoneOfNode: ArrayLike<number>;
  readonly nodeOf: (pod: number) => number;
  readonly acceptanceOf: (pod: number) => number;
  /** Entries of the log that the rules of each node hold. */
  readonly applied: Int32Array;
}

/** A load balancer in front of a service, and what it asks nodes. */
export interface Balanced {
  readonly loadBalancer: LoadBalancer;
  /** Its targets. */
  readonly weights: EntryWeights;
  readonly check: NodeCheck;
}

/** What of a node does not hang on the service. */
export interface NodeHealth {
  readonly isUp: (node: number) => boolean;
  readonly isProxyHealthy: (node: number) => boolean;
}

/** The requests of a flow whose connections are kept open. */
export interface KeptFlow {
  /** The cluster has been at rest: all connections are open. */
  start(nowNs: number): void;
  /** Time has passed until now. */
  advance(nowNs: number): void;
  /** The connections of the pod end now, and are opened anew. */
  podStopped(pod: number, nowNs: number): void;
  /** Clients have come or gone, with the node that they are on; time has passed until now. */
  clientsChanged(): void;
  /** Requests per second that the pod gets. */
  loadOf(pod: number): number;
  /** A load balancer sends this share of them to other nodes than before: they break, and are opened anew. */
  moved(share: number, nowNs: number): void;
}

/** A change of an endpoint on a node that the rules of the node do not hold yet. */
export interface OwnChange {
  readonly entry: number;
  readonly service: number;
  /** Of the service, that it made. */
  readonly version: number;
  readonly pod: number;
}

const NOT_LISTED = -1;
// Known endpoints, and how many of them for each ready one, from which on those that are gone are looked for.
const MIN_FORGOTTEN_FROM = 64;
const MOST_KNOWN_PER_READY = 4;

export class ServiceTraffic {
  readonly context: ServiceTrafficContext;
  readonly flows: ShareFlow[] = [];
  readonly kept = new Map<ShareFlow, KeptFlow>();
  /** null: it has no load balancer, or nobody comes by it. */
  balanced: Balanced | null = null;
  /** Entries of the log that are writes of this service: entry v - 1 makes version v. */
  readonly #entries: number[] = [];
  /** Endpoints that are ready at the newest version. */
  readonly ready: number[] = [];
  readonly #position = new Map<number, number>();
  /** Ready endpoints by node, as published; kept for the load balancer only. */
  readonly #published = new Map<number, number>();
  /** All endpoints that some version may hold. */
  readonly known = new Set<number>();

  constructor(context: ServiceTrafficContext) {
    this.context = context;
  }

  /** What all nodes know at the start. */
  start(updates: readonly EndpointUpdate[]): void {
    for (const update of updates) this.#apply(0, update);
    const { own, nodeOf, acceptanceOf, service } = this.context;
    for (const { endpoint, state } of updates) own.count(nodeOf(endpoint), service, state, acceptanceOf(endpoint), 1);
  }

  /** Flows that wait for a service that is created begin: those that come by its load balancer when that sends, the others before. */
  beginFlows(isBalanced: boolean, nowNs: number): void {
    for (const flow of this.flows) {
      if ((flow.parameters.weights === this.balanced?.weights) === isBalanced) flow.begin(nowNs);
    }
  }

  /** Version that the rules of a node hold. */
  versionOf(node: number): number {
    const cursor = this.context.applied[node]!;
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]! < cursor) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Ready endpoints on the node, as the endpoint objects say. */
  publishedOn(node: number): number {
    return this.#published.get(node) ?? 0;
  }

  /** The next write of the service has become `entry` of the log. */
  append(entry: number, updates: readonly EndpointUpdate[]): void {
    const { versions } = this.context;
    const { capacity } = versions;
    const moved = versions.add();
    if (moved > 0 || versions.capacity !== capacity) for (const flow of this.flows) flow.followRows(moved);
    this.#entries.push(entry);
    const publishedBefore = new Map<number, number>();
    if (this.balanced !== null) {
      for (const { endpoint } of updates) {
        const node = this.context.nodeOf(endpoint);
        if (node >= 0) publishedBefore.set(node, this.publishedOn(node));
      }
    }
    for (const update of updates) this.#apply(versions.newest, update);
    for (const [node, before] of publishedBefore) {
      const published = this.publishedOn(node);
      if (published !== before) this.balanced!.loadBalancer.endpointsPublished(node, published);
    }
    this.#forget();
  }

  /**
   * The rules of a node hold version `to` from now on. The first `known` of `changes` are those of endpoints on the node, of whatever
   * service, that its rules hold now.
   */
  moveNode(node: number, to: number, nowNs: number, changes: readonly OwnChange[], known: number): void {
    const { versions, service } = this.context;
    const from = this.versionOf(node);
    for (const flow of this.flows) flow.leave(node, from, nowNs);
    for (let place = 0; place < known; place++) {
      if (changes[place]!.service === service) this.#applyOwn(node, changes[place]!);
    }
    versions.moveNode(from, to);
    for (const flow of this.flows) flow.enter(node, to, nowNs);
  }

  #applyOwn(node: number, { pod, version }: OwnChange): void {
    const { records, own, service, acceptanceOf } = this.context;
    const acceptance = acceptanceOf(pod);
    // In this order: a row must not be given up in between.
    own.count(node, service, records.stateAt(pod, version), acceptance, 1);
    own.count(node, service, records.stateAt(pod, version - 1), acceptance, -1);
  }

  /** A pod of the service meets connections in another way from now on. */
  acceptanceChanged(pod: number, before: number, after: number, nowNs: number): void {
    const { versions, records, own, service, zoneOfNode, nodeOf } = this.context;
    const node = nodeOf(pod);
    const versionOnNode = node < 0 ? 0 : this.versionOf(node);
    for (const flow of this.flows) {
      flow.settleNodesWithOwn(nowNs, (of) => this.versionOf(of));
      if (node >= 0) flow.leave(node, versionOnNode, nowNs);
    }
    const zone = node >= 0 ? zoneOfNode[node]! : NO_ZONE;
    for (let version = versions.oldest; version <= versions.newest; version++) {
      const state = records.stateAt(pod, version);
      if (state === EndpointState.unusable) continue;
      if (versions.isHeld(version)) for (const flow of this.flows) flow.settleVersion(version, nowNs);
      const hintedZone = records.hintedZoneAt(pod, version);
      versions.count(version, state, before, zone, hintedZone, -1);
      versions.count(version, state, after, zone, hintedZone, 1);
    }
    if (node < 0) return;
    const state = records.stateAt(pod, versionOnNode);
    // In this order: a row must not be given up in between.
    own.count(node, service, state, after, 1);
    own.count(node, service, state, before, -1);
    for (const flow of this.flows) flow.enter(node, versionOnNode, nowNs);
  }

  /** The weight of a node among the targets changes now. */
  setWeight(node: number, weight: number, nowNs: number): void {
    const { weights } = this.balanced!;
    if (weights.weight[node] === weight) return;
    const flows = this.flows.filter((flow) => flow.parameters.weights === weights);
    const versionOf = (of: number): number => this.versionOf(of);
    for (const flow of flows) flow.settleAll(nowNs, versionOf);
    const version = this.versionOf(node);
    for (const flow of flows) flow.leave(node, version, nowNs);
    weights.set(node, weight);
    if (weight > 0) this.beginFlows(true, nowNs);
    for (const flow of flows) {
      flow.weightsChanged();
      flow.enter(node, version, nowNs);
    }
  }

  /** Everything up to now is counted. */
  settle(nowNs: number): void {
    for (const flow of this.flows) flow.settleAll(nowNs, (node) => this.versionOf(node));
  }

  /**
   * Whether a node whose rules move between two versions, with so many changes of its own endpoints, may answer the load balancer
   * otherwise than before: most moves change nothing of what is asked, and must not cost the looking up.
   */
  mayAnswerOtherwise(from: number, to: number, ownChanges: number): boolean {
    if (this.balanced === null) return false;
    const { protocol, externalTrafficPolicy } = this.balanced.check;
    if (externalTrafficPolicy === 'Local' && ownChanges > 0) return true;
    const { versions } = this.context;
    return protocol === 'TCP' && versions.isAnywhere(from) !== versions.isAnywhere(to);
  }

  /** What a node with its rules at `version` answers the load balancer of the service. */
  answerOf(node: number, version: number, health: NodeHealth): NodeAnswer {
    const { own, service, versions } = this.context;
    const offset = own.offsetOf(node, service);
    const readyHere = own.sizeAt(offset, READY);
    return nodeAnswer(this.balanced!.check, {
      isUp: health.isUp(node),
      isProxyHealthy: health.isProxyHealthy(node),
      readyHere,
      usableHere: readyHere > 0 ? readyHere : own.sizeAt(offset, TERMINATING),
      isAnywhere: versions.isAnywhere(version),
    });
  }

  /** Whether the set that nodes of a zone use at a version (`node` below 0), or the node's own, holds the endpoint. */
  holds(pod: number, version: number, zone: number, node: number): boolean {
    const { versions, records, own, service, nodeOf } = this.context;
    const state = records.stateAt(pod, version);
    if (state === EndpointState.unusable) return false;
    if (node >= 0) {
      if (nodeOf(pod) !== node) return false;
      return (state === EndpointState.ready) === own.sizeAt(own.offsetOf(node, service), READY) > 0;
    }
    const set = versions.setAt(version, zone);
    if (set === 'terminating') return state === EndpointState.terminating;
    if (state !== EndpointState.ready) return false;
    return set === 'ready' || records.hintedZoneAt(pod, version) === zone;
  }

  #apply(version: number, update: EndpointUpdate): void {
    const { versions, records, acceptanceOf, nodeOf, zoneOfNode } = this.context;
    const { endpoint, state, hintedZone } = update;
    const node = nodeOf(endpoint);
    const zone = node >= 0 ? zoneOfNode[node]! : NO_ZONE;
    const acceptance = acceptanceOf(endpoint);
    const before = records.stateOf(endpoint);
    versions.count(version, before, acceptance, zone, records.hintedZoneOf(endpoint), -1);
    records.set(version, update);
    versions.count(version, state, acceptance, zone, hintedZone, 1);
    if (state !== EndpointState.unusable) this.known.add(endpoint);
    const isReady = state === EndpointState.ready;
    if ((before === EndpointState.ready) === isReady) return;
    this.#list(endpoint, isReady);
    if (node >= 0) this.#published.set(node, this.publishedOn(node) + (isReady ? 1 : -1));
  }

  #list(endpoint: number, isReady: boolean): void {
    if (isReady) {
      this.#position.set(endpoint, this.ready.length);
      this.ready.push(endpoint);
      return;
    }
    const position = this.#position.get(endpoint) ?? NOT_LISTED;
    const last = this.ready.pop()!;
    if (last !== endpoint) {
      this.ready[position] = last;
      this.#position.set(last, position);
    }
    this.#position.delete(endpoint);
  }

  /** Endpoints that no version has any more; looked for only when there are so many that it costs nothing beside their writes. */
  #forget(): void {
    const { versions, records } = this.context;
    if (this.known.size < Math.max(MIN_FORGOTTEN_FROM, MOST_KNOWN_PER_READY * this.ready.length)) return;
    for (const endpoint of this.known) {
      if (records.stateOf(endpoint) === EndpointState.unusable && records.lastVersionOf(endpoint) <= versions.oldest) {
        this.known.delete(endpoint);
      }
    }
  }
}
