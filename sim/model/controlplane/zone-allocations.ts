/**
 * How many endpoints of a service each zone should get: the arithmetic of Topology Aware Hints.
 *
 *   nodes --> zoneRatios: allocatable CPU of each zone over that of all --> zoneAllocations: minimum, desired, maximum per zone
 *   allocations, endpoints that each zone has now --> zonesToRebalance: how many to give, how many to receive
 *
 * From k8s.io/endpointslice/topologycache (topologycache.go, utils.go). A zone may be overloaded by a fifth: with fewer than
 * ceil(desired / 1.2) endpoints hints are refused altogether. Ties between zones, which upstream leaves to the order of a Go
 * map, are resolved in the order of the nodes.
 */

import { ENDPOINT_SLICE_RULES } from '../versions/rules.js';

/** Zones are numbers. An endpoint or node without a zone has this one. */
export const NO_ZONE = -1;

/** What the controller reads of a node. */
export interface TopologyNode {
  /** NO_ZONE when the label topology.kubernetes.io/zone is missing. */
  readonly zone: number;
  /** status.allocatable.cpu; 0 when unknown. */
  readonly cpuMillicores: number;
  readonly isReady: boolean;
  /** Carries one of the control-plane labels: such nodes take no share of the traffic. */
  readonly isControlPlane: boolean;
}

/** Share of the cluster's CPU by zone; null: the controller cannot tell, and gives no hints. */
export type ZoneRatios = ReadonlyMap<number, number> | null;

/** Endpoints by zone. */
export type ZoneCounts = ReadonlyMap<number, number>;

export interface ZoneAllocation {
  readonly minimum: number;
  readonly desired: number;
  readonly maximum: number;
}

/** Why a service gets no hints. */
export type HintFailure =
  | 'insufficient-node-info'
  | 'insufficient-number-of-endpoints'
  | 'min-allocation-exceeds-overload-threshold'
  | 'endpoint-without-zone'
  | 'no-zone-hints';

/** A factor and not a divisor, as upstream: the two round differently, and the result is rounded up. */
const SHARE_WITHOUT_OVERLOAD = 1 / (1 + ENDPOINT_SLICE_RULES.hintOverloadThreshold.value);

/** One ready worker node without zone or CPU spoils the picture for all; so does a cluster with a single zone. */
export function zoneRatios(nodes: Iterable<TopologyNode>): ZoneRatios {
  const cpuOfZone = new Map<number, number>();
  let totalCpu = 0;
  for (const { zone, cpuMillicores, isReady, isControlPlane } of nodes) {
    if (isControlPlane || !isReady) continue;
    if (zone === NO_ZONE || cpuMillicores === 0) return null;
    cpuOfZone.set(zone, (cpuOfZone.get(zone) ?? 0) + cpuMillicores);
    totalCpu += cpuMillicores;
  }
  if (cpuOfZone.size < 2) return null;
  return new Map([...cpuOfZone].map(([zone, cpu]) => [zone, cpu / totalCpu]));
}

/** The endpoints that each zone may have of `endpoints` ready ones. */
export function zoneAllocations(ratios: ZoneRatios, endpoints: number): Map<number, ZoneAllocation> | HintFailure {
  if (ratios === null) return 'insufficient-node-info';
  if (ratios.size > endpoints) return 'insufficient-number-of-endpoints';
  let minimumOfAll = 0;
  for (const ratio of ratios.values()) minimumOfAll += minimumOf(ratio, endpoints);
  if (minimumOfAll > endpoints) return 'min-allocation-exceeds-overload-threshold';
  const spare = endpoints - minimumOfAll;
  return new Map(
    [...ratios].map(([zone, ratio]) => {
      const minimum = minimumOf(ratio, endpoints);
      return [zone, { minimum, desired: Math.max(ratio * endpoints, minimum), maximum: minimum + spare }];
    }),
  );
}

/** Fewest endpoints that keep a zone with this share of the CPU from being overloaded. */
function minimumOf(ratio: number, endpoints: number): number {
  return Math.ceil(ratio * endpoints * SHARE_WITHOUT_OVERLOAD);
}

/**
 * Whether hints that were sound have become unsound, as they do when nodes go: some zone has too few of the hinted
 * endpoints. A service without hints is never overloaded.
 */
export function isOverloaded(hinted: ZoneCounts, ratios: ZoneRatios): boolean {
  if (hinted.size === 0) return false;
  if (ratios === null || ratios.size === 0) return true;
  let total = 0;
  for (const endpoints of hinted.values()) total += endpoints;
  for (const [zone, ratio] of ratios) {
    const endpoints = hinted.get(zone);
    if (endpoints === undefined || endpoints < minimumOf(ratio, total)) return true;
  }
  return false;
}

/** Below this a zone neither gives nor receives. */
const LEAST_TO_MOVE = 0.5;
/** Unless a giver or a receiver has this much, nothing moves. */
const WHOLE_ENDPOINT = 1;

/** Endpoints to move: by zone how many it gives up, and how many it is to receive. Both have the same sum. */
export function zonesToRebalance(
  desired: ReadonlyMap<number, number>,
  allocated: ZoneCounts,
): { readonly giving: Map<number, number>; readonly receiving: Map<number, number> } {
  const surplus = new Map<number, number>();
  const deficit = new Map<number, number>();
  for (const [zone, target] of desired) {
    const excess = (allocated.get(zone) ?? 0) - target;
    (excess > 0 ? surplus : deficit).set(zone, Math.abs(excess));
  }
  const giving = new Map<number, number>();
  const receiving = new Map<number, number>();
  for (;;) {
    const [giver, toGive] = largestOf(surplus);
    const [receiver, toReceive] = largestOf(deficit);
    const isTooLittle = Math.min(toGive, toReceive) < LEAST_TO_MOVE || Math.max(toGive, toReceive) < WHOLE_ENDPOINT;
    if (isTooLittle) return { giving, receiving };
    giving.set(giver, (giving.get(giver) ?? 0) + 1);
    surplus.set(giver, toGive - 1);
    receiving.set(receiver, (receiving.get(receiver) ?? 0) + 1);
    deficit.set(receiver, toReceive - 1);
  }
}

/** The zone with the most, the first of equals; NO_ZONE and 0 when none has anything. */
function largestOf(amounts: ReadonlyMap<number, number>): readonly [zone: number, amount: number] {
  let zone = NO_ZONE;
  let most = 0;
  for (const [candidate, amount] of amounts) {
    if (amount > most) [zone, most] = [candidate, amount];
  }
  return [zone, most];
}
