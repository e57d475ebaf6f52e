/**
 * Which watch each node receives the log by: through which API server and at which place among its watchers, and what
 * changes when a watch ends and another begins.
 *
 *   node at rest:        server and rank, so a delivery is the formula of watch-fan-out.ts
 *   disturbed node:      stretches of the log, each with its own server and rank, or with one time for all of it
 *
 *     ... entries by the old watch | entries missed, all together at one time | entries by the new watch, not before ...
 *
 * The places of a server are dense: when a watcher leaves, the last one takes its place from the next entry on. Entries leave a
 * server in the order of the log whatever the ranks, so a node receives in order even as its rank changes. A node is at rest
 * again when it has applied all but its last stretch.
 */

/** The log, and when its frames leave a server. */
export interface FrameTimes {
  readonly length: number;
  /** When the frame of `entry` for the watcher of this rank has left the server. */
  outNs(entry: number, server: number, rank: number): number;
  /** The frames of these entries are sent to one watcher less than there were. */
  loseFrames(server: number, from: number, end: number): void;
}

/** The server of entries that a node does not get from the dispatcher: a replay, a list, or nothing yet. */
const NO_SERVER = -1;

/** From entry `from` up to the next stretch. */
interface Stretch {
  from: number;
  readonly server: number;
  readonly rank: number;
  /** No entry is taken earlier; without a server all entries are taken then. Infinity: not known yet. */
  notBeforeNs: number;
}

export class WatchRoutes {
  /** Of each node's present or last watch. */
  readonly server: Int32Array;
  readonly rank: Int32Array;
  /** 1: only the methods below know when the node receives an entry. */
  readonly disturbed: Uint8Array;
  disturbedNodes = 0;
  /** Watchers of each server. */
  readonly watchers: Int32Array;

  readonly #frames: FrameTimes;
  readonly #latencyNs: Float64Array;
  /** By server and rank. */
  readonly #members: number[][];
  /** First entry that a node at rest has by its present server and rank. */
  readonly #since: Int32Array;
  /** Of disturbed nodes. */
  readonly #stretches: (Stretch[] | undefined)[];
  readonly #connected: Uint8Array;

  /** At the start all nodes watch, spread evenly: node j on server j mod `servers`. */
  constructor(frames: FrameTimes, nodes: number, servers: number, latencyNs: Float64Array) {
    this.#frames = frames;
    this.#latencyNs = latencyNs;
    this.server = new Int32Array(nodes);
    this.rank = new Int32Array(nodes);
    this.disturbed = new Uint8Array(nodes);
    this.watchers = new Int32Array(servers);
    this.#members = Array.from({ length: servers }, () => []);
    this.#since = new Int32Array(nodes);
    this.#stretches = [];
    this.#connected = new Uint8Array(nodes).fill(1);
    for (let node = 0; node < nodes; node++) {
      const server = node % servers;
      this.server[node] = server;
      this.rank[node] = this.watchers[server]!++;
      this.#members[server]!.push(node);
    }
  }

  isConnected(node: number): boolean {
    return this.#connected[node] === 1;
  }

  /** The watchers of a server by rank. */
  membersOf(server: number): readonly number[] {
    return this.#members[server]!;
  }

  /** First entry that a node without a watch misses. */
  firstMissing(node: number): number {
    return this.#stretches[node]!.at(-1)!.from;
  }

  /** When the node takes `entry`; Infinity while nobody knows. */
  deliveryNs(entry: number, node: number): number {
    if (this.disturbed[node] === 0) {
      return this.#frames.outNs(entry, this.server[node]!, this.rank[node]!) + this.#latencyNs[node]!;
    }
    const stretches = this.#stretches[node]!;
    let last = stretches.length - 1;
    while (last > 0 && stretches[last]!.from > entry) last--;
    return this.#takenNs(entry, node, stretches[last]!);
  }

