/**
 * client-go's delaying and rate-limiting queue (util/workqueue/delaying_queue.go, rate_limiting_queue.go) on simulated time.
 *
 *   add --------------------------------------------> work queue --take--> worker --done--> (again if added meanwhile)
 *   addAfter(d) --> [one waiting time per key: the earliest] --when due--> add
 *   addRateLimited --> rate limiter says d --> addAfter(d)                  forget: the key starts from no failures
 *
 * A delay of 0 is an add at once. A key that waits for its time and is added meanwhile runs twice: the add does not take
 * the waiting entry away.
 *
 * Left out: the 10 s heartbeat and the bounded channel in front of the heap, neither of which moves a due time; metrics.
 */

import type { EventHandle, EventKind, Simulation } from '../../kernel/simulation.js';
import type { RateLimiter } from './rate-limiters.js';
import { WorkQueue } from './work-queue.js';

const NOT_WAITING = Infinity;

export class DelayingQueue {
  readonly #simulation: Simulation;
  readonly #newLimiter: () => RateLimiter;
  readonly #onAdded: () => void;
  readonly #queue: WorkQueue;
  readonly #dueKind: EventKind;
  /** When the key is due, or NOT_WAITING, and the event for it. */
  readonly #dueNs: Float64Array;
  readonly #dueEvent: Float64Array;
  readonly #addedNs: Float64Array;
  #limiter: RateLimiter;

  /**
   * @param name of the queue, as event kinds are named by it
   * @param keys keys are 0 to keys - 1
   * @param newLimiter makes the limiter, and a fresh one at each `clear`
   * @param onAdded a key was added and may be there to be taken
   */
  constructor(simulation: Simulation, name: string, keys: number, newLimiter: () => RateLimiter, onAdded: () => void) {
    this.#simulation = simulation;
    this.#newLimiter = newLimiter;
    this.#onAdded = onAdded;
    this.#queue = new WorkQueue(keys);
    this.#limiter = newLimiter();
    this.#dueNs = new Float64Array(keys).fill(NOT_WAITING);
    this.#dueEvent = new Float64Array(keys);
    this.#addedNs = new Float64Array(keys);
    this.#dueKind = simulation.registerKind(`${name}: delayed add`, (key) => this.#onDue(key));
  }

  /** Keys that wait for a worker; those that wait for their time are not among them. */
  get length(): number {
    return this.#queue.length;
  }

  add(key: number): void {
    if (this.#queue.add(key)) this.#addedNs[key] = this.#simulation.nowNs;
    this.#onAdded();
  }

  /** AddAfter: of two delayed adds of one key the earlier one holds. */
  addAfter(key: number, delayNs: number): void {
    if (delayNs <= 0) {
      this.add(key);
      return;
    }
    const dueNs = this.#simulation.nowNs + delayNs;
    const waitingNs = this.#dueNs[key]!;
    if (dueNs >= waitingNs) return;
    if (waitingNs !== NOT_WAITING) this.#simulation.cancel(this.#dueEvent[key] as EventHandle);
    this.#dueNs[key] = dueNs;
    this.#dueEvent[key] = this.#simulation.schedule(dueNs, this.#dueKind, key);
  }

  /** AddRateLimited: the key failed, and comes back when the limiter says so. */
  addRateLimited(key: number): void {
    this.addAfter(key, this.#limiter.when(key, this.#simulation.nowNs));
  }

  /** The key succeeded, or is given up: its failures are forgotten. */
  forget(key: number): void {
    this.#limiter.forget(key);
  }

  /** Failures of the key since it was forgotten. */
  numRequeues(key: number): number {
    return this.#limiter.requeues(key);
  }

  /** When the key was last added, whether it still waits or has been taken. */
  addedNs(key: number): number {
    return this.#addedNs[key]!;
  }

  /** Hands out the key that waited longest; the caller must call `done` for it. -1 when none waits. */
  take(): number {
    return this.#queue.take();
  }

  /** Ends the processing of a key, which may be there to be taken again at once. */
  done(key: number): void {
    this.#queue.done(key);
  }

  /** The process is gone: nothing waits, nothing is processed, no failure is remembered. */
  clear(): void {
    this.#queue.clear();
    for (let key = 0; key < this.#dueNs.length; key++) {
      if (this.#dueNs[key] === NOT_WAITING) continue;
      this.#simulation.cancel(this.#dueEvent[key] as EventHandle);
      this.#dueNs[key] = NOT_WAITING;
    }
    this.#limiter = this.#newLimiter();
  }

  #onDue(key: number): void {
    this.#dueNs[key] = NOT_WAITING;
    this.add(key);
  }
}
