import { describe, expect, it } from 'vitest';

import type { PreStopAnswer, PreStopResults } from '../sim/experiment/prestop-results.js';
import { lossAgainstSleep } from './charts/loss-against-sleep.js';
import { compileChart } from './compile-chart.js';
import { renderPreStopReport } from './prestop-report.js';
import { renderPreStopSummary } from './prestop-summary.js';
import { LOSS_CAUSES } from '../sim/traffic-metrics.js';
import { adviceOf, answerSentence, causeTitle, preStopWarnings } from './prestop-wording.js';
import { makePreStopResults, sleepOf, SLEEPS } from './testing/prestop-fixture.js';
import { estimate, variant } from './testing/results-fixture.js';
import { displayWidth } from './text-layout.js';

const TOO_SHORT = SLEEPS.slice(0, 4);

const unreachable = makePreStopResults(
  { outcome: { status: 'unreachable' }, sleeps: TOO_SHORT, terminationGracePeriodSeconds: null },
  { verdict: 'fail' },
);
const inconclusive = (replicationsNeeded: number | null) =>
  makePreStopResults(
    { outcome: { status: 'inconclusive', replicationsNeeded }, sleeps: [...TOO_SHORT, sleepOf(6, 1.1e-4, 0.3, 20)] },
    { verdict: 'inconclusive' },
  );
const silent = makePreStopResults(
  {
    outcome: { status: 'unmeasured' },
    sleeps: TOO_SHORT.map((sleep) => ({ ...sleep, loss: null, lossByCause: {}, workloadSeconds: null })),
  },
  { verdict: 'error' },
);
const interrupted = makePreStopResults(
  {
    outcome: { status: 'interrupted' },
    sleeps: [sleepOf(0, 4e-3), { ...sleepOf(1, 0), loss: { value: 0, low: null, high: null, replications: 1 } }],
  },
  { verdict: 'inconclusive', partial: true },
);
const found = (sleepSeconds: number, answer: Partial<PreStopAnswer> = {}) =>
  makePreStopResults({ outcome: { status: 'found', sleepSeconds, oneSecondLess: 'above' }, ...answer });

const ALL: readonly (readonly [string, PreStopResults])[] = [
  ['found', makePreStopResults()],
  ['none needed', found(0, { sleeps: [sleepOf(0, 0), sleepOf(120, 0)], maxLoss: 0 })],
  ['unreachable', unreachable],
  ['inconclusive', inconclusive(60)],
  ['unmeasured', silent],
  ['interrupted', interrupted],
];

describe('the answer', () => {
  it.each([
    ['with its interval', makePreStopResults(), 'preStop sleep: 7 s loses 0.0040% (0.0032 to 0.0048), below 0.01%'],
    ['that loses nothing', found(20), 'preStop sleep: 20 s loses nothing in 5 replications, below 0.01%'],
    [
      'that may lose nothing',
      found(20, { maxLoss: 0 }),
      'preStop sleep: 20 s loses nothing in 5 replications, the limit is 0%',
    ],
    [
      'that is no sleep',
      found(0, { maxLoss: 0.01 }),
      'preStop sleep: 0 s loses 0.40% (0.32 to 0.48), below 1%, so none is needed',
    ],
    ['out of reach', unreachable, 'preStop sleep: none is enough: even 5 s loses 0.020% (0.016 to 0.024), above 0.01%'],
    [
      'in doubt',
      inconclusive(60),
      'preStop sleep: inconclusive: 6 s loses 0.011% (0.008 to 0.014), which may be above or below 0.01%',
    ],
    ['without requests', silent, 'preStop sleep: no answer, as no request was sent to web during the rollout'],
    ['that was interrupted', interrupted, 'preStop sleep: no answer, as the search was interrupted'],
  ])('%s', (_, results, sentence) => {
    expect(answerSentence(results)).toBe(sentence);
  });
});

