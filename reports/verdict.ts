/** What the objectives say, in words that the HTML report and the terminal share. */

import type { ObjectiveResult, Results, Verdict } from '../sim/experiment/results.js';
import { METRICS, type MetricDefinition } from '../sim/metrics.js';
import { formatEstimate, NO_VALUE, plural } from './format.js';
import { HEADLINES } from './headlines.js';

export interface VerdictSummary {
  /** Null when nothing was asked: that is neither good nor bad. */
  readonly verdict: Verdict | null;
  readonly label: string;
  readonly sentence: string;
}

export const VERDICT_LABELS: Record<Verdict, string> = {
  pass: 'PASS',
  fail: 'FAIL',
  inconclusive: 'INCONCLUSIVE',
  error: 'ERROR',
};

export function summarizeVerdict(results: Results): VerdictSummary {
  const { objectives, expectations, partial, verdict } = results;
  const interrupted = partial ? ' The run was interrupted: only the replications that had finished are in.' : '';
  if (objectives.length === 0) {
    const sentence = `The scenario sets no objectives, so there is nothing to pass or fail.${published(expectations)}${interrupted}`;
    return { verdict: null, label: partial ? 'INTERRUPTED' : 'NO OBJECTIVES', sentence };
  }
  return {
    verdict,
    label: VERDICT_LABELS[verdict],
    sentence: `${describeCounts(objectives)}.${published(expectations)}${interrupted}`,
  };
}

/** Published values are judged by `kube-headroom validate`, but nobody should overlook a miss. */
function published(expectations: Results['expectations']): string {
  const judged = expectations.filter((expectation) => expectation.verdict !== 'inconsistent');
  const missed = judged.filter((expectation) => expectation.verdict !== 'match').length;
  if (judged.length === 0) return '';
  return missed === 0
    ? ` The published values are met (${judged.length}).`
    : ` Of ${plural(judged.length, 'published value')}, ${missed} ${missed === 1 ? 'is' : 'are'} missed.`;
}

function describeCounts(objectives: readonly ObjectiveResult[]): string {
  const met = objectives.filter(({ verdict }) => verdict === 'pass').length;
  if (met === objectives.length)
    return met === 1
      ? 'The objective is met'
      : met === 2
        ? 'Both objectives are met'
        : `All ${plural(met, 'objective')} are met`;
  const count = (verdict: Verdict, text: string): string[] => {
    const having = objectives.filter((objective) => objective.verdict === verdict).length;
    return having === 0 ? [] : [`${having} ${text}`];
  };
  const parts = [
    ...count('fail', 'missed'),
    ...count('error', 'without a sample'),
    ...count('inconclusive', 'inconclusive'),
    ...count('pass', 'met'),
  ];
  return `Of ${plural(objectives.length, 'objective')}: ${parts.join(', ')}`;
}

/** "NPL p99, as measured"; the metric's title where no headline names it. */
export function objectiveLabel({ metric, statistic }: ObjectiveResult): string {
  const headline = HEADLINES.find((candidate) => candidate.metric === metric && candidate.statistic === statistic);
  if (headline !== undefined) return headline.label;
  const known: Partial<Record<string, MetricDefinition>> = METRICS;
  const title = known[metric]?.title ?? metric;
  return statistic === 'value' ? title : `${title}, ${statistic}`;
}

/** The measured value with its interval, in the metric's unit. */
export function objectiveValue({ metric, estimate }: ObjectiveResult): string {
  return estimate === null ? NO_VALUE : formatEstimate(estimate, metricUnit(metric));
}

/** Results may come from a newer version, whose metrics this one does not know: their numbers are shown bare. */
export function metricUnit(metric: string): MetricDefinition['unit'] {
  const known: Partial<Record<string, MetricDefinition>> = METRICS;
  return known[metric]?.unit ?? 'count';
}
