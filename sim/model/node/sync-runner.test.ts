import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MinIntervalRunner, TokenBucketRunner, type SyncRunner } from './sync-runner.js';

interface Cases {
  readonly minInterval: readonly {
    readonly test: string;
    readonly min: number;
    readonly retry: number;
    readonly max: number;
    readonly signals: readonly number[];
    /** Indices of the runs that fail. */
    readonly failedRuns: readonly number[];
    readonly untilMs: number;
    readonly runs: readonly number[];
  }[];
  readonly tokenBucket: readonly {
    readonly test: string;
    readonly min: number;
    readonly max: number;
    readonly burst: number;
    /** Time, action, and what it causes: a run, nothing, or a deferral by so many ms. */
    readonly steps: readonly (readonly [number, 'signal' | 'tick', 'run' | 'nothing' | number])[];
    readonly runs: readonly number[];
  }[];
}
const cases = JSON.parse(readFileSync(new URL('sync-runner.cases.json', import.meta.url), 'utf8')) as Cases;

const MS = 1e6;
const SECOND = 1e9;
const HOUR = 3600 * SECOND;
const NODE = 1;

interface Run {
  readonly startNs: number;
  readonly endNs: number;
}

/** One node's loop in continuous time: the events that a simulator would make of a runner's answers. */
class Loop {
  readonly runs: Run[] = [];
  #dueNs: number;
  readonly #runner: SyncRunner;
  readonly #durationNs: number;
  readonly #failedRuns: readonly number[];

  constructor(runner: SyncRunner, durationNs: number, failedRuns: readonly number[] = []) {
    this.#runner = runner;
    this.#durationNs = durationNs;
    this.#failedRuns = failedRuns;
    this.#dueNs = runner.maxIntervalDueNs(NODE);
  }

  /** Lets the timer fire for as long as it is due by `timeNs`. */
  advance(timeNs: number): void {
    while (this.#dueNs <= timeNs) this.#run(this.#dueNs);
  }

  /** A signal; returns when it is acted on if no other follows. Signals during a sync are seen at its end. */
  signal(timeNs: number): number {
    const deferredNs = this.#runner.deferredUntilNs(NODE, timeNs);
    if (deferredNs === timeNs) this.#run(timeNs);
    else this.#dueNs = Math.min(this.#dueNs, deferredNs);
    return deferredNs;
  }

  #run(startNs: number): void {
    const endNs = startNs + this.#durationNs;
    this.#runner.onRun(NODE, startNs, endNs, this.#failedRuns.includes(this.runs.length));
    this.runs.push({ startNs, endNs });
    this.#dueNs = this.#runner.maxIntervalDueNs(NODE);
  }
}

const minInterval = (minNs: number, retryNs = 30 * SECOND, maxNs = HOUR): SyncRunner =>
  new MinIntervalRunner(3, { minIntervalNs: minNs, retryIntervalNs: retryNs, maxIntervalNs: maxNs });
const tokenBucket = (minNs: number, burstRuns = 2, retryNs = 30 * SECOND, maxNs = HOUR): SyncRunner =>
  new TokenBucketRunner(3, { minIntervalNs: minNs, retryIntervalNs: retryNs, maxIntervalNs: maxNs }, burstRuns);

describe("Kubernetes' tests of pkg/proxy/runner (1.34 and later)", () => {
  it.each(cases.minInterval)('$test', ({ min, retry, max, signals, failedRuns, untilMs, runs }) => {
    const loop = new Loop(minInterval(min * MS, retry * MS, max * MS), 0, failedRuns);
    for (const at of signals) {
      loop.advance(at * MS);
      loop.signal(at * MS);
    }
    loop.advance(untilMs * MS);
    expect(loop.runs.map((run) => run.startNs / MS)).toEqual(runs);
  });
});

describe("Kubernetes' tests of pkg/util/async (up to 1.33)", () => {
  it.each(cases.tokenBucket)('$test', ({ min, max, burst, steps, runs }) => {
    const loop = new Loop(tokenBucket(min * MS, burst, 30 * SECOND, max * MS), 0);
    for (const [at, action, outcome] of steps) {
      const runsBefore = loop.runs.length;
      if (action === 'tick') {
        loop.advance(at * MS);
        expect([at, loop.runs.length - runsBefore]).toEqual([at, outcome === 'run' ? 1 : 0]);
      } else {
        const deferredMs = loop.signal(at * MS) / MS - at;
        expect([at, deferredMs]).toEqual([at, outcome === 'run' ? 0 : outcome]);
      }
    }
    expect(loop.runs.map((run) => run.startNs / MS)).toEqual(runs);
  });
});

describe('a failed sync is tried again', () => {
  it.each([
    ['min-interval', minInterval(SECOND)],
    ['token-bucket', tokenBucket(SECOND)],
  ])('%s: syncPeriod after its end, once', (_, runner) => {
    const loop = new Loop(runner, 2 * SECOND, [0]);
    loop.signal(5 * SECOND);
    loop.advance(100 * SECOND);
    expect(loop.runs.map((run) => run.startNs)).toEqual([5 * SECOND, 37 * SECOND]);
    expect(runner.maxIntervalDueNs(NODE)).toBe(39 * SECOND + HOUR);
  });

  it('but a signal does not wait for the retry', () => {
    const loop = new Loop(tokenBucket(SECOND), 2 * SECOND, [0]);
    loop.signal(5 * SECOND);
    loop.signal(8 * SECOND);
    loop.advance(100 * SECOND);
    expect(loop.runs.map((run) => run.startNs)).toEqual([5 * SECOND, 8 * SECOND]);
  });
});

/**
 * Saturated load: signals every 10 ms or so, so that one is always waiting when the runner is ready. The latency of a change is
 * the time from its arrival to the end of the first sync that starts after it.
 */
