/**
 * Flow control of one API server: which requests it executes at a time, and which wait or are rejected.
 *
 *   request --> priority and fairness: Seats of its priority level, whose limits follow demand every 10 s
 *           or, with --enable-priority-and-fairness=false: the limits of reads and of writes in flight
 *
 * The borrowing of seats is worked out when somebody looks; only while requests wait is there an event, for the next moment
 * at which one of them may go on.
 */

import { FLOW_CONTROL_RULES } from '../../versions/flow-control-rules.js';
import {
  limitsByDemand,
  type LevelConfiguration,
  type LevelDemand,
  type Queuing,
  smoothDemand,
  suggestedLevels,
} from './priority-levels.js';
import type { RequestTable } from './request-table.js';
import { type RequestExecutor, Seats } from './seats.js';
import { maxSeatsOfLevel } from './work-estimate.js';

const NS_PER_SECOND = 1e9;
const ADJUSTMENT_PERIOD_NS = FLOW_CONTROL_RULES.borrowingAdjustmentPeriod.value * NS_PER_SECOND;
const ESTIMATED_SERVICE_NS = FLOW_CONTROL_RULES.estimatedServiceTime.value * NS_PER_SECOND;

/** The flags of an API server that bound what it does at a time; see the scenario's `controlPlane.apiServer`. */
export interface FlowControlSettings {
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly enablePriorityAndFairness: boolean;
  readonly borrowingLimitPercent: number | null;
  readonly requestTimeoutNs: number;
}

/** Numbers of the two limits without priority and fairness; with it, a level has its number in PRIORITY_LEVELS. */
const INFLIGHT_LIMITS = { reads: 0, writes: 1 } as const;

export class FlowController {
  readonly #serverLimit: number;
  /** null without priority and fairness. */
  readonly #levels: readonly LevelConfiguration[] | null;
  readonly #seats: readonly Seats[];
  readonly #maxSeats: readonly number[];
  readonly #smoothDemands: number[];
  #nextAdjustmentNs: number;

  constructor(settings: FlowControlSettings, requests: RequestTable, executor: RequestExecutor, measureFromNs: number) {
    const { maxRequestsInflight, maxMutatingRequestsInflight, borrowingLimitPercent } = settings;
    this.#serverLimit = maxRequestsInflight + maxMutatingRequestsInflight;
    const rules = {
      queueWaitLimitNs: Math.round(settings.requestTimeoutNs * FLOW_CONTROL_RULES.queueWaitShare.value),
      estimatedServiceNs: ESTIMATED_SERVICE_NS,
      measureFromNs,
    };
    this.#levels = settings.enablePriorityAndFairness
      ? suggestedLevels(this.#serverLimit, borrowingLimitPercent)
      : null;
    const limits =
      this.#levels?.map(({ nominalLimit, queuing }) => ({ limit: nominalLimit, queuing })) ??
      [maxRequestsInflight, maxMutatingRequestsInflight].map((limit) => ({ limit, queuing: null }));
    this.#seats = limits.map((limit) => new Seats(requests, executor, { ...rules, ...limit }));
    this.#maxSeats = limits.map(({ limit, queuing }) => maxSeatsOfLevel(limit, queuing && queuing.handSize));
    this.#smoothDemands = limits.map(() => 0);
    this.#nextAdjustmentNs = this.#levels !== null && borrowingLimitPercent !== 0 ? ADJUSTMENT_PERIOD_NS : Infinity;
  }

  /** Which limit holds for a request of this priority level. */
  limitOf(priorityLevel: number, isWrite: boolean): number {
    if (this.#levels !== null) return priorityLevel;
    return isWrite ? INFLIGHT_LIMITS.writes : INFLIGHT_LIMITS.reads;
  }

  /** Most seats that one request under the limit takes. */
  maxSeats(limit: number): number {
    return this.#maxSeats[limit]!;
  }

  /** How requests of this priority level wait; null: they do not. */
  queuingOf(priorityLevel: number): Queuing | null {
    return this.#levels === null ? null : this.#levels[priorityLevel]!.queuing;
  }

  /**
   * A request has come that is under this limit; `hand` are the queues of its flow, null where there are none. Returns whether
   * `nextChangeNs` may be earlier now.
   */
  arrive(request: number, limit: number, hand: Uint8Array | null, nowNs: number): boolean {
    this.#adjustLimits(nowNs);
    return this.#seats[limit]!.arrive(request, hand, nowNs);
  }

  /** Goes on with what waits. */
  proceed(nowNs: number): void {
    this.#adjustLimits(nowNs);
    for (const seats of this.#seats) {
      if (seats.waiting === 0) continue;
      seats.advance(nowNs);
      seats.dispatch(nowNs);
    }
  }

  /** When `proceed` can next do something; Infinity when nobody waits. */
  nextChangeNs(): number {
    let nextNs = Infinity;
    for (const seats of this.#seats) nextNs = Math.min(nextNs, seats.nextChangeNs());
    return nextNs === Infinity ? Infinity : Math.min(nextNs, this.#nextAdjustmentNs);
  }

  /** The server went down. */
  clear(nowNs: number): void {
    this.#adjustLimits(nowNs);
    for (const seats of this.#seats) {
      seats.advance(nowNs);
      seats.clear();
    }
  }

  /** The run is over: counts use up to now. */
  end(nowNs: number): void {
    this.#adjustLimits(nowNs);
    for (const seats of this.#seats) seats.advance(nowNs);
  }

  /** Nominal limits by level, in the order of PRIORITY_LEVELS; null without priority and fairness. */
  nominalLimits(): readonly number[] | null {
    return this.#levels === null ? null : this.#levels.map(({ nominalLimit }) => nominalLimit);
  }

  /** The seats of one level, or of the reads or writes. */
  seatsOf(limit: number): Seats {
    return this.#seats[limit]!;
  }

  #adjustLimits(nowNs: number): void {
    for (; this.#nextAdjustmentNs <= nowNs; this.#nextAdjustmentNs += ADJUSTMENT_PERIOD_NS) {
      const atNs = this.#nextAdjustmentNs;
      const demands = this.#seats.map((seats, index): LevelDemand => {
        seats.advance(atNs);
        const demand = seats.takeDemand();
        const smooth = smoothDemand(this.#smoothDemands[index]!, demand, FLOW_CONTROL_RULES.seatDemandSmoothing.value);
        this.#smoothDemands[index] = smooth;
        return { high: demand.high, smooth };
      });
      const limits = limitsByDemand(this.#serverLimit, this.#levels!, demands);
      // While somebody waits there is an event at every adjustment, so `atNs` is the present and they may go on.
      this.#seats.forEach((seats, index) => {
        seats.setLimit(limits[index]!);
        seats.dispatch(atNs);
      });
    }
  }
}
