/**
 * Discovery of services without selector by EndpointSlices: the slices that mirror their hand-written Endpoints.
 *
 *   observed addresses of the service --> slice-mirroring.ts --> create, whole update, delete of its one slice
 *
 * Unlike the slices of pods these are never packed: the addresses of a service are in one slice, at most
 * maxEndpointsPerSubset of them, and any change writes all of it. A service without addresses has no slice.
 *
 * Left out: several subsets and address families in a run (slice-mirroring.ts knows them), labels and annotations that change.
 */

import type { PodTable } from '../cluster/pods.js';
import type { Discovery, PlannedWrite } from './discovery.js';
import { isReadyEndpoint, isSliceEndpoint } from './endpoint-membership.js';
import type { EndpointPort } from './endpoints-repack.js';
import { NO_SLICE, PublishedPods } from './published-pods.js';
import { planMirror, type MirroredEndpoint, type MirroredSlice, type SliceContent } from './slice-mirroring.js';
import type { EndpointObjectSize } from './wire-size.js';

interface ServiceMirror {
  /** Addresses that the Endpoints object has, as far as the controller knows. */
  readonly rows: Set<number>;
  /** The slice, or NO_SLICE. */
  slice: number;
  /** Number of the next slice that is created. */
  nextSlice: number;
  endpoints: number;
  usable: number;
}

/** All ports of a service go together: which ones they are tells no two of its slices apart. */
const THE_PORTS: readonly EndpointPort[] = [{ name: '', port: 8080, protocol: 'TCP' }];
/** A request without a body to speak of. */
const DELETE_REQUEST_BYTES = 0;
/** What is published of an address that is in no slice. */
const NOT_PUBLISHED = 0;

export class MirroredSlices implements Discovery {
  readonly kind = 'EndpointSlice';
  readonly maxUsableEndpoints: number;
  readonly #pods: PodTable;
  readonly #published: PublishedPods;
  readonly #sizeOf: (service: number) => EndpointObjectSize;
  /** By service; only services without selector have one. */
  readonly #services = new Map<number, ServiceMirror>();

  constructor(pods: PodTable, sizeOf: (service: number) => EndpointObjectSize, maxEndpointsPerSubset: number) {
    this.#pods = pods;
    this.#published = new PublishedPods(pods);
    this.#sizeOf = sizeOf;
    this.maxUsableEndpoints = maxEndpointsPerSubset;
  }

  initialize(service: number, rows: readonly number[]): void {
    this.#services.set(service, { rows: new Set(), slice: NO_SLICE, nextSlice: 0, endpoints: 0, usable: 0 });
    for (const write of this.plan(service, rows)) this.apply(service, write);
  }

  plan(service: number, changedRows: readonly number[]): PlannedWrite[] {
    const mirror = this.#services.get(service)!;
    this.#published.grow();
    const { state: published } = this.#published;
    const { observed } = this.#pods;
    const before: MirroredEndpoint[] = [];
    const rowOf = new Map<string, number>();
    const ready: { readonly ip: string }[] = [];
    const notReady: { readonly ip: string }[] = [];
    for (const row of new Set([...mirror.rows, ...changedRows])) {
      const address = { ip: this.#pods.address(row) };
      rowOf.set(address.ip, row);
      if (published[row] !== NOT_PUBLISHED) before.push({ address, ready: isReady(published[row]!) });
      if (isSliceEndpoint(observed[row]!)) (isReady(observed[row]!) ? ready : notReady).push(address);
    }
    const existing: MirroredSlice[] =
      mirror.slice === NO_SLICE
        ? []
        : [{ slice: mirror.slice, ports: THE_PORTS, family: 'IPv4', endpoints: before, metadataMatches: true }];
    const { creates, updates, deletes } = planMirror(
      [{ ports: THE_PORTS, ready, notReady }],
      existing,
      this.maxUsableEndpoints,
    );

    const size = this.#sizeOf(service);
    const write = (verb: PlannedWrite['verb'], object: number, content: SliceContent | null): PlannedWrite => {
      const listed = new Set(content?.endpoints.map(({ address }) => rowOf.get(address.ip)!));
      const rows = [...rowOf.values()].filter(
        (row) => published[row] !== (listed.has(row) ? observed[row] : NOT_PUBLISHED),
      );
      return {
        verb,
        object,
        requestBytes: content === null ? DELETE_REQUEST_BYTES : size.objectBytes(listed.size),
        // The watch event of a deletion carries the object as it was.
        frameBytes: size.frameBytes(content === null ? before.length : listed.size),
        changesObject: true,
        pods: rows,
        podStates: rows.map((row) => (listed.has(row) ? observed[row]! : NOT_PUBLISHED)),
      };
    };
    // Rows that came and went are remembered or forgotten whether or not they make a write: they may be over the maximum.
    for (const row of rowOf.values()) {
      if (isSliceEndpoint(observed[row]!) || published[row] !== NOT_PUBLISHED) mirror.rows.add(row);
      else mirror.rows.delete(row);
    }
    return [
      ...creates.map((content) => write('create', mirror.nextSlice++, content)),
      ...updates.map((content) => write('update', content.slice, content)),
      ...deletes.map((slice) => write('delete', slice, null)),
    ];
  }

  apply(service: number, write: PlannedWrite): void {
    const mirror = this.#services.get(service)!;
    this.#published.grow();
    const { state: published } = this.#published;
    write.pods.forEach((row, position) => {
      const before = published[row]!;
      const after = write.podStates[position]!;
      mirror.endpoints += (after === NOT_PUBLISHED ? 0 : 1) - (before === NOT_PUBLISHED ? 0 : 1);
      mirror.usable += (isReady(after) ? 1 : 0) - (isReady(before) ? 1 : 0);
      published[row] = after;
    });
    mirror.slice = write.verb === 'delete' ? NO_SLICE : write.object;
  }

  nodesChanged(): readonly number[] {
    return [];
  }

  gauges(): null {
    return null;
  }

  addressFamilies(): number {
    return 1;
  }

  usableEndpoints(service: number): number {
    return this.#services.get(service)!.usable;
  }

  publishedEndpoints(service: number): number {
    return this.#services.get(service)!.endpoints;
  }
}

function isReady(state: number): boolean {
  return isReadyEndpoint(state, false);
}
