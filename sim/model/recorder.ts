/**
 * What a replication measures on its way, and the metrics that are made of it at the end (sim/metrics.ts says what each is).
 *
 *   committed writes, controller incidents --> Recorder <-- histograms that the kube-proxies fill
 *                                                  |--> distributions, scalars, series
 */

import type { MetricName } from '../metrics.js';
import { Histogram } from '../stats/histogram.js';
import { TimeSeries } from '../stats/time-series.js';
import type { CommittedWrite, EndpointControllerObserver } from './controlplane/endpoint-controller.js';
import type { WatchFanOut } from './controlplane/watch-fan-out.js';
import { createProxyRecorders, type KubeProxies, type ProxyRecorders } from './node/kube-proxies.js';
import { API_SERVER_COSTS } from './versions/costs.js';

const SECONDS_PER_NS = 1e-9;
/** Finest resolution of the series: shorter than any batch or sync period that a reader would look for. */
const SERIES_BIN_NS = 1e8;

const NS_PER_SECOND = 1e9;

/** CPU time of an API server for watch events, in nanoseconds. */
const CPU = {
  encodePerObject: API_SERVER_COSTS.encodePerObject.value * NS_PER_SECOND,
  encodePerByte: API_SERVER_COSTS.encodePerByte.value * NS_PER_SECOND,
  sendPerEvent: API_SERVER_COSTS.sendPerEvent.value * NS_PER_SECOND,
  sendPerByte: API_SERVER_COSTS.sendPerByte.value * NS_PER_SECOND,
} as const;

/** Stages of a write that are over when it commits, in nanoseconds; columns indexed by log entry. */
interface StageColumns {
  readonly kubelet: number[];
  readonly batchPeriod: number[];
  readonly controllerQueue: number[];
  readonly controllerBackoff: number[];
  readonly clientThrottle: number[];
  readonly flowControl: number[];
  readonly apiWrite: number[];
}

export class Recorder implements Pick<
  EndpointControllerObserver,
  'onUnchanged' | 'onRejected' | 'onConflict' | 'onStaleSync'
