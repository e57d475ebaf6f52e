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
import { servicePorts } from '../cluster/service-shape.js';
import type { WatchListener } from '../controlplane/watch-connections.js';
import { NO_TRIGGER, type WatchFanOut } from '../controlplane/watch-fan-out.js';
import { EndpointState, type EndpointUpdate, NO_ZONE } from './endpoint-ledger.js';
import { countEndpoints } from './endpoint-view.js';
import type { KubeProxyParameters } from './kube-proxies.js';
import { type ProxyRecorders, recordFirstSync, recordSync } from './latency-samples.js';
import { type EndpointCounts, SyncKind } from './proxy-modes/proxy-mode.js';
import type { InitialEndpoints } from './rule-history.js';

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
  /** Writes delivered and not yet taken up by a sync; those taken up by syncs that failed. */
  pending: PendingWrite[];
  notApplied: PendingWrite[];
  /** Trigger times collected by service since the last sync. */
  readonly triggers: Map<number, number[]>;
  /** What the node knows of each service: ready endpoints by count, and all endpoints by number. */
  readonly services: { ready: number; readonly endpoints: Map<number, EndpointUpdate> }[];
  /** The mode's quantities, as the applied rules have them. */
  readonly tables: Float64Array;
  isSyncing: boolean;
  /** Or starting, without a list. */
  isLost: boolean;
  processStartNs: number;
  isFirstSync: boolean;
  startKind: SyncKind;
  staleEndpoints: number;
  hasFailed: boolean;
  failsFromNs: number;
  failsUntilNs: number;
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
  failedSyncs = 0;
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
  /** What each entry says of endpoints. */
  readonly #updates: (readonly EndpointUpdate[])[] = [];

  /** Timers are armed up to `endNs` only, or an idle cluster would never be quiet. */
  constructor(
    simulation: Simulation,
    log: WatchFanOut,
    nodes: NodeTable,
    initial: (service: number) => InitialEndpoints,
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
      notApplied: [],
      triggers: new Map<number, number[]>(),
      services: Array.from({ length: parameters.routing.services }, (__, service) => {
        const { ready, updates } = initial(service);
        return { ready, endpoints: new Map(updates.map((update) => [update.endpoint, update])) };
      }),
      tables: new Float64Array(parameters.mode.quantities.length),
      isSyncing: false,
      isLost: false,
      processStartNs: -Infinity,
      isFirstSync: false,
      startKind: SyncKind.partial,
      staleEndpoints: 0,
      hasFailed: false,
      failsFromNs: Infinity,
      failsUntilNs: -Infinity,
      syncEnd: null,
      timer: null,
      timerNs: Infinity,
      lastFullNs: parameters.lastFullSyncNs[node]!,
      lastCleanUpNs: parameters.lastFullSyncNs[node]!,
    }));
    for (let node = 0; node < nodes.count; node++) {
      for (let service = 0; service < parameters.routing.services; service++) this.#addToTables(node, service, 1);
      parameters.runner.reset(node, parameters.lastFullSyncNs[node]!);
      this.#arm(node, parameters.runner.maxIntervalDueNs(node));
    }
  }

  /** Must be called for every entry, at the time of its commit. */
  onAppend(entry: number, updates: readonly EndpointUpdate[]): void {
    this.#updates[entry] = updates;
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

  onRestarted(node: number, keepsRules: boolean): void {
    const state = this.#states[node]!;
    if (state.syncEnd !== null) this.#simulation.cancel(state.syncEnd);
    state.syncEnd = null;
    state.isSyncing = false;
    state.triggers.clear();
    state.processStartNs = this.#simulation.nowNs;
    state.hasFailed = false;
    if (!keepsRules) {
      state.startKind = SyncKind.firstAfterBoot;
      state.staleEndpoints = 0;
    } else if (state.startKind !== SyncKind.firstAfterBoot) state.startKind = SyncKind.first;
    state.lastFullNs = -Infinity;
    state.lastCleanUpNs = -Infinity;
    this.#parameters.runner.reset(node, this.#simulation.nowNs);
  }

  onFirstList(node: number): void {
    this.#states[node]!.isLost = false;
    this.#states[node]!.isFirstSync = true;
    this.#start(node);
  }

  failUntil(node: number, untilNs: number): void {
    const state = this.#states[node]!;
    if (state.failsUntilNs <= this.#simulation.nowNs) state.failsFromNs = this.#simulation.nowNs;
    state.failsUntilNs = Math.max(state.failsUntilNs, untilNs);
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
    const { mode, routing, runner, partialSync, fullSyncIntervalNs } = this.#parameters;
    const state = this.#states[node]!;
    const startNs = this.#simulation.nowNs;
    const taken = state.pending;
    state.pending = [];

    const changedServices = new Set<number>();
    let changedEndpoints = 0;
    let goneEndpoints = 0;
    for (const { entry } of taken) {
      changedServices.add(this.#log.service[entry]!);
      const { changed, gone } = this.#learn(node, entry);
      const ports = servicePorts(routing.serviceOf(this.#log.service[entry]!).shape);
      changedEndpoints += ports * changed;
      goneEndpoints += ports * gone;
    }
    let changedPorts = 0;
    let changedLines = 0;
    for (const service of changedServices) {
      changedPorts += servicePorts(routing.serviceOf(service).shape);
      changedLines += mode.linesOfChangedService(routing.serviceOf(service).shape, this.#endpointsOf(node, service));
    }
    const isFull = !partialSync || state.hasFailed || startNs - state.lastFullNs >= fullSyncIntervalNs;
    const kind = state.startKind !== SyncKind.partial ? state.startKind : isFull ? SyncKind.full : SyncKind.partial;
    const cleansUp = mode.cleansUp(state.tables, startNs - state.lastCleanUpNs);
    const referenceNs = mode.syncNs({
      kind,
      tables: state.tables,
      changedServices: changedPorts,
      changedLines,
      changedEndpoints,
      goneEndpoints,
      staleEndpoints: state.staleEndpoints,
      cleansUp,
    });
    const durationNs = Math.round(referenceNs * this.#nodes.slowness[node]!);
    const endNs = startNs + durationNs;
    state.hasFailed = state.failsFromNs <= startNs && startNs < state.failsUntilNs;
    if (startNs >= this.#parameters.measureFromNs) {
      this.syncs++;
      if (kind !== SyncKind.partial) this.fullSyncs++;
      if (state.hasFailed) this.failedSyncs++;
      recordSync(this.#recorders, durationNs, kind !== SyncKind.partial);
    }
    state.notApplied.push(...taken);
    if (!state.hasFailed && cleansUp) state.staleEndpoints = mode.deletesAtOnce ? 0 : goneEndpoints;
    else state.staleEndpoints += goneEndpoints;
    if (!state.hasFailed) {
      if (cleansUp) state.lastCleanUpNs = endNs;
      if (kind !== SyncKind.partial) state.lastFullNs = endNs;
      if (state.startKind !== SyncKind.partial) recordFirstSync(this.#recorders, endNs - state.processStartNs);
      state.startKind = SyncKind.partial;
      this.#recordApplied(state, startNs, endNs);
    }
    if (!state.isFirstSync || state.hasFailed) runner.onRun(node, startNs, endNs, state.hasFailed);
    state.isFirstSync = false;
    state.syncEnd = this.#simulation.schedule(endNs, this.#endKind, node);
  }

  #recordApplied(state: NodeState, startNs: number, endNs: number): void {
    const { observedLatency, trueLatency, fanOut, wait, sync } = this.#recorders;
    const applied = state.notApplied.splice(0);
    for (const { entry, deliveredNs } of applied) {
      fanOut.record((deliveredNs - this.#log.commitNs[entry]!) * SECONDS_PER_NS);
      wait.record((startNs - deliveredNs) * SECONDS_PER_NS);
      sync.record((endNs - startNs) * SECONDS_PER_NS);
      trueLatency.record((endNs - this.#log.changeNs[entry]!) * SECONDS_PER_NS);
    }
    for (const collected of state.triggers.values()) {
      for (const triggerNs of collected) observedLatency.record((endNs - triggerNs) * SECONDS_PER_NS);
    }
    state.triggers.clear();
    this.deliveries += applied.length;
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
    // What a sync that failed has taken up waits for the timer.
    if (this.#states[node]!.pending.length > 0) this.#signal(node);
  }

  #arm(node: number, dueNs: number): void {
    const state = this.#states[node]!;
    if (state.timer !== null) this.#simulation.cancel(state.timer);
    state.timerNs = dueNs;
    state.timer = dueNs <= this.#endNs ? this.#simulation.schedule(dueNs, this.#timerKind, node) : null;
  }

  /** A node hears of an entry; returns how many endpoints it changes, and takes out of use. */
  #learn(node: number, entry: number): { readonly changed: number; readonly gone: number } {
    const number = this.#log.service[entry]!;
    const service = this.#states[node]!.services[number]!;
    const updates = this.#updates[entry]!;
    const ready = this.#log.endpointsAfter[entry]!;
    this.#addToTables(node, number, -1);
    let changed = updates.length === 0 ? Math.abs(ready - service.ready) : 0;
    let gone = updates.length === 0 ? Math.max(0, service.ready - ready) : 0;
    for (const update of updates) {
      const before = service.endpoints.get(update.endpoint)?.state ?? EndpointState.unusable;
      if (update.state !== before) changed++;
      if (update.state !== before && before === EndpointState.ready) gone++;
      service.endpoints.set(update.endpoint, update);
    }
    service.ready = ready;
    this.#addToTables(node, number, 1);
    return { changed, gone };
  }

  #addToTables(node: number, service: number, sign: number): void {
    const { mode, routing } = this.#parameters;
    const { tables } = this.#states[node]!;
    const counts = new Float64Array(tables.length);
    mode.count(routing.serviceOf(service).shape, this.#endpointsOf(node, service), counts);
    for (const quantity of tables.keys()) tables[quantity]! += sign * counts[quantity]!;
  }

  /** Endpoints of the service that the node may use, counted from nothing. */
  #endpointsOf(node: number, service: number): EndpointCounts {
    const { routing } = this.#parameters;
    const { ready, endpoints } = this.#states[node]!.services[service]!;
    const zone = routing.zoneOfNode[node]!;
    const all = [...endpoints.values()];
    const terminating = all.filter(({ state }) => state === EndpointState.terminating);
    const isOwn = ({ endpoint }: EndpointUpdate): boolean => routing.nodeOf(endpoint) === node;
    const isForHere = (update: EndpointUpdate): boolean => isReady(update) && update.hintedZone === zone;
    return countEndpoints(routing.serviceOf(service), {
      ready,
      terminating: terminating.length,
      hinted: all.filter((update) => isReady(update) && update.hintedZone !== NO_ZONE).length,
      hintedHere: all.filter(isForHere).length,
      ownReady: all.filter((update) => isReady(update) && isOwn(update)).length,
      ownTerminating: terminating.filter(isOwn).length,
      ownHintedHere: all.filter((update) => isForHere(update) && isOwn(update)).length,
    });
  }
}

const isReady = ({ state }: EndpointUpdate): boolean => state === EndpointState.ready;
