/**
 * What a request costs an API server, in seats (apiserver pkg/util/flowcontrol/request).
 *
 *   list or watch: objects and bytes that have to be looked at --> initial seats, held until the answer
 *   write:         watchers of the resource on this server     --> final seats, held for a while after the answer
 *
 * A priority level has so many seats; a request holds max(initial, final) of them until it is answered. Notifying the
 * watchers of a write goes on after the answer, so its final seats are held on for the additional latency: one 10th of a seat
 * for 5 ms and each watcher, reshaped into a rectangle of at most 10 seats.
 *
 * Lists were counted as one seat per 100 objects up to 1.33, and as one per 100 kB from 1.34 on (SizeBasedListCostEstimate).
 *
 * Left out: the index of watchers by namespace and name (all watchers of a resource are taken to be interested), subresources.
 */

import { WORK_ESTIMATE_RULES as RULES } from '../../versions/flow-control-rules.js';

const NS_PER_SECOND = 1e9;
const MIN_SEATS = 1;
const EVENT_ADDITIONAL_NS = RULES.eventAdditionalSeconds.value * NS_PER_SECOND;

/** Seats of a request while it is executed and after, and for how long after. */
export interface WorkEstimate {
  readonly initialSeats: number;
  readonly finalSeats: number;
  /** How long the final seats are held after the answer, nanoseconds. */
  readonly additionalLatencyNs: number;
}

/** Which estimator the server has: none up to 1.21, then one that counts objects, then one that knows their sizes. */
export type WorkEstimator = 'one-seat' | 'object-count' | 'object-size';

/**
 * Most seats that one request of a level may take: 15 % of the level's nominal limit, and no more than one queue of a hand
 * can ask for without starving the others. `handSize` is null for a level without queues.
 */
export function maxSeatsOfLevel(nominalLimit: number, handSize: number | null): number {
  const byShare = Math.ceil(RULES.maxSeatsShare.value * nominalLimit);
  const byHand = handSize === null ? Infinity : Math.floor(nominalLimit / handSize);
  return Math.max(MIN_SEATS, Math.min(byShare, byHand));
}

/**
 * A create, update, patch or delete of a resource with so many watchers on this server. Below 10 watchers the notification is
 * not charged.
 *
 * @param emitsEvent false for requests that change no stored object, such as a service account's token
 */
export function estimateMutating(watchers: number, maxSeats: number, emitsEvent = true): WorkEstimate {
  if (!emitsEvent || watchers < RULES.watchersPerSeat.value) return ONE_SEAT;
  const seats = Math.ceil(watchers / RULES.watchersPerSeat.value);
  const finalSeats = Math.min(seats, maxSeats, RULES.mutatingMaxSeats.value);
  return {
    initialSeats: MIN_SEATS,
    finalSeats,
    additionalLatencyNs: spreadSeatTime(seats, EVENT_ADDITIONAL_NS, finalSeats),
  };
}

/** How long `spreadOver` seats must be held to be worth `seats` for `durationNs`; whole nanoseconds, rounded up. */
export function spreadSeatTime(seats: number, durationNs: number, spreadOver: number): number {
  return Math.ceil((seats * durationNs) / spreadOver);
}

/** A list, or a watch that begins with the objects there are. */
export interface ListRequest {
  readonly servedFrom: 'etcd' | 'cache';
  /** The `limit` of the request; 0: all objects. */
  readonly limit: number;
  /** Whether a field or label selector is given. */
  readonly hasSelector: boolean;
  /** Whether `metadata.name` names the one object that can match. */
  readonly isSingleObject: boolean;
  readonly stored: StoredObjects;
}

/** What the server knows of the objects of a resource. */
export type StoredObjects =
  | {
      readonly known: 'count';
      readonly objects: number;
      /** Average; 0: not known. */
      readonly averageBytes: number;
    }
  /** The count is too old to be relied on, or could not be read. */
  | { readonly known: 'stale' }
  /** Nobody has counted: the resource is new, or was removed. */
  | { readonly known: 'absent' };

