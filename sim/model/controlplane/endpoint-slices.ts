/**
 * Discovery by EndpointSlices: a service's endpoints in slices of at most maxEndpointsPerSlice (staging
 * k8s.io/endpointslice).
 *
 *   observed pods that changed --> per address family: slices that hold them, pods to add
 *       --> slice-packing.ts --> creates, updates, deletes --> hints --> sizes
 *
 * A pod is an endpoint from the moment it has an address until it is removed or loses the label, terminating or not; nodes use
 * those that are ready (endpoint-membership.ts). Only pods that changed can make a difference to a slice, so a sync looks at no
 * others: the result is that of the full reconcile. Hints by trafficDistribution follow from the endpoint alone, so this holds
 * with them too. Only topologyMode Auto looks at all endpoints of a service (slice-hints.ts), as its hints depend on each other.
 *
 * A dual-stack service has two sets of slices, one family after the other, from two independent passes over the same pods.
 *
 * All pods of a service have the same ports, so there is one port map.
 *
 * Left out: ports that pods resolve by name to different numbers, pods whose node the informer does not show, the fall-back to serving terminating endpoints.
 */

import type { PodTable } from '../cluster/pods.js';
import type { EndpointSettings, IpFamily } from '../cluster/services.js';
import { addressTypes } from './address-types.js';
import type { Discovery, PlannedWrite } from './discovery.js';
import { isReadyEndpoint, isSliceEndpoint } from './endpoint-membership.js';
import { memoized } from './memoized.js';
import { NO_SLICE, PublishedPods } from './published-pods.js';
import { SliceGauges, type GaugeValues } from './slice-gauges.js';
import { AutoHints, type HintedPods } from './slice-hints.js';
import { finalizeWrites, planPortMap, SliceFreeRoomIndex, type SliceId } from './slice-packing.js';
import { TopologyCache } from './topology-cache.js';
import { hintKinds, type HintKinds } from './traffic-distribution.js';
import type { EndpointObjectSize } from './wire-size.js';
import type { TopologyNode } from './zone-allocations.js';

/** Where the nodes are, for hints. */
export interface SliceTopology {
  /** Zone of each node, by number. */
  readonly zoneOfNode: ArrayLike<number>;
  /** All nodes as they are now. */
  readonly listNodes: () => Iterable<TopologyNode>;
}

export interface EndpointSlicesParameters {
  readonly maxEndpointsPerSlice: number;
  /** How a service publishes its endpoints; equal services give the same object. */
  readonly settingsOf: (service: number) => EndpointSettings;
  /** Ports of the service, the same in all of its slices. Default: one. */
  readonly portsOf?: (service: number) => number;
  /** Size of the slices of a family with so many ports whose ready endpoints have these hints. */
  readonly sizeOf: (family: IpFamily, hints: HintKinds, ports: number) => EndpointObjectSize;
  readonly topology: SliceTopology;
}

/** A planned write of a slice. Slices of all families of a service are numbered through. */
export interface PlannedSliceWrite extends PlannedWrite {
  /** Position of the slice's address type in the service's ipFamilies. */
  readonly family: number;
  /** Endpoints of the slice that have hints after the write. */
  readonly hinted: number;
  /** All pods of the slice after the write and the zones they are hinted to; null without topologyMode Auto. */
  readonly hintedPods: HintedPods | null;
}

/** The slices of one service and family; all of one port map. */
interface FamilySlices {
  readonly size: EndpointObjectSize;
  readonly index: SliceFreeRoomIndex;
  /** Endpoints with hints, by slice. */
  readonly hintedIn: number[];
  /** null without topologyMode Auto. */
  readonly autoHints: AutoHints | null;
  /** The slice without endpoints and ports that stands for a service without endpoints, or NO_SLICE; not in `index`. */
  placeholder: SliceId;
  endpoints: number;
  usable: number;
}

interface ServiceSlices {
  readonly settings: EndpointSettings;
  /** Every ready endpoint has hints of its own place. */
  readonly hintsOwnPlace: boolean;
  readonly families: readonly FamilySlices[];
  /** Number of the next slice that is created. */
  nextSlice: number;
}

/** Pods that one slice loses, or whose entry in it changes. */
interface ChangedPods {
  readonly pods: number[];
  removed: number;
  /** By how many more of them are to have hints. */
  hinted: number;
}

/** A write before its size is known. */
type Draft = Pick<PlannedSliceWrite, 'verb' | 'object' | 'pods' | 'hinted' | 'hintedPods'> & {
  readonly length: number;
};

/** A request without a body to speak of. */
const DELETE_REQUEST_BYTES = 0;

export class EndpointSlices implements Discovery {
  readonly kind = 'EndpointSlice';
  readonly maxUsableEndpoints = Infinity;
  readonly #pods: PodTable;
  readonly #maxEndpointsPerSlice: number;
  readonly #services: ServiceSlices[];
  /** By family. */
  readonly #published: readonly PublishedPods[];
  readonly #topologyCache: TopologyCache;

