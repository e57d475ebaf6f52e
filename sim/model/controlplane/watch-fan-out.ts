/**
 * From one committed write to all nodes: the log of endpoint writes, and when each node receives each of them.
 *
 *   commit --> [watch cache of each API server] --> [its one dispatcher: a send to each watcher in turn]
 *          --> [network card of that server: a queue of frames] --> [link] --> node
 *
 * Both stages serve the watchers of a server one after the other, in order of rank. With c the time of a send, f the time of a
 * frame on the card, D when the dispatcher begins with the write and B when the card is free of earlier ones, the watcher of
 * rank r has its frame out at
 *
 *   out(r) = max(D + (r + 1) c, out(r - 1)) + f,   out(-1) = B,
 *
 * which solves to max(D + c + f + r max(c, f), B + (r + 1) f). So a delivery is a formula of the log entry and the node's
 * rank and never an event, and deliveries to one node arrive in the order of the log.
 *
 * Left out: bounded watcher buffers and closed watches, CPU of the API server as a limit, flow control, bookmarks.
 */

import { widen } from '../cluster/columns.js';

/** An index beyond every entry: "no such entry yet". */
export const NO_ENTRY = 0x7fffffff;
/** The trigger time of a write without the last-change-trigger-time annotation. */
export const NO_TRIGGER = -1;

export interface WatchFanOutParameters {
  readonly apiServers: number;
  /** Watching nodes; node j is connected to API server j mod apiServers with rank floor(j / apiServers). */
  readonly watchers: number;
  /** From the commit in etcd to the API server's watch cache. */
  readonly watchCacheLatencyNs: number;
  /** Serial time in the dispatcher for one watcher. */
  readonly dispatchPerWatcherNs: number;
  /** Egress of one API server; null: unlimited. */
  readonly networkBandwidthBitsPerSecond: number | null;
  readonly latencyNs: Float64Array;
}

/** What a committed write means for those who receive it. */
export interface EndpointWrite {
  readonly service: number;
  /** Size of the watch frame. */
  readonly bytes: number;
  /** When the earliest change in the write truly happened. */
  readonly changeNs: number;
  /** What the trigger time annotation says, or NO_TRIGGER. */
  readonly triggerNs: number;
  /** True when the write deletes the object. */
  readonly isDeletion: boolean;
  /** Usable endpoints of the service once the write is applied. */
  readonly endpointsAfter: number;
}

const INITIAL_CAPACITY = 4096;
const NS_PER_SECOND = 1e9;

/** Columns indexed by log entry; they grow, so hot loops fetch them anew at each call. */
export class WatchFanOut {
  length = 0;
  service = new Int32Array(INITIAL_CAPACITY);
  bytes = new Float64Array(INITIAL_CAPACITY);
  commitNs = new Float64Array(INITIAL_CAPACITY);
  changeNs = new Float64Array(INITIAL_CAPACITY);
  triggerNs = new Float64Array(INITIAL_CAPACITY);
  isDeletion = new Uint8Array(INITIAL_CAPACITY);
  endpointsAfter = new Int32Array(INITIAL_CAPACITY);
  /** The next entry of the same service, or NO_ENTRY. */
  nextOfService = new Int32Array(INITIAL_CAPACITY);
  /** The next entry of the same service that deletes an object, or NO_ENTRY. */
  nextDeletionOfService = new Int32Array(INITIAL_CAPACITY);
  /** max(c, f) and f of the formula above. */
  dispatchSlopeNs = new Float64Array(INITIAL_CAPACITY);
  frameNs = new Float64Array(INITIAL_CAPACITY);
  /** D + c + f and B + f of the formula above, by API server. */
  readonly dispatchBaseNs: Float64Array[];
  readonly networkBaseNs: Float64Array[];

  readonly watchers: number;
  readonly apiServers: number;

  readonly #parameters: WatchFanOutParameters;
  readonly #dispatcherFreeNs: Float64Array;
  readonly #networkFreeNs: Float64Array;
  readonly #lastOfService: Int32Array;
  /** First entry of each service since its last deletion: where a new deletion starts to link. */
  readonly #firstSinceDeletion: Int32Array;

  constructor(services: number, parameters: WatchFanOutParameters) {
    this.#parameters = parameters;
    this.watchers = parameters.watchers;
    this.apiServers = parameters.apiServers;
    this.dispatchBaseNs = Array.from({ length: parameters.apiServers }, () => new Float64Array(INITIAL_CAPACITY));
    this.networkBaseNs = Array.from({ length: parameters.apiServers }, () => new Float64Array(INITIAL_CAPACITY));
    this.#dispatcherFreeNs = new Float64Array(parameters.apiServers);
    this.#networkFreeNs = new Float64Array(parameters.apiServers);
    this.#lastOfService = new Int32Array(services).fill(NO_ENTRY);
    this.#firstSinceDeletion = new Int32Array(services).fill(NO_ENTRY);
  }

  /** Nodes that watch through an API server. */
  watchersOf(server: number): number {
    return Math.max(0, Math.ceil((this.watchers - server) / this.apiServers));
  }

