/** Reports of the scenarios with clients, as the command line writes them. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EXIT } from '../../sim/cli/exit-codes.js';
import { canOpenReports, openReport } from './open-report.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What is run, and at least how many charts show what it is about. */
const REPORTS = [
  {
    name: 'local-policy',
    command: 'run scenarios/local-policy.yaml --replications 4',
    charts: ['pod-load', 'hop-trade-off'],
  },
  {
    name: 'rollout-loss',
    command: 'run scenarios/rollout-loss.yaml --replications 2 --set cluster.nodes=200',
    charts: ['losses-by-cause', 'losses-over-time', 'npl-by-stage'],
  },
  {
    name: 'prestop',
    command:
      'prestop scenarios/rollout-loss.yaml --max-loss 0.01% --max-sleep 10s --replications 2 --set cluster.nodes=200',
    charts: ['loss-against-sleep'],
  },
] as const;

/** Exit codes that say what was found; anything else is a failure of the program. */
const JUDGED: readonly number[] = [EXIT.missed, EXIT.inconclusive];

const BUSY_MACHINE_MS = 240_000;
const READABLE_CONTRAST = 4.5;

describe.skipIf(!canOpenReports())('the report in a browser', { timeout: BUSY_MACHINE_MS }, () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scenarios-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it.each(REPORTS)('of $name draws its charts, asks for nothing and complains of nothing', async (report) => {
    const out = join(directory, report.name);
    const program = join(root, 'dist', 'sim', 'cli', 'main.js');
    await promisify(execFile)(process.execPath, [program, ...report.command.split(' '), '--out', out, '--quiet'], {
      cwd: root,
    }).catch((error: { code?: number }) => {
      if (!JUDGED.includes(error.code ?? -1)) throw error;
    });
    const findings = await openReport(join(out, 'report.html'));
    expect(findings.complaints).toEqual([]);
    expect(findings.requests).toEqual([]);
    expect(findings.charts.map(({ id }) => id)).toEqual(expect.arrayContaining([...report.charts]));
    expect(findings.charts.filter(({ isLive, marks }) => !isLive || marks === 0)).toEqual([]);
    expect(findings.overflowPx).toBe(0);
    expect(findings.leastLabelContrast.light).toBeGreaterThan(READABLE_CONTRAST);
    expect(findings.leastLabelContrast.dark).toBeGreaterThan(READABLE_CONTRAST);
    expect(findings.picturesWithoutScript).toBe(findings.charts.length);
  });
});
