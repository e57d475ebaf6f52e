/**
 * Runs replications on worker threads, by Piscina.
 *
 * One lane per thread draws the next task when its last one is done, instead of queueing all tasks in the pool: queued
 * tasks cost memory, and a task not yet drawn can still be called off.
 */

import { Piscina } from 'piscina';

import { type Executor, type ReplicationOutcome, toErrorData } from './executor.js';
import { builtFile } from './package-files.js';
import type { ProgressMessage, WorkRequest } from './worker-protocol.js';

export function threadExecutor(threads: number, workerFile: URL = builtFile('sim/experiment/worker.js')): Executor {
  // Piscina's defaults stop idle threads at once and start new ones for the next burst; equal bounds keep them.
  const pool = new Piscina<WorkRequest, ReplicationOutcome>({
    filename: workerFile.href,
    minThreads: threads,
    maxThreads: threads,
  });
  const progressListeners = new Map<number, (fraction: number, events: number) => void>();
  pool.on('message', ({ id, fraction, events }: ProgressMessage) => progressListeners.get(id)?.(fraction, events));
  let requests = 0;
  // Kept here because a closed pool starts a new thread when it is asked to run something.
  let closed = false;
  const close = async (): Promise<void> => {
    closed = true;
    await pool.destroy();
  };
  // A replication never looks up from its work, so an abort takes the threads down with what they are doing.
  const abort = (): void => void close();

  return {
    threads,
    async run(tasks, { signal, onDone, onProgress }) {
      if (closed) throw new Error('the executor is closed');
      const queue = tasks[Symbol.iterator]();
      const aborted = (): boolean => signal?.aborted === true;
      const lane = async (): Promise<void> => {
        for (let next = queue.next(); next.done !== true; next = queue.next()) {
          if (aborted()) return;
          const task = next.value;
          const id = requests++;
          progressListeners.set(id, (fraction, events) => onProgress?.(task, fraction, events));
          let outcome: ReplicationOutcome;
          try {
            outcome = await pool.run({ id, scenario: task.scenario, replication: task.replication });
          } catch (error) {
            // The thread itself went down: out of memory, stack overflow, or destroyed by an abort.
            outcome = { ok: false, error: toErrorData(error) };
          } finally {
            progressListeners.delete(id);
          }
          if (aborted()) return;
          onDone(task, outcome);
        }
      };
      signal?.addEventListener('abort', abort);
      try {
        await Promise.all(Array.from({ length: threads }, lane));
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },
    close,
  };
}
