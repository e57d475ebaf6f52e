/**
 * Runs the search for a preStop sleep on an executor.
 *
 *   search --sleeps and replications--> tasks --executor--> measurements by (sleep, replication) --losses--> search
 *                                                                                              --> results
 *
 * All sleeps run under the same seed and replication numbers, so that pods start and stop alike. What is asked next depends on
 * losses alone, which do not depend on the number of threads.
 */

import { assembleResults } from './assemble.js';
import type { Executor, ReplicationOutcome, ReplicationTask } from './executor.js';
import {
  lossByCause,
  lossesOf,
  type PreStopAnswer,
  type PreStopResults,
  type SleepResult,
  workloadDifferenceSeconds,
  workloadSeconds,
} from './prestop-results.js';
import {
  judgeLoss,
  LAST_LOOK_FACTOR,
  type LossSource,
  type PreStopOutcome,
  searchSleep,
  type SleepRequest,
  UNSAFE_PROBABILITY,
} from './prestop-search.js';
import { gracePeriodFor, type PreStopSubject, sleepVariant } from './prestop-subject.js';
import { ReplicationError } from './replication-error.js';
import type { ReplicationMeasurements, Verdict } from './results.js';
import { ProgressTracker, type RunProgress } from './run-progress.js';
import type { Variant } from '../scenario/experiment.js';
import { estimateStatistic } from './statistics.js';
import { estimateMean } from '../stats/estimate.js';

const NS_PER_SECOND = 1e9;

/** Fewer give intervals that say nothing, and miss what happens once in a while. */
const LEAST_REPLICATIONS = 5;

export interface PreStopOptions {
  readonly maxLoss: number;
  readonly maxSleepSeconds: number;
  readonly firstLook: number;
  readonly lastLook: number;
}

export interface RunPreStopOptions {
  readonly executor: Executor;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: RunProgress) => void) | undefined;
  readonly overrides?: readonly string[] | undefined;
}

/** When to look at a sleep. `given`: what the user asked for expressly. */
export function looksOf(
  { scenario }: PreStopSubject,
  given: number | undefined,
): { firstLook: number; lastLook: number } {
  const { min, max } = scenario.replications;
  const firstLook = given ?? Math.max(min, LEAST_REPLICATIONS);
  return { firstLook, lastLook: Math.max(given === undefined ? max : 0, firstLook * LAST_LOOK_FACTOR) };
}

/** Throws ReplicationError when a replication fails. Null: interrupted with nothing to report. */
export async function runPreStop(
  subject: PreStopSubject,
  options: PreStopOptions,
  { executor, signal, onProgress, overrides = [] }: RunPreStopOptions,
): Promise<PreStopResults | null> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const runs = new SleepRuns(subject, options, executor, signal, onProgress);
  const outcome = await searchSleep(runs, { ...options, presentSleepSeconds: presentWholeSeconds(subject) });

  const finished = runs.finished();
  if (finished.length === 0) return null;
  const interrupted = outcome.status === 'interrupted';
  const wallSeconds = (performance.now() - startedMs) / 1000;
  const results = assembleResults(
    { ...subject.experiment, variants: finished.map(({ variant }) => variant), objectives: [], expectations: [] },
    finished,
    { partial: interrupted, overrides, timing: { startedAt, wallSeconds, threads: executor.threads } },
  );
  const { schemaVersion, manifest, name, description, question, partial, ...rest } = results;
  const preStop = answerOf(subject, options, outcome, finished);
  return {
    schemaVersion,
    manifest,
    name,
    description,
    question,
    partial,
    preStop,
    ...rest,
    verdict: VERDICTS[outcome.status],
  };
}

const VERDICTS: Record<PreStopOutcome['status'], Verdict> = {
  found: 'pass',
  unreachable: 'fail',
  inconclusive: 'inconclusive',
  unmeasured: 'error',
  interrupted: 'inconclusive',
};

/** Null when it is no whole number of seconds: it then does not fit between the sleeps that are tried. */
function presentWholeSeconds({ service }: PreStopSubject): number | null {
  const seconds = service.preStop.sleepNs / NS_PER_SECOND;
  return Number.isInteger(seconds) ? seconds : null;
}

interface SleepRun {
  readonly sleepSeconds: number;
  readonly variant: Variant;
  /** By replication number; missing ones are running, failed or were interrupted. */
  readonly measurements: ReplicationMeasurements[];
}

interface SleepTask extends ReplicationTask {
  readonly order: number;
  readonly run: SleepRun;
}

/** The sleeps tried so far. */
class SleepRuns implements LossSource {
  readonly #subject: PreStopSubject;
  readonly #options: PreStopOptions;
  readonly #executor: Executor;
  readonly #signal: AbortSignal | undefined;
  readonly #tracker: ProgressTracker;
  readonly #runs = new Map<number, SleepRun>();

  constructor(
    subject: PreStopSubject,
    options: PreStopOptions,
    executor: Executor,
    signal: AbortSignal | undefined,
    onProgress: ((progress: RunProgress) => void) | undefined,
  ) {
    this.#subject = subject;
    this.#options = options;
    this.#executor = executor;
    this.#signal = signal;
    this.#tracker = new ProgressTracker(onProgress);
  }

