/**
 * etcd, as the client of a write sees it: how long until the write is committed, and which requests are too large.
 *
 *   write of n bytes --> [lognormal latency + n / bandwidth; over max-request-bytes: refused] --> commit
 *
 * Left out: what etcd does under load, which is in etcd-store.ts.
 */

import { lognormalFromMedianP99 } from '../../kernel/distributions.js';
import type { CounterHash, RandomStreams } from '../../kernel/random.js';

const BITS_PER_BYTE = 8;
const NS_PER_SECOND = 1e9;

export interface EtcdParameters {
  readonly writeLatencyNs: { readonly median: number; readonly p99: number };
  /** What the size of a write adds to that, bits per second; null or not given: nothing. */
  readonly writeBandwidthBitsPerSecond?: number | null;
  /** null: no limit. */
  readonly maxRequestBytes: number | null;
}

export class Etcd {
  readonly #parameters: EtcdParameters;
  readonly #streams: RandomStreams;

  constructor(parameters: EtcdParameters, streams: RandomStreams) {
    this.#parameters = parameters;
    this.#streams = streams;
  }

  /** The latencies of one component's writes. `purpose` names the component: it keys the random draws. */
  writesOf(purpose: string): WriteLatency {
    return new WriteLatency(this.#parameters, this.#streams.hash(`etcd-write-latency/${purpose}`));
  }

  /** Whether a request of this size is accepted. */
  accepts(bytes: number): boolean {
    return this.#parameters.maxRequestBytes === null || bytes <= this.#parameters.maxRequestBytes;
  }
}

/**
 * Latencies that are keyed and not drawn in sequence, so that a variant in which one writer writes more often still gives
 * the others the same latencies.
 */
export class WriteLatency {
  readonly #medianNs: number;
  readonly #p99Ns: number;
  readonly #nsPerByte: number;
  readonly #hash: CounterHash;

  constructor({ writeLatencyNs, writeBandwidthBitsPerSecond: bandwidth = null }: EtcdParameters, hash: CounterHash) {
    this.#medianNs = writeLatencyNs.median;
    this.#p99Ns = writeLatencyNs.p99;
    this.#nsPerByte = bandwidth === null ? 0 : (BITS_PER_BYTE * NS_PER_SECOND) / bandwidth;
    this.#hash = hash;
  }

  /**
   * Latency of the `index`-th write about `entity`, whole nanoseconds.
   *
   * @param bytes of a large object; that of an ordinary one is in the latency already
   */
  ns(entity: number, index: number, bytes = 0): number {
    const latencyNs = lognormalFromMedianP99(this.#hash.uniform(entity, index), this.#medianNs, this.#p99Ns);
    return Math.round(latencyNs + bytes * this.#nsPerByte);
  }
}
