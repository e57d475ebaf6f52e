/**
 * The Events that a controller writes about its objects (client-go tools/record).
 *
 *   record --> [spam filter: 25 and one more in 5 minutes, for each object] --> [one sender] --> the controller's own client
 *
 * They go through the same client as the controller's real work and so take tokens from it, though never more than one at a
 * time: the sender waits for each answer. What 500 pods of one ReplicaSet cost is 25 Events and not 500.
 *
 * Left out: the aggregation of similar events (it changes what is written and not how often), the bounded queue.
 */

import type { WriteLatency } from './etcd.js';
import type { ControllerClient, RequestKind } from './controller-client.js';
import { TokenBucket } from './token-bucket.js';
import type { Simulation } from '../../kernel/simulation.js';

export class EventRecorder {
  readonly #simulation: Simulation;
  readonly #client: ControllerClient;
  readonly #latency: WriteLatency;
  readonly #filter: { readonly qps: number; readonly burst: number };
  /** By object. */
  readonly #buckets = new Map<number, TokenBucket>();
  readonly #post: RequestKind<null>;
  #waiting = 0;
  #isSending = false;
  #sent = 0;

  constructor(
    simulation: Simulation,
    client: ControllerClient,
    latency: WriteLatency,
    filter: { readonly qps: number; readonly burst: number },
  ) {
    this.#simulation = simulation;
    this.#client = client;
    this.#latency = latency;
    this.#filter = filter;
    this.#post = { commit: () => true, answered: () => this.#onAnswered() };
  }

  /** An event about `object` happens now. */
  record(object: number): void {
    let bucket = this.#buckets.get(object);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#filter.qps, this.#filter.burst);
      this.#buckets.set(object, bucket);
    }
    if (!bucket.tryTake(this.#simulation.nowNs)) return;
    this.#waiting++;
    if (!this.#isSending) this.#send();
  }

  /** What waits, and what the filter remembers, is lost with the process. */
  stop(): void {
    this.#waiting = 0;
    this.#isSending = false;
    this.#buckets.clear();
  }

  #send(): void {
    this.#waiting--;
    this.#isSending = true;
    this.#client.write('other', this.#latency.ns(0, this.#sent++), this.#post, 0, 0, null);
  }

  #onAnswered(): void {
    this.#isSending = false;
    if (this.#waiting > 0) this.#send();
  }
}
