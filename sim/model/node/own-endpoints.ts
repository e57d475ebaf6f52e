/**
 * The endpoints that each node has itself, as far as the node has heard of them: what policy Local and hints for nodes depend
 * on. Changes wait in one list a node, in the order of the log, until the node applies them.
 *
 *   change (entry, node, service) --> [list of the node] --a sync covers the entry--> counts of (node, service)
 *
 * A node has a record only of services that have endpoints on it, so this is as large as what is on the nodes.
 */

import { widen } from '../cluster/columns.js';

/** What a node has of one service. */
export interface OwnEndpoints {
  ready: number;
  terminating: number;
  /** Ready ones whose hint is for the node's zone. */
  hintedHere: number;
  /** By how much the node's tables differ from those of a node without own endpoints, by quantity of the mode. */
  readonly correction: Float64Array;
}

const NONE = -1;
const INITIAL_CAPACITY = 1024;

export class OwnEndpointsTable {
  readonly #services: number;
  readonly #quantities: number;
  readonly #records = new Map<number, OwnEndpoints>();
  // Changes, and for each the next one of its node.
  #length = 0;
  #entry = new Int32Array(INITIAL_CAPACITY);
  #service = new Int32Array(INITIAL_CAPACITY);
  #ready = new Int8Array(INITIAL_CAPACITY);
  #terminating = new Int8Array(INITIAL_CAPACITY);
  #hintedHere = new Int8Array(INITIAL_CAPACITY);
  #next = new Int32Array(INITIAL_CAPACITY);
  /** By node. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;

  constructor(nodes: number, services: number, quantities: number) {
    this.#services = services;
    this.#quantities = quantities;
    this.#first = new Int32Array(nodes).fill(NONE);
    this.#last = new Int32Array(nodes).fill(NONE);
  }

  /** What the node has of the service, as of the entries that it has applied; undefined: nothing. */
  of(node: number, service: number): OwnEndpoints | undefined {
    return this.#records.get(node * this.#services + service);
  }

  /** Forgets a service of which the node has nothing any more. */
  forget(node: number, service: number): void {
    this.#records.delete(node * this.#services + service);
  }

  /** Entry `entry` changes what `node` has of `service` by so much; -1 for the state at the start. */
  change(entry: number, node: number, service: number, ready: number, terminating: number, hintedHere: number): void {
    if (this.#length === this.#entry.length) this.#grow();
    const change = this.#length++;
    this.#entry[change] = entry;
    this.#service[change] = service;
    this.#ready[change] = ready;
    this.#terminating[change] = terminating;
    this.#hintedHere[change] = hintedHere;
    this.#next[change] = NONE;
    if (this.#first[node] === NONE) this.#first[node] = change;
    else this.#next[this.#last[node]!] = change;
    this.#last[node] = change;
  }

  /** The node applies the first `end` entries of the log. */
  advance(node: number, end: number): void {
    let change = this.#first[node]!;
    while (change !== NONE && this.#entry[change]! < end) {
      const key = node * this.#services + this.#service[change]!;
      let record = this.#records.get(key);
      if (record === undefined) {
        record = { ready: 0, terminating: 0, hintedHere: 0, correction: new Float64Array(this.#quantities) };
        this.#records.set(key, record);
      }
      record.ready += this.#ready[change]!;
      record.terminating += this.#terminating[change]!;
      record.hintedHere += this.#hintedHere[change]!;
      change = this.#next[change]!;
    }
    this.#first[node] = change;
  }

  #grow(): void {
    const capacity = this.#entry.length * 2;
    this.#entry = widen(this.#entry, capacity);
    this.#service = widen(this.#service, capacity);
    this.#ready = widen(this.#ready, capacity);
    this.#terminating = widen(this.#terminating, capacity);
    this.#hintedHere = widen(this.#hintedHere, capacity);
    this.#next = widen(this.#next, capacity);
  }
}
