/** What a reader must know before trusting the numbers. */

import type { Results } from '../sim/experiment/results.js';
import { formatQuantity } from './format.js';
import { estimateOf } from './headlines.js';

export interface ReportWarning {
  /** Null when it concerns the whole run. */
  readonly variant: string | null;
  readonly text: string;
}

export function warningsOf(results: Results): ReportWarning[] {
  const warnings: ReportWarning[] = [];
  if (results.partial) {
    warnings.push({
      variant: null,
      text: 'The run was interrupted. Short replications finish first, so the numbers are no fair sample.',
    });
  }
  for (const variant of results.variants) {
    for (const text of variant.warnings) warnings.push({ variant: variant.name, text });
    const notApplied = estimateOf(variant, 'updates_not_applied_total', 'value')?.value ?? 0;
    if (notApplied > 0) {
      warnings.push({
        variant: variant.name,
        text: `On average ${formatQuantity(notApplied, 'count')} updates per replication were not on their node when the run ended. They are missing from the latencies, whose upper quantiles are too low.`,
      });
    }
  }
  return warnings;
}
