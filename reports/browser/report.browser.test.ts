import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { renderHtmlReport } from '../html-report.js';
import { makeResults, objective, variant } from '../testing/results-fixture.js';
import { withClients } from '../testing/traffic-fixture.js';
import { canOpenReports, openReport } from './open-report.js';

const CHARTS = 10;
const READABLE_CONTRAST = 4.5;

/** Three visits with ten charts each, on a machine that has much else to do. */
const BUSY_MACHINE_MS = 240_000;

describe.skipIf(!canOpenReports())('a report in a browser', { timeout: BUSY_MACHINE_MS }, () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'report-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function save(name: string, html: string): Promise<string> {
    const path = join(directory, `${name}.html`);
    await writeFile(path, html);
    return path;
  }

  it('draws every chart, asks for nothing and complains of nothing', async () => {
    const findings = await openReport(await save('two', await renderHtmlReport(makeResults())));
    expect(findings.complaints).toEqual([]);
    expect(findings.requests).toEqual([]);
    expect(findings.charts).toHaveLength(CHARTS);
    expect(findings.charts.filter(({ isLive, marks }) => !isLive || marks === 0)).toEqual([]);
    expect(findings.overflowPx).toBe(0);
    expect(findings.leastLabelContrast.light).toBeGreaterThan(READABLE_CONTRAST);
    expect(findings.leastLabelContrast.dark).toBeGreaterThan(READABLE_CONTRAST);
    expect(findings.picturesWithoutScript).toBe(CHARTS);
  });

  it('draws the charts of clients too', async () => {
    const lost = { requests_lost_stale_rules_total: 3000 };
    const variants = [
      withClients(variant({ name: 'Cluster' }), { loads: [1, 1, 1], lost }),
      withClients(variant({ name: 'Local' }), { secondHop: 0 }),
    ];
    const findings = await openReport(await save('clients', await renderHtmlReport(makeResults({ variants }))));
    expect(findings.complaints).toEqual([]);
    expect(findings.charts).toHaveLength(CHARTS + 4);
    expect(findings.charts.filter(({ isLive, marks }) => !isLive || marks === 0)).toEqual([]);
    expect(findings.overflowPx).toBe(0);
    expect(findings.leastLabelContrast.dark).toBeGreaterThan(READABLE_CONTRAST);
  });

  it('holds with hostile names', async () => {
    const name = `</script><script>throw new Error('injected')</script><img src=x onerror=alert(1)>"'& 😀`.padEnd(
      300,
      'x',
    );
    const html = await renderHtmlReport(
      makeResults({
        name,
        description: name,
        variants: [variant({ name, warnings: [name] }), variant({ name: `${name}2`, factor: 2 })],
        objectives: [objective({ variant: name, hint: name, verdict: 'fail' })],
      }),
    );
    const findings = await openReport(await save('hostile', html));
    expect(findings.complaints).toEqual([]);
    expect(findings.requests).toEqual([]);
    expect(findings.charts.filter(({ isLive, marks }) => !isLive || marks === 0)).toEqual([]);
    expect(findings.overflowPx).toBe(0);
  });

  it('notices a page that is broken', async () => {
    const html = await renderHtmlReport(makeResults());
    const broken = html
      .replace('<main>', '<main><img src="https://example.invalid/x.png">')
      .replace("'use strict';", "'use strict' ;");
    const findings = await openReport(await save('broken', broken), 300);
    // The policy stops the picture, and the script whose hash is no longer right.
    expect(findings.complaints.filter((text) => text.includes('Content Security Policy'))).not.toEqual([]);
    expect(findings.charts.filter(({ isLive }) => isLive)).toEqual([]);
    expect(findings.picturesWithoutScript).toBe(CHARTS);
  });
});
