/**
 * metrics-server: the CPU usage of pods as autoscalers can read it, which is as of its last scrape.
 *
 *   every metric resolution: kubelets --> usage of every running pod --> read until the next scrape
 *
 * A pod that was not running at the last scrape has no metric. A metric stands for the time since the scrape before.
 *
 * Left out: the averaging over that time (a metric is the usage at the scrape), the time that a scrape takes, nodes that do not
 * answer, the API requests of autoscalers for metrics.
 */

import type { EventKind, Simulation } from '../../../kernel/simulation.js';
import { PodState, type PodTable } from '../../cluster/pods.js';
import type { MetricTime } from './pod-groups.js';
import type { ServiceLoads } from './service-load.js';

export interface MetricsServerParameters {
  /** --metric-resolution. */
  readonly resolutionNs: number;
  /** When the first scrape of the run is. */
  readonly firstScrapeNs: number;
  /** No scrape after this. */
  readonly endNs: number;
}

const NO_METRIC = -1;

export class MetricsServer {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #loads: ServiceLoads;
  readonly #services: readonly number[];
  readonly #replicas: (service: number) => readonly number[];
  readonly #parameters: MetricsServerParameters;
  readonly #scrapeKind: EventKind;
  #time: MetricTime;
  /** Usage of each pod in thousandths of a CPU at the last scrape, or NO_METRIC. */
  #usage = new Int32Array(0);

  /** `services`: those that somebody asks for; `replicas`: their pods that are not being deleted. */
  constructor(
    simulation: Simulation,
    pods: PodTable,
    loads: ServiceLoads,
    services: readonly number[],
    replicas: (service: number) => readonly number[],
    parameters: MetricsServerParameters,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#loads = loads;
    this.#services = services;
    this.#replicas = replicas;
    this.#parameters = parameters;
    this.#scrapeKind = simulation.registerKind('metrics-server: scrape', () => this.#onScrape());
    const { firstScrapeNs, resolutionNs, endNs } = parameters;
    // The cluster was scraped before the run as well.
    this.#time = { timestampNs: firstScrapeNs - resolutionNs, windowNs: resolutionNs };
    this.#scrape();
    if (firstScrapeNs <= endNs) simulation.schedule(firstScrapeNs, this.#scrapeKind);
  }

  /** When the metrics that there are were taken. */
  get time(): MetricTime {
    return this.#time;
  }

  /** Usage of the pod, or null when it has no metric. */
  usageMilliCpu(pod: number): number | null {
    const usage = this.#usage[pod] ?? NO_METRIC;
    return usage === NO_METRIC ? null : usage;
  }

  #onScrape(): void {
    const { nowNs } = this.#simulation;
    const { resolutionNs, endNs } = this.#parameters;
    this.#time = { timestampNs: nowNs, windowNs: resolutionNs };
    this.#scrape();
    if (nowNs + resolutionNs <= endNs) this.#simulation.schedule(nowNs + resolutionNs, this.#scrapeKind);
  }

  #scrape(): void {
    const { condition, service: column } = this.#pods;
    if (this.#usage.length < this.#pods.count) {
      const wider = new Int32Array(column.length).fill(NO_METRIC);
      wider.set(this.#usage);
      this.#usage = wider;
    }
    for (const service of this.#services) {
      const usage = this.#loads.usageMilliCpu(service, this.#time.timestampNs);
      for (const pod of this.#replicas(service)) {
        const isRunning = (condition[pod]! & PodState.hasAddress) !== 0;
        this.#usage[pod] = !isRunning ? NO_METRIC : this.#loads.isReady(pod) ? usage : 0;
      }
    }
  }
}
