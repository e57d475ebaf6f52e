import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { cumulativeChart } from './cumulative.js';

/** Null where no client is followed request by request. */
export function responseTime(results: Results): Chart | null {
  const metric = 'request_duration_seconds';
  if (!results.variants.some(({ metrics }) => metrics[metric] !== undefined)) return null;
  return cumulativeChart(results, {
    id: 'response-time',
    title: 'Response time of requests',
    metric,
    axisTitle: 'Response time',
    populationTitle: 'Share of answered requests',
    p99Phrase: '99% of the answered requests take at most',
  });
}
