/** The requests that pods have, as a table: a request that is over gives its number to a later one. */

import { widen } from '../../cluster/columns.js';

const NO_REQUEST = -1;
const INITIAL_CAPACITY = 1024;

export class RequestsUnderWay {
  /** Number of its population. */
  population = new Int32Array(INITIAL_CAPACITY);
  /** The user that waits for it; negative: nobody does. */
  user = new Int32Array(INITIAL_CAPACITY);
  /** Number of the client's address. */
  client = new Int32Array(INITIAL_CAPACITY);
  /** Where it entered the cluster, or was made. */
  node = new Int32Array(INITIAL_CAPACITY);
  isMasqueraded = new Uint8Array(INITIAL_CAPACITY);
  /** What the network adds to its response time. */
  networkNs = new Float64Array(INITIAL_CAPACITY);
  sentNs = new Float64Array(INITIAL_CAPACITY);

  #nextFree = new Int32Array(INITIAL_CAPACITY);
  #firstFree = NO_REQUEST;
  #used = 0;

  /** A number for a request, whose columns the caller fills. */
  take(): number {
    const request = this.#firstFree;
    if (request !== NO_REQUEST) {
      this.#firstFree = this.#nextFree[request]!;
      return request;
    }
    if (this.#used === this.population.length) this.#grow();
    return this.#used++;
  }

  /** The request is over. */
  giveBack(request: number): void {
    this.#nextFree[request] = this.#firstFree;
    this.#firstFree = request;
  }

  #grow(): void {
    const capacity = 2 * this.population.length;
    this.population = widen(this.population, capacity);
    this.user = widen(this.user, capacity);
    this.client = widen(this.client, capacity);
    this.node = widen(this.node, capacity);
    this.isMasqueraded = widen(this.isMasqueraded, capacity);
    this.networkNs = widen(this.networkNs, capacity);
    this.sentNs = widen(this.sentNs, capacity);
    this.#nextFree = widen(this.#nextFree, capacity);
  }
}
