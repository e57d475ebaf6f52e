/**
 * What every simulating command does with its results: they are written, with a report if one is wanted, and shown.
 *
 *   results --> files --> standard output: JSON, summary --> standard error: what was written
 */

import { formatResults, writeReport, writeResults } from '../experiment/results-file.js';
import type { Results } from '../experiment/results.js';
import type { ReplicationOptions } from './options.js';
import { print, say, type TextOptions, textOptions } from './output.js';

/** What cannot be written is handed back: the results are still to be shown. `renderReport` null: no report. */
async function saveResults<Any extends Results>(
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

/** The words of a command for its results. Charts take longer to load than most scenarios to simulate: only when they are wanted. */
export interface Presentation<Any extends Results> {
  readonly renderReport: (results: Any) => Promise<string>;
  readonly renderSummary: (results: Any, options: TextOptions) => Promise<string>;
}

/** Gives back why the results could not be written; null: they were. */
export async function deliverResults<Any extends Results>(
  directory: string,
  results: Any,
  options: ReplicationOptions & { readonly report: boolean },
  { renderReport, renderSummary }: Presentation<Any>,
): Promise<unknown> {
  const { written, failure } = await saveResults(directory, results, options.report ? renderReport : null);
  // Results that cannot be written are still shown: they may have taken long.
  if (options.json === true) print(formatResults(results));
  if (options.quiet !== true) {
    const stream = options.json === true ? process.stderr : process.stdout;
    stream.write(await renderSummary(results, textOptions(stream)));
    for (const path of written) say(`kube-headroom: wrote ${path}`);
  }
  return failure;
}
