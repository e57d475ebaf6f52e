/**
 * client-go's rate limiters of work queues (util/workqueue/default_rate_limiters.go): how long a key that failed has to wait.
 *
 *   key failed --> when(key) --> delay --> delaying queue            key succeeded --> forget(key)
 *
 *   ItemExponentialFailureRateLimiter   base, 2 base, 4 base, ... up to a maximum, for each key by itself
 *   ItemFastSlowRateLimiter             a short delay for the first failures of a key, a long one from then on
 *   BucketRateLimiter                   one token bucket that all keys share
 *   MaxOfRateLimiter                    the longest delay of several limiters, each of which is asked, and so pays, every time
 *   WithMaxWaitRateLimiter              another limiter with an upper bound
 *
 * Keys are 0 to keys - 1. Delays are whole nanoseconds.
 *
 * Left out: nothing that changes a delay. Upstream's own tests also use a limiter that steps from one delay to another after a
 * number of calls, which is the fast/slow one of a single key.
 */

import { TokenBucket } from './token-bucket.js';

export interface RateLimiter {
  /** How long the key has to wait, in nanoseconds; counts as one more failure of it. */
  when(key: number, nowNs: number): number;
  /** Failures of the key since it was last forgotten; 0 for a limiter that does not count. */
  requeues(key: number): number;
  /** The key succeeded, or is given up. */
  forget(key: number): void;
}

/** The n-th failure of a key waits base * 2^(n - 1), at most the maximum. */
export class ItemExponentialFailureRateLimiter implements RateLimiter {
  readonly #baseNs: number;
  readonly #maxNs: number;
  readonly #failures: Uint32Array;

  constructor(keys: number, baseNs: number, maxNs: number) {
    this.#baseNs = baseNs;
    this.#maxNs = maxNs;
    this.#failures = new Uint32Array(keys);
  }

  when(key: number, _nowNs: number): number {
    return exponentialNs(this.#baseNs, this.#maxNs, this.#failures[key]!++);
  }

  requeues(key: number): number {
    return this.#failures[key]!;
  }

  forget(key: number): void {
    this.#failures[key] = 0;
  }
}

/** base * 2^doublings, at most the maximum, however many doublings. */
export function exponentialNs(baseNs: number, maxNs: number, doublings: number): number {
  let delayNs = baseNs;
  for (let n = 0; n < doublings && delayNs > 0 && delayNs < maxNs; n++) delayNs *= 2;
  return Math.min(delayNs, maxNs);
}

/** The first `maxFastAttempts` failures of a key wait `fastNs`, those after them `slowNs`. */
export class ItemFastSlowRateLimiter implements RateLimiter {
  readonly #fastNs: number;
  readonly #slowNs: number;
  readonly #maxFastAttempts: number;
  readonly #failures: Uint32Array;

  constructor(keys: number, fastNs: number, slowNs: number, maxFastAttempts: number) {
    this.#fastNs = fastNs;
    this.#slowNs = slowNs;
    this.#maxFastAttempts = maxFastAttempts;
    this.#failures = new Uint32Array(keys);
  }

  when(key: number, _nowNs: number): number {
    return ++this.#failures[key]! <= this.#maxFastAttempts ? this.#fastNs : this.#slowNs;
  }

  requeues(key: number): number {
    return this.#failures[key]!;
  }

  forget(key: number): void {
    this.#failures[key] = 0;
  }
}

/** Each failure, of whatever key, reserves the next token of one bucket, and waits for it. */
export class BucketRateLimiter implements RateLimiter {
  readonly #bucket: TokenBucket;

  constructor(qps: number, burst: number) {
    this.#bucket = new TokenBucket(qps, burst);
  }

  when(_key: number, nowNs: number): number {
    return this.#bucket.reserve(nowNs) - nowNs;
  }

  requeues(): number {
    return 0;
  }

  forget(): void {
    // A reserved token stays reserved.
  }
}

/** The strictest of several limiters. All are asked every time: a failure that waits out its own back-off still takes a token. */
export class MaxOfRateLimiter implements RateLimiter {
  readonly #limiters: readonly RateLimiter[];

  constructor(limiters: readonly RateLimiter[]) {
    this.#limiters = limiters;
  }

  when(key: number, nowNs: number): number {
    let delayNs = 0;
    for (const limiter of this.#limiters) delayNs = Math.max(delayNs, limiter.when(key, nowNs));
    return delayNs;
  }

  requeues(key: number): number {
    let requeues = 0;
    for (const limiter of this.#limiters) requeues = Math.max(requeues, limiter.requeues(key));
    return requeues;
  }

  forget(key: number): void {
    for (const limiter of this.#limiters) limiter.forget(key);
  }
}

/** Another limiter whose delays are cut off at `maxWaitNs`. */
export class WithMaxWaitRateLimiter implements RateLimiter {
  readonly #limiter: RateLimiter;
  readonly #maxWaitNs: number;

  constructor(limiter: RateLimiter, maxWaitNs: number) {
    this.#limiter = limiter;
    this.#maxWaitNs = maxWaitNs;
  }

  when(key: number, nowNs: number): number {
    return Math.min(this.#limiter.when(key, nowNs), this.#maxWaitNs);
  }

  requeues(key: number): number {
    return this.#limiter.requeues(key);
  }

  forget(key: number): void {
    this.#limiter.forget(key);
  }
}

/** What a controller's queue is limited by. */
export interface ControllerRateLimits {
  /** Delay of a key after its first failure; doubles with each further one. */
  readonly retryBaseNs: number;
  readonly retryMaxNs: number;
  /** The bucket that all failing keys share. */
  readonly retryQps: number;
  readonly retryBurst: number;
}

/** The limiter of a controller's queue: exponential for each key, and one bucket for all of them. */
export function controllerRateLimiter(keys: number, limits: ControllerRateLimits): RateLimiter {
  return new MaxOfRateLimiter([
    new ItemExponentialFailureRateLimiter(keys, limits.retryBaseNs, limits.retryMaxNs),
    new BucketRateLimiter(limits.retryQps, limits.retryBurst),
  ]);
}
