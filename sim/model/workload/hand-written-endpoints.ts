/**
 * Services without selector: somebody keeps their Endpoints objects, address by address.
 *
 *   edit --> [the writer's client, qps/burst] --> PUT of the whole object --> API server, etcd --> committed
 *       --> discovery by Endpoints: the object is what nodes watch
 *       --> discovery by EndpointSlices: informer --> mirroring controller (mirrored-slices.ts)
 *
 * The writer is one for the whole cluster, such as an operator that follows a database outside. For each object it waits for
 * the answer before it writes again, so that its writes keep their order; edits in between go out together.
 *
 * Left out: not-ready addresses, conflicts with other writers, the writer's own delays.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient } from '../controlplane/api-servers.js';
import type { ServiceChange } from '../controlplane/endpoint-controller.js';
import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import { TokenBucket } from '../controlplane/token-bucket.js';
import type { EndpointObjectSize } from '../controlplane/wire-size.js';

/** A write of an Endpoints object. */
export interface EndpointsPut extends ServiceChange {
  readonly service: number;
  readonly sentNs: number;
  /** What an unloaded API server takes for it. */
  readonly latencyNs: number;
  /** Addresses that came or went with it, and how each stands in it; see PodState. */
  readonly rows: readonly number[];
  readonly states: readonly number[];
  /** Addresses in the object. */
  readonly length: number;
}

export interface HandWrittenEndpointsParameters {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  /** From a commit to whom the addresses are for: the informer of the mirroring controller, or 0 where there is none. */
  readonly informerLatencyNs: number;
}

export interface HandWrittenEndpointsObserver {
  /** The addresses of a committed PUT are observed. */
  onObserved(put: EndpointsPut): void;
  /** The object was over etcd's request limit. */
  onRejected(service: number, bytes: number): void;
}

const AVAILABLE = PodState.hasAddress | PodState.ready;

/** What the next PUT of a service will say. */
interface Edit {
  readonly changeNs: number;
  readonly rows: Set<number>;
}

export class HandWrittenEndpoints {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #api: ApiClient;
  readonly #etcd: Etcd;
  readonly #writeLatency: WriteLatency;
  readonly #bucket: TokenBucket;
  readonly #sizeOf: (service: number) => EndpointObjectSize;
  readonly #parameters: HandWrittenEndpointsParameters;
  readonly #observer: HandWrittenEndpointsObserver;
  readonly #committedKind: EventKind;
  readonly #observedKind: EventKind;
  /** Addresses of each service as its writer wants them, the oldest first. */
  readonly #rows = new Map<number, number[]>();
  readonly #edits = new Map<number, Edit>();
  readonly #puts: EndpointsPut[] = [];
  /** Services with a PUT under way. */
  readonly #underWay = new Set<number>();
  /** Writes about each service: the key of their latencies. */
  readonly #writes: Int32Array;

  constructor(
    simulation: Simulation,
    services: number,
    pods: PodTable,
    api: ApiClient,
    etcd: Etcd,
    sizeOf: (service: number) => EndpointObjectSize,
    parameters: HandWrittenEndpointsParameters,
    observer: HandWrittenEndpointsObserver,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#api = api;
    this.#etcd = etcd;
    this.#writeLatency = etcd.writesOf('hand-written-endpoints');
    this.#bucket = new TokenBucket(parameters.kubeApiQps, parameters.kubeApiBurst);
    this.#sizeOf = sizeOf;
    this.#parameters = parameters;
    this.#observer = observer;
    this.#writes = new Int32Array(services);
    this.#committedKind = simulation.registerKind('hand-written endpoints: committed', (put) => this.#onCommitted(put));
    this.#observedKind = simulation.registerKind('hand-written endpoints: observed', (put) => this.#onObserved(put));
  }

  /** Addresses that the service has before the run; everybody knows of them. */
  initialize(service: number, count: number): readonly number[] {
    const rows = Array.from({ length: count }, () => {
      const row = this.#pods.createAddress(service);
      this.#pods.condition[row] = AVAILABLE;
      this.#pods.observed[row] = AVAILABLE;
      return row;
    });
    this.#rows.set(service, rows);
    return rows;
  }

  /** Replaces the oldest `replace` addresses of the service and has `to` in the end (null: as many as before). */
  edit(service: number, to: number | null, replace: number): void {
    const rows = this.#rows.get(service)!;
    const edit = this.#editOf(service);
    const count = to ?? rows.length;
    const replaced = Math.min(replace, rows.length, count);
    const removed = rows.splice(0, replaced);
    removed.push(...rows.splice(count - replaced));
    for (const row of removed) {
      this.#pods.condition[row] = PodState.hasAddress | PodState.gone;
      edit.rows.add(row);
    }
    while (rows.length < count) {
      const row = this.#pods.createAddress(service);
      this.#pods.condition[row] = AVAILABLE;
      rows.push(row);
      edit.rows.add(row);
    }
    if (!this.#underWay.has(service)) this.#send(service);
  }

  #editOf(service: number): Edit {
    let edit = this.#edits.get(service);
    if (edit === undefined) {
      edit = { changeNs: this.#simulation.nowNs, rows: new Set() };
      this.#edits.set(service, edit);
    }
    return edit;
  }

  #send(service: number): void {
    const edit = this.#edits.get(service);
    if (edit === undefined) return;
    this.#edits.delete(service);
    this.#underWay.add(service);
    const rows = [...edit.rows];
    const states = rows.map((row) => this.#pods.condition[row]!);
    const { length } = this.#rows.get(service)!;
    const sentNs = this.#bucket.reserve(this.#simulation.nowNs);
    const put = this.#puts.length;
    // Endpoints that no controller writes have no trigger time.
    const { changeNs } = edit;
    const latencyNs = this.#writeLatency.ns(service, this.#writes[service]!++);
    const triggerNs = null;
    this.#puts.push({ service, changeNs, sentNs, latencyNs, committedNs: Infinity, triggerNs, rows, states, length });
    this.#api.write(0, 'endpoints', sentNs, latencyNs, this.#committedKind, put);
  }

  #onCommitted(index: number): void {
    const put = this.#puts[index]!;
    const { service } = put;
    const { nowNs } = this.#simulation;
    const bytes = this.#sizeOf(service).objectBytes(put.length);
    if (this.#etcd.accepts(bytes)) {
      this.#puts[index] = { ...put, committedNs: nowNs };
      this.#simulation.schedule(nowNs + this.#parameters.informerLatencyNs, this.#observedKind, index);
    } else {
      this.#observer.onRejected(service, bytes);
    }
    this.#underWay.delete(service);
    this.#send(service);
  }

  #onObserved(index: number): void {
    const put = this.#puts[index]!;
    put.rows.forEach((row, position) => (this.#pods.observed[row] = put.states[position]!));
    this.#observer.onObserved(put);
  }
}
