/**
 * Requests one by one: when each is sent, which pod gets it, and how long it takes there.
 *
 *   open loop:   Poisson arrivals ------.                      .--> lost, by cause
 *   closed loop: users who think ------ request --connection --|
 *                      ^                                       '--> PodStations: waiting, service --> response time
 *                      '--------------- answer, or a failure -------------'
 *
 * A response takes the wait and the service in the pod, and the round trips of the network between the node where the request enters
 * and that of the pod: twice on a new connection, for its handshake. The network delays answers and not the arrival in the pod, which
 * needs no event of its own; a Poisson process that is delayed remains one.
 *
 * Every draw is a hash of the sender and its how-manieth request this is, so that variants send the same requests at the same times.
 *
 * Left out: requests under way whose entry node is lost, time-outs of clients who have a connection, retries, TLS, bandwidth, and the
 * way from outside to the cluster.
 */

import { exponential } from '../../../kernel/distributions.js';
import type { RandomStreams } from '../../../kernel/random.js';
import type { EventKind, Simulation } from '../../../kernel/simulation.js';
import type { MetricName } from '../../../metrics.js';
import { Histogram } from '../../../stats/histogram.js';
import { widen } from '../../cluster/columns.js';
import type { NodeTable } from '../../cluster/nodes.js';
import { NO_NODE, type PodTable } from '../../cluster/pods.js';
import type { ApplicationSettings } from '../../traffic-settings.js';
import { CLIENT_RULES, NETWORK_ROUND_TRIPS } from '../../versions/network-costs.js';
import { Acceptance, type AcceptanceListener } from '../connection-routes.js';
import { LossCause } from '../loss-cause.js';
import type { TrafficTally } from '../traffic-tally.js';
import type { ConnectionOpener } from '../connections/connection-opener.js';
import { PodStations } from './pod-station.js';
import { createPopulation, NO_EVENT, placeOf, type Population, type RequestClients } from './request-population.js';
import { RequestsInPods } from './requests-in-pods.js';
import { RequestsUnderWay } from './requests-under-way.js';
import { drawServiceNs } from './service-time.js';

const NS_PER_SECOND = 1e9;
const SECONDS_PER_NS = 1e-9;
/** How long a client waits for an answer that does not come. */
const CLIENT_TIMEOUT_NS = CLIENT_RULES.connectTimeout.value * NS_PER_SECOND;
/** How long a refusal takes to its client. Without it users who do not think would be refused for ever at one instant. */
const REFUSAL_NS = NETWORK_ROUND_TRIPS.sameZone.value;
const NO_USER = -1;
const INITIAL_CAPACITY = 1024;

/** The tables of the cluster that requests ask. */
export interface RequestCluster {
  readonly simulation: Simulation;
  readonly streams: RandomStreams;
  readonly nodes: Pick<NodeTable, 'zone'>;
  readonly pods: Pick<PodTable, 'node' | 'service'>;
  readonly applicationOf: (service: number) => ApplicationSettings;
  /** What becomes of requests is counted there, with those of the other levels of detail. */
  readonly tally: TrafficTally;
}

/** Measurements of a run that is over. */
export interface EndOfRequests {
  readonly scalars: Partial<Record<MetricName, number>>;
  readonly distributions: Partial<Record<MetricName, Histogram>>;
}

export class RequestLevel implements AcceptanceListener {
  readonly stations: PodStations;

  readonly #durations = new Histogram();
  readonly #queueing = new Histogram();
  #sent = 0;
  #answered = 0;
  #lost = 0;

  readonly #cluster: RequestCluster;
  readonly #simulation: Simulation;
  readonly #opener: ConnectionOpener;
  readonly #populations: readonly Population[];
  readonly #isServiceAsked: ReadonlySet<number>;
  /** Requests that are sent from here on count. */
  readonly #measureFromNs: number;
  readonly #arrivalKind: EventKind;
  readonly #thoughtKind: EventKind;
  readonly #measureKind: EventKind;
  readonly #lifetimeKind: EventKind;

