/** What each variant changes against the first one, and which to take: the words of a comparison. */

import type { Results, VariantResult } from '../sim/experiment/results.js';
import { type MetricName, METRICS } from '../sim/metrics.js';
import type { Estimate } from '../sim/stats/estimate.js';
import { differenceInWords, differenceOf, namesInWords } from './differences.js';
import { formatEstimate, formatInSentence } from './format.js';
import { estimateOf, isAtRest, nothingWasWritten } from './headlines.js';

/** Seconds and not the share of a CPU: the work is the same in all variants, the time in which they do it is not. */
export const COST_METRIC = 'kube_proxy_sync_cpu_seconds_per_node' satisfies MetricName;

/** The true one: it has every update in it, and no rounding to seconds that would hide what a shorter pause buys. */
export const LATENCY_METRIC = 'network_programming_true_seconds' satisfies MetricName;

/** A number that variants are compared by; less of it is better. */
interface ComparedNumber {
  readonly metric: MetricName;
  readonly statistic: string;
  readonly label: string;
}

export interface Comparison {
  readonly first: string;
  /** "NPL p99 2.2 s (2.0 to 2.4); node CPU for syncs 41 s (40 to 42)": what the others are held against. */
  readonly base: string;
  /** One for every variant but the first; none for a variant that has no number in common with the first. */
  readonly others: readonly { readonly name: string; readonly sentence: string }[];
}

/** Null when there is nothing to compare. */
export function compareWithFirst(results: Results): Comparison | null {
  const [first, ...variants] = results.variants;
  if (first === undefined) return null;
  const numbers = comparedNumbers(results);
  const others = variants.flatMap((variant) => {
    const sentence = comparisonSentence(first, variant, numbers);
    return sentence === null ? [] : [{ name: variant.name, sentence }];
  });
  if (others.length === 0) return null;
  const base = numbers.flatMap(({ metric, statistic, label }) => {
    const estimate = estimateOf(first, metric, statistic);
    return estimate === null ? [] : `${label} ${formatInSentence(estimate, METRICS[metric].unit)}`;
  });
  return { first: first.name, base: base.join('; '), others };
}

const LONGEST_SYNCS: readonly ComparedNumber[] = [
  { metric: 'kube_proxy_first_sync_seconds', statistic: 'max', label: 'longest first sync' },
  { metric: 'sync_full_proxy_rules_duration_seconds', statistic: 'max', label: 'longest full sync' },
  { metric: 'sync_proxy_rules_duration_seconds', statistic: 'max', label: 'longest sync' },
];

/** What the API servers pay; news only where variants differ in more than the luck of how changes fall together. */
const BYTES: ComparedNumber = { metric: 'watch_bytes_total', statistic: 'value', label: 'bytes to watchers' };
const NOTABLE_BYTES_RATIO = 1.5;

/** Where the scenario has clients. What a policy gives for an uneven load, a second hop less, belongs to it. */
const REQUESTS: readonly ComparedNumber[] = [
  { metric: 'requests_lost_ratio', statistic: 'value', label: 'requests lost' },
  { metric: 'request_duration_seconds', statistic: 'p99', label: 'response time p99' },
  { metric: 'pod_load_max_over_mean', statistic: 'value', label: 'hottest pod over the mean' },
  { metric: 'pods_over_capacity_ratio', statistic: 'value', label: 'pods over capacity' },
  { metric: 'requests_second_hop_ratio', statistic: 'value', label: 'requests with a second hop' },
  { metric: 'requests_cross_zone_ratio', statistic: 'value', label: 'requests across zones' },
];

/** Where the scenario describes the traffic of nodes. */
const TRAFFIC: readonly ComparedNumber[] = [
  { metric: 'first_packet_latency_seconds', statistic: 'p99', label: 'first packet p99' },
  { metric: 'node_proxy_mode_cpu_cores', statistic: 'value', label: 'node CPU for rules' },
  { metric: 'node_conntrack_entries', statistic: 'p99', label: 'conntrack entries p99' },
  { metric: 'node_conntrack_dropped_ratio', statistic: 'value', label: 'connections dropped' },
];

/** Numbers that differ in digits that no report shows are the same. */
const rounded = (value: number): string => value.toPrecision(9);

function comparedNumbers(results: Results): ComparedNumber[] {
  const numbers = ({ metric, statistic }: ComparedNumber): number[] =>
    results.variants.flatMap((variant) => estimateOf(variant, metric, statistic)?.value ?? []);
  // What differs nowhere, as the connections that no variant drops or the table that depends on no rule, is no news.
  const differs = (number: ComparedNumber): boolean => new Set(numbers(number).map(rounded)).size > 1;
  const requests = REQUESTS.filter(differs);
  const traffic = TRAFFIC.filter(differs);
  if (nothingWasWritten(results)) return [...requests, ...traffic];
  const longestSync = LONGEST_SYNCS.find((number) => numbers(number).length > 0);
  return [
    ...requests,
    { metric: LATENCY_METRIC, statistic: 'p99', label: 'NPL p99' },
    { metric: COST_METRIC, statistic: 'value', label: 'node CPU for syncs' },
    ...(longestSync === undefined ? [] : [longestSync]),
    ...(Math.max(...numbers(BYTES)) > NOTABLE_BYTES_RATIO * Math.min(...numbers(BYTES)) ? [BYTES] : []),
    ...traffic,
  ];
}

