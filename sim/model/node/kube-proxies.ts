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
 * A sync that fails has taken up what was pending and applied nothing: the runner comes back after its retry interval, or when a
 * later write signals it, and that sync writes everything. Its trigger times wait with it; here a deletion that comes before the
 * retry wipes them too.
 *
 * Left out: Service objects, the node's own label changes, flushed rules.
 */

import type { EventHandle, EventKind, Simulation } from '../../kernel/simulation.js';
import type { MetricName } from '../../metrics.js';
import type { NodeTable } from '../cluster/nodes.js';
import type { WatchListener } from '../controlplane/watch-connections.js';
import type { WatchFanOut } from '../controlplane/watch-fan-out.js';
import type { WatchRoutes } from '../controlplane/watch-routes.js';
import type { EndpointUpdate } from './endpoint-ledger.js';
import { LatencySamples, type ProxyRecorders, recordFirstSync, recordSync } from './latency-samples.js';
import { type Milestone, Milestones } from './milestones.js';
import { type ProxyMode, SyncKind, type SyncWork } from './proxy-modes/proxy-mode.js';
import { type InitialEndpoints, type Routing, RuleHistory } from './rule-history.js';
import type { SyncRunner } from './sync-runner.js';

export interface KubeProxyParameters {
  readonly mode: ProxyMode;
  readonly routing: Routing;
  readonly runner: SyncRunner;
  /** False: every sync writes all rules. */
  readonly partialSync: boolean;
  /** A sync is full when the last full one began longer ago than this. */
  readonly fullSyncIntervalNs: number;
  /** When each node's last full sync before the run ended, at most 0. */
  readonly lastFullSyncNs: Float64Array;
  /** How often nodes do what they do beside their syncs. */
  readonly syncPeriodNs: number;
  /** Syncs that start before this are not counted: what idle nodes do before the workload begins is no part of it. */
  readonly measureFromNs: number;
}

/** Hears of syncs when they start: the rules of the node hold the first `end` entries of the log from `endNs` on. */
export interface RulesListener {
  onSync(node: number, end: number, endNs: number): void;
}

const ASLEEP = 0;
const DEFERRED = 1;
const SCHEDULED = 2;
/** Or starting, without a list. */
const LOST = 3;
/** Waiting for the retry of a sync that has failed. */
const RETRYING = 4;
const NOT_LISTED = -1;

export class KubeProxies implements WatchListener {
  syncs = 0;
  fullSyncs = 0;
  failedSyncs = 0;
  /** End of the last sync that applied a write, over all nodes; and of the last one that had a reason. */
  lastAppliedNs = 0;
  lastSyncEndNs = 0;
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
  readonly #samples: LatencySamples;
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
  /** SyncKind of the first sync that does not fail after a start of the process; `partial` once there was one. */
  readonly #startKind: Uint8Array;
  /** 1: the next sync is the first after a start, and does not go through the runner. */
  readonly #firstSync: Uint8Array;
  /** Entries that the process has taken up, in a sync that may have failed; `cursor` is behind after one that did. */
  readonly #takenUp: Int32Array;
  /** 1: the last sync failed, and the next one writes everything. */
  readonly #hasFailed: Uint8Array;
  /** Syncs that start in this time fail. */
  readonly #failsFromNs: Float64Array;
  readonly #failsUntilNs: Float64Array;
  readonly #lastFullNs: Float64Array;
  /** SyncKind of each node's last sync that did not fail, and the lines of changed services in it. */
  readonly #lastKind: Uint8Array;
  readonly #lastLines: Float64Array;
  /** End of each node's last sync that looked for stale chains. */
  readonly #lastCleanUpNs: Float64Array;
  /** Endpoints that are gone, and whose rules each node has still to delete. */
  readonly #staleEndpoints: Float64Array;
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
  readonly #isNodeLost: Uint8Array;
  readonly #milestones = new Milestones();
  #rulesListener: RulesListener | null = null;

