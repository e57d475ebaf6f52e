/** `kube-headroom prestop`: how long a preStop hook must sleep so that the rollout of a scenario loses few enough requests. */

import { join } from 'node:path';

import { userError } from '../../errors.js';
import type { PreStopResults } from '../../experiment/prestop-results.js';
import { looksOf, runPreStop } from '../../experiment/prestop-run.js';
import { coarseGrid, type PreStopOutcome } from '../../experiment/prestop-search.js';
import { preStopSubject, sleepVariant } from '../../experiment/prestop-subject.js';
import { prepareDirectory } from '../../experiment/results-file.js';
import { loadExperiment } from '../../scenario/load.js';
import { EXIT } from '../exit-codes.js';
import { listenForInterrupt } from '../interrupt.js';
import { onThreads } from '../on-threads.js';
import { loadOptions, type ReplicationOptions } from '../options.js';
import { say } from '../output.js';
import { presentError } from '../present-error.js';
import { deliverResults, type Presentation } from '../save-results.js';

export interface PreStopCommandOptions extends ReplicationOptions {
  /** Share of requests. */
  readonly maxLoss: number;
  /** Seconds. */
  readonly maxSleep: number;
  readonly service?: string;
  readonly set?: readonly string[];
  readonly out?: string;
  readonly report: boolean;
}

export async function prestop(file: string, options: PreStopCommandOptions): Promise<number> {
  if (options.replications === 1) {
    throw userError('KH100', 'a single replication has no interval', 'use --replications 5 or more');
  }
  const experiment = loadExperiment(file, loadOptions(options, options.set));
  const subject = preStopSubject(experiment, options.service ?? null);
  const looks = looksOf(subject, options.replications);
  const directory = options.out ?? join('out', `${experiment.name}-prestop`);
  await prepareDirectory(directory);

  using interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const { maxLoss, maxSleep: maxSleepSeconds } = options;
  const grid = coarseGrid(maxSleepSeconds, null).map((sleepSeconds) => sleepVariant(subject, sleepSeconds, looks));
  const results = await onThreads([{ ...experiment, variants: grid }], options, (executor, onProgress) =>
    runPreStop(
      subject,
      { maxLoss, maxSleepSeconds, ...looks },
      { executor, signal, onProgress, overrides: options.set },
    ),
  );
  if (results === null) {
    say('kube-headroom: no replication had finished; nothing was written');
    return EXIT.interrupted;
  }

  const failure = await deliverResults(directory, results, options, PRESENTATION);
  if (failure !== null) return presentError(failure);
  return EXIT_OF_OUTCOME[results.preStop.outcome.status];
}

const EXIT_OF_OUTCOME: Record<PreStopOutcome['status'], number> = {
  found: EXIT.ok,
  unreachable: EXIT.missed,
  unmeasured: EXIT.missed,
  inconclusive: EXIT.inconclusive,
  interrupted: EXIT.interrupted,
};

const PRESENTATION: Presentation<PreStopResults> = {
  renderReport: async (results) => (await import('../../../reports/prestop-report.js')).renderPreStopReport(results),
  renderSummary: async (results, options) =>
    (await import('../../../reports/prestop-summary.js')).renderPreStopSummary(results, options),
};
