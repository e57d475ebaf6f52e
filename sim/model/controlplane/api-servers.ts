/**
 * The API servers as their clients see them: a request goes in, and is answered when it has been executed.
 *
 *   client (after its own qps/burst bucket) --request--> API server: flow control --> etcd --> the client's event fires
 *                                                        |429: again after 1 s
 *                                                        |down: the next server that is up
 *
 * Every request of every component goes through here, so that what limits them together (seats, inflight limits, a server
 * that is down, a slow etcd) is modelled in one place and by nobody else. The time that an unloaded server and etcd take is
 * the caller's draw (etcd.ts): it is keyed by the caller's own numbers, which keeps variants comparable.
 *
 * A request that arrives at once costs no event but its answer, and one that waits for its client's token one more.
 *
 * Left out: admission webhooks, authentication, CPU as a limit, requests that are cancelled by their client or run into
 * their timeout, the 10 retries after which a client gives up, the token that each retry takes from its bucket. A write
 * whose server goes down is taken not to have been committed.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { RandomStreams } from '../../kernel/random.js';
import { Histogram } from '../../stats/histogram.js';
import { API_CLIENT_COSTS, STORED_OBJECT_BYTES } from '../versions/etcd-costs.js';
import { FLOW_CONTROL_RULES } from '../versions/flow-control-rules.js';
import { ApiClient, type RequestTarget, type WatchedResource } from './api-client.js';
import { type EtcdStore, NO_SPACE } from './etcd-store.js';
import { FlowController, type FlowControlSettings } from './flow-control/flow-controller.js';
import { levelNumber, PRIORITY_LEVELS, type PriorityLevel, type Queuing } from './flow-control/priority-levels.js';
import { ANY_SERVER, GONE, RequestState, RequestTable } from './flow-control/request-table.js';
import type { RequestExecutor } from './flow-control/seats.js';
import { dealHand } from './flow-control/shuffle-sharding.js';
import {
  estimateList,
  estimateMutating,
  ONE_SEAT,
  type WorkEstimate,
  type WorkEstimator,
} from './flow-control/work-estimate.js';

export { ApiClient, type PriorityLevel, type WatchedResource } from './api-client.js';

const NS_PER_SECOND = 1e9;
const SECONDS_PER_NS = 1e-9;
const RETRY_AFTER_NS = FLOW_CONTROL_RULES.retryAfter.value * NS_PER_SECOND;
const RECONNECT_NS = API_CLIENT_COSTS.reconnect.value * NS_PER_SECOND;

const RESOURCES = Object.keys(STORED_OBJECT_BYTES) as readonly WatchedResource[];
const RESOURCE_NUMBERS = Object.fromEntries(RESOURCES.map((name, index) => [name, index])) as Record<
  WatchedResource,
  number
>;

const Verb = { read: 0, write: 1, list: 2 } as const;
type VerbNumber = (typeof Verb)[keyof typeof Verb];

export interface ApiServersParameters {
  readonly replicas: number;
  readonly flowControl: FlowControlSettings & { readonly workEstimator: WorkEstimator };
  readonly etcd: EtcdStore;
  readonly streams: RandomStreams;
  /** Use is measured from here on. */
  readonly measureFromNs: number;
}

const NOT_SCHEDULED = -1;

export class ApiServers implements RequestTarget {
  readonly #simulation: Simulation;
  /** null: every request is executed at once. */
  readonly #parameters: ApiServersParameters | null;
  readonly #clients: ApiClient[] = [];
  readonly #requests = new RequestTable();
  readonly #servers: readonly FlowController[];
  readonly #isDown: Uint8Array;
  /** When the latest restart of each server ends. */
  readonly #downUntilNs: Float64Array;
  /** Requests that found no server up. */
  #stranded: number[] = [];
  /** Watchers of each resource, by server. */
  readonly #watchers: ArrayLike<number>[];
  /** When each server goes on with what waits; Infinity: when the next request comes. */
  readonly #wakeNs: Float64Array;
  readonly #arriveKind: EventKind;
  readonly #wakeKind: EventKind;
  readonly #restartedKind: EventKind;
  readonly #waitSeconds = new Histogram();
  #rejected = 0;

