// `npm run bench:gate`: fails when a gated task has become slower than bench/baseline.json allows. See bench/README.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { type Baseline, compareWithBaseline, type Verdict } from './baseline.js';
import { measureInChild } from './child-process.js';
import { taskId } from './suite.js';
import { suites } from './suites/index.js';
import { formatTable } from './table.js';

// From dist/bench, where this runs, to the checkout.
const COMMITTED_BASELINE = fileURLToPath(new URL('../../bench/baseline.json', import.meta.url));
/** The noise bound: with two cores that others use as well, the same code was measured up to 30 % apart. */
const DEFAULT_TOLERANCE_PERCENT = 40;

const { values: options } = parseArgs({
  options: {
    update: { type: 'boolean', default: false },
    tasks: { type: 'string', default: '' },
    processes: { type: 'string', default: '5' },
    time: { type: 'string', default: '100' },
    baseline: { type: 'string', default: COMMITTED_BASELINE },
  },
});

/** Ratios to the reference kernel by task, one per process. */
type Ratios = Map<string, number[]>;

/** Measures each task in so many more processes, the tasks in turn. */
async function measureRatios(ratios: Ratios, ids: readonly string[]): Promise<void> {
  for (let child = 0; child < processes; child++) {
    for (const id of ids) {
      const ofTask = ratios.get(id) ?? [];
      ofTask.push((await measureInChild(id, timeMs)).ratioToReference);
      ratios.set(id, ofTask);
    }
  }
}

/**
 * The fastest process counts: neighbours on the machine and unlucky compilations make some processes slower, by up to a half,
 * and none faster, whereas slower code slows them all.
 */
function fastest(ratios: Ratios): Map<string, number> {
  return new Map([...ratios].map(([id, ofTask]) => [id, Math.min(...ofTask)]));
}

/** The baseline file, or an empty baseline when there is none, which fails every task. */
function readBaseline(): Baseline {
  try {
    return JSON.parse(readFileSync(options.baseline, 'utf8')) as Baseline;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { node: '', ratios: {} };
    throw error;
  }
}

function describe(verdict: Verdict): string[] {
  const baseline = 'baseline' in verdict ? verdict.baseline.toFixed(3) : '-';
  const measured = 'measured' in verdict ? verdict.measured.toFixed(3) : '-';
  const change = 'change' in verdict ? `${verdict.change >= 0 ? '+' : ''}${(100 * verdict.change).toFixed(1)} %` : '-';
  return [verdict.id, baseline, measured, change, verdict.status];
}

const tolerancePercent = Number(process.env['BENCH_TOLERANCE'] ?? DEFAULT_TOLERANCE_PERCENT);
const processes = Number(options.processes);
const timeMs = Number(options.time);
const ids = suites
  .flatMap((suite) => suite.tasks.filter((task) => task.gated === true).map((task) => taskId(suite, task)))
  .filter((id) => id.includes(options.tasks));
if (!(tolerancePercent >= 0) || !(Number.isInteger(processes) && processes >= 1) || !(timeMs > 0) || ids.length === 0) {
  console.error(
    'BENCH_TOLERANCE (percent), --processes and --time (ms) take numbers; --tasks takes part of the name of a task',
  );
  process.exit(2);
}

const ratios: Ratios = new Map();
await measureRatios(ratios, ids);
const stored = readBaseline();
if (options.update) {
  // Without those of tasks that are gone, but with those that --tasks has left out.
  const kept = Object.entries(stored.ratios).filter(([id]) => options.tasks !== '' && !id.includes(options.tasks));
  const rounded = [...fastest(ratios)].map(([id, ratio]) => [id, Number(ratio.toPrecision(4))] as const);
  const sorted = Object.fromEntries([...kept, ...rounded].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(options.baseline, `${JSON.stringify({ node: process.version, ratios: sorted }, null, 2)}\n`);
  console.log(`${options.baseline}: ${ratios.size} ratios written`);
} else {
  const relevant = Object.entries(stored.ratios).filter(([id]) => id.includes(options.tasks));
  const baseline = { ...stored, ratios: Object.fromEntries(relevant) };
  const compare = (): Verdict[] => compareWithBaseline(fastest(ratios), baseline, tolerancePercent / 100);
  // What seems slower gets as many processes again: where memory happens to lie makes one in six of some tasks slow.
  const suspects = compare().filter(({ status }) => status === 'slower');
  await measureRatios(
    ratios,
    suspects.map(({ id }) => id),
  );
  const verdicts = compare();
  console.log(
    `CPU time over that of the reference kernel, fastest of ${processes} processes or more; ${tolerancePercent} % allowed\n`,
  );
  console.log(formatTable(['task', 'baseline', 'measured', 'change', 'verdict'], verdicts.map(describe)));
  const failed = verdicts.filter(({ status }) => status !== 'ok');
  for (const verdict of failed) {
    const [id, known, now, change, status] = describe(verdict);
    const message = `${id}: ${status} (baseline ${known}, measured ${now}, ${change})`;
    console.error(process.env['GITHUB_ACTIONS'] === 'true' ? `::error title=bench:gate::${message}` : message);
  }
  if (failed.length > 0) {
    console.error('If the change is meant, accept it with `npm run bench:update` and commit bench/baseline.json.');
    process.exitCode = 1;
  }
}
