/** `kube-headroom validate`: runs the published measurements and shows how close the simulation comes. */

import type { ExpectationResult } from '../../experiment/results.js';
import { runExperiments } from '../../experiment/run-experiment.js';
import { EXIT } from '../exit-codes.js';
import { listenForInterrupt } from '../interrupt.js';
import { onThreads } from '../on-threads.js';
import { loadOptions, type ReplicationOptions } from '../options.js';
import { print, say, textOptions } from '../output.js';
import { presentError } from '../present-error.js';
import { loadCases } from '../published-cases.js';
import { scorecardText } from '../scorecard.js';

export async function validate(paths: readonly string[], options: ReplicationOptions): Promise<number> {
  const experiments = loadCases(paths, loadOptions(options));

  using interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const outcomes = await onThreads(experiments, options, (executor, onProgress) =>
    runExperiments(experiments, { executor, signal, onProgress }),
  );

  const expectations = outcomes.flatMap((outcome) => (outcome.status === 'done' ? outcome.results.expectations : []));
  const verdict = expectations.some(isMiss) ? 'miss' : 'match';
  if (options.json === true) print(`${JSON.stringify({ verdict, expectations }, null, 2)}\n`);
  if (options.quiet !== true) {
    const stream = options.json === true ? process.stderr : process.stdout;
    stream.write(scorecardText(expectations, textOptions(stream)));
  }
  // One broken case must not hide the others: they are in the table by now.
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'failed' ? [outcome.error] : []));
  for (const failure of failures) presentError(failure);
  if (signal.aborted) {
    say('kube-headroom: the table holds only what had finished');
    return EXIT.interrupted;
  }
  if (failures.length > 0) return EXIT.fault;
  return verdict === 'miss' ? EXIT.missed : EXIT.ok;
}

function isMiss({ verdict }: ExpectationResult): boolean {
  return verdict === 'miss' || verdict === 'error';
}
