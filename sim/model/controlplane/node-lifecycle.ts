/**
 * The node life cycle controller: finds nodes that no longer report, and tells everybody that their pods are not ready
 * (pkg/controller/nodelifecycle).
 *
 *   leases --> monitor pass, every 5 s: not renewed for the grace period --> 8 workers, each node by itself:
 *       Node Ready=Unknown --> queue of the zone: one NoExecute taint every 10 s (taint-queues.ts) --> taint eviction
 *                          --> every pod of the node Ready=False, one write each
 *       all through one client (qps/burst)
 *
 * Marking the pods is what takes them out of the endpoints, and 20 a second is all that one client does: the pods of a large
 * zone take many minutes. A pass lasts until its last pod is marked; what happens to other nodes meanwhile waits for the next
 * pass, and so does the judgement on
 * the zones (zone-disruption.ts).
 *
 * A node counts as seen at the first pass after its last renewal. Passes come at a fixed phase while nothing is wrong, so they
 * are events only as long as some node is not settled: healthy and known to be, or lost and all said of it.
 *
 * Left out: the NoSchedule taint (the placement passes over lost nodes by itself), events,
 * nodes that report Ready=False themselves, deletion of nodes. A controller that starts again goes on with pods that are not
 * marked yet, where the real one has forgotten them.
 */

import type { RandomStreams } from '../../kernel/random.js';
import type { EventHandle, EventKind, Simulation } from '../../kernel/simulation.js';
import type { NodeTable } from '../cluster/nodes.js';
import { NO_POD, PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient } from './api-servers.js';
import type { Controller } from './controller-manager.js';
import type { Etcd, WriteLatency } from './etcd.js';
import { TaintQueues } from './taint-queues.js';
import { TokenBucket } from './token-bucket.js';
import { type EvictionSettings, evictionRates } from './zone-disruption.js';

export interface NodeLifecycleParameters extends EvictionSettings {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  /** --node-monitor-period */
  readonly nodeMonitorPeriodNs: number;
  /** --node-monitor-grace-period */
  readonly nodeMonitorGracePeriodNs: number;
  readonly workers: number;
}

export interface NodeLifecycleListener {
  /** Ready=False of the pod is committed now; the write left the controller at `sentNs`. */
  onPodMarked(pod: number, sentNs: number): void;
  /** The NoExecute taint is on the node now, or no longer. */
  onTainted(node: number): void;
  onUntainted(node: number): void;
  /** What the API says of the node's readiness has changed now. */
  onReadinessChanged(node: number): void;
}

/** What the API says of a node. */
const READY = 0;
const UNKNOWN = 1;
/** The kubelet has written that it is back; the controller has not seen it. */
const READY_AGAIN = 2;

const NOT_SEEN = Infinity;
const NO_EVENT: EventHandle = -1;
const NS_PER_SECOND = 1e9;

/** What a worker does about one node. */
interface NodeUpdate {
  readonly node: number;
  pods: number[];
  /** The pod that is being marked, or NO_POD, and when that write leaves or left. */
  marking: number;
  sentNs: number;
}

export class NodeLifecycle implements Controller {
  readonly name = 'node-lifecycle-controller';
  /** Pods marked not ready. */
  marked = 0;
  /** When the first node was found to be lost, and when the last pod was marked; null until then. */
  firstDetectedNs: number | null = null;
  lastMarkedNs: number | null = null;
  #requestsAtLastMark = 0;

  readonly #simulation: Simulation;
  readonly #zoneOf: Uint16Array;
  readonly #pods: PodTable;
  readonly #api: ApiClient;
  readonly #writeLatency: WriteLatency;
  readonly #parameters: NodeLifecycleParameters;
  readonly #listener: NodeLifecycleListener;
  readonly #bucket: TokenBucket;
  readonly #phaseNs: number;
  readonly #passKind: EventKind;
  readonly #updatedKind: EventKind;
  readonly #markedKind: EventKind;
  readonly #taintedKind: EventKind;
  readonly #untaintedKind: EventKind;

