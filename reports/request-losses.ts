/**
 * Which requests of clients are lost and why, and what helps: numbers by variant, and the words that the HTML report and the
 * terminal share.
 */

import type { Results, VariantResult } from '../sim/experiment/results.js';
import type { MetricName } from '../sim/metrics.js';
import type { Estimate } from '../sim/stats/estimate.js';
import { METRIC_OF_LOSS } from '../sim/traffic-metrics.js';
import { formatEstimate, formatInSentence, formatPercent, NO_VALUE } from './format.js';
import { estimateOf } from './headlines.js';

interface CauseInWords {
  /** Null for what is lost for none of the causes that are told apart. */
  readonly metric: MetricName | null;
  /** For legends and tables: short. */
  readonly label: string;
  /** Goes behind "because of". */
  readonly because: string;
  /** What makes such losses fewer; null where nothing is known. */
  readonly remedy: string | null;
}

/** In the order in which a request meets them. */
export const CAUSES_IN_WORDS: readonly CauseInWords[] = [
  {
    metric: METRIC_OF_LOSS.loadBalancer,
    label: 'Load balancer not drained',
    because: 'a load balancer that still used nodes that cannot answer',
    remedy:
      'a health check with a shorter interval and a lower unhealthy threshold. Until the load balancer has noticed, pods that end must go on serving: with a preStop sleep that outlasts it, and terminationGracePeriodSeconds that cover the sleep, nodes fall back on their terminating endpoints. Policy Cluster sends on what arrives at any node that is up.',
  },
  {
    metric: METRIC_OF_LOSS.conntrack,
    label: 'conntrack full',
    because: 'full connection tracking tables',
    remedy:
      'a larger table (kubeProxy.conntrack.maxPerCore and min), shorter time-outs, or connections that carry many requests.',
  },
  {
    metric: METRIC_OF_LOSS.noLocalEndpoints,
    label: 'No local endpoints',
    because: 'nodes without an endpoint under policy Local',
    remedy:
      'a ready pod on every node that makes requests, or internalTrafficPolicy Cluster. A pod that sleeps in preStop is used for so long where its node has no ready one.',
  },
  {
    metric: METRIC_OF_LOSS.noEndpoints,
    label: 'No endpoints',
    because: 'services without any usable endpoint',
    remedy: 'more pods, a lower maxUnavailable, and the strategy RollingUpdate rather than Recreate.',
  },
  {
    metric: METRIC_OF_LOSS.staleRules,
    label: 'Stale rules',
    because: 'stale rules',
    remedy:
      'a preStop sleep that outlasts the programming of the rules on the slowest nodes; "kube-headroom prestop" finds the shortest that does.',
  },
  {
    metric: METRIC_OF_LOSS.failedPods,
    label: 'Failed pods',
    because: 'failed pods that nobody had noticed yet',
    remedy:
      'readiness probes with a shorter period and a lower failure threshold; for lost nodes a shorter nodeMonitorGracePeriod.',
  },
  {
    metric: METRIC_OF_LOSS.queueFull,
    label: 'Queue full',
    because: 'full queues in pods',
    remedy: 'more pods, a higher concurrency, or a load that is more even: a pod above its capacity fills any queue.',
  },
  {
    metric: METRIC_OF_LOSS.podEnded,
    label: 'Pod ended',
    because: 'pods that ended while they had requests',
    remedy:
      'a terminationGracePeriodSeconds that covers the preStop sleep and the requests behind it, and connections that clients close from time to time.',
  },
];

/** More detailed levels may lose requests in ways that have no metric of their own. */
const OTHER_CAUSES: CauseInWords = { metric: null, label: 'Other causes', because: 'other causes', remedy: null };

export const ALL_CAUSES: readonly CauseInWords[] = [...CAUSES_IN_WORDS, OTHER_CAUSES];

export interface CausedLoss {
  readonly cause: CauseInWords;
  /** Mean number of requests lost by it. */
  readonly lost: number;
  /** Of all losses of the variant. */
  readonly share: number;
}

export interface RequestLosses {
  readonly requests: number;
  readonly lost: number;
  /** Requests lost, of all requests. */
  readonly ratio: Estimate;
  /** Causes that lost a request at all, in the order of CAUSES_IN_WORDS. */
  readonly causes: readonly CausedLoss[];
  /** Of the losses, those whose client was told at once; null where results do not say. */
  readonly refusedShare: number | null;
}

/** Below this part of the losses, what the causes do not sum up to is rounding. */
const ROUNDING = 1e-6;

/** Null when the variant has no clients. */
export function lossesOf(variant: VariantResult): RequestLosses | null {
  const value = (metric: MetricName): number => estimateOf(variant, metric, 'value')?.value ?? 0;
  const ratio = estimateOf(variant, 'requests_lost_ratio', 'value');
  if (ratio === null) return null;
  const lost = value('requests_lost_total');
  const known = CAUSES_IN_WORDS.map((cause) => ({ cause, lost: cause.metric === null ? 0 : value(cause.metric) }));
  const rest = lost - known.reduce((sum, { lost: own }) => sum + own, 0);
  const told = value('requests_refused_total');
  const untold = value('requests_timed_out_total');
  return {
    requests: value('requests_total'),
    lost,
    ratio,
    causes: [...known, { cause: OTHER_CAUSES, lost: rest > ROUNDING * lost ? rest : 0 }]
      .filter(({ lost: own }) => own > 0)
      .map((caused) => ({ ...caused, share: caused.lost / lost })),
    refusedShare: told + untold > 0 ? told / (told + untold) : null,
  };
}

