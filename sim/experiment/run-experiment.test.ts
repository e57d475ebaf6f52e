import { describe, expect, it } from 'vitest';

import type { Experiment } from '../scenario/experiment.js';
import type { Executor } from './executor.js';
import { inlineExecutor } from './inline-executor.js';
import { builtFile } from './package-files.js';
import { formatResults } from './results-file.js';
import type { Results } from './results.js';
import { runExperiment, runExperiments } from './run-experiment.js';
import type { RunProgress } from './run-progress.js';
import { FAKE_OBJECTIVE, fakeExperiment, fakeReplication, fakeVariant } from './testing/fake-replication.js';
import { threadExecutor } from './thread-executor.js';

const inline = (): Executor => inlineExecutor(fakeReplication);

/** Runs a whole round, and reports its outcomes last one first. */
const backwards: Executor = {
  threads: 0,
  async run(tasks, { onDone }) {
    await Promise.resolve();
    for (const task of [...tasks].toReversed()) {
      onDone(task, { ok: true, measurements: fakeReplication(task.scenario, task.replication) });
    }
  },
  close: () => Promise.resolve(),
};

const comparison: Experiment = {
  ...fakeExperiment(
    [
      fakeVariant('baseline', { kind: 'values', values: [10, 10.2, 10.1] }, { max: 9, precision: 0.05 }),
      fakeVariant('other', { kind: 'values', values: [20, 50, 20] }, { max: 9, precision: 0.05 }),
    ],
    [FAKE_OBJECTIVE],
  ),
  expectations: [
    {
      id: 'A-writes',
      variant: 'other',
      metric: 'endpoint_writes_total',
      statistic: 'value',
      value: 14,
      tolerance: 0.01,
      source: 'a table',
      bound: null,
      inconsistent: null,
    },
  ],
};

/** What must be the same for every executor: all of the results file but the block `timing`. */
async function untimed(experiment: Experiment, executor: Executor): Promise<string> {
  const results = await runExperiment(experiment, { executor });
  await executor.close();
  if (results === null) throw new Error('no results');
  const { timing: _timing, ...rest } = results;
  return formatResults(rest as Results);
}

/** The comparison, interrupted when `count` replications are done. */
async function interruptedAfter(count: number): Promise<Results | null> {
  const controller = new AbortController();
  return runExperiment(comparison, {
    executor: inline(),
    signal: controller.signal,
    onProgress: ({ replicationsDone }) => replicationsDone === count && controller.abort(),
  });
}

describe('runExperiment', () => {
  it('runs all variants as long as one needs it, judges them and records what ran', async () => {
    const results = await runExperiment(comparison, { executor: inline(), overrides: ['cluster.nodes=10'] });
    expect(results).toMatchObject({
      schemaVersion: 1,
      manifest: { tool: 'kube-headroom', scenarioFile: 'fake.yaml', seed: 7, overrides: ['cluster.nodes=10'] },
      partial: false,
      verdict: 'inconclusive',
      variants: [
        { name: 'baseline', replications: 9, nodes: 10, warnings: [] },
        { name: 'other', replications: 9, warnings: [expect.stringMatching(/^precision not met/)] },
      ],
      objectives: [
        { variant: 'baseline', verdict: 'pass' },
        { variant: 'other', verdict: 'inconclusive' },
      ],
      expectations: [{ id: 'A-writes', simulated: 14, verdict: 'match' }],
      timing: { threads: 0 },
    });
    expect(results?.variants[0]?.fingerprints.slice(0, 2)).toEqual(['fake/7/0', 'fake/7/1']);
  });

  it('gives the same bytes inline, backwards, and on one and three threads', async () => {
    const worker = builtFile('sim/experiment/testing/fake-worker.js');
    const expected = await untimed(comparison, inline());
    expect(await untimed(comparison, backwards)).toBe(expected);
    expect(await untimed(comparison, threadExecutor(1, worker))).toBe(expected);
    expect(await untimed(comparison, threadExecutor(3, worker))).toBe(expected);
  });

  it('names variant, replication and seed of the first failing replication, and runs no more than needed', async () => {
    const failing = fakeExperiment([
      fakeVariant('good', { kind: 'no samples' }, { min: 100 }),
      fakeVariant('bad', { kind: 'throws at', replication: 2 }, { min: 100 }),
    ]);
    let done = 0;
    const onProgress = ({ replicationsDone }: RunProgress): void => void (done = replicationsDone);
    await expect(runExperiment(failing, { executor: inline(), onProgress })).rejects.toMatchObject({
      code: 'KH201',
      message: 'fake.yaml: replication 2 of variant "bad" failed (seed 7): no luck in replication 2',
      stack: expect.stringContaining('fake-replication') as unknown,
    });
    expect(done).toBe(6);
  });

  it('keeps the finished replications of an interrupted run, marked as partial and without a verdict', async () => {
    expect(await interruptedAfter(3)).toMatchObject({
      partial: true,
      verdict: 'inconclusive',
      variants: [{ replications: 2 }, { replications: 1 }],
    });
  });

  it('is partial when it is interrupted between two rounds, and whole when nothing was left to do', async () => {
    expect(await interruptedAfter(6)).toMatchObject({
      partial: true,
      variants: [{ replications: 3 }, { replications: 3 }],
    });
    expect(await interruptedAfter(18)).toMatchObject({ partial: false });
  });

  it('has no results when it is interrupted before a replication finished', async () => {
    expect(await runExperiment(comparison, { executor: inline(), signal: AbortSignal.abort() })).toBeNull();
  });

  it('reports progress that ends with everything done', async () => {
    const states: RunProgress[] = [];
    await runExperiment(comparison, { executor: inline(), onProgress: (state) => states.push(state) });
    expect(states[0]).toEqual({
      replicationsDone: 0,
      replicationsPlanned: 6,
      workDone: 0.5,
      events: 50,
      deliveries: 0,
    });
    expect(states.at(-1)).toEqual({
      replicationsDone: 18,
      replicationsPlanned: 18,
      workDone: 18,
      events: 1800,
      deliveries: 18_000,
    });
  });
});

describe('runExperiments', () => {
  it('does not let a failing experiment take the others with it', async () => {
    const failing = fakeExperiment([fakeVariant('bad', { kind: 'throws at', replication: 0 })]);
    const outcomes = await runExperiments([failing, comparison], { executor: inline() });
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'done']);
  });
});