  constructor(
    simulation: Simulation,
    log: WatchFanOut,
    nodes: NodeTable,
    initial: (service: number) => InitialEndpoints,
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
    this.#samples = new LatencySamples(log, nodes.latencyNs, recorders);
    this.#rules = new RuleHistory(parameters.routing, initial, parameters.mode);
    this.#work = {
      kind: SyncKind.partial,
      tables: new Float64Array(parameters.mode.quantities.length),
      changedServices: 0,
      changedLines: 0,
      changedEndpoints: 0,
      goneEndpoints: 0,
      staleEndpoints: 0,
      cleansUp: false,
    };
    this.busyNs = new Float64Array(count);
    this.cursor = new Int32Array(count);
    this.#state = new Uint8Array(count).fill(ASLEEP);
    this.#syncEndNs = new Float64Array(count).fill(-Infinity);
    this.#backNs = new Float64Array(count).fill(-Infinity);
    this.#processStartNs = new Float64Array(count).fill(-Infinity);
    this.#isNodeLost = new Uint8Array(count);
    this.#startKind = new Uint8Array(count).fill(SyncKind.partial);
    this.#firstSync = new Uint8Array(count);
    this.#takenUp = new Int32Array(count);
    this.#hasFailed = new Uint8Array(count);
    this.#failsFromNs = new Float64Array(count).fill(Infinity);
    this.#failsUntilNs = new Float64Array(count).fill(-Infinity);
    this.#lastFullNs = parameters.lastFullSyncNs.slice();
    this.#staleEndpoints = new Float64Array(count);
    this.#lastKind = new Uint8Array(count).fill(SyncKind.full);
    this.#lastLines = new Float64Array(count);
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

  /** Who hears of every sync that applies writes. */
  listenToRules(listener: RulesListener): void {
    this.#rulesListener = listener;
  }

  /** What the mode counts of rules, by name. */
  get ruleQuantities(): readonly string[] {
    return this.#parameters.mode.quantities;
  }

  /** Samples of latencies so far: one of each kind for every (write, node). */
  get deliveries(): number {
    return this.#samples.deliveries;
  }

  /** Sum over the (write, node) pairs of when each was applied. */
  get appliedSumNs(): number {
    return this.#samples.appliedSumNs;
  }

  /** Must be called for every entry, at the time of its commit, with what it says of endpoints. */
  onAppend(entry: number, updates: readonly EndpointUpdate[]): void {
    const log = this.#log;
    this.#rules.append(log.service[entry]!, log.endpointsAfter[entry]!, updates);
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
    this.#firstSync[node] = 0;
    this.#earlyFromNs[node] = 0;
    this.#unlist(node);
  }

  /** The node itself is lost, and not only its kube-proxy away: nobody waits for it. */
  nodeLost(node: number): void {
    this.#isNodeLost[node] = 1;
    this.#milestones.onLost(node, this.cursor[node]!);
  }

  nodeReturned(node: number): void {
    this.#isNodeLost[node] = 0;
  }

  isNodeLost(node: number): boolean {
    return this.#isNodeLost[node] === 1;
  }

  onReturned(node: number): void {
    this.#backNs[node] = this.#simulation.nowNs;
    this.#state[node] = ASLEEP;
    this.#signalNext(node);
  }

  onRestarted(node: number, keepsRules: boolean): void {
    const { nowNs } = this.#simulation;
    this.#backNs[node] = nowNs;
    this.#processStartNs[node] = nowNs;
    this.#syncEndNs[node] = -Infinity;
    this.#lastFullNs[node] = -Infinity;
    this.#lastCleanUpNs[node] = -Infinity;
    this.#hasFailed[node] = 0;
    if (!keepsRules) this.#staleEndpoints[node] = 0;
    // After a reboot the tables are empty until a sync has filled them, however often the process starts.
    if (!keepsRules || this.#startKind[node] !== SyncKind.firstAfterBoot) {
      this.#startKind[node] = keepsRules ? SyncKind.first : SyncKind.firstAfterBoot;
    }
    this.#parameters.runner.reset(node, nowNs);
  }

  onFirstList(node: number): void {
    this.#firstSync[node] = 1;
    this.#scheduleSync(node, this.#simulation.nowNs);
  }

