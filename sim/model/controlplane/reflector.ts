/**
 * client-go's reflector (tools/cache/reflector.go): how a client comes back to a resource that it watches.
 *
 *   LIST --> WATCH, ended by the server after the timeout that the client asked for
 *             |--> closed, refused, too many requests --> back off --> WATCH from where it was
 *             '--> too old a resource version, any other error --> back off --> LIST again
 *
 * Pure rules; whoever uses them owns the clock. Draws are uniform numbers in (0, 1) that the caller keys.
 *
 * Left out: streaming lists, bookmarks, paging, the internal retry of the transport.
 */

import { REFLECTOR_RULES } from '../versions/rules.js';
import { exponentialNs } from './rate-limiters.js';

const NS_PER_SECOND = 1e9;
const BACKOFF_BASE_NS = REFLECTOR_RULES.backoffBase.value * NS_PER_SECOND;
const BACKOFF_MAX_NS = REFLECTOR_RULES.backoffMax.value * NS_PER_SECOND;
const BACKOFF_RESET_NS = REFLECTOR_RULES.backoffReset.value * NS_PER_SECOND;
const BACKOFF_JITTER = REFLECTOR_RULES.backoffJitterFactor.value;
const MIN_WATCH_TIMEOUT_NS = REFLECTOR_RULES.minWatchTimeout.value * NS_PER_SECOND;

/** How a watch, or the attempt to open one, ended. */
export type WatchEnd =
  /** The server closed the stream without an error: its timeout, a shutdown, a watcher that was too slow. */
  | 'closed'
  /** Nobody listens at the address. */
  | 'connectionRefused'
  /** 429: the server has no room. */
  | 'tooManyRequests'
  /** 410: events since that resource version are no longer known. */
  | 'expired'
  /** Any other error. */
  | 'error';

/** What a reflector does next, after its back-off. */
export function afterWatch(end: WatchEnd): 'rewatch' | 'relist' {
  switch (end) {
    case 'closed':
    case 'connectionRefused':
    case 'tooManyRequests':
      return 'rewatch';
    case 'expired':
    case 'error':
      return 'relist';
  }
}

/** How long a watch lasts if nothing else ends it: 5 to 10 minutes unless told otherwise, whole nanoseconds. */
export function watchTimeoutNs(uniform: number, minWatchTimeoutNs = MIN_WATCH_TIMEOUT_NS): number {
  return Math.round(minWatchTimeoutNs * (1 + uniform));
}

/** The back-offs of many reflectors: 0.8 s, doubling up to 30 s, each prolonged by up to 100 %. */
export class ReflectorBackoffs {
  readonly #steps: Uint16Array;
  readonly #lastNs: Float64Array;

  /** Reflectors are 0 to count - 1. */
  constructor(count: number) {
    this.#steps = new Uint16Array(count);
    this.#lastNs = new Float64Array(count).fill(-Infinity);
  }

  /**
   * The reflector has to back off now, for so long (whole nanoseconds). One that had not to for more than two minutes starts
   * again from the shortest delay.
   */
  nextNs(reflector: number, nowNs: number, uniform: number): number {
    const step = nowNs - this.#lastNs[reflector]! > BACKOFF_RESET_NS ? 0 : this.#steps[reflector]!;
    const delayNs = exponentialNs(BACKOFF_BASE_NS, BACKOFF_MAX_NS, step);
    // Further doublings make no difference, and the counter must not run over.
    this.#steps[reflector] = delayNs < BACKOFF_MAX_NS ? step + 1 : step;
    this.#lastNs[reflector] = nowNs;
    return Math.round(delayNs * (1 + BACKOFF_JITTER * uniform));
  }

  /** The process of the reflector starts anew. */
  reset(reflector: number): void {
    this.#lastNs[reflector] = -Infinity;
  }
}
