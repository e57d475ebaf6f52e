/**
 * Lists on their way from an API server to clients that relist, one list for each client.
 *
 *   LIST --> [seats of priority and fairness: taken while it is encoded] --> [cores] --> [network card, one by one] --> client
 *
 * All kube-proxies are one user, the service account of kube-proxy in kube-system, and so one flow of the level workload-high.
 * One that is answered 429 tries again as every client does (api-servers.ts). A list holds what there is when it has been
 * encoded: the time of that is short against its wait.
 *
 * Left out: the wait for a core does not hold the seats, a client that goes away while its list is encoded leaves it running.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { ApiClient } from './api-client.js';
import type { WatchFanOut } from './watch-fan-out.js';

export interface ListSize {
  readonly objects: number;
  readonly bytes: number;
}

export interface ListSenderParameters {
  /** Of each API server; null: more than it needs. */
  readonly cpuCores: number | null;
  /** CPU time of an API server for one list. */
  readonly listCpuNs: (list: ListSize) => number;
}

export interface ListListener {
  /** Whether the node still waits for the list of this attempt. */
  isWaiting(node: number, attempt: number): boolean;
  /** The list has been made, and is on its way from now on. */
  onMade(node: number): void;
  /** Its last byte leaves the server at `outNs`. */
  onSent(node: number, attempt: number, bytes: number, outNs: number): void;
}

interface WaitingList {
  readonly node: number;
  readonly attempt: number;
  readonly bytes: number;
}

/** All kube-proxies together: one user. */
const FLOW = 0;

export class ListSender {
  /** CPU time for lists by API server. */
  readonly cpuNs: Float64Array;

  readonly #simulation: Simulation;
  readonly #log: WatchFanOut;
  readonly #parameters: ListSenderParameters;
  readonly #listener: ListListener;
  /** null: lists need no seats. */
  readonly #client: ApiClient | null;
  // By API server.
  readonly #queues: WaitingList[][];
  /** 1: a list is on the card. */
  readonly #isSending: Uint8Array;
  readonly #restarts: Int32Array;
  readonly #cpuFreeNs: Float64Array;
  // By node, of its latest list.
  readonly #server: Int32Array;
  readonly #bytes: Float64Array;
  readonly #listCpuNs: Float64Array;
  readonly #answeredKind: EventKind;
  readonly #encodedKind: EventKind;
  readonly #sentKind: EventKind;

  constructor(
    simulation: Simulation,
    log: WatchFanOut,
    parameters: ListSenderParameters,
    listener: ListListener,
    client: ApiClient | null,
  ) {
    const { apiServers, watchers: nodes } = log;
    this.#simulation = simulation;
    this.#log = log;
    this.#parameters = parameters;
    this.#listener = listener;
    this.#client = client;
    this.cpuNs = new Float64Array(apiServers);
    this.#queues = Array.from({ length: apiServers }, () => []);
    this.#isSending = new Uint8Array(apiServers);
    this.#restarts = new Int32Array(apiServers);
    this.#cpuFreeNs = new Float64Array(apiServers);
    this.#server = new Int32Array(nodes);
    this.#bytes = new Float64Array(nodes);
    this.#listCpuNs = new Float64Array(nodes);
    this.#answeredKind = simulation.registerKind('watch: list answered', (node, attempt) => {
      if (listener.isWaiting(node, attempt)) this.#onAnswered(node, attempt);
    });
    this.#encodedKind = simulation.registerKind('watch: list encoded', (node, attempt) => {
      if (listener.isWaiting(node, attempt)) this.#onEncoded(node, attempt);
    });
    this.#sentKind = simulation.registerKind('watch: list sent', (server, restarts) => {
      if (restarts !== this.#restarts[server]) return;
      this.#isSending[server] = 0;
      this.#sendNext(server);
    });
  }

  /** The node asks `server` for a list now. */
  request(node: number, attempt: number, server: number, { objects, bytes }: ListSize): void {
    const { nowNs } = this.#simulation;
    const cpuNs = Math.round(this.#parameters.listCpuNs({ objects, bytes }));
    this.#server[node] = server;
    this.#bytes[node] = bytes;
    this.#listCpuNs[node] = cpuNs;
    if (this.#client === null) this.#simulation.schedule(nowNs + cpuNs, this.#answeredKind, node, attempt);
    else this.#client.list(FLOW, objects, bytes, nowNs, cpuNs, this.#answeredKind, node, attempt, server);
  }

  /** The server goes down: what it was at is lost. */
  onDown(server: number): void {
    this.#restarts[server]!++;
    this.#queues[server] = [];
    this.#isSending[server] = 0;
  }

  /** The server begins anew, with nothing to do. */
  onUp(server: number): void {
    this.#cpuFreeNs[server] = this.#simulation.nowNs;
  }

  #onAnswered(node: number, attempt: number): void {
    const { nowNs } = this.#simulation;
    const server = this.#server[node]!;
    const cpuNs = this.#listCpuNs[node]!;
    this.cpuNs[server]! += cpuNs;
    const { cpuCores } = this.#parameters;
    if (cpuCores !== null) {
      const freeNs = Math.max(nowNs - cpuNs, this.#cpuFreeNs[server]!) + Math.round(cpuNs / cpuCores);
      this.#cpuFreeNs[server] = freeNs;
      if (freeNs > nowNs) {
        this.#simulation.schedule(freeNs, this.#encodedKind, node, attempt);
        return;
      }
    }
    this.#onEncoded(node, attempt);
  }

  #onEncoded(node: number, attempt: number): void {
    const server = this.#server[node]!;
    this.#listener.onMade(node);
    this.#queues[server]!.push({ node, attempt, bytes: this.#bytes[node]! });
    if (this.#isSending[server] === 0) this.#sendNext(server);
  }

  #sendNext(server: number): void {
    const queue = this.#queues[server]!;
    let next = queue.shift();
    while (next !== undefined && !this.#listener.isWaiting(next.node, next.attempt)) next = queue.shift();
    if (next === undefined) return;
    const { node, attempt, bytes } = next;
    const outNs = this.#log.sendBulk(server, bytes, this.#simulation.nowNs);
    this.#isSending[server] = 1;
    this.#simulation.schedule(outNs, this.#sentKind, server, this.#restarts[server]);
    this.#listener.onSent(node, attempt, bytes, outNs);
  }
}