  /** Appends a write that is committed now and works out its dispatch; returns its entry. Commits in order of time. */
  append(write: EndpointWrite, commitNs: number): number {
    if (this.length === this.service.length) this.#grow();
    const entry = this.length++;
    this.service[entry] = write.service;
    this.bytes[entry] = write.bytes;
    this.commitNs[entry] = commitNs;
    this.changeNs[entry] = write.changeNs;
    this.triggerNs[entry] = write.triggerNs;
    this.isDeletion[entry] = write.isDeletion ? 1 : 0;
    this.endpointsAfter[entry] = write.endpointsAfter;
    this.#link(entry, write);
    this.#dispatch(entry, write.bytes, commitNs);
    return entry;
  }

  /** When `node` receives `entry`. The hot loop of the kube-proxies spells this formula out. */
  deliveryNs(entry: number, node: number): number {
    const server = node % this.apiServers;
    const rank = (node - server) / this.apiServers;
    return (
      Math.max(
        this.dispatchBaseNs[server]![entry]! + rank * this.dispatchSlopeNs[entry]!,
        this.networkBaseNs[server]![entry]! + rank * this.frameNs[entry]!,
      ) + this.#parameters.latencyNs[node]!
    );
  }

  /** When the last frame of `entry` has left API server `server`. */
  lastFrameOutNs(entry: number, server: number): number {
    const lastRank = this.watchersOf(server) - 1;
    return Math.max(
      this.dispatchBaseNs[server]![entry]! + lastRank * this.dispatchSlopeNs[entry]!,
      this.networkBaseNs[server]![entry]! + lastRank * this.frameNs[entry]!,
    );
  }

  /** When the first frame of `entry` begins to leave API server `server`. */
  firstFrameNs(entry: number, server: number): number {
    return Math.max(this.dispatchBaseNs[server]![entry]!, this.networkBaseNs[server]![entry]!) - this.frameNs[entry]!;
  }

  /** How many frames of `entry` have left API server `server` by `timeNs`. */
  framesOut(entry: number, server: number, timeNs: number): number {
    const ranks = (baseNs: number, slopeNs: number): number =>
      baseNs > timeNs ? 0 : slopeNs === 0 ? Infinity : Math.floor((timeNs - baseNs) / slopeNs) + 1;
    return Math.min(
      this.watchersOf(server),
      ranks(this.dispatchBaseNs[server]![entry]!, this.dispatchSlopeNs[entry]!),
      ranks(this.networkBaseNs[server]![entry]!, this.frameNs[entry]!),
    );
  }

  #link(entry: number, write: EndpointWrite): void {
    const { service } = write;
    this.nextOfService[entry] = NO_ENTRY;
    this.nextDeletionOfService[entry] = NO_ENTRY;
    const previous = this.#lastOfService[service]!;
    if (previous !== NO_ENTRY) this.nextOfService[previous] = entry;
    this.#lastOfService[service] = entry;
    if (this.#firstSinceDeletion[service] === NO_ENTRY) this.#firstSinceDeletion[service] = entry;
    if (write.isDeletion) {
      for (let e = this.#firstSinceDeletion[service]!; e !== entry; e = this.nextOfService[e]!) {
        this.nextDeletionOfService[e] = entry;
      }
      this.#firstSinceDeletion[service] = NO_ENTRY;
    }
  }

  #dispatch(entry: number, bytes: number, commitNs: number): void {
    const {
      watchCacheLatencyNs,
      dispatchPerWatcherNs: sendNs,
      networkBandwidthBitsPerSecond: bandwidth,
    } = this.#parameters;
    // Whole nanoseconds keep every delivery time exact; a frame of 1 kB at 10 Gbit/s is 800 ns.
    const frameNs = bandwidth === null ? 0 : Math.round((bytes * 8 * NS_PER_SECOND) / bandwidth);
    this.frameNs[entry] = frameNs;
    this.dispatchSlopeNs[entry] = Math.max(sendNs, frameNs);
    for (let server = 0; server < this.apiServers; server++) {
      const watchers = this.watchersOf(server);
      if (watchers === 0) continue;
      const startNs = Math.max(commitNs + watchCacheLatencyNs, this.#dispatcherFreeNs[server]!);
      this.dispatchBaseNs[server]![entry] = startNs + sendNs + frameNs;
      this.networkBaseNs[server]![entry] = this.#networkFreeNs[server]! + frameNs;
      this.#dispatcherFreeNs[server] = startNs + watchers * sendNs;
      this.#networkFreeNs[server] = this.lastFrameOutNs(entry, server);
    }
  }

  #grow(): void {
    const capacity = this.service.length * 2;
    this.service = widen(this.service, capacity);
    this.isDeletion = widen(this.isDeletion, capacity);
    this.endpointsAfter = widen(this.endpointsAfter, capacity);
    this.nextOfService = widen(this.nextOfService, capacity);
    this.nextDeletionOfService = widen(this.nextDeletionOfService, capacity);
    this.bytes = widen(this.bytes, capacity);
    this.commitNs = widen(this.commitNs, capacity);
    this.changeNs = widen(this.changeNs, capacity);
    this.triggerNs = widen(this.triggerNs, capacity);
    this.dispatchSlopeNs = widen(this.dispatchSlopeNs, capacity);
    this.frameNs = widen(this.frameNs, capacity);
    for (let server = 0; server < this.apiServers; server++) {
      this.dispatchBaseNs[server] = widen(this.dispatchBaseNs[server]!, capacity);
      this.networkBaseNs[server] = widen(this.networkBaseNs[server]!, capacity);
    }
  }
}
