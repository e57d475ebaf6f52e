/**
 * Discovery by Endpoints: one object per service that holds every address (pkg/controller/endpoint).
 *
 *   observed pods --> ready addresses in order of address text, not ready ones --> [truncation] --> one full write
 *
 * Terminating pods are in no Endpoints object (unless their service publishes addresses that are not ready), so the last two of a
 * pod's three termination updates change nothing. Over the
 * cap, the ready addresses that come first **as text** survive ("10.0.0.10" before "10.0.0.9"), and the object is written
 * at every sync even when it is as it was: the controller's up-to-date test accepts only objects within the cap. The API
 * server answers such a write without an event.
 *
 * An Endpoints object has the addresses of one family: the service's first. It has no hints.
 *
 * Left out: several subsets (all pods of a service have the same ports).
 */

import type { PodTable } from '../cluster/pods.js';
import type { EndpointSettings, IpFamily } from '../cluster/services.js';
import type { Discovery, PlannedWrite } from './discovery.js';
import { endpointsListing, Listing } from './endpoint-membership.js';
import { capacityAnnotationCorrect, truncateEndpoints } from './endpoints-truncation.js';
import { memoized } from './memoized.js';
import { PublishedPods } from './published-pods.js';
import type { EndpointObjectSize } from './wire-size.js';

/** The only object of its service. */
const THE_OBJECT = 0;

export interface EndpointsObjectsParameters {
  /** Addresses that an object keeps; null when the controller does not truncate (before 1.22). */
  readonly maxAddresses: number | null;
  /** How a service publishes its endpoints. */
  readonly settingsOf: (service: number) => EndpointSettings;
  /** Ports of the service. Default: one. */
  readonly portsOf?: (service: number) => number;
  /** Size of an object with so many ports and addresses of this family; a truncated one says so in an annotation. */
  readonly sizeOf: (family: IpFamily, isTruncated: boolean, ports: number) => EndpointObjectSize;
}

interface ServiceAddresses {
  readonly settings: EndpointSettings;
  /** Of a complete and of a truncated object. */
  readonly sizes: readonly [EndpointObjectSize, EndpointObjectSize];
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
  readonly #published: PublishedPods;
  readonly #maxAddresses: number | null;
  readonly maxUsableEndpoints: number;
  readonly #services: ServiceAddresses[];

  constructor(
    pods: PodTable,
    services: number,
    { maxAddresses, settingsOf, portsOf = () => 1, sizeOf }: EndpointsObjectsParameters,
  ) {
    this.#pods = pods;
    this.#published = new PublishedPods(pods);
    const sizesOf = memoized((ports: number) =>
      memoized((family: IpFamily) => [sizeOf(family, false, ports), sizeOf(family, true, ports)] as const),
    );
    this.#maxAddresses = maxAddresses;
    this.maxUsableEndpoints = maxAddresses ?? Infinity;
    this.#services = Array.from({ length: services }, (_, service) => {
      const settings = settingsOf(service);
      const family = settings.ipFamilies[0]!;
      return {
        settings,
        sizes: sizesOf(portsOf(service))(family),
        ready: new SortedPods(pods, family),
        notReady: 0,
        exists: false,
        usable: 0,
        isTruncated: false,
      };
    });
  }

  initialize(service: number, pods: readonly number[]): void {
    const addresses = this.#services[service]!;
    addresses.exists = true;
    this.#published.grow();
    for (const pod of pods) {
      const state = this.#pods.observed[pod]!;
      this.#published.state[pod] = state;
      const listing = listedAs(addresses, state);
      if (listing === Listing.ready) addresses.ready.appendUnsorted(pod);
      else if (listing === Listing.notReady) addresses.notReady++;
    }
    addresses.ready.sort();
    this.#settle(addresses);
  }

  plan(service: number, changedPods: readonly number[]): PlannedWrite[] {
    const addresses = this.#services[service]!;
    this.#published.grow();
    const { state: published } = this.#published;
    const { observed } = this.#pods;
    let readyAfter = addresses.ready.length;
    let notReadyAfter = addresses.notReady;
    const pods: number[] = [];
    const podStates: number[] = [];
    for (const pod of changedPods) {
      const before = listedAs(addresses, published[pod]!);
      const after = listedAs(addresses, observed[pod]!);
      if (before === after) continue;
      pods.push(pod);
      podStates.push(observed[pod]!);
      readyAfter += (after === Listing.ready ? 1 : 0) - (before === Listing.ready ? 1 : 0);
      notReadyAfter += (after === Listing.notReady ? 1 : 0) - (before === Listing.notReady ? 1 : 0);
    }
    const { ready, notReady, truncated } = truncateEndpoints([readyAfter], [notReadyAfter], this.#maxAddresses);
    const annotation = addresses.isTruncated ? 'truncated' : null;
    const isUpToDate =
      addresses.exists &&
      pods.length === 0 &&
      capacityAnnotationCorrect(readyAfter + notReadyAfter, annotation, this.maxUsableEndpoints);
    if (isUpToDate) return [];
    const kept = ready[0]! + notReady[0]!;
    const size = addresses.sizes[truncated ? 1 : 0];
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
    this.#published.grow();
    const { state: published } = this.#published;
    addresses.exists = true;
    write.pods.forEach((pod, index) => {
      const before = listedAs(addresses, published[pod]!);
      const state = write.podStates[index]!;
      const after = listedAs(addresses, state);
      if (before === Listing.ready) addresses.ready.remove(pod);
      else if (before === Listing.notReady) addresses.notReady--;
      if (after === Listing.ready) addresses.ready.insert(pod);
      else if (after === Listing.notReady) addresses.notReady++;
      published[pod] = state;
    });
    this.#settle(addresses);
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
      const wasReady = listedAs(addresses, this.#published.state[pod]!) === Listing.ready;
      const isReady = listedAs(addresses, podStates[index]!) === Listing.ready;
      return wasReady !== isReady && ready.rankOf(pod) < this.maxUsableEndpoints;
    });
  }
}

function listedAs({ settings }: ServiceAddresses, state: number): Listing {
  return endpointsListing(state, settings.publishNotReadyAddresses);
}

/** Pods in the order of their addresses as text, equal addresses in order of pod number. */
class SortedPods {
  readonly #pods: PodTable;
  readonly #family: IpFamily;
  readonly #addresses: string[] = [];
  readonly #sorted: number[] = [];

  constructor(pods: PodTable, family: IpFamily) {
    this.#pods = pods;
    this.#family = family;
  }

  get length(): number {
    return this.#sorted.length;
  }

  #addressOf(pod: number): string {
    return this.#pods.address(pod, this.#family);
  }

  appendUnsorted(pod: number): void {
    this.#sorted.push(pod);
  }

  sort(): void {
    const addressOf = new Map(this.#sorted.map((pod) => [pod, this.#addressOf(pod)]));
    this.#sorted.sort((a, b) => compare(addressOf.get(a)!, a, addressOf.get(b)!, b));
    this.#addresses.length = 0;
    for (const pod of this.#sorted) this.#addresses.push(addressOf.get(pod)!);
  }

  /** Position at which the pod stands, or would stand. */
  rankOf(pod: number): number {
    const address = this.#addressOf(pod);
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
    this.#addresses.splice(rank, 0, this.#addressOf(pod));
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
