/**
 * What breaks the watches of the nodes, and how they come back.
 *
 *   API server restarts ----------> all its watches break  --\
 *   watch times out --------------> it breaks               --> [reflector back-off] --> watch again from the last version seen
 *   node does not read, or its                              --/         ^                 |           |
 *     frames wait too long: both                                        |      in the ring: replay   too old
 *     channels full, budget over -> the server closes it                |                 v           v
 *                                                                       |             connected   back-off, LIST
 *                                                                       |                 ^           | decoded
 *                                                                       |--- too old again ---- watch from the list's version
 *
 * A client whose connection broke is sent to the servers that are up in turn (a load balancer); one whose watch ended on a sound
 * connection stays, as HTTP/2 keeps the connection. So a server that comes back has no watchers but those still on their way,
 * and nothing evens that out: --goaway-chance is 0 by default. Its ring begins when it starts, so all who come to it list.
 *
 * A list is encoded for each client alone, and the lists of a server go through its card one by one with watch frames between
 * them, as connections share a card (list-sender.ts). Where lists are streamed (WatchList) the same stream goes on as the watch.
 *
 *   node lost -----------------------> its watch breaks; attempts fail, at the back-offs of its reflector, until the node is back
 *   node back ----> its network was lost: the next attempt, as above. It was restarted: LIST, at once
 *
 * In an undisturbed cluster this is one comparison per write and server (`afterAppend`), and no event at all.
 *
 * Left out: the watches of nodes on other resources (Services, Nodes), those of controllers and kubelets, bookmarks but the
 * last one of a watch, channels
 * that fill up while a list is streamed, a list that breaks half-way and has cost its bytes; the time in which a node does not
 * notice that its network is lost (HTTP/2 pings, 45 s) and an attempt to connect hangs; the time in which a node that
 * was restarted starts the pod of its kube-proxy.
 */

import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { WATCH_CACHE_RULES } from '../versions/watch-rules.js';
import type { ApiClient } from './api-client.js';
import { type ListListener, ListSender, type ListSenderParameters, type ListSize } from './list-sender.js';
import { ReflectorBackoffs, watchTimeoutNs } from './reflector.js';
import { WatcherBuffers } from './watcher-buffers.js';
import { EventRing, type RingLimits } from './watch-cache.js';
import type { NodeBack } from '../cluster/node-availability.js';
import type { WatchFanOut } from './watch-fan-out.js';
import { WatchFaults, type Fault } from './watch-faults.js';
import type { WatchRoutes } from './watch-routes.js';

/** Who has to know when what a node receives is no longer what it was. */
export interface WatchListener {
  /** Entries from `firstMissing` on, as far as they were under way, do not arrive. */
  onCut(node: number, firstMissing: number): void;
  /** Entries [from, end) arrive together at `atNs`, now or later. */
  onCatchUp(node: number, from: number, end: number, atNs: number): void;
  /** Entries from the end of the log on arrive by the dispatcher, not before `notBeforeNs`; Infinity: not before a catch-up. */
  onAttach(node: number, notBeforeNs: number): void;
  /** The node reads nothing until `untilNs`. */
  onPause(node: number, untilNs: number): void;
  /** The node is lost, and its watch cut before: it does nothing until it is back. */
  onLost(node: number): void;
  /** A lost node is back, and goes on. */
  onReturned(node: number): void;
  /** A lost node is back, and its kube-proxy knows nothing until its first list; the rules are there as before, or gone. */
  onRestarted(node: number, keepsRules: boolean): void;
  /** A node that was restarted has its first list: all that it has caught up with until now. */
  onFirstList(node: number): void;
}

export interface WatchConnectionParameters extends ListSenderParameters {
  readonly ring: RingLimits;
  /** A watch ends by itself between this and twice as much after its start; null: never. */
  readonly minWatchTimeoutNs: number | null;
  /** Lists are streamed by the watch that follows them. */
  readonly streamsLists: boolean;
  /** What a server may send that its reader has not taken. */
  readonly streamWindowBytes: number;
  /** Time of a client from the last byte of a list to its objects being known. */
  readonly decodePerByteNs: number;
  readonly latencyNs: Float64Array;
}

