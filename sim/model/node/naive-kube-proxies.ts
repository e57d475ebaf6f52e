/**
 * The twin of kube-proxies.ts that schedules an event for every delivery and every timer, and keeps on every node what the
 * real component keeps: the services that changed, the trigger times collected for each, and its own rule counts.
 *
 *   commit --> one delivery event per node --> change tracker --signal--> sync runner --> sync event --> samples
 *                  ^-- taken back when a watch breaks, put off while a node does not read, added by a replay or a list
 *
 * It is the oracle of the fan-out: slow, and obvious. Tests hold both to equal samples on small clusters, and the benchmark
 * measures what the cursor saves. Left out: the same as in kube-proxies.ts.
 */

import type { EventHandle, EventKind, Simulation } from '../../kernel/simulation.js';
import type { NodeTable } from '../cluster/nodes.js';
import type { WatchListener } from '../controlplane/watch-connections.js';
import { NO_TRIGGER, type WatchFanOut } from '../controlplane/watch-fan-out.js';
import type { KubeProxyParameters, ProxyRecorders } from './kube-proxies.js';
import { type EndpointCounts, SyncKind } from './proxy-modes/proxy-mode.js';

const SECONDS_PER_NS = 1e-9;

interface PendingWrite {
  readonly entry: number;
  readonly deliveredNs: number;
}

interface NodeState {
  /** Frames under way by entry. */
  readonly underWay: Map<number, EventHandle>;
  /** Frames that have come in and are not read, in the order of the log. */
  unread: number[];
  /** Frames that have come in before the list that they follow. */
  readonly afterList: number[];
  isListing: boolean;
  /** The node does not read before. */
  pausedUntilNs: number;
  /** The first entry that its new watch brings by the dispatcher, and when the replay of those before is over. */
  watchFrom: number;
  replayedNs: number;
  /** Writes delivered and not yet applied. */
  pending: PendingWrite[];
  /** Trigger times collected by service since the last sync. */
  triggers: Map<number, number[]>;
  /** Usable endpoints by service, as the applied rules have them. */
  readonly endpoints: Int32Array;
  /** The mode's quantities, as the applied rules have them. */
  readonly tables: Float64Array;
  isSyncing: boolean;
  /** Or starting, without a list. */
  isLost: boolean;
  processStartNs: number;
  isFirstSync: boolean;
  syncEnd: EventHandle | null;
  /** The runner's timer, and when it is due. */
  timer: EventHandle | null;
  timerNs: number;
  lastFullNs: number;
  lastCleanUpNs: number;
}

export class NaiveKubeProxies implements WatchListener {
  syncs = 0;
  fullSyncs = 0;
  deliveries = 0;
  readonly #simulation: Simulation;
  readonly #log: WatchFanOut;
  readonly #nodes: NodeTable;
  readonly #parameters: KubeProxyParameters;
  readonly #recorders: ProxyRecorders;
  readonly #states: NodeState[];
  readonly #deliveryKind: EventKind;
  readonly #readKind: EventKind;
  readonly #timerKind: EventKind;
  readonly #startKind: EventKind;
  readonly #endKind: EventKind;
  readonly #endNs: number;