  constructor(pods: PodTable, services: number, parameters: EndpointSlicesParameters) {
    const { maxEndpointsPerSlice, settingsOf, portsOf = () => 1, topology } = parameters;
    this.#pods = pods;
    this.#maxEndpointsPerSlice = maxEndpointsPerSlice;
    this.#topologyCache = new TopologyCache(topology.listNodes);
    const sizesOf = memoized((ports: number) =>
      memoized((settings: EndpointSettings) => {
        const hints =
          settings.topologyMode === 'Auto' ? { zone: true, node: false } : hintKinds(settings.trafficDistribution);
        return addressTypes(settings.ipFamilies, null).map((family) => parameters.sizeOf(family, hints, ports));
      }),
    );
    this.#services = Array.from({ length: services }, (_, service) => {
      const settings = settingsOf(service);
      const isAuto = settings.topologyMode === 'Auto';
      return {
        settings,
        hintsOwnPlace: !isAuto && settings.trafficDistribution !== null,
        families: sizesOf(portsOf(service))(settings).map((size) => ({
          size,
          index: new SliceFreeRoomIndex(maxEndpointsPerSlice),
          hintedIn: [],
          autoHints: isAuto ? new AutoHints(pods, topology.zoneOfNode) : null,
          placeholder: NO_SLICE,
          endpoints: 0,
          usable: 0,
        })),
        nextSlice: 0,
      };
    });
    const families = this.#services.reduce((most, service) => Math.max(most, service.families.length), 1);
    this.#published = Array.from({ length: families }, () => new PublishedPods(pods));
  }

  initialize(service: number, pods: readonly number[]): void {
    for (const write of this.plan(service, pods)) this.apply(service, write);
  }

  plan(service: number, changedPods: readonly number[]): PlannedSliceWrite[] {
    const { families } = this.#services[service]!;
    if (families.length === 1) return this.#planFamily(service, 0, changedPods);
    return families.flatMap((_, family) => this.#planFamily(service, family, changedPods));
  }

  #planFamily(service: number, family: number, changedPods: readonly number[]): PlannedSliceWrite[] {
    const { settings, hintsOwnPlace, families } = this.#services[service]!;
    const { index, hintedIn, placeholder } = families[family]!;
    const published = this.#published[family]!;
    published.grow();
    const { state: publishedState, slice: sliceOf } = published;
    const { observed } = this.#pods;
    const isHinted = (state: number): number =>
      hintsOwnPlace && isReadyEndpoint(state, settings.publishNotReadyAddresses) ? 1 : 0;

    const changedBySlice = new Map<SliceId, ChangedPods>();
    const toAdd: number[] = [];
    for (const pod of changedPods) {
      const slice = sliceOf[pod]!;
      const belongs = isSliceEndpoint(observed[pod]!);
      if (slice === NO_SLICE) {
        if (belongs) toAdd.push(pod);
      } else if (!belongs || observed[pod] !== publishedState[pod]) {
        let changed = changedBySlice.get(slice);
        if (changed === undefined) changedBySlice.set(slice, (changed = { pods: [], removed: 0, hinted: 0 }));
        changed.pods.push(pod);
        changed.hinted += isHinted(observed[pod]!) - isHinted(publishedState[pod]!);
        if (!belongs) changed.removed++;
      }
    }
    const plan = planPortMap(
      index,
      [...changedBySlice].map(([slice, { removed }]) => ({ slice, remaining: index.lengthOf(slice) - removed })),
      toAdd.length,
    );
    // A placeholder has the ports of no port map, so it always goes, unless it is needed again.
    const dropped = placeholder === NO_SLICE ? [] : [{ slice: placeholder, recyclable: true, isPlaceholder: true }];
    const { creates, updates, deletes } = finalizeWrites(index.size + dropped.length, [plan], dropped);

    // Which endpoint goes where is the order of a Go map upstream; here it is the order in which they changed.
    let added = 0;
    const draft = (verb: 'create' | 'update', object: SliceId, length: number, addedHere: number): Draft => {
      const changed = changedBySlice.get(object);
      const addedPods = toAdd.slice(added, added + addedHere);
      added += addedHere;
      let hinted = (hintedIn[object] ?? 0) + (changed?.hinted ?? 0);
      for (const pod of addedPods) hinted += isHinted(observed[pod]!);
      return { verb, object, length, pods: [...(changed?.pods ?? []), ...addedPods], hinted, hintedPods: null };
    };
    const written = [
      ...creates.map(({ length }) => draft('create', this.#services[service]!.nextSlice++, length, length)),
      ...updates.map(({ slice, length, added: addedHere }) => draft('update', slice, length, addedHere)),
    ];
    return [
      ...this.#withAutoHints(service, family, written, deletes).map((write) => this.#sized(service, family, write)),
      ...deletes.map((object) => {
        const [length, hinted] = [index.lengthOf(object), hintedIn[object] ?? 0];
        const pods = changedBySlice.get(object)?.pods ?? [];
        return this.#sized(service, family, { verb: 'delete', object, length, pods, hinted, hintedPods: null });
      }),
    ];
  }

  /** With topologyMode Auto, hints of the writes, and the slices that have to be written for their hints alone. */
  #withAutoHints(
    service: number,
    family: number,
    written: readonly Draft[],
    deletes: readonly SliceId[],
  ): readonly Draft[] {
    const { settings, families } = this.#services[service]!;
    const { autoHints } = families[family]!;
    if (autoHints === null) return written;
    const outcome = autoHints.plan(
      this.#topologyCache.ratios,
      written,
      deletes,
      this.#published[family]!.state,
      settings.publishNotReadyAddresses,
    );
    this.#topologyCache.setHinted(service, family, outcome.hinted);
    return [
      ...written.map((write, position) => ({ ...write, ...outcome.written[position]! })),
      ...outcome.alsoWritten.map((slice): Draft => ({
        ...slice,
        verb: 'update',
        length: slice.hintedPods.pods.length,
        pods: [],
      })),
    ];
  }

  #sized(service: number, family: number, write: Draft): PlannedSliceWrite {
    const { verb, object, length, pods, hinted, hintedPods } = write;
    const { size } = this.#services[service]!.families[family]!;
    const { observed } = this.#pods;
    return {
      verb,
      object,
      requestBytes: verb === 'delete' ? DELETE_REQUEST_BYTES : size.objectBytes(length, length - hinted),
      // The watch event of a deletion carries the object as it was.
      frameBytes: size.frameBytes(length, length - hinted),
      changesObject: true,
      pods,
      podStates: pods.map((pod) => observed[pod]!),
      family,
      hinted,
      hintedPods,
    };
  }

  apply(service: number, write: PlannedSliceWrite): void {
    const { settings, families } = this.#services[service]!;
    const slices = families[write.family]!;
    const published = this.#published[write.family]!;
    published.grow();
    const { state: publishedState, slice: sliceOf } = published;
    const isUsable = (state: number): number => (isReadyEndpoint(state, settings.publishNotReadyAddresses) ? 1 : 0);
    let length = Math.max(0, slices.index.lengthOf(write.object));
    write.pods.forEach((pod, position) => {
      const state = write.podStates[position]!;
      const wasHere = sliceOf[pod] === write.object;
      const isHere = isSliceEndpoint(state);
      length += (isHere ? 1 : 0) - (wasHere ? 1 : 0);
      slices.endpoints += (isHere ? 1 : 0) - (wasHere ? 1 : 0);
      slices.usable += isUsable(state) - isUsable(publishedState[pod]!);
      sliceOf[pod] = isHere ? write.object : NO_SLICE;
      publishedState[pod] = isHere ? state : 0;
    });
    slices.hintedIn[write.object] = length > 0 ? write.hinted : 0;
    slices.autoHints?.apply(write.object, write.hintedPods);
    if (slices.placeholder === write.object) slices.placeholder = NO_SLICE;
    if (length > 0) {
      slices.index.set(write.object, length);
      return;
    }
    slices.index.delete(write.object);
    if (write.verb !== 'delete') slices.placeholder = write.object;
  }

  nodesChanged(): number[] {
    return this.#topologyCache.nodesChanged();
  }

  addressFamilies(service: number): number {
    return this.#services[service]!.families.length;
  }

  usableEndpoints(service: number, family = 0): number {
    return this.#services[service]!.families[family]!.usable;
  }

  hintedPods(service: number): Iterable<HintedPods> {
    return this.#services[service]!.families[0]!.autoHints?.all() ?? [];
  }

  publishedEndpoints(service: number): number {
    return this.#services[service]!.families.reduce((sum, { endpoints }) => sum + endpoints, 0);
  }

  /** The slice that holds the pod, or NO_SLICE. */
  sliceOf(pod: number, family = 0): SliceId {
    return this.#published[family]!.slice[pod] ?? NO_SLICE;
  }

  /** As if every service had been reconciled just now. */
  gauges(): GaugeValues {
    const gauges = new SliceGauges(this.#maxEndpointsPerSlice);
    this.#services.forEach(({ families }, service) => {
      for (const { endpoints, index, placeholder } of families) {
        const slices = index.size + (placeholder === NO_SLICE ? 0 : 1);
        // A service that is there always has a slice.
        if (slices > 0) gauges.reconciled(service, [{ endpoints, slices }]);
      }
    });
    return gauges.values;
  }
}
