/**
 * One component's way to the API servers (api-servers.ts): its name, its priority level, and what it may ask.
 *
 *   component --write, read, list--> ApiClient --> ApiServers
 *
 * The client's own qps/burst bucket is not here but at the component, which knows in what order its calls queue for it.
 */

import type { EventKind } from '../../kernel/simulation.js';
import { STORED_OBJECT_BYTES } from '../versions/etcd-costs.js';
import { levelNumber, type PriorityLevel } from './flow-control/priority-levels.js';

export type { PriorityLevel } from './flow-control/priority-levels.js';

/** Resources whose watchers make a write dearer; `other` has none that count. */
export type WatchedResource = keyof typeof STORED_OBJECT_BYTES;

/** What the clients' requests go to: the API servers, which say what each means. */
export interface RequestTarget {
  write(
    client: ApiClient,
    flow: number,
    resource: WatchedResource,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b: number,
    bytes: number,
  ): void;
  read(
    client: ApiClient,
    flow: number,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b: number,
  ): void;
  list(
    client: ApiClient,
    flow: number,
    objects: number,
    bytes: number,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b: number,
    server?: number,
  ): void;
}

/** One component's way to the API servers. `flow` tells its users apart: the node of a kubelet, 0 for a controller. */
export class ApiClient {
  /** Among the clients of its API servers. */
  readonly number: number;
  readonly name: string;
  readonly priorityLevel: PriorityLevel;
  /** Number of the priority level. */
  readonly level: number;
  /** The queues that each flow is dealt, once it has sent a request. */
  readonly hands: (Uint8Array | undefined)[] = [];
  readonly #servers: RequestTarget;

  constructor(servers: RequestTarget, number: number, name: string, priorityLevel: PriorityLevel) {
    this.#servers = servers;
    this.number = number;
    this.name = name;
    this.priorityLevel = priorityLevel;
    this.level = levelNumber(priorityLevel);
  }

  /** See `ApiServers.write`. */
  write(
    flow: number,
    resource: WatchedResource,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b = 0,
    bytes = STORED_OBJECT_BYTES[resource].value,
  ): void {
    this.#servers.write(this, flow, resource, sentNs, latencyNs, answered, a, b, bytes);
  }

  /** See `ApiServers.read`. */
  read(flow: number, sentNs: number, latencyNs: number, answered: EventKind, a: number, b = 0): void {
    this.#servers.read(this, flow, sentNs, latencyNs, answered, a, b);
  }

  /** See `ApiServers.list`. */
  list(
    flow: number,
    objects: number,
    bytes: number,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b = 0,
    server?: number,
  ): void {
    this.#servers.list(this, flow, objects, bytes, sentNs, latencyNs, answered, a, b, server);
  }
}
