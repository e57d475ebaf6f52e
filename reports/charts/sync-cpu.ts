/** What programming the rules costs a node: CPU time of all its syncs, with the interval of each variant. */

import type { Results } from '../../sim/experiment/results.js';
import { displayScale, formatEstimate, NO_VALUE } from '../format.js';
import { estimateOf } from '../headlines.js';
import type { Chart, ChartRow } from './chart.js';
import { rounded } from './rounded.js';
import { BAR_STEP_PX, variantColors } from './style.js';
import { compareInWords } from './wording.js';

const METRIC = 'kube_proxy_sync_cpu_seconds_per_node';

export function syncCpu(results: Results): Chart {
  const id = 'sync-cpu';
  const title = 'Node CPU spent on syncs';
  const measured = results.variants.flatMap((variant) => {
    const estimate = estimateOf(variant, METRIC, 'value');
    return estimate === null ? [] : [{ variant, name: variant.name, estimate }];
  });
  if (measured.length === 0) return { id, title, empty: 'No node synced its rules.' };

  const most = Math.max(...measured.map(({ estimate }) => estimate.high ?? estimate.value));
  const scale = displayScale(most, 'seconds');
  const scaled = (seconds: number | null): number | null =>
    seconds === null ? null : rounded(seconds / scale.divisor);
  const rows: ChartRow[] = measured.map(({ name, estimate }) => ({
    variant: name,
    mean: scaled(estimate.value),
    low: scaled(estimate.low),
    high: scaled(estimate.high),
    text: formatEstimate(estimate, 'seconds'),
  }));
  const names = measured.map(({ name }) => name);
  const takeaway = compareInWords(
    'CPU time of all syncs of a node:',
    measured.map(({ name, estimate }) => ({ name, value: estimate.value, text: formatEstimate(estimate, 'seconds') })),
  );
  const hasIntervals = measured.some(({ estimate }) => estimate.low !== null);
  const axisTitle = `CPU time per node (${scale.symbol})${hasIntervals ? ', with 95% interval' : ''}`;
  const tooltip = [
    { field: 'variant', type: 'nominal' as const, title: 'Variant' },
    { field: 'text', type: 'nominal' as const, title: 'CPU time per node' },
  ];
  return {
    id,
    title,
    takeaway,
    rows,
    columns: [
      ['variant', 'variant'],
      ['mean', `mean (${scale.symbol})`],
      ['low', `low (${scale.symbol})`],
      ['high', `high (${scale.symbol})`],
    ],
    table: {
      caption: 'CPU that kube-proxy spends on syncs, per node',
      columns: ['Variant', 'CPU time', 'Share of the run', 'Syncs of all nodes', 'of them full'],
      rows: measured.map(({ variant, name, estimate }) => {
        const share = estimateOf(variant, 'kube_proxy_sync_cpu_share', 'value');
        const syncs = estimateOf(variant, 'kube_proxy_syncs_total', 'value');
        const full = estimateOf(variant, 'kube_proxy_full_syncs_total', 'value');
        return [
          name,
          formatEstimate(estimate, 'seconds'),
          share === null ? NO_VALUE : formatEstimate(share, 'cores'),
          syncs === null ? NO_VALUE : formatEstimate(syncs, 'count'),
          full === null ? NO_VALUE : formatEstimate(full, 'count'),
        ];
      }),
    },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title}. ${takeaway}`,
      width: 'container',
      height: measured.length * BAR_STEP_PX,
      data: { values: [...rows] },
      encoding: {
        y: {
          field: 'variant',
          type: 'nominal',
          scale: { domain: names, paddingInner: 0.3, paddingOuter: 0.15 },
          axis: names.length > 1 ? { title: null, domain: false, ticks: false } : null,
        },
      },
      layer: [
        {
          mark: { type: 'bar' },
          encoding: {
            x: {
              field: 'mean',
              type: 'quantitative',
              scale: { domain: [0, most / scale.divisor || 1], nice: true },
              axis: { title: axisTitle, tickCount: 6, format: ',~r', labelFlush: true },
            },
            color: {
              field: 'variant',
              type: 'nominal',
              scale: { domain: names, range: variantColors(names) },
              legend: null,
            },
            tooltip,
          },
        },
        {
          transform: [{ filter: 'isValid(datum.low)' }],
          mark: { type: 'rule', strokeWidth: 3 },
          encoding: { x: { field: 'low', type: 'quantitative', title: axisTitle }, x2: { field: 'high' }, tooltip },
        },
      ],
    },
  };
}
