/**
 * Discovery by EndpointSlices: a service's endpoints in slices of at most maxEndpointsPerSlice (staging
 * k8s.io/endpointslice).
 *
 *   observed pods that changed --> slices that hold them, pods to add --> slice-packing.ts --> creates, updates, deletes
 *
 * A pod is an endpoint from the moment it has an address until it is removed, terminating or not; nodes use those that are
 * ready and not terminating. Only pods that changed can make a difference to a slice, so a sync looks at no others: the result
 * is that of the full reconcile.
 *
 * Left out: several ports and address families, topology hints, label changes, the fall-back to serving terminating endpoints.
 */

import { NO_SLICE, PodState, type PodTable } from '../cluster/pods.js';
import type { Discovery, PlannedWrite } from './discovery.js';
import { finalizeWrites, planPortMap, SliceFreeRoomIndex } from './slice-packing.js';
import type { EndpointObjectSize } from './wire-size.js';

/** The slices of one service; all of one port map. */
interface ServiceSlices {
  readonly index: SliceFreeRoomIndex;
  /** The slice without endpoints and ports that stands for a service without endpoints, or NO_SLICE; not in `index`. */
  placeholder: number;
  /** Number of the next slice that is created. */
  nextSlice: number;
  endpoints: number;
  usable: number;
}

/** Pods that one slice loses, or whose entry in it changes. */
interface ChangedPods {
  readonly pods: number[];
  removed: number;
}

/** A request without a body to speak of. */
const DELETE_REQUEST_BYTES = 0;

export class EndpointSlices implements Discovery {
  readonly kind = 'EndpointSlice';
  readonly maxUsableEndpoints = Infinity;
  readonly #pods: PodTable;
  readonly #size: EndpointObjectSize;
  readonly #services: ServiceSlices[];

  constructor(pods: PodTable, services: number, size: EndpointObjectSize, maxEndpointsPerSlice: number) {
    this.#pods = pods;
    this.#size = size;
    this.#services = Array.from({ length: services }, () => ({
      index: new SliceFreeRoomIndex(maxEndpointsPerSlice),
      placeholder: NO_SLICE,
      nextSlice: 0,
      endpoints: 0,
      usable: 0,
    }));
  }

  initialize(service: number, pods: readonly number[]): void {
    for (const write of this.plan(service, pods)) this.apply(service, write);
  }

  plan(service: number, changedPods: readonly number[]): PlannedWrite[] {
    const slices = this.#services[service]!;
    const { observed, published, slice: sliceOf } = this.#pods;
    const changedBySlice = new Map<number, ChangedPods>();
    const toAdd: number[] = [];
    for (const pod of changedPods) {
      const slice = sliceOf[pod]!;
      const belongs = isEndpoint(observed[pod]!);
      if (slice === NO_SLICE) {
        if (belongs) toAdd.push(pod);
      } else if (!belongs || observed[pod] !== published[pod]) {
        let changed = changedBySlice.get(slice);
        if (changed === undefined) changedBySlice.set(slice, (changed = { pods: [], removed: 0 }));
        changed.pods.push(pod);
        if (!belongs) changed.removed++;
      }
    }
    const plan = planPortMap(
      slices.index,
      [...changedBySlice].map(([slice, { removed }]) => ({ slice, remaining: slices.index.lengthOf(slice) - removed })),
      toAdd.length,
    );
    // A placeholder has the ports of no port map, so it always goes, unless it is needed again.
    const dropped =
      slices.placeholder === NO_SLICE ? [] : [{ slice: slices.placeholder, recyclable: true, isPlaceholder: true }];
    const { creates, updates, deletes } = finalizeWrites(slices.index.size + dropped.length, [plan], dropped);

    // Which endpoint goes where is the order of a Go map upstream; here it is the order in which they changed.
    let added = 0;
    const write = (
      verb: PlannedWrite['verb'],
      object: number,
      length: number,
      addedHere: number,
      requestBytes: number,
    ): PlannedWrite => {
      const pods = [...(changedBySlice.get(object)?.pods ?? []), ...toAdd.slice(added, added + addedHere)];
      added += addedHere;
      return {
        verb,
        object,
        requestBytes,
        frameBytes: this.#size.frameBytes(length),
        changesObject: true,
        pods,
        podStates: pods.map((pod) => observed[pod]!),
      };
    };
    return [
      ...creates.map(({ length }) =>
        write('create', slices.nextSlice++, length, length, this.#size.objectBytes(length)),
      ),
      ...updates.map(({ slice, length, added: addedHere }) =>
        write('update', slice, length, addedHere, this.#size.objectBytes(length)),
      ),
      // The watch event of a deletion carries the object as it was.
      ...deletes.map((slice) => write('delete', slice, slices.index.lengthOf(slice), 0, DELETE_REQUEST_BYTES)),
    ];
  }

  apply(service: number, write: PlannedWrite): void {
    const slices = this.#services[service]!;
    const { published, slice: sliceOf } = this.#pods;
    let length = Math.max(0, slices.index.lengthOf(write.object));
    write.pods.forEach((pod, position) => {
      const state = write.podStates[position]!;
      const wasHere = sliceOf[pod] === write.object;
      const isHere = isEndpoint(state);
      length += (isHere ? 1 : 0) - (wasHere ? 1 : 0);
      slices.endpoints += (isHere ? 1 : 0) - (wasHere ? 1 : 0);
      slices.usable += (isUsable(state) ? 1 : 0) - (isUsable(published[pod]!) ? 1 : 0);
      sliceOf[pod] = isHere ? write.object : NO_SLICE;
      published[pod] = isHere ? state : 0;
    });
    if (slices.placeholder === write.object) slices.placeholder = NO_SLICE;
    if (length > 0) {
      slices.index.set(write.object, length);
      return;
    }
    slices.index.delete(write.object);
    if (write.verb !== 'delete') slices.placeholder = write.object;
  }

  usableEndpoints(service: number): number {
    return this.#services[service]!.usable;
  }

  publishedEndpoints(service: number): number {
    return this.#services[service]!.endpoints;
  }
}

function isEndpoint(state: number): boolean {
  return (state & (PodState.hasAddress | PodState.gone)) === PodState.hasAddress;
}

function isUsable(state: number): boolean {
  return (
    (state & (PodState.hasAddress | PodState.ready | PodState.terminating | PodState.gone)) ===
    (PodState.hasAddress | PodState.ready)
  );
}
