/**
 * Which share of the requests each pod gets when every rule is up to date, in closed form: what the simulated levels of detail
 * come to once nothing changes any more.
 *
 *   where requests enter: share of each node -+
 *   ready pods of the service on each node   -+--> trafficShares --> share of each pod, second hop, dropped
 *   traffic policy                           -+
 *
 *   Cluster: a node sends to any of the K pods alike, so that each gets 1 / K wherever requests enter.
 *   Local:   a node sends to its own k pods alike: 1 / (M k) each, when M nodes have pods and get 1 / M of the requests each.
 *
 * The rules are those of kube-proxy (KEP-2086 and KEP-1669) and of MetalLB in layer 2 mode, where one node gets everything.
 *
 * Left out: hints for nodes, terminating endpoints, nodes with stale rules, sessions that stick.
 */

import type { TrafficPolicy } from '../cluster/service-shape.js';

/** How requests are spread over the nodes by which they enter the cluster, or on which they are made. */
export type EntryNodes =
  /** Over all nodes alike: a load balancer without health checks of the service, or clients on every node. */
  | { readonly kind: 'all' }
  /** Over the nodes with a pod alike: a load balancer that asks healthCheckNodePort. */
  | { readonly kind: 'withPods' }
  /** By the number of pods of a node: a load balancer that heeds X-Load-Balancing-Endpoint-Weight. */
  | { readonly kind: 'byPods' }
  /** One node gets all: MetalLB in layer 2 mode. */
  | { readonly kind: 'leader'; readonly node: number }
  /** As given for each node, summing to 1. */
  | { readonly kind: 'shares'; readonly shares: ArrayLike<number> };

/** Of all requests to a service. */
export interface TrafficShares {
  /** By node: the share that each pod on it gets; 0 where there is none. */
  readonly ofEachPodOn: Float64Array;
  /** That reach a pod on another node than the one where they enter. */
  readonly secondHop: number;
  /** That enter at a node which has nowhere to send them. */
  readonly dropped: number;
}

/** The shares for `podsOn[node]` ready pods on each node. */
export function trafficShares(podsOn: ArrayLike<number>, policy: TrafficPolicy, entry: EntryNodes): TrafficShares {
  const pods = sumOf(podsOn);
  const ofEachPodOn = new Float64Array(podsOn.length);
  let secondHop = 0;
  let dropped = 0;
  const nodesWithPods = countOfNodesWithPods(podsOn);
  for (let node = 0; node < podsOn.length; node++) {
    const entered = entryShare(podsOn, entry, node, pods, nodesWithPods);
    const own = podsOn[node]!;
    if (policy === 'Cluster' && pods > 0) {
      ofEachPodOn[node] = own > 0 ? 1 / pods : 0;
      // As a product of what is not local, and not 1 - ...: no hop at all is exactly 0.
      secondHop += entered * ((pods - own) / pods);
    } else if (policy === 'Local' && own > 0) {
      ofEachPodOn[node] = entered / own;
    } else {
      dropped += entered;
    }
  }
  // A load balancer that finds no node healthy has nowhere to send to.
  return pods === 0 ? { ofEachPodOn, secondHop: 0, dropped: 1 } : { ofEachPodOn, secondHop, dropped };
}

/** The share of each pod, node by node: what figures of unevenness are worked out from. */
export function loadOfPods(podsOn: ArrayLike<number>, { ofEachPodOn }: TrafficShares): Float64Array {
  const loads = new Float64Array(sumOf(podsOn));
  let pod = 0;
  for (let node = 0; node < podsOn.length; node++) {
    loads.fill(ofEachPodOn[node]!, pod, pod + podsOn[node]!);
    pod += podsOn[node]!;
  }
  return loads;
}

/** What policy Local does to the pods of a service, beside the even load of policy Cluster. */
export interface LocalImbalance {
  /** Load of the hottest pod over the mean: K / (M k_min); 1 without pods. */
  readonly maxOverMean: number;
  /** Coefficient of variation over pods: sqrt(K / M^2 sum 1/k - 1); 0 without pods. */
  readonly coefficientOfVariation: number;
}

/** Of a load balancer that sends to the nodes with pods alike, without a vector of pods. */
export function localImbalance(podsOn: ArrayLike<number>): LocalImbalance {
  const pods = sumOf(podsOn);
  const nodes = countOfNodesWithPods(podsOn);
  if (pods === 0) return { maxOverMean: 1, coefficientOfVariation: 0 };
  let fewest = Infinity;
  let reciprocals = 0;
  for (let node = 0; node < podsOn.length; node++) {
    const own = podsOn[node]!;
    if (own === 0) continue;
    fewest = Math.min(fewest, own);
    reciprocals += 1 / own;
  }
  const square = (pods / nodes / nodes) * reciprocals - 1;
  return { maxOverMean: pods / (nodes * fewest), coefficientOfVariation: Math.sqrt(Math.max(0, square)) };
}

/**
 * The share that each pod of a zone gets when clients prefer their own zone (topology hints of every endpoint with its own zone):
 * q / e for the share q of the clients and e pods there. Clients of a zone without pods use those of all zones.
 */
export function sharesByZone(clientShares: ArrayLike<number>, podsIn: ArrayLike<number>): Float64Array {
  const pods = sumOf(podsIn);
  const ofEachPodIn = new Float64Array(podsIn.length);
  if (pods === 0) return ofEachPodIn;
  let homeless = 0;
  for (let zone = 0; zone < podsIn.length; zone++) if (podsIn[zone] === 0) homeless += clientShares[zone]!;
  for (let zone = 0; zone < podsIn.length; zone++) {
    const own = podsIn[zone]!;
    if (own > 0) ofEachPodIn[zone] = clientShares[zone]! / own + homeless / pods;
  }
  return ofEachPodIn;
}

/** Share of the requests that enter at the node. */
function entryShare(
  podsOn: ArrayLike<number>,
  entry: EntryNodes,
  node: number,
  pods: number,
  nodesWithPods: number,
): number {
  switch (entry.kind) {
    case 'all':
      return 1 / podsOn.length;
    case 'withPods':
      return podsOn[node]! > 0 ? 1 / nodesWithPods : 0;
    case 'byPods':
      return pods === 0 ? 0 : podsOn[node]! / pods;
    case 'leader':
      return node === entry.node ? 1 : 0;
    case 'shares':
      return entry.shares[node]!;
  }
}

function sumOf(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < counts.length; index++) sum += counts[index]!;
  return sum;
}

function countOfNodesWithPods(podsOn: ArrayLike<number>): number {
  let nodes = 0;
  for (let node = 0; node < podsOn.length; node++) if (podsOn[node]! > 0) nodes++;
  return nodes;
}
