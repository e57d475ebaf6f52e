// `npm run bench [-- [suite ...] [--rounds 3] [--time 400]]`: measures all tasks of the suites and prints a table for each.

import { parseArgs } from 'node:util';

import { measureInChild } from './child-process.js';
import { median, type Measurement } from './measurement.js';
import { type Suite, taskId } from './suite.js';
import { suites } from './suites/index.js';
import { formatTable } from './table.js';

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, time: { type: 'string', default: '400' } },
});
const rounds = Number(options.rounds);
const timeMs = Number(options.time);

/** Measurements of each task by name, one per round. A round takes the tasks in turn, so a slow minute of the machine hits all. */
async function measureSuite(suite: Suite): Promise<Map<string, Measurement[]>> {
  const measurements = new Map<string, Measurement[]>(suite.tasks.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const task of suite.tasks) {
      measurements.get(task.name)!.push(await measureInChild(taskId(suite, task), timeMs));
    }
  }
  return measurements;
}

function report(suite: Suite, measurements: ReadonlyMap<string, readonly Measurement[]>): void {
  const rows = suite.tasks.map(({ name }) => {
    const nsPerOperation = measurements.get(name)!.map((measurement) => measurement.nsPerOperation);
    const ns = median(nsPerOperation);
    const range = `${Math.min(...nsPerOperation).toFixed(1)} to ${Math.max(...nsPerOperation).toFixed(1)}`;
    return [name, (1e3 / ns).toFixed(2), ns.toFixed(1), range];
  });
  console.log(`\n${suite.name}: ${suite.description}\n`);
  console.log(formatTable(['task', 'million/s', 'ns (median)', 'ns, all rounds'], rows));
}

/** Prints how the requirements stand; returns how many are missed. */
function reportRequirements(suite: Suite, measurements: ReadonlyMap<string, readonly Measurement[]>): number {
  let missed = 0;
  for (const { description, faster, slower, atLeast } of suite.requirements ?? []) {
    const fasterNs = measurements.get(faster)!.map((measurement) => measurement.nsPerOperation);
    const slowerNs = measurements.get(slower)!.map((measurement) => measurement.nsPerOperation);
    const ratio = median(slowerNs.map((ns, round) => ns / fasterNs[round]!));
    const verdict = ratio >= atLeast ? '' : ' MISSED';
    if (verdict !== '') missed++;
    console.log(`${description}: ${ratio.toFixed(1)}x (required >= ${atLeast})${verdict}`);
  }
  return missed;
}

/** Prints whether the tasks that have to agree do; returns how many groups do not. */
function reportChecks(suite: Suite, measurements: ReadonlyMap<string, readonly Measurement[]>): number {
  const resultsByGroup = new Map<string, Set<string>>();
  for (const { name, check } of suite.tasks) {
    if (check === undefined) continue;
    const results = resultsByGroup.get(check.group) ?? new Set();
    resultsByGroup.set(check.group, results);
    for (const measurement of measurements.get(name)!) results.add(String(measurement.check));
  }
  const differing = [...resultsByGroup].filter(([, results]) => results.size !== 1).map(([group]) => group);
  if (resultsByGroup.size > 0) {
    console.log(differing.length === 0 ? 'all results agree' : `RESULTS DIFFER: ${differing.join('; ')}`);
  }
  return differing.length;
}

if (!(Number.isInteger(rounds) && rounds >= 1 && timeMs > 0)) {
  console.error('--rounds and --time (ms of CPU time per measurement) take numbers from 1 on');
  process.exit(2);
}
const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`no suite '${unknown.join("', '")}'; there are: ${suites.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
let failures = 0;
for (const suite of suites) {
  if (names.length > 0 && !names.includes(suite.name)) continue;
  const measurements = await measureSuite(suite);
  report(suite, measurements);
  console.log('');
  failures += reportRequirements(suite, measurements) + reportChecks(suite, measurements);
}
process.exitCode = failures === 0 ? 0 : 1;