describe('the advice', () => {
  const adviceText = (results: PreStopResults): string => adviceOf(results).join('\n');

  it('names the grace period that the sleep needs', () => {
    expect(adviceText(makePreStopResults())).toContain(
      'terminationGracePeriodSeconds must be at least 12: 7 s of sleep, then 4.5 s in which 99% of the pods shut down. The 30 s of the scenario are enough.',
    );
    const present = {
      preStopSleepSeconds: 0,
      terminationGracePeriodSeconds: 10,
      shutdownP99Seconds: 4.5,
      strategy: 'RollingUpdate',
    } as const;
    expect(adviceText(makePreStopResults({ present }))).toContain(
      'The 10 s of the scenario are too short: the kubelet would cut the sleep off',
    );
  });

  it('says what the sleep costs', () => {
    expect(adviceText(makePreStopResults())).toContain(
      'The sleep costs time: it takes 7.0 s (6.5 to 7.5) longer until every node has the last change of the rollout.',
    );
    expect(adviceText(found(0))).not.toContain('costs');
    const free = makePreStopResults({ workloadLongerBySeconds: { value: 0, low: 0, high: 0, replications: 5 } });
    expect(adviceText(free)).toContain('costs no time');
    expect(adviceText(makePreStopResults({ workloadLongerBySeconds: null }))).not.toContain('costs');
  });

  it.each([
    [5, 'The 5 s of the scenario are too short: that loses 0.020% (0.016 to 0.024).'],
    [20, 'The 20 s of the scenario are longer than this limit asks for: that loses nothing in 5 replications.'],
  ])('weighs the present sleep of %d s', (preStopSleepSeconds, sentence) => {
    const present = {
      preStopSleepSeconds,
      terminationGracePeriodSeconds: 30,
      shutdownP99Seconds: 1,
      strategy: 'RollingUpdate',
    } as const;
    expect(adviceText(makePreStopResults({ present }))).toContain(sentence);
  });

  it('says when a second less may be enough', () => {
    expect(adviceText(makePreStopResults())).toContain('6 s may be enough, too');
    expect(adviceText(found(7))).not.toContain('may be enough');
  });

  it('names what loses requests still, largest first, and what would help', () => {
    expect(adviceText(makePreStopResults())).toContain('Most of what is still lost is lost to stale rules, 0.0036% ');
    expect(adviceText(found(20))).not.toContain('still lost');
    const [first, second] = adviceOf(unreachable);
    expect(first).toMatch(/^What remains is lost to stale rules, .*minSyncPeriod/);
    expect(second).toMatch(/^Also to no endpoints, .*maxUnavailable 0.*minReadySeconds/);
  });

  it('finds that new pods are the cause where as many requests are lost however long old ones sleep', () => {
    const flat = [sleepOf(0, 0.7), sleepOf(10, 0.3), sleepOf(60, 0.1)].map((sleep) => ({
      ...sleep,
      lostRequests: estimate(10_000, 500, 5),
    }));
    const lacking = { ...unreachable, preStop: { ...unreachable.preStop, sleeps: flat } };
    expect(adviceOf(lacking)[0]).toBe(
      'New pods are the cause, and no sleep of old ones helps: 60 s of it lose as many requests, 10.0k (9.5 to 10.5), as 10 s do, 10.0k (9.5 to 10.5). Nodes are left with old pods alone; maxUnavailable 0 with a maxSurge keeps these until new ones are ready, and minReadySeconds and a readiness probe until nodes know of new ones that answer.',
    );
    expect(adviceText(lacking)).not.toContain('minSyncPeriod');
    expect(adviceOf(lacking)).toHaveLength(1);
    const present = { ...unreachable.preStop.present, strategy: 'Recreate' } as const;
    expect(adviceOf({ ...lacking, preStop: { ...lacking.preStop, present } })[0]).toMatch(
      /^The strategy Recreate ends all pods before it starts new ones/,
    );
  });

  it('names the replications that would settle it, of which --replications is a quarter', () => {
    expect(adviceText(inconclusive(62))).toContain(
      'About 62 replications would settle it, 20 were run: use --replications 16',
    );
    expect(adviceText(inconclusive(null))).toContain('choose another limit');
  });

  it('has a title for every cause', () => {
    expect(LOSS_CAUSES.map(causeTitle)).toEqual([
      'stale rules',
      'failed pods',
      'no endpoints',
      'no local endpoints',
      'load balancer not drained',
      'conntrack full',
      'queue full',
      'pod ended',
    ]);
  });
});

