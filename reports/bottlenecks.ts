/** What binds, in words: the limit behind most of the latency, and the limits that are used up. */

import type { LimitUse, Results, VariantResult } from '../sim/experiment/results.js';
import { formatPercent, formatQuantity } from './format.js';

/** One sentence for a variant; null when nothing took any time and nothing was used up. */
export function bottleneckSentence({ bottlenecks: { latency, saturated } }: VariantResult): string | null {
  const sentences: string[] = [];
  if (latency !== null) {
    const { title, stageTitle, share, meanSeconds } = latency;
    sentences.push(
      `${capitalized(title)}: ${formatPercent(share)} of the mean latency (${formatQuantity(meanSeconds, 'seconds')}) is in the stage “${stageTitle}”.`,
    );
  }
  const used = saturated.filter(({ limit }) => limit !== latency?.limit);
  if (used.length > 0) sentences.push(`Used up: ${used.map(inWords).join('; ')}.`);
  return sentences.length === 0 ? null : sentences.join(' ');
}

/** Settings that would move what binds, each once. */
export function settingsOfBottlenecks({ bottlenecks: { latency, saturated } }: VariantResult): readonly string[] {
  return [...new Set([...(latency?.settings ?? []), ...saturated.flatMap(({ settings }) => settings)])];
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
