/**
 * The seats of one priority level of one API server: who executes, who waits, and what the level was used.
 *
 *   request --> free seats? --> executes --> answered --> additional latency --> seats free
 *                    |no                                                           |
 *                    `--> fair queues (full: rejected; too long: rejected) <-------'
 *
 * Seats are given back when somebody looks (`advance`), in order of time: as long as nobody waits, a request costs no event.
 *
 * A request that wants more seats than the level has is executed when nobody else is; its final seats are then cut to the
 * limit, and held for longer in proportion.
 */

import { BinaryHeapQueue } from '../../../kernel/binary-heap-queue.js';
import { FairQueues } from './fair-queues.js';
import type { Queuing } from './priority-levels.js';
import { RequestState, type RequestTable } from './request-table.js';
import { spreadSeatTime } from './work-estimate.js';

/** Does what flow control has decided of a request. */
export interface RequestExecutor {
  /** Executes it from now on: returns when it will be answered. */
  execute(request: number): number;
  /** Answers it with 429, Too Many Requests. */
  reject(request: number): void;
}

export interface SeatLimits {
  /** Seats at the start. */
  readonly limit: number;
  /** null: who finds no seat is rejected. */
  readonly queuing: Queuing | null;
  /** After this a request that still waits is rejected. */
  readonly queueWaitLimitNs: number;
  /** What a request is taken to last when it is queued. */
  readonly estimatedServiceNs: number;
  /** Use is counted from here on. */
  readonly measureFromNs: number;
}

/** Demand for seats over a period: taken and waited for. */
interface Demand {
  readonly mean: number;
  readonly deviation: number;
  readonly high: number;
}

export class Seats {
  readonly #requests: RequestTable;
  readonly #executor: RequestExecutor;
  readonly #parameters: SeatLimits;
  readonly #queues: FairQueues | null;
  /** Requests that hold seats, by the time at which they give them back. */
  readonly #holders = new BinaryHeapQueue();
  #limit: number;
  #inUse = 0;
  /** All that follows is counted up to here. */
  #countedNs = 0;
  #usedSeatNs = 0;
  #limitSeatNs = 0;
  #periodStartNs = 0;
  #demandNs = 0;
  #squaredDemandNs = 0;
  #highDemand = 0;

  constructor(requests: RequestTable, executor: RequestExecutor, parameters: SeatLimits) {
    this.#requests = requests;
    this.#executor = executor;
    this.#parameters = parameters;
    this.#limit = parameters.limit;
    this.#queues = parameters.queuing === null ? null : new FairQueues(parameters.queuing);
  }

  /** The present limit. */
  get limit(): number {
    return this.#limit;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get waiting(): number {
    return this.#queues === null ? 0 : this.#queues.waiting;
  }

  /** Seats in use over seats there were, since the measurement began. */
  get utilization(): number {
    return this.#limitSeatNs === 0 ? 0 : this.#usedSeatNs / this.#limitSeatNs;
  }

