import { afterEach, describe, expect, it } from 'vitest';

import type { Executor, ReplicationOutcome, ReplicationTask } from './executor.js';
import { inlineExecutor } from './inline-executor.js';
import { builtFile } from './package-files.js';
import { type FakeBehaviour, fakeReplication, fakeScenario } from './testing/fake-replication.js';
import { threadExecutor } from './thread-executor.js';

const fakeWorker = builtFile('sim/experiment/testing/fake-worker.js');

const tasksOf = (behaviour: FakeBehaviour, count: number): ReplicationTask[] =>
  Array.from({ length: count }, (_, replication) => ({ scenario: fakeScenario(behaviour), replication }));

let executor: Executor;
afterEach(() => executor.close());

async function outcomesOf(tasks: Iterable<ReplicationTask>, signal?: AbortSignal): Promise<ReplicationOutcome[]> {
  const outcomes: ReplicationOutcome[] = [];
  const onDone = (task: ReplicationTask, outcome: ReplicationOutcome) => (outcomes[task.replication] = outcome);
  await executor.run(tasks, { signal, onDone });
  return outcomes;
}

describe.each([
  ['inline', () => inlineExecutor(fakeReplication)],
  ['one thread', () => threadExecutor(1, fakeWorker)],
  ['three threads', () => threadExecutor(3, fakeWorker)],
])('executor: %s', (_name, create) => {
  it('gives for every task what the replication function gives', async () => {
    executor = create();
    const tasks = tasksOf({ kind: 'values', values: [1, 2, 3] }, 7);
    const expected = tasks.map(({ scenario, replication }) => ({
      ok: true,
      measurements: fakeReplication(scenario, replication),
    }));
    expect(await outcomesOf(tasks)).toEqual(expected);
  });

  it('turns a throwing task into an outcome and goes on with the others', async () => {
    executor = create();
    const outcomes = await outcomesOf(tasksOf({ kind: 'throws at', replication: 2 }, 4));
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, false, false]);
    expect(outcomes[3]).toMatchObject({ error: { name: 'RangeError', message: 'no luck in replication 3' } });
  });

  it('draws a task only when it can start, so that a generator sees the outcomes so far', async () => {
    executor = create();
    let failed = false;
    let drawn = 0;
    function* untilFailure() {
      for (const task of tasksOf({ kind: 'throws at', replication: 0 }, 100)) {
        if (failed) return;
        drawn++;
        yield task;
      }
    }
    await executor.run(untilFailure(), { onDone: (_task, { ok }) => (failed ||= !ok) });
    expect(drawn).toBeLessThanOrEqual(Math.max(1, executor.threads));
  });

  it('can run again, but not after it is closed', async () => {
    executor = create();
    const tasks = tasksOf({ kind: 'no samples' }, 2);
    expect(await outcomesOf(tasks)).toHaveLength(2);
    expect(await outcomesOf(tasks)).toHaveLength(2);
    await executor.close();
    await expect(outcomesOf(tasks)).rejects.toThrow('closed');
  });

  it('runs nothing under a signal that is already aborted', async () => {
    executor = create();
    expect(await outcomesOf(tasksOf({ kind: 'no samples' }, 2), AbortSignal.abort())).toEqual([]);
  });

  it('reports no task that had not finished at the abort', async () => {
    executor = create();
    const controller = new AbortController();
    const finished: number[] = [];
    await executor.run(tasksOf({ kind: 'no samples' }, 1000), {
      signal: controller.signal,
      onDone: ({ replication }) => {
        finished.push(replication);
        controller.abort();
      },
    });
    expect(finished).toHaveLength(1);
  });
});

describe('thread executor', () => {
  it('kills running replications at an abort', async () => {
    executor = threadExecutor(2, fakeWorker);
    const controller = new AbortController();
    let signs = 0;
    await executor.run(tasksOf({ kind: 'never ends' }, 4), {
      signal: controller.signal,
      onDone: () => expect.unreachable(),
      onProgress: (_task, fraction, events) => {
        signs++;
        expect(fraction).toBe(0.5);
        expect(events).toBeGreaterThan(0);
        controller.abort();
      },
    });
    expect(signs).toBeGreaterThan(0);
  });

  it('survives a thread that goes down, as a failure of its task only', async () => {
    executor = threadExecutor(1, fakeWorker);
    const tasks = [...tasksOf({ kind: 'crashes' }, 1), ...tasksOf({ kind: 'no samples' }, 3).slice(1)];
    expect((await outcomesOf(tasks)).map(({ ok }) => ok)).toEqual([false, true, true]);
  });

  it('says so when the worker file is missing', async () => {
    executor = threadExecutor(1, builtFile('sim/experiment/no-such-worker.js'));
    expect(await outcomesOf(tasksOf({ kind: 'no samples' }, 1))).toMatchObject([
      { ok: false, error: { message: expect.stringContaining('no-such-worker') as unknown } },
    ]);
  });
});
