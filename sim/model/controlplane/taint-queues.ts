/**
 * The queues of nodes to be tainted, one for each zone (pkg/controller/nodelifecycle/scheduler, RateLimitedTimedQueue).
 *
 *   lost nodes --> [queue of the zone, a token bucket of one, polled every 0.1 s] --> taint
 *
 * A rate of 0 stops a queue and keeps what is in it. A new rate comes with a new bucket, which is as empty as the old one.
 */

import type { EventHandle, EventKind, Simulation } from '../../kernel/simulation.js';
import { NODE_LIFECYCLE_RULES } from '../versions/node-rules.js';

const NO_EVENT: EventHandle = -1;
const NS_PER_SECOND = 1e9;
const POLL_NS = NODE_LIFECYCLE_RULES.taintPollPeriod.value * NS_PER_SECOND;

interface TaintQueue {
  readonly nodes: Set<number>;
  /** Nodes per second. */
  rate: number;
  /** When the bucket has its token back. */
  nextNs: number;
  event: EventHandle;
}

export class TaintQueues {
  readonly #simulation: Simulation;
  readonly #zoneOf: Uint16Array;
  readonly #taint: (node: number) => void;
  readonly #queues: TaintQueue[];
  readonly #dueKind: EventKind;

  /** `rate`: nodes per second of every zone at first. `taint` is called for each node when it is its turn. */
  constructor(simulation: Simulation, zoneOf: Uint16Array, zones: number, rate: number, taint: (node: number) => void) {
    this.#simulation = simulation;
    this.#zoneOf = zoneOf;
    this.#taint = taint;
    this.#queues = Array.from({ length: zones }, () => ({ nodes: new Set(), rate, nextNs: 0, event: NO_EVENT }));
    this.#dueKind = simulation.registerKind('node lifecycle: taint due', (zone) => this.#onDue(zone));
  }

  add(node: number): void {
    const zone = this.#zoneOf[node]!;
    this.#queues[zone]!.nodes.add(node);
    this.#schedule(zone);
  }

  remove(node: number): void {
    this.#queues[this.#zoneOf[node]!]!.nodes.delete(node);
  }

  clear(): void {
    for (const queue of this.#queues) {
      this.#cancel(queue);
      queue.nodes.clear();
    }
  }

  setRate(zone: number, rate: number): void {
    const queue = this.#queues[zone]!;
    if (queue.rate === rate) return;
    const nowNs = this.#simulation.nowNs;
    const wasEmpty = queue.rate === 0 || queue.nextNs > nowNs;
    queue.rate = rate;
    queue.nextNs = wasEmpty && rate > 0 ? nowNs + Math.ceil(NS_PER_SECOND / rate) : nowNs;
    this.#cancel(queue);
    this.#schedule(zone);
  }

  #cancel(queue: TaintQueue): void {
    if (queue.event !== NO_EVENT) this.#simulation.cancel(queue.event);
    queue.event = NO_EVENT;
  }

  #schedule(zone: number): void {
    const queue = this.#queues[zone]!;
    if (queue.event !== NO_EVENT || queue.nodes.size === 0 || queue.rate === 0) return;
    // At the next poll, and not at this moment: a zone is judged before its taints when the pass that finds its nodes is short.
    const polls = Math.floor(Math.max(queue.nextNs - 1, this.#simulation.nowNs) / POLL_NS) + 1;
    queue.event = this.#simulation.schedule(polls * POLL_NS, this.#dueKind, zone);
  }

  #onDue(zone: number): void {
    const queue = this.#queues[zone]!;
    queue.event = NO_EVENT;
    const [node] = queue.nodes;
    if (node === undefined) return;
    queue.nodes.delete(node);
    queue.nextNs = this.#simulation.nowNs + Math.ceil(NS_PER_SECOND / queue.rate);
    this.#taint(node);
    this.#schedule(zone);
  }
}
