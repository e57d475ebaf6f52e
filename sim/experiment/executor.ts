/**
 * Where replications run: an executor takes tasks and reports each outcome. Two implementations, one behaviour, which one
 * conformance suite holds them to (executor.test.ts):
 *
 *   inline-executor.ts   in this thread: for tests, debuggers and profilers
 *   thread-executor.ts   on worker threads: what the commands use
 *
 * Rules that every executor keeps:
 * 1. Tasks start in the order given, and are drawn only when one can start: a generator sees the outcomes so far.
 * 2. Outcomes arrive in any order. Whoever needs an order stores them by task.
 * 3. A task that throws is an outcome, never a rejection: one bad replication does not take the others with it.
 * 4. After an abort `run` resolves soon, and tasks that had not finished are never reported.
 */

import type { Scenario } from '../model/scenario.js';
import type { ReplicationMeasurements } from './results.js';

export interface ReplicationTask {
  readonly scenario: Scenario;
  readonly replication: number;
}

/** An error as plain data: class, code and fields of an Error do not survive the way from a worker thread. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly stack: string | null;
}

export type ReplicationOutcome =
  | { readonly ok: true; readonly measurements: ReplicationMeasurements }
  | { readonly ok: false; readonly error: ErrorData };

export interface ExecutorRunOptions<Task extends ReplicationTask> {
  readonly signal?: AbortSignal | undefined;
  readonly onDone: (task: Task, outcome: ReplicationOutcome) => void;
  /** A sign of life from a running task: the share of it that is done, and its events so far. */
  readonly onProgress?: ((task: Task, fraction: number, events: number) => void) | undefined;
}

export interface Executor {
  /** How many tasks run at the same time; 0: inline, one after the other in this thread. */
  readonly threads: number;
  run<Task extends ReplicationTask>(tasks: Iterable<Task>, options: ExecutorRunOptions<Task>): Promise<void>;
  close(): Promise<void>;
}

/** The model's entry: a pure function of scenario and replication number. */
export type RunReplication = (
  scenario: Scenario,
  replication: number,
  onProgress?: (fraction: number, events: number) => void,
) => ReplicationMeasurements;

export function toErrorData(thrown: unknown): ErrorData {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), code: null, stack: null };
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
  return { name: thrown.name, message: thrown.message, code, stack: thrown.stack ?? null };
}