  readonly #underWay = new RequestsUnderWay();
  /** Requests that each pod has taken while it was measured. */
  #takenBy = new Float64Array(INITIAL_CAPACITY);
  #isStopped = false;
  #sendersScheduled = 0;
  #lifetimesScheduled = 0;
  /** Why pods end that do so now, and whether clients are told. */
  #endCause: LossCause = LossCause.podEnded;
  #isEndTold = true;

  readonly #inPods = new RequestsInPods();
  #scalarsAtStop: Partial<Record<MetricName, number>> = {};

  constructor(
    cluster: RequestCluster,
    opener: ConnectionOpener,
    clients: readonly RequestClients[],
    measureFromNs: number,
  ) {
    const { simulation, streams } = cluster;
    this.#cluster = cluster;
    this.#simulation = simulation;
    this.#opener = opener;
    this.#measureFromNs = measureFromNs;
    this.#populations = clients.map((each, index) =>
      createPopulation(each, index, streams, opener, {
        schedule: (slot, atNs) => {
          this.#lifetimesScheduled++;
          return simulation.schedule(atNs, this.#lifetimeKind, index, slot);
        },
        cancel: (event) => {
          this.#lifetimesScheduled--;
          simulation.cancel(event);
        },
      }),
    );
    this.#isServiceAsked = new Set(clients.map(({ service }) => service));
    this.#arrivalKind = simulation.registerKind('request-arrival', (population) => this.#arrive(population));
    this.#measureKind = simulation.registerKind('measure-requests', () => this.#startMeasuring());
    this.#thoughtKind = simulation.registerKind('user-thought', (population, user) => this.#thought(population, user));
    this.#lifetimeKind = simulation.registerKind('kept-connection-lifetime', (population, slot) =>
      this.#lifetimeOver(population, slot),
    );
    this.stations = new PodStations(simulation, {
      onServed: (request) => this.#served(request),
      onLost: (request) => this.#lostInPod(request),
    });
  }

  /** Clients open the connections that they keep, and begin. Pods that accept are known by then. */
  start(): void {
    const { nowNs } = this.#simulation;
    this.#simulation.schedule(Math.max(nowNs, this.#measureFromNs), this.#measureKind);
    for (const [index, population] of this.#populations.entries()) {
      population.kept?.openAll(nowNs);
      population.nextNs = nowNs;
      if (population.clients.load.kind === 'open') this.#scheduleArrival(index);
      else for (let user = 0; user < population.clients.load.users; user++) this.#think(index, user, nowNs);
    }
  }

  /** Clients send nothing any more; what is under way goes on. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const { nextEvent, kept } of this.#populations) {
      kept?.stop();
      for (const event of nextEvent) if (event !== NO_EVENT) this.#simulation.cancel(event);
    }
    this.#sendersScheduled = 0;
    this.#scalarsAtStop = this.#loads();
  }

  /** Events that keep on coming as long as clients send, and those of requests under way. */
  get pendingEvents(): number {
    return this.#sendersScheduled + this.#lifetimesScheduled + this.stations.totalInService;
  }

  /** Requests that pods have. */
  get underWay(): number {
    return this.#inPods.now;
  }

  /** Requests that the pod has taken while it was measured. */
  takenBy(pod: number): number {
    return this.#takenBy[pod] ?? 0;
  }

  onAcceptance(pod: number, acceptance: Acceptance): void {
    if (!this.#isServiceAsked.has(this.#cluster.pods.service[pod]!)) return;
    if (acceptance === Acceptance.accepts) this.#open(pod);
    // A pod that has stopped accepting finishes what it has.
    else if (acceptance !== Acceptance.stopped) {
      this.#end(pod, LossCause.failedPods, acceptance === Acceptance.refuses);
    }
  }

  onEnded(pod: number): void {
    this.#end(pod, LossCause.podEnded, true);
  }

  /** Connections that are kept and entered by the node break, and its kernel remembers nothing. */
  nodeLost(node: number): void {
    if (this.#isStopped) return;
    this.#opener.forget(node);
    for (const { kept } of this.#populations) kept?.nodeLost(node, this.#simulation.nowNs);
  }

  /** What the tally does not count. Throws an Error when nothing is under way and a law does not hold. */
  end(): EndOfRequests {
    if (this.underWay === 0) this.checkConservation();
    const distributions =
      this.#answered === 0 ? {} : { request_duration_seconds: this.#durations, request_queue_seconds: this.#queueing };
    return { scalars: this.#scalarsAtStop, distributions };
  }

  /** Throws an Error that names the law that does not hold. To be asked when nothing is under way. */
  checkConservation(): void {
    if (this.underWay !== 0) violated(`${this.underWay} requests are in pods and nothing is under way`);
    if (this.#sent !== this.#answered + this.#lost) {
      violated(`${this.#sent} requests were sent, ${this.#answered} answered and ${this.#lost} lost`);
    }
    const violation = this.#inPods.violation();
    if (violation !== null) violated(violation);
  }

  #startMeasuring(): void {
    this.stations.restartMeasuring();
    this.#inPods.restartMeasuring(this.#simulation.nowNs);
  }

  #arrive(index: number): void {
    this.#sendersScheduled--;
    this.#send(index, 0);
    this.#scheduleArrival(index);
  }

  #thought(index: number, user: number): void {
    this.#sendersScheduled--;
    this.#populations[index]!.nextEvent[user] = NO_EVENT;
    this.#send(index, user);
  }

  #lifetimeOver(index: number, slot: number): void {
    this.#lifetimesScheduled--;
    this.#populations[index]!.kept!.lifetimeOver(slot, this.#simulation.nowNs);
  }

  #scheduleArrival(index: number): void {
    const population = this.#populations[index]!;
    population.nextNs += exponential(population.ofGap.uniform(0, population.sent[0]!), population.gapNs);
    const { nowNs } = this.#simulation;
    population.nextEvent[0] = this.#simulation.schedule(
      Math.max(nowNs, Math.round(population.nextNs)),
      this.#arrivalKind,
      index,
    );
    this.#sendersScheduled++;
  }

  /** The user has had an answer, or given up, at `fromNs`. */
  #think(index: number, user: number, fromNs: number): void {
    if (this.#isStopped) return;
    const population = this.#populations[index]!;
    const thinkNs = exponential(population.ofGap.uniform(user, population.sent[user]!), population.gapNs);
    population.nextEvent[user] = this.#simulation.schedule(
      Math.round(fromNs + thinkNs),
      this.#thoughtKind,
      index,
      user,
    );
    this.#sendersScheduled++;
  }

  #send(index: number, sender: number): void {
    const population = this.#populations[index]!;
    const { nowNs } = this.#simulation;
    const { clients, kept } = population;
    const opener = this.#opener;
    const ordinal = population.sent[sender]!++;
    const isMeasured = nowNs >= this.#measureFromNs;
    if (isMeasured) {
      this.#sent++;
      this.#cluster.tally.sent++;
    }

    const isOpenLoop = clients.load.kind === 'open';
    let client: number;
    let pod: number;
    let node: number;
    let isNew = true;
    let isMasqueraded: boolean;
    if (kept === null) {
      const { sourceAddresses, isFromOutside } = clients;
      client = isOpenLoop
        ? Math.floor(population.ofClient.uniform(0, ordinal) * sourceAddresses)
        : sender % sourceAddresses;
      const ofNode = isFromOutside ? population.ofNode.uniform(sender, ordinal) : placeOf(client, sourceAddresses);
      if (!opener.open(clients, client, nowNs, ofNode, population.ofPod.uniform(sender, ordinal))) {
        this.#fail(index, sender, opener.cause, opener.isRefused, isMeasured);
        return;
      }
      ({ pod, node, isMasqueraded } = opener);
    } else {
      client = isOpenLoop ? Math.floor(population.ofClient.uniform(0, ordinal) * kept.pod.length) : sender;
      isNew = !kept.isOpen(client);
      if (isNew && !kept.open(client, nowNs)) {
        this.#fail(index, sender, opener.cause, opener.isRefused, isMeasured);
        return;
      }
      pod = kept.pod[client]!;
      node = kept.node[client]!;
      isMasqueraded = kept.isMasqueraded[client] === 1;
    }

    // Addresses that are no pods are nobody's to start.
    if (!this.stations.isOpen(pod)) this.#open(pod);
    const request = this.#underWay.take();
    const serviceNs = drawServiceNs(clients.serviceTime, population.ofService.uniform(sender, ordinal));
    if (!this.stations.arrive(pod, request, serviceNs)) {
      this.#underWay.giveBack(request);
      if (kept === null) opener.close(clients, client, node, pod);
      this.#fail(index, sender, LossCause.queueFull, true, isMeasured);
      return;
    }
    this.#underWay.population[request] = index;
    this.#underWay.user[request] = isOpenLoop ? NO_USER : sender;
    this.#underWay.client[request] = client;
    this.#underWay.node[request] = node;
    this.#underWay.isMasqueraded[request] = isMasqueraded ? 1 : 0;
    this.#underWay.sentNs[request] = nowNs;
    this.#underWay.networkNs[request] =
      this.#roundTripNs(node, pod) * (isNew ? CLIENT_RULES.roundTripsOnNewConnection.value : 1);
    this.#inPods.arrive(nowNs);
    if (isMeasured) this.#takenBy[pod]!++;
  }

  #roundTripNs(node: number, pod: number): number {
    const podNode = this.#cluster.pods.node[pod]!;
    if (podNode === node) return NETWORK_ROUND_TRIPS.sameNode.value;
    const { zone } = this.#cluster.nodes;
    // An address that is no pod is somewhere near.
    const isNear = podNode === NO_NODE || zone[podNode] === zone[node];
    return isNear ? NETWORK_ROUND_TRIPS.sameZone.value : NETWORK_ROUND_TRIPS.crossZone.value;
  }

  #served(request: number): void {
    const { nowNs } = this.#simulation;
    const inPodNs = nowNs - this.#underWay.sentNs[request]!;
    const networkNs = this.#underWay.networkNs[request]!;
    if (this.#underWay.sentNs[request]! >= this.#measureFromNs) {
      this.#answered++;
      this.#durations.record((inPodNs + networkNs) * SECONDS_PER_NS);
      this.#queueing.record((inPodNs - this.stations.serviceNs(request)) * SECONDS_PER_NS);
      this.#countWay(request);
    }
    this.#leave(request, inPodNs, nowNs + networkNs);
  }

  #countWay(request: number): void {
    const { pods, nodes, tally } = this.#cluster;
    const node = this.#underWay.node[request]!;
    const podNode = pods.node[this.stations.podOf(request)]!;
    const isElsewhere = podNode !== node && podNode !== NO_NODE;
    const isCrossZone = isElsewhere && nodes.zone[podNode] !== nodes.zone[node];
    tally.serve(1, isElsewhere ? 1 : 0, isCrossZone ? 1 : 0, this.#underWay.isMasqueraded[request] === 1);
  }

  #lostInPod(request: number): void {
    const { nowNs } = this.#simulation;
    const isTold = this.#isEndTold;
    if (this.#underWay.sentNs[request]! >= this.#measureFromNs) this.#countLoss(this.#endCause, isTold);
    this.#leave(request, nowNs - this.#underWay.sentNs[request]!, isTold ? nowNs : nowNs + CLIENT_TIMEOUT_NS);
  }

  /** The pod has the request no longer, and its user hears of it at `heardNs`. */
  #leave(request: number, inPodNs: number, heardNs: number): void {
    this.#inPods.leave(this.#simulation.nowNs, inPodNs);
    const index = this.#underWay.population[request]!;
    const sender = this.#underWay.user[request]!;
    const { clients, kept } = this.#populations[index]!;
    if (kept === null) {
      this.#opener.close(
        clients,
        this.#underWay.client[request]!,
        this.#underWay.node[request]!,
        this.stations.podOf(request),
      );
    }
    this.#underWay.giveBack(request);
    if (sender !== NO_USER) this.#think(index, sender, heardNs);
  }

  #fail(index: number, sender: number, cause: LossCause, isRefused: boolean, isMeasured: boolean): void {
    const { nowNs } = this.#simulation;
    const { load, isFromOutside } = this.#populations[index]!.clients;
    // Clients inside whose node is lost are gone with it, and have sent nothing.
    const isNowhere = cause === LossCause.loadBalancer && !isFromOutside;
    if (isMeasured && isNowhere) {
      this.#sent--;
      this.#cluster.tally.sent--;
    } else if (isMeasured) {
      this.#countLoss(cause, isRefused);
    }
    if (load.kind === 'closed') this.#think(index, sender, nowNs + (isRefused ? REFUSAL_NS : CLIENT_TIMEOUT_NS));
  }

  #countLoss(cause: LossCause, isRefused: boolean): void {
    const { nowNs } = this.#simulation;
    this.#lost++;
    this.#cluster.tally.lose(cause, isRefused, 1, nowNs, nowNs);
  }

  #open(pod: number): void {
    if (this.stations.isOpen(pod)) return;
    const { concurrency, queueLimit } = this.#cluster.applicationOf(this.#cluster.pods.service[pod]!);
    this.stations.open(pod, concurrency, queueLimit);
    if (pod >= this.#takenBy.length) this.#takenBy = widen(this.#takenBy, Math.max(pod + 1, 2 * this.#takenBy.length));
  }

  #end(pod: number, cause: LossCause, isTold: boolean): void {
    if (!this.stations.isOpen(pod)) return;
    this.#endCause = cause;
    this.#isEndTold = isTold;
    this.stations.end(pod);
    const { nowNs } = this.#simulation;
    const service = this.#cluster.pods.service[pod]!;
    for (const { clients, kept } of this.#populations) {
      if (clients.service === service) kept?.reset(pod, nowNs, isTold && !this.#isStopped);
    }
  }

  /** How busy pods were in the time in which clients sent, which ends now. */
  #loads(): Partial<Record<MetricName, number>> {
    const measuredNs = this.#simulation.nowNs - this.#measureFromNs;
    if (measuredNs <= 0) return {};
    const { pods, applicationOf } = this.#cluster;
    let busiest = -1;
    let busyNs = 0;
    let capacityNs = 0;
    let queued = 0;
    for (let pod = 0; pod < this.#takenBy.length && pod < pods.service.length; pod++) {
      if (!this.stations.wasOpened(pod)) continue;
      queued = Math.max(queued, this.stations.mostWaiting(pod));
      const { concurrency } = applicationOf(pods.service[pod]!);
      if (concurrency === null) continue;
      const ofPodNs = this.stations.busyNs(pod);
      busiest = Math.max(busiest, ofPodNs / concurrency / measuredNs);
      busyNs += ofPodNs;
      capacityNs += concurrency * this.stations.presentNs(pod);
    }
    return {
      requests_in_flight_mean: this.#inPods.measuredNs(this.#simulation.nowNs) / measuredNs,
      requests_queued_max: queued,
      ...(busiest >= 0 && { pod_utilization_max: busiest }),
      ...(capacityNs > 0 && { pod_utilization_mean: busyNs / capacityNs }),
    };
  }
}

function violated(what: string): never {
  throw new Error(`conservation violated: ${what}`);
}
