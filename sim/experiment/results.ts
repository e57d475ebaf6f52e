/**
 * What a run gives back: the measurements of one replication as they come from a worker, and the results file made of all
 * of them. `results.json` is this type as JSON. Same scenario, seed and replications: same bytes, except the block `timing`.
 */

import type { MetricName, MetricUnit, NplStage } from '../metrics.js';
import type { Estimate } from '../stats/estimate.js';
import type { SparseHistogram } from '../stats/histogram.js';

export type { Estimate, SparseHistogram };

/** Version of the results schema: raised when a field changes its meaning or goes. */
export const RESULTS_SCHEMA_VERSION = 1;

/** An amount over simulated time: values[i] belongs to [i, i + 1) times binWidthNs. */
export interface SeriesData {
  readonly binWidthNs: number;
  readonly values: readonly number[];
}

/** The measurements of one replication, as plain data that crosses from a worker thread. */
export interface ReplicationMeasurements {
  readonly replication: number;
  /** Distributions, in base units (seconds, bytes). Metrics of kind "distribution" only. */
  readonly distributions: Partial<Record<MetricName, SparseHistogram>>;
  readonly scalars: Partial<Record<MetricName, number>>;
  /** Totals per bin; rates are made from them when all replications are joined. */
  readonly series: Partial<Record<MetricName, SeriesData>>;
  readonly simulatedNs: number;
  readonly events: number;
  readonly deliveries: number;
  /** Hash of the trajectory: equal means the same events in the same order. */
  readonly fingerprint: string;
  /** Things that a reader of the result must know, e.g. updates that were not applied at the end. */
  readonly warnings: readonly string[];
}

export interface MetricResult {
  readonly unit: MetricUnit;
  /** By statistic: mean, p50, p90, p99, max for distributions; `value` for scalars. */
  readonly estimates: Record<string, Estimate>;
  /** Samples of all replications together; distributions only. */
  readonly samples?: number;
  /** Histogram of all replications together; distributions only. */
  readonly histogram?: SparseHistogram;
}

export interface SeriesResult {
  readonly unit: MetricUnit;
  readonly binWidthSeconds: number;
  /** Mean over replications; null where no replication has data (e.g. the mean size in an interval without writes). */
  readonly values: readonly (number | null)[];
}

/** How much of a limit was used, on average over replications; sim/limits.ts lists the limits. */
export interface LimitUse {
  readonly limit: string;
  readonly title: string;
  /** Fields of a scenario file that move the limit. */
  readonly settings: readonly string[];
  readonly utilization: number;
}

/** What binds. */
export interface Bottlenecks {
  /** The stage that takes the largest part of the mean true latency, and the limit behind it; null when nothing took time. */
  readonly latency: {
    readonly limit: string;
    readonly title: string;
    readonly settings: readonly string[];
    readonly stage: NplStage;
    readonly stageTitle: string;
    readonly meanSeconds: number;
    /** Of the mean true latency. */
    readonly share: number;
  } | null;
  /** Limits that are used up: more load would only wait longer. */
  readonly saturated: readonly LimitUse[];
  /** All limits that were measured, in the order in which a change meets them. */
  readonly utilizations: readonly LimitUse[];
}

/** When the workload of a scenario acts. */
export interface ActionTime {
  /** As a scenario file names it: "rollingUpdate". */
  readonly kind: string;
  /** Null for an action on nodes or the control plane. */
  readonly service: string | null;
  readonly atSeconds: number;
}

export interface VariantResult {
  readonly name: string;
  /** The setting changes that make the variant, as the file writes them; empty for the baseline. */
  readonly set: Record<string, unknown>;
  readonly kubernetes: string;
  readonly nodes: number;
  /** Of kube-proxy, with its backend where that is not the usual one: "ipvs", "iptables on nft". */
  readonly proxyMode: string;
  readonly scenarioHash: string;
  readonly replications: number;
  readonly metrics: Partial<Record<MetricName, MetricResult>>;
  readonly series: Partial<Record<MetricName, SeriesResult>>;
  readonly bottlenecks: Bottlenecks;
  readonly simulatedSeconds: Estimate;
  /** In the order of the file; missing in results of versions that did not write them. */
  readonly actions?: readonly ActionTime[];
  readonly fingerprints: readonly string[];
  readonly warnings: readonly string[];
}

export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error';

export interface ObjectiveResult {
  readonly variant: string;
  readonly metric: string;
  readonly statistic: string;
  readonly max: number;
  readonly maxText: string;
  readonly estimate: Estimate | null;
  readonly verdict: Verdict;
  /** One sentence for people: what to do when inconclusive or in error. */
  readonly hint: string;
}

export interface ExpectationResult {
  readonly id: string;
  readonly variant: string;
  readonly metric: string;
  readonly statistic: string;
  readonly published: number;
  readonly simulated: number | null;
  readonly ratio: number | null;
  readonly tolerance: number;
  readonly source: string;
  readonly verdict: 'match' | 'miss' | 'inconsistent' | 'error';
  readonly note: string;
}

export interface Manifest {
  readonly tool: 'kube-headroom';
  readonly version: string;
  /** Name of the scenario file, without its folder. */
  readonly scenarioFile: string;
  /** SHA-256 of the canonical JSON of every variant's normalized scenario. */
  readonly scenarioHash: string;
  readonly seed: number;
  readonly overrides: readonly string[];
  /** Hash over the fingerprints of all replications of all variants. */
  readonly fingerprint: string;
}

export interface Results {
  readonly schemaVersion: typeof RESULTS_SCHEMA_VERSION;
  readonly manifest: Manifest;
  readonly name: string;
  readonly description: string;
  readonly question: string | null;
  /** True when the run was interrupted: only the replications that were finished are in. */
  readonly partial: boolean;
  readonly verdict: Verdict;
  readonly variants: readonly VariantResult[];
  readonly objectives: readonly ObjectiveResult[];
  readonly expectations: readonly ExpectationResult[];
  /** The only block that differs between two runs of the same scenario. */
  readonly timing: {
    readonly startedAt: string;
    readonly wallSeconds: number;
    readonly threads: number;
    readonly node: string;
    readonly eventsPerSecond: number;
    readonly deliveriesPerSecond: number;
    readonly peakMemoryBytes: number;
  };
}
