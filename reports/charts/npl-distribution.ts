import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { cumulativeChart } from './cumulative.js';

/** As kube-proxy's own histogram would show it, had it no bucket bounds: what a dashboard can be compared with. */
export function nplMeasured(results: Results): Chart {
  return cumulativeChart(results, {
    id: 'npl-measured',
    title: 'Network programming latency, as kube-proxy measures it',
    metric: 'network_programming_duration_seconds',
    axisTitle: 'Latency',
    p99Phrase: '99% of the updates are programmed within',
  });
}

/** Without the rounding of the trigger time, and with the deletions that carry none. */
export function nplTrue(results: Results): Chart {
  return cumulativeChart(results, {
    id: 'npl-true',
    title: 'Network programming latency, true',
    metric: 'network_programming_true_seconds',
    axisTitle: 'Latency',
    p99Phrase: '99% of the updates are programmed within',
  });
}
