/**
 * Which pods of a service are its endpoints, and with which conditions: the rules of both endpoint APIs, on the state bits of a
 * pod.
 *
 *   PodState, publishNotReadyAddresses --> EndpointSlice: in or out; ready, serving, terminating
 *                                      --> Endpoints: in `addresses`, in `notReadyAddresses`, or absent
 *
 * From k8s.io/endpointslice (podToEndpoint, util: ShouldPodBeInEndpoints) and pkg/controller/endpoint (syncService). Pods
 * that have ended or have no address are in neither. A pod that terminates stays in its slice until it is gone, not ready;
 * it leaves the Endpoints object at once, unless the service publishes addresses that are not ready.
 *
 * Left out: pods whose node the informer does not show, which a sync skips and retries.
 */

import { PodState } from '../cluster/pods.js';

const NEVER_LISTED = PodState.gone | PodState.finished | PodState.notSelected;

/** Whether a list of endpoints has the pod. `includeTerminating`: pods with a deletionTimestamp may be in it. */
export function isListed(state: number, includeTerminating: boolean): boolean {
  const excluded = includeTerminating ? NEVER_LISTED : NEVER_LISTED | PodState.terminating;
  return (state & (PodState.hasAddress | excluded)) === PodState.hasAddress;
}

/** Whether a controller finds the pod when it lists those that the selector of the service matches. */
export function isSelected(state: number): boolean {
  return (state & (PodState.gone | PodState.notSelected)) === 0;
}

/** Whether the pod is an endpoint of an EndpointSlice. */
export function isSliceEndpoint(state: number): boolean {
  return isListed(state, true);
}

/** The condition `ready` of an endpoint: traffic goes to those that have it. False for a pod that is no endpoint. */
export function isReadyEndpoint(state: number, publishNotReadyAddresses: boolean): boolean {
  return isSliceEndpoint(state) && (publishNotReadyAddresses || (isServing(state) && !isTerminating(state)));
}

/** The condition `serving` of an endpoint: the pod's Ready condition, whether or not the pod terminates. */
export function isServing(state: number): boolean {
  return (state & PodState.ready) !== 0;
}

/** The condition `terminating` of an endpoint: the pod has a deletionTimestamp. */
export function isTerminating(state: number): boolean {
  return (state & PodState.terminating) !== 0;
}

/** Where an Endpoints object has the pod. */
export const Listing = { absent: 0, notReady: 1, ready: 2 } as const;
export type Listing = (typeof Listing)[keyof typeof Listing];

/** The list of an Endpoints object that the pod is in. */
export function endpointsListing(state: number, publishNotReadyAddresses: boolean): Listing {
  if (!isListed(state, publishNotReadyAddresses)) return Listing.absent;
  return publishNotReadyAddresses || isServing(state) ? Listing.ready : Listing.notReady;
}
