/**
 * The rules that a node holds after each prefix of the write log, as sums: what a sync writes and what its tables hold can be
 * read off for any node from its cursor alone, in a time that depends on what changed and not on the size of the cluster.
 *
 *   updates of endpoints, by log entry --> quantities of the mode at a cursor, for each zone --+--> work of a sync
 *                                    '--> corrections of nodes that have endpoints themselves --'
 *
 * Most services look the same from everywhere, and one column of sums serves all nodes. With hints for zones there is a column
 * for each zone. Under policy Local, or with hints for nodes, nodes that have endpoints of the service differ from those that have
 * none: the columns hold what the latter have, and each of the former a correction of its own.
 */

import { widen } from '../cluster/columns.js';
import { servicePorts } from '../cluster/service-shape.js';
import { EndpointLedger, EndpointState, type EndpointUpdate } from './endpoint-ledger.js';
import {
  countEndpoints,
  dependsOnNode,
  dependsOnZone,
  type EndpointView,
  type RoutedService,
} from './endpoint-view.js';
import { OwnEndpointsTable } from './own-endpoints.js';
import { NO_ROW } from './pair-index.js';
import type { ProxyMode, SyncWork } from './proxy-modes/proxy-mode.js';

const INITIAL_CAPACITY = 4096;
/** In place of an entry: all nodes know of it. */
const START = -1;

/** What kube-proxies route: the services, and where nodes and endpoints are. */
export interface Routing {
  readonly services: number;
  /** Equal services give the same object. */
  readonly serviceOf: (service: number) => RoutedService;
  readonly zones: number;
  readonly zoneOfNode: ArrayLike<number>;
  /** Node of an endpoint, or a negative number: it is on none. */
  readonly nodeOf: (endpoint: number) => number;
}

/** A service at the start. `ready` counts what nodes use, which may be less than the updates say: objects have their limits. */
export interface InitialEndpoints {
  readonly ready: number;
  readonly updates: readonly EndpointUpdate[];
}

/** The state of the service of an entry after that entry. Zones have columns of their own. */
interface ServiceColumns {
  ready: Int32Array;
  terminating: Int32Array;
  hinted: Int32Array;
}

