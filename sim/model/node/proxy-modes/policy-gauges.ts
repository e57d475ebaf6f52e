/**
 * A proxy mode that also counts the services which policy Local leaves without endpoints on the node though there are some
 * elsewhere, as every mode of kube-proxy does: sync_proxy_rules_no_local_endpoints_total{traffic_policy}.
 *
 *   proxy mode --> the same with two more quantities --> gauges
 *
 * The modes count service ports; IPVS mode keeps a set of the names of services, and so counts each once.
 */

import type { MetricName } from '../../../metrics.js';
import { servicePorts, type ServiceShape } from '../../cluster/service-shape.js';
import { lacksExternalEndpoints, lacksInternalEndpoints } from '../service-routing/no-local-endpoints.js';
import type { EndpointCounts, ProxyMode, SyncWork } from './proxy-mode.js';

export class WithPolicyGauges implements ProxyMode {
  readonly name: ProxyMode['name'];
  readonly quantities: readonly string[];
  readonly deletesAtOnce: boolean;
  readonly #mode: ProxyMode;
  readonly #internal: number;
  readonly #external: number;

  constructor(mode: ProxyMode) {
    this.#mode = mode;
    this.name = mode.name;
    this.deletesAtOnce = mode.deletesAtOnce;
    this.#internal = mode.quantities.length;
    this.#external = this.#internal + 1;
    this.quantities = [...mode.quantities, 'no local endpoints (internal)', 'no local endpoints (external)'];
  }

  count(shape: ServiceShape, endpoints: EndpointCounts, counts: Float64Array): void {
    this.#mode.count(shape, endpoints, counts);
    const ports = servicePorts(shape);
    const amount = this.name === 'ipvs' ? Math.min(1, ports) : ports;
    counts[this.#internal] = lacksInternalEndpoints(shape, endpoints) ? amount : 0;
    counts[this.#external] = lacksExternalEndpoints(shape, endpoints) ? amount : 0;
  }

  linesOfChangedService(shape: ServiceShape, endpoints: EndpointCounts): number {
    return this.#mode.linesOfChangedService(shape, endpoints);
  }

  cleansUp(tables: Float64Array, sinceCleanUpNs: number): boolean {
    return this.#mode.cleansUp(tables, sinceCleanUpNs);
  }

  syncNs(work: SyncWork): number {
    return this.#mode.syncNs(work);
  }

  backgroundNs(tables: Float64Array): number {
    return this.#mode.backgroundNs(tables);
  }

  isRefused(tables: Float64Array): boolean {
    return this.#mode.isRefused(tables);
  }

  gauges(work: SyncWork): Partial<Record<MetricName, number>> {
    return {
      ...this.#mode.gauges(work),
      sync_proxy_rules_no_local_endpoints_total_internal: work.tables[this.#internal]!,
      sync_proxy_rules_no_local_endpoints_total_external: work.tables[this.#external]!,
    };
  }
}
