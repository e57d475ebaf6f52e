/**
 * The ReplicaSets as API objects: what the API server has, and what the controllers' shared informer shows of it.
 *
 *   Deployment controller: spec, annotations ──┐
 *   ReplicaSet controller: status ─────────────┴─> current --[watch latency]--> seen --> both controllers' handlers
 *
 * Two controllers write one object, each from what it sees: whoever saw an older version than the current one gets a
 * conflict. Versions are compared by their number (resourceVersion).
 *
 * Every service has one ReplicaSet from the start; a change of the pod template makes another.
 */

import type { Simulation } from '../../kernel/simulation.js';
import { Informer } from './informer.js';

/** One version of a ReplicaSet. */
export interface ReplicaSetObject {
  readonly version: number;
  /** Counts changes of the spec. */
  readonly generation: number;
  /** spec.replicas */
  readonly replicas: number;
  /** Annotations deployment.kubernetes.io/desired-replicas and max-replicas; null until a Deployment has set them. */
  readonly desiredReplicas: number | null;
  readonly maxReplicas: number | null;
  readonly status: ReplicaSetStatus;
  readonly isDeleted: boolean;
}

export interface ReplicaSetStatus {
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly ready: number;
  readonly available: number;
}

export const isSameStatus = (a: ReplicaSetStatus, b: ReplicaSetStatus): boolean =>
  a.observedGeneration === b.observedGeneration &&
  a.replicas === b.replicas &&
  a.ready === b.ready &&
  a.available === b.available;

/** What an update changes. */
export type ReplicaSetChange = Partial<
  Pick<ReplicaSetObject, 'replicas' | 'desiredReplicas' | 'maxReplicas' | 'status' | 'isDeleted'>
>;

interface SeenVersion {
  readonly set: number;
  readonly object: ReplicaSetObject;
}

const NO_STATUS: ReplicaSetStatus = { observedGeneration: 0, replicas: 0, ready: 0, available: 0 };

export class ReplicaSetObjects {
  /** No more ReplicaSets than this are ever made. */
  readonly capacity: number;
  readonly #service: Int32Array;
  readonly #revision: Int32Array;
  readonly #minReadyNs: Float64Array;
  /** Of ReplicaSets that nobody has written yet: how many pods they had at the start. */
  readonly #initialReplicas: Int32Array;
  readonly #current: (ReplicaSetObject | undefined)[] = [];
  readonly #seen: (ReplicaSetObject | undefined)[] = [];
  /** ReplicaSets of a service in order of creation, where there are others than the first. */
  readonly #ofService = new Map<number, number[]>();
  readonly #informer: Informer<SeenVersion>;
  readonly #listeners: ((set: number) => void)[] = [];
  #count: number;

  constructor(simulation: Simulation, services: number, capacity: number, watchLatencyNs: number) {
    this.capacity = Math.max(services, capacity);
    this.#service = new Int32Array(this.capacity);
    for (let service = 0; service < services; service++) this.#service[service] = service;
    this.#revision = new Int32Array(this.capacity);
    this.#minReadyNs = new Float64Array(this.capacity);
    this.#initialReplicas = new Int32Array(services);
    this.#count = services;
    this.#informer = new Informer(simulation, 'replica set', watchLatencyNs, (seen) => this.#onSeen(seen));
  }

  /** ReplicaSets are numbered from 0 to below this; the first ones are those of the services. */
  get count(): number {
    return this.#count;
  }

  /** Listeners hear of every version when the informer shows it, in the order in which they were added. */
  onSeen(listener: (set: number) => void): void {
    this.#listeners.push(listener);
  }

  serviceOf(set: number): number {
    return this.#service[set]!;
  }

  /** The pod template's revision that its pods are made from. */
  revisionOf(set: number): number {
    return this.#revision[set]!;
  }

  minReadyNs(set: number): number {
    return this.#minReadyNs[set]!;
  }

  /** The service's ReplicaSet of the start has one pod more. */
  adopt(service: number): void {
    this.#initialReplicas[service]!++;
  }

  /** ReplicaSets of the service that are not deleted, the oldest first. */
  ofService(service: number): readonly number[] {
    return this.#ofService.get(service) ?? [service];
  }

  current(set: number): ReplicaSetObject {
    return (this.#current[set] ??= this.#initial(set));
  }

  seen(set: number): ReplicaSetObject {
    return (this.#seen[set] ??= this.current(set));
  }

  /** A POST is committed now. Returns the new ReplicaSet. */
  create(service: number, revision: number, minReadyNs: number, replicas: number, change: ReplicaSetChange): number {
    if (this.#count === this.capacity) throw new RangeError(`there are more than ${this.capacity} ReplicaSets`);
    const set = this.#count++;
    this.#service[set] = service;
    this.#revision[set] = revision;
    this.#minReadyNs[set] = minReadyNs;
    this.#ofService.set(service, [...this.ofService(service), set]);
    const empty = { version: 0, generation: 0, replicas: 0, desiredReplicas: null, maxReplicas: null };
    // A controller that asks before the informer shows it is told by a GET that it exists.
    this.#seen[set] = { ...empty, status: NO_STATUS, isDeleted: false };
    this.#current[set] = this.#seen[set];
    this.write(set, { replicas, ...change });
    this.#seen[set] = this.#current[set];
    return set;
  }

  /** Annotations that a ReplicaSet of the start has had all along. */
  annotateFirst(set: number, desiredReplicas: number, maxReplicas: number): void {
    this.#seen[set] = { ...this.seen(set), desiredReplicas, maxReplicas };
    this.#current[set] = { ...this.current(set), desiredReplicas, maxReplicas };
  }

  /** A PUT, or a DELETE, is committed now. */
  write(set: number, change: ReplicaSetChange): void {
    const before = this.current(set);
    const isSpecChange = change.replicas !== undefined && change.replicas !== before.replicas;
    const object: ReplicaSetObject = {
      ...before,
      ...change,
      version: before.version + 1,
      generation: before.generation + (isSpecChange ? 1 : 0),
    };
    this.#seen[set] ??= before;
    this.#current[set] = object;
    if (object.isDeleted) {
      const service = this.#service[set]!;
      this.#ofService.set(
        service,
        this.ofService(service).filter((other) => other !== set),
      );
    }
    this.#informer.push({ set, object }, set);
  }

  #onSeen({ set, object }: SeenVersion): void {
    this.#seen[set] = object;
    for (const listener of this.#listeners) listener(set);
  }

  #initial(set: number): ReplicaSetObject {
    const replicas = this.#initialReplicas[set] ?? 0;
    return {
      version: 0,
      generation: 0,
      replicas,
      desiredReplicas: null,
      maxReplicas: null,
      status: { observedGeneration: 0, replicas, ready: replicas, available: replicas },
      isDeleted: false,
    };
  }
}