/** Entries that were sent again to one node. */
export interface Replay {
  readonly server: number;
  readonly startNs: number;
  readonly outNs: number;
  /** The first of them. */
  readonly from: number;
  readonly events: number;
  readonly bytes: number;
}

const NO_FAULT = -1;
const NO_SERVER = -1;
/** States of a node, which may come together. */
const UP = 0;
const LOST = 1;
/** It was restarted and has not had its first list. */
const STARTING = 2;
const NS_PER_SECOND = 1e9;
const BOOKMARK_BEFORE_TIMEOUT_NS = WATCH_CACHE_RULES.bookmarkBeforeTimeout.value * NS_PER_SECOND;

export class WatchConnections implements ListListener {
  /** LIST requests that watches which could not resume have led to. */
  relists = 0;
  /** Bytes of the lists that were sent whole, by API server. */
  readonly listBytesOf: Float64Array;
  /** Frame bytes of entries that nodes know of by a list and not by a watch. */
  bytesReplacedByLists = 0;
  /** Replays that were received whole, or still are on their way. */
  readonly replays = new Map<number, Replay>();
  readonly rings: EventRing[];
  readonly faults: WatchFaults;

  readonly #simulation: Simulation;
  readonly #log: WatchFanOut;
  readonly #routes: WatchRoutes;
  readonly #parameters: WatchConnectionParameters;
  readonly #listener: WatchListener;
  readonly #lists: ListSender;
  readonly #listSize: () => ListSize;
  readonly #buffers: WatcherBuffers;
  readonly #backoffs: ReflectorBackoffs;
  readonly #backoffHash: CounterHash;
  /** Back-offs of each node: the key of their jitter. */
  readonly #backoffCount: Int32Array;
  readonly #streams: RandomStreams;
  readonly #timeoutHash: CounterHash;
  // By API server.
  readonly #downUntilNs: Float64Array;
  // By node.
  readonly #nodeState: Uint8Array;
  /** Raised whenever the watch of a node breaks: events of former attempts are void. */
  readonly #attempt: Int32Array;
  readonly #needsList: Uint8Array;
  /** 1: the connection is sound, and so is kept. */
  readonly #keepsServer: Uint8Array;
  /** First entry that the node misses, and the server, the end and the size of its list, while it lists. */
  readonly #missingFrom: Int32Array;
  /** When the resource version was the newest that the node has last heard of. */
  readonly #revisionNs: Float64Array;
  readonly #listServer: Int32Array;
  readonly #listEnd: Int32Array;
  readonly #listedNs: Float64Array;
  readonly #listBytes: Float64Array;
  /** When each node was last lost. */
  readonly #lostNs: Float64Array;
  readonly #pausedUntilNs: Float64Array;
  /** The fault that broke the node's watch, until it watches again. */
  readonly #fault: Int32Array;
  readonly #lastReplay: Int32Array;
  /** Length of the log when the watch of a node timed out. */
  readonly #timedOutAt: Int32Array;
  #replayCount = 0;
  #nextServer = 0;
  #armedTimeouts = 0;
  #idleReconnects = 0;

  readonly #connectKind: EventKind;
  readonly #listDecodedKind: EventKind;
  readonly #backKind: EventKind;
  readonly #readsAgainKind: EventKind;
  readonly #timeoutKind: EventKind;

