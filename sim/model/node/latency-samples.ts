/**
 * The samples that kube-proxies take: one of each latency for every (write, node) that a sync applies, and one of every sync.
 *
 *   writes of a sync, with delivery times; its start and end --> histograms
 */

import { Histogram, SampleBuffer } from '../../stats/histogram.js';
import { NO_TRIGGER, type WatchFanOut } from '../controlplane/watch-fan-out.js';

const SECONDS_PER_NS = 1e-9;
/** Writes that one sync applies without the buffers growing. */
const INITIAL_SAMPLES = 256;

/** The distributions that kube-proxies fill, all in seconds. */
export interface ProxyRecorders {
  readonly observedLatency: Histogram;
  readonly trueLatency: Histogram;
  readonly fanOut: Histogram;
  readonly wait: Histogram;
  readonly sync: Histogram;
  /** One sample per sync, whereas `sync` has one per (write, node). */
  readonly syncDuration: Histogram;
  /** The same of syncs that wrote everything, and of those that did not. */
  readonly fullSyncDuration: Histogram;
  readonly partialSyncDuration: Histogram;
  /** From the start of a process to the end of the first sync that did not fail. */
  readonly firstSync: Histogram;
}

export function createProxyRecorders(): ProxyRecorders {
  return {
    observedLatency: new Histogram(),
    trueLatency: new Histogram(),
    fanOut: new Histogram(),
    wait: new Histogram(),
    sync: new Histogram(),
    syncDuration: new Histogram(),
    fullSyncDuration: new Histogram(),
    partialSyncDuration: new Histogram(),
    firstSync: new Histogram(),
  };
}

export function recordSync(recorders: ProxyRecorders, durationNs: number, isFull: boolean): void {
  const seconds = durationNs * SECONDS_PER_NS;
  recorders.syncDuration.record(seconds);
  (isFull ? recorders.fullSyncDuration : recorders.partialSyncDuration).record(seconds);
}

/** A process has brought its rules to the kernel for the first time, so long after its start. */
export function recordFirstSync(recorders: ProxyRecorders, sinceStartNs: number): void {
  recorders.firstSync.record(sinceStartNs * SECONDS_PER_NS);
}

export class LatencySamples {
  deliveries = 0;
  /** Sum over the (write, node) pairs of when each was applied. */
  appliedSumNs = 0;
  readonly #log: WatchFanOut;
  readonly #latencyNs: Float64Array;
  readonly #recorders: ProxyRecorders;
  // The samples of one sync, on their way to the histograms.
  #fanOut = new SampleBuffer(INITIAL_SAMPLES);
  #wait = new SampleBuffer(INITIAL_SAMPLES);
  #true = new SampleBuffer(INITIAL_SAMPLES);
  #observed = new SampleBuffer(INITIAL_SAMPLES);

  /** `latencyNs`: of the way to each node. */
  constructor(log: WatchFanOut, latencyNs: Float64Array, recorders: ProxyRecorders) {
    this.#log = log;
    this.#latencyNs = latencyNs;
    this.#recorders = recorders;
  }

  /**
   * A sync of `node` from `startNs` to `endNs` applies the entries from `from` up to but not including `end`. Its process started
   * at `processStartNs` and has seen no change that was triggered before.
   */
  record(node: number, from: number, end: number, startNs: number, endNs: number, processStartNs: number): void {
    const log = this.#log;
    const { routes } = log;
    const { observedLatency, trueLatency, fanOut, wait, sync } = this.#recorders;
    const server = routes.server[node]!;
    const rank = routes.rank[node]!;
    const isDisturbed = routes.disturbed[node] === 1;
    const latencyNs = this.#latencyNs[node]!;
    const dispatchBaseNs = log.dispatchBaseNs[server]!;
    const networkBaseNs = log.networkBaseNs[server]!;
    const { dispatchSlopeNs, frameNs, commitNs, changeNs, triggerNs, nextDeletionOfService } = log;
    const count = end - from;
    if (count > this.#fanOut.values.length) this.#grow(count);
    const fanOutSeconds = this.#fanOut.values;
    const waitSeconds = this.#wait.values;
    const trueSeconds = this.#true.values;
    const observedSeconds = this.#observed.values;
    let observed = 0;
    for (let entry = from, sample = 0; entry < end; entry++, sample++) {
      const dispatchedNs = dispatchBaseNs[entry]! + rank * dispatchSlopeNs[entry]!;
      const sentNs = networkBaseNs[entry]! + rank * frameNs[entry]!;
      const deliveryNs = isDisturbed
        ? routes.deliveryNs(entry, node)
        : (dispatchedNs > sentNs ? dispatchedNs : sentNs) + latencyNs;
      fanOutSeconds[sample] = (deliveryNs - commitNs[entry]!) * SECONDS_PER_NS;
      waitSeconds[sample] = (startNs - deliveryNs) * SECONDS_PER_NS;
      trueSeconds[sample] = (endNs - changeNs[entry]!) * SECONDS_PER_NS;
      // The deletion of a slice wipes the trigger times that the change tracker has collected for its service, and it collects
      // none from before its own start.
      const isObserved = triggerNs[entry]! !== NO_TRIGGER && triggerNs[entry]! > processStartNs;
      if (isObserved && nextDeletionOfService[entry]! >= end) {
        observedSeconds[observed++] = (endNs - triggerNs[entry]!) * SECONDS_PER_NS;
      }
    }
    fanOut.recordAll(this.#fanOut, count);
    wait.recordAll(this.#wait, count);
    trueLatency.recordAll(this.#true, count);
    observedLatency.recordAll(this.#observed, observed);
    sync.recordMany((endNs - startNs) * SECONDS_PER_NS, count);
    this.deliveries += count;
    this.appliedSumNs += count * endNs;
  }

  #grow(count: number): void {
    const capacity = Math.max(count, 2 * this.#fanOut.values.length);
    this.#fanOut = new SampleBuffer(capacity);
    this.#wait = new SampleBuffer(capacity);
    this.#true = new SampleBuffer(capacity);
    this.#observed = new SampleBuffer(capacity);
  }
}
