import type { Results } from '../../sim/experiment/results.js';
import { formatEstimate, formatInteger, NO_VALUE } from '../format.js';
import { estimateOf } from '../headlines.js';
import type { Chart } from './chart.js';
import { overTimeChart } from './over-time.js';

const STATISTICS = ['mean', 'p50', 'p99', 'max'] as const;

export function objectSizes(results: Results): Chart {
  const metric = 'endpoint_object_bytes';
  return overTimeChart(results, {
    id: 'object-sizes',
    title: 'Size of written endpoint objects',
    metric: 'endpoint_object_bytes_over_time',
    axisTitle: 'Mean size',
    peakName: 'Largest mean size',
    table: {
      caption: 'Size of written endpoint objects over the whole run',
      columns: ['Variant', 'Writes', ...STATISTICS],
      rows: results.variants.map((variant) => [
        variant.name,
        formatInteger(variant.metrics[metric]?.samples ?? 0),
        ...STATISTICS.map((statistic) => {
          const estimate = estimateOf(variant, metric, statistic);
          return estimate === null ? NO_VALUE : formatEstimate(estimate, 'bytes');
        }),
      ]),
    },
  });
}
