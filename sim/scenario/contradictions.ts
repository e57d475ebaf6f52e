/** What the rules between settings are made of (consistency.ts applies them). */

import type { Scenario } from '../model/scenario.js';
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
