/**
 * All kube-proxies of the cluster, without an event per delivery.
 *
 *   write log with delivery times (watch-fan-out.ts) --> [cursor per node] --> sync runner --> rules committed
 *                                                                     |--> one latency sample per (write, node)
 *
 * A sync covers exactly the writes that were delivered by the instant it starts. Deliveries of one connection come in the
 * order of the log, so what a node knows and what its rules hold is one cursor into the log, and a node's only event is its
 * next sync. Three kinds of node have to be told when a write is appended: those asleep, whose next sync the write starts,
 * and those that wait out a deferral of the token-bucket runner, which a later signal may cut short. They stand in one
 * list; all others find the new write in the log when their sync fires.
 *
 * When the watch of a node breaks or comes back (watch-connections.ts), what it had coming changes: its next sync is worked out
 * anew. Until it has applied all that this touched, the node asks watch-routes.ts for each delivery instead of the formula.
 *
 * A lost node does not sync. When it is back it goes on; one that was restarted begins with a list, and its first sync, which is a
 * full one and outside its runner, follows at once. What it had received and not applied before counts as received then.
 *
 * naive-kube-proxies.ts does the same with an event per delivery; a test holds both to equal samples.
 *
 * Left out: syncs that fail, Service objects, the node's own label changes, flushed rules.
 */

import type { EventHandle, EventKind, Simulation } from '../../kernel/simulation.js';
import { Histogram, SampleBuffer } from '../../stats/histogram.js';
import type { NodeTable } from '../cluster/nodes.js';
import type { ServiceShape } from '../cluster/service-shape.js';
import type { WatchListener } from '../controlplane/watch-connections.js';
import { NO_TRIGGER, type WatchFanOut } from '../controlplane/watch-fan-out.js';
import type { WatchRoutes } from '../controlplane/watch-routes.js';
import { type ProxyMode, SyncKind, type SyncWork } from './proxy-modes/proxy-mode.js';
import { RuleHistory } from './rule-history.js';
import type { SyncRunner } from './sync-runner.js';

const SECONDS_PER_NS = 1e-9;

/** The distributions that kube-proxies fill, all in seconds. */
export interface ProxyRecorders {
  readonly observedLatency: Histogram;
  readonly trueLatency: Histogram;
  readonly fanOut: Histogram;
  readonly wait: Histogram;
  readonly sync: Histogram;
  /** One sample per sync, whereas `sync` has one per (write, node). */
  readonly syncDuration: Histogram;
}

export interface KubeProxyParameters {
  readonly mode: ProxyMode;
  readonly shapeOf: (service: number) => ServiceShape;
  readonly runner: SyncRunner;
  /** False: every sync writes all rules. */
  readonly partialSync: boolean;
  /** A sync is full when the last full one began longer ago than this. */
  readonly fullSyncIntervalNs: number;
  /** When each node's last full sync before the run ended, at most 0. */
  readonly lastFullSyncNs: Float64Array;
  /** Syncs that start before this are not counted: what idle nodes do before the workload begins is no part of it. */
  readonly measureFromNs: number;
}

export function createProxyRecorders(): ProxyRecorders {
  return {
    observedLatency: new Histogram(),
    trueLatency: new Histogram(),
    fanOut: new Histogram(),
    wait: new Histogram(),
    sync: new Histogram(),
    syncDuration: new Histogram(),
  };
}

const ASLEEP = 0;
const DEFERRED = 1;
const SCHEDULED = 2;
/** Or starting, without a list. */
const LOST = 3;
const NOT_LISTED = -1;
/** Writes that one sync applies without the buffers growing. */
const INITIAL_SAMPLES = 256;

/** When all nodes that are not lost have applied the first `entries` of the log. */
export interface Milestone {
  readonly entries: number;
  /** Nodes that have not. */
  nodesLeft: number;
  /** End of the last sync that did. */
  lastAppliedNs: number;
  /** Nodes that were lost before they had: nobody waits for them. */
  readonly excused: Set<number>;
}

