import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { cumulativeChart } from './cumulative.js';

export function syncDuration(results: Results): Chart {
  return cumulativeChart(results, {
    id: 'sync-duration',
    title: 'kube-proxy sync duration',
    metric: 'sync_proxy_rules_duration_seconds',
    axisTitle: 'Duration of a sync',
    p99Phrase: '99% of the syncs end within',
  });
}
