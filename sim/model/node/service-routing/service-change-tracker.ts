/**
 * What a kube-proxy keeps of Service events between syncs, and the service ports that its rules are made of.
 *
 *   service written or deleted --> differs from what the rules have? --> pending --> checkout at the start of a sync --> service ports
 *
 * From pkg/proxy/servicechangetracker.go. A service that is back to what it was by the next sync is no change.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Protocol } from './packet-verdict.js';

/** A Service as far as the tracker looks into it. */
export interface WatchedService {
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** None: headless. */
  readonly clusterIP: string;
  readonly ports: readonly { readonly name: string; readonly protocol: Protocol; readonly port: number }[];
  /** null: none. */
  readonly healthCheckNodePort: number | null;
}

/** Whether rules are made for the service. */
export const isProxied = ({ type, clusterIP }: WatchedService): boolean =>
  type !== 'ExternalName' && clusterIP !== 'None' && clusterIP !== '';

export class ServiceChangeTracker {
  /** What the rules were made of, and what was seen since of those that differ; null: gone. */
  readonly #applied = new Map<string, WatchedService>();
  readonly #pending = new Map<string, WatchedService | null>();

  /** The service was created or updated. Whether anything is pending, which is what asks for a sync. */
  written(service: WatchedService): boolean {
    return this.#update(service.name, isProxied(service) ? service : null);
  }

  /** The service was deleted. Whether anything is pending. */
  deleted({ name }: WatchedService): boolean {
    return this.#update(name, null);
  }

  get pendingServices(): number {
    return this.#pending.size;
  }

  /** Applies all that is pending; returns the protocols that the changed services have or had. */
  checkout(): ReadonlySet<Protocol> {
    const protocols = new Set<Protocol>();
    for (const [name, service] of this.#pending) {
      for (const version of [this.#applied.get(name), service]) {
        for (const { protocol } of version?.ports ?? []) protocols.add(protocol);
      }
      if (service === null) this.#applied.delete(name);
      else this.#applied.set(name, service);
    }
    this.#pending.clear();
    return protocols;
  }

  /** Service ports that the rules are made of. */
  get servicePorts(): number {
    let ports = 0;
    for (const service of this.#applied.values()) ports += service.ports.length;
    return ports;
  }

  /** The healthCheckNodePort of each service that has one. */
  healthCheckNodePorts(): ReadonlyMap<string, number> {
    const ports = new Map<string, number>();
    for (const { name, healthCheckNodePort } of this.#applied.values()) {
      if (healthCheckNodePort !== null) ports.set(name, healthCheckNodePort);
    }
    return ports;
  }

  #update(name: string, next: WatchedService | null): boolean {
    if (isDeepStrictEqual(this.#applied.get(name) ?? null, next)) this.#pending.delete(name);
    else this.#pending.set(name, next);
    return this.#pending.size > 0;
  }
}
