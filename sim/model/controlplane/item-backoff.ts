/**
 * client-go's back-off by item (util/flowcontrol/backoff.go), with which the kubelet spaces restarts and image pulls.
 *
 *   failed --> next(key): initial, 2 initial, 4 initial, ... up to a maximum     isInBackOffSinceUpdate(key)? --> wait
 *
 * Unlike a rate limiter of a work queue it does not say when to come back: whoever comes asks whether the item is still
 * backing off. An item of which nothing was heard for more than twice the maximum starts again from the initial delay.
 *
 * Left out: jitter, and the garbage collection of expired entries, which changes no answer.
 */

/** No back-off was ever asked for. */
const NEVER = -Infinity;
/** An entry expires after this many times the maximal delay. */
const EXPIRY_FACTOR = 2;

export class ItemBackoff {
  readonly #initialNs: number;
  readonly #maxNs: number;
  readonly #delayNs: Float64Array;
  readonly #updatedNs: Float64Array;

  /** Keys are 0 to keys - 1. */
  constructor(keys: number, initialNs: number, maxNs: number) {
    this.#initialNs = initialNs;
    this.#maxNs = maxNs;
    this.#delayNs = new Float64Array(keys);
    this.#updatedNs = new Float64Array(keys).fill(NEVER);
  }

  /** The item failed at `eventNs`, which is known at `nowNs`: it backs off for the next longer time from then on. */
  next(key: number, eventNs: number, nowNs: number): void {
    this.#delayNs[key] = this.#hasExpired(key, eventNs)
      ? this.#initialNs
      : Math.min(this.#delayNs[key]! * 2, this.#maxNs);
    this.#updatedNs[key] = nowNs;
  }

  /** The item's present delay, expired or not; 0 when it never failed. */
  delayNs(key: number): number {
    return this.#delayNs[key]!;
  }

  /** Whether at `eventNs` the item still waits out the delay that began with its last `next`. */
  isInBackOffSinceUpdate(key: number, eventNs: number): boolean {
    return !this.#hasExpired(key, eventNs) && eventNs - this.#updatedNs[key]! < this.#delayNs[key]!;
  }

  /** Whether at `nowNs` the item still waits out a delay that began at `eventNs`. */
  isInBackOffSince(key: number, eventNs: number, nowNs: number): boolean {
    return !this.#hasExpired(key, eventNs) && nowNs - eventNs < this.#delayNs[key]!;
  }

  /** Forgets the item. */
  reset(key: number): void {
    this.#delayNs[key] = 0;
    this.#updatedNs[key] = NEVER;
  }

  #hasExpired(key: number, eventNs: number): boolean {
    return eventNs - this.#updatedNs[key]! > EXPIRY_FACTOR * this.#maxNs;
  }
}
