/** What a scenario file asks for, loaded: its variants as normalized scenarios, and what is expected of their results. */

import type { Scenario } from '../model/scenario.js';

/** A service-level objective: `statistic` of `metric` is at most `max`, in the metric's base unit. */
export interface Objective {
  readonly metric: string;
  readonly statistic: string;
  readonly max: number;
  /** The limit as the file writes it, for people: "30s". */
  readonly maxText: string;
}

/** A published value that a scenario must reproduce. */
export interface Expectation {
  /** Identity in the literature table, e.g. "A-kep752-create-endpoints". */
  readonly id: string;
  readonly variant: string;
  readonly metric: string;
  readonly statistic: string;
  /** Published value in the metric's base unit. */
  readonly value: number;
  /** Allowed relative deviation, e.g. 0.05. */
  readonly tolerance: number;
  /** Only the least or the most is published: what is beyond it agrees as well. Null: the value itself is. */
  readonly bound: 'atLeast' | 'atMost' | null;
  readonly source: string;
  /** Why the published cell contradicts itself; such a cell is shown and not judged. Null: it is judged. */
  readonly inconsistent: string | null;
}

/** One variant: the scenario that runs, under a name. A file without variants has one, called "baseline". */
export interface Variant {
  readonly name: string;
  /** What the file changes to make the variant, as written there: path to value. Empty for the baseline. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly scenario: Scenario;
}

/** A loaded scenario file: its variants, and what is asked of their results. */
export interface Experiment {
  /** The file that it came from, as the user named it. */
  readonly file: string;
  readonly name: string;
  readonly description: string;
  readonly question: string | null;
  readonly variants: readonly Variant[];
  readonly objectives: readonly Objective[];
  readonly expectations: readonly Expectation[];
}
