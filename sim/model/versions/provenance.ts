/**
 * Provenance: every number that a model rests on says where it comes from. A calibration replaces values in this folder
 * and nowhere else, and the method section of a report lists these records.
 */

/** How a number is known. `assumption` is the honest word for a default that nothing published supports. */
export type Evidence = 'source code' | 'documentation' | 'measurement' | 'derived' | 'assumption';

/** A number with its origin. */
export interface Constant<Value = number> {
  readonly value: Value;
  /** SI symbol or word: "s", "ns", "B", "1/s", "1" for ratios and counts. */
  readonly unit: string;
  readonly evidence: Evidence;
  /** Where it can be looked up, or what it was derived from. */
  readonly source: string;
  /** Of the source: a date, a month or a Kubernetes version. */
  readonly date: string;
  /** Values that are plausible elsewhere; null where the value is a rule and not an estimate. */
  readonly range: readonly [Value, Value] | null;
}

/** Names its fields where a constant is written down; adds nothing. */
export const constant = <Value = number>(record: Constant<Value>): Constant<Value> => record;
