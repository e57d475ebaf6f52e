/** What binds, in words: the limit behind most of the latency, and the limits that are used up. */

import type { LimitUse, Results, VariantResult } from '../sim/experiment/results.js';
import type { MetricName } from '../sim/metrics.js';
import { POD_CAPACITY_SETTINGS } from '../sim/limits.js';
import { formatPercent, formatQuantity } from './format.js';
import { estimateOf } from './headlines.js';

/** From here on a sync is an event of its own: a third of what the load test of Kubernetes allows a change to take. */
const LONG_SYNC_SECONDS = 10;

/** A few sentences for a variant; null when nothing took any time and nothing was used up. */
export function bottleneckSentence(variant: VariantResult): string | null {
  const { latency, saturated } = variant.bottlenecks;
  const sentences: string[] = [];
  if (latency !== null) {
    const { title, stageTitle, share, meanSeconds } = latency;
    sentences.push(
      `${capitalized(title)}: ${formatPercent(share)} of the mean latency (${formatQuantity(meanSeconds, 'seconds')}) is in the stage “${stageTitle}”.`,
    );
  }
  const used = saturated.filter(({ limit }) => limit !== latency?.limit);
  if (used.length > 0) sentences.push(`Used up: ${used.map(inWords).join('; ')}.`);
  sentences.push(...longSyncSentence(variant), ...overloadSentence(variant));
  return sentences.length === 0 ? null : sentences.join(' ');
}

/** A mode whose full syncs are long may be fast otherwise: what few nodes go through hardly shows in the mean latency. */
function longSyncSentence(variant: VariantResult): string[] {
  const longest = (metric: MetricName): number => estimateOf(variant, metric, 'max')?.value ?? 0;
  const seconds = longest('sync_full_proxy_rules_duration_seconds');
  if (seconds < LONG_SYNC_SECONDS) return [];
  const duration = formatQuantity(seconds, 'seconds');
  const consequence =
    longest('kube_proxy_first_sync_seconds') > 0
      ? 'until the first one after a start has ended, a node has the rules of before, and none after a reboot'
      : 'until one has ended, its node learns of no change';
  return [`Full syncs take up to ${duration} in the mode ${variant.proxyMode}: ${consequence}.`];
}

/** The capacity of pods binds for those that get more than it, however much the others have left. */
function overloadSentence(variant: VariantResult): string[] {
  const over = podsOverCapacity(variant);
  if (over === 0) return [];
  const hottest = estimateOf(variant, 'pod_load_max_over_mean', 'value');
  const multiple =
    hottest === null ? '' : `, the hottest at ${formatQuantity(hottest.value, 'number')} times the mean of its service`;
  return [`${formatQuantity(over, 'ratio')} of the pods get more requests than they have capacity for${multiple}.`];
}

const podsOverCapacity = (variant: VariantResult): number =>
  estimateOf(variant, 'pods_over_capacity_ratio', 'value')?.value ?? 0;

/** Settings that would move what binds, each once. */
export function settingsOfBottlenecks(variant: VariantResult): readonly string[] {
  const { latency, saturated } = variant.bottlenecks;
  const ofPods = podsOverCapacity(variant) > 0 ? POD_CAPACITY_SETTINGS : [];
  return [...new Set([...(latency?.settings ?? []), ...saturated.flatMap(({ settings }) => settings), ...ofPods])];
}

/** Limits that some variant used at all, in the order in which a change meets them, with their use in each variant. */
export function limitTable({ variants }: Results): {
  readonly limit: LimitUse;
  readonly uses: readonly (number | null)[];
}[] {
  const limits = new Map<string, LimitUse>();
  for (const { bottlenecks } of variants) {
    for (const use of bottlenecks.utilizations) if (!limits.has(use.limit)) limits.set(use.limit, use);
  }
  const rows = [...limits.values()].map((limit) => ({
    limit,
    uses: variants.map(
      ({ bottlenecks }) => bottlenecks.utilizations.find((use) => use.limit === limit.limit)?.utilization ?? null,
    ),
  }));
  return rows.filter(({ uses }) => uses.some((use) => use !== null && use > 0));
}

const inWords = ({ title, utilization }: LimitUse): string => `${title} (${formatPercent(utilization)})`;

export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
