/**
 * The rules that a node holds after each prefix of the write log, as sums: what a sync writes and what its tables hold can be
 * read off for any node from its cursor alone, in a time that depends on what changed and not on the size of the cluster.
 *
 *   (service, usable endpoints after the write) per log entry --> totals at a cursor, changed lines between two
 */

import { widen } from '../cluster/columns.js';
import type { ProxyMode, RuleTotals } from './proxy-mode.js';

const INITIAL_CAPACITY = 4096;

export class RuleHistory {
  readonly #mode: ProxyMode;
  /** Usable endpoints of each service at the end of the log. */
  readonly #endpointsOf: Int32Array;
  #length = 0;
  // Columns at index p hold the state after the first p entries.
  #servicesWithEndpoints = new Int32Array(INITIAL_CAPACITY);
  #endpoints = new Int32Array(INITIAL_CAPACITY);
  /** Lines of the changed service of entry p. */
  #linesOfEntry = new Int32Array(INITIAL_CAPACITY);

  constructor(initialEndpoints: Int32Array, mode: ProxyMode) {
    this.#mode = mode;
    this.#endpointsOf = Int32Array.from(initialEndpoints);
    for (const endpoints of initialEndpoints) {
      this.#endpoints[0]! += endpoints;
      if (endpoints > 0) this.#servicesWithEndpoints[0]!++;
    }
  }

  /** The next entry of the log leaves `service` with this many usable endpoints. */
  append(service: number, endpoints: number): void {
    const entry = this.#length++;
    if (entry + 1 === this.#endpoints.length) this.#grow();
    const before = this.#endpointsOf[service]!;
    this.#endpointsOf[service] = endpoints;
    this.#endpoints[entry + 1] = this.#endpoints[entry]! + endpoints - before;
    this.#servicesWithEndpoints[entry + 1] =
      this.#servicesWithEndpoints[entry]! + (endpoints > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
    this.#linesOfEntry[entry] = this.#mode.linesOfChangedService(endpoints);
  }

  /** Fills `totals` with the state after the first `cursor` entries. */
  totalsAt(cursor: number, totals: RuleTotals): void {
    totals.servicesWithEndpoints = this.#servicesWithEndpoints[cursor]!;
    totals.endpoints = this.#endpoints[cursor]!;
  }

  /**
   * Lines of the services that changed in the window, each counted once, in its last state: an entry is the last of its
   * service in the window when the service's next entry (`nextOfService`, the column of the log) lies beyond it.
   */
  changedLinesBetween(from: number, end: number, nextOfService: Int32Array): number {
    const linesOfEntry = this.#linesOfEntry;
    let lines = 0;
    for (let entry = from; entry < end; entry++) {
      if (nextOfService[entry]! >= end) lines += linesOfEntry[entry]!;
    }
    return lines;
  }

  #grow(): void {
    const capacity = this.#endpoints.length * 2;
    this.#servicesWithEndpoints = widen(this.#servicesWithEndpoints, capacity);
    this.#endpoints = widen(this.#endpoints, capacity);
    this.#linesOfEntry = widen(this.#linesOfEntry, capacity);
  }
}
