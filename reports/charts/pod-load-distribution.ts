import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { cumulativeChart } from './cumulative.js';

/** Null when no variant has clients. A curve that stands upright at 1 is an even load. */
export function podLoadDistribution(results: Results): Chart | null {
  const metric = 'pod_load_relative';
  if (!results.variants.some(({ metrics }) => metrics[metric] !== undefined)) return null;
  return cumulativeChart(results, {
    id: 'pod-load',
    title: 'Load of pods',
    metric,
    axisTitle: 'Load, in multiples of the mean of the service',
    populationTitle: 'Share of pods',
    p99Phrase: 'In multiples of the mean of their service, 99% of the pods get at most',
  });
}
