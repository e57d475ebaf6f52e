/** Made-up results for the tests of reports: believable in shape, small, and the same every time. */

import { findBottlenecks } from '../../sim/experiment/bottlenecks.js';
import type {
  Estimate,
  MetricResult,
  ObjectiveResult,
  Results,
  SeriesResult,
  SparseHistogram,
  VariantResult,
} from '../../sim/experiment/results.js';
import { PROXY_SETTINGS } from '../../sim/experiment/testing/proxy-settings.js';
import { METRICS, type MetricName, NPL_STAGES } from '../../sim/metrics.js';
import { Histogram } from '../../sim/stats/histogram.js';

export function estimate(value: number, halfWidth: number | null = value * 0.05, replications = 3): Estimate {
  return halfWidth === null
    ? { value, low: null, high: null, replications: 1 }
    : { value, low: value - halfWidth, high: value + halfWidth, replications };
}

/** Samples that rise exponentially from `least` to `most`, as latencies do. */
export function histogram(least: number, most: number, count = 5000): SparseHistogram {
  const made = new Histogram();
  for (let index = 0; index < count; index++) {
    made.record(least * Math.exp((index / (count - 1)) * Math.log(most / least)));
  }
  return made.toSparse();
}

export const emptyHistogram: SparseHistogram = { count: 0, sum: 0, min: 0, max: 0, buckets: [], counts: [] };

export function distribution(name: MetricName, data: SparseHistogram, replications: number): MetricResult {
  const made = Histogram.fromSparse(data);
  const halfWidth = (value: number): number | null => (replications === 1 ? null : value * 0.04);
  const of = (value: number): Estimate => estimate(value, halfWidth(value), replications);
  const estimates: MetricResult['estimates'] =
    data.count === 0
      ? {}
      : {
          mean: of(made.mean),
          p50: of(made.quantile(0.5)),
          p90: of(made.quantile(0.9)),
          p99: of(made.quantile(0.99)),
          max: of(made.max),
        };
  return { unit: METRICS[name].unit, estimates, samples: data.count, histogram: data };
}

export interface VariantShape {
  readonly name?: string;
  readonly set?: Record<string, unknown>;
  readonly replications?: number;
  /** Multiplies latencies and sizes, so that variants differ. */
  readonly factor?: number;
  /** Every distribution and series without a sample. */
  readonly empty?: boolean;
  readonly warnings?: readonly string[];
}

export function variant(shape: VariantShape = {}): VariantResult {
  const { name = 'baseline', set = {}, replications = 3, factor = 1, empty = false, warnings = [] } = shape;
  const metrics: Partial<Record<MetricName, MetricResult>> = {};
  const addDistribution = (metric: MetricName, least: number, most: number): void => {
    metrics[metric] = distribution(
      metric,
      empty ? emptyHistogram : histogram(least * factor, most * factor),
      replications,
    );
  };
  const addScalar = (metric: MetricName, value: number, relativeHalfWidth = 0.03): void => {
    const halfWidth = replications === 1 ? null : value * relativeHalfWidth;
    metrics[metric] = { unit: METRICS[metric].unit, estimates: { value: estimate(value, halfWidth, replications) } };
  };
  addDistribution('network_programming_duration_seconds', 0.12, 14);
  addDistribution('network_programming_true_seconds', 0.09, 13);
  for (const [index, stage] of NPL_STAGES.entries()) addDistribution(stage, 0.001 * (index + 1), 0.4 * (index + 1));
  addDistribution('sync_proxy_rules_duration_seconds', 0.04, 0.9);
  addDistribution('sync_full_proxy_rules_duration_seconds', 0.3, 0.9);
  addDistribution('sync_partial_proxy_rules_duration_seconds', 0.04, 0.2);
  addDistribution('endpoint_object_bytes', 900, 24_000);
  addScalar('workload_duration_seconds', 94 * factor);
  addScalar('watch_bytes_total', 3.21e9 * factor);
  addScalar('watch_events_total', 1_234_000);
  addScalar('endpoint_writes_total', 1234, 0);
  addScalar('endpoint_writes_rejected_total', 0, 0);
  addScalar('updates_not_applied_total', 0, 0);
  addScalar('apiserver_network_utilization', 0.073 * factor);
  addScalar('replicaset_controller_client_utilization', 0.96, 0.01);
  addScalar('endpoint_controller_client_utilization', 0.31 * factor);
  addScalar('kube_proxy_syncs_total', 61_234);
  addScalar('kube_proxy_full_syncs_total', 3210);
  if (!empty) {
    addScalar('sync_proxy_rules_iptables_total_nat', 32_007, 0);
    addScalar('sync_proxy_rules_iptables_last_nat', 1019, 0);
  }
  addScalar('kube_proxy_sync_cpu_seconds_per_node', 4.2 * factor, 0.2 / 4.2);
  addScalar('kube_proxy_sync_cpu_share', 0.042 * factor);
  return {
    name,
    set,
    kubernetes: '1.33',
    nodes: 1000,
    proxyMode: 'iptables',
    scenarioHash: '3b1f'.repeat(16),
    replications,
    metrics,
    series: empty ? {} : series(factor),
    bottlenecks: findBottlenecks(metrics, PROXY_SETTINGS),
    simulatedSeconds: estimate(130, replications === 1 ? null : 2, replications),
    fingerprints: Array.from({ length: replications }, (_, index) => `f00d${index}`.padEnd(16, '0')),
    warnings,
  };
}