/** A list whose bytes are counted: since 1.34. */
export function estimateListBySize(request: ListRequest, maxSeats: number): WorkEstimate {
  const { stored, servedFrom } = request;
  if (stored.known === 'absent') return ONE_SEAT;
  const objectBytes =
    stored.known === 'count' && stored.averageBytes > 0 ? stored.averageBytes : RULES.unknownObjectBytes.value;
  const objects = objectsHeld(request, stored.known === 'count' ? stored.objects : Infinity);
  // An empty resource is nothing to hold, whatever its objects would be like.
  const heldBytes = objects === 0 ? 0 : objects * objectBytes;
  const bytes = servedFrom === 'cache' ? Math.min(heldBytes, RULES.cacheListMaxBytes.value) : heldBytes;
  return initialOnly(bytes / RULES.bytesPerSeat.value, Math.min(maxSeats, RULES.listMaxSeats.value));
}

/** Objects that the server holds at one time for the list. */
function objectsHeld({ servedFrom, limit, hasSelector, isSingleObject }: ListRequest, stored: number): number {
  if (isSingleObject) return 1;
  if (limit === 0 || limit >= stored) return stored;
  return servedFrom === 'etcd' && hasSelector ? largestPage(limit, stored) : limit;
}

/**
 * A list from etcd that looks for `limit` matches reads page after page, each twice as long as the one before, as nobody knows
 * how many of the objects match: the longest page if it has to read them all.
 */
function largestPage(limit: number, stored: number): number {
  let largest = 0;
  let page = limit;
  for (let unread = stored; unread > 0; unread -= page, page = Math.min(2 * page, RULES.maxPageObjects.value)) {
    largest = Math.max(largest, Math.min(page, unread));
    // From here on all pages are equally long.
    if (page === RULES.maxPageObjects.value) break;
  }
  return largest;
}

/** A list whose objects are counted: from 1.22 to 1.33. */
export function estimateListByCount(request: ListRequest, maxSeats: number): WorkEstimate {
  const { stored, servedFrom, hasSelector, isSingleObject } = request;
  const most = Math.min(maxSeats, RULES.objectCountListMaxSeats.value);
  if (isSingleObject || stored.known === 'absent') return ONE_SEAT;
  if (stored.known === 'stale') return initialOnly(most, most);
  const limit = request.limit === 0 ? stored.objects : Math.min(request.limit, stored.objects);
  // Without index a list from cache looks at everything; one from etcd reads its page and decodes it.
  let objects = 2 * limit;
  if (servedFrom === 'cache') objects = stored.objects;
  else if (hasSelector) objects = stored.objects + limit;
  return initialOnly(objects / RULES.objectsPerSeat.value, most);
}

/** A request of which nothing can be known (no request info, options that cannot be read). */
export function estimateUnknown(maxSeats: number): WorkEstimate {
  return initialOnly(maxSeats, Math.min(maxSeats, RULES.listMaxSeats.value));
}

/** A list by the estimator of the server. */
export function estimateList(estimator: WorkEstimator, request: ListRequest, maxSeats: number): WorkEstimate {
  switch (estimator) {
    case 'one-seat':
      return ONE_SEAT;
    case 'object-count':
      return estimateListByCount(request, maxSeats);
    case 'object-size':
      return estimateListBySize(request, maxSeats);
  }
}

/** A read of one object, a write that nobody watches. */
export const ONE_SEAT: WorkEstimate = { initialSeats: MIN_SEATS, finalSeats: 0, additionalLatencyNs: 0 };

function initialOnly(seats: number, most: number): WorkEstimate {
  const initialSeats = Math.min(most, Math.max(MIN_SEATS, Math.ceil(seats)));
  return { initialSeats, finalSeats: 0, additionalLatencyNs: 0 };
}

/** How a watch asks for the objects there are at its start (`sendInitialEvents`, `resourceVersion` of its options). */
export interface WatchOptions {
  readonly sendInitialEvents: boolean | null;
  /** '': not given. */
  readonly resourceVersion: string;
}

/** Whether a watch begins with all objects, which costs like a list; otherwise it goes on from a version, for one seat. */
export function beginsWithObjects({ sendInitialEvents, resourceVersion }: WatchOptions): boolean {
  return sendInitialEvents === true || resourceVersion === '' || resourceVersion === '0';
}