  /** Timers are armed up to `endNs` only, or an idle cluster would never be quiet. */
  constructor(
    simulation: Simulation,
    log: WatchFanOut,
    nodes: NodeTable,
    initialEndpoints: Int32Array,
    parameters: KubeProxyParameters,
    recorders: ProxyRecorders,
    endNs: number,
  ) {
    this.#simulation = simulation;
    this.#log = log;
    this.#nodes = nodes;
    this.#parameters = parameters;
    this.#recorders = recorders;
    this.#endNs = endNs;
    this.#deliveryKind = simulation.registerKind('naive: delivery', (node, entry) => this.#onDelivery(node, entry));
    this.#readKind = simulation.registerKind('naive: read', (node) => this.#onRead(node));
    this.#timerKind = simulation.registerKind('naive: timer', (node) => this.#onTimer(node));
    this.#startKind = simulation.registerKind('naive: sync starts', (node) => this.#onStart(node));
    this.#endKind = simulation.registerKind('naive: sync ends', (node) => this.#onEnd(node));
    this.#states = Array.from({ length: nodes.count }, (_, node) => ({
      underWay: new Map<number, EventHandle>(),
      unread: [],
      afterList: [],
      isListing: false,
      pausedUntilNs: 0,
      watchFrom: 0,
      replayedNs: 0,
      pending: [],
      triggers: new Map<number, number[]>(),
      endpoints: Int32Array.from(initialEndpoints),
      tables: this.#initialTables(initialEndpoints),
      isSyncing: false,
      isLost: false,
      processStartNs: -Infinity,
      isFirstSync: false,
      syncEnd: null,
      timer: null,
      timerNs: Infinity,
      lastFullNs: parameters.lastFullSyncNs[node]!,
      lastCleanUpNs: parameters.lastFullSyncNs[node]!,
    }));
    for (let node = 0; node < nodes.count; node++) {
      parameters.runner.reset(node, parameters.lastFullSyncNs[node]!);
      this.#arm(node, parameters.runner.maxIntervalDueNs(node));
    }
  }

  /** Must be called for every entry, at the time of its commit. */
  onAppend(entry: number): void {
    const { routes } = this.#log;
    for (let node = 0; node < this.#nodes.count; node++) {
      if (!routes.isConnected(node)) continue;
      const outNs = this.#log.outNs(entry, routes.server[node]!, routes.rank[node]!);
      this.#send(node, entry, outNs + this.#nodes.latencyNs[node]!);
    }
  }

  onCut(node: number, firstMissing: number): void {
    const state = this.#states[node]!;
    for (const [entry, delivery] of state.underWay) {
      if (entry < firstMissing) continue;
      this.#simulation.cancel(delivery);
      state.underWay.delete(entry);
    }
    state.unread = state.unread.filter((entry) => entry < firstMissing);
    // Whatever followed a list that is not complete is listed again.
    state.afterList.length = 0;
    state.replayedNs = 0;
    state.isListing = false;
  }

  onCatchUp(node: number, from: number, end: number, atNs: number): void {
    const state = this.#states[node]!;
    for (let entry = from; entry < end; entry++) this.#send(node, entry, atNs);
    state.isListing = false;
    for (const entry of state.afterList.splice(0)) this.#send(node, entry, atNs);
  }

  onAttach(node: number, notBeforeNs: number): void {
    const state = this.#states[node]!;
    if (notBeforeNs === Infinity) state.isListing = true;
    else state.replayedNs = notBeforeNs;
    state.watchFrom = this.#log.length;
  }

  onPause(node: number, untilNs: number): void {
    const state = this.#states[node]!;
    state.pausedUntilNs = Math.max(state.pausedUntilNs, untilNs);
  }

  onLost(node: number): void {
    const state = this.#states[node]!;
    state.isLost = true;
    if (state.timer !== null) this.#simulation.cancel(state.timer);
    state.timer = null;
    state.timerNs = Infinity;
  }

  onReturned(node: number): void {
    this.#states[node]!.isLost = false;
    if (!this.#states[node]!.isSyncing) this.#wait(node);
  }

  onRestarted(node: number): void {
    const state = this.#states[node]!;
    if (state.syncEnd !== null) this.#simulation.cancel(state.syncEnd);
    state.syncEnd = null;
    state.isSyncing = false;
    state.triggers.clear();
    state.processStartNs = this.#simulation.nowNs;
    state.lastFullNs = -Infinity;
    state.lastCleanUpNs = -Infinity;
    this.#parameters.runner.reset(node, this.#simulation.nowNs);
  }

  onFirstList(node: number): void {
    this.#states[node]!.isLost = false;
    this.#states[node]!.isFirstSync = true;
    this.#start(node);
  }

  #send(node: number, entry: number, atNs: number): void {
    const delivery = this.#simulation.schedule(atNs, this.#deliveryKind, node, entry);
    this.#states[node]!.underWay.set(entry, delivery);
  }

  #onDelivery(node: number, entry: number): void {
    const state = this.#states[node]!;
    state.underWay.delete(entry);
    if (state.isListing) {
      state.afterList.push(entry);
      return;
    }
    const notBeforeNs = Math.max(state.pausedUntilNs, entry < state.watchFrom ? 0 : state.replayedNs);
    if (this.#simulation.nowNs < notBeforeNs || state.unread.length > 0) {
      state.unread.push(entry);
      this.#simulation.schedule(Math.max(this.#simulation.nowNs, notBeforeNs), this.#readKind, node);
    } else {
      this.#take(node, entry);
    }
  }

  #onRead(node: number): void {
    const state = this.#states[node]!;
    if (this.#simulation.nowNs < Math.max(state.pausedUntilNs, state.replayedNs)) {
      this.#simulation.schedule(Math.max(state.pausedUntilNs, state.replayedNs), this.#readKind, node);
      return;
    }
    for (const entry of state.unread.splice(0)) this.#take(node, entry);
  }

  #take(node: number, entry: number): void {
    const state = this.#states[node]!;
    const service = this.#log.service[entry]!;
    state.pending.push({ entry, deliveredNs: this.#simulation.nowNs });
    const triggerNs = this.#log.triggerNs[entry]!;
    if (this.#log.isDeletion[entry] === 1) state.triggers.delete(service);
    else if (triggerNs !== NO_TRIGGER && triggerNs > state.processStartNs) {
      const collected = state.triggers.get(service);
      if (collected === undefined) state.triggers.set(service, [triggerNs]);
      else collected.push(triggerNs);
    }
    if (!state.isSyncing && !state.isLost) this.#signal(node);
  }

  /** A signal reaches the runner, which is not at a sync: it runs now or brings its timer forward. */
  #signal(node: number): void {
    const state = this.#states[node]!;
    const nowNs = this.#simulation.nowNs;
    const { runner } = this.#parameters;
    if (runner.canRunAt(node, nowNs)) this.#start(node);
    else {
      const deferredNs = runner.deferredUntilNs(node, nowNs);
      if (deferredNs < state.timerNs) this.#arm(node, deferredNs);
    }
  }

  #onTimer(node: number): void {
    const state = this.#states[node]!;
    state.timer = null;
    state.timerNs = Infinity;
    this.#start(node);
  }

  /** Lets the deliveries of this very instant come in first: a sync covers all that is delivered by its start. */
  #start(node: number): void {
    const state = this.#states[node]!;
    if (state.timer !== null) this.#simulation.cancel(state.timer);
    state.timer = null;
    state.timerNs = Infinity;
    state.isSyncing = true;
    this.#simulation.schedule(this.#simulation.nowNs, this.#startKind, node);
  }

  #onStart(node: number): void {
    const { mode, shapeOf, runner, partialSync, fullSyncIntervalNs } = this.#parameters;
    const state = this.#states[node]!;
    const startNs = this.#simulation.nowNs;
    const { pending, triggers } = state;
    state.pending = [];
    state.triggers = new Map();

    const changedServices = new Set<number>();
    let changedEndpoints = 0;
    for (const { entry } of pending) {
      const service = this.#log.service[entry]!;
      changedServices.add(service);
      changedEndpoints += Math.abs(this.#log.endpointsAfter[entry]! - state.endpoints[service]!);
      this.#apply(state, service, this.#log.endpointsAfter[entry]!);
    }
    let changedLines = 0;
    for (const service of changedServices) {
      changedLines += mode.linesOfChangedService(shapeOf(service), everywhere(state.endpoints[service]!));
    }
    const isFull = !partialSync || startNs - state.lastFullNs >= fullSyncIntervalNs;
    const cleansUp = mode.cleansUp(state.tables, startNs - state.lastCleanUpNs);
    const referenceNs = mode.syncNs({
      kind: isFull ? SyncKind.full : SyncKind.partial,
      tables: state.tables,
      changedServices: changedServices.size,
      changedLines,
      changedEndpoints,
      cleansUp,
    });
    const durationNs = Math.round(referenceNs * this.#nodes.slowness[node]!);
    const endNs = startNs + durationNs;
    if (cleansUp) state.lastCleanUpNs = endNs;
    if (isFull) state.lastFullNs = endNs;

    const { observedLatency, trueLatency, fanOut, wait, sync, syncDuration } = this.#recorders;
    if (startNs >= this.#parameters.measureFromNs) {
      this.syncs++;
      if (isFull) this.fullSyncs++;
      syncDuration.record(durationNs * SECONDS_PER_NS);
    }
    for (const { entry, deliveredNs } of pending) {
      fanOut.record((deliveredNs - this.#log.commitNs[entry]!) * SECONDS_PER_NS);
      wait.record((startNs - deliveredNs) * SECONDS_PER_NS);
      sync.record(durationNs * SECONDS_PER_NS);
      trueLatency.record((endNs - this.#log.changeNs[entry]!) * SECONDS_PER_NS);
    }
    for (const collected of triggers.values()) {
      for (const triggerNs of collected) observedLatency.record((endNs - triggerNs) * SECONDS_PER_NS);
    }
    this.deliveries += pending.length;
    if (state.isFirstSync) state.isFirstSync = false;
    else runner.onRun(node, startNs, endNs);
    state.syncEnd = this.#simulation.schedule(endNs, this.#endKind, node);
  }

  #onEnd(node: number): void {
    const state = this.#states[node]!;
    state.isSyncing = false;
    state.syncEnd = null;
    if (!state.isLost) this.#wait(node);
  }

  /** The node has nothing to do but what is pending, and its timer. */
  #wait(node: number): void {
    const dueNs = this.#parameters.runner.maxIntervalDueNs(node);
    this.#arm(node, Math.max(dueNs, this.#simulation.nowNs));
    if (this.#states[node]!.pending.length > 0) this.#signal(node);
  }

  #arm(node: number, dueNs: number): void {
    const state = this.#states[node]!;
    if (state.timer !== null) this.#simulation.cancel(state.timer);
    state.timerNs = dueNs;
    state.timer = dueNs <= this.#endNs ? this.#simulation.schedule(dueNs, this.#timerKind, node) : null;
  }

  #apply(state: NodeState, service: number, endpoints: number): void {
    const before = this.#countsOf(service, state.endpoints[service]!);
    state.endpoints[service] = endpoints;
    const after = this.#countsOf(service, endpoints);
    for (const quantity of state.tables.keys()) state.tables[quantity]! += after[quantity]! - before[quantity]!;
  }

  #initialTables(initialEndpoints: Int32Array): Float64Array {
    const tables = new Float64Array(this.#parameters.mode.quantities.length);
    for (const [service, endpoints] of initialEndpoints.entries()) {
      const counts = this.#countsOf(service, endpoints);
      for (const quantity of tables.keys()) tables[quantity]! += counts[quantity]!;
    }
    return tables;
  }

  /** What the mode makes of a service with this many endpoints. */
  #countsOf(service: number, endpoints: number): Float64Array {
    const { mode, shapeOf } = this.#parameters;
    const counts = new Float64Array(mode.quantities.length);
    mode.count(shapeOf(service), everywhere(endpoints), counts);
    return counts;
  }
}

const everywhere = (endpoints: number): EndpointCounts => ({
  cluster: endpoints,
  local: 0,
  reachable: endpoints,
  isAnywhere: endpoints > 0,
});
