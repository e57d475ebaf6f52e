import { beforeAll, describe, expect, it } from 'vitest';

import { METRICS } from '../sim/metrics.js';
import { renderHtmlReport } from './html-report.js';
import { makeResults, objective, variant } from './testing/results-fixture.js';
import { withClients } from './testing/traffic-fixture.js';

/** Several charts to draw, on a machine that has much else to do. */
const BUSY_MACHINE_MS = 60_000;
const CHARTS = ['losses-by-cause', 'losses-over-time', 'pod-load', 'hop-trade-off'];

const textOf = (html: string): string =>
  html
    .replace(/<(script|style)[^]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&quot;/g, '"')
    .replace(/\s+/g, ' ');

describe('the report of a scenario with clients', { timeout: BUSY_MACHINE_MS }, () => {
  let html: string;
  beforeAll(async () => {
    const lost = { requests_lost_stale_rules_total: 3000, requests_lost_load_balancer_total: 1000 };
    html = await renderHtmlReport(
      makeResults({
        variants: [
          withClients(variant({ name: 'Cluster' }), { loads: [1, 1, 1], lost }),
          withClients(variant({ name: 'Local' }), { loads: [1, 1, 2], secondHop: 0, capacity: 1.5 }),
        ],
        objectives: ['Cluster', 'Local'].map((name) =>
          objective({ variant: name, metric: 'requests_lost_ratio', statistic: 'value', max: 0.01, maxText: '1%' }),
        ),
      }),
    );
  }, BUSY_MACHINE_MS);

  it('has a section on what is lost and one on the load, behind what the variants change', () => {
    const titles = [...html.matchAll(/<h2[^>]*>([^<]*)</g)].map((match) => match[1]);
    expect(titles.slice(2, 6)).toEqual([
      'What the variants change',
      'Requests',
      'How evenly pods are loaded',
      'What binds',
    ]);
    expect(html).toContain('href="#requests"');
    expect(html).toContain('href="#load"');
    expect(new Set(html.match(/\sid="[^"]*"/g)).size).toBe(html.match(/\sid="[^"]*"/g)!.length);
  });

  it('draws its charts, with the script that brings them to life', () => {
    for (const id of CHARTS) expect(html).toContain(`data-chart="${id}"`);
    const specs = JSON.parse(/id="chart-specs">([^]*?)<\/script>/.exec(html)![1]!) as object;
    expect(Object.keys(specs)).toEqual(expect.arrayContaining(CHARTS));
  });

  it('names the causes and what helps', () => {
    const text = textOf(html);
    expect(text).toContain(
      'Cluster : 0.40% (0.38 to 0.42) of the requests are lost, 75% of them because of stale rules',
    );
    expect(text).toContain('Local : No request is lost.');
    expect(text).toContain('Against stale rules : a preStop sleep that outlasts');
    expect(text).toContain('Cause: Stale rules 3,000 (2,880 to 3,120)');
  });

  it('sets Local beside Cluster, and says how to read the figures', () => {
    const text = textOf(html);
    expect(text).toContain('Hottest pod, times the mean 1.00 (0.96 to 1.04) 1.50 (1.44 to 1.56)');
    expect(text).toContain('Requests with a second hop 90% (86 to 94) 0%');
    expect(text).toContain('Gini coefficient From 0, all alike, towards 1, one pod gets everything.');
  });

  it('says in its method what the numbers are', () => {
    for (const metric of ['requests_lost_stale_rules_total', 'pod_load_gini', 'requests_lost_per_second'] as const) {
      expect(textOf(html)).toContain(METRICS[metric].estimand);
    }
  });
});

it(
  'shows nothing of it without clients',
  async () => {
    const html = await renderHtmlReport(makeResults());
    for (const id of [...CHARTS, 'requests', 'load']) expect(html).not.toContain(`id="${id}"`);
    expect(html).not.toContain('href="#requests"');
    expect(textOf(html)).not.toMatch(/requests_|pod_load|Requests lost/);
  },
  BUSY_MACHINE_MS,
);
