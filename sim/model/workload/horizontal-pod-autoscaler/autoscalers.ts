/**
 * The horizontal pod autoscaling controller in a run (pkg/controller/podautoscaler/horizontal.go).
 *
 *   every sync period after the last sync --> work queue --> one of n workers:
 *       GET scale --> metrics-server, pods --> replica-calculator.ts --> scale-decision.ts --> PUT scale --> Deployment
 *
 * All autoscalers share one client for their scales, with its qps and burst. One that has just been synced is due again a sync
 * period later, so autoscalers keep out of step as they were created.
 *
 * Left out: the client for metrics (it is asked as often as this one, so it throttles no more), status updates and events (a
 * third client), metrics other than CPU, several metrics of one autoscaler in a run.
 */

import type { RandomStreams } from '../../../kernel/random.js';
import type { EventKind, Simulation } from '../../../kernel/simulation.js';
import type { PodTable } from '../../cluster/pods.js';
import type { ServiceTable } from '../../cluster/services.js';
import type { ApiClient } from '../../controlplane/api-servers.js';
import type { Controller } from '../../controlplane/controller-manager.js';
import type { Etcd, WriteLatency } from '../../controlplane/etcd.js';
import { TokenBucket } from '../../controlplane/token-bucket.js';
import { WorkQueue } from '../../controlplane/work-queue.js';
import type { AutoscalerSettings, Scenario } from '../../scenario.js';
import { MetricsServer } from './metrics-server.js';
import { podGroup, type PodGroupParameters } from './pod-groups.js';
import { highestRecommendation, replicasForUtilization, type PodUsage } from './replica-calculator.js';
import { ScaleDecision } from './scale-decision.js';
import { REQUEST_MILLI_CPU, ServiceLoads } from './service-load.js';

/** What autoscalers see and move. */
export interface ScaleTargets {
  /** Replicas in the spec of the service's Deployment. */
  desired(service: number): number;
  /** Pods of the service that are not being deleted. */
  replicas(service: number): readonly number[];
  scale(service: number, replicas: number): void;
}

export interface AutoscalerParameters {
  readonly controllerManager: Scenario['controlPlane']['controllerManager'];
  readonly metricResolutionNs: number;
  /** Latency of a GET of a scale, without waiting. */
  readonly getLatencyNs: number;
  /** No sync begins after this. */
  readonly endNs: number;
}

interface Autoscaler {
  readonly service: number;
  readonly settings: AutoscalerSettings;
  decision: ScaleDecision;
  /** Scale that is being written, and when it leaves the client; NOT_WRITING when none is. */
  from: number;
  to: number;
  sentNs: number;
  writes: number;
  /** Scale that a process that is gone had sent, or NO_SCALE. */
  orphan: number;
}

const NS_PER_SECOND = 1e9;
const NOT_WRITING = Infinity;
const NO_SCALE = -1;

export class Autoscalers implements Controller {
  readonly name = 'horizontal-pod-autoscaler';
  readonly loads: ServiceLoads;
  /** Scales that were written. */
  rescales = 0;

  readonly #simulation: Simulation;
  readonly #targets: ScaleTargets;
  readonly #api: ApiClient;
  readonly #writeLatency: WriteLatency;
  readonly #parameters: AutoscalerParameters;
  readonly #groupParameters: PodGroupParameters;
  readonly #bucket: TokenBucket;
  readonly #queue: WorkQueue;
  readonly #metrics: MetricsServer;
  readonly #autoscalers: Autoscaler[] = [];
  #idleWorkers: number;
  /** Number of the present process of the controller manager; events of an earlier one carry another. */
  #process = 0;
  readonly #dueKind: EventKind;
  readonly #scaleReadKind: EventKind;
  readonly #scaleWrittenKind: EventKind;
  readonly #loadChangedKind: EventKind;

