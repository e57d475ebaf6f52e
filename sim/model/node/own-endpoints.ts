/**
 * The endpoints that each node has itself, as far as the node has heard of them: what policy Local and hints for nodes depend
 * on. Changes wait in one list a node, in the order of the log, until the node applies them.
 *
 *   change (entry, node, service) --> [list of the node] --a sync covers the entry--> counts of (node, service)
 *
 * A node has a record only of services that have endpoints on it, so this is as large as what is on the nodes. Records are rows
 * of columns: a million of them are made in a second.
 */

import { widen } from '../cluster/columns.js';
import { NO_ROW, PairIndex } from './pair-index.js';

const NONE = -1;
const INITIAL_CAPACITY = 1024;

export class OwnEndpointsTable {
  readonly #quantities: number;
  readonly #index = new PairIndex();
  // Columns by record: what the node has of the service.
  ready: Int32Array;
  terminating: Int32Array;
  /** Ready ones whose hint is for the node's zone. */
  hintedHere: Int32Array;
  /** By how much the node's tables differ from those of a node without own endpoints: a row of the mode's quantities each. */
  corrections: Float64Array;
  // Columns by change, and for each the next one of its node.
  #length = 0;
  #entry = new Int32Array(INITIAL_CAPACITY);
  #service = new Int32Array(INITIAL_CAPACITY);
  #readyBy = new Int8Array(INITIAL_CAPACITY);
  #terminatingBy = new Int8Array(INITIAL_CAPACITY);
  #hintedHereBy = new Int8Array(INITIAL_CAPACITY);
  #next = new Int32Array(INITIAL_CAPACITY);
  /** By node. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;

  constructor(nodes: number, quantities: number) {
    this.#quantities = quantities;
    const { capacity } = this.#index;
    this.ready = new Int32Array(capacity);
    this.terminating = new Int32Array(capacity);
    this.hintedHere = new Int32Array(capacity);
    this.corrections = new Float64Array(capacity * quantities);
    this.#first = new Int32Array(nodes).fill(NONE);
    this.#last = new Int32Array(nodes).fill(NONE);
  }

  /** Record of what the node has of the service, as of the entries that it has applied; NO_ROW: nothing. */
  recordOf(node: number, service: number): number {
    return this.#index.find(node, service);
  }

  /** Forgets a service of which the node has nothing any more. */
  forget(node: number, service: number): void {
    this.#index.remove(node, service);
  }

  /** What `node` has of `service` changes by so much, and the node knows it. */
  add(node: number, service: number, ready: number, terminating: number, hintedHere: number): void {
    let record = this.#index.find(node, service);
    if (record === NO_ROW) {
      record = this.#index.add(node, service);
      if (record >= this.ready.length) this.#growRecords();
      this.ready[record] = this.terminating[record] = this.hintedHere[record] = 0;
      this.corrections.fill(0, record * this.#quantities, (record + 1) * this.#quantities);
    }
    this.ready[record]! += ready;
    this.terminating[record]! += terminating;
    this.hintedHere[record]! += hintedHere;
  }

  /** Entry `entry` changes what `node` has of `service` by so much. */
  change(entry: number, node: number, service: number, ready: number, terminating: number, hintedHere: number): void {
    if (this.#length === this.#entry.length) this.#growChanges();
    const change = this.#length++;
    this.#entry[change] = entry;
    this.#service[change] = service;
    this.#readyBy[change] = ready;
    this.#terminatingBy[change] = terminating;
    this.#hintedHereBy[change] = hintedHere;
    this.#next[change] = NONE;
    if (this.#first[node] === NONE) this.#first[node] = change;
    else this.#next[this.#last[node]!] = change;
    this.#last[node] = change;
  }

  /** The node applies the first `end` entries of the log. */
  advance(node: number, end: number): void {
    let change = this.#first[node]!;
    while (change !== NONE && this.#entry[change]! < end) {
      this.add(
        node,
        this.#service[change]!,
        this.#readyBy[change]!,
        this.#terminatingBy[change]!,
        this.#hintedHereBy[change]!,
      );
      change = this.#next[change]!;
    }
    this.#first[node] = change;
  }

  #growRecords(): void {
    const { capacity } = this.#index;
    this.ready = widen(this.ready, capacity);
    this.terminating = widen(this.terminating, capacity);
    this.hintedHere = widen(this.hintedHere, capacity);
    this.corrections = widen(this.corrections, capacity * this.#quantities);
  }

  #growChanges(): void {
    const capacity = this.#entry.length * 2;
    this.#entry = widen(this.#entry, capacity);
    this.#service = widen(this.#service, capacity);
    this.#readyBy = widen(this.#readyBy, capacity);
    this.#terminatingBy = widen(this.#terminatingBy, capacity);
    this.#hintedHereBy = widen(this.#hintedHereBy, capacity);
    this.#next = widen(this.#next, capacity);
  }
}
