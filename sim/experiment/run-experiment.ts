/**
 * Runs experiments: all replications of all variants, in rounds until each has enough, then joined to results.
 *
 *   experiments --plan a round--> tasks --executor--> outcomes, stored by (variant, replication) --enough?--> next round
 *                                                                                                --> Results
 *
 * Results depend neither on the number of threads nor on the order in which replications finish: outcomes are stored by
 * number, and whether to go on is decided between rounds, when all of a round are in.
 */

import type { Experiment, Variant } from '../scenario/experiment.js';
import type { Executor, ReplicationOutcome, ReplicationTask } from './executor.js';
import { assembleResults, type RunTiming } from './assemble.js';
import { ReplicationError } from './replication-error.js';
import { nextRound, type ReplicatedVariant } from './replication-policy.js';
import type { ReplicationMeasurements, Results } from './results.js';
import { ProgressTracker, type RunProgress } from './run-progress.js';

export interface RunExperimentsOptions {
  readonly executor: Executor;
  /** Aborted: running replications are killed, and the results hold those that had finished. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: RunProgress) => void) | undefined;
  /** The --set arguments, for the manifest. */
  readonly overrides?: readonly string[] | undefined;
}

export type ExperimentOutcome =
  | { readonly status: 'done'; readonly results: Results }
  | { readonly status: 'failed'; readonly error: ReplicationError }
  /** Interrupted before the first replication finished: there is nothing to report. */
  | { readonly status: 'nothing' };

interface VariantRun {
  readonly variant: Variant;
  /** By replication number; missing ones are running, failed or were interrupted. */
  readonly finished: ReplicationMeasurements[];
  planned: number;
}

interface ExperimentRun {
  readonly experiment: Experiment;
  readonly variants: readonly VariantRun[];
  failure: { readonly task: Task; readonly outcome: ReplicationOutcome & { ok: false } } | null;
}

interface Task extends ReplicationTask {
  readonly order: number;
  readonly run: ExperimentRun;
  readonly variant: VariantRun;
}

/** Runs one experiment; throws ReplicationError when a replication fails. Null: interrupted with nothing to report. */
export async function runExperiment(experiment: Experiment, options: RunExperimentsOptions): Promise<Results | null> {
  const [outcome] = await runExperiments([experiment], options);
  if (outcome?.status === 'failed') throw outcome.error;
  return outcome?.status === 'done' ? outcome.results : null;
}

/** Runs several experiments on one executor, so that small ones do not leave threads idle. Outcomes are in their order. */
export async function runExperiments(
  experiments: readonly Experiment[],
  { executor, signal, onProgress, overrides = [] }: RunExperimentsOptions,
): Promise<ExperimentOutcome[]> {
  const startedAt = new Date();
  const startedMs = performance.now();
  const runs = experiments.map((experiment): ExperimentRun => ({
    experiment,
    variants: experiment.variants.map((variant) => ({ variant, finished: [], planned: 0 })),
    failure: null,
  }));
  const tracker = new ProgressTracker(onProgress);
  const interrupted = (): boolean => signal?.aborted === true;

  while (!interrupted()) {
    const tasks = planRound(runs);
    if (tasks.length === 0) break;
    tracker.plan(tasks.length);
    await executor.run(ofHealthyRuns(tasks), {
      signal,
      onDone: (task, outcome) => {
        store(task, outcome);
        tracker.done(task, outcome);
      },
      onProgress: (task, fraction, events) => tracker.running(task, fraction, events),
    });
  }

  const timing: RunTiming = {
    startedAt: startedAt.toISOString(),
    wallSeconds: (performance.now() - startedMs) / 1000,
    threads: executor.threads,
  };
  return runs.map((run) => outcomeOf(run, interrupted(), timing, overrides));
}

/** The tasks of every experiment's next round: all variants' first replication, then all their second ones, and so on. */
function planRound(runs: readonly ExperimentRun[]): Task[] {
  const tasks: Task[] = [];
  for (const run of runs) {
    if (run.failure !== null) continue;
    const replicated = run.variants.map(({ variant, finished }) => ({ variant, measurements: finished }));
    const targets = nextRound(run.experiment, replicated);
    for (const [index, variant] of run.variants.entries()) variant.planned = targets[index] ?? 0;
    for (let replication = 0; replication < Math.max(...targets); replication++) {
      for (const variant of run.variants) {
        if (replication >= variant.finished.length && replication < variant.planned) {
          const { scenario } = variant.variant;
          tasks.push({ scenario, replication, order: tasks.length, run, variant });
        }
      }
    }
  }
  return tasks;
}

/**
 * Leaves out what is left of an experiment with a failed replication. Tasks start in order and those that run are waited
 * for, so the failure with the lowest order is found on any number of threads: the same error every time.
 */
function* ofHealthyRuns(tasks: readonly Task[]): Generator<Task, void, undefined> {
  for (const task of tasks) if (task.run.failure === null) yield task;
}

function store(task: Task, outcome: ReplicationOutcome): void {
  const { run, variant, replication } = task;
  if (outcome.ok) variant.finished[replication] = outcome.measurements;
  else if (run.failure === null || task.order < run.failure.task.order) run.failure = { task, outcome };
}

function outcomeOf(
  { experiment, variants, failure }: ExperimentRun,
  interrupted: boolean,
  timing: RunTiming,
  overrides: readonly string[],
): ExperimentOutcome {
  if (failure !== null) {
    const { task, outcome } = failure;
    const { name, scenario } = task.variant.variant;
    const error = new ReplicationError(experiment.file, name, task.replication, scenario.seed, outcome.error);
    return { status: 'failed', error };
  }
  // An interrupt leaves holes where replications were running: filter skips them.
  const replicated = variants.map(({ variant, finished }) => ({ variant, measurements: finished.filter(() => true) }));
  if (replicated.every(({ measurements }) => measurements.length === 0)) return { status: 'nothing' };
  const partial = interrupted && wasCutOff(experiment, variants, replicated);
  return { status: 'done', results: assembleResults(experiment, replicated, { partial, overrides, timing }) };
}

/** Whether replications are missing, of this round or of one to come: an interrupt after the last one has done no harm. */
function wasCutOff(
  experiment: Experiment,
  variants: readonly VariantRun[],
  replicated: readonly ReplicatedVariant[],
): boolean {
  const targets = nextRound(experiment, replicated);
  return replicated.some(
    ({ measurements: { length } }, index) => length < (variants[index]?.planned ?? 0) || length < (targets[index] ?? 0),
  );
}
