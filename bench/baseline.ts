/** The committed ratios of CPU time to the reference kernel, by task. */
export interface Baseline {
  /** What the ratios were measured with; the code that V8 makes differs between major versions of Node.js. */
  readonly node: string;
  readonly ratios: Readonly<Record<string, number>>;
}

/** How a gated task stands to the baseline; `change` is 0.1 for 10 % slower. */
export type Verdict =
  | {
      readonly id: string;
      readonly status: 'ok' | 'slower';
      readonly baseline: number;
      readonly measured: number;
      readonly change: number;
    }
  | { readonly id: string; readonly status: 'not in baseline'; readonly measured: number }
  | { readonly id: string; readonly status: 'not measured'; readonly baseline: number };

/**
 * Compares measured ratios with the baseline.
 *
 * A task that the baseline does not know fails, and so does an entry without a task: else a renamed task would leave the gate
 * unnoticed.
 *
 * @param tolerance the slow-down from which a task fails, as a fraction
 */
export function compareWithBaseline(
  measured: ReadonlyMap<string, number>,
  baseline: Baseline,
  tolerance: number,
): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const [id, ratio] of measured) {
    const known = baseline.ratios[id];
    if (known === undefined || !(known > 0)) {
      verdicts.push({ id, status: 'not in baseline', measured: ratio });
      continue;
    }
    const change = ratio / known - 1;
    // The negation fails a ratio that is no number as well.
    const status = !(change <= tolerance) ? 'slower' : 'ok';
    verdicts.push({ id, status, baseline: known, measured: ratio, change });
  }
  for (const [id, ratio] of Object.entries(baseline.ratios)) {
    if (!measured.has(id)) verdicts.push({ id, status: 'not measured', baseline: ratio });
  }
  return verdicts;
}
