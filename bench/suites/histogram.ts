import { RandomStreams } from '../../sim/kernel/random.js';
import { lognormalFromMedianP99 } from '../../sim/kernel/distributions.js';
import { Histogram, SampleBuffer } from '../../sim/stats/histogram.js';
import type { Suite } from '../suite.js';

const RECORDS = 200_000;
const SAMPLES = 1 << 14;

/** Latencies in ns as a run has them: median 50 ms, 99th percentile 3 s. */
function drawLatenciesNs(): Float64Array {
  const stream = new RandomStreams('bench', 0).stream('latencies');
  return Float64Array.from({ length: SAMPLES }, () => Math.round(lognormalFromMedianP99(stream.double(), 5e7, 3e9)));
}

export const histogramSuite: Suite = {
  name: 'histogram',
  description: 'Recording latencies, and asking for a quantile',
  tasks: [
    {
      name: 'recordAll',
      operations: RECORDS,
      gated: true,
      prepare: () => {
        const samples = new SampleBuffer(SAMPLES);
        samples.values.set(drawLatenciesNs());
        const histogram = new Histogram();
        return () => {
          for (let left = RECORDS; left > 0; left -= SAMPLES) histogram.recordAll(samples, Math.min(left, SAMPLES));
        };
      },
    },
    {
      name: 'record',
      operations: RECORDS,
      prepare: () => {
        const latenciesNs = drawLatenciesNs();
        const histogram = new Histogram();
        return () => {
          for (let i = 0; i < RECORDS; i++) histogram.record(latenciesNs[i & (SAMPLES - 1)]!);
        };
      },
    },
    {
      name: 'quantile',
      operations: 200,
      prepare: () => {
        const histogram = new Histogram();
        for (const latencyNs of drawLatenciesNs()) histogram.record(latencyNs);
        return () => {
          let sum = 0;
          for (let i = 0; i < 200; i++) sum += histogram.quantile((i + 0.5) / 200);
          return sum;
        };
      },
    },
  ],
};
