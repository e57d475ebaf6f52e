/**
 * Who gets which number of a range: node ports and cluster IPs of services, as the API server allocates them
 * (pkg/registry/core/service/allocator).
 *
 *   a number that a service asks for --allocate-----> it, or why not
 *   a service that leaves the choice --allocateNext-> a free one of the upper band, from a random place upwards and round;
 *                                                     of the lower, static band when the upper one is full
 *   a service that goes -------------release--------> free again
 *
 * Left out: that several API servers allocate from copies of one bitmap, and repair what they leave behind.
 */

import type { AllocationRange } from './allocation-bands.js';

export type AllocationResult = 'allocated' | 'out of range' | 'already allocated';

export class BandedAllocator {
  readonly range: AllocationRange;
  readonly #isTaken: Uint8Array;
  #free: number;
  #freeInStaticBand: number;

  constructor(range: AllocationRange) {
    this.range = range;
    this.#isTaken = new Uint8Array(range.size);
    this.#free = range.size;
    this.#freeInStaticBand = range.staticBand;
  }

  /** Numbers that nobody has. */
  get free(): number {
    return this.#free;
  }

  /** Numbers that somebody has. */
  get allocated(): number {
    return this.range.size - this.#free;
  }

  has(number: number): boolean {
    return this.#isTaken[number - this.range.first] === 1;
  }

  /** Takes this very number, in whichever band it is. */
  allocate(number: number): AllocationResult {
    const place = number - this.range.first;
    if (!Number.isInteger(place) || place < 0 || place >= this.range.size) return 'out of range';
    if (this.#isTaken[place] === 1) return 'already allocated';
    this.#set(place, 1);
    return 'allocated';
  }

  /**
   * Takes a number and returns it, or null when none is free. `integerBelow` draws where the search begins, uniform among the
   * integers below its argument: once for the upper band, and once more for the lower one if that is needed.
   */
  allocateNext(integerBelow: (bound: number) => number): number | null {
    const { first, size, staticBand } = this.range;
    if (this.#free === 0) return null;
    const isUpperFull = this.#free === this.#freeInStaticBand;
    const start = isUpperFull ? 0 : staticBand;
    const length = isUpperFull ? staticBand : size - staticBand;
    let place = integerBelow(length);
    while (this.#isTaken[start + place] === 1) place = place + 1 === length ? 0 : place + 1;
    this.#set(start + place, 1);
    return first + start + place;
  }

  /** What nobody has may be released, too: then nothing happens. */
  release(number: number): void {
    if (this.has(number)) this.#set(number - this.range.first, 0);
  }

  #set(place: number, taken: 0 | 1): void {
    this.#isTaken[place] = taken;
    const freed = taken === 1 ? -1 : 1;
    this.#free += freed;
    if (place < this.range.staticBand) this.#freeInStaticBand += freed;
  }
}
