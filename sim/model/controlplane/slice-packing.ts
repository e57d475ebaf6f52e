/**
 * Where the EndpointSlice controller puts endpoints: the packing step of its reconciler, on numbers of endpoints.
 *
 *   lengths of the slices of a port map (SliceFreeRoomIndex), |
 *   slices that changed, endpoints to add                     |--> planPortMap --> finalizeWrites --> creates, updates, deletes
 *   slices to drop (other ports, other owner) ---------------------------------------^
 *
 * The rules of reconciler.go in k8s.io/endpointslice (reconcileByPortMapping, finalize):
 *  1. A slice that lost or changed an endpoint is written; one that is left with none is deleted.
 *  2. Endpoints to add first fill the slices that are written anyway, the longest first.
 *  3. While some are left: if they are fewer than fit into one slice and all of them fit into some unchanged slice, they go
 *     into the one with the least room left after. Otherwise a new slice takes as many as it can.
 *  4. A slice to create and a slice to delete become one update of the latter.
 * There is no rebalancing: what is left over is never spread over several unchanged slices, slices are never merged, and
 * fragments stay after a scale-down until the ports change. Hence a reconcile touches few slices, and the cost here is that of
 * the touched ones: unchanged slices are never enumerated.
 *
 * Left out: which endpoint goes into which slice (the order of a Go map); ties between slices of equal length, random there, are
 * resolved the same way every time here. Topology hints, which may add slices to update without moving an endpoint.
 */

/** A slice of a port map is known by a small number that is its own among all slices of its service. */
export type SliceId = number;

const NONE = -1;

/**
 * The slices of one port map by length, for the best fit of rule 3. Slices of equal length are in a doubly linked list: moving
 * one costs O(1) and a search O(max), which is at most 1000, whatever the number of slices.
 */
export class SliceFreeRoomIndex {
  readonly maxEndpointsPerSlice: number;
  #size = 0;
  #length = new Int32Array(8).fill(NONE);
  #next = new Int32Array(8);
  #previous = new Int32Array(8);
  /** First slice of each length. Longer ones than the maximum (it was lowered) are with the full ones. */
  readonly #first: Int32Array;

  constructor(maxEndpointsPerSlice: number) {
    this.maxEndpointsPerSlice = maxEndpointsPerSlice;
    this.#first = new Int32Array(maxEndpointsPerSlice + 1).fill(NONE);
  }

  /** Number of slices. */
  get size(): number {
    return this.#size;
  }

  /** Endpoints in the slice; -1 if there is no such slice. */
  lengthOf(slice: SliceId): number {
    return this.#length[slice] ?? NONE;
  }

  /** The slice now exists with `length` endpoints. */
  set(slice: SliceId, length: number): void {
    this.delete(slice);
    if (slice >= this.#length.length) this.#grow(slice + 1);
    const bucket = this.#bucketOf(length);
    const next = this.#first[bucket]!;
    this.#length[slice] = length;
    this.#next[slice] = next;
    this.#previous[slice] = NONE;
    if (next !== NONE) this.#previous[next] = slice;
    this.#first[bucket] = slice;
    this.#size++;
  }

  /** The slice no longer exists. */
  delete(slice: SliceId): void {
    const length = this.lengthOf(slice);
    if (length === NONE) return;
    const next = this.#next[slice]!;
    const previous = this.#previous[slice]!;
    if (previous === NONE) this.#first[this.#bucketOf(length)] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#length[slice] = NONE;
    this.#size--;
  }

  /** The longest slice that has room for all of `endpoints`; -1 if none has. */
  bestFit(endpoints: number): SliceId {
    for (let length = this.maxEndpointsPerSlice - endpoints; length >= 0; length--) {
      const slice = this.#first[length]!;
      if (slice !== NONE) return slice;
    }
    return NONE;
  }

  #bucketOf(length: number): number {
    return Math.min(length, this.maxEndpointsPerSlice);
  }

  #grow(capacity: number): void {
    const widened = Math.max(capacity, this.#length.length * 2);
    const widen = (column: Int32Array) => {
      const copy = new Int32Array(widened).fill(NONE);
      copy.set(column);
      return copy;
    };
    this.#length = widen(this.#length);
    this.#next = widen(this.#next);
    this.#previous = widen(this.#previous);
  }
}

/** A slice with an endpoint that changed or went, or with labels that are out of date. */
export interface ChangedSlice {
  readonly slice: SliceId;
  /** Endpoints that stay in it. */
  readonly remaining: number;
  /** True when nothing but its metadata is out of date: such a slice is written even when it has no endpoints. */
  readonly labelsOnly?: boolean;
}

export interface SliceUpdate {
  readonly slice: SliceId;
  /** Endpoints that come in. */
  readonly added: number;
  /** Endpoints after the write. */
  readonly length: number;
}

