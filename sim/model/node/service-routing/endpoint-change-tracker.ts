/**
 * What a kube-proxy keeps of EndpointSlice events between syncs: the slices that differ from those its rules were made of, and
 * the trigger times that its network programming latency will be measured from.
 *
 *   slice written or deleted --> a change? --> pending --> checkout at the start of a sync --> endpoints by service, trigger times
 *
 * From pkg/proxy/endpointschangetracker.go and endpointslicecache.go. The simulator's kube-proxies hold the same as a cursor into
 * the log of writes; this is the component itself, object by object.
 */

import { isDeepStrictEqual } from 'node:util';
import type { IpFamily } from '../../cluster/services.js';
import type { AddressedEndpoint } from './packet-verdict.js';
import { endpointsOfSlices, type EndpointSliceContent } from './slice-endpoints.js';

export interface WatchedSlice extends EndpointSliceContent {
  readonly service: string;
  readonly name: string;
  /** The annotation endpoints.kubernetes.io/last-change-trigger-time; null: none that could be read. */
  readonly triggerNs: number | null;
}

/** What a sync is given. */
export interface EndpointsChanges {
  /** Endpoints by port of each service that changed. */
  readonly endpoints: ReadonlyMap<string, ReadonlyMap<string, readonly AddressedEndpoint[]>>;
  /** By service, in the order of arrival: one latency sample each when the sync succeeds. */
  readonly triggersNs: ReadonlyMap<string, readonly number[]>;
}

interface SlicesOfService {
  readonly applied: Map<string, WatchedSlice>;
  /** null: to be removed. */
  readonly pending: Map<string, WatchedSlice | null>;
}

export class EndpointsChangeTracker {
  readonly #family: IpFamily;
  readonly #nodeName: string;
  readonly #startNs: number;
  readonly #services = new Map<string, SlicesOfService>();
  #triggersNs = new Map<string, number[]>();

  /** Changes that were triggered up to `startNs` are not measured: the kube-proxy was not there. */
  constructor(family: IpFamily, nodeName: string, startNs: number) {
    this.#family = family;
    this.#nodeName = nodeName;
    this.#startNs = startNs;
  }

  /** The slice was created or updated. Whether that is a change. */
  written(slice: WatchedSlice): boolean {
    return this.#update(slice, slice);
  }

  /** The slice was deleted. Whether that is a change. */
  deleted(slice: WatchedSlice): boolean {
    return this.#update(slice, null);
  }

  /** Services whose slices differ from the applied ones. */
  get pendingServices(): number {
    let services = 0;
    for (const { pending } of this.#services.values()) if (pending.size > 0) services++;
    return services;
  }

  /** Applies all that is pending. */
  checkout(): EndpointsChanges {
    const endpoints = new Map<string, ReadonlyMap<string, readonly AddressedEndpoint[]>>();
    for (const [service, { applied, pending }] of this.#services) {
      if (pending.size === 0) continue;
      for (const [name, slice] of pending) {
        if (slice === null) applied.delete(name);
        else applied.set(name, slice);
      }
      pending.clear();
      endpoints.set(service, endpointsOfSlices(applied.values(), this.#family, this.#nodeName));
    }
    const triggersNs = this.#triggersNs;
    this.#triggersNs = new Map();
    return { endpoints, triggersNs };
  }

  /** `next`: what the slice is from now on; null: gone. */
  #update({ service, name, addressType }: WatchedSlice, next: WatchedSlice | null): boolean {
    if (addressType !== this.#family) return false;
    let slices = this.#services.get(service);
    if (slices === undefined) this.#services.set(service, (slices = { applied: new Map(), pending: new Map() }));
    const { applied, pending } = slices;
    const known = pending.has(name) ? pending.get(name)! : (applied.get(name) ?? null);
    if (isDeepStrictEqual(known, next)) return false;
    pending.set(name, next);
    // The annotation of a deleted slice tells of its last update, so that none of its service is measured any more.
    if (next === null) this.#triggersNs.delete(service);
    else if (next.triggerNs !== null && next.triggerNs > this.#startNs) this.#collect(service, next.triggerNs);
    return true;
  }

  #collect(service: string, triggerNs: number): void {
    const collected = this.#triggersNs.get(service);
    if (collected === undefined) this.#triggersNs.set(service, [triggerNs]);
    else collected.push(triggerNs);
  }
}
