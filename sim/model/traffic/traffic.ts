/**
 * The requests of all clients, as the rules of every node send them: stale or not.
 *
 *   writes of endpoint objects --onAppend--> versions of services --+
 *   kube-proxies: a sync starts --its end--> node moves on ---------+--> flows --> TrafficTally: served, lost, by cause
 *   pods stop, fail, recover; nodes are lost -----------------------+         --> loads of pods
 *   caches of DNS answers expire: nodes move on, headless services
 *   nodes' answers, published endpoints --> load balancers --weights--+
 *   connections and requests that are followed one by one: levels of events, which are started, stopped and told of nodes here
 *
 * A sync replaces the rules at its end, so that is when a node moves to later versions; only then, and only for syncs that change
 * a service with clients, is there an event.
 *
 * Clients on a node that is lost are gone with it until it is back. Outside of the cluster somebody spreads requests to node ports and
 * external addresses evenly over all nodes, up or not; with a load balancer it is the load balancer that does.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { MetricName } from '../../metrics.js';
import type { Histogram } from '../../stats/histogram.js';
import { imbalanceOf } from '../../stats/imbalance.js';
import type { TimeSeries } from '../../stats/time-series.js';
import { widen } from '../cluster/columns.js';
import type { EndpointUpdate } from '../node/endpoint-ledger.js';
import { Acceptance, type AcceptanceListener } from './connection-routes.js';
import type { DnsViews } from './dns-views.js';
import { LoadFigures, podLoads } from './pod-loads.js';
import type { NodeHealth, OwnChange, ServiceTraffic } from './service-traffic.js';
import type { TrafficTally } from './traffic-tally.js';

/** What traffic reads of the write log. */
export interface EntryLog {
  readonly service: Int32Array;
  readonly nextOfService: Int32Array;
}

/** Clients whose connections or requests are events. */
export interface EventLevel {
  /** Events that keep coming as long as clients send, and those of what is under way. */
  readonly pendingEvents: number;
  /** Requests that pods have: what is to be waited for once clients send nothing more. */
  readonly underWay: number;
  start(): void;
  /** The node is lost now, with what its kernel remembers of connections. */
  nodeLost?(node: number): void;
  /** The load balancer of a service sends a share of its open flows to other nodes than before; `isTarget`: whether it sends to a node. */
  flowsMoved?(service: number, share: number, isTarget: (node: number) => boolean): void;
  /** It takes a node out of its pool; what is open by it ends so much later. */
  targetLeft?(service: number, node: number, drainNs: number, isTarget: (node: number) => boolean): void;
  /** Clients send nothing more. */
  stop(): void;
  /** What the tally does not count. Call once, when the run is over. */
  end(): Pick<TrafficResult, 'scalars' | 'distributions'>;
}

export interface TrafficParameters {
  readonly levels: readonly EventLevel[];
  readonly log: EntryLog;
  /** By service; null: nobody asks it anything. */
  readonly services: readonly (ServiceTraffic | null)[];
  /** null: nobody asks for a headless service. */
  readonly dns?: DnsViews | null;
  readonly tally: TrafficTally;
  /** When the tally begins. */
  readonly startNs: number;
  /** Entries of the log that the rules of each node hold. */
  readonly applied: Int32Array;
  /** 1: the node is down. */
  readonly isDown: Uint8Array;
  readonly nodeOf: (pod: number) => number;
  readonly serviceOf: (pod: number) => number;
  /** Requests per second that a pod of the service can answer; null: unknown. */
  readonly capacityOf: (service: number) => number | null;
  /** What somebody inside weighs on a node that is up, for each kind of weights inside. */
  readonly insideWeights: readonly InsideWeights[];
}

/** Weights of clients inside that follow the nodes. */
export interface InsideWeights {
  readonly weights: { set(node: number, weight: number): void };
  readonly weightOf: (node: number) => number;
}

/** What a run without clients measures. */
export const NO_TRAFFIC: TrafficResult = { scalars: {}, distributions: {}, series: {} };

/** What a run measures of its traffic. */
export interface TrafficResult {
  readonly scalars: Partial<Record<MetricName, number>>;
  readonly distributions: Partial<Record<MetricName, Histogram>>;
  readonly series: Partial<Record<MetricName, TimeSeries>>;
}

