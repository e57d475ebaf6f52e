/**
 * Topology Aware Hints (annotation service.kubernetes.io/topology-mode: Auto): which zone each endpoint of a service is for.
 *
 *   slices to write, slices left as they are --+
 *   zone-allocations.ts -----------------------+--> addHints --> a hint for every ready endpoint of the slices to write,
 *                                                                more slices to write | or no hints at all
 *
 * From k8s.io/endpointslice/topologycache (AddHints, getHintsByZone, redistributeHints, RemoveHintsFromSlices). A slice that is
 * left as it is keeps its hints if they are complete, of zones that there are, and within the maximum of each zone together with
 * those before it; otherwise it is written as well. Every ready endpoint of a written slice is for its own zone at first;
 * then zones with too many give some to zones with too few. Any rule that fails takes the hints from all slices.
 *
 * Left out: the events that the controller records when hints come or go, which take tokens of its client.
 */

import {
  NO_ZONE,
  zoneAllocations,
  zonesToRebalance,
  type HintFailure,
  type ZoneAllocation,
  type ZoneCounts,
  type ZoneRatios,
} from './zone-allocations.js';

/** An endpoint without a hint. */
export const NO_HINT = -1;

/** The annotation topology-mode, and the deprecated topology-aware-hints, which wins where both are set. */
export interface HintAnnotations {
  readonly topologyMode?: string;
  readonly topologyAwareHints?: string;
}

/** Whether the annotations ask for hints: only these two spellings do. */
export function hintsEnabled({ topologyMode, topologyAwareHints }: HintAnnotations): boolean {
  const value = topologyAwareHints ?? topologyMode;
  return value === 'Auto' || value === 'auto';
}

export interface HintedEndpoint {
  /** Zone of its node, or NO_ZONE. */
  readonly zone: number;
  readonly isReady: boolean;
  /** The zone that it is for, or NO_HINT. */
  hint: number;
}

/** The endpoints of a slice. Their order is the order in which they are redistributed. */
export type HintedSlice = readonly HintedEndpoint[];

export interface HintOutcome<Slice extends HintedSlice> {
  /** Slices that were to be left as they are and have to be written for their hints. */
  readonly alsoWritten: readonly Slice[];
  /** Hinted endpoints by zone; null when the service gets no hints. */
  readonly hinted: ZoneCounts | null;
  readonly failure: HintFailure | null;
}

/** Sets the hints of the endpoints in `written` and in the slices that have to be written with them. */
export function addHints<Slice extends HintedSlice>(
  ratios: ZoneRatios,
  written: readonly Slice[],
  unchanged: readonly Slice[],
): HintOutcome<Slice> {
  const allocations = zoneAllocations(ratios, readyEndpoints(written) + readyEndpoints(unchanged));
  if (typeof allocations === 'string') return withoutHints(written, [], unchanged, allocations);

  const hinted = new Map<number, number>();
  const alsoWritten: Slice[] = [];
  const kept: Slice[] = [];
  for (const slice of unchanged) {
    const hints = hintsByZone(slice, hinted, allocations);
    if (hints !== null) for (const [zone, endpoints] of hints) add(hinted, zone, endpoints);
    (hints === null ? alsoWritten : kept).push(slice);
  }

  const allocatable = [...written, ...alsoWritten];
  for (const slice of allocatable) {
    for (const endpoint of slice) {
      if (endpoint.isReady && endpoint.zone === NO_ZONE) {
        return withoutHints(written, alsoWritten, kept, 'endpoint-without-zone');
      }
      endpoint.hint = endpoint.isReady ? endpoint.zone : NO_HINT;
      if (endpoint.isReady) add(hinted, endpoint.zone, 1);
    }
  }

  const desired = new Map([...allocations].map(([zone, allocation]) => [zone, allocation.desired]));
  const { giving, receiving } = zonesToRebalance(desired, hinted);
  for (const [zone, change] of redistributeHints(allocatable, giving, receiving)) add(hinted, zone, change);
  if (hinted.size === 0) return withoutHints(written, alsoWritten, kept, 'no-zone-hints');
  return { alsoWritten, hinted, failure: null };
}

/** Takes the hints from all endpoints; slices that were to be left as they are and had any have to be written. */
export function removeHints<Slice extends HintedSlice>(
  written: readonly Slice[],
  unchanged: readonly Slice[],
): Slice[] {
  const hadHints = unchanged.filter((slice) => slice.some(({ hint }) => hint !== NO_HINT));
  for (const slice of [...written, ...hadHints]) for (const endpoint of slice) endpoint.hint = NO_HINT;
  return hadHints;
}

export function readyEndpoints(slices: readonly HintedSlice[]): number {
  let ready = 0;
  for (const slice of slices) for (const { isReady } of slice) if (isReady) ready++;
  return ready;
}

/**
 * Hints of a slice by zone; null when it must be written: a ready endpoint has none, or one for a zone that takes none, or a
 * zone would be over its maximum together with what it has `already`.
 */
export function hintsByZone(
  slice: HintedSlice,
  already: ZoneCounts,
  allocations: ReadonlyMap<number, Pick<ZoneAllocation, 'maximum'>>,
): Map<number, number> | null {
  const hints = new Map<number, number>();
  for (const { isReady, hint } of slice) {
    if (!isReady) continue;
    if (hint === NO_HINT || !allocations.has(hint)) return null;
    add(hints, hint, 1);
  }
  for (const [zone, endpoints] of hints) {
    if ((already.get(zone) ?? 0) + endpoints > allocations.get(zone)!.maximum) return null;
  }
  return hints;
}

/** Hints endpoints of giving zones to receiving ones, in order; uses up both maps. Returns by how many each zone changed. */
export function redistributeHints(
  slices: readonly HintedSlice[],
  giving: Map<number, number>,
  receiving: Map<number, number>,
): Map<number, number> {
  const changes = new Map<number, number>();
  for (const slice of slices) {
    for (const endpoint of slice) {
      const receiver = receiving.keys().next();
      if (giving.size === 0 || receiver.done === true) return changes;
      if (!endpoint.isReady || !giving.has(endpoint.zone)) continue;
      endpoint.hint = receiver.value;
      takeOne(giving, endpoint.zone);
      takeOne(receiving, receiver.value);
      add(changes, endpoint.zone, -1);
      add(changes, receiver.value, 1);
    }
  }
  return changes;
}

/** Slices that were going to be written for their hints (`alsoWritten`) are written all the same, as upstream. */
function withoutHints<Slice extends HintedSlice>(
  written: readonly Slice[],
  alsoWritten: readonly Slice[],
  unchanged: readonly Slice[],
  failure: HintFailure,
): HintOutcome<Slice> {
  const hadHints = removeHints([...written, ...alsoWritten], unchanged);
  return { alsoWritten: [...alsoWritten, ...hadHints], hinted: null, failure };
}

function add(counts: Map<number, number>, zone: number, endpoints: number): void {
  counts.set(zone, (counts.get(zone) ?? 0) + endpoints);
}

function takeOne(counts: Map<number, number>, zone: number): void {
  const left = counts.get(zone)! - 1;
  if (left > 0) counts.set(zone, left);
  else counts.delete(zone);
}
