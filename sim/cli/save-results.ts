/** Writes results and, if wanted, their report. What cannot be written is handed back: the results are still to be shown. */

import { writeReport, writeResults } from '../experiment/results-file.js';
import type { Results } from '../experiment/results.js';

/** `renderReport` null: no report. */
export async function saveResults<Any extends Results>(
  directory: string,
  results: Any,
  renderReport: ((results: Any) => Promise<string>) | null,
): Promise<{ readonly written: readonly string[]; readonly failure: unknown }> {
  const written: string[] = [];
  try {
    written.push(await writeResults(directory, results));
    if (renderReport !== null) written.push(await writeReport(directory, await renderReport(results)));
  } catch (failure) {
    return { written, failure };
  }
  return { written, failure: null };
}
