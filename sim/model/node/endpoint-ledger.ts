/**
 * What the endpoint objects say of every endpoint, and how many endpoints of each kind every service has by that: the state at
 * the end of the write log, which kube-proxies follow from behind.
 *
 *   endpoints of a write, each with its new state and hint --> totals of the service --> rule-history.ts
 */

import { widen } from '../cluster/columns.js';

/** What an endpoint is good for, as its conditions say. */
export const EndpointState = {
  /** In no object, or not serving. */
  unusable: 0,
  ready: 1,
  /** Serving, but on its way out: used when no endpoint is ready. */
  terminating: 2,
} as const;
export type EndpointState = (typeof EndpointState)[keyof typeof EndpointState];

/** An endpoint without a hint. */
export const NO_ZONE = -1;

/** What a write says of one endpoint. */
export interface EndpointUpdate {
  readonly endpoint: number;
  readonly state: EndpointState;
  /** The zone that it is hinted to, or NO_ZONE. */
  readonly hintedZone: number;
}

export class EndpointLedger {
  readonly #zones: number;
  #state = new Uint8Array(0);
  #hintedZone = new Int16Array(0);
  /** Serving while they terminate, by service. */
  readonly terminating: Int32Array;
  /** Ready endpoints that are hinted to a zone: row per service, one column for each zone. */
  readonly #hintedTo: Int32Array;
  /** Ready endpoints with a hint, by service. */
  readonly hinted: Int32Array;

  /** `hasHints`: whether any service has; without, nothing is kept of zones. */
  constructor(services: number, zones: number, hasHints: boolean) {
    this.#zones = zones;
    this.terminating = new Int32Array(services);
    this.hinted = new Int32Array(services);
    this.#hintedTo = new Int32Array(hasHints ? services * zones : 0);
  }

  stateOf(endpoint: number): EndpointState {
    return (this.#state[endpoint] ?? EndpointState.unusable) as EndpointState;
  }

  hintedZoneOf(endpoint: number): number {
    return endpoint < this.#hintedZone.length ? this.#hintedZone[endpoint]! : NO_ZONE;
  }

  /** Ready endpoints of `service` that are hinted to `zone`. */
  hintedTo(service: number, zone: number): number {
    return this.#hintedTo[service * this.#zones + zone] ?? 0;
  }

  /** Makes `update` of an endpoint of `service` true. */
  apply(service: number, { endpoint, state, hintedZone }: EndpointUpdate): void {
    this.#grow(endpoint + 1);
    this.#count(service, this.stateOf(endpoint), this.hintedZoneOf(endpoint), -1);
    this.#state[endpoint] = state;
    this.#hintedZone[endpoint] = hintedZone;
    this.#count(service, state, hintedZone, 1);
  }

  #count(service: number, state: EndpointState, hintedZone: number, by: number): void {
    if (state === EndpointState.terminating) this.terminating[service]! += by;
    if (state !== EndpointState.ready || hintedZone === NO_ZONE) return;
    this.hinted[service]! += by;
    this.#hintedTo[service * this.#zones + hintedZone]! += by;
  }

  #grow(length: number): void {
    const before = this.#state.length;
    if (length <= before) return;
    const capacity = Math.max(length, 2 * before);
    this.#state = widen(this.#state, capacity);
    this.#hintedZone = widen(this.#hintedZone, capacity).fill(NO_ZONE, before);
  }
}
