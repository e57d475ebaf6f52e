/**
 * The shortest preStop sleep, in whole seconds, whose expected loss is within a limit.
 *
 *   coarse grid of sleeps --first look--> the longest that is too short, the shortest that passes --bisection--> candidate
 *                                                 undecided in between --last look-->                              |
 *                                                 answer <--passes-- last look at the candidate <------------------+
 *
 * Loss falls with the sleep, as a longer one gives every node and load balancer more time to turn away from a pod before it
 * stops. So a sleep that is found too short rules out all shorter ones, whatever these have shown.
 *
 * A sleep passes when the 95 % interval of its loss lies within the limit, is too short when the interval lies above, and is
 * undecided otherwise. First looks, after a few replications, only steer the search; no sleep is an answer that has not passed
 * a last look, after many. That one is wrong on this side with 2.5 %; replications are common to all sleeps, so that a sleep that
 * is too short can hardly pass where the longest of those that are too short does not. Hence UNSAFE_PROBABILITY.
 *
 * Left out: losses that rise with the sleep, and rare disasters that no replication has seen.
 */

import { type Estimate, estimateMean, replicationsForHalfWidth } from '../stats/estimate.js';
import { MOST_REPLICATIONS_TO_SUGGEST } from './replication-policy.js';

/** At most, that the expected loss of an answer is above the limit: half of what a 95 % interval misses on both sides. */
export const UNSAFE_PROBABILITY = 0.025;

/** The last look has so many times the replications of the first: its interval is half as wide, and a little less. */
export const LAST_LOOK_FACTOR = 4;

export interface SleepRequest {
  readonly sleepSeconds: number;
  /** That the sleep must have, with those that it has already. */
  readonly replications: number;
}

/** Where losses come from: simulations, or a formula in tests. */
export interface LossSource {
  /** Makes sure that each sleep has its replications; false: interrupted, and some are missing. */
  measure(requests: readonly SleepRequest[]): Promise<boolean>;
  /** Share of requests lost in each replication that the sleep has so far. */
  lossesOf(sleepSeconds: number): readonly number[];
}

export interface PreStopSearchOptions {
  /** Share of requests, 0 to 1. */
  readonly maxLoss: number;
  readonly maxSleepSeconds: number;
  /** Replications of every sleep that is tried, and of those that these leave undecided and of the answer. */
  readonly firstLook: number;
  readonly lastLook: number;
  /** A sleep that shall be measured in any case, such as that of the scenario; null: none. */
  readonly presentSleepSeconds: number | null;
}

export type PreStopOutcome =
  | {
      readonly status: 'found';
      readonly sleepSeconds: number;
      /** The sleep of one second less: what the interval of its loss says. Null: there is none. */
      readonly oneSecondLess: Exclude<LossVerdict, 'within'> | null;
    }
  /** Even the longest sleep loses more. */
  | { readonly status: 'unreachable' }
  /** The interval of the longest sleep straddles the limit; null: too close to be told apart by more replications. */
  | { readonly status: 'inconclusive'; readonly replicationsNeeded: number | null }
  /** No request was sent. */
  | { readonly status: 'unmeasured' }
  | { readonly status: 'interrupted' };

export type LossVerdict = 'within' | 'above' | 'undecided';

export function judgeLoss({ low, high }: Estimate, maxLoss: number): LossVerdict {
  if (low === null || high === null) return 'undecided';
  if (high <= maxLoss) return 'within';
  return low > maxLoss ? 'above' : 'undecided';
}

/** Steps that look even on a logarithmic axis, as losses fall by orders of magnitude. */
const GRID_STEPS = [1, 2, 5];

