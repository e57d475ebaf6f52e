/** Where the time goes: the mean true latency of each variant, cut into its stages. */

import type { Results } from '../../sim/experiment/results.js';
import { METRICS, NPL_STAGES } from '../../sim/metrics.js';
import { displayScale, formatPercent, formatQuantity, NO_VALUE } from '../format.js';
import { STAGE_LABELS, type StageBreakdown, stageBreakdown } from '../stages.js';
import type { Chart, ChartRow } from './chart.js';
import { rounded } from './rounded.js';
import { BAR_STEP_PX, LEGEND_COLUMNS, STAGE_COLORS } from './style.js';
import { compareInWords } from './wording.js';

export function nplByStage(results: Results): Chart {
  const id = 'npl-by-stage';
  const title = 'Mean network programming latency by stage';
  const broken = results.variants.flatMap((variant) => {
    const breakdown = stageBreakdown(variant);
    return breakdown === null ? [] : [{ name: variant.name, breakdown }];
  });
  if (broken.length === 0) return { id, title, empty: 'No update was applied on a node.' };

  const scale = displayScale(Math.max(...broken.map(({ breakdown }) => breakdown.totalSeconds)), 'seconds');
  const rows: ChartRow[] = broken.flatMap(({ name, breakdown }) =>
    breakdown.stages.map(({ stage, label, meanSeconds, share }) => ({
      variant: name,
      stage: label,
      order: NPL_STAGES.indexOf(stage),
      mean: rounded(meanSeconds / scale.divisor),
      meanText: formatQuantity(meanSeconds, 'seconds'),
      share: formatPercent(share),
    })),
  );
  const takeaway = largestStageSentence(broken);
  return {
    id,
    title,
    takeaway,
    rows,
    columns: [
      ['variant', 'variant'],
      ['stage', 'stage'],
      ['mean', `mean (${scale.symbol})`],
      ['share', 'share'],
    ],
    table: {
      caption: 'Mean time per stage and its share of the mean true latency',
      columns: ['Stage', ...broken.map(({ name }) => name)],
      rows: [
        ...NPL_STAGES.map((stage) => [
          METRICS[stage].title,
          ...broken.map(({ breakdown }) => {
            const share = breakdown.stages.find((candidate) => candidate.stage === stage);
            return share === undefined
              ? NO_VALUE
              : `${formatQuantity(share.meanSeconds, 'seconds')} (${formatPercent(share.share)})`;
          }),
        ]),
        ['All stages', ...broken.map(({ breakdown }) => formatQuantity(breakdown.totalSeconds, 'seconds'))],
      ],
    },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title}. ${takeaway}`,
      width: 'container',
      height: broken.length * BAR_STEP_PX,
      data: { values: [...rows] },
      mark: { type: 'bar' },
      encoding: {
        y: {
          field: 'variant',
          type: 'nominal',
          scale: { domain: broken.map(({ name }) => name), paddingInner: 0.25, paddingOuter: 0.12 },
          axis: broken.length > 1 ? { title: null, domain: false, ticks: false } : null,
        },
        x: {
          field: 'mean',
          type: 'quantitative',
          axis: { title: `Mean latency (${scale.symbol})`, tickCount: 6, format: ',~r', labelFlush: true },
        },
        color: {
          field: 'stage',
          type: 'nominal',
          scale: { domain: NPL_STAGES.map((stage) => STAGE_LABELS[stage]), range: [...STAGE_COLORS] },
          legend: { columns: LEGEND_COLUMNS, symbolType: 'square' },
        },
        order: { field: 'order', type: 'quantitative' },
        tooltip: [
          { field: 'variant', type: 'nominal', title: 'Variant' },
          { field: 'stage', type: 'nominal', title: 'Stage' },
          { field: 'meanText', type: 'nominal', title: 'Mean' },
          { field: 'share', type: 'nominal', title: 'Share' },
        ],
      },
    },
  };
}

function largestStageSentence(broken: readonly { name: string; breakdown: StageBreakdown }[]): string {
  const [label, ...others] = new Set(broken.map(({ breakdown }) => breakdown.largest.label));
  const isSame = others.length === 0;
  return compareInWords(
    isSame ? `The largest stage is ${label}:` : 'The largest stage:',
    broken.map(({ name, breakdown: { largest, totalSeconds } }) => {
      const share = `${formatPercent(largest.share)} of ${formatQuantity(totalSeconds, 'seconds')}`;
      return { name, value: largest.share, text: isSame ? share : `${largest.label}, ${share}` };
    }),
  );
}
