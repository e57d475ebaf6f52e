/**
 * Discovery by Endpoints: one object per service that holds every address (pkg/controller/endpoint).
 *
 *   observed pods --> ready addresses in order of address text, not ready ones --> [truncation] --> one full write
 *
 * Terminating pods are in no Endpoints object, so the last two of a pod's three termination updates change nothing. Over the
 * cap, the ready addresses that come first **as text** survive ("10.0.0.10" before "10.0.0.9"), and the object is written
 * at every sync even when it is as it was: the controller's up-to-date test accepts only objects within the cap. The API
 * server answers such a write without an event.
 *
 * Left out: several ports (one subset per service), the second IP family, publishNotReadyAddresses.
 */

import { PodState, type PodTable } from '../cluster/pods.js';
import type { Discovery, PlannedWrite } from './discovery.js';
import { capacityAnnotationCorrect, truncateEndpoints } from './endpoints-truncation.js';
import type { EndpointObjectSize } from './wire-size.js';

/** The only object of its service. */
const THE_OBJECT = 0;

/** What an Endpoints object lists of a pod. */
const ABSENT = 0;
const NOT_READY = 1;
const READY = 2;

interface ServiceAddresses {
  /** Ready pods in the order of their addresses as text: the order in which truncation keeps them. */
  readonly ready: SortedPods;
  notReady: number;
  /** Whether the object exists. */
  exists: boolean;
  /** Usable addresses in the object as last committed, and whether it carries the over-capacity annotation. */
  usable: number;
  isTruncated: boolean;
}

export class EndpointsObjects implements Discovery {
  readonly kind = 'Endpoints';
  readonly #pods: PodTable;
  readonly #size: EndpointObjectSize;
  readonly #truncatedSize: EndpointObjectSize;
  readonly #maxAddresses: number | null;
  readonly maxUsableEndpoints: number;
  readonly #services: ServiceAddresses[];

