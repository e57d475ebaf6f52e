/**
 * The priority levels of an API server and how its concurrency is divided among them
 * (pkg/apis/flowcontrol/bootstrap, apiserver pkg/util/flowcontrol, KEP-1040).
 *
 *   --max-requests-inflight + --max-mutating-requests-inflight --> nominal limits, by shares --> limits, by demand
 *
 * Since 1.26 a level that does not use its seats lends them: every 10 s the limits are set anew from the demand of the past
 * period. What a level lends and borrows is bounded; in between, each gets seats in proportion to its demand.
 *
 * Left out: levels that an administrator adds, the level "exempt" (no limit, nothing to divide), the flow schemas, whose
 * match is made by whoever creates an API client; the configuration before 1.22, which had no level node-high.
 */

import { PRIORITY_LEVEL_RULES } from '../../versions/flow-control-rules.js';

/** Priority levels of the suggested configuration of API priority and fairness, by their upstream names. */
export type PriorityLevel = keyof typeof PRIORITY_LEVEL_RULES;

/** In the order in which they are numbered everywhere. */
export const PRIORITY_LEVELS = Object.keys(PRIORITY_LEVEL_RULES) as readonly PriorityLevel[];

export const levelNumber = (name: PriorityLevel): number => PRIORITY_LEVELS.indexOf(name);

export interface Queuing {
  readonly queues: number;
  /** Queues that one flow is dealt; a request joins the one of them with least work. */
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

/** One level's part of an API server's concurrency, in seats. */
export interface LevelConfiguration {
  readonly name: PriorityLevel;
  readonly nominalLimit: number;
  /** What is left when all that is lendable is lent. */
  readonly minLimit: number;
  /** With all that it may borrow; Infinity: no bound but the server's. */
  readonly maxLimit: number;
  /** null: a request that finds no seat is rejected. */
  readonly queuing: Queuing | null;
}

/**
 * The levels of a server with so many seats. Nominal limits are rounded up, so they add up to a few seats more.
 *
 * @param borrowingLimitPercent what a level may borrow, in percent of its nominal limit; null: without bound. With 0 nobody
 *   borrows and all limits stay nominal, as before 1.26.
 */
export function suggestedLevels(serverLimit: number, borrowingLimitPercent: number | null): LevelConfiguration[] {
  const rules = PRIORITY_LEVELS.map((name) => PRIORITY_LEVEL_RULES[name]);
  const allShares = rules.reduce((sum, { nominalConcurrencyShares }) => sum + nominalConcurrencyShares.value, 0);
  return PRIORITY_LEVELS.map((name) => {
    const { nominalConcurrencyShares, lendablePercent, queuing } = PRIORITY_LEVEL_RULES[name];
    const nominalLimit = Math.ceil((serverLimit * nominalConcurrencyShares.value) / allShares);
    return {
      name,
      nominalLimit,
      minLimit: nominalLimit - Math.round((nominalLimit * lendablePercent.value) / 100),
      maxLimit:
        borrowingLimitPercent === null
          ? Infinity
          : nominalLimit + Math.round((nominalLimit * borrowingLimitPercent) / 100),
      queuing: queuing && {
        queues: queuing.queues.value,
        handSize: queuing.handSize.value,
        queueLengthLimit: queuing.queueLengthLimit.value,
      },
    };
  });
}

/** Seats that a level asked for in the past period: taken and waited for. */
export interface LevelDemand {
  /** Most at any time of the period. */
  readonly high: number;
  /** Mean plus deviation, following peaks at once and forgetting them over minutes (`smoothDemand`). */
  readonly smooth: number;
}

/**
 * The limits of the coming period: each level keeps what it needs of its own, and the rest of the server goes to all in
 * proportion to their demand, between their bounds.
 */
export function limitsByDemand(
  serverLimit: number,
  levels: readonly Pick<LevelConfiguration, 'nominalLimit' | 'minLimit' | 'maxLimit'>[],
  demands: readonly LevelDemand[],
): number[] {
  const floors = levels.map(({ nominalLimit, minLimit }, index) =>
    Math.max(minLimit, Math.min(nominalLimit, demands[index]!.high)),
  );
  const targets = floors.map((floor, index) => Math.max(floor, demands[index]!.smooth));
  const limitsAt = (proportion: number): number[] =>
    levels.map(({ maxLimit }, index) =>
      Math.min(maxLimit, Math.max(floors[index]!, Math.round(proportion * targets[index]!))),
    );
  const fits = (proportion: number): boolean => sum(limitsAt(proportion)) <= serverLimit;
  // The sum grows with the proportion, from the floors on. Where they fill the server already, nothing is left to share out.
  let low = 0;
  let high = serverLimit + 1;
  if (!fits(low)) return limitsAt(low);
  if (fits(high)) return limitsAt(high);
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return limitsAt(low);
}

/** Halves the interval until it is far below what a whole seat could tell. */
const BISECTIONS = 40;

/** The smoothed demand after a period whose demand had this mean, deviation and peak. `decay` of the past is kept. */
export function smoothDemand(
  previous: number,
  period: { readonly mean: number; readonly deviation: number; readonly high: number },
  decay: number,
): number {
  const envelope = Math.min(period.high, period.mean + period.deviation);
  return Math.max(envelope, decay * previous + (1 - decay) * envelope);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
