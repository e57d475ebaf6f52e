/**
 * The API client of one controller in the controller manager: one token bucket, all requests of that controller, its events
 * included.
 *
 *   controller --request--> [bucket qps/burst] --> API servers --> commit: what the request does to the cluster
 *                                                              --> answered: what the controller does next
 *
 * What a request does and what its sender does about it are two functions, because a controller manager that crashes takes
 * one of them with it: requests that had left by then are carried out and nobody hears of it, those that waited for a token
 * are lost.
 *
 * Left out: retries on 429, watches (they bypass the bucket).
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { ApiClient, WatchedResource } from './api-servers.js';
import { TokenBucket } from './token-bucket.js';

/** One kind of request; both functions get what the request was sent with. */
export interface RequestKind<Context> {
  /** The API server carries the request out, now: false when it refuses, because of a conflict for instance. */
  commit(a: number, b: number, context: Context): boolean;
  answered(a: number, b: number, isOk: boolean, context: Context): void;
}

interface Request {
  kind: RequestKind<unknown> | null;
  a: number;
  b: number;
  context: unknown;
  sentNs: number;
  /** Life of the controller that sent it. */
  life: number;
}

export class ControllerClient {
  readonly #simulation: Simulation;
  readonly #api: ApiClient;
  readonly #answeredKind: EventKind;
  readonly #bucket: TokenBucket;
  #life = 0;
  /** When the life before the present one ended. */
  #stoppedNs = 0;
  readonly #requests: Request[] = [];
  readonly #free: number[] = [];

  /** `api` names the controller; names are unique in a simulation. */
  constructor(
    simulation: Simulation,
    api: ApiClient,
    limits: { readonly kubeApiQps: number; readonly kubeApiBurst: number },
  ) {
    this.#simulation = simulation;
    this.#api = api;
    this.#bucket = new TokenBucket(limits.kubeApiQps, limits.kubeApiBurst);
    this.#answeredKind = simulation.registerKind(`${api.name}: request answered`, (slot) => this.#onAnswered(slot));
  }

  /** Tokens taken so far, those that are still waited for included. */
  get taken(): number {
    return this.#bucket.taken;
  }

  /** Use of the bucket, from 0 to 1. */
  get utilization(): number {
    return this.#bucket.utilization;
  }

  /** A write about to be sent; an unloaded server and etcd take `latencyNs` to commit it. */
  write<Context>(
    resource: WatchedResource,
    latencyNs: number,
    kind: RequestKind<Context>,
    a: number,
    b: number,
    context: Context,
  ): void {
    const sentNs = this.#bucket.reserve(this.#simulation.nowNs);
    const slot = this.#slot(kind, a, b, context, sentNs);
    this.#api.write(0, resource, sentNs, latencyNs, this.#answeredKind, slot);
  }

  /** A GET of one object. */
  read<Context>(latencyNs: number, kind: RequestKind<Context>, a: number, b: number, context: Context): void {
    const sentNs = this.#bucket.reserve(this.#simulation.nowNs);
    const slot = this.#slot(kind, a, b, context, sentNs);
    this.#api.read(0, sentNs, latencyNs, this.#answeredKind, slot);
  }

  /** The process ends now. */
  stop(): void {
    this.#life++;
    this.#stoppedNs = this.#simulation.nowNs;
  }

  /** Another process takes over, with a full bucket. */
  start(): void {
    this.#bucket.refill(this.#simulation.nowNs);
  }

  #slot<Context>(kind: RequestKind<Context>, a: number, b: number, context: Context, sentNs: number): number {
    const slot = this.#free.pop() ?? this.#requests.push({} as Request) - 1;
    const request = this.#requests[slot]!;
    request.kind = kind;
    request.a = a;
    request.b = b;
    request.context = context;
    request.sentNs = sentNs;
    request.life = this.#life;
    return slot;
  }

  #onAnswered(slot: number): void {
    const { kind, a, b, context, sentNs, life } = this.#requests[slot]!;
    this.#requests[slot]!.context = null;
    this.#free.push(slot);
    const isOurs = life === this.#life;
    // Of an earlier life: sent before that one ended? (Lives follow each other slower than requests wait, so the last end will do.)
    if (!isOurs && sentNs > this.#stoppedNs) return;
    const isOk = kind!.commit(a, b, context);
    if (isOurs) kind!.answered(a, b, isOk, context);
  }
}
