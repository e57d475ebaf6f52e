import type { EventQueue } from './event-queue.js';

const INITIAL_CAPACITY = 64;

/**
 * A binary heap in typed arrays: the simple reference beside which the ladder queue is tested and measured.
 *
 * Each event carries the number of its push, which breaks ties. Removal moves the hole at the root down to a leaf along
 * the smaller children, without comparing them with the event that will fill it, and then lets that event, which comes
 * from the bottom and mostly belongs there, rise (the "bottom-up" heap of Wegener 1993). The choice between the children
 * is arithmetic instead of a branch that the processor would mispredict half the time.
 */
export class BinaryHeapQueue implements EventQueue {
  #size = 0;
  #pushes = 0;
  #times = new Float64Array(INITIAL_CAPACITY);
  #sequences = new Float64Array(INITIAL_CAPACITY);
  #events = new Int32Array(INITIAL_CAPACITY);

  get size(): number {
    return this.#size;
  }

  push(timeNs: number, event: number): void {
    if (this.#size === this.#times.length) this.#grow();
    this.#rise(this.#size++, timeNs, this.#pushes++, event);
  }

  peekTimeNs(): number {
    return this.#size > 0 ? this.#times[0]! : Infinity;
  }

  pop(): number {
    if (this.#size === 0) return -1;
    const earliest = this.#events[0]!;
    const last = --this.#size;
    if (last > 0) this.#rise(this.#sinkHole(last), this.#times[last]!, this.#sequences[last]!, this.#events[last]!);
    return earliest;
  }

  clear(): void {
    this.#size = 0;
    this.#pushes = 0;
  }

  /** Moves the hole at the root of the first `length` places down to a leaf; returns where it ends. */
  #sinkHole(length: number): number {
    const times = this.#times;
    const sequences = this.#sequences;
    const events = this.#events;
    let hole = 0;
    let child = 1;
    while (child < length) {
      // The last parent may have no right child; what is read in its place is memory, but not part of the heap.
      const right = child + 1;
      const timeLeft = times[child]!;
      const timeRight = times[right]!;
      const rightIsFirst =
        +(timeRight < timeLeft) | (+(timeRight === timeLeft) & +(sequences[right]! < sequences[child]!));
      child += +(right < length) & rightIsFirst;
      times[hole] = times[child]!;
      sequences[hole] = sequences[child]!;
      events[hole] = events[child]!;
      hole = child;
      child = 2 * hole + 1;
    }
    return hole;
  }

  /** Lets an event rise from `hole` to its place. */
  #rise(hole: number, timeNs: number, sequence: number, event: number): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const events = this.#events;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentTime = times[parent]!;
      if (parentTime < timeNs || (parentTime === timeNs && sequences[parent]! < sequence)) break;
      times[hole] = parentTime;
      sequences[hole] = sequences[parent]!;
      events[hole] = events[parent]!;
      hole = parent;
    }
    times[hole] = timeNs;
    sequences[hole] = sequence;
    events[hole] = event;
  }

  #grow(): void {
    const capacity = 2 * this.#times.length;
    const times = new Float64Array(capacity);
    times.set(this.#times);
    this.#times = times;
    const sequences = new Float64Array(capacity);
    sequences.set(this.#sequences);
    this.#sequences = sequences;
    const events = new Int32Array(capacity);
    events.set(this.#events);
    this.#events = events;
  }
}
