/**
 * Numbers for pairs that are few of all possible ones, say (node, service): a hash table in typed arrays, as a Map of objects takes
 * several times the memory and time when there are a million.
 *
 *   (first, second) --> row, counted from 0; rows of pairs that were removed are used again
 *
 * Open addressing with linear probing; a removal moves those behind it up, so there are no tombstones and a search is as short
 * after a million removals as before.
 */

import { widen } from '../cluster/columns.js';

export const NO_ROW = -1;
const INITIAL_CAPACITY = 1024;
// Odd, so that no bit is lost, and with bits all over (2^32 divided by the golden ratio; Knuth's multiplicative hashing).
const FIRST_FACTOR = 0x9e3779b1;
const SECOND_FACTOR = 0x85ebca6b;

export class PairIndex {
  #first = new Int32Array(INITIAL_CAPACITY);
  #second = new Int32Array(INITIAL_CAPACITY);
  /** Rows that were ever in use. */
  #rows = 0;
  readonly #freeRows: number[] = [];
  /** Row in each slot, or NO_ROW: at least twice as many slots as rows. */
  #slots = new Int32Array(2 * INITIAL_CAPACITY).fill(NO_ROW);

  /** Rows that there is room for; columns of the caller, by row, are as long. */
  get capacity(): number {
    return this.#first.length;
  }

  /** Pairs in the table. */
  get size(): number {
    return this.#rows - this.#freeRows.length;
  }

  /** Row of the pair, or NO_ROW. */
  find(first: number, second: number): number {
    return this.#slots[this.#slotOf(first, second)]!;
  }

  /** A row for a pair that has none. It may lie beyond the former capacity. */
  add(first: number, second: number): number {
    const row = this.#freeRows.pop() ?? this.#rows++;
    if (row === this.#first.length) this.#grow();
    this.#first[row] = first;
    this.#second[row] = second;
    this.#slots[this.#slotOf(first, second)] = row;
    return row;
  }

  remove(first: number, second: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#slotOf(first, second);
    const row = slots[hole]!;
    if (row === NO_ROW) return;
    this.#freeRows.push(row);
    for (let slot = (hole + 1) & mask; slots[slot] !== NO_ROW; slot = (slot + 1) & mask) {
      const moved = slots[slot]!;
      const home = this.#home(this.#first[moved]!, this.#second[moved]!);
      // It may not stand before its home.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = moved;
      hole = slot;
    }
    slots[hole] = NO_ROW;
  }

  #home(first: number, second: number): number {
    const mixed = Math.imul(first, FIRST_FACTOR) ^ Math.imul(second, SECOND_FACTOR);
    return Math.imul(mixed ^ (mixed >>> 15), FIRST_FACTOR) >>> (Math.clz32(this.#slots.length) + 1);
  }

  /** The slot of the pair, or the empty one in which it would stand. */
  #slotOf(first: number, second: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = this.#home(first, second);
    for (;;) {
      const row = slots[slot]!;
      if (row === NO_ROW || (this.#first[row] === first && this.#second[row] === second)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const rows = this.#first.length;
    this.#first = widen(this.#first, 2 * rows);
    this.#second = widen(this.#second, 2 * rows);
    this.#slots = new Int32Array(4 * rows).fill(NO_ROW);
    // All rows are in use, or none would have been added.
    for (let row = 0; row < rows; row++) this.#slots[this.#slotOf(this.#first[row]!, this.#second[row]!)] = row;
  }
}
