/**
 * Traffic connection by connection: an event for each that opens and one for each that closes.
 *
 *   clients: Poisson arrivals, or pools of slots --> entry node --> route of its rules --> choice of the proxy mode --> pod: accepts?
 *         ^------- closed by the client, reset with the pod or the node, next request after a failure <----------------|
 *                                             observer: opened, closed, reset, lost by cause, requests by pod
 *
 * Without keep-alive each request is a connection, which lasts for as long as its answer takes. With it the clients of a service hold
 * so many slots: a connection that ends is replaced at once, and a slot whose attempt fails tries again with its next request, which
 * is lost if it fails too. Requests on an open connection are no events: what counts is their mean, rate times time.
 *
 * A pod that stops accepting keeps its connections until its containers end, which resets them; one that fails or whose node is lost
 * falls silent, and its clients give up at once. A UDP flow notices nothing: the entry of the node's connection tracking table leads
 * to the dead pod until the node's rules no longer have it, which is when kube-proxy cleans it away
 * (node/service-routing/conntrack-cleanup.ts). Entries of TCP are never cleaned away, and keep nobody from opening a new connection.
 *
 * Left out: the time until clients of a silent pod give up; requests in flight when a connection is reset; the delay of attempts in
 * userspace mode.
 */

import { exponential, lognormalFromMeanCoefficientOfVariation } from '../../../kernel/distributions.js';
import type { CounterHash, RandomStreams } from '../../../kernel/random.js';
import type { EventKind, Simulation } from '../../../kernel/simulation.js';
import { NO_NODE, NO_POD } from '../../cluster/pods.js';
import type { ApplicationSettings, ClientSettings } from '../../traffic-settings.js';
import { Acceptance, type AcceptanceListener } from '../connection-routes.js';
import { POPULATION_KEY, populationKey } from './backend-choices.js';
import { BalancedFlows } from './balanced-flows.js';
import type { ConnectionObserver } from './connection-observer.js';
import type { ConnectingClients, ConnectionOpener } from './connection-opener.js';
import { ConnectionSlots } from './connection-slots.js';
import type { ChoiceSettings } from './create-backend-choice.js';

const NS_PER_SECOND = 1e9;

/** The clients of one service. */
export interface ConnectionPopulation extends ConnectingClients {
  /** Whether they come by a load balancer. */
  readonly isBalanced?: boolean;
  readonly requestsPerSecond: number;
  readonly keepAlive: ClientSettings['keepAlive'];
  readonly sourceAddresses: number;
  /** How long a connection without keep-alive lasts; null: no time. */
  readonly serviceTime: ApplicationSettings['serviceTime'];
  readonly choice: ChoiceSettings;
}

export interface ConnectionLevelOptions {
  readonly simulation: Simulation;
  readonly streams: RandomStreams;
  readonly opener: ConnectionOpener;
  readonly observer: ConnectionObserver;
  readonly populations: readonly ConnectionPopulation[];
}

/** Parts of a population that events need. */
interface PopulationState extends ConnectionPopulation {
  readonly key: number;
  /** Of one slot, or of all clients without keep-alive. */
  readonly meanGapNs: number;
  /** Clients have a place by their slot or address, from which the first is so far in. */
  readonly placeOffset: number;
  arrivals: number;
}

export class ConnectionLevel implements AcceptanceListener {
  readonly slots = new ConnectionSlots();
  /** TCP connections that ended without a word: nodes keep their entries for the timeout of established connections. */
  entriesLeftBehind = 0;

  readonly #simulation: Simulation;
  readonly #opener: ConnectionOpener;
  readonly #observer: ConnectionObserver;
  readonly #populations: readonly PopulationState[];
  readonly #arrival: EventKind;
  readonly #close: EventKind;
  readonly #request: EventKind;
  readonly #settling: EventKind;
  readonly #drained: EventKind;
  readonly #gaps: CounterHash;
  readonly #entries: CounterHash;
  readonly #podChoices: CounterHash;
  readonly #lifetimes: CounterHash;
  readonly #addresses: CounterHash;
  readonly #balanced: BalancedFlows;
  #isStopped = false;
  #pendingEvents = 0;