const INITIAL_CAPACITY = 1024;
const NO_CHANGES: OwnChange[] = [];

export class Traffic implements AcceptanceListener {
  readonly #simulation: Simulation;
  readonly #parameters: TrafficParameters;
  readonly #committedKind: EventKind;
  /** Entries of services with clients before each entry of the log. */
  #entriesBefore = new Int32Array(INITIAL_CAPACITY);
  /** Version of its service that each entry makes. */
  #versionOfEntry = new Int32Array(INITIAL_CAPACITY);
  /** By node, in the order of the log. */
  readonly #ownChanges: OwnChange[][] = [];
  /** 1: the kube-proxy of the node is away. */
  readonly #isAway: Uint8Array;
  readonly #health: NodeHealth = {
    isUp: (node) => this.#parameters.isDown[node] === 0,
    isProxyHealthy: (node) => this.#isAway[node] === 0,
  };
  /** Services whose loads may have changed since they were looked at. */
  readonly #changed = new Set<ServiceTraffic>();
  /** Largest quotient of hottest and mean load so far. */
  readonly #peaks = new Map<ServiceTraffic, number>();
  /** Pods with clients that have stopped accepting because they were told to end. */
  #podsEnded = 0;

  constructor(simulation: Simulation, parameters: TrafficParameters) {
    this.#simulation = simulation;
    this.#parameters = parameters;
    this.#isAway = new Uint8Array(parameters.applied.length);
    this.#committedKind = simulation.registerKind('kube-proxy: rules committed', (node, end) =>
      this.#onCommitted(node, end),
    );
    if (parameters.dns) parameters.dns.onMoved = (traffic) => this.#changed.add(traffic);
    for (const service of parameters.services) if (service !== null) this.#start(service);
  }

  /** Events of clients: what keeps on coming as long as they send. */
  get pendingEvents(): number {
    return this.#parameters.levels.reduce((sum, level) => sum + level.pendingEvents, 0);
  }

  /** Requests that pods have, of clients whose requests are events. */
  get underWay(): number {
    return this.#parameters.levels.reduce((sum, level) => sum + level.underWay, 0);
  }

  /** Whether there are clients who send only while time passes. */
  get hasEvents(): boolean {
    return this.#parameters.levels.length > 0;
  }

  /** Clients open the connections that they keep, and those whose requests are events begin. */
  startClients(): void {
    for (const traffic of this.#parameters.services) {
      for (const kept of traffic?.kept.values() ?? []) kept.start(this.#simulation.nowNs);
    }
    for (const level of this.#parameters.levels) level.start();
  }

  /** Nobody sends anything new; requests that are under way go on. */
  stopClients(): void {
    for (const level of this.#parameters.levels) level.stop();
  }

  /** Whether clients find the service by name, from endpoint objects that no node watches. */
  isNamed(service: number): boolean {
    return this.#parameters.dns?.has(service) === true;
  }

  /** A write of such a service is committed now. */
  onNamedWrite(service: number, updates: readonly EndpointUpdate[]): void {
    this.#parameters.dns!.onWrite(service, updates);
  }

  /** A write has become `entry` of the log; entries come in order. */
  onAppend(entry: number, service: number, updates: readonly EndpointUpdate[]): void {
    if (entry + 1 >= this.#entriesBefore.length) this.#grow();
    const traffic = this.#parameters.services[service] ?? null;
    this.#entriesBefore[entry + 1] = this.#entriesBefore[entry]! + (traffic === null ? 0 : 1);
    if (traffic === null) return;
    traffic.append(entry, updates);
    traffic.beginFlows(false, this.#simulation.nowNs);
    this.#changed.add(traffic);
    const version = traffic.context.versions.newest;
    this.#versionOfEntry[entry] = version;
    for (const { endpoint: pod } of updates) {
      const node = this.#parameters.nodeOf(pod);
      if (node >= 0) (this.#ownChanges[node] ??= []).push({ entry, service, version, pod });
    }
  }

  /** The node starts a sync that does not fail: its rules hold the first `end` entries of the log from `endNs` on. */
  onSync(node: number, end: number, endNs: number): void {
    if (this.#entriesBefore[end]! > this.#entriesBefore[this.#parameters.applied[node]!]!) {
      this.#simulation.schedule(endNs, this.#committedKind, node, end);
    }
  }

  onAcceptance(pod: number, acceptance: Acceptance, before: Acceptance): void {
    const traffic = this.#parameters.services[this.#parameters.serviceOf(pod)] ?? null;
    if (traffic === null) return;
    // What failed, or was on a node that is lost, is not replaced in order.
    if (before === Acceptance.accepts && acceptance === Acceptance.stopped) {
      if (this.#simulation.nowNs >= this.#parameters.startNs) this.#podsEnded++;
    }
    traffic.acceptanceChanged(pod, before, acceptance, this.#simulation.nowNs);
    // One that has stopped accepting keeps what it has until it ends; one that fails is given up.
    if (acceptance > Acceptance.stopped) this.#resetKept(traffic, pod);
    this.#changed.add(traffic);
  }

  onEnded(pod: number): void {
    const traffic = this.#parameters.services[this.#parameters.serviceOf(pod)] ?? null;
    if (traffic !== null) this.#resetKept(traffic, pod);
  }

  /** The node is lost, or back, with its clients. */
  nodeDown(node: number, isDown: boolean): void {
    const { nowNs } = this.#simulation;
    const { services, insideWeights, isDown: down } = this.#parameters;
    this.#forEach((traffic) => {
      for (const kept of traffic.kept.values()) kept.advance(nowNs);
      const version = traffic.versionOf(node);
      for (const flow of traffic.flows) flow.leave(node, version, nowNs);
    });
    down[node] = isDown ? 1 : 0;
    for (const { weights, weightOf } of insideWeights) weights.set(node, isDown ? 0 : weightOf(node));
    // Now, so that connections which break do not open anew by the node that is gone.
    if (isDown) for (const level of this.#parameters.levels) level.nodeLost?.(node);
    this.#forEach((traffic) => {
      const version = traffic.versionOf(node);
      for (const flow of traffic.flows) flow.enter(node, version, nowNs);
      for (const kept of traffic.kept.values()) kept.clientsChanged();
    });
    for (const traffic of services) if (traffic !== null) this.#answer(traffic, node);
  }

  /** The kube-proxy of the node ends, or is there again; its rules stay. */
  proxyAway(node: number, isAway: boolean): void {
    this.#isAway[node] = isAway ? 1 : 0;
    this.#forEach((traffic) => this.#answer(traffic, node));
  }

  /** Looks at the loads of services that may have changed. */
  sample(): void {
    for (const traffic of this.#parameters.services) {
      if (traffic === null || traffic.kept.size === 0) continue;
      for (const kept of traffic.kept.values()) kept.advance(this.#simulation.nowNs);
      this.#changed.add(traffic);
    }
    for (const traffic of this.#changed) {
      const { perSecond } = podLoads(traffic);
      // No pods are not evenly loaded: they count as little as at the end.
      if (perSecond.length === 0) continue;
      const { maxOverMean } = imbalanceOf(perSecond);
      this.#peaks.set(traffic, Math.max(maxOverMean, this.#peaks.get(traffic) ?? 0));
    }
    this.#changed.clear();
  }

  /** Everything until `endNs` is counted. Call once. */
  end(endNs: number): TrafficResult {
    const { services, tally, nodeOf, capacityOf, levels } = this.#parameters;
    const ofLevels = levels.map((level) => level.end());
    for (const traffic of services) {
      if (traffic === null) continue;
      traffic.settle(endNs);
      for (const kept of traffic.kept.values()) kept.advance(endNs);
    }
    this.sample();
    const figures = new LoadFigures();
    for (const [service, traffic] of services.entries()) {
      if (traffic === null) continue;
      figures.add(podLoads(traffic), nodeOf, capacityOf(service));
    }
    const peaks = [...this.#peaks.values()];
    return {
      scalars: {
        ...tally.scalars(),
        ...(this.#podsEnded > 0 && { requests_lost_per_replaced_pod: tally.lost / this.#podsEnded }),
        ...figures.scalars(),
        ...(peaks.length > 0 && {
          pod_load_max_over_mean_peak: peaks.reduce((sum, peak) => sum + peak, 0) / peaks.length,
        }),
        ...merged(ofLevels.map(({ scalars }) => scalars)),
      },
      distributions: merged([
        figures.relative.count > 0 ? { pod_load_relative: figures.relative } : {},
        ...ofLevels.map(({ distributions }) => distributions),
      ]),
      series: { requests_lost_per_second: tally.lostOverTime },
    };
  }

  /** Open connections follow what the load balancer does with flows. */
  #followFlows({ balanced, kept, context: { service } }: ServiceTraffic): void {
    if (balanced === null) return;
    const { loadBalancer, weights } = balanced;
    const { levels } = this.#parameters;
    const isTarget = (node: number): boolean => weights.weight[node]! > 0;
    loadBalancer.onFlowsMoved?.((share) => {
      for (const level of levels) level.flowsMoved?.(service, share, isTarget);
      for (const [flow, connections] of kept) {
        if (flow.parameters.weights === weights) connections.moved(share, this.#simulation.nowNs);
      }
    });
    loadBalancer.onTargetLeft?.((node, drainNs) => {
      for (const level of levels) level.targetLeft?.(service, node, drainNs, isTarget);
    });
  }

  #start(traffic: ServiceTraffic): void {
    this.#followFlows(traffic);
    this.#changed.add(traffic);
    // Where a load balancer sends, nodes enter with their weights.
    for (const flow of traffic.flows) {
      if (flow.parameters.weights === traffic.balanced?.weights) continue;
      for (let node = 0; node < this.#parameters.applied.length; node++) flow.enter(node, 0, this.#simulation.nowNs);
    }
    traffic.balanced?.loadBalancer.start(
      {
        nodes: this.#parameters.applied.length,
        answerOf: (node) => traffic.answerOf(node, 0, this.#health),
        readyOn: (node) => traffic.publishedOn(node),
      },
      (node, weight) => {
        traffic.setWeight(node, weight, this.#simulation.nowNs);
        this.#changed.add(traffic);
      },
    );
  }

  /** Tells the load balancer of a service how the node answers now. */
  #answer(traffic: ServiceTraffic, node: number): void {
    traffic.balanced?.loadBalancer.nodeAnswers(node, traffic.answerOf(node, traffic.versionOf(node), this.#health));
  }

  #onCommitted(node: number, end: number): void {
    const { log, services, applied } = this.#parameters;
    const { nowNs } = this.#simulation;
    const changes = this.#ownChanges[node] ?? NO_CHANGES;
    const known = firstFrom(changes, end);
    for (let entry = applied[node]!; entry < end; entry++) {
      if (log.nextOfService[entry]! < end) continue;
      const traffic = services[log.service[entry]!] ?? null;
      if (traffic === null) continue;
      const version = this.#versionOfEntry[entry]!;
      const isAsked = traffic.mayAnswerOtherwise(traffic.versionOf(node), version, known);
      const before = isAsked ? traffic.answerOf(node, traffic.versionOf(node), this.#health) : null;
      traffic.moveNode(node, version, nowNs, changes, known);
      if (before !== null) {
        const answer = traffic.answerOf(node, version, this.#health);
        if (answer !== before) traffic.balanced!.loadBalancer.nodeAnswers(node, answer);
      }
      this.#changed.add(traffic);
    }
    applied[node] = end;
    if (known > 0) changes.splice(0, known);
  }

  #resetKept(traffic: ServiceTraffic, pod: number): void {
    for (const kept of traffic.kept.values()) kept.podStopped(pod, this.#simulation.nowNs);
  }

  #forEach(act: (traffic: ServiceTraffic) => void): void {
    for (const traffic of this.#parameters.services) {
      if (traffic === null) continue;
      act(traffic);
      this.#changed.add(traffic);
    }
  }

  #grow(): void {
    this.#entriesBefore = widen(this.#entriesBefore, 2 * this.#entriesBefore.length);
    this.#versionOfEntry = widen(this.#versionOfEntry, 2 * this.#versionOfEntry.length);
  }
}

/** All entries; of a metric that several have, the last one's. */
const merged = <Value>(records: readonly Partial<Record<MetricName, Value>>[]): Partial<Record<MetricName, Value>> =>
  records.reduce((all, record) => ({ ...all, ...record }), {});

/** How many changes are of entries below `end`. */
function firstFrom(changes: readonly OwnChange[], end: number): number {
  let place = 0;
  while (place < changes.length && changes[place]!.entry < end) place++;
  return place;
}
