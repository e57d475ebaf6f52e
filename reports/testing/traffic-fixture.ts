/** What clients measure, for made-up variants of tests: the variant of results-fixture.ts, with requests beside the rest. */

import type { MetricResult, SeriesResult, VariantResult } from '../../sim/experiment/results.js';
import { METRICS, type MetricName } from '../../sim/metrics.js';
import { Histogram } from '../../sim/stats/histogram.js';
import { distribution, estimate } from './results-fixture.js';

export interface TrafficShape {
  readonly requests?: number;
  /** Requests lost by the cause's metric. */
  readonly lost?: Partial<Record<MetricName, number>>;
  /** Of the requests lost. */
  readonly refusedShare?: number;
  /** Rates of the pods of the one service that has clients. */
  readonly loads?: readonly number[];
  readonly capacity?: number;
  readonly secondHop?: number;
  readonly crossZone?: number;
  readonly sourceKept?: number;
}

/** Relative half-width of the intervals of counts and loads. */
const HALF_WIDTH = 0.04;
const BINS = 600;
const BIN_WIDTH_SECONDS = 0.1;

export function withClients(variant: VariantResult, shape: TrafficShape = {}): VariantResult {
  const { requests = 1_000_000, lost = {}, refusedShare = 0.75, loads = [1, 1, 2], capacity = Infinity } = shape;
  const { secondHop = 0.9, crossZone = 0.6, sourceKept = 0 } = shape;
  const { replications } = variant;
  const lostTotal = Object.values(lost).reduce((sum, count) => sum + count, 0);
  const scalars: Partial<Record<MetricName, number>> = {
    requests_total: requests,
    requests_lost_total: lostTotal,
    requests_lost_ratio: lostTotal / requests,
    ...lost,
    requests_refused_total: lostTotal * refusedShare,
    requests_timed_out_total: lostTotal * (1 - refusedShare),
    requests_second_hop_ratio: secondHop,
    requests_cross_zone_ratio: crossZone,
    requests_source_address_kept_ratio: sourceKept,
    ...evenness(loads, capacity),
  };
  const metrics: Partial<Record<MetricName, MetricResult>> = { ...variant.metrics };
  for (const [name, value] of Object.entries(scalars) as [MetricName, number][]) {
    const halfWidth = replications === 1 ? null : HALF_WIDTH * value;
    metrics[name] = { unit: METRICS[name].unit, estimates: { value: estimate(value, halfWidth, replications) } };
  }
  const relative = new Histogram();
  const mean = meanOf(loads);
  for (const load of loads) relative.recordMany(load / mean, replications);
  metrics.pod_load_relative = distribution('pod_load_relative', relative.toSparse(), replications);
  return { ...variant, metrics, series: { ...variant.series, requests_lost_per_second: lossesOverTime(lostTotal) } };
}

const meanOf = (loads: readonly number[]): number => loads.reduce((sum, load) => sum + load, 0) / loads.length;

function evenness(loads: readonly number[], capacity: number): Partial<Record<MetricName, number>> {
  const mean = meanOf(loads);
  const max = Math.max(...loads);
  const squares = loads.reduce((sum, load) => sum + load * load, 0);
  const differences = loads.flatMap((a) => loads.map((b) => Math.abs(a - b))).reduce((sum, own) => sum + own, 0);
  const jain = (loads.length * mean * mean) / squares;
  const over = loads.filter((load) => load > capacity).length;
  return {
    pod_load_max_over_mean: max / mean,
    pod_load_max_over_mean_peak: (1.2 * max) / mean,
    pod_load_max_over_min: max / Math.min(...loads.filter((load) => load > 0)),
    pod_load_cov: Math.sqrt(1 / jain - 1),
    pod_load_gini: differences / (2 * loads.length ** 2 * mean),
    pod_load_jain_index: jain,
    pod_load_hottest_share: max / (mean * loads.length),
    pods_over_capacity_ratio: over / loads.length,
    services_over_capacity_ratio: over > 0 ? 1 : 0,
    node_load_max_over_mean: 1,
  };
}

/** From 10 s on for half a minute, more and then fewer. */
function lossesOverTime(total: number): SeriesResult {
  const heights = Array.from({ length: BINS }, (_, bin) =>
    bin < 100 || bin >= 400 ? 0 : Math.sin(((bin - 100) / 300) * Math.PI),
  );
  const sum = heights.reduce((all, height) => all + height, 0) * BIN_WIDTH_SECONDS;
  const values = heights.map((height) => (total * height) / sum);
  return { unit: METRICS.requests_lost_per_second.unit, binWidthSeconds: BIN_WIDTH_SECONDS, values };
}