  /** Syncs of `node` that start from now on fail, until `untilNs` or a later time that was said before. */
  failUntil(node: number, untilNs: number): void {
    const { nowNs } = this.#simulation;
    if (this.#state[node] === ASLEEP) this.#runIdleSyncs(node, nowNs);
    if (this.#failsUntilNs[node]! <= nowNs) this.#failsFromNs[node] = nowNs;
    this.#failsUntilNs[node] = Math.max(this.#failsUntilNs[node]!, untilNs);
  }

  /** What a node receives of the entries that it has not applied has changed: works out its next sync anew. */
  #reroute(node: number): void {
    if (this.#state[node] === LOST) return;
    // Its first sync comes whatever there is to apply.
    if (this.#firstSync[node] === 1) return;
    // An idle sync that nobody has asked for yet may have failed, and be retried by now.
    if (this.#state[node] === ASLEEP) this.#runIdleSyncs(node, this.#simulation.nowNs);
    else this.#simulation.cancel(this.#nextSync[node] as EventHandle);
    this.#state[node] = ASLEEP;
    this.#earlyFromNs[node] = 0;
    this.#signalNext(node);
  }

  /**
   * Signals an idle node for the first entry that it has not taken up, if there is one and it is known when it comes. After a sync
   * that failed the runner's timer comes first, unless a signal does.
   */
  #signalNext(node: number): void {
    const log = this.#log;
    const entry = this.#takenUp[node]!;
    const deliveryNs = entry < log.length ? Math.max(log.deliveryNs(entry, node), this.#backNs[node]!) : Infinity;
    const retryNs = this.#hasFailed[node] === 1 ? this.#timerDueNs(node) : Infinity;
    if (retryNs <= deliveryNs && retryNs < Infinity) {
      this.#nextSync[node] = this.#simulation.schedule(retryNs, this.#syncKind, node);
      this.#deferredUntilNs[node] = retryNs;
      this.#state[node] = RETRYING;
    } else if (deliveryNs < Infinity) {
      this.#signal(node, deliveryNs, entry);
    }
    if (this.#state[node] === SCHEDULED) this.#unlist(node);
    else this.#list(node);
  }

  /** When the runner's timer fires. One that runs out in the absence of the node fires when it is back. */
  #timerDueNs(node: number): number {
    return Math.max(this.#parameters.runner.maxIntervalDueNs(node), this.#backNs[node]!);
  }

  /** Counts the nodes that apply the first `entries` of the log, as of the present log or a shorter one. */
  addMilestone(entries: number): Milestone {
    return this.#milestones.add(entries, this.cursor, this.#syncEndNs, (node) => this.isNodeLost(node));
  }

  /** A listed node receives `entry` at `deliveryNs`. */
  #tell(node: number, entry: number, deliveryNs: number): void {
    if (this.#state[node] === ASLEEP) {
      // A node without a watch is told when it has one again.
      if (deliveryNs < Infinity) this.#signal(node, deliveryNs, entry);
    } else if (this.#state[node] === RETRYING) {
      if (deliveryNs >= this.#deferredUntilNs[node]!) return;
      this.#simulation.cancel(this.#nextSync[node] as EventHandle);
      this.#state[node] = ASLEEP;
      this.#signal(node, deliveryNs, entry);
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
      this.busyNs[node] = Math.max(0, this.busyNs[node]! - beyondNs) + this.#backgroundNs(node, endNs);
    }
  }

  /** Quantities of the mode in the tables of a node, by the writes that it has taken up. */
  tablesOf(node: number, tables: Float64Array): void {
    this.#rules.tablesOf(node, this.#takenUp[node]!, tables);
  }

  /** The same, counted from nothing but what is published: in a quiet cluster on every node that is not lost. */
  countTables(published: (service: number) => InitialEndpoints): (node: number, tables: Float64Array) => void {
    const { routing, mode } = this.#parameters;
    const rules = new RuleHistory(routing, published, mode);
    return (node, tables) => rules.tablesOf(node, 0, tables);
  }

  /** What a node has spent beside its syncs from the start of the workload to `endNs`, with the rules that it has now. */
  #backgroundNs(node: number, endNs: number): number {
    const { mode, syncPeriodNs, measureFromNs } = this.#parameters;
    this.#rules.tablesOf(node, this.#takenUp[node]!, this.#work.tables);
    const times = Math.max(0, endNs - measureFromNs) / syncPeriodNs;
    return Math.round(times * mode.backgroundNs(this.#work.tables) * this.#nodes.slowness[node]!);
  }

  /** Nodes whose kernel would refuse their tables, as large as they are now. */
  get refusedNodes(): number {
    let refused = 0;
    for (let node = 0; node < this.#nodes.count; node++) {
      this.#rules.tablesOf(node, this.#takenUp[node]!, this.#work.tables);
      if (this.#parameters.mode.isRefused(this.#work.tables)) refused++;
    }
    return refused;
  }

  /** What nodes export of their rules, on average over the nodes. */
  gauges(): Partial<Record<MetricName, number>> {
    const { mode } = this.#parameters;
    const work = this.#work;
    const sums: Partial<Record<MetricName, number>> = {};
    for (let node = 0; node < this.#nodes.count; node++) {
      this.#rules.tablesOf(node, this.#takenUp[node]!, work.tables);
      work.kind = this.#lastKind[node]! as SyncKind;
      work.changedLines = this.#lastLines[node]!;
      for (const [metric, value] of Object.entries(mode.gauges(work)) as [MetricName, number][]) {
        sums[metric] = (sums[metric] ?? 0) + value;
      }
    }
    for (const metric of Object.keys(sums) as MetricName[]) sums[metric] /= this.#nodes.count;
    return sums;
  }

  /** The first write that it has not taken up reaches an idle node at `signalNs`. */
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
    const end = this.#firstUndelivered(node, this.#takenUp[node]!, startNs);
    const endNs = startNs + this.#run(node, startNs, end);
    if (endNs > this.lastSyncEndNs) this.lastSyncEndNs = endNs;
    const hasFailed = this.#hasFailed[node] === 1;
    if (!hasFailed && end > from) {
      this.#samples.record(node, from, end, startNs, endNs, this.#processStartNs[node]!);
      this.cursor[node] = end;
      if (endNs > this.lastAppliedNs) this.lastAppliedNs = endNs;
      if (!this.#milestones.isEmpty) this.#milestones.pass(node, from, end, endNs);
      if (this.#rulesListener !== null) this.#rulesListener.onSync(node, end, endNs);
    }
    // The first sync of a process does not go through its runner, which hears of it only when it has to be repeated.
    if (this.#firstSync[node] === 0 || hasFailed) this.#parameters.runner.onRun(node, startNs, endNs, hasFailed);
    this.#firstSync[node] = 0;
    this.#state[node] = ASLEEP;
    this.#earlyFromNs[node] = 0;
    if (!hasFailed && this.#routes.disturbed[node] === 1) this.#routes.settle(node, end, startNs);
    this.#signalNext(node);
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

  /** A sync that starts at `startNs` takes up the entries up to `end`: returns its duration, whether or not it fails. */
  #run(node: number, startNs: number, end: number): number {
    const { mode, partialSync, fullSyncIntervalNs, measureFromNs } = this.#parameters;
    const work = this.#work;
    this.#rules.advance(node, this.#takenUp[node]!, end, this.#log.nextOfService, work);
    this.#takenUp[node] = end;
    const isFull =
      !partialSync || this.#hasFailed[node] === 1 || startNs - this.#lastFullNs[node]! >= fullSyncIntervalNs;
    const startKind = this.#startKind[node]! as SyncKind;
    work.kind = startKind === SyncKind.partial && isFull ? SyncKind.full : startKind;
    work.staleEndpoints = this.#staleEndpoints[node]!;
    work.cleansUp = mode.cleansUp(work.tables, startNs - this.#lastCleanUpNs[node]!);
    const durationNs = Math.round(mode.syncNs(work) * this.#nodes.slowness[node]!);
    const endNs = startNs + durationNs;
    const fails = this.#failsFromNs[node]! <= startNs && startNs < this.#failsUntilNs[node]!;
    if (!fails && work.cleansUp) this.#staleEndpoints[node] = mode.deletesAtOnce ? 0 : work.goneEndpoints;
    else this.#staleEndpoints[node]! += work.goneEndpoints;
    if (fails) {
      this.#hasFailed[node] = 1;
    } else {
      this.#hasFailed[node] = 0;
      if (startKind !== SyncKind.partial) recordFirstSync(this.#recorders, endNs - this.#processStartNs[node]!);
      this.#startKind[node] = SyncKind.partial;
      this.#lastKind[node] = work.kind;
      this.#lastLines[node] = work.changedLines;
      if (work.cleansUp) this.#lastCleanUpNs[node] = endNs;
      if (work.kind !== SyncKind.partial) this.#lastFullNs[node] = endNs;
    }
    this.#syncEndNs[node] = endNs;
    if (startNs >= measureFromNs) {
      this.syncs++;
      if (fails) this.failedSyncs++;
      if (work.kind !== SyncKind.partial) this.fullSyncs++;
      this.busyNs[node]! += durationNs;
      recordSync(this.#recorders, durationNs, work.kind !== SyncKind.partial);
    }
    return durationNs;
  }

  /** The runner's own timer: an idle node syncs at the maximal interval, without changes. */
  #runIdleSyncs(node: number, untilNs: number): void {
    for (;;) {
      const dueNs = this.#timerDueNs(node);
      if (dueNs > untilNs) return;
      const endNs = dueNs + this.#run(node, dueNs, this.#takenUp[node]!);
      this.#parameters.runner.onRun(node, dueNs, endNs, this.#hasFailed[node] === 1);
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
