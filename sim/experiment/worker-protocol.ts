/** What crosses between the thread executor and its workers, and the worker's side of it. */

import { parentPort } from 'node:worker_threads';

import { type ReplicationOutcome, type ReplicationTask, type RunReplication, toErrorData } from './executor.js';

export interface WorkRequest extends ReplicationTask {
  /** Names the task in progress messages. */
  readonly id: number;
}

export interface ProgressMessage {
  readonly id: number;
  readonly fraction: number;
  readonly events: number;
}

/** Five a second is all that a progress line can show, and nothing that the main thread notices. */
const PROGRESS_INTERVAL_MS = 200;

/** The function that a worker file exports: it returns errors as data, because thrown ones lose their class and code. */
export function replicationWorker(runReplication: RunReplication): (request: WorkRequest) => ReplicationOutcome {
  return ({ id, scenario, replication }) => {
    let reportedMs = performance.now();
    const onProgress = (fraction: number, events: number): void => {
      const nowMs = performance.now();
      if (nowMs - reportedMs < PROGRESS_INTERVAL_MS) return;
      reportedMs = nowMs;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin, windows have
      parentPort?.postMessage({ id, fraction, events } satisfies ProgressMessage);
    };
    try {
      return { ok: true, measurements: runReplication(scenario, replication, onProgress) };
    } catch (error) {
      return { ok: false, error: toErrorData(error) };
    }
  };
}
