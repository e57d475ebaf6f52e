/**
 * What a kube-proxy answers when load balancers and cloud controllers ask for its health.
 *
 *   a change is queued, a sync has ended, per family --> ProxyHealth --+--> /livez
 *   taints, deletion of the Node -------------------------------------+--> /healthz, asked for services with policy Cluster
 *   local ready endpoints, at every sync --> ServiceHealth -----------+--> healthCheckNodePort, asked for those with policy Local
 *
 * From pkg/proxy/healthcheck (KEP-3836 for nodes that are about to go). The node's part counts from the version in which
 * KubeProxyDrainingTerminatingNodes is on (`KUBE_PROXY_FEATURES_SINCE.drainingNodes`); leave it out before.
 */

import type { IpFamily } from '../../cluster/services.js';
import type { RoutableEndpoint } from './categorize-endpoints.js';

export type HealthStatus = 200 | 503;

const statusOf = (isHealthy: boolean): HealthStatus => (isHealthy ? 200 : 503);

/** Whether a kube-proxy keeps up with the changes it learns of. It is healthy while it starts. */
export class ProxyHealth {
  readonly #timeoutNs: number;
  /** When the oldest change was queued that no sync has applied. */
  readonly #oldestPendingNs = new Map<IpFamily, number>();

  /** `timeoutNs`: HEALTH_CHECK_RULES.timeoutSyncPeriods x syncPeriod. */
  constructor(timeoutNs: number) {
    this.#timeoutNs = timeoutNs;
  }

  /** The proxier of the family has something to sync. */
  queued(family: IpFamily, timeNs: number): void {
    if (!this.#oldestPendingNs.has(family)) this.#oldestPendingNs.set(family, timeNs);
  }

  /** A sync of the family has succeeded. */
  updated(family: IpFamily): void {
    this.#oldestPendingNs.delete(family);
  }

  isHealthy(timeNs: number): boolean {
    for (const pendingNs of this.#oldestPendingNs.values()) {
      if (timeNs - pendingNs >= this.#timeoutNs) return false;
    }
    return true;
  }
}

/** What a kube-proxy sees of its own Node object; null in its place: the object is gone. */
export interface NodeForHealth {
  readonly taints: readonly string[];
  readonly isBeingDeleted: boolean;
}

const TO_BE_DELETED_TAINT = 'ToBeDeletedByClusterAutoscaler';

/** Whether load balancers should send new connections to the node. */
export const isNodeEligible = (node: NodeForHealth | null): boolean =>
  node !== null && !node.isBeingDeleted && !node.taints.includes(TO_BE_DELETED_TAINT);

/** GET /livez: for restarting a kube-proxy that hangs. The node does not matter. */
export const livezStatus = (isProxyHealthy: boolean): HealthStatus => statusOf(isProxyHealthy);

/** GET /healthz: for taking the node out of load balancers. */
export const healthzStatus = (isProxyHealthy: boolean, node: NodeForHealth | null): HealthStatus =>
  statusOf(isProxyHealthy && isNodeEligible(node));

/** Local endpoints that a service's health counts: ready ones, each address once. Ending ones serve and do not count. */
export const healthyLocalEndpoints = (
  endpoints: Iterable<Pick<RoutableEndpoint, 'isReady' | 'isLocal'> & { readonly address: string }>,
): number => {
  const addresses = new Set<string>();
  for (const { isReady, isLocal, address } of endpoints) if (isReady && isLocal) addresses.add(address);
  return addresses.size;
};

export interface ServiceHealthAnswer {
  readonly status: HealthStatus;
  /** Header X-Load-Balancing-Endpoint-Weight. */
  readonly weight: number;
}

/** The health check servers of a node, one for every service with a healthCheckNodePort. Services are numbers. */
export class ServiceHealth {
  readonly #servers = new Map<number, { readonly port: number; localEndpoints: number }>();

  /** The healthCheckNodePort of each service that has one. Who is new, or has got another port, starts with no endpoints. */
  syncServices(portOf: ReadonlyMap<number, number>): void {
    for (const [service, { port }] of this.#servers) {
      if (portOf.get(service) !== port) this.#servers.delete(service);
    }
    for (const [service, port] of portOf) {
      if (!this.#servers.has(service)) this.#servers.set(service, { port, localEndpoints: 0 });
    }
  }

  /** The local endpoints of each service; one that is not among them has none. */
  syncEndpoints(localEndpointsOf: ReadonlyMap<number, number>): void {
    for (const [service, server] of this.#servers) server.localEndpoints = localEndpointsOf.get(service) ?? 0;
  }

  /** The answer of the service's server; null: the service has none. */
  answer(service: number, isProxyHealthy: boolean): ServiceHealthAnswer | null {
    const server = this.#servers.get(service);
    if (server === undefined) return null;
    return { status: statusOf(server.localEndpoints > 0 && isProxyHealthy), weight: server.localEndpoints };
  }
}
