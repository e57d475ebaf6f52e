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
 * Which server and rank a node has, and what it misses when its watch breaks, is kept in watch-routes.ts; what breaks watches
 * and mends them is watch-connections.ts.
 *
 * CPU limits a server by making its frames take as long as their CPU time does on all of its cores, where that is longer than on
 * the card: two stations in a row are taken for the slower of the two, which is right for whichever of them is the
 * bottleneck.
 *
 * Left out: the time on the card that the frames of a watch that breaks would have taken (nobody moves up in the queue),
 * bookmarks.
 */

import { widen } from '../cluster/columns.js';
import { WatchRoutes, type FrameTimes } from './watch-routes.js';

/** An index beyond every entry: "no such entry yet". */
export const NO_ENTRY = 0x7fffffff;
/** The trigger time of a write without the last-change-trigger-time annotation. */
export const NO_TRIGGER = -1;

export interface WatchFanOutParameters {
  readonly apiServers: number;
  /** Watching nodes; at first node j is connected to API server j mod apiServers with rank floor(j / apiServers). */
  readonly watchers: number;
  /** From the commit in etcd to the API server's watch cache. */
  readonly watchCacheLatencyNs: number;
  /** Serial time in the dispatcher for one watcher. */
  readonly dispatchPerWatcherNs: number;
  /** Egress of one API server; null: unlimited. */
  readonly networkBandwidthBitsPerSecond: number | null;
  /** CPU time of a frame over the cores of an API server: what it takes at least. Omitted: CPU is no limit. */
  readonly frameCpuNs?: { readonly perFrame: number; readonly perByte: number };
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
export class WatchFanOut implements FrameTimes {
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
  /** Bytes of all entries before each one. */
  bytesBefore = new Float64Array(INITIAL_CAPACITY + 1);
  /** Watchers that each entry was dispatched to, by API server. */
  readonly watchersAt: Int32Array[];
  /** Those of them whose watch broke before the frame was sent, by API server; empty as long as there are none. */
  readonly lostFrames: Int32Array[];

  readonly routes: WatchRoutes;
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
    this.watchersAt = Array.from({ length: parameters.apiServers }, () => new Int32Array(INITIAL_CAPACITY));
    this.lostFrames = Array.from({ length: parameters.apiServers }, () => new Int32Array(0));
    this.routes = new WatchRoutes(this, parameters.watchers, parameters.apiServers, parameters.latencyNs);
    this.#dispatcherFreeNs = new Float64Array(parameters.apiServers);
    this.#networkFreeNs = new Float64Array(parameters.apiServers);
    this.#lastOfService = new Int32Array(services).fill(NO_ENTRY);
    this.#firstSinceDeletion = new Int32Array(services).fill(NO_ENTRY);
  }

  /** Appends a write that is committed now and works out its dispatch; returns its entry. Commits in order of time. */
  append(write: EndpointWrite, commitNs: number): number {
    if (this.length === this.service.length) this.#grow();
    const entry = this.length++;
    this.service[entry] = write.service;
    this.bytes[entry] = write.bytes;
    this.bytesBefore[entry + 1] = this.bytesBefore[entry]! + write.bytes;
    this.commitNs[entry] = commitNs;
    this.changeNs[entry] = write.changeNs;
    this.triggerNs[entry] = write.triggerNs;
    this.isDeletion[entry] = write.isDeletion ? 1 : 0;
    this.endpointsAfter[entry] = write.endpointsAfter;
    this.#link(entry, write);
    this.#dispatch(entry, write.bytes, commitNs);
    return entry;
  }

  /** When `node` receives `entry`; Infinity while that is not known. The hot loop of the kube-proxies spells this out. */
  deliveryNs(entry: number, node: number): number {
    return this.routes.deliveryNs(entry, node);
  }

  outNs(entry: number, server: number, rank: number): number {
    return Math.max(
      this.dispatchBaseNs[server]![entry]! + rank * this.dispatchSlopeNs[entry]!,
      this.networkBaseNs[server]![entry]! + rank * this.frameNs[entry]!,
    );
  }

  /** When the last frame of `entry` has left API server `server`, all of its watchers being there until then. */
  lastFrameOutNs(entry: number, server: number): number {
    return this.outNs(entry, server, this.watchersAt[server]![entry]! - 1);
  }

