/**
 * When a kube-proxy may sync: both generations of its BoundedFrequencyRunner.
 *
 *   signal (something is pending), timer --> SyncRunner: now, or deferred until when? --> sync
 *   start and end of every sync ---------------^
 *
 * The runner has one worker: a signal that arrives during a sync is looked at when the sync ends. It is a state machine of a few
 * times per node, kept in typed arrays, and asked rather than driven: the caller owns the events, and tells only what ran.
 *
 *  - MinIntervalRunner, pkg/proxy/runner (1.34 and later): after a sync the runner sleeps minSyncPeriod, whatever happens.
 *  - TokenBucketRunner, pkg/util/async (up to 1.33): syncs take tokens that come back one per minSyncPeriod; a bucket of two
 *    lets two quick syncs follow an idle time. A signal that finds no token sets the timer to minSyncPeriod after the end of the
 *    last sync, although a token may come back before: a later signal that finds it runs at once.
 *
 * Both run without a signal at the maximal interval after a sync, and after the retry interval if it failed.
 *
 * Left out: the first sync after the start of kube-proxy, which bypasses the runner (do not report it to `onRun`); signals
 * that are lost with a stopping process.
 */

export interface SyncRunner {
  /** The loop of `node` starts at `startNs`, with nothing run before. Every node starts at 0 otherwise. */
  reset(node: number, startNs: number): void;
  /** Whether a signal at `timeNs` runs at once. */
  canRunAt(node: number, timeNs: number): boolean;
  /** A sync of `node` started at `startNs` and ended, or will end, at `endNs`. */
  onRun(node: number, startNs: number, endNs: number, failed?: boolean): void;
  /** When a signal at `signalNs` is acted on if no other follows; `signalNs` itself if it runs at once. */
  deferredUntilNs(node: number, signalNs: number): number;
  /** First time at which a signal would run at once. */
  earliestRunNs(node: number): number;
  /** When the node syncs if no signal comes: the maximal interval, or the retry of a failed sync. */
  maxIntervalDueNs(node: number): number;
}

export interface SyncRunnerIntervals {
  /** --iptables-min-sync-period (minSyncPeriod). */
  readonly minIntervalNs: number;
  /** After a sync that failed: --iptables-sync-period (syncPeriod). */
  readonly retryIntervalNs: number;
  /** From the end of a sync to the next one without a signal: an hour in iptables and nftables mode. */
  readonly maxIntervalNs: number;
}

function checkIntervals({ minIntervalNs, retryIntervalNs, maxIntervalNs }: SyncRunnerIntervals): void {
  // Both constructors upstream refuse maxInterval < minInterval.
  if (!(minIntervalNs >= 0 && maxIntervalNs >= minIntervalNs && retryIntervalNs >= 0)) {
    throw new RangeError(`intervals: min ${minIntervalNs}, retry ${retryIntervalNs}, max ${maxIntervalNs}`);
  }
}

/** The runner of 1.34 and later. */
export class MinIntervalRunner implements SyncRunner {
  readonly #intervals: SyncRunnerIntervals;
  /** End of the sleep after the last sync. */
  readonly #readyNs: Float64Array;
  /** When the timer is due, armed at the end of the last sync; it too waits for the sleep to end. */
  readonly #timerNs: Float64Array;

  constructor(nodes: number, intervals: SyncRunnerIntervals) {
    checkIntervals(intervals);
    this.#intervals = intervals;
    this.#readyNs = new Float64Array(nodes);
    this.#timerNs = new Float64Array(nodes).fill(intervals.maxIntervalNs);
  }

  reset(node: number, startNs: number): void {
    this.#readyNs[node] = startNs;
    this.#timerNs[node] = startNs + this.#intervals.maxIntervalNs;
  }

  canRunAt(node: number, timeNs: number): boolean {
    return timeNs >= this.#readyNs[node]!;
  }