it('gives a warning once, and names the sleeps where not all gave it', () => {
  const warned = makePreStopResults({ sleeps: SLEEPS.slice(0, 3) });
  const variants = [
    variant({ name: 'sleep 0 s', warnings: ['of all', 'of two'] }),
    variant({ name: 'sleep 1 s', warnings: ['of all', 'of two'] }),
    variant({ name: 'sleep 2 s', warnings: ['of all'] }),
  ];
  expect(preStopWarnings({ ...warned, variants })).toEqual([
    { variant: null, text: 'of all' },
    { variant: 'sleep 0 s, sleep 1 s', text: 'of two' },
  ]);
});

describe.each(ALL)('the summary of an answer that is %s', (_, results) => {
  it.each([40, 60, 80, 100, 200])('keeps to %d columns', (columns) => {
    const lines = renderPreStopSummary(results, { columns, color: false }).split('\n');
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(columns);
    const text = lines.join(' ').replace(/\s+/g, ' ');
    expect(text.startsWith(answerSentence(results))).toBe(true);
    expect(text).not.toMatch(/NaN|undefined|Infinity|null/);
    for (const { sleepSeconds } of results.preStop.sleeps) expect(text).toContain(` ${sleepSeconds} s`);
  });

  it('colours its first line and nothing that is not to be', () => {
    expect(renderPreStopSummary(results, { columns: 80, color: true }).startsWith('\u001b[1m')).toBe(true);
    expect(renderPreStopSummary(results, { columns: 80, color: false })).not.toContain('\u001b');
  });
});

describe('the table', () => {
  const lines = renderPreStopSummary(makePreStopResults(), { columns: 120, color: false }).split('\n');

  it('marks the answer, and shows the causes that lose anything', () => {
    const heading = lines.find((line) => line.includes('requests lost'))!;
    expect(heading).toContain('stale rules');
    expect(heading).toContain('rollout takes');
    expect(heading).not.toContain('conntrack');
    expect(lines.find((line) => line.startsWith('    7 s'))).toMatch(/0\.0040% .*shortest within.*0\.0036%/);
    expect(lines.find((line) => line.startsWith('    6 s'))).toContain('undecided');
    expect(lines.find((line) => line.startsWith('  120 s'))).toContain('within');
  });
});

describe.each(ALL)('the chart of an answer that is %s', (_, results) => {
  const chart = lossAgainstSleep(results);

  it('compiles, or says why it is empty', async () => {
    if ('empty' in chart) {
      expect(chart.empty).toMatch(/\.$/);
      return;
    }
    const { svg } = await compileChart(chart.spec);
    expect(svg).toContain('role-mark');
    expect(`${svg}${chart.takeaway}`).not.toMatch(/NaN|undefined|Infinity/);
    expect(chart.rows).toHaveLength(results.preStop.sleeps.length);
  });
});

describe('the chart', () => {
  const chart = lossAgainstSleep(makePreStopResults());
  if ('empty' in chart) throw new Error(chart.empty);
  const rowOf = (sleep: number) => chart.rows.find((row) => row['sleep'] === sleep)!;

  it('shows where nothing is lost, at the foot of the logarithmic axis', () => {
    expect(rowOf(20)).toMatchObject({ nothing: true, lossExact: 0 });
    expect(rowOf(20)['loss']).toBeGreaterThan(0);
    expect(rowOf(10)['loss']).toBeGreaterThan(rowOf(20)['loss'] as number);
  });

  it('marks one answer', () => {
    expect(chart.rows.filter((row) => row['answer'] === true)).toEqual([rowOf(7)]);
    expect(chart.takeaway).toContain('7 s loses 0.0040%');
  });
});

describe.each(ALL)('the page of an answer that is %s', (_, results) => {
  it('says it, with its advice', async () => {
    const page = await renderPreStopReport(results);
    const text = page
      .replace(/<(script|style|svg)[^]*?<\/\1>/g, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
    expect(text).toContain(`${answerSentence(results)}.`);
    for (const sentence of adviceOf(results)) expect(text).toContain(sentence.replaceAll("'", '&#39;'));
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    expect(page).not.toMatch(/\s(?:src|href)="(?!#|data:)/);
  });
});