  /** Without parameters every request is executed at once and takes its unloaded latency: one server without limits. */
  constructor(simulation: Simulation, parameters: ApiServersParameters | null = null) {
    this.#simulation = simulation;
    this.#parameters = parameters;
    const servers = parameters === null ? 0 : parameters.replicas;
    const executor: RequestExecutor = {
      execute: (request) => this.#execute(request),
      reject: (request) => this.#reject(request),
    };
    this.#servers = Array.from(
      { length: servers },
      () => new FlowController(parameters!.flowControl, this.#requests, executor, parameters!.measureFromNs),
    );
    this.#isDown = new Uint8Array(servers);
    this.#downUntilNs = new Float64Array(servers);
    this.#watchers = RESOURCES.map(() => new Int32Array(servers));
    this.#wakeNs = new Float64Array(servers).fill(Infinity);
    this.#arriveKind = simulation.registerKind('API server: request arrives', (request) => this.#arrive(request));
    this.#wakeKind = simulation.registerKind('API server: waiting requests', (server) => this.#wake(server));
    this.#restartedKind = simulation.registerKind('API server: takes requests again', (server) => {
      if (this.#downUntilNs[server]! <= simulation.nowNs) this.setDown(server, false);
    });
  }

  /** A component that sends requests: all requests of one client are of one priority level. */
  client(name: string, priorityLevel: PriorityLevel): ApiClient {
    const client = new ApiClient(this, this.#clients.length, name, priorityLevel);
    this.#clients.push(client);
    return client;
  }

  /**
   * A write leaves its client at `sentNs`, now or later; an unloaded server and etcd take `latencyNs` to commit it. When it is
   * committed, `answered` fires with (a, b): the time of that event is the commit time.
   *
   * @param bytes size of the object that is stored; by default a typical one of the resource
   */
  write(
    client: ApiClient,
    flow: number,
    resource: WatchedResource,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b = 0,
    bytes = STORED_OBJECT_BYTES[resource].value,
  ): void {
    this.#send(Verb.write, client, flow, RESOURCE_NUMBERS[resource], 0, bytes, sentNs, latencyNs, answered, a, b);
  }

  /** A read of one object from the watch cache; otherwise like `write`. */
  read(
    client: ApiClient,
    flow: number,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b = 0,
  ): void {
    this.#send(Verb.read, client, flow, RESOURCE_NUMBERS.other, 1, 0, sentNs, latencyNs, answered, a, b);
  }

  /**
   * A list of all objects of a resource from the watch cache, or a watch that begins with them; otherwise like `write`. The
   * seats are held for `latencyNs`, which is to contain the time of encoding and sending.
   *
   * @param bytes of all objects together
   * @param server the one that the client is connected to. When it goes down the request is over, and its client, which learns of
   *   that by itself, gets no answer.
   */
  list(
    client: ApiClient,
    flow: number,
    objects: number,
    bytes: number,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b = 0,
    server = ANY_SERVER,
  ): void {
    const resource = RESOURCE_NUMBERS.other;
    this.#send(Verb.list, client, flow, resource, objects, bytes, sentNs, latencyNs, answered, a, b, server);
  }

  /**
   * How many watch a resource through each server: a write there is charged for their notification. The counts are looked at
   * with each write, so they may change.
   */
  setWatchers(resource: WatchedResource, byServer: ArrayLike<number>): void {
    this.#watchers[RESOURCE_NUMBERS[resource]] = byServer;
  }

  /** A server goes down now, and takes requests again after `forNs`. Of restarts that overlap the last end holds. */
  restart(server: number, forNs: number): void {
    if (this.#parameters === null) return;
    const untilNs = this.#simulation.nowNs + forNs;
    this.#downUntilNs[server] = Math.max(this.#downUntilNs[server]!, untilNs);
    this.setDown(server, true);
    this.#simulation.schedule(untilNs, this.#restartedKind, server);
  }

  /**
   * A server goes down or comes up, now. What it was at is lost; the clients send it again, to the next server that is up, when
   * they have connected anew. With no server up they wait for the first.
   */
  setDown(server: number, isDown: boolean): void {
    if ((this.#isDown[server] === 1) === isDown) return;
    this.#isDown[server] = isDown ? 1 : 0;
    const reconnectedNs = this.#simulation.nowNs + RECONNECT_NS;
    if (isDown) {
      this.#loseRequests(server, reconnectedNs);
      return;
    }
    for (const request of this.#stranded) this.#simulation.schedule(reconnectedNs, this.#arriveKind, request);
    this.#stranded = [];
  }

  /** Seats of the levels; null without priority and fairness. */
  get nominalLimits(): Readonly<Record<PriorityLevel, number>> | null {
    const limits = this.#servers[0]?.nominalLimits() ?? null;
    if (limits === null) return null;
    return Object.fromEntries(PRIORITY_LEVELS.map((name, level) => [name, limits[level]!])) as Record<
      PriorityLevel,
      number
    >;
  }

  /** Seats in use over seats there were, where that is highest of all servers; null without priority and fairness. */
  utilization(level: PriorityLevel): number | null {
    if (this.#parameters?.flowControl.enablePriorityAndFairness !== true) return null;
    return Math.max(...this.#servers.map((server) => server.seatsOf(levelNumber(level)).utilization));
  }

  /** How long requests waited for their seats, in seconds: one value for each that was executed. */
  get waitSeconds(): Histogram {
    return this.#waitSeconds;
  }

  /** Answers with 429, Too Many Requests; a request that is rejected again counts again. */
  get rejected(): number {
    return this.#rejected;
  }

  /** The run is over at `endNs`: use is counted up to there. */
  end(endNs: number): void {
    for (const server of this.#servers) server.end(endNs);
  }

  #send(
    verb: VerbNumber,
    client: ApiClient,
    flow: number,
    resource: number,
    objects: number,
    bytes: number,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b: number,
    connection = ANY_SERVER,
  ): void {
    if (this.#parameters === null) {
      this.#simulation.schedule(sentNs + latencyNs, answered, a, b);
      return;
    }
    const requests = this.#requests;
    const request = requests.add();
    requests.verb[request] = verb;
    requests.client[request] = client.number;
    requests.flow[request] = flow;
    requests.connection[request] = connection;
    requests.resource[request] = resource;
    requests.objects[request] = objects;
    requests.bytes[request] = bytes;
    requests.latencyNs[request] = latencyNs;
    requests.answered[request] = answered;
    requests.a[request] = a;
    requests.b[request] = b;
    if (sentNs > this.#simulation.nowNs) this.#simulation.schedule(sentNs, this.#arriveKind, request);
    else this.#arrive(request);
  }

  #arrive(request: number): void {
    const requests = this.#requests;
    const connection = requests.connection[request]!;
    if (connection === GONE) {
      requests.remove(request);
      return;
    }
    const flow = requests.flow[request]!;
    const server = connection === ANY_SERVER ? this.#serverOf(flow) : this.#ifUp(connection);
    if (server < 0) {
      this.#stranded.push(request);
      return;
    }
    const client = this.#clients[requests.client[request]!]!;
    const controller = this.#servers[server]!;
    const limit = controller.limitOf(client.level, requests.verb[request] === Verb.write);
    const { initialSeats, finalSeats, additionalLatencyNs } = this.#estimate(request, server, limit);
    requests.server[request] = server;
    requests.initialSeats[request] = initialSeats;
    requests.finalSeats[request] = finalSeats;
    requests.additionalLatencyNs[request] = additionalLatencyNs;
    const waits = controller.arrive(request, limit, this.#handOf(client, flow), this.#simulation.nowNs);
    if (waits) this.#planWake(server);
  }

  /** The server of a flow: always the same one, as long as it is up. */
  #serverOf(flow: number): number {
    const servers = this.#servers.length;
    for (let step = 0; step < servers; step++) {
      const server = (flow + step) % servers;
      if (this.#isDown[server] === 0) return server;
    }
    return -1;
  }

  #ifUp(server: number): number {
    return this.#isDown[server] === 0 ? server : -1;
  }

  /** Without priority and fairness every request is one, whatever it costs. */
  #estimate(request: number, server: number, limit: number): WorkEstimate {
    const { verb, resource, objects, bytes } = this.#requests;
    const { workEstimator, enablePriorityAndFairness } = this.#parameters!.flowControl;
    if (verb[request] === Verb.read || workEstimator === 'one-seat' || !enablePriorityAndFairness) return ONE_SEAT;
    const controller = this.#servers[server]!;
    if (verb[request] === Verb.write) {
      return estimateMutating(this.#watchers[resource[request]!]![server]!, controller.maxSeats(limit));
    }
    const count = objects[request]!;
    const stored = { known: 'count', objects: count, averageBytes: bytes[request]! / Math.max(1, count) } as const;
    return estimateList(
      workEstimator,
      { servedFrom: 'cache', limit: 0, hasSelector: false, isSingleObject: false, stored },
      controller.maxSeats(limit),
    );
  }

  /** The queues that the flow is dealt; null where its level has none. */
  #handOf(client: ApiClient, flow: number): Uint8Array | null {
    const queuing = this.#servers[0]!.queuingOf(client.level);
    if (queuing === null) return null;
    return (client.hands[flow] ??= this.#deal(client, flow, queuing));
  }

  #deal(client: ApiClient, flow: number, { queues, handSize }: Queuing): Uint8Array {
    const hash = this.#parameters!.streams.hash(`shuffle-sharding/${client.name}`);
    return dealHand(queues, handSize, (card) => hash.uniform(flow, card));
  }

  /** Flow control has found seats for a request: returns when it will be answered. */
  #execute(request: number): number {
    const requests = this.#requests;
    const { nowNs } = this.#simulation;
    const unloadedNs = requests.latencyNs[request]!;
    this.#waitSeconds.record((nowNs - requests.arrivedNs[request]!) * SECONDS_PER_NS);
    const isWrite = requests.verb[request] === Verb.write;
    const takesNs = isWrite ? this.#parameters!.etcd.write(nowNs, unloadedNs, requests.bytes[request]!) : unloadedNs;
    if (takesNs === NO_SPACE) {
      // The client would try again and again without end, as nobody frees space: its request is given up here.
      requests.handle[request] = NOT_SCHEDULED;
      return nowNs + unloadedNs;
    }
    const answeredNs = nowNs + takesNs;
    const { answered, a, b } = requests;
    requests.handle[request] = this.#simulation.schedule(answeredNs, answered[request]!, a[request], b[request]);
    return answeredNs;
  }

  /** 429 with Retry-After: client-go waits, and tries again. */
  #reject(request: number): void {
    this.#rejected++;
    this.#requests.state[request] = RequestState.travelling;
    this.#simulation.schedule(this.#simulation.nowNs + RETRY_AFTER_NS, this.#arriveKind, request);
  }

  #wake(server: number): void {
    const { nowNs } = this.#simulation;
    // One that an earlier wake-up has overtaken.
    if (this.#wakeNs[server] !== nowNs) return;
    this.#wakeNs[server] = Infinity;
    this.#servers[server]!.proceed(nowNs);
    this.#planWake(server);
  }

  #planWake(server: number): void {
    const nextNs = this.#servers[server]!.nextChangeNs();
    if (nextNs >= this.#wakeNs[server]!) return;
    this.#wakeNs[server] = nextNs;
    this.#simulation.schedule(nextNs, this.#wakeKind, server);
  }

  #loseRequests(server: number, reconnectedNs: number): void {
    const requests = this.#requests;
    this.#servers[server]!.clear(this.#simulation.nowNs);
    this.#wakeNs[server] = Infinity;
    for (let request = 0; request < requests.end; request++) {
      const isConnected = requests.connection[request] === server && requests.state[request] !== RequestState.free;
      // What waits for its next attempt is found to be over when that comes.
      if (isConnected) requests.connection[request] = GONE;
      if (requests.server[request] !== server) continue;
      const state = requests.state[request]!;
      if (state !== RequestState.waiting && state !== RequestState.executing) continue;
      // What was answered holds only its final seats any more, and those are gone with the server.
      const isLost = state === RequestState.waiting || this.#simulation.cancel(requests.handle[request]!);
      if (isLost && !isConnected) {
        requests.state[request] = RequestState.travelling;
        this.#simulation.schedule(reconnectedNs, this.#arriveKind, request);
      } else {
        requests.remove(request);
      }
    }
  }
}
