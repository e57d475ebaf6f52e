/**
 * How the endpoints of services stand in the API: the one thing in which Endpoints and EndpointSlices differ. An
 * implementation knows the objects of every service and plans the writes that one controller sync makes of the pods that
 * changed; the controller around it (endpoint-controller.ts) is the same for both.
 */

import type { GaugeValues } from './slice-gauges.js';
import type { HintedPods } from './slice-hints.js';

/** One API write of a controller sync. A plan is made of these; `apply` makes them true once they are committed. */
export interface PlannedWrite {
  readonly verb: 'create' | 'update' | 'delete';
  /** Number of the object within its service. */
  readonly object: number;
  /** Size of the request body. */
  readonly requestBytes: number;
  /** Size of the watch frame that the commit causes. */
  readonly frameBytes: number;
  /** False when the API server finds the object unchanged: the request is spent, no event follows. */
  readonly changesObject: boolean;
  /** Pods whose entry in the object this write brings up to date. */
  readonly pods: readonly number[];
  /** The state of each of them that the object will show; see PodState. */
  readonly podStates: readonly number[];
  /** Position of the object's address family in the service's ipFamilies; absent: the primary one. */
  readonly family?: number;
  /** All pods of the object after the write and the zones they are hinted to; null or absent without topologyMode Auto. */
  readonly hintedPods?: HintedPods | null;
}

export interface Discovery {
  readonly kind: 'EndpointSlice' | 'Endpoints';
  /** The most endpoints that the objects of one service can hold. */
  readonly maxUsableEndpoints: number;
  /** Publishes all pods of a service that exist before the run, without any write. */
  initialize(service: number, pods: readonly number[]): void;
  /**
   * The writes that bring the objects of `service` in line with the informer's view, in the order in which the controller
   * sends them. `changedPods` are all pods whose observed state may differ from what is published.
   */
  plan(service: number, changedPods: readonly number[]): PlannedWrite[];
  /** A planned write was committed. */
  apply(service: number, write: PlannedWrite): void;
  /**
   * Nodes came, went or changed readiness. Returns the services that have to be synced for it: those whose topology hints leave
   * some zone with too few endpoints.
   */
  nodesChanged(): readonly number[];
  /** What the controller exports of its own work; null when it exports nothing of the kind. */
  gauges(): GaugeValues | null;
  /** Address families that the objects of the service have endpoints of. */
  addressFamilies(service: number): number;
  /**
   * Endpoints that a node uses for the service when it has all objects as they are committed: those of one address family,
   * by position among the service's families.
   */
  usableEndpoints(service: number, family?: number): number;
  /** The hints of all objects of a service with topologyMode Auto, primary family; absent: there are none of that kind. */
  hintedPods?(service: number): Iterable<HintedPods>;
  /** Endpoints in all objects of the service, usable or not: what a sync of the controller walks through. */
  publishedEndpoints(service: number): number;
}