  // By node.
  readonly #isLost: Uint8Array;
  readonly #status: Uint8Array;
  readonly #isTainted: Uint8Array;
  /** The last renewal of a lost node's lease, and the pass that saw it. */
  readonly #renewedNs: Float64Array;
  readonly #seenNs: Float64Array;
  readonly #writes: Int32Array;
  /** Nodes that are not settled. */
  readonly #unsettled = new Set<number>();
  /** Nodes that are being worked on, by node. */
  readonly #updates = new Map<number, NodeUpdate>();

  readonly #zones: { ready: number; notReady: number }[];
  readonly #queues: TaintQueues;
  #allDisrupted = false;

  #passEvent: EventHandle = NO_EVENT;
  #passStartNs = -Infinity;
  /** Nodes that wait for a worker in this pass. */
  #waiting: number[] = [];
  #busyWorkers = 0;
  #isStopped = false;

  constructor(
    simulation: Simulation,
    nodes: NodeTable,
    pods: PodTable,
    api: ApiClient,
    etcd: Etcd,
    parameters: NodeLifecycleParameters,
    listener: NodeLifecycleListener,
    streams: RandomStreams,
  ) {
    this.#simulation = simulation;
    this.#zoneOf = nodes.zone;
    this.#pods = pods;
    this.#api = api;
    this.#writeLatency = etcd.writesOf('node-lifecycle-controller');
    this.#parameters = parameters;
    this.#listener = listener;
    this.#bucket = new TokenBucket(parameters.kubeApiQps, parameters.kubeApiBurst);
    const uniform = streams.hash('node-monitor-phase').uniform(0, 0);
    this.#phaseNs = Math.floor(uniform * parameters.nodeMonitorPeriodNs);
    this.#isLost = new Uint8Array(nodes.count);
    this.#status = new Uint8Array(nodes.count).fill(READY);
    this.#isTainted = new Uint8Array(nodes.count);
    this.#renewedNs = new Float64Array(nodes.count);
    this.#seenNs = new Float64Array(nodes.count);
    this.#writes = new Int32Array(nodes.count);
    this.#zones = [];
    for (const zone of nodes.zone) (this.#zones[zone] ??= { ready: 0, notReady: 0 }).ready++;
    this.#queues = new TaintQueues(simulation, nodes.zone, this.#zones.length, parameters.nodeEvictionRate, (node) => {
      this.#send(node, 'nodes', this.#taintedKind);
    });
    this.#passKind = simulation.registerKind('node lifecycle: monitor pass', () => this.#pass());
    this.#updatedKind = simulation.registerKind('node lifecycle: node status written', (node) => this.#onUpdated(node));
    this.#markedKind = simulation.registerKind('node lifecycle: pod marked', (node, pod) => this.#onMarked(node, pod));
    this.#taintedKind = simulation.registerKind('node lifecycle: node tainted', (node) => this.#onTainted(node));
    this.#untaintedKind = simulation.registerKind('node lifecycle: node untainted', (node) => this.#onUntainted(node));
  }

  /** Requests from the first detection to the last mark over those that the client's limits allow; null without a mark. */
  get clientUtilization(): number | null {
    if (this.firstDetectedNs === null || this.lastMarkedNs === null) return null;
    const { kubeApiQps, kubeApiBurst } = this.#parameters;
    const seconds = (this.lastMarkedNs - this.firstDetectedNs) / NS_PER_SECOND;
    // Requests that wait for their token have taken it already.
    return Math.min(1, this.#requestsAtLastMark / (kubeApiBurst + kubeApiQps * seconds));
  }

  /** The node renews its lease no more; the last renewal was at `renewedNs`. */
  nodeLost(node: number, renewedNs: number): void {
    this.#isLost[node] = 1;
    this.#renewedNs[node] = renewedNs;
    const seenNs = this.#passEvent === NO_EVENT && !this.#inPass ? this.#atPhase(renewedNs) : this.#passStartNs;
    this.#seenNs[node] = seenNs >= renewedNs && seenNs <= this.#simulation.nowNs ? seenNs : NOT_SEEN;
    this.#watch(node);
  }

  /** The kubelet has written that the node is ready again. */
  nodeReady(node: number): void {
    if (this.#isLost[node] === 0) return;
    this.#isLost[node] = 0;
    if (this.#status[node] === UNKNOWN) {
      this.#status[node] = READY_AGAIN;
      this.#listener.onReadinessChanged(node);
    }
    this.#watch(node);
  }

  /** Whether the node is ready as the API has it. */
  isReady(node: number): boolean {
    return this.#status[node] !== UNKNOWN;
  }

  /** The controller manager stops: what has been sent is committed, all else is forgotten. */
  stop(): void {
    this.#isStopped = true;
    if (this.#passEvent !== NO_EVENT) this.#simulation.cancel(this.#passEvent);
    this.#passEvent = NO_EVENT;
    this.#waiting = [];
    this.#updates.clear();
    this.#busyWorkers = 0;
    this.#queues.clear();
  }

  /** Another controller manager takes over: it has seen every lease just now. */
  start(): void {
    this.#isStopped = false;
    const nowNs = this.#simulation.nowNs;
    this.#passStartNs = nowNs;
    for (const [node, isLost] of this.#isLost.entries()) {
      if (isLost === 0) continue;
      this.#seenNs[node] = nowNs;
      this.#unsettled.add(node);
    }
    if (this.#unsettled.size > 0) this.#schedulePass();
  }

  get #inPass(): boolean {
    return this.#busyWorkers > 0 || this.#waiting.length > 0;
  }

  /** The first pass at or after `timeNs` while nothing is wrong. */
  #atPhase(timeNs: number): number {
    const { nodeMonitorPeriodNs } = this.#parameters;
    return this.#phaseNs + Math.ceil((timeNs - this.#phaseNs) / nodeMonitorPeriodNs) * nodeMonitorPeriodNs;
  }

  #watch(node: number): void {
    this.#unsettled.add(node);
    if (this.#passEvent === NO_EVENT && !this.#inPass && !this.#isStopped) this.#schedulePass();
  }

  #schedulePass(): void {
    this.#passEvent = this.#simulation.schedule(this.#atPhase(this.#simulation.nowNs), this.#passKind);
  }

  /** monitorNodeHealth: looks at all nodes, which is to say at those that are not settled. */
  #pass(): void {
    this.#passEvent = NO_EVENT;
    const nowNs = this.#simulation.nowNs;
    this.#passStartNs = nowNs;
    for (const node of [...this.#unsettled].sort((a, b) => a - b)) {
      if (this.#isLost[node] === 0) {
        this.#recover(node);
        continue;
      }
      if (this.#seenNs[node] === NOT_SEEN && nowNs >= this.#renewedNs[node]!) this.#seenNs[node] = nowNs;
      const isDue = nowNs >= this.#seenNs[node]! + this.#parameters.nodeMonitorGracePeriodNs;
      if (this.#status[node] === UNKNOWN || isDue) this.#waiting.push(node);
    }
    // Taken from the end.
    this.#waiting.reverse();
    this.#startWorkers();
    this.#endPassIfDone();
  }

  #startWorkers(): void {
    while (this.#busyWorkers < this.#parameters.workers) {
      const node = this.#waiting.pop();
      if (node === undefined) return;
      this.#busyWorkers++;
      this.#updates.set(node, { node, pods: [], marking: NO_POD, sentNs: 0 });
      if (this.#isLost[node] === 0) this.#finish(node);
      else if (this.#status[node] === UNKNOWN) this.#markPods(node);
      else this.#send(node, 'nodes', this.#updatedKind);
    }
  }

  #onUpdated(node: number): void {
    if (this.#status[node] === READY) this.#countNode(node, 1);
    this.firstDetectedNs ??= this.#simulation.nowNs;
    // It may have come back while this was written: then the kubelet has written over it.
    this.#status[node] = this.#isLost[node] === 1 ? UNKNOWN : READY_AGAIN;
    if (this.#status[node] === READY_AGAIN) this.#unsettled.add(node);
    else this.#listener.onReadinessChanged(node);
    if (this.#updates.has(node)) this.#markPods(node);
  }

  /** The node is unknown: its taint is queued, and its pods are marked one after the other. */
  #markPods(node: number): void {
    if (this.#isLost[node] === 1 && this.#isTainted[node] === 0) this.#queues.add(node);
    const update = this.#updates.get(node)!;
    update.pods = this.#pods.podsOn(node).filter((pod) => this.#isReady(pod));
    this.#markNext(update);
  }

  #isReady(pod: number): boolean {
    return (this.#pods.stored[pod]! & (PodState.ready | PodState.gone)) === PodState.ready;
  }

  #markNext(update: NodeUpdate): void {
    let pod = update.pods.pop();
    while (pod !== undefined && !this.#isReady(pod)) pod = update.pods.pop();
    // Nobody marks pods of a node that is back.
    if (pod === undefined || this.#isLost[update.node] === 0) {
      this.#finish(update.node);
      return;
    }
    update.marking = pod;
    update.sentNs = this.#send(update.node, 'pods', this.#markedKind, pod);
  }

  #onMarked(node: number, pod: number): void {
    // A write that a controller sent before it was stopped is committed all the same, and is no business of the next one.
    const current = this.#updates.get(node);
    const update = current?.marking === pod ? current : undefined;
    this.#listener.onPodMarked(pod, update?.sentNs ?? this.#simulation.nowNs);
    this.marked++;
    this.lastMarkedNs = this.#simulation.nowNs;
    this.#requestsAtLastMark = this.#bucket.taken;
    if (update !== undefined) this.#markNext(update);
  }

  #finish(node: number): void {
    if (!this.#updates.delete(node)) return;
    if (this.#isLost[node] === 1 && this.#status[node] === UNKNOWN) this.#unsettled.delete(node);
    this.#busyWorkers--;
    this.#startWorkers();
    this.#endPassIfDone();
  }

  #endPassIfDone(): void {
    if (this.#inPass || this.#passEvent !== NO_EVENT) return;
    this.#judgeZones();
    if (this.#unsettled.size === 0) return;
    const nextNs = this.#passStartNs + this.#parameters.nodeMonitorPeriodNs;
    // Passes follow each other at the period, or at once after one that took longer.
    this.#passEvent = this.#simulation.schedule(Math.max(nextNs, this.#simulation.nowNs), this.#passKind);
  }

  /** A node that is ready again is taken out of the queue, or its taint off. */
  #recover(node: number): void {
    this.#unsettled.delete(node);
    if (this.#status[node] === READY_AGAIN) {
      this.#status[node] = READY;
      this.#countNode(node, -1);
    }
    this.#queues.remove(node);
    if (this.#isTainted[node] === 1) this.#untaint(node);
  }

  #countNode(node: number, notReady: 1 | -1): void {
    const zone = this.#zones[this.#zoneOf[node]!]!;
    zone.notReady += notReady;
    zone.ready -= notReady;
  }

  /** handleDisruption: at the end of a pass, sets the rate at which the nodes of each zone are tainted. */
  #judgeZones(): void {
    const { rates, allDisrupted } = evictionRates(this.#zones, this.#parameters);
    if (allDisrupted && !this.#allDisrupted) {
      // All zones at once: it must be this side that is cut off, so nobody is to be evicted.
      for (const [node, isTainted] of this.#isTainted.entries()) {
        if (isTainted === 0) continue;
        this.#untaint(node);
        this.#queues.add(node);
      }
    }
    if (this.#allDisrupted && !allDisrupted) {
      // Seen again from here on.
      for (const node of this.#unsettled) if (this.#status[node] === READY) this.#seenNs[node] = this.#simulation.nowNs;
    }
    this.#allDisrupted = allDisrupted;
    rates.forEach((rate, zone) => this.#queues.setRate(zone, rate));
  }

  #onTainted(node: number): void {
    if (this.#isTainted[node] === 1) return;
    this.#isTainted[node] = 1;
    this.#listener.onTainted(node);
    if (this.#allDisrupted) {
      this.#untaint(node);
      this.#queues.add(node);
    }
    // It came back while the taint was on its way.
    if (this.#isLost[node] === 0) this.#watch(node);
  }

  #untaint(node: number): void {
    this.#isTainted[node] = 0;
    this.#send(node, 'nodes', this.#untaintedKind);
  }

  #onUntainted(node: number): void {
    this.#listener.onUntainted(node);
  }

  /** One write about the node through the controller's client; returns when it leaves. */
  #send(node: number, resource: 'nodes' | 'pods', answered: EventKind, pod = 0): number {
    const sentNs = this.#bucket.reserve(this.#simulation.nowNs);
    const latencyNs = this.#writeLatency.ns(node, this.#writes[node]!++);
    this.#api.write(0, resource, sentNs, latencyNs, answered, node, pod);
    return sentNs;
  }
}
