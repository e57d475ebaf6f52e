/**
 * Joins the series of all replications to one curve.
 *
 * Replications hand over totals per bin. A long replication may have coarser bins than a short one, so all are brought to
 * the widest bin first; a replication that has ended sends nothing more, so its missing bins count as 0.
 */

import { METRICS, type MetricName, type MetricUnit } from '../metrics.js';
import type { ReplicationMeasurements, SeriesData, SeriesResult } from './results.js';

const NS_PER_SECOND = 1e9;

/** The series of a variant, in the order of the metrics table. */
export function joinSeries(
  measurements: readonly ReplicationMeasurements[],
): Partial<Record<MetricName, SeriesResult>> {
  const joined: Partial<Record<MetricName, SeriesResult>> = {};
  for (const metric of Object.keys(METRICS) as MetricName[]) {
    const totals = addUp(collect(measurements, metric));
    if (totals === null) continue;
    const { unit } = METRICS[metric];
    const binWidthSeconds = totals.binWidthNs / NS_PER_SECOND;
    // A rate is the mean total of a bin, per second of the bin.
    const divisor = measurements.length * (isRate(unit) ? binWidthSeconds : 1);
    joined[metric] = { unit, binWidthSeconds, values: totals.values.map((total) => total / divisor) };
  }
  const sizes = meanObjectSize(measurements);
  if (sizes !== null) joined.endpoint_object_bytes_over_time = sizes;
  return joined;
}

/** Totals of `data` in bins of `binWidthNs`, which must be a multiple of its own. */
export function rebin(data: SeriesData, binWidthNs: number): number[] {
  const factor = binWidthNs / data.binWidthNs;
  if (!Number.isInteger(factor)) {
    throw new Error(`bins of ${data.binWidthNs} ns do not fit into bins of ${binWidthNs} ns`);
  }
  const values = Array.from({ length: Math.ceil(data.values.length / factor) }, () => 0);
  for (const [index, value] of data.values.entries()) {
    const bin = Math.floor(index / factor);
    values[bin] = (values[bin] ?? 0) + value;
  }
  return values;
}

/** Bytes over events, all replications in one pool, so that every event weighs the same; null where there was none. */
function meanObjectSize(measurements: readonly ReplicationMeasurements[]): SeriesResult | null {
  const allBytes = collect(measurements, 'watch_bytes_per_second');
  const allEvents = collect(measurements, 'watch_events_per_second');
  const binWidthNs = widestBin([...allBytes, ...allEvents]);
  const bytes = addUp(allBytes, binWidthNs);
  const events = addUp(allEvents, binWidthNs);
  if (bytes === null || events === null) return null;
  const values = bytes.values.map((total, bin) => {
    const count = events.values[bin] ?? 0;
    return count === 0 ? null : total / count;
  });
  const { unit } = METRICS.endpoint_object_bytes_over_time;
  return { unit, binWidthSeconds: binWidthNs / NS_PER_SECOND, values };
}

function collect(measurements: readonly ReplicationMeasurements[], metric: MetricName): SeriesData[] {
  return measurements.flatMap((measurement) => measurement.series[metric] ?? []);
}

function widestBin(all: readonly SeriesData[]): number {
  return all.reduce((widest, { binWidthNs }) => Math.max(widest, binWidthNs), 0);
}

/** Sum over replications, bin by bin; null when there is no series at all. */
function addUp(all: readonly SeriesData[], binWidthNs = widestBin(all)): SeriesData | null {
  if (all.length === 0) return null;
  const values: number[] = [];
  for (const data of all) {
    for (const [bin, value] of rebin(data, binWidthNs).entries()) values[bin] = (values[bin] ?? 0) + value;
  }
  return { binWidthNs, values };
}

function isRate(unit: MetricUnit): boolean {
  return unit === 'bytesPerSecond' || unit === 'eventsPerSecond';
}
