import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { cumulativeChart } from './cumulative.js';

/** Null when no scenario described the traffic of nodes: most of them are about changes and not about connections. */
export function firstPacket(results: Results): Chart | null {
  const metric = 'first_packet_latency_seconds';
  if (!results.variants.some(({ metrics }) => metrics[metric] !== undefined)) return null;
  return cumulativeChart(results, {
    id: 'first-packet',
    title: 'First packet of a connection',
    metric,
    axisTitle: 'Round trip of the first packet',
    p99Phrase: '99% of the first packets of connections are answered within',
  });
}
