/**
 * Whether the Endpoints controller may leave an object as it is: the comparison of its subsets with those that it would write.
 *
 *   subsets of the object, subsets made of the pods --> isSameSubsets
 *
 * From pkg/controller/endpoint (endpointSubsetsEqualIgnoreResourceVersion). Both sides are in the canonical form of
 * endpoints-repack.ts. The resourceVersion of a pod is not compared, so that a pod may change in ways that no endpoint shows.
 *
 * Left out: the order of subsets, which the canonical form fixes upstream.
 */

import { portsKey, type EndpointAddress, type EndpointSubset } from './endpoints-repack.js';

export function isSameSubsets(a: readonly EndpointSubset[], b: readonly EndpointSubset[]): boolean {
  const others = new Map(b.map((subset) => [portsKey(subset.ports), subset]));
  return (
    a.length === b.length &&
    a.every(({ ports, ready, notReady }) => {
      const other = others.get(portsKey(ports));
      return other !== undefined && sameAddresses(ready, other.ready) && sameAddresses(notReady, other.notReady);
    })
  );
}

function sameAddresses(a: readonly EndpointAddress[], b: readonly EndpointAddress[]): boolean {
  return a.length === b.length && a.every((address, index) => isSameAddress(address, b[index]!));
}

function isSameAddress(a: EndpointAddress, b: EndpointAddress): boolean {
  return (
    a.ip === b.ip &&
    a.hostname === b.hostname &&
    a.nodeName === b.nodeName &&
    a.targetRef?.namespace === b.targetRef?.namespace &&
    a.targetRef?.name === b.targetRef?.name &&
    a.targetRef?.uid === b.targetRef?.uid
  );
}
