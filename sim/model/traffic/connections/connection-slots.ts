/**
 * The connections of all clients as a table: a slot holds one connection at a time. Slots of a pool stay with their client for the
 * whole run, others are given out anew; those whose connection is open stand in the list of its pod.
 */

import { widen } from '../../cluster/columns.js';
import { NO_NODE, NO_POD } from '../../cluster/pods.js';

const NO_SLOT = -1;
const INITIAL_CAPACITY = 1024;

export class ConnectionSlots {
  /** Slots that were ever used. */
  count = 0;
  population = new Int32Array(INITIAL_CAPACITY);
  /** Number of the slot, or of the connection if it has just one, among those of its population: the key of its random draws. */
  serial = new Int32Array(INITIAL_CAPACITY);
  /** Attempts to connect so far. */
  attempts = new Int32Array(INITIAL_CAPACITY);
  /** Number of the client's address. */
  client = new Int32Array(INITIAL_CAPACITY);
  /** The pod of the open connection, or NO_POD. */
  pod = new Int32Array(INITIAL_CAPACITY);
  /** The node by which the connection entered, or NO_NODE. */
  node = new Int32Array(INITIAL_CAPACITY);
  /** The pod does not see the address of the client. */
  isMasqueraded = new Uint8Array(INITIAL_CAPACITY);
  /** UDP: the pod that the entry in the node's connection tracking table still leads to, though nobody answers; or NO_POD. */
  strandedOn = new Int32Array(INITIAL_CAPACITY);
  /** Since when the requests of the open connection have not been counted. */
  countedNs = new Float64Array(INITIAL_CAPACITY);
  /** Changes with all that makes pending events of the slot void. */
  generation = new Int32Array(INITIAL_CAPACITY);

  /** By pod: the first slot of the list of its open connections, linked by #next and #previous. */
  #firstOf = new Int32Array(INITIAL_CAPACITY).fill(NO_SLOT);
  #next = new Int32Array(INITIAL_CAPACITY);
  #previous = new Int32Array(INITIAL_CAPACITY);
  /** The first of the slots that were given back, linked by #next. */
  #free = NO_SLOT;

  /** A slot without a connection. */
  take(population: number, serial: number, client: number): number {
    let slot = this.#free;
    if (slot === NO_SLOT) {
      if (this.count === this.pod.length) this.#grow();
      slot = this.count++;
    } else {
      this.#free = this.#next[slot]!;
    }
    this.population[slot] = population;
    this.serial[slot] = serial;
    this.client[slot] = client;
    this.attempts[slot] = 0;
    this.pod[slot] = NO_POD;
    this.node[slot] = NO_NODE;
    this.strandedOn[slot] = NO_POD;
    return slot;
  }

  /** The slot may be given out again. */
  giveBack(slot: number): void {
    this.voidEvents(slot);
    this.#next[slot] = this.#free;
    this.#free = slot;
  }

  /** Events that carry an older generation are to be ignored. */
  voidEvents(slot: number): void {
    this.generation[slot] = (this.generation[slot]! + 1) | 0;
  }

  open(slot: number, pod: number, nowNs: number): void {
    if (pod >= this.#firstOf.length) this.#growPods(pod);
    const first = this.#firstOf[pod]!;
    this.pod[slot] = pod;
    this.countedNs[slot] = nowNs;
    this.#previous[slot] = NO_SLOT;
    this.#next[slot] = first;
    if (first !== NO_SLOT) this.#previous[first] = slot;
    this.#firstOf[pod] = slot;
  }

  /** Ends the open connection of the slot. */
  close(slot: number): void {
    const pod = this.pod[slot]!;
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    if (next !== NO_SLOT) this.#previous[next] = previous;
    if (previous === NO_SLOT) this.#firstOf[pod] = next;
    else this.#next[previous] = next;
    this.pod[slot] = NO_POD;
    this.voidEvents(slot);
  }

  /** A slot with an open connection to the pod, or a negative number. */
  anyOf(pod: number): number {
    return this.#firstOf[pod] ?? NO_SLOT;
  }

  #growPods(pod: number): void {
    const before = this.#firstOf.length;
    this.#firstOf = widen(this.#firstOf, Math.max(pod + 1, 2 * before)).fill(NO_SLOT, before);
  }

  #grow(): void {
    const capacity = 2 * this.pod.length;
    this.population = widen(this.population, capacity);
    this.serial = widen(this.serial, capacity);
    this.attempts = widen(this.attempts, capacity);
    this.client = widen(this.client, capacity);
    this.pod = widen(this.pod, capacity);
    this.node = widen(this.node, capacity);
    this.isMasqueraded = widen(this.isMasqueraded, capacity);
    this.strandedOn = widen(this.strandedOn, capacity);
    this.countedNs = widen(this.countedNs, capacity);
    this.generation = widen(this.generation, capacity);
    this.#next = widen(this.#next, capacity);
    this.#previous = widen(this.#previous, capacity);
  }
}
