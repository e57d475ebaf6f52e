import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { cumulativeChart } from './cumulative.js';

/** Of a mean of 1: sums of shares are no exact numbers. */
const SAME_WITHIN = 1e-9;

/** Null when no variant has clients, and where all loads are even: upright lines at 1 show nothing that a sentence does not. */
export function podLoadDistribution(results: Results): Chart | null {
  const metric = 'pod_load_relative';
  const histograms = results.variants.flatMap(({ metrics }) => metrics[metric]?.histogram ?? []);
  if (histograms.every(({ min, max }) => max - min <= SAME_WITHIN)) return null;
  return cumulativeChart(results, {
    id: 'pod-load',
    title: 'Load of pods',
    metric,
    axisTitle: 'Load, in multiples of the mean of the service',
    populationTitle: 'Share of pods',
    p99Phrase: 'In multiples of the mean of their service, 99% of the pods get at most',
  });
}