  /** After all pods of the start are there. */
  constructor(
    simulation: Simulation,
    settings: readonly AutoscalerSettings[],
    services: ServiceTable,
    pods: PodTable,
    targets: ScaleTargets,
    api: ApiClient,
    etcd: Etcd,
    parameters: AutoscalerParameters,
    streams: RandomStreams,
  ) {
    const { controllerManager, metricResolutionNs, endNs } = parameters;
    this.#simulation = simulation;
    this.#targets = targets;
    this.#api = api;
    this.#writeLatency = etcd.writesOf('horizontal-pod-autoscaler');
    this.#parameters = parameters;
    this.#groupParameters = {
      cpuInitializationPeriodNs: controllerManager.horizontalPodAutoscalerCpuInitializationPeriodNs,
      initialReadinessDelayNs: controllerManager.horizontalPodAutoscalerInitialReadinessDelayNs,
    };
    this.#bucket = new TokenBucket(controllerManager.kubeApiQps, controllerManager.kubeApiBurst);
    this.#idleWorkers = controllerManager.concurrentHorizontalPodAutoscalerSyncs;
    this.loads = new ServiceLoads(pods);
    for (const entry of settings) this.#add(entry, services);
    this.#queue = new WorkQueue(this.#autoscalers.length);
    this.#dueKind = simulation.registerKind('autoscaler: due', (index, process) => this.#onDue(index, process));
    this.#scaleReadKind = simulation.registerKind('autoscaler: scale read', (index, process) =>
      this.#onScaleRead(index, process),
    );
    this.#scaleWrittenKind = simulation.registerKind('autoscaler: scale written', (index, process) =>
      this.#onScaleWritten(index, process),
    );
    this.#loadChangedKind = simulation.registerKind('autoscaler: load changed', (index) =>
      this.loads.advance(this.#autoscalers[index]!.service, simulation.nowNs),
    );
    // Autoscalers were created, and metrics-server started, at some time before the run.
    const scrapePhase = streams.hash('metrics-server-scrape').uniform(0, 0);
    const syncPhase = streams.hash('autoscaler-sync');
    const periodNs = controllerManager.horizontalPodAutoscalerSyncPeriodNs;
    this.#autoscalers.forEach(({ service, settings: { load } }, index) => {
      this.#schedule(index, Math.floor(syncPhase.uniform(service, 0) * periodNs));
      for (const { atNs } of load) simulation.schedule(atNs, this.#loadChangedKind, index);
    });
    this.#metrics = new MetricsServer(
      simulation,
      pods,
      this.loads,
      this.#autoscalers.map(({ service }) => service),
      (service) => targets.replicas(service),
      { resolutionNs: metricResolutionNs, firstScrapeNs: Math.floor(scrapePhase * metricResolutionNs), endNs },
    );
  }

  /** Recommendations and scale events are lost with the process. */
  stop(): void {
    const { nowNs } = this.#simulation;
    this.#process++;
    this.#idleWorkers = 0;
    this.#queue.clear();
    for (const autoscaler of this.#autoscalers) {
      autoscaler.orphan = autoscaler.sentNs <= nowNs ? autoscaler.to : NO_SCALE;
      autoscaler.sentNs = NOT_WRITING;
      autoscaler.decision = this.#newDecision(autoscaler.settings);
    }
  }

  /** The informer shows every autoscaler, and each is queued a sync period from now. */
  start(): void {
    const { nowNs } = this.#simulation;
    const { controllerManager } = this.#parameters;
    this.#bucket.refill(nowNs);
    this.#idleWorkers = controllerManager.concurrentHorizontalPodAutoscalerSyncs;
    const dueNs = nowNs + controllerManager.horizontalPodAutoscalerSyncPeriodNs;
    for (let index = 0; index < this.#autoscalers.length; index++) this.#schedule(index, dueNs);
  }

  /** The run ends: counts what there is to count. */
  end(nowNs: number): void {
    for (const { service } of this.#autoscalers) this.loads.advance(service, nowNs);
  }

  #add(settings: AutoscalerSettings, services: ServiceTable): void {
    const { controllerManager } = this.#parameters;
    const { first, end } = services.range(settings.service);
    for (let service = first; service < end; service++) {
      this.#autoscalers.push({
        service,
        settings,
        decision: this.#newDecision(settings),
        from: 0,
        to: 0,
        sentNs: NOT_WRITING,
        writes: 0,
        orphan: NO_SCALE,
      });
      this.loads.add(
        service,
        settings,
        this.#targets.replicas(service),
        controllerManager.horizontalPodAutoscalerTolerance,
      );
    }
  }

  #newDecision({ minReplicas: min, maxReplicas: max, behavior }: AutoscalerSettings): ScaleDecision {
    const { horizontalPodAutoscalerDownscaleStabilizationNs: windowNs } = this.#parameters.controllerManager;
    return new ScaleDecision({ min, max, behavior, downscaleStabilizationSeconds: windowNs / NS_PER_SECOND });
  }

  #schedule(index: number, dueNs: number): void {
    if (dueNs <= this.#parameters.endNs) this.#simulation.schedule(dueNs, this.#dueKind, index, this.#process);
  }

  #onDue(index: number, process: number): void {
    if (process !== this.#process) return;
    this.#queue.add(index);
    this.#startWorkers();
  }

  #startWorkers(): void {
    while (this.#idleWorkers > 0) {
      const index = this.#queue.take();
      if (index < 0) return;
      this.#idleWorkers--;
      const sentNs = this.#bucket.reserve(this.#simulation.nowNs);
      this.#api.read(0, sentNs, this.#parameters.getLatencyNs, this.#scaleReadKind, index, this.#process);
    }
  }

  #onScaleRead(index: number, process: number): void {
    if (process !== this.#process) return;
    const autoscaler = this.#autoscalers[index]!;
    const { service, decision } = autoscaler;
    const { nowNs } = this.#simulation;
    const current = this.#targets.desired(service);
    const replicas = decision.replicas(current, nowNs, () => this.#recommend(autoscaler, current, nowNs));
    if (replicas === current) {
      this.#finish(index);
      return;
    }
    autoscaler.from = current;
    autoscaler.to = replicas;
    autoscaler.sentNs = this.#bucket.reserve(nowNs);
    const latencyNs = this.#writeLatency.ns(service, autoscaler.writes++);
    this.#api.write(0, 'other', autoscaler.sentNs, latencyNs, this.#scaleWrittenKind, index, this.#process);
  }

  #recommend({ service, settings }: Autoscaler, current: number, nowNs: number): number | null {
    const { time } = this.#metrics;
    const pods = this.#targets.replicas(service).map((pod): PodUsage => {
      const usage = this.#metrics.usageMilliCpu(pod);
      const metricTime = usage === null ? null : time;
      return {
        group: podGroup(this.loads.observed(pod), metricTime, true, nowNs, this.#groupParameters),
        usage: usage ?? 0,
        request: REQUEST_MILLI_CPU,
      };
    });
    const { horizontalPodAutoscalerTolerance: tolerance } = this.#parameters.controllerManager;
    const recommendation = replicasForUtilization(current, settings.targetUtilizationPercent, pods, tolerance);
    return highestRecommendation(current, [recommendation]);
  }

  #onScaleWritten(index: number, process: number): void {
    const autoscaler = this.#autoscalers[index]!;
    const { service, decision, from, orphan } = autoscaler;
    const isOrphan = process !== this.#process;
    const to = isOrphan ? orphan : autoscaler.to;
    // It waited in the bucket of a client that is gone.
    if (to === NO_SCALE) return;
    this.rescales++;
    this.#targets.scale(service, to);
    if (isOrphan) {
      autoscaler.orphan = NO_SCALE;
      return;
    }
    autoscaler.sentNs = NOT_WRITING;
    decision.scaled(from, to, this.#simulation.nowNs);
    this.#finish(index);
  }

  #finish(index: number): void {
    this.#queue.done(index);
    this.#idleWorkers++;
    const { horizontalPodAutoscalerSyncPeriodNs: periodNs } = this.#parameters.controllerManager;
    this.#schedule(index, this.#simulation.nowNs + periodNs);
    this.#startWorkers();
  }
}
