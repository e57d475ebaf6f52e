/** What the rules between settings are made of (consistency.ts applies them). */

import type { Scenario } from '../model/scenario.js';
import { formatDuration } from '../units.js';
import type { Finding, Path } from './findings.js';
import type { SectionName } from './schema.js';

/** `reads`: the sections of the file that the rule looks at; one that has a mistake of its own silences the rule. */
export interface Rule {
  readonly reads: readonly SectionName[];
  readonly check: (scenario: Scenario) => Finding[];
}

export const contradiction = (path: Path, message: string, suggestion: string | null = null): Finding => ({
  code: 'KH019',
  path,
  message,
  suggestion,
});

export const when = (condition: boolean, finding: () => Finding): Finding[] => (condition ? [finding()] : []);

/** A lognormal distribution has its 99th percentile above its median; equal values make it a constant. */
export const checkDistribution = (
  path: Path,
  { median, p99 }: { readonly median: number; readonly p99: number },
): Finding[] => [
  ...when(p99 < median, () =>
    contradiction(
      [...path, 'p99'],
      `the p99 of ${formatDuration(p99)} is below the median of ${formatDuration(median)}`,
    ),
  ),
  ...when(median === 0 && p99 > 0, () =>
    contradiction([...path, 'median'], 'a lognormal median of 0s has no p99 above it', 'use a median of 1ns or more'),
  ),
];
