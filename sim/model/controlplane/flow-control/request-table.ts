/**
 * The requests that are on their way to an API server, wait there, are executed or still hold seats: one row each, used again
 * when it is over.
 *
 *   API client --> row --> arrival --> flow control --> answer --> seats free --> row free
 */

import { widen } from '../../cluster/columns.js';

const INITIAL_CAPACITY = 64;

/** Connections of a request that are no number of a server. */
export const ANY_SERVER = -1;
export const GONE = -2;

export const RequestState = {
  free: 0,
  /** On its way, or waiting at its client for the next attempt. */
  travelling: 1,
  /** In a queue of flow control. */
  waiting: 2,
  /** Executed or, after its answer, holding its final seats. */
  executing: 3,
} as const;

/** Columns indexed by request. They are replaced when the table grows: read them through the table each time. */
export class RequestTable {
  readonly #free: number[] = [];
  #used = 0;
  #inUse = 0;

  state = new Uint8Array(INITIAL_CAPACITY);
  /** Number of the client, of its flow, of the server that has the request. */
  client = new Int32Array(INITIAL_CAPACITY);
  flow = new Int32Array(INITIAL_CAPACITY);
  server = new Int32Array(INITIAL_CAPACITY);
  /** The server that its client is connected to: ANY_SERVER unless it has to be this one, GONE when that connection is no more. */
  connection = new Int32Array(INITIAL_CAPACITY);
  /** What is asked: a read, a write or a list; of which resource; how large it is. */
  verb = new Uint8Array(INITIAL_CAPACITY);
  resource = new Uint8Array(INITIAL_CAPACITY);
  bytes = new Float64Array(INITIAL_CAPACITY);
  objects = new Int32Array(INITIAL_CAPACITY);
  /** What an unloaded server and etcd take. */
  latencyNs = new Float64Array(INITIAL_CAPACITY);
  /** The event of the answer, its payloads, and its handle once it is scheduled. */
  answered = new Int32Array(INITIAL_CAPACITY);
  a = new Int32Array(INITIAL_CAPACITY);
  b = new Int32Array(INITIAL_CAPACITY);
  handle = new Float64Array(INITIAL_CAPACITY);
  /** What flow control makes of it. */
  initialSeats = new Int32Array(INITIAL_CAPACITY);
  finalSeats = new Int32Array(INITIAL_CAPACITY);
  additionalLatencyNs = new Float64Array(INITIAL_CAPACITY);
  arrivedNs = new Float64Array(INITIAL_CAPACITY);
  answeredNs = new Float64Array(INITIAL_CAPACITY);
  queue = new Uint8Array(INITIAL_CAPACITY);

  /** Requests that have not ended. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Rows that have ever been used: all requests are below. */
  get end(): number {
    return this.#used;
  }

  /** Seats that are taken as long as the request is executed. */
  seats(request: number): number {
    return Math.max(this.initialSeats[request]!, this.finalSeats[request]!);
  }

  add(): number {
    this.#inUse++;
    const request = this.#free.pop() ?? this.#used++;
    if (request === this.state.length) this.#grow();
    this.state[request] = RequestState.travelling;
    return request;
  }

  remove(request: number): void {
    this.state[request] = RequestState.free;
    this.#free.push(request);
    this.#inUse--;
  }

  #grow(): void {
    const capacity = 2 * this.state.length;
    this.state = widen(this.state, capacity);
    this.client = widen(this.client, capacity);
    this.flow = widen(this.flow, capacity);
    this.server = widen(this.server, capacity);
    this.connection = widen(this.connection, capacity);
    this.verb = widen(this.verb, capacity);
    this.resource = widen(this.resource, capacity);
    this.bytes = widen(this.bytes, capacity);
    this.objects = widen(this.objects, capacity);
    this.latencyNs = widen(this.latencyNs, capacity);
    this.answered = widen(this.answered, capacity);
    this.a = widen(this.a, capacity);
    this.b = widen(this.b, capacity);
    this.handle = widen(this.handle, capacity);
    this.initialSeats = widen(this.initialSeats, capacity);
    this.finalSeats = widen(this.finalSeats, capacity);
    this.additionalLatencyNs = widen(this.additionalLatencyNs, capacity);
    this.arrivedNs = widen(this.arrivedNs, capacity);
    this.answeredNs = widen(this.answeredNs, capacity);
    this.queue = widen(this.queue, capacity);
  }
}
