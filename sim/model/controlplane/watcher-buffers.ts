/**
 * The buffers between an API server's dispatcher and its watchers, and who is closed because his are full.
 *
 *   dispatcher --> [input channel] --> [result channel] --> [stream window, socket buffer: bytes] --> card --> reader
 *       |               both of a size fixed when the watch starts (watch-cache.ts)
 *       |--> both full: wait out of the budget of the dispatcher, all full watchers together; then close those still full
 *
 * A frame leaves the channels when it fits into the window: when the frames in front of it have left the card, and have been
 * read by a node that has stopped to read. So whether watchers wait can be seen from the last one: only if the frame that lies
 * a window before the channels of the newest entry has not left the card for him, watchers are looked at one by one.
 */

import { WATCH_CACHE_RULES } from '../versions/watch-rules.js';
import { DispatchBudget, NO_INDEX, watchChannelSize, type RingLimits } from './watch-cache.js';
import type { WatchFanOut } from './watch-fan-out.js';

/** A watch that its server has closed. Its entries from `firstMissing` on were in the channels and are dropped. */
export interface ClosedWatch {
  readonly node: number;
  readonly firstMissing: number;
  /** When the node has read all that was sent before. */
  readonly noticedNs: number;
  /** Whether the node has stopped to read; otherwise the card of the server is behind. */
  readonly isPaused: boolean;
}

/** A watcher whose channels are full, until `untilNs` if nobody closes it. */
interface FullWatcher {
  readonly node: number;
  readonly untilNs: number;
  readonly firstMissing: number;
  readonly isPaused: boolean;
}

/** A node that has stopped to read. */
interface Pause {
  readonly untilNs: number;
  /** The first entry that it has not read. */
  readonly unreadFrom: number;
  /** The window holds the entries from there up to this one, which is not in it. */
  windowEnd: number;
}

export class WatcherBuffers {
  terminated = 0;
  readonly #log: WatchFanOut;
  readonly #windowBytes: number;
  readonly #ring: RingLimits;
  readonly #latencyNs: Float64Array;
  readonly #budgets: DispatchBudget[];
  /** Both channels of each watcher together. */
  readonly #channels: Int32Array;
  readonly #fewestChannels: number;
  readonly #pauses = new Map<number, Pause>();

  constructor(log: WatchFanOut, windowBytes: number, ring: RingLimits, latencyNs: Float64Array) {
    this.#log = log;
    this.#latencyNs = latencyNs;
    this.#windowBytes = windowBytes;
    this.#ring = ring;
    this.#budgets = Array.from({ length: log.apiServers }, () => new DispatchBudget());
    this.#fewestChannels = this.#channelsAt(ring.lowerBound);
    this.#channels = new Int32Array(log.watchers).fill(this.#fewestChannels);
  }

  onAttach(node: number, capacity: number): void {
    this.#channels[node] = this.#channelsAt(capacity);
  }

  onBreak(node: number): void {
    this.#pauses.delete(node);
  }

