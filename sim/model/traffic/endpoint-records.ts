/**
 * What the writes of a service have said of each of its endpoints, at every version of the service that some node may still have
 * in its rules. Version v of a service is what it is after the first v writes of its endpoint objects.
 *
 *   updates of a write --> state and hint of each endpoint at the newest version, and the changes that led there
 */

import { widen } from '../cluster/columns.js';
import { EndpointState, type EndpointUpdate, NO_ZONE } from '../node/endpoint-ledger.js';

const NO_CHANGE = -1;
const INITIAL_CAPACITY = 1024;

export class EndpointRecords {
  // By endpoint: at the newest version of its service.
  #state = new Uint8Array(INITIAL_CAPACITY);
  #hintedZone = new Int16Array(INITIAL_CAPACITY).fill(NO_ZONE);
  #lastChange = new Int32Array(INITIAL_CAPACITY).fill(NO_CHANGE);
  // By change: what was before it, and the change of the same endpoint before.
  #changes = 0;
  #version = new Int32Array(INITIAL_CAPACITY);
  #stateBefore = new Uint8Array(INITIAL_CAPACITY);
  #hintedBefore = new Int16Array(INITIAL_CAPACITY);
  #previous = new Int32Array(INITIAL_CAPACITY);

  /** From `version` of its service on the endpoint is what the update says. */
  set(version: number, { endpoint, state, hintedZone }: EndpointUpdate): void {
    this.#makeRoom(endpoint);
    const change = this.#changes++;
    this.#version[change] = version;
    this.#stateBefore[change] = this.#state[endpoint]!;
    this.#hintedBefore[change] = this.#hintedZone[endpoint]!;
    this.#previous[change] = this.#lastChange[endpoint]!;
    this.#lastChange[endpoint] = change;
    this.#state[endpoint] = state;
    this.#hintedZone[endpoint] = hintedZone;
  }

  /** State at the newest version. */
  stateOf(endpoint: number): EndpointState {
    return (this.#state[endpoint] ?? EndpointState.unusable) as EndpointState;
  }

  hintedZoneOf(endpoint: number): number {
    return this.#hintedZone[endpoint] ?? NO_ZONE;
  }

  stateAt(endpoint: number, version: number): EndpointState {
    const change = this.#firstChangeAfter(endpoint, version);
    return change === NO_CHANGE ? this.stateOf(endpoint) : (this.#stateBefore[change]! as EndpointState);
  }

  hintedZoneAt(endpoint: number, version: number): number {
    const change = this.#firstChangeAfter(endpoint, version);
    return change === NO_CHANGE ? this.hintedZoneOf(endpoint) : this.#hintedBefore[change]!;
  }

  /** Version of the last change of the endpoint, 0 if there was none. */
  lastVersionOf(endpoint: number): number {
    const change = this.#lastChange[endpoint] ?? NO_CHANGE;
    return change === NO_CHANGE ? 0 : this.#version[change]!;
  }

  #firstChangeAfter(endpoint: number, version: number): number {
    let first = NO_CHANGE;
    let change = this.#lastChange[endpoint] ?? NO_CHANGE;
    while (change !== NO_CHANGE && this.#version[change]! > version) {
      first = change;
      change = this.#previous[change]!;
    }
    return first;
  }

  #makeRoom(endpoint: number): void {
    const before = this.#state.length;
    if (endpoint >= before) {
      const capacity = Math.max(endpoint + 1, 2 * before);
      this.#state = widen(this.#state, capacity);
      this.#hintedZone = widen(this.#hintedZone, capacity).fill(NO_ZONE, before);
      this.#lastChange = widen(this.#lastChange, capacity).fill(NO_CHANGE, before);
    }
    if (this.#changes < this.#version.length) return;
    const capacity = 2 * this.#version.length;
    this.#version = widen(this.#version, capacity);
    this.#stateBefore = widen(this.#stateBefore, capacity);
    this.#hintedBefore = widen(this.#hintedBefore, capacity);
    this.#previous = widen(this.#previous, capacity);
  }
}