  /** `maxAddresses`: null when the controller does not truncate (before 1.22). */
  constructor(
    pods: PodTable,
    services: number,
    size: { readonly complete: EndpointObjectSize; readonly truncated: EndpointObjectSize },
    maxAddresses: number | null,
  ) {
    this.#pods = pods;
    this.#size = size.complete;
    this.#truncatedSize = size.truncated;
    this.#maxAddresses = maxAddresses;
    this.maxUsableEndpoints = maxAddresses ?? Infinity;
    this.#services = Array.from({ length: services }, () => ({
      ready: new SortedPods(pods),
      notReady: 0,
      exists: false,
      usable: 0,
      isTruncated: false,
    }));
  }

  initialize(service: number, pods: readonly number[]): void {
    const addresses = this.#services[service]!;
    addresses.exists = true;
    for (const pod of pods) {
      const state = this.#pods.observed[pod]!;
      this.#pods.published[pod] = state;
      if (listedAs(state) === READY) addresses.ready.appendUnsorted(pod);
      else if (listedAs(state) === NOT_READY) addresses.notReady++;
    }
    addresses.ready.sort();
    this.#settle(addresses);
  }

  plan(service: number, changedPods: readonly number[]): PlannedWrite[] {
    const addresses = this.#services[service]!;
    const { published, observed } = this.#pods;
    let readyAfter = addresses.ready.length;
    let notReadyAfter = addresses.notReady;
    const pods: number[] = [];
    const podStates: number[] = [];
    for (const pod of changedPods) {
      const before = listedAs(published[pod]!);
      const after = listedAs(observed[pod]!);
      if (before === after) continue;
      pods.push(pod);
      podStates.push(observed[pod]!);
      readyAfter += (after === READY ? 1 : 0) - (before === READY ? 1 : 0);
      notReadyAfter += (after === NOT_READY ? 1 : 0) - (before === NOT_READY ? 1 : 0);
    }
    const { ready, notReady, truncated } = truncateEndpoints([readyAfter], [notReadyAfter], this.#maxAddresses);
    const annotation = addresses.isTruncated ? 'truncated' : null;
    const isUpToDate =
      addresses.exists &&
      pods.length === 0 &&
      capacityAnnotationCorrect(readyAfter + notReadyAfter, annotation, this.maxUsableEndpoints);
    if (isUpToDate) return [];
    const kept = ready[0]! + notReady[0]!;
    const size = truncated ? this.#truncatedSize : this.#size;
    return [
      {
        verb: addresses.exists ? 'update' : 'create',
        object: THE_OBJECT,
        requestBytes: size.objectBytes(kept),
        frameBytes: size.frameBytes(kept),
        changesObject: !addresses.exists || this.#isVisible(addresses, pods, podStates, readyAfter),
        pods,
        podStates,
      },
    ];
  }

  apply(service: number, write: PlannedWrite): void {
    const addresses = this.#services[service]!;
    const { published } = this.#pods;
    addresses.exists = true;
    write.pods.forEach((pod, index) => {
      const before = listedAs(published[pod]!);
      const state = write.podStates[index]!;
      const after = listedAs(state);
      if (before === READY) addresses.ready.remove(pod);
      else if (before === NOT_READY) addresses.notReady--;
      if (after === READY) addresses.ready.insert(pod);
      else if (after === NOT_READY) addresses.notReady++;
      published[pod] = state;
    });
    this.#settle(addresses);
  }

  usableEndpoints(service: number): number {
    return this.#services[service]!.usable;
  }

  publishedEndpoints(service: number): number {
    const { ready, notReady } = this.#services[service]!;
    return ready.length + notReady;
  }

  #settle(addresses: ServiceAddresses): void {
    addresses.usable = Math.min(addresses.ready.length, this.maxUsableEndpoints);
    addresses.isTruncated = addresses.ready.length + addresses.notReady > this.maxUsableEndpoints;
  }

  /**
   * Whether the addresses that survive truncation change. While all ready ones fit, every change is in the object or moves
   * its border; beyond, only changes among the first `maxAddresses` ready ones are.
   */
  #isVisible(
    addresses: ServiceAddresses,
    pods: readonly number[],
    podStates: readonly number[],
    readyAfter: number,
  ): boolean {
    if (pods.length === 0) return false;
    const { ready } = addresses;
    if (Math.min(ready.length, readyAfter) <= this.maxUsableEndpoints) return true;
    return pods.some((pod, index) => {
      const wasReady = listedAs(this.#pods.published[pod]!) === READY;
      const isReady = listedAs(podStates[index]!) === READY;
      return wasReady !== isReady && ready.rankOf(pod) < this.maxUsableEndpoints;
    });
  }
}

function listedAs(state: number): typeof ABSENT | typeof NOT_READY | typeof READY {
  if ((state & (PodState.gone | PodState.terminating)) !== 0 || (state & PodState.hasAddress) === 0) return ABSENT;
  return (state & PodState.ready) !== 0 ? READY : NOT_READY;
}

/** Pods in the order of their addresses as text, equal addresses in order of pod number. */
class SortedPods {
  readonly #pods: PodTable;
  readonly #addresses: string[] = [];
  readonly #sorted: number[] = [];

  constructor(pods: PodTable) {
    this.#pods = pods;
  }

  get length(): number {
    return this.#sorted.length;
  }

  appendUnsorted(pod: number): void {
    this.#sorted.push(pod);
  }

  sort(): void {
    const addressOf = new Map(this.#sorted.map((pod) => [pod, this.#pods.address(pod)]));
    this.#sorted.sort((a, b) => compare(addressOf.get(a)!, a, addressOf.get(b)!, b));
    this.#addresses.length = 0;
    for (const pod of this.#sorted) this.#addresses.push(addressOf.get(pod)!);
  }

  /** Position at which the pod stands, or would stand. */
  rankOf(pod: number): number {
    const address = this.#pods.address(pod);
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#addresses[middle]!, this.#sorted[middle]!, address, pod) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  insert(pod: number): void {
    const rank = this.rankOf(pod);
    this.#sorted.splice(rank, 0, pod);
    this.#addresses.splice(rank, 0, this.#pods.address(pod));
  }

  remove(pod: number): void {
    const rank = this.rankOf(pod);
    this.#sorted.splice(rank, 1);
    this.#addresses.splice(rank, 1);
  }
}

function compare(addressA: string, podA: number, addressB: string, podB: number): number {
  if (addressA !== addressB) return addressA < addressB ? -1 : 1;
  return podA - podB;
}