  pause(node: number, unreadFrom: number, untilNs: number): void {
    // One that was slow already goes on with what it has not read.
    const before = this.#pauses.get(node);
    this.#pauses.set(node, {
      untilNs: Math.max(untilNs, before?.untilNs ?? 0),
      unreadFrom: before?.unreadFrom ?? unreadFrom,
      windowEnd: before?.windowEnd ?? unreadFrom,
    });
  }

  /** Ends the pause of a node, if it is not to be longer by now. */
  onReadsAgain(node: number, nowNs: number): void {
    if ((this.#pauses.get(node)?.untilNs ?? Infinity) <= nowNs) this.#pauses.delete(node);
  }

  /** Closes the watches for which `entry`, the newest, cannot be taken in time; null when there are none. */
  afterAppend(entry: number): ClosedWatch[] | null {
    const log = this.#log;
    const mustBeOut = this.#lastBeforeWindow(entry - this.#fewestChannels);
    if (mustBeOut < 0 && this.#pauses.size === 0) return null;
    let closed: ClosedWatch[] | null = null;
    for (let server = 0; server < log.apiServers; server++) {
      if (log.watchersAt[server]![entry] === 0) continue;
      const sentNs = log.dispatcherFreeNs(server);
      const cardIsLate =
        mustBeOut >= 0 && log.watchersAt[server]![mustBeOut]! > 0 && log.lastFrameOutNs(mustBeOut, server) > sentNs;
      if (!cardIsLate && this.#pauses.size === 0) continue;
      closed = this.#relieve(server, entry, sentNs, cardIsLate, closed);
    }
    return closed;
  }

  /** Waits for the full watchers of a server, and closes those for which that does not help. */
  #relieve(
    server: number,
    entry: number,
    sentNs: number,
    cardIsLate: boolean,
    closedBefore: ClosedWatch[] | null,
  ): ClosedWatch[] | null {
    const { routes } = this.#log;
    const nodes = cardIsLate
      ? routes.membersOf(server)
      : [...this.#pauses.keys()].filter((node) => routes.isConnected(node) && routes.server[node] === server);
    const full = nodes.flatMap((node) => this.#fullWatcher(node, entry, sentNs) ?? []);
    if (full.length === 0) return closedBefore;
    const budget = this.#budgets[server]!;
    const availableNs = budget.take(sentNs);
    const closed = closedBefore ?? [];
    let waitNs = 0;
    for (const { node, untilNs, firstMissing, isPaused } of full) {
      waitNs = Math.max(waitNs, Math.min(untilNs - sentNs, availableNs));
      if (untilNs <= sentNs + availableNs) continue;
      const noticedNs = firstMissing === 0 ? sentNs : this.#log.deliveryNs(firstMissing - 1, node);
      routes.close(node, firstMissing);
      this.terminated++;
      closed.push({ node, firstMissing, noticedNs, isPaused });
    }
    budget.giveBack(availableNs - waitNs);
    this.#log.delayDispatcher(server, Math.round(waitNs));
    return closed;
  }

  #fullWatcher(node: number, entry: number, sentNs: number): FullWatcher | null {
    const { routes } = this.#log;
    const channels = this.#channels[node]!;
    const pause = this.#pauses.get(node);
    const watchFrom = routes.watchFrom(node);
    if (pause !== undefined && pause.untilNs > sentNs) {
      const { bytesBefore } = this.#log;
      const windowEndBytes = bytesBefore[pause.unreadFrom]! + this.#windowBytes;
      while (pause.windowEnd <= entry && bytesBefore[pause.windowEnd + 1]! <= windowEndBytes) pause.windowEnd++;
      if (entry - pause.windowEnd < channels) return null;
      return { node, untilNs: pause.untilNs, firstMissing: Math.max(watchFrom, pause.windowEnd), isPaused: true };
    }
    const taken = entry - channels;
    const mustBeOut = this.#lastBeforeWindow(taken);
    if (mustBeOut < watchFrom) return null;
    const outNs = this.#log.deliveryNs(mustBeOut, node) - this.#latencyNs[node]!;
    // Infinity: the list that the stream begins with is still on its way.
    if (outNs <= sentNs || outNs === Infinity) return null;
    return { node, untilNs: outNs, firstMissing: taken + 1, isPaused: false };
  }

  /** The last entry that does not fit into the window together with those after it up to `last`; -1 when all do. */
  #lastBeforeWindow(last: number): number {
    const { bytesBefore } = this.#log;
    if (last < 0 || bytesBefore[last + 1]! <= this.#windowBytes) return -1;
    const beginBytes = bytesBefore[last + 1]! - this.#windowBytes;
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bytesBefore[middle + 1]! < beginBytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #channelsAt(capacity: number): number {
    const size = watchChannelSize(capacity, this.#ring.freshNs, NO_INDEX);
    return size * WATCH_CACHE_RULES.channelsPerWatcher.value;
  }
}
