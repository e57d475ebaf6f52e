/**
 * etcd under load: what a write takes beyond the latency that a lone one would have, and how the database grows.
 *
 *   write of n bytes --> commit pipeline (one server) --> unloaded latency, times a slow disk --> committed
 *                    --> database: grows by every revision; compaction forgets old ones; over the quota: no space
 *
 * The pipeline is one server with a fixed service time, the reciprocal of the published maximum: far below it nobody waits,
 * and 1000 clients in a closed loop see the published 22 ms at the published 44,000 writes per second, as Little's law demands.
 *
 * The API server compacts in an interval up to the revision that was the last one an interval before, so history is from one
 * to two intervals long. Freed pages are used again but the file never shrinks, and the quota counts the file. A write
 * that finds it full raises an alarm, and from then on etcd takes no write until an operator acts: in a run, never.
 *
 * Left out: reads from etcd, leader changes, defragmentation, objects that are deleted (the live data stays as it began).
 */

import { ETCD_COSTS } from '../versions/etcd-costs.js';

const NS_PER_SECOND = 1e9;
const COMMIT_SERVICE_NS = NS_PER_SECOND / ETCD_COSTS.maxWritesPerSecond.value;

/** What `EtcdStore.write` says of a write that is not committed: the database is full. */
export const NO_SPACE = Infinity;

export interface EtcdStoreParameters {
  /** --quota-backend-bytes; null: no limit. */
  readonly quotaBackendBytes: number | null;
  /** --etcd-compaction-interval of the API server; 0: never. */
  readonly compactionIntervalNs: number;
  /** Live data at the start. */
  readonly initialBytes: number;
}

interface SlowPeriod {
  readonly factor: number;
  readonly untilNs: number;
}

export class EtcdStore {
  readonly #parameters: EtcdStoreParameters;
  readonly #quotaBytes: number;
  #pipelineFreeNs = 0;
  #slowPeriods: readonly SlowPeriod[] = [];
  /** Revisions written since the last compaction, and in the interval before it. */
  #newBytes = 0;
  #oldBytes = 0;
  #nextCompactionNs: number;
  #fileBytes: number;
  #hasAlarm = false;
  #refused = 0;

  constructor(parameters: EtcdStoreParameters) {
    this.#parameters = parameters;
    const { quotaBackendBytes, compactionIntervalNs } = parameters;
    this.#quotaBytes = quotaBackendBytes ?? Infinity;
    this.#nextCompactionNs = compactionIntervalNs === 0 ? Infinity : compactionIntervalNs;
    this.#fileBytes = parameters.initialBytes;
  }

  /** Size of the database file, which never shrinks. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** Writes that found no space. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * A write reaches etcd: returns how long until it is committed, whole nanoseconds, or NO_SPACE. Calls in order of time.
   *
   * @param unloadedNs what it would take alone
   */
  write(nowNs: number, unloadedNs: number, bytes: number): number {
    this.#compact(nowNs);
    if (!this.#store(bytes)) return NO_SPACE;
    const slowdown = this.#slowdown(nowNs);
    const startNs = Math.max(nowNs, this.#pipelineFreeNs);
    this.#pipelineFreeNs = startNs + COMMIT_SERVICE_NS * slowdown;
    return Math.round(startNs - nowNs + unloadedNs * slowdown);
  }

  /** Everything takes `factor` times as long until then. Of slow periods that overlap the slowest holds. */
  slowDown(factor: number, untilNs: number): void {
    this.#slowPeriods = [...this.#slowPeriods, { factor, untilNs }];
  }

  #slowdown(nowNs: number): number {
    if (this.#slowPeriods.length === 0) return 1;
    this.#slowPeriods = this.#slowPeriods.filter(({ untilNs }) => untilNs > nowNs);
    return Math.max(1, ...this.#slowPeriods.map(({ factor }) => factor));
  }

  #compact(nowNs: number): void {
    while (this.#nextCompactionNs <= nowNs) {
      this.#nextCompactionNs += this.#parameters.compactionIntervalNs;
      this.#oldBytes = this.#newBytes;
      this.#newBytes = 0;
    }
  }

  #store(bytes: number): boolean {
    const used = this.#parameters.initialBytes + this.#oldBytes + this.#newBytes + bytes;
    this.#hasAlarm ||= used > this.#quotaBytes;
    if (this.#hasAlarm) {
      this.#refused++;
      return false;
    }
    this.#newBytes += bytes;
    this.#fileBytes = Math.max(this.#fileBytes, used);
    return true;
  }
}
