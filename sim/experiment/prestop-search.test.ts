import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RandomStreams } from '../kernel/random.js';
import {
  coarseGrid,
  judgeLoss,
  type LossSource,
  type PreStopOutcome,
  type PreStopSearchOptions,
  searchSleep,
  type SleepRequest,
  UNSAFE_PROBABILITY,
} from './prestop-search.js';

const OPTIONS: PreStopSearchOptions = {
  maxLoss: 1e-4,
  maxSleepSeconds: 120,
  firstLook: 5,
  lastLook: 20,
  presentSleepSeconds: null,
};

/** A source that works a loss out; it notes what it was asked for. */
class FormulaSource implements LossSource {
  readonly requests: SleepRequest[] = [];
  readonly #lossOf: (sleepSeconds: number, replication: number) => number;
  readonly #replications = new Map<number, number>();
  readonly #interruptAfter: number;

  constructor(lossOf: (sleepSeconds: number, replication: number) => number, interruptAfter = Infinity) {
    this.#lossOf = lossOf;
    this.#interruptAfter = interruptAfter;
  }

  measure(requests: readonly SleepRequest[]): Promise<boolean> {
    for (const request of requests) {
      this.requests.push(request);
      const { sleepSeconds, replications } = request;
      this.#replications.set(sleepSeconds, Math.max(replications, this.#replications.get(sleepSeconds) ?? 0));
    }
    return Promise.resolve(this.requests.length <= this.#interruptAfter);
  }

  lossesOf(sleepSeconds: number): number[] {
    return Array.from({ length: this.#replications.get(sleepSeconds) ?? 0 }, (_, replication) =>
      this.#lossOf(sleepSeconds, replication),
    );
  }

  /** All replications that were run. */
  get cost(): number {
    return [...this.#replications.values()].reduce((sum, replications) => sum + replications, 0);
  }
}

const search = (source: LossSource, options: Partial<PreStopSearchOptions> = {}): Promise<PreStopOutcome> =>
  searchSleep(source, { ...OPTIONS, ...options });

/** A loss for each sleep from 0, falling. */
const falling = (most: number) =>
  fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: most + 1, maxLength: most + 1 })
    .map((losses) => losses.sort((a, b) => b - a));

describe('the grid', () => {
  it.each([
    [120, null, [0, 1, 2, 5, 10, 20, 50, 100, 120]],
    [120, 7, [0, 1, 2, 5, 7, 10, 20, 50, 100, 120]],
    [5, 7, [0, 1, 2, 5]],
    [1, 1, [0, 1]],
  ])('up to %d s, at present %s s', (maxSleepSeconds, present, expected) => {
    expect(coarseGrid(maxSleepSeconds, present)).toEqual(expected);
  });
});

describe('a verdict', () => {
  it.each([
    ['whole interval at the limit', 0.5, 0.5, 'within'],
    ['whole interval above', 0.51, 0.6, 'above'],
    ['lower end on the limit', 0.5, 0.6, 'undecided'],
    ['straddling', 0.4, 0.6, 'undecided'],
    ['without interval', null, null, 'undecided'],
  ])('%s', (_, low, high, expected) => {
    expect(judgeLoss({ value: 0.5, low, high, replications: 3 }, 0.5)).toBe(expected);
  });
});

describe('without noise', () => {
  it('finds the shortest sleep within the limit, whatever the curve', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }).chain((most) => falling(most)),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (losses, maxLoss) => {
          const maxSleepSeconds = losses.length - 1;
          const source = new FormulaSource((sleep) => losses[sleep]!);
          const outcome = await search(source, { maxLoss, maxSleepSeconds });
          const expected = losses.findIndex((loss) => loss <= maxLoss);
          if (expected === -1) expect(outcome).toEqual({ status: 'unreachable' });
          else {
            const oneSecondLess = expected === 0 ? null : 'above';
            expect(outcome).toEqual({ status: 'found', sleepSeconds: expected, oneSecondLess });
          }
          const bisections = Math.ceil(Math.log2(maxSleepSeconds + 1));
          const most = coarseGrid(maxSleepSeconds, null).length + bisections;
          const forAnswer = OPTIONS.lastLook - OPTIONS.firstLook;
          expect(source.cost).toBeLessThanOrEqual(most * OPTIONS.firstLook + (expected === -1 ? 0 : forAnswer));
          if (expected !== -1) expect(source.lossesOf(expected)).toHaveLength(OPTIONS.lastLook);
        },
      ),
    );
  });

  it('takes a limit of nothing at all', async () => {
    const source = new FormulaSource((sleep) => Math.max(0, 13 - sleep) / 100);
    expect(await search(source, { maxLoss: 0 })).toMatchObject({ status: 'found', sleepSeconds: 13 });
  });

  it('does not believe a sleep that passes when a longer one is too short', async () => {
    const source = new FormulaSource((sleep) => (sleep >= 5 && sleep < 30 ? 1 : 0));
    expect(await search(source)).toMatchObject({ status: 'found', sleepSeconds: 30 });
  });

  it('measures the sleep of the scenario, too', async () => {
    const source = new FormulaSource(() => 1);
    await search(source, { presentSleepSeconds: 13 });
    expect(source.lossesOf(13)).toHaveLength(OPTIONS.firstLook);
  });
});