export class KubeProxies implements WatchListener {
  syncs = 0;
  fullSyncs = 0;
  deliveries = 0;
  /** Sum over the (write, node) pairs of when each was applied. */
  appliedSumNs = 0;
  /** End of the last sync that applied a write, over all nodes. */
  lastAppliedNs = 0;
  /** Sync time by node. */
  readonly busyNs: Float64Array;
  /** Entries of the log that each node's rules hold. */
  readonly cursor: Int32Array;

  readonly #simulation: Simulation;
  readonly #log: WatchFanOut;
  readonly #routes: WatchRoutes;
  readonly #nodes: NodeTable;
  readonly #parameters: KubeProxyParameters;
  readonly #recorders: ProxyRecorders;
  readonly #rules: RuleHistory;
  /** Of the sync at hand. */
  readonly #work: SyncWork;
  readonly #syncKind: EventKind;
  readonly #state: Uint8Array;
  /** End of each node's last sync. */
  readonly #syncEndNs: Float64Array;
  /** When each node was last back after a loss: it did nothing before. */
  readonly #backNs: Float64Array;
  /** When the kube-proxy of a node that was restarted was; it has seen no change that was triggered before. */
  readonly #processStartNs: Float64Array;
  /** 1: the next sync is the first of its process. */
  readonly #isFirstSync: Uint8Array;
  readonly #lastFullNs: Float64Array;
  /** End of each node's last sync that looked for stale chains. */
  readonly #lastCleanUpNs: Float64Array;
  /** The next sync of a node that is not asleep. */
  readonly #nextSync: Float64Array;
  /** Of a deferred node: the time from which on a signal runs at once (0 when asleep), and its end. */
  readonly #earlyFromNs: Float64Array;
  readonly #deferredUntilNs: Float64Array;
  readonly #maxLatencyNs: number;
  /** The list of nodes to tell, unordered, and where each node stands in it. */
  readonly #listed: Int32Array;
  readonly #listPosition: Int32Array;
  #listLength = 0;
  readonly #milestones: Milestone[] = [];
  // The samples of one sync, on their way to the histograms.
  #fanOutSamples = new SampleBuffer(INITIAL_SAMPLES);
  #waitSamples = new SampleBuffer(INITIAL_SAMPLES);
  #trueSamples = new SampleBuffer(INITIAL_SAMPLES);
  #observedSamples = new SampleBuffer(INITIAL_SAMPLES);

