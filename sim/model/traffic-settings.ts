/**
 * The part of the normalized scenario that says who sends requests to services, and what answers them (scenario.ts holds the rest,
 * and the rules of units and of null).
 */

import type { ServiceAddress } from './node/packet-path/rule-walk.js';

/** Where clients are: in pods of the cluster, on its nodes without a pod network, or outside of it. */
export type ClientOrigin = 'pods' | 'nodes' | 'outside';

/**
 * How closely requests are followed. `share`: rates, in closed form whenever a view or a pod changes; `connection`: an event for each
 * connection that opens and closes; `request`: an event for each request, and queueing in the pods.
 */
export type TrafficDetail = 'share' | 'connection' | 'request';

/** The clients of each service of a group. */
export interface ClientSettings {
  readonly name: string;
  readonly service: string;
  readonly from: ClientOrigin;
  /** Which address of the service they use. */
  readonly address: ServiceAddress;
  readonly detail: TrafficDetail;
  readonly load: ClientLoad;
  /** Connections that carry many requests; null: each request has a connection of its own. */
  readonly keepAlive: {
    /** That the clients of a service hold open together; one that ends is replaced at once. */
    readonly connections: number;
    /** Mean of an exponential time until the client closes a connection; null: it never does. */
    readonly meanLifetimeNs: number | null;
  } | null;
  /** How many addresses they have, for session affinity and for load balancers that hash by source. */
  readonly sourceAddresses: number;
  /** Of a headless service: the oldest that an answer of DNS gets in caches; 0: every connection asks anew. */
  readonly dnsCacheTtlNs: number;
  /** Of clients inside: their share in each zone, summing to 1; null: as many on every node. */
  readonly zoneShares: readonly number[] | null;
}

export type ClientLoad =
  /** Requests come whether or not earlier ones were answered: for each service so many a second, Poisson. */
  | { readonly kind: 'open'; readonly requestsPerSecond: number }
  /** Users of a service, each of whom thinks for an exponential time after an answer and then asks again. */
  | { readonly kind: 'closed'; readonly users: number; readonly meanThinkTimeNs: number };

/** What runs in the pods of a service. */
export interface ApplicationSettings {
  /** Requests that a pod works on at a time; null: as many as come. */
  readonly concurrency: number | null;
  /** Requests that may wait in a pod beside those that it works on; null: as many as come. More are refused. */
  readonly queueLimit: number | null;
  /** Time that one request takes when it is alone; null: nothing is said of it. */
  readonly serviceTime: {
    readonly meanNs: number;
    /** Coefficient of variation: 0 constant, 1 exponential, else lognormal. */
    readonly variation: number;
  } | null;
  /** Whether a pod goes on accepting connections between SIGTERM and its end. Most servers close their listener at once. */
  readonly acceptsAfterSigterm: boolean;
}

/** Requests per second that a pod can answer; null: no limit is known. */
export const capacityPerSecond = ({ concurrency, serviceTime }: ApplicationSettings): number | null =>
  concurrency === null || serviceTime === null ? null : (concurrency * 1e9) / serviceTime.meanNs;