  /** When the node has taken all that it has coming; a time before the present one when it has. */
  quietFromNs(node: number): number {
    const last = this.#frames.length - 1;
    const stretches = this.#stretches[node];
    if (stretches === undefined) return last < this.#since[node]! ? 0 : this.deliveryNs(last, node);
    const readsNs = stretches.reduce((latestNs, { notBeforeNs }) => Math.max(latestNs, notBeforeNs), 0);
    return stretches[0]!.from <= last ? Math.max(readsNs, this.deliveryNs(last, node)) : readsNs;
  }

  /** First entry from `from` on that the node has not taken at `nowNs`. */
  firstUndelivered(node: number, from: number, nowNs: number): number {
    const { length } = this.#frames;
    let entry = from;
    while (entry < length && this.deliveryNs(entry, node) <= nowNs) entry++;
    return entry;
  }

  /**
   * The watch of a node breaks at `nowNs`: frames that have left the server arrive, the others are lost. Returns the first
   * entry that the node misses.
   */
  cut(node: number, nowNs: number): number {
    const stretches = this.#disturb(node);
    let end = this.#frames.length;
    for (let last = stretches.length - 1; last >= 0; last--) {
      const stretch = stretches[last]!;
      const firstLost = this.#firstLost(stretch, end, nowNs);
      if (stretch.server !== NO_SERVER) this.#frames.loseFrames(stretch.server, firstLost, end);
      end = Math.min(end, firstLost);
      // Something of it has arrived, and so has everything before.
      if (firstLost > stretch.from) break;
    }
    return this.#end(node, stretches, end);
  }

  /** The server closes the watch of a node; entries from `firstLost` on, which are all of the present watch, are dropped. */
  close(node: number, firstLost: number): void {
    const stretches = this.#disturb(node);
    let end = this.#frames.length;
    for (let last = stretches.length - 1; last >= 0 && end > firstLost; last--) {
      const { server, from } = stretches[last]!;
      const first = Math.max(from, firstLost);
      if (server !== NO_SERVER) this.#frames.loseFrames(server, first, end);
      end = first;
    }
    this.#end(node, stretches, firstLost);
  }

  /** First entry from which on all frames to the node come by its present watch. */
  watchFrom(node: number): number {
    const stretches = this.#stretches[node];
    if (stretches === undefined) return this.#since[node]!;
    let first = stretches.length - 1;
    while (first > 0 && stretches[first - 1]!.server !== NO_SERVER) first--;
    return stretches[first]!.from;
  }

  /** A node without a watch takes the entries that it misses up to `end` at `atNs`, all together. */
  catchUp(node: number, end: number, atNs: number): void {
    const stretches = this.#stretches[node]!;
    const missing = stretches.at(-1)!;
    if (end === missing.from) return;
    missing.notBeforeNs = atNs;
    stretches.push({ from: end, server: NO_SERVER, rank: 0, notBeforeNs: Infinity });
  }