  /** When the first frame of `entry` begins to leave API server `server`. */
  firstFrameNs(entry: number, server: number): number {
    return Math.max(this.dispatchBaseNs[server]![entry]!, this.networkBaseNs[server]![entry]!) - this.frameNs[entry]!;
  }

  /** Frames of `entry` that API server `server` sends in all. */
  framesOf(entry: number, server: number): number {
    return this.watchersAt[server]![entry]! - (this.lostFrames[server]![entry] ?? 0);
  }

  /** How many frames of `entry` have left API server `server` by `timeNs`, those of the last ranks being the lost ones. */
  framesOut(entry: number, server: number, timeNs: number): number {
    const frames = this.framesOf(entry, server);
    if (frames === 0) return 0;
    const ranks = (baseNs: number, slopeNs: number): number =>
      baseNs > timeNs ? 0 : slopeNs === 0 ? Infinity : Math.floor((timeNs - baseNs) / slopeNs) + 1;
    return Math.min(
      frames,
      ranks(this.dispatchBaseNs[server]![entry]!, this.dispatchSlopeNs[entry]!),
      ranks(this.networkBaseNs[server]![entry]!, this.frameNs[entry]!),
    );
  }

  loseFrames(server: number, from: number, end: number): void {
    if (from >= end) return;
    if (this.lostFrames[server]!.length === 0) this.lostFrames[server] = new Int32Array(this.service.length);
    const lost = this.lostFrames[server]!;
    for (let entry = from; entry < end; entry++) lost[entry]!++;
  }

  /** How long the network card of an API server takes for this much. */
  networkNs(bytes: number): number {
    const bandwidth = this.#parameters.networkBandwidthBitsPerSecond;
    // Whole nanoseconds keep every delivery time exact; a frame of 1 kB at 10 Gbit/s is 800 ns.
    return bandwidth === null ? 0 : Math.round((bytes * 8 * NS_PER_SECOND) / bandwidth);
  }

  /** Sends this much through the network card, behind all that waits for it at `nowNs`; returns when it is out. */
  sendBulk(server: number, bytes: number, nowNs: number): number {
    const outNs = Math.max(nowNs, this.#networkFreeNs[server]!) + this.networkNs(bytes);
    this.#networkFreeNs[server] = outNs;
    return outNs;
  }

  /** When the dispatcher has sent all that it has to. */
  dispatcherFreeNs(server: number): number {
    return this.#dispatcherFreeNs[server]!;
  }

  /** The dispatcher waits for watchers that are full. */
  delayDispatcher(server: number, byNs: number): void {
    this.#dispatcherFreeNs[server]! += byNs;
  }

  /** A server that starts anew has nothing in its queues. */
  resetServer(server: number, nowNs: number): void {
    this.#dispatcherFreeNs[server] = nowNs;
    this.#networkFreeNs[server] = nowNs;
  }

  /** Time of a dispatcher for one watcher of one write. */
  get dispatchPerWatcherNs(): number {
    return this.#parameters.dispatchPerWatcherNs;
  }

  /** The last entry of the service, or NO_ENTRY. */
  lastEntryOf(service: number): number {
    return this.#lastOfService[service]!;
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
    const { watchCacheLatencyNs, dispatchPerWatcherNs: sendNs, frameCpuNs } = this.#parameters;
    const cpuNs = frameCpuNs === undefined ? 0 : Math.round(frameCpuNs.perFrame + frameCpuNs.perByte * bytes);
    const frameNs = Math.max(this.networkNs(bytes), cpuNs);
    this.frameNs[entry] = frameNs;
    this.dispatchSlopeNs[entry] = Math.max(sendNs, frameNs);
    for (let server = 0; server < this.apiServers; server++) {
      const watchers = this.routes.watchers[server]!;
      this.watchersAt[server]![entry] = watchers;
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
    this.bytesBefore = widen(this.bytesBefore, capacity + 1);
    for (let server = 0; server < this.apiServers; server++) {
      this.dispatchBaseNs[server] = widen(this.dispatchBaseNs[server]!, capacity);
      this.networkBaseNs[server] = widen(this.networkBaseNs[server]!, capacity);
      this.watchersAt[server] = widen(this.watchersAt[server]!, capacity);
      if (this.lostFrames[server]!.length > 0) this.lostFrames[server] = widen(this.lostFrames[server]!, capacity);
    }
  }
}
