/**
 * How evenly the pods of services are loaded, and which way the requests go: numbers by variant, each with a sentence on how
 * to read it, since few people know a Gini coefficient.
 */

import type { Results, VariantResult } from '../sim/experiment/results.js';
import { type MetricName, METRICS } from '../sim/metrics.js';
import type { Estimate } from '../sim/stats/estimate.js';
import { formatEstimate, formatInSentence, NO_VALUE } from './format.js';
import { estimateOf } from './headlines.js';

interface LoadFigure {
  readonly metric: MetricName;
  readonly label: string;
  readonly reading: string;
  /** What an even load gives: worth no line where that holds in every variant, and the first line says it. */
  readonly even?: number;
}

/** What to size pods by comes first. */
export const EVENNESS: readonly LoadFigure[] = [
  {
    metric: 'pod_load_max_over_mean',
    label: 'Hottest pod, times the mean',
    reading: '1: all pods get the same. At 2 each pod needs twice the room that the mean suggests.',
  },
  {
    metric: 'pod_load_max_over_mean_peak',
    label: 'The same, at its worst',
    reading: 'At the worst second of the run, such as amid a rollout.',
  },
  {
    metric: 'pod_load_max_over_min',
    even: 1,
    label: 'Hottest pod, times the coldest',
    reading: 'How far apart the two ends are. Pods that get nothing are left out.',
  },
  {
    metric: 'pod_load_hottest_share',
    label: 'Share of the hottest pod',
    reading: 'Of all requests of its service: what is gone when this pod goes.',
  },
  {
    metric: 'pod_load_cov',
    even: 0,
    label: 'Coefficient of variation',
    reading: 'Standard deviation by mean. At 0.3 a pod is typically 30% above or below the mean.',
  },
  {
    metric: 'pod_load_gini',
    even: 0,
    label: 'Gini coefficient',
    reading:
      'From 0, all alike, towards 1, one pod gets everything. At 0.2 two pods picked at random differ by 40% of the mean on average.',
  },
  {
    metric: 'pod_load_jain_index',
    even: 1,
    label: 'Jain index',
    reading: '1: all alike. 0.8 is as uneven as if 80% of the pods shared everything and 20% got nothing.',
  },
  {
    metric: 'pods_over_capacity_ratio',
    label: 'Probability: pod above capacity',
    reading: 'Of a pod picked at random. What it gets beyond its capacity waits or fails.',
  },
  {
    metric: 'services_over_capacity_ratio',
    even: 0,
    label: 'Probability: service with such a pod',
    reading: 'That a service has at least one pod above its capacity.',
  },
  {
    metric: 'pod_utilization_max',
    label: 'Utilization of the busiest pod',
    reading: 'Of its time, what it works. From 100% on its queue grows for as long as requests come.',
  },
  {
    metric: 'pod_utilization_mean',
    label: 'Utilization of all pods',
    reading: 'What the pods work on average. The distance to the busiest one is what an even load would win.',
  },
  {
    metric: 'open_connections_max_over_mean',
    label: 'Most connections, times the mean',
    reading: 'Of the pod that has most open. Connections that live long stay where they are: older pods keep theirs.',
  },
  {
    metric: 'node_load_max_over_mean',
    label: 'Hottest node, times the mean',
    reading: 'Of the nodes that have pods with clients.',
  },
];

/** What policy Local gives for an uneven load. */
export const PATHS: readonly LoadFigure[] = [
  {
    metric: 'requests_second_hop_ratio',
    label: 'Requests with a second hop',
    reading: 'They arrive at one node and are sent on to another: more latency, and work for two nodes.',
  },
  {
    metric: 'requests_cross_zone_ratio',
    label: 'Requests across zones',
    reading: 'Slower than within a zone, and most clouds charge for the traffic.',
  },
  {
    metric: 'requests_source_address_kept_ratio',
    label: 'Requests that keep their source address',
    reading: 'The pod sees the address of the client and not that of a node.',
  },
];

export const LOAD_METRICS: readonly MetricName[] = [
  'pod_load_relative',
  ...[...EVENNESS, ...PATHS].map((f) => f.metric),
];

export interface FigureRow {
  readonly label: string;
  readonly reading: string;
  /** For each variant. */
  readonly cells: readonly string[];
}

