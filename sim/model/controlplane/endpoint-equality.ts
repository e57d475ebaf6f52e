/**
 * When an endpoint of a slice is the same endpoint, and when it is unchanged.
 *
 *   two endpoints --> same identity? no: one goes and one comes | yes: unchanged? no: an update of the slice that holds it
 *
 * From k8s.io/endpointslice/util (hashEndpoint, EndpointsEqualBeyondHash). A pod of a StatefulSet that comes back under its
 * name **and** its address is an update; with another address the old endpoint is removed and a new one added. The
 * resourceVersion of the pod does not count, so updates that endpoints do not show cost no write.
 *
 * Left out: hints and deprecated topology, which are not compared.
 */

export interface TargetRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** An endpoint as the API has it; null where a field is not set. */
export interface Endpoint {
  readonly addresses: readonly string[];
  readonly hostname: string | null;
  readonly targetRef: TargetRef | null;
  readonly nodeName: string | null;
  readonly zone: string | null;
  readonly ready: boolean | null;
  readonly serving: boolean | null;
  readonly terminating: boolean | null;
}

/** Whether both are the endpoint of one pod under one address. */
export function hasSameIdentity(a: Endpoint, b: Endpoint): boolean {
  return (
    a.hostname === b.hostname &&
    a.targetRef?.namespace === b.targetRef?.namespace &&
    a.targetRef?.name === b.targetRef?.name &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, index) => address === b.addresses[index])
  );
}

/** Whether two endpoints of one identity agree in all that a slice shows beside it. */
export function isUnchanged(a: Endpoint, b: Endpoint): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    a.ready === b.ready &&
    a.serving === b.serving &&
    a.terminating === b.terminating &&
    isSameTarget(a.targetRef, b.targetRef)
  );
}

/** Whether both references are to one object; its resourceVersion does not count. */
export function isSameTarget(a: TargetRef | null, b: TargetRef | null): boolean {
  return a?.namespace === b?.namespace && a?.name === b?.name && a?.uid === b?.uid;
}
