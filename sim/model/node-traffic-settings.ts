/**
 * The part of the normalized scenario that says what connections every node sees (scenario.ts holds the rest, and the rules of units
 * and of null). It moves nothing: what it is measured by is worked out from the rules of the nodes (node/packet-path/).
 */

import type { ServiceAddress } from './node/packet-path/rule-walk.js';
import type { FlowProtocol } from './versions/packet-costs.js';

/** Median and 99th percentile of a lognormal time. */
interface Lognormal {
  readonly median: number;
  readonly p99: number;
}

export interface NodeTrafficSettings {
  /** New connections that a node sees, to services and others. */
  readonly newConnectionsPerSecond: number;
  readonly protocol: FlowProtocol;
  readonly requestsPerConnection: number;
  /** From the first packet to the last. */
  readonly connectionLifetimeNs: Lognormal;
  /** Shares of the TCP connections that nobody closes, and that one side closes. */
  readonly unclosedShare: number;
  readonly halfClosedShare: number;
  /** Share of the new connections that go to services; the others are compared with all rules. */
  readonly shareToServices: number;
  /** Which address of a service they go to. */
  readonly address: ServiceAddress;
  /** Share of those to services whose endpoint is on another node. */
  readonly remoteEndpointShare: number;
  /** Share of those to services with session affinity whose client has been there before. */
  readonly knownClientShare: number;
  /** Share of new connections that find the rules evicted from the processor's caches. */
  readonly cacheColdShare: number;
  /** CPU time on a node without service rules. */
  readonly cpuPerConnectionNs: number;
  readonly cpuPerRequestNs: number;
  /** What a round trip takes beside the work of the kernels. */
  readonly roundTripDelayNs: Lognormal;
}