/**
 * Losses of one in a thousand at first that fall by half every `halvingSeconds`. `common` is the variation that all sleeps of a
 * replication share, `own` that of each sleep; both multiply, are uniform and have mean 1.
 */
function noisyLoss(seed: number, halvingSeconds: number, common: number, own: number) {
  return (sleep: number, replication: number): number => {
    const streams = new RandomStreams(seed, replication);
    const factor = (spread: number, uniform: number): number => 1 + spread * (2 * uniform - 1);
    const shared = factor(common, streams.hash('loss').uniform(0, 0));
    const alone = factor(own, streams.hash('loss of a sleep').uniform(sleep, 0));
    return meanLoss(halvingSeconds, sleep) * shared * alone;
  };
}

const meanLoss = (halvingSeconds: number, sleep: number): number =>
  1e-3 * Math.exp((-sleep * Math.LN2) / halvingSeconds);

describe.each([
  ['common to all sleeps', 0.8, 0],
  ['of each sleep', 0, 0.8],
  ['of both kinds', 0.5, 0.5],
])('with noise %s', (_, common, own) => {
  const EXPERIMENTS = 400;
  const HALVING_SECONDS = [0.7, 2, 5.3, 11];
  const outcomes = async () => {
    const found: { readonly answer: number; readonly halvingSeconds: number }[] = [];
    let cost = 0;
    for (let seed = 0; seed < EXPERIMENTS; seed++) {
      const halvingSeconds = HALVING_SECONDS[seed % HALVING_SECONDS.length]!;
      const source = new FormulaSource(noisyLoss(seed, halvingSeconds, common, own));
      const outcome = await search(source);
      if (outcome.status === 'found') found.push({ answer: outcome.sleepSeconds, halvingSeconds });
      cost += source.cost;
    }
    return { found, cost };
  };

  it('gives an unsafe answer no more often than it says, and asks for little more than needed', async () => {
    const { found, cost } = await outcomes();
    expect(found).toHaveLength(EXPERIMENTS);
    const unsafe = found.filter(({ answer, halvingSeconds }) => meanLoss(halvingSeconds, answer) > OPTIONS.maxLoss);
    // Three standard deviations of a binomial count above what is promised.
    const most = EXPERIMENTS * UNSAFE_PROBABILITY + 3 * Math.sqrt(EXPERIMENTS * UNSAFE_PROBABILITY);
    expect(unsafe.length).toBeLessThanOrEqual(most);
    const losses = found.map(({ answer, halvingSeconds }) => meanLoss(halvingSeconds, answer) / OPTIONS.maxLoss);
    expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeGreaterThan(0.6);
    const everyTry = coarseGrid(OPTIONS.maxSleepSeconds, null).length + 7;
    expect(cost / EXPERIMENTS).toBeLessThan(everyTry * OPTIONS.lastLook * 0.7);
  });
});

describe('noise that hides the answer', () => {
  /** Half of the replications lose nothing, half of them three times the limit. */
  const doubtful = (_: number, replication: number): number => (replication % 2) * 3 * OPTIONS.maxLoss;

  it('is inconclusive, after all replications, with the number that would do', async () => {
    const source = new FormulaSource(doubtful);
    const outcome = await search(source);
    expect(outcome).toMatchObject({ status: 'inconclusive' });
    expect(outcome.status === 'inconclusive' && outcome.replicationsNeeded).toBeGreaterThan(OPTIONS.lastLook);
    expect(source.lossesOf(OPTIONS.maxSleepSeconds)).toHaveLength(OPTIONS.lastLook);
    expect(source.lossesOf(0)).toHaveLength(OPTIONS.firstLook);
  });

  it('names no number when the loss is the limit', async () => {
    const source = new FormulaSource((_, replication) => (replication % 2) * 2 * OPTIONS.maxLoss);
    expect(await search(source)).toEqual({ status: 'inconclusive', replicationsNeeded: null });
  });

  it('below a sleep that passes only leaves open whether a second less would do', async () => {
    const source = new FormulaSource((sleep, replication) => (sleep >= 9 ? 0 : doubtful(sleep, replication)));
    expect(await search(source)).toEqual({ status: 'found', sleepSeconds: 9, oneSecondLess: 'undecided' });
  });
});

it('is not taken in by a quiet first look', async () => {
  const source = new FormulaSource((sleep, replication) =>
    replication >= 5 && sleep < 9 ? 1 : Math.max(0, 3 - sleep),
  );
  expect(await search(source)).toMatchObject({ status: 'found', sleepSeconds: 9 });
  const never = new FormulaSource((_, replication) => Number(replication >= 5));
  expect(await search(never)).toEqual({ status: 'unreachable' });
});

it('has no verdict where no request was sent', async () => {
  const source: LossSource = { measure: () => Promise.resolve(true), lossesOf: () => [] };
  expect(await search(source)).toEqual({ status: 'unmeasured' });
});

it.each([0, 9, 10, 12])('stops when it is interrupted after %d requests', async (count) => {
  const source = new FormulaSource((sleep) => 1 / (1 + sleep), count);
  expect(await search(source, { maxLoss: 0.02 })).toEqual({ status: 'interrupted' });
});
