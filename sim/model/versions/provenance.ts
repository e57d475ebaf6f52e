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

/** T with every leaf replaced by a constant of the leaf's type. The brackets keep a union such as `number | null` one leaf. */
export type Sourced<T> = [T] extends [object] ? { readonly [Key in keyof T]: Sourced<T[Key]> } : Constant<T>;

/** Names its fields where a constant is written down; adds nothing. */
export const constant = <Value = number>(record: Constant<Value>): Constant<Value> => record;

/** A default that upstream source code or its reference states: known, so without a range. */
export const upstream = <Value>(value: Value, unit: string, source: string, date: string): Constant<Value> =>
  constant<Value>({ value, unit, evidence: 'documentation', source, date, range: null });

/** A default chosen here. The range says how far real clusters may be from it. */
export const assumed = <Value>(
  value: Value,
  unit: string,
  source: string,
  range: readonly [Value, Value] | null = null,
): Constant<Value> => constant<Value>({ value, unit, evidence: 'assumption', source, date: '2026-07', range });
