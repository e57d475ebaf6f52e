/** Why requests are lost: the share of requests that each variant loses, cut into its causes. */

import type { Results } from '../../sim/experiment/results.js';
import { formatPercent, formatQuantity } from '../format.js';
import { ALL_CAUSES, type CausedLoss, losingVariants, lossTable, type RequestLosses } from '../request-losses.js';
import type { Chart, ChartRow } from './chart.js';
import { quantityExpression } from './quantity-expression.js';
import { rounded } from './rounded.js';
import { BAR_STEP_PX, DATA_COLORS, LEGEND_COLUMNS } from './style.js';
import { compareInWords } from './wording.js';

/** Null when no variant loses a request: the sentences say so. */
export function lossesByCause(results: Results): Chart | null {
  const id = 'losses-by-cause';
  const title = 'Requests lost by cause';
  const variants = losingVariants(results);
  if (variants.every(({ losses }) => losses.causes.length === 0)) return null;

  // A cause keeps its colour whatever other causes there are.
  const causes = ALL_CAUSES.map((cause, order) => ({ cause, color: DATA_COLORS[order]! })).filter(({ cause }) =>
    variants.some(({ losses }) => losses.causes.some((caused) => caused.cause === cause)),
  );
  const rows: ChartRow[] = variants.flatMap(({ name, losses }) =>
    losses.causes.map((caused) => ({
      variant: name,
      cause: caused.cause.label,
      order: ALL_CAUSES.indexOf(caused.cause),
      share: rounded(shareOfRequests(caused, losses)),
      shareText: formatQuantity(shareOfRequests(caused, losses), 'ratio'),
      ofLosses: formatPercent(caused.share),
    })),
  );
  const names = variants.map(({ name }) => name);
  const takeaway = compareInWords(
    'Requests lost:',
    variants.map(({ name, losses }) => ({ name, value: losses.ratio.value, text: largestCauseInWords(losses) })),
  );
  return {
    id,
    title,
    takeaway,
    rows,
    columns: [
      ['variant', 'variant'],
      ['cause', 'cause'],
      ['share', 'share_of_requests'],
      ['ofLosses', 'share_of_losses'],
    ],
    table: {
      caption:
        'Requests of all clients, from the first action of the workload to the end of the run: a run that goes on for longer has more requests and the same losses, and so a smaller share; the number per replaced pod compares rollouts however long they take. A client that is refused knows at once and can try again; one that gets no answer waits for its own time-out. Causes that lost nothing are left out.',
      columns: ['Number', ...results.variants.map(({ name }) => name)],
      rows: lossTable(results),
    },
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: `${title}. ${takeaway}`,
      width: 'container',
      height: names.length * BAR_STEP_PX,
      data: { values: [...rows] },
      mark: { type: 'bar' },
      encoding: {
        y: {
          field: 'variant',
          type: 'nominal',
          scale: { domain: names, paddingInner: 0.25, paddingOuter: 0.12 },
          axis: names.length > 1 ? { title: null, domain: false, ticks: false } : null,
        },
        x: {
          field: 'share',
          type: 'quantitative',
          axis: {
            title: 'Share of the requests',
            tickCount: 5,
            labelExpr: quantityExpression('datum.value', 'ratio'),
            labelFlush: true,
          },
        },
        color: {
          field: 'cause',
          type: 'nominal',
          scale: { domain: causes.map(({ cause }) => cause.label), range: causes.map(({ color }) => color) },
          legend: { columns: LEGEND_COLUMNS, symbolType: 'square' },
        },
        order: { field: 'order', type: 'quantitative' },
        tooltip: [
          { field: 'variant', type: 'nominal', title: 'Variant' },
          { field: 'cause', type: 'nominal', title: 'Cause' },
          { field: 'shareText', type: 'nominal', title: 'Of all requests' },
          { field: 'ofLosses', type: 'nominal', title: 'Of the losses' },
        ],
      },
    },
  };
}

const shareOfRequests = ({ lost }: CausedLoss, { requests }: RequestLosses): number =>
  requests === 0 ? 0 : lost / requests;

/** "0.52% (most: Stale rules)", in the words of the legend. */
function largestCauseInWords({ ratio, causes }: RequestLosses): string {
  const [largest] = causes.toSorted((a, b) => b.lost - a.lost);
  const share = formatQuantity(ratio.value, 'ratio');
  if (largest === undefined) return share;
  return `${share} (${causes.length === 1 ? 'all' : 'most'}: ${largest.cause.label})`;
}
