/**
 * The endpoints that each node has itself, as its rules hold them, by how they meet a connection: what policy Local and hints for
 * nodes choose from, and what needs no second hop.
 *
 *   rules of a node move on, a pod on it stops or fails --> counts of (node, service)
 */

import { widen } from '../cluster/columns.js';
import { EndpointState } from '../node/endpoint-ledger.js';
import { NO_ROW, PairIndex } from '../node/pair-index.js';
import { Acceptance } from './connection-routes.js';
import { READY, SET_SIZE, type SetPlace, TERMINATING, TWO_SETS } from './service-versions.js';

/** The node has no endpoint of the service. */
export const NOTHING_HERE = -1;

export class NodeEndpoints {
  readonly #index = new PairIndex();
  /** A row for each (node, service): ready endpoints by acceptance, and those that serve while they terminate. */
  counts = new Int32Array(this.#index.capacity * TWO_SETS);

  /** Where in `counts` the endpoints stand that the node has of the service, or NOTHING_HERE. */
  offsetOf(node: number, service: number): number {
    const row = this.#index.find(node, service);
    return row === NO_ROW ? NOTHING_HERE : row * TWO_SETS;
  }

  /** Ready endpoints, those that serve while they terminate included or not. */
  sizeAt(offset: number, set: SetPlace): number {
    return offset === NOTHING_HERE ? 0 : this.counts[offset + set + SET_SIZE]!;
  }

  /** Those of the set that accept. */
  acceptingAt(offset: number, set: SetPlace): number {
    return offset === NOTHING_HERE ? 0 : this.counts[offset + set + Acceptance.accepts]!;
  }

  /** Counts an endpoint (`by` 1), or takes it out (-1). */
  count(node: number, service: number, state: EndpointState, acceptance: number, by: number): void {
    if (state === EndpointState.unusable || node < 0) return;
    let row = this.#index.find(node, service);
    if (row === NO_ROW) {
      row = this.#index.add(node, service);
      if (row * TWO_SETS >= this.counts.length) this.counts = widen(this.counts, this.#index.capacity * TWO_SETS);
      this.counts.fill(0, row * TWO_SETS, (row + 1) * TWO_SETS);
    }
    const offset = row * TWO_SETS;
    const set = offset + (state === EndpointState.ready ? READY : TERMINATING);
    this.counts[set + acceptance]! += by;
    this.counts[set + SET_SIZE]! += by;
    if (by < 0 && this.sizeAt(offset, READY) + this.sizeAt(offset, TERMINATING) === 0)
      this.#index.remove(node, service);
  }
}