/** 0, 1, 2, 5, 10, 20, 50, ... and the longest sleep itself, ascending. */
export function coarseGrid(maxSleepSeconds: number, presentSleepSeconds: number | null): number[] {
  const grid = new Set([0, maxSleepSeconds]);
  if (presentSleepSeconds !== null && presentSleepSeconds <= maxSleepSeconds) grid.add(presentSleepSeconds);
  for (let decade = 1; decade <= maxSleepSeconds; decade *= 10) {
    for (const step of GRID_STEPS) if (step * decade <= maxSleepSeconds) grid.add(step * decade);
  }
  return [...grid].sort((a, b) => a - b);
}

export async function searchSleep(source: LossSource, options: PreStopSearchOptions): Promise<PreStopOutcome> {
  const { maxLoss, maxSleepSeconds, firstLook, lastLook, presentSleepSeconds } = options;
  const grid = coarseGrid(maxSleepSeconds, presentSleepSeconds);
  const tried = new Set(grid);
  const verdictOf = (sleepSeconds: number): LossVerdict =>
    judgeLoss(estimateMean(source.lossesOf(sleepSeconds)), maxLoss);
  /** Null: interrupted. */
  const look = async (sleepSeconds: number, replications: number): Promise<LossVerdict | null> => {
    tried.add(sleepSeconds);
    return (await source.measure([{ sleepSeconds, replications }])) ? verdictOf(sleepSeconds) : null;
  };
  const settle = async (sleepSeconds: number): Promise<LossVerdict | null> => {
    const verdict = await look(sleepSeconds, firstLook);
    return verdict === 'undecided' ? look(sleepSeconds, lastLook) : verdict;
  };

  if (!(await source.measure(grid.map((sleepSeconds) => ({ sleepSeconds, replications: firstLook }))))) {
    return { status: 'interrupted' };
  }
  if (grid.some((sleepSeconds) => source.lossesOf(sleepSeconds).length === 0)) return { status: 'unmeasured' };
  let verdict = await settle(maxSleepSeconds);
  let tooShort = longest(grid.filter((sleep) => verdictOf(sleep) === 'above')) ?? -1;
  while (verdict !== null && tooShort < maxSleepSeconds && verdictOf(maxSleepSeconds) === 'within') {
    const passing = [...tried].filter((sleep) => sleep > tooShort && verdictOf(sleep) === 'within');
    const enough = Math.min(...passing);
    const sleep = enough - tooShort > 1 ? between(tooShort, enough, grid) : enough;
    verdict = sleep === enough ? await look(enough, lastLook) : await settle(sleep);
    if (sleep === enough && verdict === 'within') return found(enough, verdictOf);
    if (verdict !== 'within') tooShort = sleep;
  }
  if (verdict === null) return { status: 'interrupted' };
  return verdictOf(maxSleepSeconds) === 'above'
    ? { status: 'unreachable' }
    : { status: 'inconclusive', replicationsNeeded: needed(source.lossesOf(maxSleepSeconds), maxLoss) };
}

function found(sleepSeconds: number, verdictOf: (sleepSeconds: number) => LossVerdict): PreStopOutcome {
  if (sleepSeconds === 0) return { status: 'found', sleepSeconds, oneSecondLess: null };
  return {
    status: 'found',
    sleepSeconds,
    oneSecondLess: verdictOf(sleepSeconds - 1) === 'above' ? 'above' : 'undecided',
  };
}

const longest = (sleeps: readonly number[]): number | null => (sleeps.length === 0 ? null : Math.max(...sleeps));

/** The next sleep to try: one of the grid, whose first look is there already, or else the middle. */
function between(tooShort: number, enough: number, grid: readonly number[]): number {
  const open = grid.filter((sleep) => sleep > tooShort && sleep < enough);
  return open[Math.floor(open.length / 2)] ?? Math.floor((tooShort + enough) / 2);
}

/** Replications, all told, that would probably settle a sleep that is undecided. */
function needed(losses: readonly number[], maxLoss: number): number | null {
  const estimate = estimateMean(losses);
  return replicationsForHalfWidth(estimate, Math.abs(maxLoss - estimate.value), MOST_REPLICATIONS_TO_SUGGEST);
}
