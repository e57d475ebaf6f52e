/** The command line as users meet it: the built program in a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { builtFile, packageVersion } from '../experiment/package-files.js';
import type { PreStopResults } from '../experiment/prestop-results.js';
import type { Results } from '../experiment/results.js';

const SCENARIO = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: small }
kubernetes: "1.33"
seed: 7
replications: 3
cluster: { nodes: 20 }
services:
  - { name: web, count: 2, endpoints: 10 }
workload:
  - { at: 10s, rollingUpdate: { service: web } }
`;
const objective = (max: string): string =>
  `slos:\n  - { metric: network_programming_true_seconds, statistic: p99, max: ${max} }\n`;
const expectation = (value: string): string =>
  `expect:\n  - { id: A-nodes, metric: endpoint_writes_unchanged_total, statistic: value, value: ${value}, tolerance: 5%, source: a test }\n`;

interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'kube-headroom-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function start(...args: string[]): ChildProcess {
  const { NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...env } = process.env;
  return spawn(process.execPath, [fileURLToPath(builtFile('sim/cli/main.js')), ...args], { cwd: directory, env });
}

async function finish(child: ChildProcess): Promise<Finished> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (data) => (texts[name] += String(data)));
  await once(child, 'close');
  return { exitCode: child.exitCode, ...texts };
}

const kubeHeadroom = (...args: string[]): Promise<Finished> => finish(start(...args));

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return name;
}

const resultsIn = (path: string): Results =>
  JSON.parse(readFileSync(join(directory, path, 'results.json'), 'utf8')) as Results;

describe('usage', () => {
  it('shows help with examples and exit codes', async () => {
    const { exitCode, stdout, stderr } = await kubeHeadroom('--help');
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    for (const word of ['run', 'prestop', 'validate', 'init', 'schema', 'Start here', 'Exit codes'])
      expect(stdout).toContain(word);
  });

  it.each(['run', 'prestop', 'validate', 'init', 'schema'])('shows an example in the help of %s', async (command) => {
    const { exitCode, stdout } = await kubeHeadroom(command, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}\$ kube-headroom/);
  });

  it('knows its version', async () => {
    expect(await kubeHeadroom('--version')).toEqual({ exitCode: 0, stdout: `${packageVersion()}\n`, stderr: '' });
  });

  it.each([
    ['an unknown command', ['rnu', 'a.yaml'], 'Did you mean run?'],
    ['an unknown option', ['run', 'a.yaml', '--sed', '1'], '(Did you mean one of --seed, --set?)'],
    ['a missing argument', ['run'], "missing required argument 'file'"],
    ['too many arguments', ['run', 'a.yaml', 'b.yaml'], 'too many arguments'],
    ['no threads', ['run', 'a.yaml', '--threads', '0'], 'whole number, 1 or more'],
    ['no number', ['run', 'a.yaml', '--replications', 'x'], 'whole number, 1 or more'],
    ['half a seed', ['run', 'a.yaml', '--seed', '1.5'], 'whole number, 0 or more'],
    ['a setting without a value', ['run', 'a.yaml', '--set', 'cluster.nodes'], 'path=value'],
    ['no limit', ['prestop', 'a.yaml'], "'--max-loss <percent>' not specified"],
    ['a limit without a percent sign', ['prestop', 'a.yaml', '--max-loss', '0.01'], 'write "1%"'],
    ['a limit above all', ['prestop', 'a.yaml', '--max-loss', '101%'], '100% or less'],
    ['half a second', ['prestop', 'a.yaml', '--max-loss', '1%', '--max-sleep', '500ms'], 'whole number of seconds'],
    ['one replication', ['prestop', 'a.yaml', '--max-loss', '1%', '--replications', '1'], 'no interval'],
    ['no command at all', [], 'Usage: kube-headroom'],
  ])('ends with 2 for %s', async (_case, args, message) => {
    const { exitCode, stdout, stderr } = await kubeHeadroom(...args);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    if (args.length > 0) expect(stderr).toMatch(/^KH100: /);
  });
});

describe('a bad scenario', () => {
  it('is told with all its problems, without a stack, and nothing runs', async () => {
    const file = write('bad.yaml', SCENARIO.replace('seed:', 'sead:').replace('nodes: 20', 'nodes: -1'));
    const { exitCode, stdout, stderr } = await kubeHeadroom('run', file);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('bad.yaml:6:1');
    expect(stderr).toContain('bad.yaml:8:');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(directory, 'out'))).toBe(false);
  });

  it('may be missing', async () => {
    const { exitCode, stderr } = await kubeHeadroom('run', 'nowhere.yaml');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/KH001.*nowhere\.yaml|nowhere\.yaml.*KH001/);
  });

  it('may be a file of 100 MB', async () => {
    const file = write('huge.yaml', `services: [${' a,'.repeat(35_000_000)}]`);
    const { exitCode, stderr } = await kubeHeadroom('run', file);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('KH002');
  });

  it('may have an output directory that is a file', async () => {
    write('file', '');
    const { exitCode, stderr } = await kubeHeadroom('run', write('small.yaml', SCENARIO), '--out', 'file');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('KH102');
  });
});

describe('run', () => {
  it('writes results and report into out/<name>, and a summary on standard output', async () => {
    const { exitCode, stdout, stderr } = await kubeHeadroom('run', write('small.yaml', SCENARIO + objective('10m')));
    expect(stderr).toContain('out/small/results.json');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('small');
    expect(stdout).not.toContain('\u001b[');
    expect(existsSync(join(directory, 'out/small/report.html'))).toBe(true);
    expect(resultsIn('out/small')).toMatchObject({ verdict: 'pass', partial: false, variants: [{ replications: 3 }] });
  });

  it('gives the same results with one and two threads, all but their timing', async () => {
    const file = write('small.yaml', SCENARIO);
    await kubeHeadroom('run', file, '--threads', '1', '--no-report', '--quiet', '--out', 'one');
    await kubeHeadroom('run', file, '--threads', '2', '--no-report', '--quiet', '--out', 'two');
    const [one, two] = ['one', 'two'].map((out) =>
      readFileSync(join(directory, out, 'results.json'), 'utf8').replace(/"timing": \{[^}]*\}/, ''),
    );
    expect(one).toBe(two);
    expect(existsSync(join(directory, 'one/report.html'))).toBe(false);
  });

  it('prints nothing but JSON on standard output with --json', async () => {
    const file = write('small.yaml', SCENARIO);
    const { exitCode, stdout, stderr } = await kubeHeadroom('run', file, '--json', '--seed', '9', '--no-report');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual(resultsIn('out/small'));
    expect(JSON.parse(stdout)).toMatchObject({ manifest: { seed: 9 } });
    expect(stderr).toContain('small');
  });

  it('prints nothing at all with --quiet', async () => {
    const { exitCode, stdout, stderr } = await kubeHeadroom(
      'run',
      write('small.yaml', SCENARIO),
      '--quiet',
      '--no-report',
    );
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('applies and records --set, wherever it stands', async () => {
    const file = write('small.yaml', SCENARIO);
    await kubeHeadroom('run', '--set', 'cluster.nodes=5', file, '--set', 'seed=3', '--no-report', '--quiet');
    expect(resultsIn('out/small')).toMatchObject({
      manifest: { overrides: ['cluster.nodes=5', 'seed=3'], seed: 3 },
      variants: [{ nodes: 5 }],
    });
  });

  it('ends with 3 when an objective fails and with 4 when it takes more replications', async () => {
    const failing = write('failing.yaml', SCENARIO + objective('1ms'));
    expect((await kubeHeadroom('run', failing, '--no-report')).exitCode).toBe(3);
    const single = await kubeHeadroom('run', failing, '--no-report', '--replications', '1');
    expect(single.exitCode).toBe(4);
  });

  it('still shows results that it cannot write', async () => {
    mkdirSync(join(directory, 'out/small/results.json'), { recursive: true });
    const { exitCode, stdout, stderr } = await kubeHeadroom('run', write('small.yaml', SCENARIO));
    expect(exitCode).toBe(1);
    expect(stdout).toContain('small');
    expect(stderr).toMatch(/^KH203: .*results\.json/m);
  });

  it('writes a valid partial result when it is interrupted, and ends with 130', async () => {
    const endless = SCENARIO.replace('replications: 3', 'replications: 10000').replace('nodes: 20', 'nodes: 500');
    const file = write('endless.yaml', endless);
    let ended: Finished;
    let waitMs = 1000;
    do {
      // Until the first of the replications has finished, which nobody outside can see: on a busy machine wait longer.
      waitMs *= 2;
      const child = start('run', file, '--no-report');
      setTimeout(() => child.kill('SIGINT'), waitMs);
      ended = await finish(child);
    } while (ended.exitCode === null || ended.stderr.includes('no replication had finished'));
    expect(ended.stderr).toContain('interrupted');
    expect(ended.exitCode).toBe(130);
    const results = resultsIn('out/small');
    expect(results).toMatchObject({ partial: true, verdict: 'inconclusive' });
    expect(results.variants[0]?.replications).toBeGreaterThan(0);
  });

  it('ends quietly when its reader goes away', async () => {
    const child = start('schema');
    child.stdout?.destroy();
    expect(await finish(child)).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('prestop', () => {
  const CLIENTS = 'clients:\n  - { service: web, requestsPerSecond: 100 }\n';

  it('answers in the first line, and writes results and report', async () => {
    const file = write('small.yaml', SCENARIO + CLIENTS);
    const { exitCode, stdout, stderr } = await kubeHeadroom(
      'prestop',
      file,
      '--max-loss',
      '0.01%',
      '--max-sleep',
      '20s',
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^preStop sleep: \d+ s loses .*, below 0\.01%\n/);
    expect(stderr).toContain('out/small-prestop/report.html');
    const results = resultsIn('out/small-prestop') as PreStopResults;
    expect(results).toMatchObject({ verdict: 'pass', preStop: { service: 'web', outcome: { status: 'found' } } });
    const [without, ...others] = results.preStop.sleeps;
    expect(without).toMatchObject({ sleepSeconds: 0, verdict: 'above' });
    expect(others.at(-1)).toMatchObject({ sleepSeconds: 20, verdict: 'within' });
  });

  it('ends with 3 when no sleep is enough, and prints nothing but JSON with --json', async () => {
    const file = write('slow.yaml', SCENARIO + CLIENTS + 'kubeProxy: { minSyncPeriod: 20s }\n');
    const options = ['--max-loss', '0%', '--max-sleep', '2s', '--no-report', '--json', '--threads', '1'];
    const { exitCode, stdout, stderr } = await kubeHeadroom('prestop', file, ...options);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toEqual(resultsIn('out/small-prestop'));
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'fail', preStop: { outcome: { status: 'unreachable' } } });
    expect(stderr).toContain('preStop sleep: none is enough');
  });

  it('says what the scenario lacks, before anything runs', async () => {
    const { exitCode, stderr } = await kubeHeadroom('prestop', write('small.yaml', SCENARIO), '--max-loss', '1%');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^KH104: small\.yaml: nobody sends requests to "web".*\n {2}help: add "clients/);
    expect(existsSync(join(directory, 'out'))).toBe(false);
  });
});

describe('validate', () => {
  it('compares every scenario of a directory with its published values', async () => {
    write('a.yaml', SCENARIO + expectation('0'));
    write('not-published.yaml', SCENARIO);
    write('not-a-scenario.json', '{}');
    const { exitCode, stdout } = await kubeHeadroom('validate', '.', '--threads', '1');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/A-nodes +0 +0 +– +match/);
    expect(stdout).toContain('1 published values: 1 match');
  });

  it('ends with 3 at a miss, also with --json', async () => {
    const { exitCode, stdout } = await kubeHeadroom(
      'validate',
      write('a.yaml', SCENARIO + expectation('42')),
      '--json',
    );
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'miss', expectations: [{ id: 'A-nodes', verdict: 'miss' }] });
  });

  it('is an error when there is nothing to compare', async () => {
    write('small.yaml', SCENARIO);
    const { exitCode, stderr } = await kubeHeadroom('validate', '.');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^KH103/);
  });

  it('tells the problems of all files before anything runs', async () => {
    const broken = SCENARIO.replace('seed:', 'sead:');
    const { exitCode, stderr } = await kubeHeadroom('validate', write('a.yaml', broken), write('b.yaml', broken));
    expect(exitCode).toBe(2);
    expect(stderr).toContain('a.yaml:6:1');
    expect(stderr).toContain('b.yaml:6:1');
  });
});

describe('init', () => {
  it('writes a scenario that runs', async () => {
    expect((await kubeHeadroom('init')).exitCode).toBe(0);
    const { stderr } = await kubeHeadroom('run', 'scenario.yaml', '--set', 'cluster.nodes=10', '--replications', '2');
    expect(stderr).toContain('results.json');
  });

  it('never overwrites a file, unless it is forced to', async () => {
    write('mine.yaml', 'precious');
    const refused = await kubeHeadroom('init', 'mine.yaml');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/^KH101/);
    expect(readFileSync(join(directory, 'mine.yaml'), 'utf8')).toBe('precious');
    expect((await kubeHeadroom('init', 'mine.yaml', '--force')).exitCode).toBe(0);
    expect(readFileSync(join(directory, 'mine.yaml'), 'utf8')).toContain('kind: Scenario');
  });

  it('writes to standard output for -', async () => {
    const { exitCode, stdout } = await kubeHeadroom('init', '-');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('kind: Scenario');
  });
});

it('schema prints a JSON Schema', async () => {
  const { exitCode, stdout } = await kubeHeadroom('schema');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ $schema: expect.stringContaining('json-schema.org') as unknown });
});
