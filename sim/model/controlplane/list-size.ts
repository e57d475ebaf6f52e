/**
 * How large a LIST of all endpoint objects is, kept up to date write by write.
 *
 *   endpoints published of each service --> objects, as full as they can be --> objects and bytes of the list
 *
 * Left out: slices that are fuller or emptier than they need be, which moves their fixed parts of 1 kB and not their endpoints.
 */

import type { EndpointObjectSize } from './wire-size.js';

export class EndpointListSize {
  objects = 0;
  bytes = 0;
  readonly #size: EndpointObjectSize;
  readonly #maxPerObject: number;
  readonly #endpoints: Int32Array;

  constructor(services: number, size: EndpointObjectSize, maxPerObject: number) {
    this.#size = size;
    this.#maxPerObject = maxPerObject;
    this.#endpoints = new Int32Array(services);
  }

  /** The objects of a service hold this many endpoints from now on. */
  update(service: number, endpoints: number): void {
    this.#add(this.#endpoints[service]!, -1);
    this.#endpoints[service] = endpoints;
    this.#add(endpoints, 1);
  }

  #add(endpoints: number, sign: 1 | -1): void {
    if (endpoints === 0) return;
    const full = Math.floor(endpoints / this.#maxPerObject);
    const rest = full === 0 ? endpoints : endpoints - full * this.#maxPerObject;
    this.objects += sign * (full + (rest > 0 ? 1 : 0));
    if (full > 0) this.bytes += sign * full * this.#size.objectBytes(this.#maxPerObject);
    if (rest > 0) this.bytes += sign * this.#size.objectBytes(rest);
  }
}
