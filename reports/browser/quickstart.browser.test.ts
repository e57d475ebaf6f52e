import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { canOpenReports, openReport } from './open-report.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe.skipIf(!canOpenReports())('the report of the quickstart in a browser', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'quickstart-'));
    const command = join(root, 'dist', 'sim', 'cli', 'main.js');
    const scenario = join(root, 'scenarios', 'quickstart.yaml');
    await promisify(execFile)(process.execPath, [command, 'run', scenario, '--out', directory, '--quiet']);
  }, 120_000);
  afterAll(() => rm(directory, { recursive: true }));

  it('draws every chart, asks for nothing and complains of nothing', async () => {
    const findings = await openReport(join(directory, 'report.html'));
    expect(findings.complaints).toEqual([]);
    expect(findings.requests).toEqual([]);
    expect(findings.charts.length).toBeGreaterThanOrEqual(6);
    expect(findings.charts.filter(({ isLive, marks }) => !isLive || marks === 0)).toEqual([]);
    expect(findings.overflowPx).toBe(0);
    expect(findings.picturesWithoutScript).toBe(findings.charts.length);
  });
});