/** What one port map needs. */
export interface PortMapPlan {
  readonly updates: readonly SliceUpdate[];
  /** Lengths of new slices. */
  readonly creates: readonly number[];
  /** Slices that have lost all their endpoints. */
  readonly deletes: readonly SliceId[];
}

/**
 * Rules 1 to 3 for one port map. `index` holds all its slices as they were last written, and is left as it is: the caller enters
 * each write when it is done. `changed` names each slice once.
 */
export function planPortMap(
  index: SliceFreeRoomIndex,
  changed: readonly ChangedSlice[],
  endpointsToAdd: number,
): PortMapPlan {
  const max = index.maxEndpointsPerSlice;
  const isEmptied = ({ remaining, labelsOnly = false }: ChangedSlice): boolean => remaining === 0 && !labelsOnly;
  const deletes = changed.filter(isEmptied).map(({ slice }) => slice);
  const written = changed.filter((change) => !isEmptied(change));
  if (endpointsToAdd > 0) written.sort((a, b) => b.remaining - a.remaining);

  let left = endpointsToAdd;
  const updates = written.map(({ slice, remaining }): SliceUpdate => {
    const added = Math.min(left, Math.max(0, max - remaining));
    left -= added;
    return { slice, added, length: remaining + added };
  });

  const creates: number[] = [];
  while (left > 0) {
    const fit = left < max ? bestFitAmongUnchanged(index, changed, left) : NONE;
    if (fit === NONE) {
      creates.push(Math.min(left, max));
      left -= Math.min(left, max);
    } else {
      updates.push({ slice: fit, added: left, length: index.lengthOf(fit) + left });
      left = 0;
    }
  }
  return { updates, creates, deletes };
}

function bestFitAmongUnchanged(
  index: SliceFreeRoomIndex,
  changed: readonly ChangedSlice[],
  endpoints: number,
): SliceId {
  const lengths = changed.map(({ slice }) => index.lengthOf(slice));
  for (const { slice } of changed) index.delete(slice);
  const fit = index.bestFit(endpoints);
  changed.forEach(({ slice }, position) => index.set(slice, lengths[position]!));
  return fit;
}

/** A slice that goes whatever the endpoints are: its ports are no longer asked for, or it is not the service's own. */
export interface DroppedSlice {
  readonly slice: SliceId;
  /** Owned by the service and of the same address type: its name may be used again. */
  readonly recyclable: boolean;
  /** Without endpoints and without ports. */
  readonly isPlaceholder: boolean;
}

export interface SliceCreate {
  /** Which of the plans the slice is for; null for the placeholder. */
  readonly portMap: number | null;
  readonly length: number;
}

export interface SliceWrite extends SliceUpdate {
  readonly portMap: number | null;
  /** The slice was to be deleted, and gets the whole content of a slice that was to be created. */
  readonly isRecycled: boolean;
}

/** The writes of one reconcile, in the order in which they are sent: creates, updates, deletes. An error ends the sequence. */
export interface SliceWrites {
  readonly creates: readonly SliceCreate[];
  readonly updates: readonly SliceWrite[];
  readonly deletes: readonly SliceId[];
}

/**
 * Rule 4, over all port maps of one address type. `existingSlices` counts all slices of the service of that type, dropped ones
 * included. A service is never without a slice: if nothing would remain, a placeholder without endpoints and ports is
 * created, or kept if it is the only one there. For a service that is being deleted nothing is created: the garbage collector
 * would have to come back for it.
 */
export function finalizeWrites(
  existingSlices: number,
  plans: readonly PortMapPlan[],
  dropped: readonly DroppedSlice[],
  isServiceDeleting = false,
): SliceWrites {
  const creates = plans.flatMap((plan, portMap) => plan.creates.map((length): SliceCreate => ({ portMap, length })));
  const updates = plans.flatMap((plan, portMap) =>
    plan.updates.map((update): SliceWrite => ({ ...update, portMap, isRecycled: false })),
  );
  const emptied = plans.flatMap((plan) => plan.deletes);
  const deletions = [...dropped, ...emptied.map((slice) => ({ slice, recyclable: true, isPlaceholder: false }))];

  if (deletions.length === existingSlices && creates.length === 0) {
    if (deletions.length === 1 && deletions[0]!.isPlaceholder) return { creates, updates, deletes: [] };
    creates.push({ portMap: null, length: 0 });
  }

  const deletes: SliceId[] = [];
  for (const { slice, recyclable } of deletions) {
    const create = recyclable ? creates.pop() : undefined;
    if (create === undefined) deletes.push(slice);
    else
      updates.push({ slice, added: create.length, length: create.length, portMap: create.portMap, isRecycled: true });
  }
  return { creates: isServiceDeleting ? [] : creates, updates, deletes };
}
