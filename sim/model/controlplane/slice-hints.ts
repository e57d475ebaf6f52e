/**
 * Topology Aware Hints of one service and family: remembers which pods each slice holds and where they are hinted to, and works
 * the hints out anew with every reconcile.
 *
 *   slices to write, with the pods that change in them --+
 *   all other slices, as remembered ---------------------+--> topology-hints.ts --> pods and hints of every slice to write
 *
 * The cost of a plan is that of all endpoints of the service, as upstream.
 */

import type { PodTable } from '../cluster/pods.js';
import { isReadyEndpoint, isSliceEndpoint } from './endpoint-membership.js';
import type { SliceId } from './slice-packing.js';
import { addHints, NO_HINT, type HintedEndpoint } from './topology-hints.js';
import type { ZoneCounts, ZoneRatios } from './zone-allocations.js';

/** The pods of a slice, in its order, and the zone that each is hinted to or NO_HINT. */
export interface HintedPods {
  readonly pods: readonly number[];
  readonly zones: readonly number[];
}

/** What a write does to a slice: the pods whose entry changes in it, those that come in included. */
export interface SliceChange {
  readonly object: SliceId;
  readonly pods: readonly number[];
}

export interface PlannedHints {
  /** Endpoints that have a hint. */
  readonly hinted: number;
  readonly hintedPods: HintedPods;
}

export interface AutoHintsPlan {
  /** For every slice that is written in any case, in order. */
  readonly written: readonly PlannedHints[];
  /** Slices that are written for their hints alone. */
  readonly alsoWritten: readonly (PlannedHints & { readonly object: SliceId })[];
  /** Hinted endpoints by zone; null: the service has no hints. */
  readonly hinted: ZoneCounts | null;
}

interface PodEndpoint extends HintedEndpoint {
  readonly pod: number;
}

export class AutoHints {
  readonly #pods: PodTable;
  readonly #zoneOfNode: ArrayLike<number>;
  readonly #slices = new Map<SliceId, HintedPods>();

  constructor(pods: PodTable, zoneOfNode: ArrayLike<number>) {
    this.#pods = pods;
    this.#zoneOfNode = zoneOfNode;
  }

  /** `published`: state of every pod as the slices show it; what changes is as observed. */
  plan(
    ratios: ZoneRatios,
    changes: readonly SliceChange[],
    deletes: readonly SliceId[],
    published: Uint8Array,
    publishNotReadyAddresses: boolean,
  ): AutoHintsPlan {
    const { observed } = this.#pods;
    const endpoint = (pod: number, state: number, hint: number): PodEndpoint => ({
      pod,
      zone: this.#zoneOfNode[this.#pods.node[pod]!]!,
      isReady: isReadyEndpoint(state, publishNotReadyAddresses),
      hint,
    });
    const untouched = new Map(this.#slices);
    for (const slice of deletes) untouched.delete(slice);
    const written = changes.map(({ object, pods }) => {
      const before = this.#slices.get(object);
      untouched.delete(object);
      const changed = new Set(pods);
      const kept = before?.pods ?? [];
      return [
        ...kept.flatMap((pod, position) =>
          changed.has(pod) ? [] : [endpoint(pod, published[pod]!, before!.zones[position]!)],
        ),
        ...pods.flatMap((pod) => (isSliceEndpoint(observed[pod]!) ? [endpoint(pod, observed[pod]!, NO_HINT)] : [])),
      ];
    });
    const objectOf = new Map<readonly PodEndpoint[], SliceId>();
    for (const [object, { pods, zones }] of untouched) {
      objectOf.set(
        pods.map((pod, position) => endpoint(pod, published[pod]!, zones[position]!)),
        object,
      );
    }
    const { alsoWritten, hinted } = addHints(ratios, written, [...objectOf.keys()]);
    return {
      written: written.map(hintsOf),
      alsoWritten: alsoWritten.map((slice) => ({ object: objectOf.get(slice)!, ...hintsOf(slice) })),
      hinted,
    };
  }

  /** Of all slices. */
  all(): Iterable<HintedPods> {
    return this.#slices.values();
  }

  /** The slice was written so, or deleted when `hintedPods` is null. */
  apply(slice: SliceId, hintedPods: HintedPods | null): void {
    if (hintedPods === null) this.#slices.delete(slice);
    else this.#slices.set(slice, hintedPods);
  }
}

function hintsOf(slice: readonly PodEndpoint[]): PlannedHints {
  return {
    hinted: slice.filter(({ hint }) => hint !== NO_HINT).length,
    hintedPods: { pods: slice.map(({ pod }) => pod), zones: slice.map(({ hint }) => hint) },
  };
}
