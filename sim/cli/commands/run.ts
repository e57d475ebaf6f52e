/** `kube-headroom run`: simulates one scenario file, writes its results, prints a summary. */

import { join } from 'node:path';

import { prepareDirectory } from '../../experiment/results-file.js';
import type { Results, Verdict } from '../../experiment/results.js';
import { runExperiment } from '../../experiment/run-experiment.js';
import { loadExperiment } from '../../scenario/load.js';
import { EXIT } from '../exit-codes.js';
import { listenForInterrupt } from '../interrupt.js';
import { onThreads } from '../on-threads.js';
import { loadOptions, type ReplicationOptions } from '../options.js';
import { say } from '../output.js';
import { presentError } from '../present-error.js';
import { deliverResults, type Presentation } from '../save-results.js';

export interface RunOptions extends ReplicationOptions {
  readonly set?: readonly string[];
  readonly out?: string;
  readonly report: boolean;
}

export async function run(file: string, options: RunOptions): Promise<number> {
  const experiment = loadExperiment(file, loadOptions(options, options.set));
  const directory = options.out ?? join('out', experiment.name);
  // Now, not after an hour of simulation.
  await prepareDirectory(directory);

  using interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const results = await onThreads([experiment], options, (executor, onProgress) =>
    runExperiment(experiment, { executor, signal, onProgress, overrides: options.set }),
  );
  if (results === null) {
    say('kube-headroom: no replication had finished; nothing was written');
    return EXIT.interrupted;
  }

  const failure = await deliverResults(directory, results, options, PRESENTATION);
  if (failure !== null) return presentError(failure);
  return results.partial ? EXIT.interrupted : exitCodeOf(results.verdict);
}

const PRESENTATION: Presentation<Results> = {
  renderReport: async (results) => (await import('../../../reports/html-report.js')).renderHtmlReport(results),
  renderSummary: async (results, options) =>
    (await import('../../../reports/text-summary.js')).renderTextSummary(results, options),
};

function exitCodeOf(verdict: Verdict): number {
  switch (verdict) {
    case 'pass':
      return EXIT.ok;
    case 'fail':
    case 'error':
      return EXIT.missed;
    case 'inconclusive':
      return EXIT.inconclusive;
  }
}