  constructor(
    simulation: Simulation,
    log: WatchFanOut,
    nodes: NodeTable,
    initialEndpoints: Int32Array,
    parameters: KubeProxyParameters,
    recorders: ProxyRecorders,
  ) {
    const count = nodes.count;
    this.#simulation = simulation;
    this.#log = log;
    this.#routes = log.routes;
    this.#nodes = nodes;
    this.#parameters = parameters;
    this.#recorders = recorders;
    this.#rules = new RuleHistory(initialEndpoints, parameters.shapeOf, parameters.mode);
    this.#work = {
      kind: SyncKind.partial,
      tables: new Float64Array(parameters.mode.quantities.length),
      changedServices: 0,
      changedLines: 0,
      changedEndpoints: 0,
      cleansUp: false,
    };
    this.busyNs = new Float64Array(count);
    this.cursor = new Int32Array(count);
    this.#state = new Uint8Array(count).fill(ASLEEP);
    this.#syncEndNs = new Float64Array(count).fill(-Infinity);
    this.#backNs = new Float64Array(count).fill(-Infinity);
    this.#processStartNs = new Float64Array(count).fill(-Infinity);
    this.#isFirstSync = new Uint8Array(count);
    this.#lastFullNs = parameters.lastFullSyncNs.slice();
    this.#lastCleanUpNs = parameters.lastFullSyncNs.slice();
    this.#nextSync = new Float64Array(count);
    this.#earlyFromNs = new Float64Array(count);
    this.#deferredUntilNs = new Float64Array(count);
    let maxLatencyNs = 0;
    for (let node = 0; node < count; node++) maxLatencyNs = Math.max(maxLatencyNs, nodes.latencyNs[node]!);
    this.#maxLatencyNs = maxLatencyNs;
    this.#listed = new Int32Array(count);
    this.#listPosition = new Int32Array(count).fill(NOT_LISTED);
    this.#syncKind = simulation.registerKind('kube-proxy: sync', (node) => this.#sync(node));
    for (let node = 0; node < count; node++) {
      parameters.runner.reset(node, parameters.lastFullSyncNs[node]!);
      this.#list(node);
    }
  }

  /** Must be called for every entry, at the time of its commit. */
  onAppend(entry: number): void {
    const log = this.#log;
    this.#rules.append(log.service[entry]!, log.endpointsAfter[entry]!);
    const lastDeliveryNs = this.#lastDeliveryNs(entry);
    const listed = this.#listed;
    const earlyFromNs = this.#earlyFromNs;
    const length = this.#listLength;
    let kept = 0;
    // Forwards, and closing the gaps on the way: nodes are listed roughly in the order in which they receive a write, so the
    // syncs are scheduled roughly in order of time, which is what the event queue takes best.
    for (let position = 0; position < length; position++) {
      const node = listed[position]!;
      // Most deferred nodes are far from the time from which a signal counts; one comparison passes them by.
      if (earlyFromNs[node]! <= lastDeliveryNs) {
        this.#tell(node, entry, log.deliveryNs(entry, node));
        if (this.#state[node] === SCHEDULED) {
          this.#listPosition[node] = NOT_LISTED;
          continue;
        }
      }
      listed[kept] = node;
      this.#listPosition[node] = kept++;
    }
    this.#listLength = kept;
  }

  onCut(node: number): void {
    this.#reroute(node);
  }

  onCatchUp(node: number): void {
    this.#reroute(node);
  }

  /** From the end of the log on: what the node has coming is as before. */
  onAttach(): void {}

  onPause(node: number): void {
    this.#reroute(node);
  }

  onLost(node: number): void {
    if (this.#state[node] === ASLEEP) this.#runIdleSyncs(node, this.#simulation.nowNs);
    else if (this.#state[node] !== LOST) this.#simulation.cancel(this.#nextSync[node] as EventHandle);
    this.#state[node] = LOST;
    this.#isFirstSync[node] = 0;
    this.#earlyFromNs[node] = 0;
    this.#unlist(node);
    for (const milestone of this.#milestones) {
      if (this.cursor[node]! >= milestone.entries || milestone.excused.has(node)) continue;
      milestone.excused.add(node);
      milestone.nodesLeft--;
    }
  }

  onReturned(node: number): void {
    this.#backNs[node] = this.#simulation.nowNs;
    this.#state[node] = ASLEEP;
    this.#signalNext(node, this.cursor[node]!);
  }

  onRestarted(node: number): void {
    const { nowNs } = this.#simulation;
    this.#backNs[node] = nowNs;
    this.#processStartNs[node] = nowNs;
    this.#syncEndNs[node] = -Infinity;
    this.#lastFullNs[node] = -Infinity;
    this.#lastCleanUpNs[node] = -Infinity;
    this.#parameters.runner.reset(node, nowNs);
  }

  onFirstList(node: number): void {
    this.#isFirstSync[node] = 1;
    this.#scheduleSync(node, this.#simulation.nowNs);
  }

  /** What a node receives of the entries that it has not applied has changed: works out its next sync anew. */
  #reroute(node: number): void {
    if (this.#state[node] === LOST) return;
    // Its first sync comes whatever there is to apply.
    if (this.#isFirstSync[node] === 1) return;
    if (this.#state[node] !== ASLEEP) this.#simulation.cancel(this.#nextSync[node] as EventHandle);
    this.#state[node] = ASLEEP;
    this.#earlyFromNs[node] = 0;
    this.#signalNext(node, this.cursor[node]!);
  }

  /** Signals an idle node for `entry`, the first that it has not applied, if there is one and it is known when it comes. */
  #signalNext(node: number, entry: number): void {
    const log = this.#log;
    if (entry < log.length) {
      const deliveryNs = log.deliveryNs(entry, node);
      if (deliveryNs < Infinity) this.#signal(node, Math.max(deliveryNs, this.#backNs[node]!), entry);
    }
    if (this.#state[node] === SCHEDULED) this.#unlist(node);
    else this.#list(node);
  }

  /** Counts the nodes that apply the first `entries` of the log, as of the present log or a shorter one. */
  addMilestone(entries: number): Milestone {
    const milestone = { entries, nodesLeft: 0, lastAppliedNs: 0, excused: new Set<number>() };
    for (const [node, cursor] of this.cursor.entries()) {
      // A sync that is still running may have applied the last of them.
      if (cursor >= entries) milestone.lastAppliedNs = Math.max(milestone.lastAppliedNs, this.#syncEndNs[node]!);
      else if (this.#state[node] === LOST) milestone.excused.add(node);
      else milestone.nodesLeft++;
    }
    this.#milestones.push(milestone);
    return milestone;
  }

  #passMilestones(node: number, from: number, end: number, endNs: number): void {
    for (const milestone of this.#milestones) {
      if (from >= milestone.entries || end < milestone.entries || milestone.excused.has(node)) continue;
      milestone.nodesLeft--;
      milestone.lastAppliedNs = Math.max(milestone.lastAppliedNs, endNs);
    }
  }

  /** A listed node receives `entry` at `deliveryNs`. */
  #tell(node: number, entry: number, deliveryNs: number): void {
    if (this.#state[node] === ASLEEP) {
      // A node without a watch is told when it has one again.
      if (deliveryNs < Infinity) this.#signal(node, deliveryNs, entry);
    } else if (this.#earlyFromNs[node]! <= deliveryNs && deliveryNs < this.#deferredUntilNs[node]!) {
      this.#simulation.cancel(this.#nextSync[node] as EventHandle);
      this.#scheduleSync(node, deliveryNs);
    }
  }

  /** No node receives `entry` later than this. */
  #lastDeliveryNs(entry: number): number {
    // A disturbed node may receive it at any time.
    if (this.#routes.disturbedNodes > 0) return Infinity;
    let lastNs = 0;
    for (let server = 0; server < this.#log.apiServers; server++) {
      if (this.#routes.watchers[server]! > 0) lastNs = Math.max(lastNs, this.#log.lastFrameOutNs(entry, server));
    }
    return lastNs + this.#maxLatencyNs;
  }

  /**
   * Ends the run at `endNs`: adds the syncs that idle nodes have made until then at the runner's maximal interval, and takes
   * off the time of syncs that goes beyond. Idle syncs change no rule that a sample sees, so they are worked out when
   * somebody asks: here, or before the node's next sync.
   */
  end(endNs: number): void {
    for (let node = 0; node < this.#nodes.count; node++) {
      if (this.#state[node] === ASLEEP) this.#runIdleSyncs(node, endNs);
      const beyondNs = Math.max(0, this.#syncEndNs[node]! - endNs);
      this.busyNs[node] = Math.max(0, this.busyNs[node]! - beyondNs);
    }
  }

  /** The first unapplied write reaches an idle node at `signalNs`. */
  #signal(node: number, signalNs: number, entry: number): void {
    this.#runIdleSyncs(node, signalNs);
    const { runner } = this.#parameters;
    // A signal during a sync waits for its end: the runner has one worker.
    const atNs = Math.max(signalNs, this.#syncEndNs[node]!);
    if (runner.canRunAt(node, atNs)) {
      this.#scheduleSync(node, atNs);
      return;
    }
    const deferredNs = runner.deferredUntilNs(node, atNs);
    const earlyNs = runner.earliestRunNs(node);
    if (earlyNs < deferredNs) {
      const next = this.#firstDeliveredFrom(node, entry + 1, earlyNs);
      if (next < this.#log.length) {
        const nextNs = this.#log.deliveryNs(next, node);
        this.#scheduleSync(node, Math.min(nextNs, deferredNs));
        return;
      }
      this.#earlyFromNs[node] = earlyNs;
      this.#deferredUntilNs[node] = deferredNs;
      this.#nextSync[node] = this.#simulation.schedule(deferredNs, this.#syncKind, node);
      this.#state[node] = DEFERRED;
      return;
    }
    this.#scheduleSync(node, deferredNs);
  }

  #scheduleSync(node: number, atNs: number): void {
    this.#nextSync[node] = this.#simulation.schedule(atNs, this.#syncKind, node);
    this.#state[node] = SCHEDULED;
  }

  /** First entry at or after `from` that reaches the node at `timeNs` or later; the log's length when none does yet. */
  #firstDeliveredFrom(node: number, from: number, timeNs: number): number {
    let low = from;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#log.deliveryNs(middle, node) < timeNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sync(node: number): void {
    const startNs = this.#simulation.nowNs;
    const from = this.cursor[node]!;
    const end = this.#firstUndelivered(node, from, startNs);
    const durationNs = this.#duration(node, startNs, from, end);
    const endNs = startNs + durationNs;
    if (end > from) {
      this.#record(node, from, end, startNs, endNs);
      this.cursor[node] = end;
      if (endNs > this.lastAppliedNs) this.lastAppliedNs = endNs;
      if (this.#milestones.length > 0) this.#passMilestones(node, from, end, endNs);
    }
    if (this.#isFirstSync[node] === 1) this.#isFirstSync[node] = 0;
    else this.#parameters.runner.onRun(node, startNs, endNs);
    this.#syncEndNs[node] = endNs;
    this.#state[node] = ASLEEP;
    this.#earlyFromNs[node] = 0;
    if (this.#routes.disturbed[node] === 1) this.#routes.settle(node, end, startNs);
    this.#signalNext(node, end);
  }

  /** First entry from `from` on that has not reached the node at `nowNs`. */
  #firstUndelivered(node: number, from: number, nowNs: number): number {
    if (this.#routes.disturbed[node] === 1) return this.#routes.firstUndelivered(node, from, nowNs);
    const log = this.#log;
    const server = this.#routes.server[node]!;
    const rank = this.#routes.rank[node]!;
    const dispatchBaseNs = log.dispatchBaseNs[server]!;
    const networkBaseNs = log.networkBaseNs[server]!;
    const { dispatchSlopeNs, frameNs, length } = log;
    const sentByNs = nowNs - this.#nodes.latencyNs[node]!;
    let entry = from;
    while (
      entry < length &&
      dispatchBaseNs[entry]! + rank * dispatchSlopeNs[entry]! <= sentByNs &&
      networkBaseNs[entry]! + rank * frameNs[entry]! <= sentByNs
    ) {
      entry++;
    }
    return entry;
  }

  #duration(node: number, startNs: number, from: number, end: number): number {
    const { mode, partialSync, fullSyncIntervalNs } = this.#parameters;
    const work = this.#work;
    this.#rules.tablesAt(end, work.tables);
    const cleansUp = mode.cleansUp(work.tables, startNs - this.#lastCleanUpNs[node]!);
    const isFull = !partialSync || startNs - this.#lastFullNs[node]! >= fullSyncIntervalNs;
    work.kind = isFull ? SyncKind.full : SyncKind.partial;
    work.cleansUp = cleansUp;
    this.#rules.changesBetween(from, end, this.#log.nextOfService, work);
    const referenceNs = mode.syncNs(work);
    const durationNs = Math.round(referenceNs * this.#nodes.slowness[node]!);
    if (cleansUp) this.#lastCleanUpNs[node] = startNs + durationNs;
    if (isFull) this.#lastFullNs[node] = startNs + durationNs;
    if (startNs >= this.#parameters.measureFromNs) {
      this.syncs++;
      if (isFull) this.fullSyncs++;
      this.busyNs[node]! += durationNs;
      this.#recorders.syncDuration.record(durationNs * SECONDS_PER_NS);
    }
    return durationNs;
  }

  /** One sample per (write, node) for the writes from `from` up to but not including `end`. */
  #record(node: number, from: number, end: number, startNs: number, endNs: number): void {
    const log = this.#log;
    const { observedLatency, trueLatency, fanOut, wait, sync } = this.#recorders;
    const server = this.#routes.server[node]!;
    const rank = this.#routes.rank[node]!;
    const isDisturbed = this.#routes.disturbed[node] === 1;
    const latencyNs = this.#nodes.latencyNs[node]!;
    const processStartNs = this.#processStartNs[node]!;
    const dispatchBaseNs = log.dispatchBaseNs[server]!;
    const networkBaseNs = log.networkBaseNs[server]!;
    const { dispatchSlopeNs, frameNs, commitNs, changeNs, triggerNs, nextDeletionOfService } = log;
    const count = end - from;
    if (count > this.#fanOutSamples.values.length) this.#growSamples(count);
    const fanOutSeconds = this.#fanOutSamples.values;
    const waitSeconds = this.#waitSamples.values;
    const trueSeconds = this.#trueSamples.values;
    const observedSeconds = this.#observedSamples.values;
    let observed = 0;
    for (let entry = from, sample = 0; entry < end; entry++, sample++) {
      const dispatchedNs = dispatchBaseNs[entry]! + rank * dispatchSlopeNs[entry]!;
      const sentNs = networkBaseNs[entry]! + rank * frameNs[entry]!;
      const deliveryNs = isDisturbed
        ? this.#routes.deliveryNs(entry, node)
        : (dispatchedNs > sentNs ? dispatchedNs : sentNs) + latencyNs;
      fanOutSeconds[sample] = (deliveryNs - commitNs[entry]!) * SECONDS_PER_NS;
      waitSeconds[sample] = (startNs - deliveryNs) * SECONDS_PER_NS;
      trueSeconds[sample] = (endNs - changeNs[entry]!) * SECONDS_PER_NS;
      // The deletion of a slice wipes the trigger times that the change tracker has collected for its service, and it collects
      // none from before its own start.
      const isObserved = triggerNs[entry]! !== NO_TRIGGER && triggerNs[entry]! > processStartNs;
      if (isObserved && nextDeletionOfService[entry]! >= end) {
        observedSeconds[observed++] = (endNs - triggerNs[entry]!) * SECONDS_PER_NS;
      }
    }
    fanOut.recordAll(this.#fanOutSamples, count);
    wait.recordAll(this.#waitSamples, count);
    trueLatency.recordAll(this.#trueSamples, count);
    observedLatency.recordAll(this.#observedSamples, observed);
    sync.recordMany((endNs - startNs) * SECONDS_PER_NS, count);
    this.deliveries += count;
    this.appliedSumNs += count * endNs;
  }

  #growSamples(count: number): void {
    const capacity = Math.max(count, 2 * this.#fanOutSamples.values.length);
    this.#fanOutSamples = new SampleBuffer(capacity);
    this.#waitSamples = new SampleBuffer(capacity);
    this.#trueSamples = new SampleBuffer(capacity);
    this.#observedSamples = new SampleBuffer(capacity);
  }

  /** The runner's own timer: an idle node syncs at the maximal interval, without changes. */
  #runIdleSyncs(node: number, untilNs: number): void {
    const { runner } = this.#parameters;
    const cursor = this.cursor[node]!;
    const backNs = this.#backNs[node]!;
    for (;;) {
      // A timer that ran out in the absence of the node fires when it is back.
      const dueNs = Math.max(runner.maxIntervalDueNs(node), backNs);
      if (dueNs > untilNs) return;
      const endNs = dueNs + this.#duration(node, dueNs, cursor, cursor);
      runner.onRun(node, dueNs, endNs);
      this.#syncEndNs[node] = endNs;
    }
  }

  #list(node: number): void {
    if (this.#listPosition[node] !== NOT_LISTED) return;
    this.#listPosition[node] = this.#listLength;
    this.#listed[this.#listLength++] = node;
  }

  #unlist(node: number): void {
    const position = this.#listPosition[node]!;
    if (position === NOT_LISTED) return;
    const last = this.#listed[--this.#listLength]!;
    this.#listed[position] = last;
    this.#listPosition[last] = position;
    this.#listPosition[node] = NOT_LISTED;
  }
}
