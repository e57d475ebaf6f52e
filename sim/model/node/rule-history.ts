/**
 * The rules that a node holds after each prefix of the write log, as sums: what a sync writes and what its tables hold can be
 * read off for any node from its cursor alone, in a time that depends on what changed and not on the size of the cluster.
 *
 *   (service, usable endpoints after the write) per log entry --> quantities of the mode at a cursor, changed lines between two
 */

import { widen } from '../cluster/columns.js';
import type { ServiceShape } from '../cluster/service-shape.js';
import type { EndpointCounts, ProxyMode, SyncWork } from './proxy-modes/proxy-mode.js';

const INITIAL_CAPACITY = 4096;

/** Without policies that distinguish nodes: every usable endpoint can be reached from everywhere. */
const everywhere = (endpoints: number): EndpointCounts => ({
  cluster: endpoints,
  local: 0,
  reachable: endpoints,
  isAnywhere: endpoints > 0,
});

export class RuleHistory {
  readonly #mode: ProxyMode;
  readonly #shapeOf: (service: number) => ServiceShape;
  /** Usable endpoints of each service at the end of the log. */
  readonly #endpointsOf: Int32Array;
  #length = 0;
  /** One column for each quantity of the mode; index p holds the state after the first p entries. */
  readonly #tables: Float64Array[];
  /** Lines of the changed service of entry p, and how many of its endpoints came or went. */
  #linesOfEntry = new Int32Array(INITIAL_CAPACITY);
  #changedEndpointsBefore = new Float64Array(INITIAL_CAPACITY);
  readonly #before: Float64Array;
  readonly #after: Float64Array;

  constructor(initialEndpoints: Int32Array, shapeOf: (service: number) => ServiceShape, mode: ProxyMode) {
    this.#mode = mode;
    this.#shapeOf = shapeOf;
    this.#endpointsOf = Int32Array.from(initialEndpoints);
    this.#tables = mode.quantities.map(() => new Float64Array(INITIAL_CAPACITY));
    this.#before = new Float64Array(mode.quantities.length);
    this.#after = new Float64Array(mode.quantities.length);
    for (const [service, endpoints] of initialEndpoints.entries()) {
      mode.count(shapeOf(service), everywhere(endpoints), this.#after);
      this.#tables.forEach((column, quantity) => (column[0]! += this.#after[quantity]!));
    }
  }

  /** The next entry of the log leaves `service` with this many usable endpoints. */
  append(service: number, endpoints: number): void {
    const entry = this.#length++;
    if (entry + 1 === this.#linesOfEntry.length) this.#grow();
    const shape = this.#shapeOf(service);
    const before = this.#endpointsOf[service]!;
    this.#endpointsOf[service] = endpoints;
    const counts = everywhere(endpoints);
    this.#mode.count(shape, everywhere(before), this.#before);
    this.#mode.count(shape, counts, this.#after);
    for (const [quantity, column] of this.#tables.entries()) {
      column[entry + 1] = column[entry]! + this.#after[quantity]! - this.#before[quantity]!;
    }
    this.#linesOfEntry[entry] = this.#mode.linesOfChangedService(shape, counts);
    this.#changedEndpointsBefore[entry + 1] = this.#changedEndpointsBefore[entry]! + Math.abs(endpoints - before);
  }

  /** Fills `tables` with the state after the first `cursor` entries. */
  tablesAt(cursor: number, tables: Float64Array): void {
    for (let quantity = 0; quantity < tables.length; quantity++) tables[quantity] = this.#tables[quantity]![cursor]!;
  }

  /**
   * Fills in what changed in the window. Each service is counted once, in its last state: an entry is the last of its service
   * in the window when the service's next entry (`nextOfService`, the column of the log) lies beyond it.
   */
  changesBetween(from: number, end: number, nextOfService: Int32Array, work: SyncWork): void {
    const linesOfEntry = this.#linesOfEntry;
    let lines = 0;
    let services = 0;
    for (let entry = from; entry < end; entry++) {
      if (nextOfService[entry]! < end) continue;
      lines += linesOfEntry[entry]!;
      services++;
    }
    work.changedLines = lines;
    work.changedServices = services;
    work.changedEndpoints = this.#changedEndpointsBefore[end]! - this.#changedEndpointsBefore[from]!;
  }

  #grow(): void {
    const capacity = this.#linesOfEntry.length * 2;
    this.#tables.forEach((column, quantity) => (this.#tables[quantity] = widen(column, capacity)));
    this.#linesOfEntry = widen(this.#linesOfEntry, capacity);
    this.#changedEndpointsBefore = widen(this.#changedEndpointsBefore, capacity);
  }
}
