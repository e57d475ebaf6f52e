/**
 * Where the requests of a flow go at an instant: what each pod gets that the rules of nodes send to.
 *
 *   sets of endpoints, with what each endpoint of a set gets --> requests per second by pod
 */

import type { ServiceTraffic } from './service-traffic.js';
import type { ShareFlow } from './share-flow.js';

/** Requests per second that `pods`, of the service of the flow, get: whether or not they answer. */
export function flowLoads(traffic: ServiceTraffic, flow: ShareFlow, pods: readonly number[]): Float64Array {
  const { nodeOf } = traffic.context;
  const perSecond = new Float64Array(pods.length);
  let byNode: Map<number, number[]> | null = null;
  const placesOn = (node: number): readonly number[] => {
    byNode ??= placesByNode(pods, nodeOf);
    return byNode.get(node) ?? [];
  };
  flow.forEachSet(
    (node) => traffic.versionOf(node),
    (version, zone, node, perEndpoint) => {
      if (node >= 0) {
        for (const place of placesOn(node)) {
          if (traffic.holds(pods[place]!, version, zone, node)) perSecond[place]! += perEndpoint;
        }
        return;
      }
      for (const [place, pod] of pods.entries()) {
        if (traffic.holds(pod, version, zone, node)) perSecond[place]! += perEndpoint;
      }
    },
  );
  return perSecond;
}

function placesByNode(pods: readonly number[], nodeOf: (pod: number) => number): Map<number, number[]> {
  const places = new Map<number, number[]>();
  for (const [place, pod] of pods.entries()) {
    const node = nodeOf(pod);
    const others = places.get(node);
    if (others === undefined) places.set(node, [place]);
    else others.push(place);
  }
  return places;
}
