import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { overTimeChart } from './over-time.js';

export function watchBytes(results: Results): Chart {
  return overTimeChart(results, {
    id: 'watch-bytes',
    title: 'Bytes from the API servers to watchers',
    metric: 'watch_bytes_per_second',
    axisTitle: 'Traffic',
    peakName: 'Peak',
  });
}

export function watchEvents(results: Results): Chart {
  return overTimeChart(results, {
    id: 'watch-events',
    title: 'Watch events sent',
    metric: 'watch_events_per_second',
    axisTitle: 'Events',
    peakName: 'Peak',
  });
}
