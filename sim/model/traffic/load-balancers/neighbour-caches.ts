/**
 * Which node clients and routers on the same network take an address to be at: their ARP and neighbour caches.
 *
 *   announcement of a node --> clients that take it: their entries point there at once
 *   entry runs out --> asked for again: whoever answers for the address now; nobody: no entry
 *   no entry --> asked for with every packet: the first node that answers
 *
 * Clients are followed in groups of equal size, whose entries run out together; the groups are spread evenly over the life of an
 * entry. Those that take announcements and those that ignore them are groups of their own.
 *
 * Left out: entries that are confirmed by traffic and so outlive their time, switches that learn where a hardware address is.
 */

import { ARP_CACHE_GROUPS } from '../../versions/metallb-profile.js';
import type { Layer2Settings } from '../../metallb-settings.js';

/** No node. */
export const NO_HOLDER = -1;

const GROUPS = ARP_CACHE_GROUPS.value;

/** Groups 0 to 15 take announcements, the others ignore them. */
export const CACHE_GROUPS = 2 * GROUPS;

export class NeighbourCaches {
  readonly #arpCacheNs: number;
  readonly #shareOfGroup: readonly [number, number];
  readonly #phaseNs: number;
  readonly #holder = new Int32Array(CACHE_GROUPS).fill(NO_HOLDER);
  /** Where the entries of a group without any pointed before. */
  readonly #lastHolder = new Int32Array(CACHE_GROUPS).fill(NO_HOLDER);

  /** @param uniform a number of (0, 1): when entries run out, relative to time 0 */
  constructor({ arpCacheNs, ignoringShare }: Layer2Settings, uniform: number) {
    this.#arpCacheNs = arpCacheNs;
    this.#shareOfGroup = [(1 - ignoringShare) / GROUPS, ignoringShare / GROUPS];
    this.#phaseNs = (uniform * arpCacheNs) / GROUPS;
  }

  /** Share of the clients that are in the group. */
  shareOf(group: number): number {
    return this.#shareOfGroup[takesAnnouncements(group) ? 0 : 1];
  }

  /** Where the entries of the group point. */
  holderOf(group: number): number {
    return this.#holder[group]!;
  }

  /** Whether open flows of the group would come to another node than the one where they were last. */
  movesTo(group: number, node: number): boolean {
    const last = this.#lastHolder[group]!;
    return node !== NO_HOLDER && last !== NO_HOLDER && last !== node;
  }

  point(group: number, node: number): void {
    this.#holder[group] = node;
    if (node !== NO_HOLDER) this.#lastHolder[group] = node;
  }

  /** Share of the clients whose entries point to the node. */
  weightOf(node: number): number {
    let taking = 0;
    let ignoring = 0;
    for (let group = 0; group < CACHE_GROUPS; group++) {
      if (this.#holder[group] !== node) continue;
      if (takesAnnouncements(group)) taking++;
      else ignoring++;
    }
    // All of them are 1, without rounding.
    if (taking === GROUPS && ignoring === GROUPS) return 1;
    return taking * this.#shareOfGroup[0] + ignoring * this.#shareOfGroup[1];
  }

  /** When the entries of the group run out next, after a time. */
  nextExpiryNs(group: number, afterNs: number): number {
    const firstNs = this.#phaseNs + ((group % GROUPS) * this.#arpCacheNs) / GROUPS;
    const turns = Math.floor((afterNs - firstNs) / this.#arpCacheNs) + 1;
    return Math.max(afterNs + 1, Math.round(firstNs + turns * this.#arpCacheNs));
  }
}

export const takesAnnouncements = (group: number): boolean => group < GROUPS;
