import { describe, expect, it } from 'vitest';

import type { ReplicationMeasurements, SeriesData } from './results.js';
import { joinSeries, rebin } from './series.js';

const series = (binWidthSeconds: number, ...values: number[]): SeriesData => ({
  binWidthNs: binWidthSeconds * 1e9,
  values,
});

const measured = (bytes: SeriesData, events: SeriesData): ReplicationMeasurements => ({
  replication: 0,
  distributions: {},
  scalars: {},
  series: { watch_bytes_per_second: bytes, watch_events_per_second: events },
  simulatedNs: 0,
  events: 0,
  deliveries: 0,
  fingerprint: '',
  warnings: [],
});

describe('rebin', () => {
  it('adds up the totals of the bins that go into a wider one, a last incomplete one included', () => {
    expect(rebin(series(1, 1, 2, 3, 4, 5), 2e9)).toEqual([3, 7, 5]);
  });

  it('refuses bins that do not fit', () => {
    expect(() => rebin(series(2, 1), 3e9)).toThrow('do not fit');
  });
});

describe('joinSeries', () => {
  it('makes rates per second of totals per bin, as means over the replications', () => {
    const joined = joinSeries([
      measured(series(2, 100, 300), series(2, 1, 1)),
      measured(series(2, 300, 100), series(2, 1, 1)),
    ]);
    expect(joined.watch_bytes_per_second).toEqual({ unit: 'bytesPerSecond', binWidthSeconds: 2, values: [100, 100] });
    expect(joined.watch_events_per_second?.values).toEqual([0.5, 0.5]);
  });

  it('brings all replications to the widest bin, and counts 0 after the end of one', () => {
    const joined = joinSeries([
      measured(series(1, 10, 20, 30), series(1, 1, 1, 1)),
      measured(series(2, 30, 10, 40), series(2, 1, 1, 1)),
    ]);
    // (10 + 20 + 30) / 2 replications / 2 s, (30 + 10) / 4, (0 + 40) / 4.
    expect(joined.watch_bytes_per_second).toMatchObject({ binWidthSeconds: 2, values: [15, 10, 10] });
  });

  it('gives the mean size weighted by events, and null where nothing was written', () => {
    const joined = joinSeries([
      measured(series(1, 100, 0), series(1, 1, 0)),
      measured(series(1, 900, 0), series(1, 3, 0)),
    ]);
    expect(joined.endpoint_object_bytes_over_time).toEqual({ unit: 'bytes', binWidthSeconds: 1, values: [250, null] });
  });

  it('has no curve for what nobody measured', () => {
    expect(joinSeries([])).toEqual({});
  });
});