  onRun(node: number, startNs: number, endNs: number, failed = false): void {
    if (!this.canRunAt(node, startNs)) throw new RangeError(`node ${node} synced at ${startNs} ns, before it may`);
    const { minIntervalNs, retryIntervalNs, maxIntervalNs } = this.#intervals;
    this.#readyNs[node] = endNs + minIntervalNs;
    this.#timerNs[node] = endNs + (failed ? Math.min(retryIntervalNs, maxIntervalNs) : maxIntervalNs);
  }

  deferredUntilNs(node: number, signalNs: number): number {
    return Math.max(signalNs, this.#readyNs[node]!);
  }

  earliestRunNs(node: number): number {
    return this.#readyNs[node]!;
  }

  maxIntervalDueNs(node: number): number {
    return Math.max(this.#timerNs[node]!, this.#readyNs[node]!);
  }
}

/**
 * The runner up to 1.33. Its bucket is kept as the time at which it was, or will be, empty: at time t it holds
 * (t - empty) / minInterval tokens, at most `burstRuns`. All times being integers, a token is there to the nanosecond.
 */
export class TokenBucketRunner implements SyncRunner {
  readonly #intervals: SyncRunnerIntervals;
  readonly #burstRuns: number;
  readonly #emptyNs: Float64Array;
  readonly #lastRunNs: Float64Array;
  readonly #timerNs: Float64Array;

  /** `burstRuns`: kube-proxy passes 2 in every mode. */
  constructor(nodes: number, intervals: SyncRunnerIntervals, burstRuns: number) {
    checkIntervals(intervals);
    if (!(Number.isInteger(burstRuns) && burstRuns >= 1)) throw new RangeError(`burstRuns ${burstRuns}`);
    this.#intervals = intervals;
    this.#burstRuns = burstRuns;
    this.#emptyNs = new Float64Array(nodes);
    this.#lastRunNs = new Float64Array(nodes);
    this.#timerNs = new Float64Array(nodes);
    for (let node = 0; node < nodes; node++) this.reset(node, 0);
  }

  reset(node: number, startNs: number): void {
    // The bucket is full when it is made.
    this.#emptyNs[node] = startNs - this.#burstRuns * this.#intervals.minIntervalNs;
    this.#lastRunNs[node] = startNs;
    this.#timerNs[node] = startNs + this.#intervals.maxIntervalNs;
  }

  canRunAt(node: number, timeNs: number): boolean {
    return timeNs >= this.earliestRunNs(node);
  }

  onRun(node: number, startNs: number, endNs: number, failed = false): void {
    if (!this.canRunAt(node, startNs)) throw new RangeError(`node ${node} synced at ${startNs} ns, before it may`);
    const { minIntervalNs, retryIntervalNs, maxIntervalNs } = this.#intervals;
    const fullSinceNs = startNs - this.#burstRuns * minIntervalNs;
    this.#emptyNs[node] = Math.max(this.#emptyNs[node]!, fullSinceNs) + minIntervalNs;
    this.#lastRunNs[node] = endNs;
    // A sync that fails calls RetryAfter(syncPeriod), which can only bring the timer forward.
    this.#timerNs[node] = endNs + (failed ? Math.min(retryIntervalNs, maxIntervalNs) : maxIntervalNs);
  }

  deferredUntilNs(node: number, signalNs: number): number {
    const seenNs = Math.max(signalNs, this.#lastRunNs[node]!);
    if (this.canRunAt(node, seenNs)) return seenNs;
    // A token is there by then: the last one was taken at the start of the sync from whose end this counts.
    return Math.min(this.maxIntervalDueNs(node), this.#lastRunNs[node]! + this.#intervals.minIntervalNs);
  }

  earliestRunNs(node: number): number {
    return Math.max(this.#emptyNs[node]! + this.#intervals.minIntervalNs, this.#lastRunNs[node]!);
  }

  /** A retry due before there is a token (syncPeriod below minSyncPeriod) is taken to wait for it. */
  maxIntervalDueNs(node: number): number {
    return Math.max(this.#timerNs[node]!, this.earliestRunNs(node));
  }
}
