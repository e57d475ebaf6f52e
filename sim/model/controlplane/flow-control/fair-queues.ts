/**
 * Fair queueing among the flows of one priority level (apiserver pkg/util/flowcontrol/fairqueuing/queueset).
 *
 *   request of a flow --> the queue of its hand with least waiting work --> the head whose virtual finish is first --> seats
 *
 * Virtual time R runs as fast as one busy queue would be served if all busy queues shared the seats evenly. Each queue knows
 * the R at which it may dispatch next: it moves on by the work (seats x time) of every request that is dispatched from it. So
 * queues with less work behind them go first, and one that was idle starts at the present R without credit for its idleness.
 *
 * The head with the earliest finish is next even when it needs more seats than are free: nobody overtakes it, so that wide
 * requests are not starved. A level with wide requests therefore leaves some seats empty.
 *
 * Differs from upstream: the work of a request is put right when it is dispatched and not when it has ended, as its length is
 * known here; a queue counts as busy as long as its requests hold seats, their additional latency included.
 */

import { widen } from '../../cluster/columns.js';
import type { Queuing } from './priority-levels.js';

const INITIAL_REQUESTS = 16;
export const NO_REQUEST = -1;
const NO_QUEUE = -1;

export class FairQueues {
  readonly #queuing: Queuing;
  /** The virtual time R, in seat-nanoseconds a queue, and the moment up to which it has been worked out. */
  #virtualTime = 0;
  #atNs = 0;
  /** Requests that have been given a queue: shifts the first card of a hand that is looked at. */
  #arrivals = 0;
  /** The queue that was dispatched from last: the search for the next begins behind it. */
  #lastQueue = 0;
  #busyQueues = 0;
  #seatsInUse = 0;

  #waiting = 0;
  #waitingSeats = 0;

  // Columns indexed by queue.
  readonly #nextDispatch: Float64Array;
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  readonly #length: Int32Array;
  readonly #waitingWork: Float64Array;
  readonly #executing: Int32Array;

  // Columns indexed by request, of those that wait.
  #nextInQueue = new Int32Array(INITIAL_REQUESTS);
  #seats = new Int32Array(INITIAL_REQUESTS);
  #work = new Float64Array(INITIAL_REQUESTS);
  #arrivedNs = new Float64Array(INITIAL_REQUESTS);
  #arrivedVirtually = new Float64Array(INITIAL_REQUESTS);

  constructor(queuing: Queuing) {
    const { queues } = queuing;
    this.#queuing = queuing;
    this.#nextDispatch = new Float64Array(queues);
    this.#head = new Int32Array(queues).fill(NO_REQUEST);
    this.#tail = new Int32Array(queues).fill(NO_REQUEST);
    this.#length = new Int32Array(queues);
    this.#waitingWork = new Float64Array(queues);
    this.#executing = new Int32Array(queues);
  }

  /** Requests that wait in all queues together. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Seats that they need. */
  get waitingSeats(): number {
    return this.#waitingSeats;
  }

  seatsOf(request: number): number {
    return this.#seats[request]!;
  }