const measure = (runner: SyncRunner, durationNs: number, horizonNs: number) => {
  const loop = new Loop(runner, durationNs);
  const arrivalsNs: number[] = [];
  let seed = 12345;
  let timeNs = 0;
  while (timeNs < horizonNs) {
    seed = (seed * 48271) % 2147483647;
    timeNs += 1 + Math.floor((seed / 2147483647) * 20 * MS);
    arrivalsNs.push(timeNs);
    loop.advance(timeNs);
    loop.signal(timeNs);
  }
  loop.advance(timeNs + 60 * SECOND);
  let run = 0;
  let sumNs = 0;
  let worstNs = 0;
  for (const arrivalNs of arrivalsNs) {
    while (loop.runs[run]!.startNs < arrivalNs) run++;
    const latencyNs = loop.runs[run]!.endNs - arrivalNs;
    sumNs += latencyNs;
    worstNs = Math.max(worstNs, latencyNs);
  }
  const runs = loop.runs.length - 1;
  return {
    period: (loop.runs[runs]!.startNs - loop.runs[0]!.startNs) / runs / SECOND,
    mean: sumNs / arrivalsNs.length / SECOND,
    worst: worstNs / SECOND,
  };
};
const within = (actual: number, expected: number): void => {
  expect(Math.abs(actual / expected - 1)).toBeLessThan(0.02);
};

describe('closed forms under saturated load', () => {
  const grid = [1, 10].flatMap((m) => [0.05, 0.3, 1, 3].map((d) => ({ m, d })));

  it.each(grid)('1.34 and later, m = $m s, D = $d s: period D + m, mean 1.5 D + 0.5 m, worst 2 D + m', ({ m, d }) => {
    const { period, mean, worst } = measure(minInterval(m * SECOND), d * SECOND, 4000 * SECOND);
    within(period, d + m);
    within(mean, 1.5 * d + 0.5 * m);
    expect(worst).toBeLessThanOrEqual(2 * d + m + 1e-6);
  });

  it.each(grid)('up to 1.33, m = $m s, D = $d s: period max(D, m), mean D + max(D, m) / 2', ({ m, d }) => {
    const { period, mean, worst } = measure(tokenBucket(m * SECOND), d * SECOND, 4000 * SECOND);
    within(period, Math.max(d, m));
    within(mean, d + Math.max(d, m) / 2);
    expect(worst).toBeLessThanOrEqual(2 * d + m + 1e-6);
  });
});

describe('what holds for both runners', () => {
  const signalsAndDuration = fc.record({
    gapsMs: fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 1, maxLength: 80 }),
    minMs: fc.integer({ min: 0, max: 3000 }),
    durationMs: fc.integer({ min: 0, max: 3000 }),
  });

  it('earliestRunNs is the border of canRunAt, and every signal is acted on within D + m', () => {
    fc.assert(
      fc.property(signalsAndDuration, fc.boolean(), ({ gapsMs, minMs, durationMs }, isNew) => {
        const runner = isNew ? minInterval(minMs * MS) : tokenBucket(minMs * MS);
        const loop = new Loop(runner, durationMs * MS);
        let timeNs = 0;
        for (const gapMs of gapsMs) {
          timeNs += gapMs * MS;
          loop.advance(timeNs);
          const deferredNs = loop.signal(timeNs);
          expect(deferredNs).toBeGreaterThanOrEqual(timeNs);
          expect(deferredNs).toBeLessThanOrEqual(timeNs + (minMs + durationMs) * MS);
          const earliestNs = runner.earliestRunNs(NODE);
          expect(runner.canRunAt(NODE, earliestNs)).toBe(true);
          expect(runner.canRunAt(NODE, earliestNs - 1)).toBe(false);
        }
        for (let n = 1; n < loop.runs.length; n++) {
          expect(loop.runs[n]!.startNs).toBeGreaterThanOrEqual(loop.runs[n - 1]!.endNs);
        }
      }),
    );
  });

  it('of the token bucket: in any window of length T at most 2 + T / m syncs start', () => {
    fc.assert(
      fc.property(signalsAndDuration, ({ gapsMs, minMs, durationMs }) => {
        fc.pre(minMs > 0);
        const loop = new Loop(tokenBucket(minMs * MS), Math.min(durationMs, 50) * MS);
        let timeNs = 0;
        for (const gapMs of gapsMs) {
          timeNs += (gapMs * MS) / 10;
          loop.advance(timeNs);
          loop.signal(timeNs);
        }
        loop.runs.forEach((first, n) => {
          loop.runs.slice(n).forEach((last, k) => {
            expect(k + 1).toBeLessThanOrEqual(2 + (last.startNs - first.startNs) / (minMs * MS));
          });
        });
      }),
    );
  });

  it('a runner that starts later counts from its start', () => {
    for (const runner of [minInterval(SECOND), tokenBucket(SECOND)]) {
      runner.reset(NODE, -20 * SECOND);
      expect(runner.maxIntervalDueNs(NODE)).toBe(HOUR - 20 * SECOND);
      expect(runner.deferredUntilNs(NODE, 5)).toBe(5);
    }
  });

  it('a sync that the runner does not allow is an error', () => {
    for (const runner of [minInterval(SECOND), tokenBucket(SECOND, 1)]) {
      runner.onRun(NODE, 0, 10);
      expect(() => runner.onRun(NODE, 20, 30)).toThrow(RangeError);
    }
  });
});

it('refuses a maximal interval below the minimal one', () => {
  expect(() => minInterval(2, 1, 1)).toThrow(RangeError);
  expect(() => tokenBucket(2, 2, 1, 1)).toThrow(RangeError);
  expect(() => tokenBucket(2, 0)).toThrow(RangeError);
});
