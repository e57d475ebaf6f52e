import type { ActionTime, Results } from '../../sim/experiment/results.js';
import { namesInWords } from '../differences.js';
import { formatQuantity } from '../format.js';
import { estimateOf } from '../headlines.js';
import type { Chart } from './chart.js';
import { overTimeChart, type TimeEvents } from './over-time.js';

const METRIC = 'requests_lost_per_second';

/** Null where no request was lost: a flat line shows nothing. */
export function lossesOverTime(results: Results): Chart | null {
  const hasLosses = results.variants.some(({ series }) => series[METRIC]?.values.some((value) => (value ?? 0) > 0));
  if (!hasLosses) return null;
  const events = workloadEvents(results);
  return overTimeChart(results, {
    id: 'losses-over-time',
    title: 'Requests lost over time',
    metric: METRIC,
    axisTitle: 'Requests lost',
    peakName: 'Peak',
    ...(events === null ? {} : { events }),
  });
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