function comparisonSentence(
  first: VariantResult,
  variant: VariantResult,
  numbers: readonly ComparedNumber[],
): string | null {
  const compared = numbers.flatMap(({ metric, statistic, label }) => {
    const base = estimateOf(first, metric, statistic);
    const own = estimateOf(variant, metric, statistic);
    return base === null || own === null ? [] : differenceInWords(label, base, own, METRICS[metric].unit);
  });
  return compared.length === 0 ? null : `${compared.join('; ')}.`;
}

/** Which variants meet all objectives, and which of them costs the nodes least; null when nothing was asked. */
export function recommendation(results: Results): string | null {
  const { variants, objectives } = results;
  if (objectives.length === 0 || variants.length < 2) return null;
  const verdictsOf = ({ name }: VariantResult) =>
    objectives.flatMap(({ variant, verdict }) => (variant === name ? verdict : []));
  const meeting = variants.filter((variant) => verdictsOf(variant).every((verdict) => verdict === 'pass'));
  const undecided = variants.filter(
    (variant) => !meeting.includes(variant) && !verdictsOf(variant).some((verdict) => verdict === 'fail'),
  );
  const objectivesInWords = objectives.length === variants.length ? 'the objective' : 'every objective';
  const rest = undecided.length === 0 ? '' : ` Not decided: ${namesInWords(undecided.map(({ name }) => name))}.`;
  const [only] = meeting;
  if (only === undefined) return `No variant is sure to meet ${objectivesInWords}.${rest}`;
  if (meeting.length === 1) return `Only ${only.name} meets ${objectivesInWords}.${rest}`;
  const subject =
    meeting.length === variants.length
      ? allOf(variants.length)
      : `${meeting.length} of ${variants.length} variants meet`;
  return `${subject} ${objectivesInWords}${advantagesInWords(meeting, isAtRest(results))}.${rest}`;
}

const allOf = (count: number): string => `${count === 2 ? 'Both' : 'All'} variants meet`;

/** What users of a service notice, and how a variant is praised for it. */
const PRAISE: readonly { readonly metric: MetricName; readonly one: string; readonly several: string }[] = [
  { metric: 'requests_lost_ratio', one: 'loses the fewest requests', several: 'lose the fewest requests' },
  { metric: 'pod_load_max_over_mean', one: 'loads its pods most evenly', several: 'load their pods most evenly' },
];

function advantagesInWords(meeting: readonly VariantResult[], areNodesAtRest: boolean): string {
  const requests = bestForRequests(meeting);
  const cheapest = areNodesAtRest ? [] : cheapestInWords(meeting, requests.length === 0);
  const [first, ...others] = requests;
  return [...(first === undefined ? [] : [`of these, ${first}`]), ...others, ...cheapest]
    .map((advantage) => `; ${advantage}`)
    .join('');
}

/** Names the variants that are clearly better than some other one, and no other is clearly better than they are. */
function bestForRequests(meeting: readonly VariantResult[]): string[] {
  return PRAISE.flatMap(({ metric, one, several }) => {
    const measured = meeting.flatMap((variant) => {
      const estimate = estimateOf(variant, metric, 'value');
      return estimate === null ? [] : [{ name: variant.name, estimate }];
    });
    const [least] = measured.toSorted((a, b) => a.estimate.value - b.estimate.value);
    if (least === undefined) return [];
    const best = measured.filter(({ estimate }) => !isClearlyMore(least.estimate, estimate));
    if (best.length === measured.length) return [];
    const numbers = best.length === 1 ? `, ${formatEstimate(least.estimate, METRICS[metric].unit)}` : '';
    return [`${namesInWords(best.map(({ name }) => name))} ${best.length === 1 ? one : several}${numbers}`];
  });
}

const isClearlyMore = (base: Estimate, own: Estimate): boolean => differenceOf(base, own) === 'more';

function cheapestInWords(meeting: readonly VariantResult[], isFirst: boolean): string[] {
  const costs = meeting
    .flatMap((variant) => {
      const cost = estimateOf(variant, COST_METRIC, 'value');
      return cost === null ? [] : [{ name: variant.name, cost }];
    })
    .toSorted((a, b) => a.cost.value - b.cost.value);
  const [least] = costs;
  // Without a sync there is nothing to pay.
  if (least === undefined || costs.at(-1)!.cost.value === 0) return [];
  const cheapest = costs.filter(({ cost }) => !isClearlyMore(least.cost, cost));
  if (cheapest.length === meeting.length) return ['none costs the nodes clearly less CPU for syncs than the others'];
  const names = namesInWords(cheapest.map(({ name }) => name));
  if (cheapest.length > 1) return [`${names} cost the nodes least CPU for syncs, without a clear difference`];
  const cost = formatEstimate(least.cost, METRICS[COST_METRIC].unit);
  return [`${isFirst ? 'of these, ' : ''}${names} costs the nodes least CPU for syncs, ${cost} per node`];
}
