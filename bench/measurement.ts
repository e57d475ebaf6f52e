import { Bench, type TimestampProvider } from 'tinybench';

import { prepareReferenceKernel } from './reference-kernel.js';
import type { Task } from './suite.js';

/** What one process measured of one task. */
export interface Measurement {
  /** CPU time per operation. */
  readonly nsPerOperation: number;
  /** CPU time of a call over that of the reference kernel. What the gate compares. */
  readonly ratioToReference: number;
  /** `Task.check`'s result. */
  readonly check?: string;
}

/** CPU time of this process, in microseconds. Wall time on a busy machine measures the neighbours. */
const cpuTime: TimestampProvider = {
  name: 'process.cpuUsage',
  fn: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  toMs: (microseconds) => Number(microseconds) / 1000,
  fromMs: (ms) => ms * 1000,
};

/** Task and reference kernel take turns this often in a measurement, so that a slow moment of the machine slows both. */
const TURNS = 8;

/**
 * Measures a task and the reference kernel in this process, which should have measured nothing else.
 *
 * Of each, the fastest call counts: what disturbs a call (a neighbour on the core, a collection of garbage) makes it slower,
 * never faster.
 *
 * @param timeMs CPU time to spend on each of the two, after a warm-up of a third of it
 */
export async function measure(task: Task, timeMs: number): Promise<Measurement> {
  const reference = prepareReferenceKernel();
  const call = task.prepare();
  let leastReferenceMs = Infinity;
  let leastCallMs = Infinity;
  for (let turn = 0; turn < TURNS; turn++) {
    const bench = new Bench({
      time: timeMs / TURNS,
      iterations: 1,
      warmup: turn === 0,
      warmupTime: timeMs / 3,
      warmupIterations: 1,
      timestampProvider: cpuTime,
      throws: true,
    });
    bench.add('reference', reference).add('task', call);
    await bench.run();
    const [referenceMs, callMs] = bench.tasks.map(({ result }) => {
      if (result.state !== 'completed') throw new Error(`the measurement ended as '${result.state}'`);
      return result.latency.min;
    });
    if (referenceMs === undefined || callMs === undefined || !(referenceMs > 0) || !(callMs > 0)) {
      throw new Error('the clock of this machine is too coarse: a call took no CPU time');
    }
    leastReferenceMs = Math.min(leastReferenceMs, referenceMs);
    leastCallMs = Math.min(leastCallMs, callMs);
  }
  return {
    nsPerOperation: (leastCallMs * 1e6) / task.operations,
    ratioToReference: leastCallMs / leastReferenceMs,
    // After the measurement, which it must not influence.
    ...(task.check !== undefined && { check: task.check.result() }),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
