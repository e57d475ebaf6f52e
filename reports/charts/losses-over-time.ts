/** When requests are lost, beside the time at which the workload acts. */

import type { ActionTime, Results, SeriesResult, VariantResult } from '../../sim/experiment/results.js';
import { METRICS } from '../../sim/metrics.js';
import { namesInWords } from '../differences.js';
import { formatQuantity, NO_VALUE } from '../format.js';
import { estimateOf } from '../headlines.js';
import { lossesOf } from '../request-losses.js';
import type { Chart } from './chart.js';
import { overTimeChart, type TimeEvents } from './over-time.js';

const METRIC = 'requests_lost_per_second';

/** Null where no request was lost: a flat line shows nothing. */
export function lossesOverTime(results: Results): Chart | null {
  const losses = results.variants.filter((variant) => lossesOf(variant) !== null).map((variant) => lossTime(variant));
  const widths = losses.flatMap(({ variant }) => variant.series[METRIC]?.binWidthSeconds ?? []);
  if (losses.every(({ last }) => last === null) || widths.length === 0) return null;
  const events = workloadEvents(results);
  // Beyond that nothing is lost, however long the run goes on.
  const endSeconds = Math.max(events?.endSeconds ?? 0, ...losses.map(({ last }) => last ?? 0));
  const drawn = losses.map(({ variant }) => withZeros(variant, endSeconds, Math.min(...widths)));
  return overTimeChart(
    { ...results, variants: drawn },
    {
      id: 'losses-over-time',
      title: 'Requests lost over time',
      metric: METRIC,
      axisTitle: 'Requests lost',
      peakName: 'Peak',
      ...(events === null ? {} : { events }),
      table: {
        caption: 'Requests lost, and when, mean over replications',
        columns: ['Variant', 'Requests lost', 'Peak', 'First loss', 'Last loss'],
        rows: losses.map(({ variant, peak, first, last }) => [
          variant.name,
          formatQuantity(lossesOf(variant)?.lost ?? 0, 'count'),
          formatQuantity(peak, 'eventsPerSecond'),
          ...[first, last].map((seconds) => (seconds === null ? NO_VALUE : formatQuantity(seconds, 'seconds'))),
        ]),
      },
    },
  );
}

interface LossTime {
  readonly variant: VariantResult;
  /** Requests per second. */
  readonly peak: number;
  /** Seconds; null where nothing was lost. */
  readonly first: number | null;
  readonly last: number | null;
}

const isLoss = (value: number | null): boolean => (value ?? 0) > 0;

function lossTime(variant: VariantResult): LossTime {
  const { values, binWidthSeconds } = variant.series[METRIC] ?? { values: [], binWidthSeconds: 0 };
  const first = values.findIndex(isLoss);
  return {
    variant,
    peak: values.reduce((most: number, value) => Math.max(most, value ?? 0), 0),
    first: first < 0 ? null : first * binWidthSeconds,
    last: first < 0 ? null : (values.findLastIndex(isLoss) + 1) * binWidthSeconds,
  };
}

/** A series ends with its last loss; a variant that loses less would seem to have ended before the others, or have no curve. */
function withZeros(variant: VariantResult, endSeconds: number, binWidthIfNone: number): VariantResult {
  const { values, binWidthSeconds } = variant.series[METRIC] ?? { values: [], binWidthSeconds: binWidthIfNone };
  const bins = Math.ceil(endSeconds / binWidthSeconds);
  const padded = Array.from({ length: Math.max(bins, values.length) }, (_, bin) => values[bin] ?? 0);
  const series: SeriesResult = { unit: METRICS[METRIC].unit, binWidthSeconds, values: padded };
  return { ...variant, series: { ...variant.series, [METRIC]: series } };
}

/** More lines would hide the curve. */
const MOST_MOMENTS = 12;

/** When the workload acts, each action once though all variants have it; null where results do not say. */
export function workloadEvents({ variants }: Results): TimeEvents | null {
  const labels = new Map<string, { seconds: number; label: string }>();
  for (const action of variants.flatMap(({ actions }) => actions ?? [])) {
    const label = actionInWords(action);
    if (!labels.has(label)) labels.set(label, { seconds: action.atSeconds, label });
  }
  const moments = [...labels.values()].toSorted((a, b) => a.seconds - b.seconds).slice(0, MOST_MOMENTS);
  const [first] = moments;
  if (first === undefined) return null;
  const ends = variants.flatMap((variant) => {
    const begin = Math.min(...(variant.actions ?? []).map(({ atSeconds }) => atSeconds));
    const duration = estimateOf(variant, 'workload_duration_seconds', 'value');
    return duration === null || begin === Infinity ? [] : begin + duration.value;
  });
  const lines = `Dashed: ${namesInWords(moments.map(({ label }) => label))}.`;
  const end = ends.length === 0 ? null : Math.max(...ends);
  const until = variants.length > 1 ? 'on every node in every variant' : 'on every node';
  const shaded = end === null ? '' : ` Shaded: until all changes are ${until}, at ${formatQuantity(end, 'seconds')}.`;
  return { moments, endSeconds: end, sentence: `${lines}${shaded}` };
}

const actionInWords = ({ kind, service, atSeconds }: ActionTime): string =>
  `${kind}${service === null ? '' : ` of ${service}`} at ${formatQuantity(atSeconds, 'seconds')}`;