export class RuleHistory {
  readonly #mode: ProxyMode;
  readonly #routing: Routing;
  readonly #ledger: EndpointLedger;
  /** Ready endpoints of each service at the end of the log. */
  readonly #readyOf: Int32Array;
  /** Service ports of each service; null: all have one. */
  readonly #portsOf: Int32Array | null;
  #length = 0;
  /** One per zone, or only one: rows of the mode's quantities; row p holds the state after the first p entries. */
  readonly #tables: Float64Array[];
  /** Lines of the changed service of entry p, by zone. */
  readonly #linesOfEntry: Int32Array[];
  /** Ready endpoints of the service of entry p that are hinted to the zone; empty without hints. */
  readonly #hintedHere: Int32Array[];
  readonly #after: ServiceColumns;
  #changedEndpointsBefore = new Float64Array(INITIAL_CAPACITY);
  #goneEndpointsBefore = new Float64Array(INITIAL_CAPACITY);
  #serviceOfEntry = new Int32Array(INITIAL_CAPACITY);
  /** null: no node differs from its neighbours. */
  readonly #own: OwnEndpointsTable | null;
  readonly #corrections: Float64Array;
  readonly #dependsOnNode: Uint8Array;
  // Of the service at hand.
  readonly #view: EndpointView = {
    ready: 0,
    terminating: 0,
    hinted: 0,
    hintedHere: 0,
    ownReady: 0,
    ownTerminating: 0,
    ownHintedHere: 0,
  };
  readonly #amounts: Float64Array;
  /** On a node that has no endpoint itself. */
  readonly #amountsElsewhere: Float64Array;

  constructor(routing: Routing, initial: (service: number) => InitialEndpoints, mode: ProxyMode) {
    const { services, serviceOf, zones } = routing;
    this.#mode = mode;
    this.#routing = routing;
    this.#readyOf = new Int32Array(services);
    this.#dependsOnNode = new Uint8Array(services);
    let hasHints = false;
    let nodesDiffer = false;
    const portsOf = new Int32Array(services);
    for (let service = 0; service < services; service++) {
      const routed = serviceOf(service);
      portsOf[service] = servicePorts(routed.shape);
      hasHints ||= dependsOnZone(routed);
      if (!dependsOnNode(routed)) continue;
      nodesDiffer = true;
      this.#dependsOnNode[service] = 1;
    }
    this.#portsOf = portsOf.every((ports) => ports === 1) ? null : portsOf;
    const nodes = routing.zoneOfNode.length;
    const quantities = mode.quantities.length;
    const perZone = { length: hasHints ? zones : 1 };
    this.#ledger = new EndpointLedger(services, zones, hasHints);
    this.#amounts = new Float64Array(quantities);
    this.#amountsElsewhere = new Float64Array(quantities);
    this.#tables = Array.from(perZone, () => new Float64Array(INITIAL_CAPACITY * quantities));
    this.#linesOfEntry = Array.from(perZone, () => new Int32Array(INITIAL_CAPACITY));
    this.#hintedHere = hasHints ? Array.from(perZone, () => new Int32Array(INITIAL_CAPACITY)) : [];
    this.#after = {
      ready: new Int32Array(INITIAL_CAPACITY),
      terminating: new Int32Array(INITIAL_CAPACITY),
      hinted: new Int32Array(hasHints ? INITIAL_CAPACITY : 0),
    };
    this.#own = nodesDiffer ? new OwnEndpointsTable(nodes, quantities) : null;
    this.#corrections = new Float64Array(nodesDiffer ? nodes * quantities : 0);
    for (let service = 0; service < services; service++) this.#start(service, initial(service));
  }

  #start(service: number, { ready, updates }: InitialEndpoints): void {
    this.#readyOf[service] = ready;
    for (const update of updates) this.#apply(START, service, update);
    this.#addToTables(service, 0, 1);
    if (this.#dependsOnNode[service] === 0) return;
    // A node that has several endpoints is corrected several times, the later ones to no effect.
    for (const { endpoint } of updates) {
      const node = this.#routing.nodeOf(endpoint);
      if (node < 0) continue;
      const record = this.#own!.recordOf(node, service);
      if (record === NO_ROW) continue;
      this.#viewAtEnd(service, this.#zoneIndex(node));
      this.#correct(node, service, record);
    }
  }

  /**
   * The next entry of the log leaves `service` with `ready` usable endpoints (what nodes use; see InitialEndpoints) and says
   * `updates` of some of them.
   */
  append(service: number, ready: number, updates: readonly EndpointUpdate[]): void {
    const entry = this.#length++;
    if (entry + 1 === this.#serviceOfEntry.length) this.#grow();
    const quantities = this.#amounts.length;
    for (const table of this.#tables) {
      table.copyWithin((entry + 1) * quantities, entry * quantities, (entry + 1) * quantities);
    }
    this.#addToTables(service, entry + 1, -1);
    let changed = 0;
    let gone = 0;
    for (const update of updates) {
      const before = this.#ledger.stateOf(update.endpoint);
      if (update.state !== before) {
        changed++;
        if (before === EndpointState.ready) gone++;
      }
      this.#apply(entry, service, update);
    }
    // Somebody who does not say which ones at least says how many.
    if (updates.length === 0) {
      const before = this.#readyOf[service]!;
      changed = Math.abs(ready - before);
      gone = Math.max(0, before - ready);
    }
    this.#readyOf[service] = ready;
    this.#addToTables(service, entry + 1, 1);
    this.#serviceOfEntry[entry] = service;
    this.#after.ready[entry] = ready;
    this.#after.terminating[entry] = this.#ledger.terminating[service]!;
    if (this.#hintedHere.length > 0) {
      this.#after.hinted[entry] = this.#ledger.hinted[service]!;
      for (const [zone, column] of this.#hintedHere.entries()) column[entry] = this.#ledger.hintedTo(service, zone);
    }
    const routed = this.#routing.serviceOf(service);
    for (const [zone, lines] of this.#linesOfEntry.entries()) {
      this.#viewAtEnd(service, zone);
      lines[entry] = this.#mode.linesOfChangedService(routed.shape, countEndpoints(routed, this.#view));
    }
    const ports = this.#portsOf === null ? 1 : this.#portsOf[service]!;
    this.#changedEndpointsBefore[entry + 1] = this.#changedEndpointsBefore[entry]! + ports * changed;
    this.#goneEndpointsBefore[entry + 1] = this.#goneEndpointsBefore[entry]! + ports * gone;
  }

  /**
   * Fills in what `node` has to do when it goes from entry `from` to entry `end`, and the quantities of its tables then. Windows of a
   * node follow each other without a gap. Each service is counted once, in its last state: an entry is the last of its
   * service in the window when the service's next entry (`nextOfService`, the column of the log) lies beyond it.
   */
  advance(node: number, from: number, end: number, nextOfService: Int32Array, work: SyncWork): void {
    const zone = this.#zoneIndex(node);
    const linesOfEntry = this.#linesOfEntry[zone]!;
    const portsOf = this.#portsOf;
    const own = this.#own;
    if (own !== null) own.advance(node, end);
    let lines = 0;
    let ports = 0;
    for (let entry = from; entry < end; entry++) {
      if (nextOfService[entry]! < end) continue;
      ports += portsOf === null ? 1 : portsOf[this.#serviceOfEntry[entry]!]!;
      lines += own === null ? linesOfEntry[entry]! : this.#linesOn(node, zone, entry);
    }
    work.changedLines = lines;
    work.changedServices = ports;
    work.changedEndpoints = this.#changedEndpointsBefore[end]! - this.#changedEndpointsBefore[from]!;
    work.goneEndpoints = this.#goneEndpointsBefore[end]! - this.#goneEndpointsBefore[from]!;
    this.tablesOf(node, end, work.tables);
  }

  /** Quantities of the tables of a node that has been advanced to `cursor`. */
  tablesOf(node: number, cursor: number, tables: Float64Array): void {
    const rows = this.#tables[this.#zoneIndex(node)]!;
    const quantities = tables.length;
    const row = cursor * quantities;
    for (let quantity = 0; quantity < quantities; quantity++) tables[quantity] = rows[row + quantity]!;
    if (this.#own === null) return;
    const first = node * quantities;
    for (let quantity = 0; quantity < quantities; quantity++) tables[quantity]! += this.#corrections[first + quantity]!;
  }

  #zoneIndex(node: number): number {
    return this.#tables.length === 1 ? 0 : this.#routing.zoneOfNode[node]!;
  }

  /** Lines of the service of `entry` on a node, whose correction for the service is brought up to date. */
  #linesOn(node: number, zone: number, entry: number): number {
    const service = this.#serviceOfEntry[entry]!;
    const lines = this.#linesOfEntry[zone]![entry]!;
    if (this.#dependsOnNode[service] === 0) return lines;
    const record = this.#own!.recordOf(node, service);
    if (record === NO_ROW) return lines;
    const view = this.#view;
    view.ready = this.#after.ready[entry]!;
    view.terminating = this.#after.terminating[entry]!;
    view.hinted = this.#after.hinted[entry] ?? 0;
    view.hintedHere = this.#hintedHere[zone]?.[entry] ?? 0;
    return this.#correct(node, service, record);
  }

  /**
   * Brings the correction of a node up to date for one service, of which it has `record` and the rest of whose view is filled in,
   * and returns the lines of the service on the node.
   */
  #correct(node: number, service: number, record: number): number {
    const own = this.#own!;
    const routed = this.#routing.serviceOf(service);
    const { shape } = routed;
    const quantities = this.#amounts.length;
    const view = this.#view;
    view.ownReady = view.ownTerminating = view.ownHintedHere = 0;
    this.#mode.count(shape, countEndpoints(routed, view), this.#amountsElsewhere);
    view.ownReady = own.ready[record]!;
    view.ownTerminating = own.terminating[record]!;
    view.ownHintedHere = own.hintedHere[record]!;
    const counts = countEndpoints(routed, view);
    this.#mode.count(shape, counts, this.#amounts);
    const first = node * quantities;
    const firstOfRecord = record * quantities;
    for (let quantity = 0; quantity < quantities; quantity++) {
      const correction = this.#amounts[quantity]! - this.#amountsElsewhere[quantity]!;
      this.#corrections[first + quantity]! += correction - own.corrections[firstOfRecord + quantity]!;
      own.corrections[firstOfRecord + quantity] = correction;
    }
    if (view.ownReady === 0 && view.ownTerminating === 0) own.forget(node, service);
    return this.#mode.linesOfChangedService(shape, counts);
  }

  /** An update of `entry`, or START, becomes true at the end of the log. */
  #apply(entry: number, service: number, update: EndpointUpdate): void {
    if (this.#dependsOnNode[service] === 1) this.#changeOwn(entry, service, update);
    this.#ledger.apply(service, update);
  }

  /** The node of the endpoint has one more or one less than the ledger still says, from `entry` on. */
  #changeOwn(entry: number, service: number, { endpoint, state, hintedZone }: EndpointUpdate): void {
    const node = this.#routing.nodeOf(endpoint);
    if (node < 0) return;
    const zone = this.#routing.zoneOfNode[node]!;
    const before = this.#ledger.stateOf(endpoint);
    const isReady = state === EndpointState.ready;
    const wasReady = before === EndpointState.ready;
    const wasHintedHere = wasReady && this.#ledger.hintedZoneOf(endpoint) === zone;
    const ready = Number(isReady) - Number(wasReady);
    const terminating = Number(state === EndpointState.terminating) - Number(before === EndpointState.terminating);
    const hintedHere = Number(isReady && hintedZone === zone) - Number(wasHintedHere);
    if (ready === 0 && terminating === 0 && hintedHere === 0) return;
    if (entry === START) this.#own!.add(node, service, ready, terminating, hintedHere);
    else this.#own!.change(entry, node, service, ready, terminating, hintedHere);
  }

  /** Adds (1) or takes off (-1) what the service makes at the end of the log, in the tables at `cursor`. */
  #addToTables(service: number, cursor: number, sign: number): void {
    const routed = this.#routing.serviceOf(service);
    const row = cursor * this.#amounts.length;
    for (const [zone, table] of this.#tables.entries()) {
      // Without hints the zones do not differ.
      if (zone === 0 || routed.hints !== 'none') {
        this.#viewAtEnd(service, zone);
        this.#mode.count(routed.shape, countEndpoints(routed, this.#view), this.#amounts);
      }
      for (const [quantity, amount] of this.#amounts.entries()) table[row + quantity]! += sign * amount;
    }
  }

  /** The view of a node of the zone that has no endpoint itself, at the end of the log. */
  #viewAtEnd(service: number, zone: number): void {
    const view = this.#view;
    view.ready = this.#readyOf[service]!;
    view.terminating = this.#ledger.terminating[service]!;
    view.hinted = this.#ledger.hinted[service]!;
    view.hintedHere = this.#ledger.hintedTo(service, zone);
    view.ownReady = view.ownTerminating = view.ownHintedHere = 0;
  }

  #grow(): void {
    const capacity = this.#serviceOfEntry.length * 2;
    const widenAll = (columns: Int32Array[]): void =>
      columns.forEach((column, index) => (columns[index] = widen(column, capacity)));
    for (const [zone, table] of this.#tables.entries()) {
      this.#tables[zone] = widen(table, capacity * this.#amounts.length);
    }
    widenAll(this.#linesOfEntry);
    widenAll(this.#hintedHere);
    this.#after.ready = widen(this.#after.ready, capacity);
    this.#after.terminating = widen(this.#after.terminating, capacity);
    if (this.#after.hinted.length > 0) this.#after.hinted = widen(this.#after.hinted, capacity);
    this.#changedEndpointsBefore = widen(this.#changedEndpointsBefore, capacity);
    this.#goneEndpointsBefore = widen(this.#goneEndpointsBefore, capacity);
    this.#serviceOfEntry = widen(this.#serviceOfEntry, capacity);
  }
}