  constructor({ simulation, streams, opener, observer, populations }: ConnectionLevelOptions) {
    this.#simulation = simulation;
    this.#opener = opener;
    this.#observer = observer;
    this.#gaps = streams.hash('time between requests');
    this.#entries = streams.hash('entry node of a connection');
    this.#podChoices = streams.hash('pod of a connection');
    this.#lifetimes = streams.hash('lifetime of a connection');
    this.#addresses = streams.hash('client address of a connection');
    this.#drained = simulation.registerKind('connections by a drained target end', (node, service) =>
      this.#onDrained(node, service),
    );
    this.#arrival = simulation.registerKind('client connects', (population) => this.#onArrival(population));
    this.#close = simulation.registerKind('client closes connection', (slot, generation) =>
      this.#onClose(slot, generation),
    );
    this.#request = simulation.registerKind('client without connection asks', (slot, generation) =>
      this.#onRequest(slot, generation),
    );
    this.#settling = simulation.registerKind('requests until now are counted', () => this.settle());
    this.#populations = populations.map((population) => this.#state(population));
    const moved = streams.hash('connection that a load balancer moves');
    this.#balanced = new BalancedFlows(this.slots, this.#populations, moved, (slot) => this.#breakOnWay(slot));
  }

  /** Events of clients that wait in the simulation; they have no end of their own. */
  get pendingEvents(): number {
    return this.#pendingEvents;
  }

  /** Clients begin: pools open all of their connections at once. At `countedFromNs` the requests before it are told apart. */
  start(countedFromNs = 0): void {
    if (countedFromNs > this.#simulation.nowNs) this.#simulation.schedule(countedFromNs, this.#settling);
    this.#populations.forEach((population, index) => {
      const { keepAlive, sourceAddresses } = population;
      if (keepAlive === null) {
        this.#scheduleArrival(population, index);
        return;
      }
      for (let serial = 0; serial < keepAlive.connections; serial++) {
        const slot = this.slots.take(index, serial, serial % sourceAddresses);
        if (!this.#connect(slot)) this.#scheduleRequest(slot);
      }
    });
  }

  /** Clients do nothing more; what is pending has no effect. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Counts the requests on open connections until now; the others are counted already. */
  settle(): void {
    for (let slot = 0; slot < this.slots.count; slot++) if (this.slots.pod[slot] !== NO_POD) this.#countRequests(slot);
  }

  onAcceptance(pod: number, acceptance: Acceptance): void {
    // One that has stopped keeps what it has.
    if (acceptance === Acceptance.accepts || acceptance === Acceptance.stopped) return;
    this.#breakConnectionsOf(pod, acceptance !== Acceptance.refuses);
  }

  onEnded(pod: number): void {
    this.#breakConnectionsOf(pod, false);
  }

  /** The node is lost or reboots: connections that entered by it break, and its kernel remembers nothing. */
  onNodeLost(node: number): void {
    this.#opener.forget(node);
    for (let slot = 0; slot < this.slots.count; slot++) {
      if (this.slots.node[slot] !== node) continue;
      this.slots.strandedOn[slot] = NO_POD;
      if (this.slots.pod[slot] !== NO_POD) this.#break(slot);
    }
  }

  /** See BalancedFlows.move. */
  flowsMoved(service: number, share: number, isTarget: (node: number) => boolean): void {
    this.#balanced.move(service, share, isTarget);
  }

  /** The load balancer of the service takes the node out of its pool, and ends what is open by it so much later. */
  targetLeft(service: number, node: number, drainNs: number, isTarget: (node: number) => boolean): void {
    this.#balanced.targetLeft(service, isTarget);
    this.#schedule(drainNs, this.#drained, node, service);
  }

  #onDrained(node: number, service: number): void {
    this.#pendingEvents--;
    if (!this.#isStopped) this.#balanced.drained(service, node);
  }

  /** The flow of the slot reaches its pod no more: a TCP connection breaks, a UDP flow has a new entry and maybe another pod. */
  #breakOnWay(slot: number): void {
    const { choice, keepAlive } = this.#populations[this.slots.population[slot]!]!;
    if (choice.protocol !== 'UDP') this.#break(slot);
    else if (keepAlive !== null) {
      this.#end(slot);
      this.#replace(slot);
    }
  }

  #state(population: ConnectionPopulation): PopulationState {
    const { clients, service, keepAlive, requestsPerSecond } = population;
    const key = populationKey(clients, service);
    return {
      ...population,
      key,
      meanGapNs: ((keepAlive?.connections ?? 1) * NS_PER_SECOND) / requestsPerSecond,
      placeOffset: this.#entries.uniform(key, -1),
      arrivals: 0,
    };
  }

  #onArrival(index: number): void {
    this.#pendingEvents--;
    if (this.#isStopped) return;
    const population = this.#populations[index]!;
    const serial = population.arrivals++;
    this.#scheduleArrival(population, index);
    const client = Math.floor(this.#addresses.uniform(population.key, serial) * population.sourceAddresses);
    const slot = this.slots.take(index, serial, client);
    if (this.#connect(slot)) {
      this.#answered(slot, 1);
      if (population.serviceTime === null) this.#endAndGiveBack(slot);
    } else {
      this.#lose(slot);
      this.slots.giveBack(slot);
    }
  }

  #onClose(slot: number, generation: number): void {
    this.#pendingEvents--;
    if (this.#isStopped || this.slots.generation[slot] !== generation) return;
    if (this.#populations[this.slots.population[slot]!]!.keepAlive === null) {
      this.#endAndGiveBack(slot);
      return;
    }
    this.#end(slot);
    this.#replace(slot);
  }

  /** A slot without a connection has a request. */
  #onRequest(slot: number, generation: number): void {
    this.#pendingEvents--;
    if (this.#isStopped || this.slots.generation[slot] !== generation) return;
    if (this.slots.strandedOn[slot] === NO_POD ? this.#connect(slot) : this.#sendStranded(slot)) {
      this.#answered(slot, 1);
    } else {
      this.#lose(slot);
      this.#scheduleRequest(slot);
    }
  }

  /** Opens a connection for a slot that has none, and schedules its end; false: the opener has the cause. */
  #connect(slot: number): boolean {
    const { slots } = this;
    const opener = this.#opener;
    const population = this.#populations[slots.population[slot]!]!;
    const attempt = slots.attempts[slot]!++;
    const entity = population.key ^ Math.imul(slots.serial[slot]!, POPULATION_KEY);
    const isOpen = opener.open(
      population,
      slots.client[slot]!,
      this.#simulation.nowNs,
      this.#place(slot, entity, attempt),
      this.#podChoices.uniform(entity, attempt),
    );
    slots.node[slot] = opener.node;
    slots.isMasqueraded[slot] = opener.isMasqueraded ? 1 : 0;
    if (isOpen) this.#opened(slot, opener.pod);
    else if (population.choice.protocol === 'UDP' && population.keepAlive !== null) slots.strandedOn[slot] = opener.pod;
    return isOpen;
  }

  /** A request of the slot is lost with the attempt that the opener made just now. */
  #lose(slot: number): void {
    const population = this.slots.population[slot]!;
    const { cause, isRefused } = this.#opener;
    // Clients inside whose nodes are all gone are gone with them.
    const isNowhere = this.slots.node[slot] === NO_NODE && !this.#populations[population]!.isFromOutside;
    if (!isNowhere) this.#observer.lost(population, cause, isRefused, 1);
  }

  /** So many requests of the slot are answered on its open connection. */
  #answered(slot: number, requests: number): void {
    const { population, node, pod, isMasqueraded } = this.slots;
    this.#observer.answered(population[slot]!, node[slot]!, pod[slot]!, isMasqueraded[slot] === 1, requests);
  }

  /** A number of [0, 1) that says where the client is, or for clients outside which node the load balancer chooses. */
  #place(slot: number, entity: number, attempt: number): number {
    const { isFromOutside, keepAlive, choice, sourceAddresses, placeOffset } =
      this.#populations[this.slots.population[slot]!]!;
    if (!isFromOutside) {
      // One address is in one place; and slots are spread evenly. Else connections come from anywhere.
      if (choice.affinityTimeoutNs !== null) return (this.slots.client[slot]! + placeOffset) / sourceAddresses;
      if (keepAlive !== null) return (this.slots.serial[slot]! + placeOffset) / keepAlive.connections;
    }
    return this.#entries.uniform(entity, attempt);
  }

  /** Enters the connection that the opener has opened, and schedules its end. */
  #opened(slot: number, pod: number): void {
    const { slots } = this;
    const population = this.#populations[slots.population[slot]!]!;
    slots.strandedOn[slot] = NO_POD;
    slots.open(slot, pod, this.#simulation.nowNs);
    this.#observer.opened(slots.population[slot]!, pod);
    const entity = population.key ^ Math.imul(slots.serial[slot]!, POPULATION_KEY);
    const lifetimeNs = lifetimeOf(population, this.#lifetimes.uniform(entity, slots.attempts[slot]!));
    if (lifetimeNs === null) return;
    this.#schedule(lifetimeNs, this.#close, slot, slots.generation[slot]!);
  }

  /** The next request of a UDP flow whose entry led to a pod that did not answer: the entry is still there if the rules have the pod. */
  #sendStranded(slot: number): boolean {
    const { slots } = this;
    const pod = slots.strandedOn[slot]!;
    const population = this.#populations[slots.population[slot]!]!;
    const node = slots.node[slot]!;
    if (!this.#opener.isHeld(population, node, pod)) {
      slots.strandedOn[slot] = NO_POD;
      return this.#connect(slot);
    }
    const isOpen = this.#opener.resume(population, slots.client[slot]!, node, pod);
    if (isOpen) this.#opened(slot, pod);
    return isOpen;
  }

  #end(slot: number): void {
    const population = this.#populations[this.slots.population[slot]!]!;
    const pod = this.slots.pod[slot]!;
    this.#countRequests(slot);
    this.#opener.close(population, this.slots.client[slot]!, this.slots.node[slot]!, pod);
    this.slots.close(slot);
    this.#observer.closed(this.slots.population[slot]!, pod);
  }

  #endAndGiveBack(slot: number): void {
    this.#end(slot);
    this.slots.giveBack(slot);
  }

  /** The slot has lost its connection and opens another one; no request depends on it yet. */
  #replace(slot: number): void {
    if (this.#isStopped || !this.#connect(slot)) this.#scheduleRequest(slot);
  }

  #breakConnectionsOf(pod: number, isSilent: boolean): void {
    // A pod that took them back would keep this from ending.
    if (this.#opener.accepts(pod)) throw new RangeError(`pod ${pod} has ended and accepts connections`);
    for (let slot = this.slots.anyOf(pod); slot >= 0; slot = this.slots.anyOf(pod)) {
      const population = this.#populations[this.slots.population[slot]!]!;
      const isFlow = population.choice.protocol === 'UDP';
      if (isSilent && !isFlow) this.entriesLeftBehind++;
      if (isFlow && population.keepAlive !== null) {
        this.#end(slot);
        this.slots.strandedOn[slot] = pod;
        this.#scheduleRequest(slot);
      } else {
        this.#break(slot);
      }
    }
  }

  #break(slot: number): void {
    const population = this.slots.population[slot]!;
    this.#observer.reset(population, this.slots.pod[slot]!);
    if (this.#populations[population]!.keepAlive === null) {
      this.#endAndGiveBack(slot);
    } else {
      this.#end(slot);
      this.#replace(slot);
    }
  }

  /** On an open connection of a pool, since they were last counted; those of others were counted when they opened. */
  #countRequests(slot: number): void {
    const { slots } = this;
    const { keepAlive, meanGapNs } = this.#populations[slots.population[slot]!]!;
    if (keepAlive === null) return;
    const { nowNs } = this.#simulation;
    const requests = (nowNs - slots.countedNs[slot]!) / meanGapNs;
    slots.countedNs[slot] = nowNs;
    this.#answered(slot, requests);
  }

  #scheduleArrival({ key, arrivals, meanGapNs }: PopulationState, index: number): void {
    this.#schedule(exponential(this.#gaps.uniform(key, arrivals), meanGapNs), this.#arrival, index, 0);
  }

  #scheduleRequest(slot: number): void {
    if (this.#isStopped) return;
    const { key, meanGapNs } = this.#populations[this.slots.population[slot]!]!;
    const entity = key ^ Math.imul(this.slots.serial[slot]!, POPULATION_KEY);
    // A number of its own for each wait: an attempt that is not made costs one too.
    const uniform = this.#gaps.uniform(entity, this.slots.attempts[slot]!++);
    this.#schedule(exponential(uniform, meanGapNs), this.#request, slot, this.slots.generation[slot]!);
  }

  #schedule(delayNs: number, kind: EventKind, a: number, b: number): void {
    this.#pendingEvents++;
    this.#simulation.schedule(this.#simulation.nowNs + Math.max(1, Math.round(delayNs)), kind, a, b);
  }
}

/** null: the client never closes it, or it takes no time. */
function lifetimeOf({ keepAlive, serviceTime }: ConnectionPopulation, uniform: number): number | null {
  if (keepAlive !== null)
    return keepAlive.meanLifetimeNs === null ? null : exponential(uniform, keepAlive.meanLifetimeNs);
  if (serviceTime === null) return null;
  const { meanNs, variation } = serviceTime;
  if (variation === 0) return meanNs;
  return variation === 1
    ? exponential(uniform, meanNs)
    : lognormalFromMeanCoefficientOfVariation(uniform, meanNs, variation);
}
