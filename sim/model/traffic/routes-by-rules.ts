/**
 * What single connections meet, from the same versions of services and weights that the share level works with.
 *
 *   (clients, service, node) --version that the node has, endpoints of its own--> route, set of pods
 *
 * Sets are made when somebody asks for them and kept until the service has a newer version or the node other endpoints.
 */

import { NO_NODE } from '../cluster/pods.js';
import type { ConnectionRoute, ConnectionRoutes, EndpointSet } from './connection-routes.js';
import type { EntryWeights } from './entry-weights.js';
import { type NodeEndpoints, NOTHING_HERE } from './node-endpoints.js';
import { READY } from './service-versions.js';
import type { ServiceTraffic } from './service-traffic.js';
import type { RouteOf } from './route-table.js';
import type { LossCause } from './loss-cause.js';

/** What of a population of clients decides the way of its connections to one service. */
export interface ClientsOfService {
  readonly traffic: ServiceTraffic;
  readonly routeOf: RouteOf;
  readonly followsNodeHints: boolean;
  readonly dependsOnOwn: boolean;
  readonly weights: EntryWeights;
  /** Of clients inside: where they are, whether the nodes are up or not; null: they are outside, and enter by `weights`. */
  readonly places: EntryWeights | null;
  /** What is to blame for what a node drops for want of an endpoint of its own. */
  readonly dropCause: LossCause;
}

export interface RoutesParameters {
  /** By population and service; null: it sends nothing there. */
  readonly clientsOf: (clients: number, service: number) => ClientsOfService;
  readonly own: NodeEndpoints;
  readonly zoneOfNode: ArrayLike<number>;
  readonly isDown: Uint8Array;
}

interface SetOfVersion {
  readonly version: number;
  readonly set: EndpointSet;
}

/** Versions of a service whose sets are kept for one zone or node: nodes are few versions behind each other. */
const KEPT_VERSIONS = 64;

/** Nodes that are down answer nothing. */
const SILENT: ConnectionRoute = { outcome: 'DROP', set: null, isMasqueraded: false };

export class RoutesByRules implements ConnectionRoutes {
  readonly #parameters: RoutesParameters;
  /** The last set that was made for each service and zone, or for each node that uses its own endpoints. */
  readonly #sets = new Map<ServiceTraffic, Map<number, SetOfVersion>>();

  constructor(parameters: RoutesParameters) {
    this.#parameters = parameters;
  }

  entryNode(clients: number, service: number, uniform: number): number {
    const { weights, places } = this.#parameters.clientsOf(clients, service);
    if (places === null) return weights.pick(uniform);
    // Who is on a node that is lost is gone with it, and not on another one.
    const node = places.pick(uniform);
    return this.#parameters.isDown[node] === 1 ? NO_NODE : node;
  }

  routeOf(clients: number, service: number, node: number): ConnectionRoute {
    const { own, zoneOfNode, isDown, clientsOf } = this.#parameters;
    if (isDown[node] === 1) return SILENT;
    const { traffic, routeOf, followsNodeHints, dependsOnOwn, dropCause } = clientsOf(clients, service);
    const { versions } = traffic.context;
    const version = traffic.versionOf(node);
    const zone = zoneOfNode[node]!;
    const offset = dependsOnOwn ? own.offsetOf(node, service) : NOTHING_HERE;
    const cluster = versions.sizeAt(versions.clusterSetAt(version, zone));
    const route = routeOf(cluster > 0, offset !== NOTHING_HERE, versions.isAnywhere(version));
    if (route.outcome !== 'FORWARD') return { outcome: route.outcome, set: null, isMasqueraded: false, dropCause };
    const followsNode = followsNodeHints && own.sizeAt(offset, READY) > 0 && versions.isHinted(version);
    const usesOwn = offset !== NOTHING_HERE && (route.endpoints === 'local' || followsNode);
    const set = this.#setOf(traffic, version, zone, usesOwn ? node : -1);
    return { outcome: 'FORWARD', set, isMasqueraded: route.isMasqueraded };
  }

  #setOf(traffic: ServiceTraffic, version: number, zone: number, node: number): EndpointSet {
    let sets = this.#sets.get(traffic);
    if (sets === undefined) this.#sets.set(traffic, (sets = new Map()));
    const places = this.#parameters.zoneOfNode.length + traffic.context.versions.zones;
    const place = node < 0 ? zone : traffic.context.versions.zones + node;
    const known = sets.get((version % KEPT_VERSIONS) * places + place);
    if (known?.version === version) return known.set;
    const pods: number[] = [];
    for (const pod of traffic.known) if (traffic.holds(pod, version, zone, node)) pods.push(pod);
    pods.sort((a, b) => a - b);
    // A version that says nothing new of these endpoints leaves the rules for them as they are.
    const before = sets.get(((version + KEPT_VERSIONS - 1) % KEPT_VERSIONS) * places + place);
    const isSame = before !== undefined && before.version === version - 1 && isEqual(before.set.pods, pods);
    const set = isSame ? before.set : { pods: Int32Array.from(pods) };
    sets.set((version % KEPT_VERSIONS) * places + place, { version, set });
    return set;
  }
}

const isEqual = (set: Int32Array, pods: readonly number[]): boolean =>
  set.length === pods.length && pods.every((pod, place) => set[place] === pod);