  /**
   * A request has come; `hand` are the queues of its flow. Returns whether it is the first that waits: then somebody has to
   * call `dispatch` when `nextChangeNs` says.
   */
  arrive(request: number, hand: Uint8Array | null, nowNs: number): boolean {
    this.advance(nowNs);
    const requests = this.#requests;
    requests.arrivedNs[request] = nowNs;
    const seats = requests.seats(request);
    const queues = this.#queues;
    if (queues === null || hand === null) {
      if (this.#fits(seats)) this.#execute(request);
      else this.#executor.reject(request);
      return false;
    }
    const queue = queues.choose(hand);
    requests.queue[request] = queue;
    if (queues.waiting === 0 && this.#fits(seats)) {
      const answeredNs = this.#execute(request);
      queues.startAtOnce(queue, requests.seats(request), this.#workOf(request, answeredNs - nowNs));
    } else if (queues.join(queue, request, seats, this.#workOf(request, this.#parameters.estimatedServiceNs), nowNs)) {
      requests.state[request] = RequestState.waiting;
      this.#noteDemand();
      return queues.waiting === 1;
    } else {
      this.#executor.reject(request);
    }
    return false;
  }

  /** Takes back the seats that have become free by `nowNs`. */
  advance(nowNs: number): void {
    const requests = this.#requests;
    for (let freeNs = this.#holders.peekTimeNs(); freeNs <= nowNs; freeNs = this.#holders.peekTimeNs()) {
      this.#count(freeNs);
      const request = this.#holders.pop();
      const seats = requests.seats(request);
      this.#inUse -= seats;
      this.#queues?.finish(requests.queue[request]!, seats);
      requests.remove(request);
    }
    this.#count(nowNs);
  }

  /** Executes those that wait as far as there are seats, and rejects those that have waited for too long. */
  dispatch(nowNs: number): void {
    const queues = this.#queues;
    if (queues === null || queues.waiting === 0) return;
    while (queues.earliestArrivalNs() + this.#parameters.queueWaitLimitNs <= nowNs) {
      this.#executor.reject(queues.dropHead(queues.longestWaiting()));
    }
    while (queues.waiting > 0) {
      const queue = queues.next();
      const request = queues.headOf(queue);
      if (!this.#fits(queues.seatsOf(request))) return;
      const answeredNs = this.#execute(request);
      queues.startHead(queue, this.#requests.seats(request), this.#workOf(request, answeredNs - nowNs));
    }
  }

  /** When `dispatch` can next do something, while requests wait: seats become free, or somebody has waited for too long. */
  nextChangeNs(): number {
    const queues = this.#queues;
    if (queues === null || queues.waiting === 0) return Infinity;
    return Math.min(this.#holders.peekTimeNs(), queues.earliestArrivalNs() + this.#parameters.queueWaitLimitNs);
  }

  /** A new limit holds from now on; those above it go on. `advance` to the present before. */
  setLimit(limit: number): void {
    this.#limit = limit;
  }

  /** The demand since the last call. `advance` to the present before. */
  takeDemand(): Demand {
    const periodNs = this.#countedNs - this.#periodStartNs;
    const mean = periodNs === 0 ? 0 : this.#demandNs / periodNs;
    const meanSquare = periodNs === 0 ? 0 : this.#squaredDemandNs / periodNs;
    const demand = { mean, deviation: Math.sqrt(Math.max(0, meanSquare - mean * mean)), high: this.#highDemand };
    this.#periodStartNs = this.#countedNs;
    this.#demandNs = 0;
    this.#squaredDemandNs = 0;
    this.#highDemand = this.#demand();
    return demand;
  }

  /** The server is gone, and its queues and seats with it. */
  clear(): void {
    this.#holders.clear();
    this.#queues?.clear();
    this.#inUse = 0;
  }

  #fits(seats: number): boolean {
    return this.#inUse + seats <= this.#limit || this.#inUse === 0;
  }

  /** Executes a request, and returns when it will be answered. */
  #execute(request: number): number {
    const requests = this.#requests;
    this.#cut(request);
    const answeredNs = this.#executor.execute(request);
    requests.state[request] = RequestState.executing;
    requests.answeredNs[request] = answeredNs;
    this.#inUse += requests.seats(request);
    this.#holders.push(answeredNs + requests.additionalLatencyNs[request]!, request);
    this.#noteDemand();
    return answeredNs;
  }

  /** Cuts a request that wants more seats than the level has. */
  #cut(request: number): void {
    const requests = this.#requests;
    const limit = Math.max(1, this.#limit);
    if (requests.initialSeats[request]! > limit) requests.initialSeats[request] = limit;
    const finalSeats = requests.finalSeats[request]!;
    if (finalSeats <= limit) return;
    requests.additionalLatencyNs[request] = spreadSeatTime(finalSeats, requests.additionalLatencyNs[request]!, limit);
    requests.finalSeats[request] = limit;
  }

  /** Work of a request that is executed for so long, in seat-nanoseconds. */
  #workOf(request: number, serviceNs: number): number {
    const { initialSeats, finalSeats, additionalLatencyNs } = this.#requests;
    return initialSeats[request]! * serviceNs + finalSeats[request]! * additionalLatencyNs[request]!;
  }

  #demand(): number {
    return this.#inUse + (this.#queues === null ? 0 : this.#queues.waitingSeats);
  }

  #noteDemand(): void {
    const demand = this.#demand();
    if (demand > this.#highDemand) this.#highDemand = demand;
  }

  /** Adds up what has held since the last call. Before every change. */
  #count(nowNs: number): void {
    const elapsedNs = nowNs - this.#countedNs;
    if (elapsedNs === 0) return;
    const demand = this.#demand();
    this.#demandNs += demand * elapsedNs;
    this.#squaredDemandNs += demand * demand * elapsedNs;
    const measuredNs = Math.min(elapsedNs, Math.max(0, nowNs - this.#parameters.measureFromNs));
    this.#usedSeatNs += this.#inUse * measuredNs;
    this.#limitSeatNs += this.#limit * measuredNs;
    this.#queues?.advance(nowNs, this.#limit);
    this.#countedNs = nowNs;
  }
}