const BINS = 1300;
const BIN_WIDTH_SECONDS = 0.1;

function seriesOf(metric: MetricName, values: readonly (number | null)[]): SeriesResult {
  return { unit: METRICS[metric].unit, binWidthSeconds: BIN_WIDTH_SECONDS, values };
}

/** A burst that ebbs away after ten seconds of nothing. */
function series(factor: number): Partial<Record<MetricName, SeriesResult>> {
  const wave = Array.from({ length: BINS }, (_, bin) =>
    bin < 100 || bin > 1000 ? 0 : (1 + Math.sin(bin / 9) / 3) * Math.exp(-(bin - 100) / 400),
  );
  return {
    watch_bytes_per_second: seriesOf(
      'watch_bytes_per_second',
      wave.map((height) => height * 9e7 * factor),
    ),
    watch_events_per_second: seriesOf(
      'watch_events_per_second',
      wave.map((height) => height * 26_000),
    ),
    endpoint_object_bytes_over_time: seriesOf(
      'endpoint_object_bytes_over_time',
      wave.map((height) => (height === 0 ? null : 3000 * factor * (1 + height))),
    ),
  };
}

export function objective(shape: Partial<ObjectiveResult> = {}): ObjectiveResult {
  return {
    variant: 'baseline',
    metric: 'network_programming_duration_seconds',
    statistic: 'p99',
    max: 30,
    maxText: '30s',
    estimate: estimate(13.4),
    verdict: 'pass',
    hint: '',
    ...shape,
  };
}

export function makeResults(shape: Partial<Results> = {}): Results {
  return {
    schemaVersion: 1,
    manifest: {
      tool: 'kube-headroom',
      version: '0.1.0',
      scenarioFile: 'scenarios/quickstart.yaml',
      scenarioHash: '9c0a'.repeat(16),
      seed: 7,
      overrides: [],
      fingerprint: 'ab54a98ceb1f0ad2',
    },
    name: 'quickstart',
    description: 'A rolling update of a service with 500 pods on 1,000 nodes, with EndpointSlices and with Endpoints.',
    question: 'Q2',
    partial: false,
    verdict: 'pass',
    variants: [
      variant({ name: 'EndpointSlice' }),
      variant({ name: 'Endpoints', factor: 2.4, set: { 'kubeProxy.discovery': 'Endpoints' } }),
    ],
    objectives: [
      objective({ variant: 'EndpointSlice' }),
      objective({ variant: 'Endpoints', estimate: estimate(26.1, 1.2) }),
    ],
    expectations: [],
    timing: {
      startedAt: '2026-01-01T00:00:00.000Z',
      wallSeconds: 3.2,
      threads: 2,
      node: 'v22.0.0',
      eventsPerSecond: 1_500_000,
      deliveriesPerSecond: 60_000_000,
      peakMemoryBytes: 250_000_000,
    },
    ...shape,
  };
}
