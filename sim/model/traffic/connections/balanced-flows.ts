/**
 * Open connections that come by a load balancer, and what it does to them on their way.
 *
 *   next hops change, no table of flows: a share moves --+
 *   target taken out of the pool --drain--> ends --------+--> connections that break
 *
 * A connection that comes by another node than before breaks: under policy Local another node never has its pod, under policy Cluster
 * it knows nothing of the connection, and would find the right pod by luck only.
 */

import type { CounterHash } from '../../../kernel/random.js';
import { NO_NODE, NO_POD } from '../../cluster/pods.js';
import type { ConnectionSlots } from './connection-slots.js';

/** What it needs to know of the clients of a service. */
export interface BalancedPopulation {
  readonly service: number;
  /** Whether they come by the load balancer. */
  readonly isBalanced?: boolean;
  readonly keepAlive: object | null;
  /** Keys their draws. */
  readonly key: number;
}

export class BalancedFlows {
  readonly #slots: ConnectionSlots;
  readonly #populations: readonly BalancedPopulation[];
  readonly #hash: CounterHash;
  readonly #breakOnWay: (slot: number) => void;
  /** By service: the nodes that its load balancer sends to. */
  readonly #targets = new Map<number, (node: number) => boolean>();
  #moves = 0;

  constructor(
    slots: ConnectionSlots,
    populations: readonly BalancedPopulation[],
    hash: CounterHash,
    breakOnWay: (slot: number) => void,
  ) {
    this.#slots = slots;
    this.#populations = populations;
    this.#hash = hash;
    this.#breakOnWay = breakOnWay;
  }

  /**
   * The load balancer of the service sends this share of its flows to other nodes than before, and among them all those by nodes that
   * are no targets now.
   */
  move(service: number, share: number, isTarget: (node: number) => boolean): void {
    const { node, pod, population, serial } = this.#slots;
    const flows = this.#flowsOf(service);
    const away = flows.reduce((sum, slot) => sum + (isTarget(node[slot]!) ? 0 : 1), 0);
    const staying = flows.length - away;
    const movedShare = staying === 0 ? 0 : (share * flows.length - away) / staying;
    const move = this.#moves++;
    for (const slot of flows) {
      if (pod[slot] === NO_POD) continue;
      const isMoved =
        !isTarget(node[slot]!) ||
        this.#hash.uniform(this.#populations[population[slot]!]!.key ^ serial[slot]!, move) < movedShare;
      if (isMoved) this.#breakOnWay(slot);
    }
  }

  /** The node is taken out of the pool of the service; `drained` ends what is open by it. */
  targetLeft(service: number, isTarget: (node: number) => boolean): void {
    this.#targets.set(service, isTarget);
  }

  /** The time for connections by the node is over. If it is a target again it keeps what it has. */
  drained(service: number, by: number): void {
    const { node, pod } = this.#slots;
    if (this.#targets.get(service)!(by)) return;
    for (const slot of this.#flowsOf(service)) if (node[slot] === by && pod[slot] !== NO_POD) this.#breakOnWay(slot);
  }

  /** Slots with a connection, and those of pools whose attempt failed on its way: their flow hashes somewhere all the same. */
  #flowsOf(service: number): number[] {
    const { count, population, pod, node } = this.#slots;
    const flows: number[] = [];
    for (let slot = 0; slot < count; slot++) {
      const clients = this.#populations[population[slot]!]!;
      if (clients.service !== service || clients.isBalanced !== true || node[slot] === NO_NODE) continue;
      if (pod[slot] !== NO_POD || clients.keepAlive !== null) flows.push(slot);
    }
    return flows;
  }
}
