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
import type { KubeProxies, ProxyRecorders } from './node/kube-proxies.js';

const SECONDS_PER_NS = 1e-9;
/** Finest resolution of the series: shorter than any batch or sync period that a reader would look for. */
const SERIES_BIN_NS = 1e8;

/** CPU time of an API server for watch events. */
export interface WatchCpuCosts {
  readonly encodeNsPerObject: number;
  readonly encodeNsPerByte: number;
  readonly sendNsPerEvent: number;
  readonly sendNsPerByte: number;
}

/** Stages of a write that are over when it commits, in nanoseconds; columns indexed by log entry. */
interface StageColumns {
  readonly kubelet: number[];
  readonly controllerQueue: number[];
  readonly clientThrottle: number[];
  readonly apiWrite: number[];
}

export class Recorder implements Pick<EndpointControllerObserver, 'onUnchanged' | 'onRejected' | 'onStaleSync'> {
  readonly proxies: ProxyRecorders = {
    observedLatency: new Histogram(),
    trueLatency: new Histogram(),
    fanOut: new Histogram(),
    wait: new Histogram(),
    sync: new Histogram(),
    syncDuration: new Histogram(),
  };
  readonly #objectBytes = new Histogram();
  readonly #watchBytes = new TimeSeries(SERIES_BIN_NS);
  readonly #watchEvents = new TimeSeries(SERIES_BIN_NS);
  readonly #stages: StageColumns = { kubelet: [], controllerQueue: [], clientThrottle: [], apiWrite: [] };
  #bytesTotal = 0;
  #eventsTotal = 0;
  #unchanged = 0;
  #rejected = 0;
  #staleSyncs = 0;
  #watchCpuNs = 0;

  /** A write was committed at `commitNs` and has become `entry` of the log. */
  onCommit(committed: CommittedWrite, entry: number, commitNs: number, log: WatchFanOut, cpu: WatchCpuCosts): void {
    const bytes = log.bytes[entry]!;
    this.#objectBytes.record(bytes);
    this.#stages.kubelet.push(committed.changeCommittedNs - committed.changeNs);
    this.#stages.controllerQueue.push(committed.syncStartNs - committed.changeCommittedNs);
    this.#stages.clientThrottle.push(committed.sentNs - committed.syncStartNs);
    this.#stages.apiWrite.push(commitNs - committed.sentNs);
    this.#bytesTotal += bytes * log.watchers;
    this.#eventsTotal += log.watchers;
    // Every API server encodes the object once and sends it to each of its watchers.
    this.#watchCpuNs +=
      log.apiServers * (cpu.encodeNsPerObject + cpu.encodeNsPerByte * bytes) +
      log.watchers * (cpu.sendNsPerEvent + cpu.sendNsPerByte * bytes);
    for (let server = 0; server < log.apiServers; server++) {
      const watchers = log.watchersOf(server);
      if (watchers <= 0) continue;
      const outNs = log.lastFrameOutNs(entry, server);
      this.#watchBytes.addSpread(commitNs, outNs, bytes * watchers);
      this.#watchEvents.addSpread(commitNs, outNs, watchers);
    }
  }

  onUnchanged(): void {
    this.#unchanged++;
  }

  onRejected(): void {
    this.#rejected++;
  }

  onStaleSync(): void {
    this.#staleSyncs++;
  }

  get rejected(): number {
    return this.#rejected;
  }

  get bytesTotal(): number {
    return this.#bytesTotal;
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
      stage_controller_queue_seconds: stage(this.#stages.controllerQueue),
      stage_client_throttle_seconds: stage(this.#stages.clientThrottle),
      stage_api_write_seconds: stage(this.#stages.apiWrite),
      stage_watch_fanout_seconds: this.proxies.fanOut,
      stage_proxy_wait_seconds: this.proxies.wait,
      stage_proxy_sync_seconds: this.proxies.sync,
      sync_proxy_rules_duration_seconds: this.proxies.syncDuration,
      endpoint_object_bytes: this.#objectBytes,
    };
  }

  /** Scalars of a run whose first workload action came at `startNs` and which was quiet at `endNs`. */
  scalars(
    log: WatchFanOut,
    kubeProxies: KubeProxies,
    startNs: number,
    endNs: number,
  ): Partial<Record<MetricName, number>> {
    const elapsedNs = Math.max(1, endNs - startNs);
    let busyNs = 0;
    for (const nodeBusyNs of kubeProxies.busyNs) busyNs += nodeBusyNs;
    const nodes = kubeProxies.busyNs.length;
    return {
      watch_bytes_total: this.#bytesTotal,
      watch_events_total: this.#eventsTotal,
      endpoint_writes_total: log.length,
      endpoint_writes_unchanged_total: this.#unchanged,
      endpoint_writes_rejected_total: this.#rejected,
      controller_stale_syncs_total: this.#staleSyncs,
      apiserver_network_utilization: Math.max(...log.networkBusyNs) / elapsedNs,
      apiserver_watch_cpu_seconds: this.#watchCpuNs * SECONDS_PER_NS,
      kube_proxy_sync_cpu_seconds_per_node: (busyNs * SECONDS_PER_NS) / nodes,
      kube_proxy_sync_cpu_share: busyNs / nodes / elapsedNs,
      kube_proxy_syncs_total: kubeProxies.syncs,
      kube_proxy_full_syncs_total: kubeProxies.fullSyncs,
      workload_duration_seconds: Math.max(0, kubeProxies.lastAppliedNs - startNs) * SECONDS_PER_NS,
      updates_not_applied_total: log.length * nodes - kubeProxies.deliveries,
    };
  }

  series(): Partial<Record<MetricName, TimeSeries>> {
    return { watch_bytes_per_second: this.#watchBytes, watch_events_per_second: this.#watchEvents };
  }
}

/** How many nodes have applied each entry, from the cursors: a node at cursor c has applied the first c. */
function appliedCounts(entries: number, cursors: Int32Array): Int32Array {
  const counts = new Int32Array(entries + 1);
  for (const cursor of cursors) counts[cursor]!++;
  // From the end: whoever has applied entry e + 1 has applied e as well.
  for (let entry = entries - 1; entry >= 0; entry--) counts[entry]! += counts[entry + 1]!;
  return counts.subarray(1);
}
