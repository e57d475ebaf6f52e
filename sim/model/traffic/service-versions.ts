/**
 * One service as the rules of nodes may hold it: how many endpoints there are at each version that some node still has, by how they
 * meet a connection. A row for each version; rows that no node needs any more are given up.
 *
 *   writes --> a row more;  a pod stops, fails, recovers --> all rows that hold it;  nodes move on --> the oldest rows go
 *
 * A row: endpoints by acceptance that are ready, and that serve while they terminate; how many of each are in every zone and accept;
 * and with hints, by zone, the ready ones that are hinted to it, by acceptance, and those of them that are there and accept.
 */

import { widen } from '../cluster/columns.js';
import { EndpointState, NO_ZONE } from '../node/endpoint-ledger.js';
import { Acceptance, ACCEPTANCES } from './connection-routes.js';

/** A set of endpoints in a row: how many there are of each acceptance, and behind them how many in all. */
export const SET_SIZE = ACCEPTANCES;
const SET_WIDTH = SET_SIZE + 1;
/** Where a set stands in a row: READY, TERMINATING or that of a zone. */
export type SetPlace = number;
/** Where the sets that every service has stand in its rows. */
export const READY = 0;
export const TERMINATING = SET_WIDTH;
export const TWO_SETS = 2 * SET_WIDTH;
const INITIAL_VERSIONS = 4;

export class ServiceVersions {
  readonly zones: number;
  readonly hasHints: boolean;
  /** Numbers in a row. */
  readonly width: number;
  /** The newest version. */
  newest = 0;
  /** The oldest one that has a row. */
  oldest = 0;
  rows: Int32Array;
  /** Nodes whose rules hold each version that has a row. */
  #nodesAt: Int32Array;

  constructor(zones: number, hasHints: boolean, nodes: number) {
    this.zones = zones;
    this.hasHints = hasHints;
    this.width = TWO_SETS + 2 * zones + (hasHints ? zones * (SET_WIDTH + 1) : 0);
    this.rows = new Int32Array(INITIAL_VERSIONS * this.width);
    this.#nodesAt = new Int32Array(INITIAL_VERSIONS);
    this.#nodesAt[0] = nodes;
  }

  /** Versions that there is room for, from the oldest on. */
  get capacity(): number {
    return this.#nodesAt.length;
  }

  /** Where the row of the version begins. */
  rowOf(version: number): number {
    return (version - this.oldest) * this.width;
  }

  /** Whether some node still has the version. */
  isHeld(version: number): boolean {
    return this.#nodesAt[version - this.oldest]! > 0;
  }

  /** Adds a version that is like the newest. Returns by how many places the rows moved down to make room, or 0. */
  add(): number {
    const moved = this.#makeRoom();
    const from = this.rowOf(this.newest);
    this.newest++;
    this.rows.copyWithin(from + this.width, from, from + this.width);
    this.#nodesAt[this.newest - this.oldest] = 0;
    return moved;
  }

  /** Counts an endpoint in the row of the version, or takes it out (`by` -1). */
  count(version: number, state: EndpointState, acceptance: number, zone: number, hintedZone: number, by: number): void {
    if (state === EndpointState.unusable) return;
    const row = this.rowOf(version);
    const { rows, zones } = this;
    const isReady = state === EndpointState.ready;
    this.#add(row + (isReady ? READY : TERMINATING), acceptance, by);
    if (zone >= 0 && acceptance === Acceptance.accepts) rows[row + TWO_SETS + (isReady ? 0 : zones) + zone]! += by;
    if (!this.hasHints || !isReady || hintedZone === NO_ZONE) return;
    const hinted = row + this.#hintedOffset(hintedZone);
    this.#add(hinted, acceptance, by);
    if (hintedZone === zone && acceptance === Acceptance.accepts) rows[hinted + SET_WIDTH]! += by;
  }

  /** A node goes from one version to a later one. */
  moveNode(from: number, to: number): void {
    this.#nodesAt[from - this.oldest]!--;
    this.#nodesAt[to - this.oldest]!++;
  }

  /** Endpoints of the set that stands at `offset` of a row. */
  sizeAt(offset: number): number {
    return this.rows[offset + SET_SIZE]!;
  }

  /**
   * Offset in `rows` of the set that nodes of a zone use for policy Cluster: the ready endpoints that are hinted to the zone if every
   * ready one has a hint and some are, else the ready ones, else those that serve while they terminate.
   */
  clusterSetAt(version: number, zone: number): number {
    const row = this.rowOf(version);
    if (this.sizeAt(row + READY) === 0) return row + TERMINATING;
    const hinted = row + this.#hintedOffset(zone);
    return this.isHinted(version) && this.sizeAt(hinted) > 0 ? hinted : row + READY;
  }

  /** Which of the three that is. */
  setAt(version: number, zone: number): 'ready' | 'terminating' | 'hinted' {
    const place = this.clusterSetAt(version, zone) - this.rowOf(version);
    return place === READY ? 'ready' : place === TERMINATING ? 'terminating' : 'hinted';
  }

  /** Whether there is any usable endpoint, here or elsewhere. */
  isAnywhere(version: number): boolean {
    const row = this.rowOf(version);
    return this.sizeAt(row + READY) + this.sizeAt(row + TERMINATING) > 0;
  }

  /** Whether every ready endpoint has a hint. */
  isHinted(version: number): boolean {
    if (!this.hasHints) return false;
    const row = this.rowOf(version);
    let hinted = 0;
    for (let zone = 0; zone < this.zones; zone++) hinted += this.sizeAt(row + this.#hintedOffset(zone));
    return hinted === this.sizeAt(row + READY);
  }

  /** Endpoints of the set at `offset` that are in the zone and accept. */
  acceptingInZone(version: number, offset: number, zone: number): number {
    const row = this.rowOf(version);
    const place = offset - row;
    if (place === READY) return this.rows[row + TWO_SETS + zone]!;
    if (place === TERMINATING) return this.rows[row + TWO_SETS + this.zones + zone]!;
    return this.rows[offset + SET_WIDTH]!;
  }

  #hintedOffset(zone: number): number {
    return TWO_SETS + 2 * this.zones + zone * (SET_WIDTH + 1);
  }

  #add(set: number, acceptance: number, by: number): void {
    this.rows[set + acceptance]! += by;
    this.rows[set + SET_SIZE]! += by;
  }

  /** Gives up rows that no node needs, or grows. */
  #makeRoom(): number {
    if (this.newest - this.oldest + 1 < this.capacity) return 0;
    let oldest = this.oldest;
    while (oldest < this.newest && this.#nodesAt[oldest - this.oldest] === 0) oldest++;
    const moved = oldest - this.oldest;
    this.rows.copyWithin(0, moved * this.width);
    this.#nodesAt.copyWithin(0, moved);
    this.oldest = oldest;
    // Only when it stays half full: otherwise every addition would move the rows again.
    if (this.newest - oldest + 1 > this.capacity / 2) {
      this.rows = widen(this.rows, 2 * this.rows.length);
      this.#nodesAt = widen(this.#nodesAt, 2 * this.#nodesAt.length);
    }
    return moved;
  }
}