  constructor(
    simulation: Simulation,
    log: WatchFanOut,
    parameters: WatchConnectionParameters,
    listSize: () => ListSize,
    listener: WatchListener,
    streams: RandomStreams,
    /** How nodes ask for lists; null: lists take no seats. */
    client: ApiClient | null = null,
  ) {
    const { apiServers, watchers: nodes } = log;
    this.#simulation = simulation;
    this.#log = log;
    this.#routes = log.routes;
    this.#parameters = parameters;
    this.#listSize = listSize;
    this.#listener = listener;
    this.#streams = streams;
    this.#timeoutHash = streams.hash('watch-time-out');
    // Full of what happened before the run.
    this.rings = Array.from(
      { length: apiServers },
      () => new EventRing(parameters.ring, -parameters.ring.lowerBound, 0),
    );
    this.#buffers = new WatcherBuffers(log, parameters.streamWindowBytes, parameters.ring, parameters.latencyNs);
    this.#backoffs = new ReflectorBackoffs(nodes);
    this.#backoffHash = streams.hash('reflector-backoff');
    this.#backoffCount = new Int32Array(nodes);
    this.faults = new WatchFaults();
    this.#lists = new ListSender(simulation, log, parameters, this, client);
    this.listBytesOf = new Float64Array(apiServers);
    this.#downUntilNs = new Float64Array(apiServers);
    this.#nodeState = new Uint8Array(nodes).fill(UP);
    this.#attempt = new Int32Array(nodes);
    this.#needsList = new Uint8Array(nodes);
    this.#keepsServer = new Uint8Array(nodes);
    this.#missingFrom = new Int32Array(nodes);
    this.#revisionNs = new Float64Array(nodes).fill(-Infinity);
    this.#listServer = new Int32Array(nodes).fill(NO_SERVER);
    this.#listEnd = new Int32Array(nodes);
    this.#listedNs = new Float64Array(nodes);
    this.#listBytes = new Float64Array(nodes);
    this.#lostNs = new Float64Array(nodes);
    this.#pausedUntilNs = new Float64Array(nodes);
    this.#fault = new Int32Array(nodes).fill(NO_FAULT);
    this.#lastReplay = new Int32Array(nodes).fill(-1);
    this.#timedOutAt = new Int32Array(nodes).fill(-1);
    this.#connectKind = simulation.registerKind('watch: connect', (node, attempt) => {
      if (attempt === this.#attempt[node]) this.#connect(node);
    });
    this.#listDecodedKind = simulation.registerKind('watch: list decoded', (node, attempt) => {
      if (attempt === this.#attempt[node]) this.#onListDecoded(node);
    });
    this.#timeoutKind = simulation.registerKind('watch: time-out', (node, attempt) => this.#onTimeout(node, attempt));
    this.#readsAgainKind = simulation.registerKind('watch: reads again', (node) =>
      this.#buffers.onReadsAgain(node, simulation.nowNs),
    );
    this.#backKind = simulation.registerKind('API server: back', (server) => this.#onBack(server));
    this.#armFirstTimeouts();
  }

  /** Events that are scheduled although nothing is left to do: a run that has no others is over. */
  get backgroundEvents(): number {
    return this.#armedTimeouts + this.#idleReconnects;
  }

  /** Watches that servers closed because their clients were too slow. */
  get terminated(): number {
    return this.#buffers.terminated;
  }

  /** CPU time for lists by API server. */
  get listCpuNs(): Float64Array {
    return this.#lists.cpuNs;
  }

  isUp(server: number): boolean {
    return this.#simulation.nowNs >= this.#downUntilNs[server]!;
  }

  /** Must be called for every entry at the time of its commit, after the nodes have been told. */
  afterAppend(entry: number): void {
    this.#idleReconnects = 0;
    const commitNs = this.#log.commitNs[entry]!;
    for (let server = 0; server < this.#log.apiServers; server++) {
      if (!this.isUp(server)) continue;
      this.rings[server]!.add(commitNs, this.#log.commitNs);
    }
    const closed = this.#buffers.afterAppend(entry);
    if (closed === null) return;
    for (const { node, firstMissing, noticedNs, isPaused } of closed) {
      const fault = isPaused ? this.faults.ofPause(node) : NO_FAULT;
      this.#listener.onCut(node, firstMissing);
      this.#keepsServer[node] = 1;
      this.#break(node, firstMissing, noticedNs, fault);
    }
  }

  /** API server `server` is gone from now on for `forNs`. */
  restart(server: number, forNs: number): Fault {
    const nowNs = this.#simulation.nowNs;
    const fault = this.faults.begin('apiServerRestart', nowNs, nowNs + forNs);
    this.#downUntilNs[server] = Math.max(this.#downUntilNs[server]!, nowNs + forNs);
    this.#lists.onDown(server);
    // From the last rank: then no watcher moves up.
    for (const node of this.#routes.membersOf(server).toReversed()) {
      this.#keepsServer[node] = 0;
      this.#cut(node, fault.index);
    }
    for (let node = 0; node < this.#log.watchers; node++) {
      if (this.#listServer[node] !== server) continue;
      this.#keepsServer[node] = 0;
      this.#break(node, this.#missingFrom[node]!, nowNs, fault.index);
    }
    this.#simulation.schedule(this.#downUntilNs[server], this.#backKind, server);
    return fault;
  }

  /** `count` of the nodes do not read for `forNs` from now on. `draw` tells several such faults apart. */
  pause(count: number, forNs: number, draw: number): Fault {
    const nowNs = this.#simulation.nowNs;
    const untilNs = nowNs + forNs;
    const fault = this.faults.begin('slowWatchers', nowNs, untilNs);
    const hash = this.#streams.hash('slow-watchers');
    const nodes = Array.from({ length: this.#log.watchers }, (_, node) => node);
    const key = Float64Array.from(nodes, (node) => hash.uniform(node, draw));
    nodes.sort((a, b) => key[a]! - key[b]!);
    for (const node of nodes.slice(0, count)) {
      this.#pausedUntilNs[node] = Math.max(this.#pausedUntilNs[node]!, untilNs);
      this.faults.pause(node, fault.index);
      if (!this.#routes.isConnected(node)) continue;
      const first = this.#routes.pause(node, nowNs, untilNs);
      if (this.#listServer[node] === NO_SERVER) this.#buffers.pause(node, first, untilNs);
      this.#listener.onPause(node, untilNs);
      this.#simulation.schedule(untilNs, this.#readsAgainKind, node);
    }
    return fault;
  }

  #onBack(server: number): void {
    const nowNs = this.#simulation.nowNs;
    if (!this.isUp(server)) return;
    const { length } = this.#log;
    const { ring } = this.#parameters;
    this.rings[server] = new EventRing(ring, length, length, ring.lowerBound, nowNs);
    this.#lists.onUp(server);
    this.#log.resetServer(server, nowNs);
  }

  /** The node is cut off, or goes down. */
  onNodeLost(node: number): void {
    this.#nodeState[node]! |= LOST;
    this.#forgetTimeout(node);
    this.#keepsServer[node] = 0;
    const fault = this.#fault[node]!;
    // That its watch comes back is no longer a matter of the fault that broke it.
    this.#fault[node] = NO_FAULT;
    if (fault !== NO_FAULT) this.faults.onLost(fault);
    // Of a watch that has ended, too, something may be on its way.
    this.#cut(node, NO_FAULT);
    this.#lostNs[node] = this.#simulation.nowNs;
    this.#listener.onLost(node);
  }

  /** The node is back: with all that it knew, or with processes that know nothing. */
  onNodeReturned(node: number, back: NodeBack): void {
    const { nowNs } = this.#simulation;
    this.#nodeState[node]! &= ~LOST;
    if (back === 'unchanged') {
      if (this.#nodeState[node] === UP) this.#listener.onReturned(node);
      // The attempts of its reflectors have gone on failing.
      let atNs = this.#lostNs[node]!;
      do atNs += this.#backOff(node, atNs);
      while (atNs < nowNs);
      this.#simulation.schedule(atNs, this.#connectKind, node, this.#attempt[node]);
      return;
    }
    this.#nodeState[node] = STARTING;
    this.#needsList[node] = 1;
    this.#backoffs.reset(node);
    this.#listener.onRestarted(node, back === 'restarted');
    this.#simulation.schedule(nowNs, this.#connectKind, node, this.#attempt[node]);
  }

  /** First entry that the node has not been sent: the end of the log, or where a lost node was cut off. */
  sentUpTo(node: number): number {
    return this.isLost(node) ? this.#missingFrom[node]! : this.#log.length;
  }

  isLost(node: number): boolean {
    return (this.#nodeState[node]! & LOST) !== 0;
  }

  #cut(node: number, fault: number): void {
    const nowNs = this.#simulation.nowNs;
    const firstMissing = this.#routes.cut(node, nowNs);
    this.#listener.onCut(node, firstMissing);
    // A replay that was under way is sent anew.
    const replay = this.#lastReplay[node]!;
    if (firstMissing <= (this.replays.get(replay)?.from ?? -1)) this.replays.delete(replay);
    this.#break(node, firstMissing, nowNs, fault);
  }

  /** A node misses the entries from `firstMissing` on, and notices at `noticedNs`. */
  #break(node: number, firstMissing: number, noticedNs: number, fault: number): void {
    this.#buffers.onBreak(node);
    this.#attempt[node]!++;
    this.#missingFrom[node] = firstMissing;
    if (firstMissing > 0) this.#learnRevision(node, this.#log.commitNs[firstMissing - 1]!);
    this.#listServer[node] = NO_SERVER;
    if (fault !== NO_FAULT && this.#fault[node] === NO_FAULT) {
      this.#fault[node] = fault;
      this.faults.onBreak(fault);
    }
    if (!this.isLost(node)) this.#connectLater(node, Math.max(noticedNs, this.#pausedUntilNs[node]!));
  }

  #learnRevision(node: number, revisionNs: number): void {
    this.#revisionNs[node] = Math.max(this.#revisionNs[node]!, revisionNs);
  }

  #connectLater(node: number, fromNs: number): void {
    const failedNs = Math.max(Math.ceil(fromNs), this.#simulation.nowNs);
    const atNs = failedNs + this.#backOff(node, failedNs);
    this.#simulation.schedule(atNs, this.#connectKind, node, this.#attempt[node]);
  }

  #backOff(node: number, failedNs: number): number {
    const uniform = this.#backoffHash.uniform(node, this.#backoffCount[node]!++);
    return this.#backoffs.nextNs(node, failedNs, uniform);
  }

  /** A node that was to watch again after a time-out does so now, or never. */
  #forgetTimeout(node: number): void {
    if (this.#timedOutAt[node] === this.#log.length && this.#idleReconnects > 0) this.#idleReconnects--;
    this.#timedOutAt[node] = -1;
  }

  #connect(node: number): void {
    this.#forgetTimeout(node);
    const nowNs = this.#simulation.nowNs;
    if (nowNs < this.#pausedUntilNs[node]!) {
      this.#simulation.schedule(this.#pausedUntilNs[node]!, this.#connectKind, node, this.#attempt[node]);
      return;
    }
    const server = this.#chooseServer(node);
    if (server === null) this.#connectLater(node, nowNs);
    else if (this.#needsList[node] === 1) this.#list(node, server);
    else this.#watch(node, server);
  }

  #chooseServer(node: number): number | null {
    const { apiServers } = this.#log;
    if (this.#keepsServer[node] === 1 && this.isUp(this.#routes.server[node]!)) return this.#routes.server[node]!;
    for (let tries = 0; tries < apiServers; tries++) {
      const server = this.#nextServer++ % apiServers;
      if (this.isUp(server)) return server;
    }
    return null;
  }

  /** Watches from the first entry that the node misses, if the server still has it. */
  #watch(node: number, server: number): void {
    const log = this.#log;
    const nowNs = this.#simulation.nowNs;
    const from = this.#missingFrom[node]!;
    if (this.rings[server]!.isTooOld(from, this.#revisionNs[node]!)) {
      this.#needsList[node] = 1;
      this.#connectLater(node, nowNs);
      return;
    }
    const end = log.length;
    const bytes = log.bytesBefore[end]! - log.bytesBefore[from]!;
    const outNs = end > from ? log.sendBulk(server, bytes, nowNs) : nowNs;
    const atNs = Math.ceil(outNs + this.#parameters.latencyNs[node]!);
    if (end > from) {
      this.#lastReplay[node] = this.#replayCount;
      this.replays.set(this.#replayCount++, { server, startNs: nowNs, outNs, from, events: end - from, bytes });
    } else {
      this.#lastReplay[node] = -1;
    }
    this.#routes.catchUp(node, end, atNs);
    this.#attach(node, server, atNs);
    if (end > from) this.#listener.onCatchUp(node, from, end, atNs);
    this.#onWatching(node, atNs);
  }

  #attach(node: number, server: number, notBeforeNs: number): void {
    this.#routes.attach(node, server, notBeforeNs);
    this.#buffers.onAttach(node, this.rings[server]!.capacity);
    this.#listener.onAttach(node, notBeforeNs);
    this.#armTimeout(node, 1);
  }

  #onWatching(node: number, atNs: number): void {
    const fault = this.#fault[node]!;
    if (fault === NO_FAULT) return;
    this.#fault[node] = NO_FAULT;
    this.faults.onWatching(fault, atNs);
  }

  #list(node: number, server: number): void {
    this.relists++;
    this.#listServer[node] = server;
    this.#lists.request(node, this.#attempt[node]!, server, this.#listSize());
  }

  isWaiting(node: number, attempt: number): boolean {
    return attempt === this.#attempt[node];
  }

  onMade(node: number): void {
    const { length } = this.#log;
    this.#listEnd[node] = length;
    this.#listedNs[node] = this.#simulation.nowNs;
    if (!this.#parameters.streamsLists) return;
    this.#lastReplay[node] = -1;
    this.#routes.catchUp(node, length, Infinity);
    this.#attach(node, this.#listServer[node]!, Infinity);
  }

  onSent(node: number, attempt: number, bytes: number, outNs: number): void {
    this.#listBytes[node] = bytes;
    const decodedNs = outNs + this.#parameters.latencyNs[node]! + bytes * this.#parameters.decodePerByteNs;
    this.#simulation.schedule(Math.ceil(decodedNs), this.#listDecodedKind, node, attempt);
  }

  #onListDecoded(node: number): void {
    const nowNs = this.#simulation.nowNs;
    if (nowNs < this.#pausedUntilNs[node]!) {
      this.#simulation.schedule(this.#pausedUntilNs[node]!, this.#listDecodedKind, node, this.#attempt[node]);
      return;
    }
    const log = this.#log;
    const server = this.#listServer[node]!;
    const from = this.#missingFrom[node]!;
    const end = this.#listEnd[node]!;
    this.#needsList[node] = 0;
    this.#listServer[node] = NO_SERVER;
    this.#missingFrom[node] = end;
    this.#learnRevision(node, this.#listedNs[node]!);
    this.listBytesOf[server]! += this.#listBytes[node]!;
    this.bytesReplacedByLists += log.bytesBefore[end]! - log.bytesBefore[from]!;
    if (this.#parameters.streamsLists) {
      this.#routes.listed(node, nowNs);
      this.#listener.onCatchUp(node, from, end, nowNs);
      this.#onListed(node);
      this.#onWatching(node, nowNs);
      return;
    }
    this.#routes.catchUp(node, end, nowNs);
    if (end > from) this.#listener.onCatchUp(node, from, end, nowNs);
    this.#onListed(node);
    this.#watch(node, server);
  }

  #onListed(node: number): void {
    if (this.#nodeState[node] !== STARTING) return;
    this.#nodeState[node] = UP;
    this.#listener.onFirstList(node);
  }

  /** At the start each watch has been there for some part of its time. */
  #armFirstTimeouts(): void {
    if (this.#parameters.minWatchTimeoutNs === null) return;
    const hash = this.#streams.hash('watch-age');
    for (let node = 0; node < this.#log.watchers; node++) this.#armTimeout(node, hash.uniform(node, 0));
  }

  #armTimeout(node: number, shareLeft: number): void {
    const { minWatchTimeoutNs } = this.#parameters;
    if (minWatchTimeoutNs === null) return;
    const uniform = this.#timeoutHash.uniform(node, this.#attempt[node]!);
    const timeoutNs = watchTimeoutNs(uniform, minWatchTimeoutNs) * shareLeft;
    this.#armedTimeouts++;
    this.#simulation.schedule(
      this.#simulation.nowNs + Math.ceil(timeoutNs),
      this.#timeoutKind,
      node,
      this.#attempt[node],
    );
  }

  #onTimeout(node: number, attempt: number): void {
    this.#armedTimeouts--;
    if (attempt !== this.#attempt[node] || !this.#routes.isConnected(node)) return;
    const { length } = this.#log;
    if (this.#listServer[node] !== NO_SERVER) {
      this.#armTimeout(node, 1);
      return;
    }
    // The stream ends after what has been handed to it.
    const noticedNs = this.#routes.quietFromNs(node);
    this.#keepsServer[node] = 1;
    this.#learnRevision(node, this.#simulation.nowNs - BOOKMARK_BEFORE_TIMEOUT_NS);
    this.#routes.close(node, length);
    this.#break(node, length, noticedNs, NO_FAULT);
    this.#timedOutAt[node] = length;
    this.#idleReconnects++;
  }
}