  /** A node begins to watch `server` from the next entry on, and takes nothing of it before `notBeforeNs`. */
  attach(node: number, server: number, notBeforeNs: number): void {
    const stretches = this.#stretches[node]!;
    const rank = this.watchers[server]!++;
    this.#members[server]!.push(node);
    this.server[node] = server;
    this.rank[node] = rank;
    this.#connected[node] = 1;
    pushStretch(stretches, { from: this.#frames.length, server, rank, notBeforeNs });
  }

  /** What a node misses and what its new watch brings are taken at `atNs` or later: the list before them is complete. */
  listed(node: number, atNs: number): void {
    for (const stretch of this.#stretches[node]!) {
      if (stretch.notBeforeNs === Infinity) stretch.notBeforeNs = atNs;
    }
  }

  /** The node takes nothing between `nowNs` and `untilNs`; returns the first entry that this delays. */
  pause(node: number, nowNs: number, untilNs: number): number {
    const stretches = this.#disturb(node);
    let first = this.#frames.length;
    while (first > stretches[0]!.from && this.deliveryNs(first - 1, node) > nowNs) first--;
    let next = stretches.length;
    while (next > 0 && stretches[next - 1]!.from >= first) next--;
    // The stretch that it falls into is split there: what comes before has been taken.
    if (stretches[next]?.from !== first) stretches.splice(next, 0, { ...stretches[next - 1]!, from: first });
    for (; next < stretches.length; next++) {
      stretches[next]!.notBeforeNs = Math.max(stretches[next]!.notBeforeNs, untilNs);
    }
    return first;
  }

  /** Must be told from time to time how many entries a disturbed node has applied: brings it to rest when it can. */
  settle(node: number, applied: number, nowNs: number): void {
    const stretches = this.#stretches[node]!;
    let done = 0;
    while (done + 1 < stretches.length && stretches[done + 1]!.from <= applied) done++;
    if (done > 0) stretches.splice(0, done);
    if (stretches.length > 1 || stretches[0]!.server === NO_SERVER || stretches[0]!.notBeforeNs > nowNs) return;
    this.#since[node] = stretches[0]!.from;
    this.#stretches[node] = undefined;
    this.disturbed[node] = 0;
    this.disturbedNodes--;
  }

  #takenNs(entry: number, node: number, { server, rank, notBeforeNs }: Stretch): number {
    if (server === NO_SERVER) return notBeforeNs;
    return Math.max(notBeforeNs, this.#frames.outNs(entry, server, rank) + this.#latencyNs[node]!);
  }

  /** First entry of a stretch, which ends at `end`, that a break at `nowNs` takes from the node. */
  #firstLost({ from, server, rank, notBeforeNs }: Stretch, end: number, nowNs: number): number {
    // A replay that has not come in whole, and what follows a list that has not, are worth nothing.
    if (server === NO_SERVER) return notBeforeNs > nowNs ? Math.min(from, end) : end;
    if (notBeforeNs === Infinity) return Math.min(from, end);
    let first = end;
    while (first > from && this.#frames.outNs(first - 1, server, rank) > nowNs) first--;
    return first;
  }

  /** Takes the node from its server: it misses everything from `firstMissing` on. */
  #end(node: number, stretches: Stretch[], firstMissing: number): number {
    while (stretches.length > 0 && stretches.at(-1)!.from >= firstMissing) stretches.pop();
    stretches.push({ from: firstMissing, server: NO_SERVER, rank: 0, notBeforeNs: Infinity });
    if (this.#connected[node] === 1) this.#leave(node);
    return firstMissing;
  }

  #leave(node: number): void {
    this.#connected[node] = 0;
    const server = this.server[node]!;
    const rank = this.rank[node]!;
    const members = this.#members[server]!;
    const mover = members.pop()!;
    this.watchers[server]!--;
    if (mover === node) return;
    members[rank] = mover;
    const stretches = this.#disturb(mover);
    const { notBeforeNs } = stretches.at(-1)!;
    this.rank[mover] = rank;
    pushStretch(stretches, { from: this.#frames.length, server, rank, notBeforeNs });
  }

  /** The stretches of a node; one at rest gets the one that it is in. */
  #disturb(node: number): Stretch[] {
    let stretches = this.#stretches[node];
    if (stretches === undefined) {
      stretches = [{ from: this.#since[node]!, server: this.server[node]!, rank: this.rank[node]!, notBeforeNs: 0 }];
      this.#stretches[node] = stretches;
      this.disturbed[node] = 1;
      this.disturbedNodes++;
    }
    return stretches;
  }
}

/** Adds a stretch at the end; one that begins where it begins has no entry. */
function pushStretch(stretches: Stretch[], stretch: Stretch): void {
  while (stretches.length > 0 && stretches.at(-1)!.from >= stretch.from) stretches.pop();
  stretches.push(stretch);
}
