/**
 * The API servers as their clients see them: a request goes in, and is answered when it has been executed.
 *
 *   client (after its own qps/burst bucket) --request--> [API server] --etcd--> committed: the client's event fires
 *
 * Every request of every component goes through here, so that what limits them together (seats, inflight limits, a server
 * that is down, a slow etcd) is modelled in one place and by nobody else. The time that an unloaded server and etcd take is
 * the caller's draw (etcd.ts): it is keyed by the caller's own numbers, which keeps variants comparable.
 *
 * Left out: admission webhooks, authentication, requests that are cancelled by their client.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';

/** Priority levels of the suggested configuration of API priority and fairness, by their upstream names. */
export type PriorityLevel =
  'system' | 'node-high' | 'leader-election' | 'workload-high' | 'workload-low' | 'global-default';

/** Resources whose watchers make a write dearer; `other` has none that count. */
export type WatchedResource = 'endpoints' | 'endpointslices' | 'pods' | 'nodes' | 'services' | 'leases' | 'other';

export class ApiServers {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** A component that sends requests: all requests of one client are of one priority level. */
  client(name: string, priorityLevel: PriorityLevel): ApiClient {
    return new ApiClient(this, name, priorityLevel);
  }

  /**
   * A write leaves its client at `sentNs`, now or later; an unloaded server and etcd take `latencyNs` to commit it. When it is
   * committed, `answered` fires with (a, b): the time of that event is the commit time.
   */
  write(
    _client: ApiClient,
    _flow: number,
    _resource: WatchedResource,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b = 0,
  ): void {
    this.#simulation.schedule(sentNs + latencyNs, answered, a, b);
  }

  /** A read of one object from the watch cache; otherwise like `write`. */
  read(
    _client: ApiClient,
    _flow: number,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b = 0,
  ): void {
    this.#simulation.schedule(sentNs + latencyNs, answered, a, b);
  }
}

/** One component's way to the API servers. `flow` tells its users apart: the node of a kubelet, 0 for a controller. */
export class ApiClient {
  readonly name: string;
  readonly priorityLevel: PriorityLevel;
  readonly #servers: ApiServers;

  constructor(servers: ApiServers, name: string, priorityLevel: PriorityLevel) {
    this.#servers = servers;
    this.name = name;
    this.priorityLevel = priorityLevel;
  }

  write(
    flow: number,
    resource: WatchedResource,
    sentNs: number,
    latencyNs: number,
    answered: EventKind,
    a: number,
    b = 0,
  ): void {
    this.#servers.write(this, flow, resource, sentNs, latencyNs, answered, a, b);
  }

  read(flow: number, sentNs: number, latencyNs: number, answered: EventKind, a: number, b = 0): void {
    this.#servers.read(this, flow, sentNs, latencyNs, answered, a, b);
  }
}
