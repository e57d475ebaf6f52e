/** From the measurements of replications to one number each, and to the estimate over them. */

import { DISTRIBUTION_STATISTICS, METRICS, type MetricName } from '../metrics.js';
import { type Estimate, estimateMean } from '../stats/estimate.js';
import { Histogram } from '../stats/histogram.js';
import type { ReplicationMeasurements } from './results.js';

/** The statistics that a metric has, in the order of the report. Series have none: they are curves. */
export function statisticsOf(metric: MetricName): readonly string[] {
  switch (METRICS[metric].kind) {
    case 'distribution':
      return DISTRIBUTION_STATISTICS;
    case 'scalar':
      return ['value'];
    case 'series':
      return [];
  }
}

/** Mean over the replications that measured the metric; null when none of them has a sample. */
export function estimateStatistic(
  measurements: readonly ReplicationMeasurements[],
  metric: string,
  statistic: string,
): Estimate | null {
  const values: number[] = [];
  for (const measurement of measurements) {
    const value = statisticOfReplication(measurement, metric as MetricName, statistic);
    if (value !== null) values.push(value);
  }
  return values.length === 0 ? null : estimateMean(values);
}

function statisticOfReplication(
  measurement: ReplicationMeasurements,
  metric: MetricName,
  statistic: string,
): number | null {
  if (statistic === 'value') return measurement.scalars[metric] ?? null;
  const sparse = measurement.distributions[metric];
  const histogram = sparse === undefined ? null : Histogram.fromSparse(sparse);
  return histogram === null || histogram.count === 0 ? null : statisticOfHistogram(histogram, statistic);
}

function statisticOfHistogram(histogram: Histogram, statistic: string): number {
  if (statistic === 'mean') return histogram.mean;
  if (statistic === 'max') return histogram.max;
  return histogram.quantile(Number(statistic.slice(1)) / 100);
}