  /** Lets virtual time pass up to `nowNs`, with so many seats to share since the last call. Before every change of state. */
  advance(nowNs: number, seatLimit: number): void {
    if (this.#busyQueues > 0) {
      const seats = Math.min(this.#seatsInUse + this.#waitingSeats, seatLimit);
      this.#virtualTime += ((nowNs - this.#atNs) * seats) / this.#busyQueues;
    }
    this.#atNs = nowNs;
  }

  /** The queue of the hand in which least work waits; the search starts with another card each time. */
  choose(hand: Uint8Array): number {
    const first = this.#arrivals++ % hand.length;
    if (this.#waiting === 0) return hand[first]!;
    let best = NO_QUEUE;
    let least = Infinity;
    for (let card = 0; card < hand.length; card++) {
      const queue = hand[(first + card) % hand.length]!;
      if (this.#waitingWork[queue]! >= least) continue;
      best = queue;
      least = this.#waitingWork[queue]!;
    }
    return best;
  }

  /** Lets a request wait at the end of a queue; false when the queue is full. `work` is estimated, in seat-nanoseconds. */
  join(queue: number, request: number, seats: number, work: number, nowNs: number): boolean {
    if (this.#length[queue]! >= this.#queuing.queueLengthLimit) return false;
    while (request >= this.#nextInQueue.length) this.#grow();
    this.#wake(queue);
    const tail = this.#tail[queue]!;
    if (tail === NO_REQUEST) this.#head[queue] = request;
    else this.#nextInQueue[tail] = request;
    this.#tail[queue] = request;
    this.#nextInQueue[request] = NO_REQUEST;
    this.#seats[request] = seats;
    this.#work[request] = work;
    this.#arrivedNs[request] = nowNs;
    this.#arrivedVirtually[request] = this.#virtualTime;
    this.#length[queue]!++;
    this.#waitingWork[queue]! += work;
    this.#waiting++;
    this.#waitingSeats += seats;
    return true;
  }

  /** The queue whose head is to be dispatched next, or -1 when none waits. Between equals the one after the last goes first. */
  next(): number {
    const { queues } = this.#queuing;
    let best = NO_QUEUE;
    let earliest = Infinity;
    for (let step = 1; step <= queues; step++) {
      const queue = (this.#lastQueue + step) % queues;
      const head = this.#head[queue]!;
      if (head === NO_REQUEST) continue;
      const finish = this.#nextDispatch[queue]! + this.#work[head]!;
      if (finish >= earliest) continue;
      best = queue;
      earliest = finish;
    }
    return best;
  }

  headOf(queue: number): number {
    return this.#head[queue]!;
  }

  /** A request that need not wait begins to execute at once; `work` is what it will be, in seat-nanoseconds. */
  startAtOnce(queue: number, seats: number, work: number): void {
    this.#wake(queue);
    this.#start(queue, seats, work);
  }

  /** The head of a queue begins to execute; `work` is what it will really be. */
  startHead(queue: number, seats: number, work: number): void {
    this.#takeHead(queue);
    this.#start(queue, seats, work);
  }

  /** The head of a queue has waited for too long: takes it out. */
  dropHead(queue: number): number {
    const request = this.#takeHead(queue);
    this.#rest(queue);
    return request;
  }

  /** A request of the queue gives its seats back. */
  finish(queue: number, seats: number): void {
    this.#seatsInUse -= seats;
    this.#executing[queue]!--;
    this.#rest(queue);
  }

  /** When the request that waits longest came, or Infinity. */
  earliestArrivalNs(): number {
    const queue = this.longestWaiting();
    return queue === NO_QUEUE ? Infinity : this.#arrivedNs[this.#head[queue]!]!;
  }

  /** The queue whose head waits longest, or -1. */
  longestWaiting(): number {
    let best = NO_QUEUE;
    let earliestNs = Infinity;
    for (let queue = 0; queue < this.#head.length; queue++) {
      const head = this.#head[queue]!;
      if (head === NO_REQUEST || this.#arrivedNs[head]! >= earliestNs) continue;
      best = queue;
      earliestNs = this.#arrivedNs[head]!;
    }
    return best;
  }

  /** Forgets all requests: the server went down. */
  clear(): void {
    this.#head.fill(NO_REQUEST);
    this.#tail.fill(NO_REQUEST);
    this.#length.fill(0);
    this.#waitingWork.fill(0);
    this.#executing.fill(0);
    this.#busyQueues = 0;
    this.#seatsInUse = 0;
    this.#waiting = 0;
    this.#waitingSeats = 0;
  }

  #takeHead(queue: number): number {
    const request = this.#head[queue]!;
    const next = this.#nextInQueue[request]!;
    this.#head[queue] = next;
    if (next === NO_REQUEST) this.#tail[queue] = NO_REQUEST;
    this.#length[queue]!--;
    // Back to an exact 0, which a sum of differences would miss.
    this.#waitingWork[queue] = next === NO_REQUEST ? 0 : this.#waitingWork[queue]! - this.#work[request]!;
    this.#waiting--;
    this.#waitingSeats -= this.#seats[request]!;
    return request;
  }

  #start(queue: number, seats: number, work: number): void {
    this.#executing[queue]!++;
    this.#seatsInUse += seats;
    const dispatched = this.#nextDispatch[queue]! + work;
    const head = this.#head[queue]!;
    // A queue cannot dispatch in a virtual time before its head has come: no credit for what it did not use.
    this.#nextDispatch[queue] = head === NO_REQUEST ? dispatched : Math.max(dispatched, this.#arrivedVirtually[head]!);
    this.#lastQueue = queue;
  }

  #rest(queue: number): void {
    if (this.#length[queue] === 0 && this.#executing[queue] === 0) this.#busyQueues--;
  }

  /** A queue that was idle starts at the present virtual time. */
  #wake(queue: number): void {
    if (this.#length[queue] !== 0 || this.#executing[queue] !== 0) return;
    this.#busyQueues++;
    this.#nextDispatch[queue] = this.#virtualTime;
  }

  #grow(): void {
    const capacity = 2 * this.#nextInQueue.length;
    this.#nextInQueue = widen(this.#nextInQueue, capacity);
    this.#seats = widen(this.#seats, capacity);
    this.#work = widen(this.#work, capacity);
    this.#arrivedNs = widen(this.#arrivedNs, capacity);
    this.#arrivedVirtually = widen(this.#arrivedVirtually, capacity);
  }
}
