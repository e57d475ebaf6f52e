/** Runs replications one after the other in the calling thread: no thread, no copy, and an honest stack trace. */

import { setImmediate as nextTurn } from 'node:timers/promises';

import { type Executor, type ReplicationOutcome, type RunReplication, toErrorData } from './executor.js';

export function inlineExecutor(runReplication: RunReplication): Executor {
  let closed = false;
  return {
    threads: 0,
    async run(tasks, { signal, onDone, onProgress }) {
      if (closed) throw new Error('the executor is closed');
      for (const task of tasks) {
        // A replication blocks the thread: between two of them signals and timers get their turn.
        await nextTurn();
        if (signal?.aborted === true) return;
        let outcome: ReplicationOutcome;
        try {
          const measurements = runReplication(task.scenario, task.replication, (fraction, events) =>
            onProgress?.(task, fraction, events),
          );
          outcome = { ok: true, measurements };
        } catch (error) {
          outcome = { ok: false, error: toErrorData(error) };
        }
        onDone(task, outcome);
      }
    },
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
}