/** Only what some variant measured. */
export function figureTable(figures: readonly LoadFigure[], { variants }: Results): FigureRow[] {
  return figures.flatMap(({ metric, label, reading, even }) => {
    const estimates = variants.map((variant) => estimateOf(variant, metric, 'value'));
    if (estimates.every((estimate) => estimate === null || isAbout(estimate.value, even))) return [];
    const { unit } = METRICS[metric];
    const cells = estimates.map((estimate) => (estimate === null ? NO_VALUE : formatEstimate(estimate, unit)));
    return [{ label, reading, cells }];
  });
}

/** A sentence or two on the load of a variant's pods; null where nothing was measured. */
export function loadSentence(variant: VariantResult): string | null {
  const of = (metric: MetricName): Estimate | null => estimateOf(variant, metric, 'value');
  const hottest = of('pod_load_max_over_mean');
  if (hottest === null) return null;
  const gini = of('pod_load_gini');
  const evenness =
    gini === null || gini.value === 0 || isEven(hottest)
      ? ''
      : `; the Gini coefficient is ${formatInSentence(gini, 'number')}`;
  const lead = isEven(hottest)
    ? evenLoad(of('pod_load_max_over_mean_peak'))
    : `The hottest pod gets ${formatInSentence(hottest, 'number')} times the mean of its service${evenness}.`;
  return [lead, ...overCapacity(of('pods_over_capacity_ratio')), ...paths(variant)].join(' ');
}

/** Loads are looked at when the run is over; amid it they may have been uneven. */
const evenLoad = (peak: Estimate | null): string =>
  peak === null || isEven(peak)
    ? 'All pods of a service get the same.'
    : `In the end all pods of a service get the same; at the worst second the hottest got ${formatInSentence(peak, 'number')} times the mean.`;

/** Sums of shares are no exact numbers. */
const EVEN_WITHIN = 1e-9;
const isEven = ({ value }: Estimate): boolean => value <= 1 + EVEN_WITHIN;
const isAbout = (value: number, even: number | undefined): boolean =>
  even !== undefined && Math.abs(value - even) <= EVEN_WITHIN;

const overCapacity = (over: Estimate | null): string[] => {
  if (over === null) return [];
  return over.value === 0
    ? ['No pod is above its capacity.']
    : [`${formatInSentence(over, 'ratio')} of the pods are above their capacity.`];
};

function paths(variant: VariantResult): string[] {
  const secondHop = estimateOf(variant, 'requests_second_hop_ratio', 'value');
  const kept = estimateOf(variant, 'requests_source_address_kept_ratio', 'value');
  const parts = [
    ...(secondHop === null ? [] : [`${formatInSentence(secondHop, 'ratio')} take a second hop`]),
    ...(kept === null ? [] : [`${formatInSentence(kept, 'ratio')} keep their source address`]),
  ];
  return parts.length === 0 ? [] : [`Of the requests, ${parts.join(', and ')}.`];
}

/** Where a variant stands between an even load and short ways. */
export interface HopTradeOff {
  readonly name: string;
  /** Share of the requests that go over a second hop. */
  readonly hops: Estimate;
  /** Load of the hottest pod, relative to the mean. */
  readonly hottest: Estimate;
}

/** Whether every variant loads its pods alike, so that a shorter way costs nothing that could be seen. */
export const areAllEven = (tradeOffs: readonly HopTradeOff[]): boolean =>
  tradeOffs.every(({ hottest }) => isEven(hottest));

export function hopTradeOffsOf({ variants }: Results): HopTradeOff[] {
  return variants.flatMap((variant) => {
    const hops = estimateOf(variant, 'requests_second_hop_ratio', 'value');
    const hottest = estimateOf(variant, 'pod_load_max_over_mean', 'value');
    return hops === null || hottest === null ? [] : [{ name: variant.name, hops, hottest }];
  });
}

/** Who has the fewest second hops and who the most even load, and what each of them pays for it. */
export function hopTradeOffInWords(tradeOffs: readonly HopTradeOff[]): string {
  const [direct] = tradeOffs.toSorted((a, b) => a.hops.value - b.hops.value || a.hottest.value - b.hottest.value);
  const [even] = tradeOffs.toSorted((a, b) => a.hottest.value - b.hottest.value || a.hops.value - b.hops.value);
  if (direct === undefined || even === undefined) return '';
  const numbers = ({ hops, hottest }: HopTradeOff): string =>
    `${formatInSentence(hops, 'ratio')} second hops, and a hottest pod of ${formatInSentence(hottest, 'number')} times the mean`;
  if (direct === even)
    return `${direct.name} has both the fewest second hops and the most even load: ${numbers(direct)}.`;
  return `${direct.name} has the fewest second hops: ${numbers(direct)}. ${even.name} has the most even load: ${numbers(even)}.`;
}