> {
  readonly proxies: ProxyRecorders = createProxyRecorders();
  readonly #objectBytes = new Histogram();
  readonly #watchBytes = new TimeSeries(SERIES_BIN_NS);
  readonly #watchEvents = new TimeSeries(SERIES_BIN_NS);
  readonly #stages: StageColumns = {
    kubelet: [],
    batchPeriod: [],
    controllerQueue: [],
    controllerBackoff: [],
    clientThrottle: [],
    flowControl: [],
    apiWrite: [],
  };
  #unchanged = 0;
  #rejected = 0;
  #conflicts = 0;
  #staleSyncs = 0;
  #autoscaled: Partial<Record<MetricName, number>> = {};

  /** A write was committed at `commitNs` and has become `entry` of the log. */
  onCommit(committed: CommittedWrite, entry: number, commitNs: number, log: WatchFanOut): void {
    const bytes = log.bytes[entry]!;
    this.#objectBytes.record(bytes);
    this.#stages.kubelet.push(committed.changeCommittedNs - committed.changeNs);
    // A change that came when its service was queued already, or was backing off, has waited less than the service.
    const queuedNs = Math.max(committed.changeCommittedNs, committed.firstQueuedNs);
    const firstStartNs = Math.max(queuedNs, committed.firstStartNs);
    this.#stages.batchPeriod.push(queuedNs - committed.changeCommittedNs);
    this.#stages.controllerQueue.push(firstStartNs - queuedNs);
    this.#stages.controllerBackoff.push(committed.syncStartNs - firstStartNs);
    this.#stages.clientThrottle.push(committed.sentNs - committed.syncStartNs);
    this.#stages.flowControl.push(commitNs - committed.sentNs - committed.latencyNs);
    this.#stages.apiWrite.push(committed.latencyNs);
    for (let server = 0; server < log.apiServers; server++) {
      const watchers = log.watchersOf(server);
      if (watchers === 0) continue;
      const firstNs = log.firstFrameNs(entry, server);
      const lastNs = log.lastFrameOutNs(entry, server);
      this.#watchBytes.addSpread(firstNs, lastNs, bytes * watchers);
      this.#watchEvents.addSpread(firstNs, lastNs, watchers);
    }
  }

  onUnchanged(): void {
    this.#unchanged++;
  }

  onRejected(): void {
    this.#rejected++;
  }

  onConflict(): void {
    this.#conflicts++;
  }

  onStaleSync(): void {
    this.#staleSyncs++;
  }

  /** The run is over: how often autoscalers scaled, and how long their pods were overloaded, on average over the services. */
  onAutoscaled(rescales: number, meanOverloadedNs: number): void {
    this.#autoscaled = {
      autoscaler_rescales_total: rescales,
      autoscaler_overload_seconds: meanOverloadedNs * SECONDS_PER_NS,
    };
  }

  /** Bytes in the series of traffic: the same as those counted frame by frame, when all have been sent. */
  get bytesInSeries(): number {
    return this.#watchBytes.total;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** Distributions in base units. Call once, when the run is over. */
  distributions(log: WatchFanOut, kubeProxies: KubeProxies): Partial<Record<MetricName, Histogram>> {
    const applied = appliedCounts(log.length, kubeProxies.cursor);
    const stage = (column: readonly number[]): Histogram => {
      const histogram = new Histogram();
      for (let entry = 0; entry < log.length; entry++) {
        histogram.recordMany(column[entry]! * SECONDS_PER_NS, applied[entry]!);
      }
      return histogram;
    };
    return {
      network_programming_duration_seconds: this.proxies.observedLatency,
      network_programming_true_seconds: this.proxies.trueLatency,
      stage_kubelet_seconds: stage(this.#stages.kubelet),
      stage_batch_period_seconds: stage(this.#stages.batchPeriod),
      stage_controller_queue_seconds: stage(this.#stages.controllerQueue),
      stage_controller_backoff_seconds: stage(this.#stages.controllerBackoff),
      stage_client_throttle_seconds: stage(this.#stages.clientThrottle),
      stage_flow_control_seconds: stage(this.#stages.flowControl),
      stage_api_write_seconds: stage(this.#stages.apiWrite),
      stage_watch_fanout_seconds: this.proxies.fanOut,
      stage_proxy_wait_seconds: this.proxies.wait,
      stage_proxy_sync_seconds: this.proxies.sync,
      sync_proxy_rules_duration_seconds: this.proxies.syncDuration,
      endpoint_object_bytes: this.#objectBytes,
    };
  }

  /** Scalars of a run whose first workload action came at `startNs` and which ended at `endNs`. */
  scalars(
    log: WatchFanOut,
    kubeProxies: KubeProxies,
    startNs: number,
    endNs: number,
  ): Partial<Record<MetricName, number>> {
    const sent = sentTraffic(log, endNs);
    const elapsedNs = Math.max(1, endNs - startNs);
    let busyNs = 0;
    for (const nodeBusyNs of kubeProxies.busyNs) busyNs += nodeBusyNs;
    const nodes = kubeProxies.busyNs.length;
    const notApplied = log.length * nodes - kubeProxies.deliveries;
    return {
      watch_bytes_total: sent.bytes,
      watch_events_total: sent.events,
      endpoint_writes_total: log.length,
      endpoint_writes_unchanged_total: this.#unchanged,
      endpoint_writes_rejected_total: this.#rejected,
      endpoint_writes_conflict_total: this.#conflicts,
      controller_stale_syncs_total: this.#staleSyncs,
      apiserver_network_utilization: sent.networkBusyNs / elapsedNs,
      apiserver_watch_cpu_seconds: sent.cpuNs * SECONDS_PER_NS,
      kube_proxy_sync_cpu_seconds_per_node: (busyNs * SECONDS_PER_NS) / nodes,
      kube_proxy_sync_cpu_share: busyNs / nodes / elapsedNs,
      kube_proxy_syncs_total: kubeProxies.syncs,
      kube_proxy_full_syncs_total: kubeProxies.fullSyncs,
      updates_not_applied_total: notApplied,
      ...this.#autoscaled,
      // While updates are missing somewhere the workload has not ended.
      ...(notApplied === 0 && {
        workload_duration_seconds: Math.max(0, kubeProxies.lastAppliedNs - startNs) * SECONDS_PER_NS,
      }),
    };
  }

  series(): Partial<Record<MetricName, TimeSeries>> {
    return { watch_bytes_per_second: this.#watchBytes, watch_events_per_second: this.#watchEvents };
  }
}

interface SentTraffic {
  readonly bytes: number;
  readonly events: number;
  /** Of the busiest network card. */
  readonly networkBusyNs: number;
  readonly cpuNs: number;
}

/** What has left the API servers by `endNs`: all of it, unless the run was cut off. */
function sentTraffic(log: WatchFanOut, endNs: number): SentTraffic {
  let bytes = 0;
  let events = 0;
  let cpuNs = 0;
  let mostBusyNs = 0;
  for (let server = 0; server < log.apiServers; server++) {
    let busyNs = 0;
    for (let entry = 0; entry < log.length; entry++) {
      const frames = log.framesOut(entry, server, endNs);
      if (frames === 0) continue;
      const frameBytes = log.bytes[entry]!;
      events += frames;
      bytes += frames * frameBytes;
      busyNs += frames * log.frameNs[entry]!;
      // The object is encoded once, and sent to each watcher.
      cpuNs += CPU.encodePerObject + CPU.encodePerByte * frameBytes;
      cpuNs += frames * (CPU.sendPerEvent + CPU.sendPerByte * frameBytes);
    }
    mostBusyNs = Math.max(mostBusyNs, busyNs);
  }
  return { bytes, events, networkBusyNs: mostBusyNs, cpuNs };
}

/** How many nodes have applied each entry, from the cursors: a node at cursor c has applied the first c. */
function appliedCounts(entries: number, cursors: Int32Array): Int32Array {
  const counts = new Int32Array(entries + 1);
  for (const cursor of cursors) counts[cursor]!++;
  // From the end: whoever has applied entry e + 1 has applied e as well.
  for (let entry = entries - 1; entry >= 0; entry--) counts[entry]! += counts[entry + 1]!;
  return counts.subarray(1);
}
