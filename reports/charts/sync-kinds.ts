/** How long syncs take by kind: the median, p99 and longest of full, partial and first ones, by variant. */

import type { Results, VariantResult } from '../../sim/experiment/results.js';
import type { MetricName } from '../../sim/metrics.js';
import type { Estimate } from '../../sim/stats/estimate.js';
import { formatEstimate, formatInteger, formatQuantity } from '../format.js';
import { estimateOf } from '../headlines.js';
import type { Chart } from './chart.js';
import { rounded } from './rounded.js';
import { axisOf, scaleOf, secondsAxis } from './seconds-axis.js';
import { DATA_COLORS, LEGEND_COLUMNS } from './style.js';
import { compareInWords } from './wording.js';

/** A first sync is a full one, too, but is timed from the start of the process: what a node waits for rules after a restart. */
const KINDS = [
  { kind: 'full', metric: 'sync_full_proxy_rules_duration_seconds', longest: 'Longest full sync' },
  { kind: 'partial', metric: 'sync_partial_proxy_rules_duration_seconds', longest: 'Longest partial sync' },
  {
    kind: 'first',
    metric: 'kube_proxy_first_sync_seconds',
    longest: 'Longest from the start of a kube-proxy to the end of its first sync',
  },
] as const satisfies readonly { kind: string; metric: MetricName; longest: string }[];
type Kind = (typeof KINDS)[number]['kind'];

const STATISTICS = ['p50', 'p99', 'max'] as const;
const SHAPES = ['circle', 'triangle-up', 'diamond'];
const LINE_STEP_PX = 24;

interface SyncSummary {
  readonly name: string;
  readonly kind: Kind;
  readonly samples: number;
  readonly estimates: Readonly<Record<(typeof STATISTICS)[number], Estimate>>;
}

/** Null when the results do not tell full syncs from partial ones. */
export function syncKinds(results: Results): Chart | null {
  if (!results.variants.some(({ metrics }) => KINDS.some(({ metric }) => metrics[metric] !== undefined))) return null;
  const id = 'sync-kinds';
  const summaries = results.variants.flatMap(summariesOf);
  const hasStarts = summaries.some(({ kind }) => kind === 'first');
  const title = hasStarts ? 'Full, partial and first syncs' : 'Full and partial syncs';
  if (summaries.length === 0) return { id, title, empty: 'No node synced its rules.' };

  const shown = KINDS.filter(({ kind }) => summaries.some((summary) => summary.kind === kind));
  const kinds = shown.map(({ kind }) => kind);
  const names = [...new Set(summaries.map(({ name }) => name))];
  const rows = summaries.flatMap(({ name, kind, estimates }) =>
    STATISTICS.map((statistic) => ({
      variant: name,
      kind,
      statistic,
      seconds: rounded(estimates[statistic].value),
      text: formatEstimate(estimates[statistic], 'seconds'),
    })),
  );
  const axis = secondsAxis(rows.map(({ seconds }) => seconds));
  const takeaway = shown.map(({ kind, longest }) => longestInWords(summaries, kind, longest)).join(' ');
  const color = {
    field: 'kind',
    type: 'nominal' as const,
    scale: { domain: kinds, range: [...DATA_COLORS] },
    legend: { columns: LEGEND_COLUMNS, symbolType: 'square' as const },
  };
  return {
    id,
    title,
    takeaway,
    rows,
    columns: [
      ['variant', 'variant'],
      ['kind', 'kind'],
      ['statistic', 'statistic'],
      ['seconds', 'seconds'],
    ],
    table: {
      caption: `Duration of the syncs of all nodes by kind, with the 95% interval over replications where there is one${
        hasStarts ? '; a first sync is a full one too, and counts as first from the start of the process' : ''
      }`,
      columns: ['Variant', 'Kind', 'Syncs', ...STATISTICS],
      rows: summaries.map(({ name, kind, samples, estimates }) => [
        name,
        kind,
        formatInteger(samples),
        ...STATISTICS.map((statistic) => formatEstimate(estimates[statistic], 'seconds')),
      ]),
    },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title}: p50, p99 and longest. ${takeaway}`,
      width: 'container',
      height: names.length * kinds.length * LINE_STEP_PX,
      data: { values: rows },
      encoding: {
        y: {
          field: 'variant',
          type: 'nominal',
          // With one kind there are no offsets, and points would not make a scale of bands by themselves.
          scale: { type: 'band', domain: names, paddingInner: 0.15 },
          axis: names.length > 1 ? { title: null, domain: false, ticks: false } : null,
        },
        ...(kinds.length > 1 ? { yOffset: { field: 'kind', type: 'nominal' as const, scale: { domain: kinds } } } : {}),
        x: {
          field: 'seconds',
          type: 'quantitative',
          scale: scaleOf(axis),
          axis: axisOf('Duration of a sync', axis),
        },
        color,
      },
      layer: [
        { mark: { type: 'line', strokeWidth: 2 }, encoding: { detail: { field: 'variant', type: 'nominal' } } },
        {
          mark: { type: 'point', filled: true, size: 90, opacity: 1 },
          encoding: {
            shape: {
              field: 'statistic',
              type: 'nominal',
              scale: { domain: [...STATISTICS], range: SHAPES },
              legend: { symbolFillColor: '#808080', symbolStrokeColor: '#808080' },
            },
            tooltip: [
              { field: 'variant', type: 'nominal', title: 'Variant' },
              { field: 'kind', type: 'nominal', title: 'Kind' },
              { field: 'statistic', type: 'nominal', title: 'Statistic' },
              { field: 'text', type: 'nominal', title: 'Duration' },
            ],
          },
        },
      ],
    },
  };
}

function summariesOf(variant: VariantResult): SyncSummary[] {
  return KINDS.flatMap(({ kind, metric }) => {
    const [p50, p99, max] = [
      estimateOf(variant, metric, 'p50'),
      estimateOf(variant, metric, 'p99'),
      estimateOf(variant, metric, 'max'),
    ];
    if (p50 === null || p99 === null || max === null) return [];
    const samples = variant.metrics[metric]?.samples ?? 0;
    return [{ name: variant.name, kind, samples, estimates: { p50, p99, max } }];
  });
}

function longestInWords(summaries: readonly SyncSummary[], kind: Kind, longest: string): string {
  return compareInWords(
    `${longest}:`,
    summaries.flatMap(({ name, kind: own, estimates: { max } }) =>
      own === kind ? [{ name, value: max.value, text: formatQuantity(max.value, 'seconds') }] : [],
    ),
  );
}
