/**
 * The rules of the watch cache of one resource on one API server (staging k8s.io/apiserver pkg/storage/cacher): how many
 * events it remembers, how deep the channels of a watcher are, and how long its dispatcher may wait for watchers that are full.
 *
 *   event --> [ring of the last `capacity` events; doubles while they are young, halves when they are old]
 *         --> [one dispatcher] --a send that does not block--> [channels of each watcher, of a size fixed at its start]
 *                    |--> who is full: all of them wait together out of one budget of time; then their watches are closed
 *
 * A watch can resume where it ended as long as the ring reaches back to there; otherwise the client is told that its
 * resource version is too old, and lists everything anew (watch-connections.ts).
 *
 * Left out: bookmarks, the delay until a cache is as fresh as a read asks for, indexes.
 */

import { WATCH_CACHE_RULES } from '../versions/watch-rules.js';

const NS_PER_SECOND = 1e9;
const MAX_INT32 = 2 ** 31 - 1;

const LOWER_BOUND = WATCH_CACHE_RULES.lowerBoundCapacity.value;
const UPPER_BOUND = WATCH_CACHE_RULES.upperBoundCapacity.value;
const FRESH_NS = WATCH_CACHE_RULES.eventFreshDuration.value * NS_PER_SECOND;

/** The most events that a ring may grow to when events are to be kept for `freshNs`: it grows by doubling, so by powers of two. */
export function capacityUpperBound(freshNs: number): number {
  if (freshNs <= FRESH_NS) return UPPER_BOUND;
  const doublings = Math.ceil(Math.log2(freshNs / FRESH_NS));
  const mostDoublings = Math.floor(Math.log2(MAX_INT32 / UPPER_BOUND));
  return UPPER_BOUND * 2 ** Math.min(doublings, mostDoublings);
}

export interface WatchIndex {
  /** Whether the cache has an index for the resource, as it has for pods by node. */
  readonly exists: boolean;
  /** Whether the watch selects by it, as a kubelet's watch of the pods of its node does. */
  readonly isUsed: boolean;
}

/** EndpointSlices and Endpoints have no index. */
export const NO_INDEX: WatchIndex = { exists: false, isUsed: false };

/** Size of each of a watcher's two channels, when its watch starts at a ring of this capacity: about a second of events. */
export function watchChannelSize(capacity: number, freshNs: number, { exists, isUsed }: WatchIndex): number {
  const { min, max, maxWithIndexUsed, maxWithIndexUnused } = WATCH_CACHE_RULES.channelSize;
  const most = exists ? (isUsed ? maxWithIndexUsed : maxWithIndexUnused) : max;
  const perSecond = Math.ceil((capacity * NS_PER_SECOND) / freshNs);
  return Math.max(min.value, Math.min(perSecond, most.value));
}

export interface RingLimits {
  readonly lowerBound: number;
  readonly upperBound: number;
  /** How long events should stay in the ring. */
  readonly freshNs: number;
}

/** The ring of caches that size themselves. */
export const DYNAMIC_RING: RingLimits = {
  lowerBound: LOWER_BOUND,
  upperBound: capacityUpperBound(FRESH_NS),
  freshNs: FRESH_NS,
};

/** A ring of a fixed size, as releases before dynamic sizing had. */
export const fixedRing = (capacity: number): RingLimits => ({
  lowerBound: capacity,
  upperBound: capacity,
  freshNs: FRESH_NS,
});

/**
 * The last events of a resource, [start, end) of a log in which event i happened at `timesNs[i]`. Events before the log, those
 * of negative numbers, are taken to be old.
 */
export class EventRing {
  capacity: number;
  start: number;
  end: number;
  readonly #limits: RingLimits;
  /** Where the ring began when its server listed the resource at its start, and when that was. */
  readonly #firstListed: number;
  readonly #listedNs: number;

  /** The ring of a server that starts at `listedNs` holds nothing (`start` = `end`); that of one long up is full of old events. */
  constructor(limits: RingLimits, start: number, end: number, capacity = limits.lowerBound, listedNs = -Infinity) {
    this.#limits = limits;
    this.#firstListed = start;
    this.#listedNs = listedNs;
    this.capacity = capacity;
    this.start = start;
    this.end = end;
  }

  /** Event number `end` of the log is added at `nowNs`, which may change the capacity. */
  add(nowNs: number, timesNs: Float64Array): void {
    const isFull = this.end - this.start === this.capacity;
    if (isFull) {
      this.#resize(nowNs, timesNs);
      if (this.end - this.start === this.capacity) this.start++;
    }
    this.end++;
  }

  /**
   * Whether a watch that has seen the first `seen` events of the log can no longer resume here, its resource version being of
   * `revisionNs`: that of the last event, of a bookmark or of a list. A client that misses nothing but what is here is refused
   * all the same when its version is older than what the ring begins with, as other resources move the version on. Only a
   * ring that has dropped nothing is known to begin with the list of its start.
   */
  isTooOld(seen: number, revisionNs: number): boolean {
    if (seen !== this.start) return seen < this.start;
    return this.start !== this.#firstListed || revisionNs < this.#listedNs;
  }

  /** Only full rings change, and only when the next event comes. */
  #resize(nowNs: number, timesNs: Float64Array): void {
    const { lowerBound, upperBound, freshNs } = this.#limits;
    const timeNs = (event: number): number => (event < 0 ? -Infinity : timesNs[event]!);
    if (nowNs - timeNs(this.start) < freshNs) {
      this.capacity = Math.min(2 * this.capacity, upperBound);
    } else if (nowNs - timeNs(this.end - Math.floor(this.capacity / 4)) > freshNs) {
      this.capacity = Math.max(Math.floor(this.capacity / 2), lowerBound);
      this.start = Math.max(this.start, this.end - this.capacity);
    }
  }
}

const BUDGET_REFRESH_NS = WATCH_CACHE_RULES.dispatchBudget.refresh.value * NS_PER_SECOND;
const BUDGET_MAX_NS = WATCH_CACHE_RULES.dispatchBudget.max.value * NS_PER_SECOND;

/** How long a dispatcher may still wait for watchers that are full. Time must not run backwards. */
export class DispatchBudget {
  #availableNs = BUDGET_REFRESH_NS;
  /** Seconds of the clock that have been refilled for. */
  #seconds = 0;

  /** Takes all that there is. What the wait did not need is given back. */
  take(nowNs: number): number {
    const seconds = Math.floor(nowNs / NS_PER_SECOND);
    const refillNs = (seconds - this.#seconds) * BUDGET_REFRESH_NS;
    const takenNs = Math.min(BUDGET_MAX_NS, this.#availableNs + refillNs);
    this.#seconds = seconds;
    this.#availableNs = 0;
    return takenNs;
  }

  giveBack(unusedNs: number): void {
    this.#availableNs = Math.min(BUDGET_MAX_NS, this.#availableNs + Math.max(0, unusedNs));
  }
}
