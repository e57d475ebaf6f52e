/**
 * Client-side rate limiting: the token bucket behind --kube-api-qps and --kube-api-burst.
 *
 *   calls, in the order in which they are made --(now)--> TokenBucket --(time at which the call may go out)--> API server
 *
 * client-go (util/flowcontrol/throttle.go) wraps golang.org/x/time/rate: the bucket is full when it is created, refills
 * continuously at `qps`, never holds more than `burst`, and a call takes one token. A call that finds none waits for its own
 * token, and later calls queue behind it: the number of tokens goes negative.
 *
 * Rather than a real-valued number of tokens that is refilled at every call, and so collects a rounding error at every call,
 * the state is *when the bucket was last full* and *how many tokens were taken since*. Both are integers; every answer
 * is one rounded division away from them, so that the millionth call of an overloaded client is as exact as the first.
 *
 * Left out: contexts with deadlines (a call that would wait past its deadline fails and takes no token), watches (they bypass
 * the limiter), and x/time/rate's rounding down of waits to whole nanoseconds (here up: no call ever leaves early).
 */

const NS_PER_SECOND = 1e9;

/** Many buckets with the same limits: one per kubelet. Time must not run backwards within one bucket. */
export class TokenBuckets {
  readonly #qps: number;
  readonly #burst: number;
  /** The last moment at which the bucket was known to be full. */
  readonly #fullAtNs: Float64Array;
  /** Tokens taken since then; may exceed what has been refilled, which is a queue. */
  readonly #taken: Float64Array;
  /** For the utilisation: calls, when the first came, and when the last may leave. */
  readonly #calls: Int32Array;
  readonly #firstCallNs: Float64Array;
  readonly #lastDueNs: Float64Array;
  /** Times that the bucket was full at the start of a process. */
  readonly #processes: Int32Array;

  constructor(count: number, qps: number, burst: number) {
    if (!(qps > 0 && qps < Infinity)) throw new RangeError(`qps must be positive and finite, got ${qps}`);
    if (!(Number.isInteger(burst) && burst >= 1))
      throw new RangeError(`burst must be a whole number >= 1, got ${burst}`);
    this.#qps = qps;
    this.#burst = burst;
    this.#fullAtNs = new Float64Array(count);
    this.#taken = new Float64Array(count);
    this.#calls = new Int32Array(count);
    this.#firstCallNs = new Float64Array(count);
    this.#lastDueNs = new Float64Array(count);
    this.#processes = new Int32Array(count).fill(1);
  }

  /** Takes one token of bucket `index`, and says when the call may go out: now, or later behind the calls before it. */
  reserve(index: number, nowNs: number): number {
    const taken = this.#takenAt(index, nowNs) + 1;
    this.#taken[index] = taken;
    const dueNs = this.#tokenDueNs(index, taken, nowNs);
    this.#count(index, nowNs, dueNs);
    return dueNs;
  }

  /** Takes one token if there is one now; otherwise takes nothing. */
  tryTake(index: number, nowNs: number): boolean {
    const taken = this.#takenAt(index, nowNs) + 1;
    if (this.#tokenDueNs(index, taken, nowNs) > nowNs) return false;
    this.#taken[index] = taken;
    this.#count(index, nowNs, nowNs);
    return true;
  }

  /** Tokens taken of bucket `index` so far, those that are still waited for included. */
  taken(index: number): number {
    return this.#calls[index]!;
  }

  /** Calls of bucket `index` divided by the calls that it lets through from its first call to its last; 0 without a call. */
  utilization(index: number): number {
    const calls = this.#calls[index]!;
    if (calls === 0) return 0;
    const seconds = (this.#lastDueNs[index]! - this.#firstCallNs[index]!) / NS_PER_SECOND;
    return calls / (this.#burst * this.#processes[index]! + this.#qps * seconds);
  }

  /** Of the bucket that is used most. */
  get largestUtilization(): number {
    let largest = 0;
    for (let index = 0; index < this.#calls.length; index++) largest = Math.max(largest, this.utilization(index));
    return largest;
  }

  #count(index: number, nowNs: number, dueNs: number): void {
    if (this.#calls[index]!++ === 0) this.#firstCallNs[index] = nowNs;
    // A new process may call before the last calls of the old one would have left.
    this.#lastDueNs[index] = Math.max(this.#lastDueNs[index]!, dueNs);
  }

  /** A new process has the bucket now: it is full, and nobody waits. */
  refill(index: number, nowNs: number): void {
    // Calls that still wait die with their process, and have used nothing.
    this.#calls[index]! -= this.#waiting(index, nowNs);
    this.#lastDueNs[index] = Math.min(this.#lastDueNs[index]!, nowNs);
    this.#fullAtNs[index] = nowNs;
    this.#taken[index] = 0;
    this.#processes[index]!++;
  }

  /** Tokens that are taken and not yet there. */
  #waiting(index: number, nowNs: number): number {
    const taken = this.#taken[index]!;
    let waiting = 0;
    while (waiting < taken && this.#tokenDueNs(index, taken - waiting, 0) > nowNs) waiting++;
    return waiting;
  }

  /** Tokens missing from a full bucket that were taken since it was full; a bucket found full starts a new count. */
  #takenAt(index: number, nowNs: number): number {
    const taken = this.#taken[index]!;
    if (this.#fullAtNs[index]! + this.#refillNs(taken) > nowNs) return taken;
    this.#fullAtNs[index] = nowNs;
    this.#taken[index] = 0;
    return 0;
  }

  #tokenDueNs(index: number, taken: number, nowNs: number): number {
    if (taken <= this.#burst) return nowNs;
    return Math.max(nowNs, this.#fullAtNs[index]! + this.#refillNs(taken - this.#burst));
  }

  #refillNs(tokens: number): number {
    return Math.ceil((tokens * NS_PER_SECOND) / this.#qps);
  }
}

/** One bucket: a controller's client. */
export class TokenBucket {
  readonly #buckets: TokenBuckets;

  constructor(qps: number, burst: number) {
    this.#buckets = new TokenBuckets(1, qps, burst);
  }

  /** Takes one token, and says when the call may go out: now, or later behind the calls before it. */
  reserve(nowNs: number): number {
    return this.#buckets.reserve(0, nowNs);
  }

  /** Takes one token if there is one now; otherwise takes nothing. */
  tryTake(nowNs: number): boolean {
    return this.#buckets.tryTake(0, nowNs);
  }

  /** A new process has the bucket now: it is full, and nobody waits. */
  refill(nowNs: number): void {
    this.#buckets.refill(0, nowNs);
  }

  /** Tokens taken so far, those that are still waited for included, but not those that died with their process. */
  get taken(): number {
    return this.#buckets.taken(0);
  }

  /** Calls divided by the calls that the bucket lets through from the first call to the last; 0 without a call. */
  get utilization(): number {
    return this.#buckets.utilization(0);
  }
}