/** The variants that have clients, with what these lose. */
export function losingVariants({ variants }: Results): { readonly name: string; readonly losses: RequestLosses }[] {
  return variants.flatMap((variant) => {
    const losses = lossesOf(variant);
    return losses === null ? [] : [{ name: variant.name, losses }];
  });
}

const MOST_CAUSES_IN_WORDS = 2;

/** "0.52% (0.50 to 0.54) of the requests are lost, 80% of them because of stale rules. ..."; null without clients. */
export function lossSentence(variant: VariantResult): string | null {
  const losses = lossesOf(variant);
  if (losses === null) return null;
  const { ratio, causes, refusedShare } = losses;
  if (ratio.value === 0) return 'No request is lost.';
  const lead = `${formatInSentence(ratio, 'ratio')} of the requests are lost`;
  const told = refusedShare === null ? '' : ` ${refusedInWords(refusedShare)}`;
  return `${lead}${causesInWords(causes)}.${told}`;
}

function causesInWords(causes: readonly CausedLoss[]): string {
  const largest = causes.toSorted((a, b) => b.share - a.share);
  const [first] = largest;
  if (first === undefined) return '';
  if (largest.length === 1) return `, because of ${first.cause.because}`;
  const shown = largest.slice(0, MOST_CAUSES_IN_WORDS);
  const parts = shown.map(({ share, cause }, index) => {
    return `${formatPercent(share)}${index === 0 ? ' of them' : ''} because of ${cause.because}`;
  });
  return `, ${parts.join(' and ')}`;
}

/** Whether a client can try again at once, or waits for its own time-out first. */
function refusedInWords(refusedShare: number): string {
  if (refusedShare === 1) return 'All of these are refused at once.';
  if (refusedShare === 0) return 'All of these get no answer at all, and time out.';
  return `Of these, ${formatPercent(refusedShare)} are refused at once, and ${formatPercent(1 - refusedShare)} time out.`;
}

/** A cause that loses less than this part of every variant's losses is not worth advice. */
const NOTABLE_SHARE = 0.05;

/** What helps against the causes that matter in some variant, the cause that loses most somewhere first. */
export function remediesOf(results: Results): { readonly cause: CauseInWords; readonly sentence: string }[] {
  const variants = losingVariants(results);
  return ALL_CAUSES.flatMap((cause) => {
    const own = variants.flatMap(({ losses: { causes } }) => causes.filter((caused) => caused.cause === cause));
    const isNotable = own.some(({ share }) => share >= NOTABLE_SHARE);
    const most = Math.max(0, ...own.map(({ lost }) => lost));
    return isNotable && cause.remedy !== null ? [{ cause, most, sentence: cause.remedy }] : [];
  })
    .toSorted((a, b) => b.most - a.most)
    .map(({ cause, sentence }) => ({ cause, sentence }));
}

interface LossRow {
  readonly metric: MetricName;
  readonly label: string;
  readonly unit: 'count' | 'ratio';
}

const TOTALS: readonly LossRow[] = [
  { metric: 'requests_total', label: 'Requests', unit: 'count' },
  { metric: 'requests_lost_ratio', label: 'Requests lost, share', unit: 'ratio' },
  { metric: 'requests_lost_total', label: 'Requests lost', unit: 'count' },
  { metric: 'requests_lost_per_replaced_pod', label: 'Lost per replaced pod', unit: 'count' },
];
const WAYS: readonly LossRow[] = [
  { metric: 'requests_refused_total', label: 'Refused at once', unit: 'count' },
  { metric: 'requests_timed_out_total', label: 'Timed out', unit: 'count' },
];

export const LOSS_METRICS: readonly MetricName[] = [
  ...TOTALS.map(({ metric }) => metric),
  ...CAUSES_IN_WORDS.flatMap(({ metric }) => metric ?? []),
  ...WAYS.map(({ metric }) => metric),
];

/** Rows of a table, the heading first, then a cell for each variant; causes of which nothing was lost anywhere are left out. */
export function lossTable({ variants }: Results): (readonly string[])[] {
  const causes = CAUSES_IN_WORDS.flatMap(({ metric, label }): LossRow[] =>
    metric === null ? [] : [{ metric, label: `Cause: ${label}`, unit: 'count' }],
  );
  const somewhere = ({ metric }: LossRow): boolean =>
    variants.some((variant) => (estimateOf(variant, metric, 'value')?.value ?? 0) > 0);
  const measured = ({ metric }: LossRow): boolean => variants.some((variant) => estimateOf(variant, metric, 'value'));
  return [...TOTALS.filter(measured), ...[...causes, ...WAYS].filter(somewhere)].map(({ metric, label, unit }) => [
    label,
    ...variants.map((variant) => {
      const estimate = estimateOf(variant, metric, 'value');
      return estimate === null ? NO_VALUE : formatEstimate(estimate, unit);
    }),
  ]);
}
