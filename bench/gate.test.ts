import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Baseline, compareWithBaseline } from './baseline.js';
import { taskId } from './suite.js';
import { suites } from './suites/index.js';

const baselineOf = (ratios: Record<string, number>): Baseline => ({ node: 'v20', ratios });

/** The verdicts at 25 % tolerance. */
function compare(measured: Record<string, number>, ratios: Record<string, number>): string[] {
  return compareWithBaseline(new Map(Object.entries(measured)), baselineOf(ratios), 0.25).map(({ status }) => status);
}

describe('compareWithBaseline', () => {
  test('passes what is as fast, faster, or slower within the tolerance', () => {
    expect(compare({ a: 1, b: 0.5, c: 1.25 }, { a: 1, b: 1, c: 1 })).toEqual(['ok', 'ok', 'ok']);
  });

  test('fails what is slower than that', () => {
    expect(compare({ a: 1.26 }, { a: 1 })).toEqual(['slower']);
  });

  test('fails a task without an entry, and an entry without a task', () => {
    expect(compare({ a: 1 }, {})).toEqual(['not in baseline']);
    expect(compare({}, { a: 1 })).toEqual(['not measured']);
  });

  test('fails numbers that are none', () => {
    expect(compare({ a: Number.NaN }, { a: 1 })).toEqual(['slower']);
    expect(compare({ a: 1 }, { a: 0 })).toEqual(['not in baseline']);
  });
});

test('the committed baseline has the gated tasks, all and only', () => {
  const gated = suites.flatMap((suite) =>
    suite.tasks.filter((task) => task.gated === true).map((task) => taskId(suite, task)),
  );
  const path = fileURLToPath(new URL('baseline.json', import.meta.url));
  const baseline = JSON.parse(readFileSync(path, 'utf8')) as Baseline;
  expect(Object.keys(baseline.ratios).toSorted()).toEqual(gated.toSorted());
});

test('tasks have names of their own, and requirements name tasks', () => {
  for (const { tasks, requirements } of suites) {
    const names = tasks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { faster, slower } of requirements ?? [])
      expect(names).toEqual(expect.arrayContaining([faster, slower]));
  }
});

describe('the gate, end to end', () => {
  const gate = fileURLToPath(new URL('../dist/bench/gate.js', import.meta.url));
  const id = 'histogram/recordAll';
  let directory: string;

  beforeAll(() => {
    if (!existsSync(gate)) throw new Error('dist/ is missing: run `npm run build` first (`npm test` does)');
    directory = mkdtempSync(join(tmpdir(), 'bench-gate-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const run = (ratios: Record<string, number> | undefined, env: Record<string, string> = {}, ...args: string[]) => {
    const path = join(directory, 'baseline.json');
    rmSync(path, { force: true });
    if (ratios !== undefined) writeFileSync(path, JSON.stringify(baselineOf(ratios)));
    const options = ['--tasks', id, '--processes', '1', '--time', '20', '--baseline', path, ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, [gate, ...options], {
      encoding: 'utf8',
      env: { ...process.env, BENCH_TOLERANCE: '25', GITHUB_ACTIONS: 'false', ...env },
    });
    return { status, stdout, stderr, path };
  };

  test('is red when the task is slower than the baseline', () => {
    const { status, stdout, stderr } = run({ [id]: 1e-6 });
    expect(status).toBe(1);
    expect(stdout).toMatch(/histogram\/recordAll .*slower/);
    expect(stderr).toContain(`${id}: slower`);
  });

  test('annotates the commit on GitHub', () => {
    expect(run({ [id]: 1e-6 }, { GITHUB_ACTIONS: 'true' }).stderr).toMatch(
      /^::error title=bench:gate::histogram\/recordAll: slower/,
    );
  });

  test('is red without an entry, and without a baseline', () => {
    expect(run({}).status).toBe(1);
    expect(run(undefined).status).toBe(1);
  });

  test('is green when the task is not slower, or the tolerance is wide enough', () => {
    expect(run({ [id]: 1e6 }).status).toBe(0);
    expect(run({ [id]: 1e-6 }, { BENCH_TOLERANCE: '1e12' }).status).toBe(0);
  });

  test('--update writes what was measured and keeps what was not', () => {
    const { status, path } = run({ 'other/task': 2, [id]: 1e-6 }, {}, '--update');
    expect(status).toBe(0);
    const { ratios } = JSON.parse(readFileSync(path, 'utf8')) as Baseline;
    expect(ratios['other/task']).toBe(2);
    expect(ratios[id]).toBeGreaterThan(0.01);
  });

  test('is an error, not a pass, when nothing is left to measure', () => {
    expect(run({}, {}, '--tasks', 'no such task').status).toBe(2);
    expect(run({}, { BENCH_TOLERANCE: 'much' }).status).toBe(2);
  });
});
