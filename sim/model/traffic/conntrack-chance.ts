/**
 * Whether a single connection finds a connection tracking table full, for clients that are followed one by one.
 *
 *   dropped share by node (conntrack-drops.ts) + a draw for each attempt and table --> dropped or not
 */

import type { CounterHash } from '../../kernel/random.js';

export class ConntrackChance {
  /** Dropped share of each node; null: no table drops anything, which costs no draw. */
  atNode: Float64Array | null = null;

  readonly #hash: CounterHash;
  readonly #nodeOf: (pod: number) => number;

  constructor(hash: CounterHash, nodeOf: (pod: number) => number) {
    this.#hash = hash;
    this.#nodeOf = nodeOf;
  }

  /** By the node where an attempt enters or starts; `entity` and `attempt` tell it from all others. */
  dropsAtEntry(node: number, entity: number, attempt: number): boolean {
    return this.atNode !== null && this.#hash.uniform(entity, 2 * attempt) < this.atNode[node]!;
  }

  /** By the node of the pod, if that is another one: each connection has one entry on a node. */
  dropsAtPod(entryNode: number, pod: number, entity: number, attempt: number): boolean {
    if (this.atNode === null) return false;
    const node = this.#nodeOf(pod);
    return node >= 0 && node !== entryNode && this.#hash.uniform(entity, 2 * attempt + 1) < this.atNode[node]!;
  }
}
