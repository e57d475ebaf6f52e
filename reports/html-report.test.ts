import { createHash } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { METRICS } from '../sim/metrics.js';
import { formatEstimate, formatRatio } from './format.js';
import { estimateOf, headlinesOf } from './headlines.js';
import { renderHtmlReport } from './html-report.js';
import { estimate, makeResults, objective, variant } from './testing/results-fixture.js';

const MEGABYTE = 1e6;
const CHARTS = 10;
/** A second's work, on a machine that has much else to do. */
const BUSY_MACHINE_MS = 60_000;

/** The text of the page without its tags, blanks joined. */
function textOf(html: string): string {
  return html
    .replace(/<(script|style)[^]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');
}

describe('the report of two variants', () => {
  const results = makeResults();
  let html: string;
  beforeAll(async () => {
    html = await renderHtmlReport(results);
  }, BUSY_MACHINE_MS);

  it('allows by its policy exactly the scripts and the style sheet that it carries', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!.replaceAll('&#39;', "'");
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const scripts = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map((match) => hash(match[1]!));
    const styles = [...html.matchAll(/<style>([^]*?)<\/style>/g)].map((match) => hash(match[1]!));
    expect(scripts).toHaveLength(3);
    expect(policy).toBe(
      `default-src 'none'; script-src ${scripts.join(' ')}; style-src ${styles.join(' ')}; base-uri 'none'; form-action 'none'`,
    );
    expect(policy).not.toContain('unsafe');
  });

  it('refers to nothing outside of itself, and has no inline style or handler', () => {
    const page = html.replace(/<script[^]*?<\/script>/g, '');
    const references = [...page.matchAll(/\s(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((reference) => !/^(#|data:)/.test(reference))).toEqual([]);
    expect(page).not.toMatch(/<[^>]*\s(style|on\w+)=/);
    expect(page).not.toMatch(/@import|url\(/);
  });

  it('shows every headline number with its interval and its ratio to the first variant', () => {
    const text = textOf(html);
    const [first, second] = results.variants;
    for (const { metric, statistic } of headlinesOf(results)) {
      const [base, own] = [first!, second!].map((shown) => estimateOf(shown, metric, statistic)!);
      const { unit } = METRICS[metric];
      expect(text).toContain(
        `${formatEstimate(base!, unit)} ${formatEstimate(own!, unit)} ${formatRatio(own!.value / base!.value)}`,
      );
    }
  });

  it('goes from the verdict to the method, with headings in order', () => {
    const headings = [...html.matchAll(/<h([1-6])[^>]*>([^<]*)</g)].map(
      (match) => [Number(match[1]), match[2]!] as const,
    );
    expect(headings.filter(([level]) => level === 2).map(([, title]) => title)).toEqual([
      'Verdict',
      'Headline numbers',
      'What the variants change',
      'What binds',
      'Where the time goes',
      'Evidence',
      'Rules on a node',
      'Warnings',
      'Method',
    ]);
    expect(headings.filter(([level]) => level === 1)).toHaveLength(1);
    for (const [index, [level]] of headings.entries()) {
      if (index > 0) expect(level - headings[index - 1]![0]).toBeLessThanOrEqual(1);
    }
    expect(new Set(html.match(/\sid="[^"]*"/g)).size).toBe(html.match(/\sid="[^"]*"/g)!.length);
  });

  it('gives every chart a text alternative, and every table a caption and headings with a scope', () => {
    const pictures = html.match(/<div class="picture" role="img" aria-label="[^"]{20,}"/g);
    expect(pictures).toHaveLength(CHARTS);
    expect(html.match(/<caption>/g)).toHaveLength(html.match(/<table>/g)!.length);
    expect(html).not.toMatch(/<th>/);
  });

  it('offers the data of each chart and its spec', () => {
    expect(html.match(/download="[^"]*\.csv"/g)).toHaveLength(CHARTS);
    const spec = /download="npl-measured\.vl\.json"\s+href="data:application\/json;charset=utf-8;base64,([^"]*)"/.exec(
      html,
    )![1]!;
    expect(JSON.parse(Buffer.from(spec, 'base64').toString())).toMatchObject({
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    });
  });

  it('can be traced to its run', () => {
    const text = textOf(html);
    for (const fact of [results.manifest.scenarioHash, results.manifest.fingerprint, '0.1.0', 'f00d0', 'Student-t']) {
      expect(text).toContain(fact);
    }
    expect(text).toContain('kubeProxy.discovery = "Endpoints"');
    expect(text).toContain(METRICS.network_programming_true_seconds.estimand);
  });

  it('is the same bytes each time', async () => {
    expect((await renderHtmlReport(results)) === html).toBe(true);
  });

  it('is small', () => {
    expect(Buffer.byteLength(html)).toBeLessThan(1.5 * MEGABYTE);
  });
});

it('stays below 2 MB with ten variants', async () => {
  const variants = Array.from({ length: 10 }, (_, index) => variant({ name: `variant-${index}`, factor: 1 + index }));
  expect(Buffer.byteLength(await renderHtmlReport(makeResults({ variants })))).toBeLessThan(2 * MEGABYTE);
});

it('compares nothing where there is one variant', async () => {
  const html = await renderHtmlReport(makeResults({ variants: [variant()], objectives: [] }));
  expect(html).not.toContain('id="compared"');
  expect(html).not.toContain('href="#compared"');
  expect(html).not.toContain('data-chart="trade-off"');
});

it('says what the variants change, before what binds', async () => {
  const text = textOf(await renderHtmlReport(makeResults()));
  const section = text.slice(text.lastIndexOf('What the variants change'), text.lastIndexOf('What binds'));
  expect(section).toContain('Both variants meet the objective; of these, EndpointSlice costs the nodes least CPU');
  expect(section).toContain('Endpoints : NPL p99 2.40× as high, 30 s (28 to 31)');
  expect(section).toContain('EndpointSlice is both faster and cheaper than Endpoints.');
});

it('shows what is on a node only where it was counted', async () => {
  const counted = textOf(await renderHtmlReport(makeResults()));
  expect(counted).toContain('iptables rules in nat 32,007 32,007');
  expect(counted).not.toContain('nftables');
  const html = await renderHtmlReport(makeResults({ variants: [variant({ empty: true })], objectives: [] }));
  expect(html).not.toContain('id="rules"');
});

describe('verdicts', () => {
  it.each([
    ['pass', 'PASS'],
    ['fail', 'FAIL'],
    ['inconclusive', 'INCONCLUSIVE'],
    ['error', 'ERROR'],
  ] as const)('%s is said in words', async (verdict, label) => {
    const objectives = [
      objective({ verdict, hint: 'use --replications 12', estimate: verdict === 'error' ? null : estimate(29, 2) }),
    ];
    const text = textOf(await renderHtmlReport(makeResults({ verdict, objectives })));
    expect(text).toContain(`Verdict ${label}`);
    expect(text).toContain('use --replications 12');
  });

  it('is neither good nor bad when nothing was asked', async () => {
    const html = await renderHtmlReport(makeResults({ objectives: [] }));
    expect(textOf(html)).toContain('NO OBJECTIVES');
    expect(html).toContain('class="verdict none"');
  });

  it('shows the published measurements beside the simulated ones', async () => {
    const expectation = {
      id: 'A-kep752-create',
      variant: 'EndpointSlice',
      metric: 'watch_bytes_total',
      statistic: 'value',
      published: 3e9,
      simulated: 3.21e9,
      ratio: 1.07,
      tolerance: 0.05,
      source: 'KEP-752',
      verdict: 'miss',
      note: '',
    } as const;
    const text = textOf(await renderHtmlReport(makeResults({ expectations: [expectation] })));
    expect(text).toContain('A-kep752-create EndpointSlice watch_bytes_total value 3 GB 3.21 GB 1.07× MISS KEP-752');
  });
});

it('says that one replication has no interval, and shows none', async () => {
  const text = textOf(
    await renderHtmlReport(makeResults({ variants: [variant({ replications: 1 })], objectives: [] })),
  );
  expect(text).toContain('One replication: there is no interval');
  expect(text).not.toMatch(/\d to \d/);
});

it('warns of an interrupted run and of updates that were not applied', async () => {
  const late = variant({ warnings: ['The drain limit was reached.'] });
  const metrics = {
    ...late.metrics,
    updates_not_applied_total: { unit: 'count', estimates: { value: estimate(12_000) } },
  } as const;
  const text = textOf(await renderHtmlReport(makeResults({ partial: true, variants: [{ ...late, metrics }] })));
  expect(text).toContain('The run was interrupted.');
  expect(text).toContain('baseline : The drain limit was reached.');
  expect(text).toContain('On average 12k updates per replication were not on their node');
});

it('has something to say when nothing was measured', async () => {
  const text = textOf(await renderHtmlReport(makeResults({ variants: [variant({ empty: true })], objectives: [] })));
  expect(text).toContain('No update was applied on a node.');
  expect(text).toContain('No sample was taken.');
  expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
});

it('treats names as text wherever they stand', async () => {
  const hostile = `</script></style><!--<img src=x onerror="alert(1)">'\u2028\u2029😀\ud800`.padEnd(300, '"');
  const html = await renderHtmlReport(
    makeResults({
      name: hostile,
      description: hostile,
      question: hostile,
      manifest: { ...makeResults().manifest, scenarioFile: hostile, overrides: [hostile] },
      variants: [
        variant({ name: hostile, warnings: [hostile], set: { [hostile]: hostile } }),
        variant({ name: `${hostile}2` }),
      ],
      objectives: [objective({ variant: hostile, metric: hostile, maxText: hostile, hint: hostile, verdict: 'error' })],
    }),
  );
  expect(html).not.toContain('<img');
  expect(html).not.toContain('<!--');
  expect(html.match(/<\/script>/g)).toHaveLength(4);
  expect(html.match(/<\/style>/g)).toHaveLength(1);
  const specs = /id="chart-specs">([^]*?)<\/script>/.exec(html)![1]!;
  expect(specs).not.toMatch(/[<\u2028\u2029]/);
  expect(Object.keys(JSON.parse(specs) as object)).toHaveLength(CHARTS);
  expect(textOf(html)).toContain('<img src=x onerror="alert(1)">');
});
