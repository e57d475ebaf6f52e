/** What every simulating command does around the simulation: threads before and after, progress meanwhile. */

import type { Executor } from '../experiment/executor.js';
import type { RunProgress } from '../experiment/run-progress.js';
import { threadExecutor } from '../experiment/thread-executor.js';
import type { Experiment } from '../scenario/experiment.js';
import type { ReplicationOptions } from './options.js';
import { progressLine } from './progress-line.js';

export async function onThreads<Result>(
  experiments: readonly Experiment[],
  { threads, quiet }: ReplicationOptions,
  simulate: (executor: Executor, onProgress: (progress: RunProgress) => void) => Promise<Result>,
): Promise<Result> {
  // A thread costs a tenth of a second to start: no more of them than there can be replications.
  const mostReplications = experiments
    .flatMap(({ variants }) => variants)
    .reduce((sum, { scenario }) => sum + scenario.replications.max, 0);
  const executor = threadExecutor(Math.min(threads, mostReplications));
  const progress = progressLine(process.stderr, quiet === true);
  try {
    return await simulate(executor, (state) => progress.update(state));
  } finally {
    progress.clear();
    await executor.close();
  }
}
