/**
 * What a new connection meets, as the node where it enters has its rules at that moment: what the levels of detail that follow single
 * connections and requests build on.
 *
 *   clients --entry node--> rules of the node (maybe stale) --route, set of pods--> choice of the proxy mode --> pod: accepts or not
 */

import type { LossCause } from './loss-cause.js';

/** Pods that a connection may be sent to; the same object as long as the rules hold the same set. */
export interface EndpointSet {
  readonly pods: Int32Array;
}

export interface ConnectionRoute {
  /** FORWARD: to a pod of the set. REJECT: refused with an ICMP error. DROP: no answer. */
  readonly outcome: 'FORWARD' | 'REJECT' | 'DROP';
  /** null unless it is FORWARD. */
  readonly set: EndpointSet | null;
  /** The pod sees the node's address as source. */
  readonly isMasqueraded: boolean;
  /** Of a DROP: what is to blame. Absent: the load balancer for what comes from outside, and else the policy. */
  readonly dropCause?: LossCause;
}

export interface ConnectionRoutes {
  /** What a connection of client population `clients` to `service` meets that enters the cluster at `node` now. */
  routeOf(clients: number, service: number, node: number): ConnectionRoute;
  /** The node that such a connection enters at, by a number of [0, 1); NO_NODE: the load balancer has none. */
  entryNode(clients: number, service: number, uniform: number): number;
}

/** How a pod meets a connection that is sent to it. */
export const Acceptance = {
  accepts: 0,
  /** It has stopped accepting, or is gone: refused at once. */
  stopped: 1,
  /** Its application has failed: no answer. */
  failed: 2,
  /** Its application has failed: refused at once. */
  refuses: 3,
  /** Its node is lost: no answer. */
  unreachable: 4,
} as const;
export type Acceptance = (typeof Acceptance)[keyof typeof Acceptance];

/** How many kinds of acceptance there are. */
export const ACCEPTANCES = 5;

/** Hears how pods meet connections from now on. Pods that are made start with `accepts` when they turn ready. */
export interface AcceptanceListener {
  onAcceptance(pod: number, acceptance: Acceptance, before: Acceptance): void;
  /** The containers have ended: whatever connection the pod had is reset now. */
  onEnded(pod: number): void;
}
