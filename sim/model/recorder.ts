/**
 * What a replication measures on its way, and the metrics that are made of it at the end (sim/metrics.ts says what each is).
 *
 *   committed writes, controller incidents --> Recorder <-- histograms that the kube-proxies fill
 *                                                  |--> distributions, scalars, series
 */

import type { MetricName } from '../metrics.js';
import { Histogram } from '../stats/histogram.js';
import type { TimeSeries } from '../stats/time-series.js';
import type { CommittedWrite, EndpointControllerObserver } from './controlplane/endpoint-controller.js';
import type { WatchConnections } from './controlplane/watch-connections.js';
import { type RequestPath, requestPathDistributions, requestPathScalars } from './controlplane/request-path.js';
import type { WatchFanOut } from './controlplane/watch-fan-out.js';
import type { KubeProxies } from './node/kube-proxies.js';
import { createProxyRecorders, type ProxyRecorders } from './node/latency-samples.js';
import { watchTraffic, watchTrafficSeries, type WatchTrafficSeries } from './watch-traffic.js';

const SECONDS_PER_NS = 1e-9;

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

/** How the watches fared, and what they ran on. */
export interface WatchOutcome {
  readonly connections: WatchConnections;
  readonly apiServer: { readonly serializationCache: boolean; readonly cpuCores: number | null };
  /** Recovery times by metric. */
  readonly recoveries: Partial<Record<MetricName, number>>;
}

export class Recorder implements Pick<
  EndpointControllerObserver,
  'onUnchanged' | 'onRejected' | 'onConflict' | 'onStaleSync'
> {
  readonly proxies: ProxyRecorders = createProxyRecorders();
  readonly #objectBytes = new Histogram();
  #traffic: WatchTrafficSeries | null = null;
  readonly #stages: StageColumns = {
    kubelet: [],
    batchPeriod: [],
    controllerQueue: [],
    controllerBackoff: [],
    clientThrottle: [],
    flowControl: [],
    apiWrite: [],
  };
  #requestPath: RequestPath | null = null;
  #unwatched = 0;
  #unchanged = 0;
  #rejected = 0;
  #conflicts = 0;
  #staleSyncs = 0;
  #autoscaled: Partial<Record<MetricName, number>> = {};

  /** What API requests pass in this run: its metrics are reported with the others. */
  observe(requestPath: RequestPath): void {
    this.#requestPath = requestPath;
  }

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
  }

  /** A write was committed of an object that no node watches. */
  onUnwatchedCommit(frameBytes: number): void {
    this.#objectBytes.record(frameBytes);
    this.#unwatched++;
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

  /** Call once, when the run is over: which watches break is known then, and so which frames were sent. */
  end(log: WatchFanOut, connections: WatchConnections): void {
    this.#traffic = watchTrafficSeries(log, connections);
  }

  /** Bytes in the series of traffic: the same as those counted frame by frame, when all have been sent. */
  get bytesInSeries(): number {
    return this.#traffic!.bytes.total;
  }

  /** Writes of objects that no node watches. */
  get unwatched(): number {
    return this.#unwatched;
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
      sync_full_proxy_rules_duration_seconds: this.proxies.fullSyncDuration,
      sync_partial_proxy_rules_duration_seconds: this.proxies.partialSyncDuration,
      kube_proxy_first_sync_seconds: this.proxies.firstSync,
      endpoint_object_bytes: this.#objectBytes,
      ...(this.#requestPath !== null && requestPathDistributions(this.#requestPath)),
    };
  }

  /** Scalars of a run whose first workload action came at `startNs` and which ended at `endNs`. */
  scalars(
    log: WatchFanOut,
    kubeProxies: KubeProxies,
    watches: WatchOutcome,
    startNs: number,
    endNs: number,
  ): Partial<Record<MetricName, number>> {
    const { connections, apiServer, recoveries } = watches;
    const sent = watchTraffic(log, connections, apiServer.serializationCache, endNs);
    const elapsedNs = Math.max(1, endNs - startNs);
    let busyNs = 0;
    for (const nodeBusyNs of kubeProxies.busyNs) busyNs += nodeBusyNs;
    const nodes = kubeProxies.busyNs.length;
    let notApplied = 0;
    for (const [node, cursor] of kubeProxies.cursor.entries()) {
      if (!kubeProxies.isNodeLost(node)) notApplied += log.length - cursor;
    }
    return {
      watch_bytes_total: sent.bytes,
      watch_events_total: sent.events,
      endpoint_writes_total: log.length + this.#unwatched,
      endpoint_writes_unchanged_total: this.#unchanged,
      endpoint_writes_rejected_total: this.#rejected,
      endpoint_writes_conflict_total: this.#conflicts,
      controller_stale_syncs_total: this.#staleSyncs,
      apiserver_dispatch_utilization: sent.dispatcherBusyNs / elapsedNs,
      apiserver_network_utilization: sent.networkBusyNs / elapsedNs,
      apiserver_watch_cpu_seconds: sent.cpuNs * SECONDS_PER_NS,
      apiserver_watch_cpu_cores: sent.mostCpuNs / elapsedNs,
      ...(apiServer.cpuCores !== null && {
        apiserver_watch_cpu_utilization: sent.mostCpuNs / elapsedNs / apiServer.cpuCores,
      }),
      apiserver_terminated_watchers_total: connections.terminated,
      apiserver_watch_cache_capacity: Math.max(...connections.rings.map(({ capacity }) => capacity)),
      watch_relists_total: connections.relists,
      list_bytes_total: connections.listBytesOf.reduce((sum, bytes) => sum + bytes, 0),
      ...recoveries,
      kube_proxy_sync_cpu_seconds_per_node: (busyNs * SECONDS_PER_NS) / nodes,
      kube_proxy_sync_cpu_share: busyNs / nodes / elapsedNs,
      kube_proxy_syncs_total: kubeProxies.syncs,
      kube_proxy_full_syncs_total: kubeProxies.fullSyncs,
      kube_proxy_failed_syncs_total: kubeProxies.failedSyncs,
      ...kubeProxies.gauges(),
      updates_not_applied_total: notApplied,
      ...this.#autoscaled,
      ...(this.#requestPath !== null && requestPathScalars(this.#requestPath)),
      // While updates are missing somewhere the workload has not ended. Nobody waits for nodes that stay lost.
      ...(notApplied === 0 && {
        workload_duration_seconds: Math.max(0, kubeProxies.lastAppliedNs - startNs) * SECONDS_PER_NS,
      }),
    };
  }

  series(): Partial<Record<MetricName, TimeSeries>> {
    const { bytes, events } = this.#traffic!;
    return { watch_bytes_per_second: bytes, watch_events_per_second: events };
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