  lossesOf(sleepSeconds: number): readonly number[] {
    return lossesOf(this.#runs.get(sleepSeconds)?.measurements ?? []);
  }

  /** Those with a replication, by sleep. An interrupt leaves holes where replications were running: filter skips them. */
  finished(): SleepRun[] {
    return [...this.#runs.values()]
      .map((run) => ({ ...run, measurements: run.measurements.filter(() => true) }))
      .filter(({ measurements }) => measurements.length > 0)
      .sort((a, b) => a.sleepSeconds - b.sleepSeconds);
  }

  async measure(requests: readonly SleepRequest[]): Promise<boolean> {
    const tasks = this.#missing(requests);
    let failure: { readonly task: SleepTask; readonly outcome: ReplicationOutcome & { ok: false } } | null = null;
    const untilFailure = function* (): Generator<SleepTask, void, undefined> {
      for (const task of tasks) if (failure === null) yield task;
    };
    this.#tracker.plan(tasks.length);
    if (tasks.length > 0 && this.#signal?.aborted !== true) {
      await this.#executor.run(untilFailure(), {
        signal: this.#signal,
        onDone: (task, outcome) => {
          if (outcome.ok) task.run.measurements[task.replication] = outcome.measurements;
          else if (failure === null || task.order < failure.task.order) failure = { task, outcome };
          this.#tracker.done(task, outcome);
        },
        onProgress: (task, fraction, events) => this.#tracker.running(task, fraction, events),
      });
    }
    this.#throwIf(failure);
    return requests.every((request) => isComplete(this.#runOf(request.sleepSeconds), request.replications));
  }

  /** The first replication of all sleeps, then the second, and so on. */
  #missing(requests: readonly SleepRequest[]): SleepTask[] {
    const tasks: SleepTask[] = [];
    const most = Math.max(...requests.map(({ replications }) => replications));
    for (let replication = 0; replication < most; replication++) {
      for (const { sleepSeconds, replications } of requests) {
        const run = this.#runOf(sleepSeconds);
        if (replication >= replications || run.measurements[replication] !== undefined) continue;
        tasks.push({ scenario: run.variant.scenario, replication, order: tasks.length, run });
      }
    }
    return tasks;
  }

  #runOf(sleepSeconds: number): SleepRun {
    const known = this.#runs.get(sleepSeconds);
    if (known !== undefined) return known;
    const run = { sleepSeconds, variant: sleepVariant(this.#subject, sleepSeconds, this.#options), measurements: [] };
    this.#runs.set(sleepSeconds, run);
    return run;
  }

  #throwIf(failure: { readonly task: SleepTask; readonly outcome: ReplicationOutcome & { ok: false } } | null): void {
    if (failure === null) return;
    const { run, replication } = failure.task;
    const { name, scenario } = run.variant;
    const { file } = this.#subject.experiment;
    throw new ReplicationError(file, name, replication, scenario.seed, failure.outcome.error);
  }
}

function isComplete({ measurements }: SleepRun, replications: number): boolean {
  for (let replication = 0; replication < replications; replication++) {
    if (measurements[replication] === undefined) return false;
  }
  return true;
}

function answerOf(
  { scenario, service }: PreStopSubject,
  { maxLoss, maxSleepSeconds }: PreStopOptions,
  outcome: PreStopOutcome,
  runs: readonly SleepRun[],
): PreStopAnswer {
  const of = (sleepSeconds: number): readonly ReplicationMeasurements[] =>
    runs.find((run) => run.sleepSeconds === sleepSeconds)?.measurements ?? [];
  return {
    service: service.name,
    maxLoss,
    maxSleepSeconds,
    outcome,
    unsafeProbability: UNSAFE_PROBABILITY,
    terminationGracePeriodSeconds: outcome.status === 'found' ? gracePeriodFor(scenario, outcome.sleepSeconds) : null,
    workloadLongerBySeconds:
      outcome.status === 'found' ? workloadDifferenceSeconds(of(outcome.sleepSeconds), of(0)) : null,
    present: {
      preStopSleepSeconds: service.preStop.sleepNs / NS_PER_SECOND,
      terminationGracePeriodSeconds: service.terminationGracePeriodSeconds,
      shutdownP99Seconds: scenario.pods.shutdownNs.p99 / NS_PER_SECOND,
      strategy: strategyOf(scenario, service.name),
    },
    sleeps: runs.map((run) => sleepResult(run, service.name, maxLoss)),
  };
}

/** Recreate if any of its rollouts is one, as then that decides what is lost. */
function strategyOf({ workload }: PreStopSubject['scenario'], service: string): 'RollingUpdate' | 'Recreate' {
  const recreates = workload.some(
    (action) => action.kind === 'rollingUpdate' && action.service === service && action.strategy === 'Recreate',
  );
  return recreates ? 'Recreate' : 'RollingUpdate';
}

function sleepResult({ sleepSeconds, variant, measurements }: SleepRun, service: string, maxLoss: number): SleepResult {
  const losses = lossesOf(measurements);
  const loss = losses.length === 0 ? null : estimateMean(losses);
  const settings = variant.scenario.services.find(({ name }) => name === service)!;
  return {
    sleepSeconds,
    terminationGracePeriodSeconds: settings.terminationGracePeriodSeconds,
    replications: measurements.length,
    loss,
    verdict: loss === null ? 'undecided' : judgeLoss(loss, maxLoss),
    lostRequests: losses.length === 0 ? null : estimateStatistic(measurements, 'requests_lost_total', 'value'),
    lossByCause: lossByCause(measurements),
    workloadSeconds: workloadSeconds(measurements),
  };
}
