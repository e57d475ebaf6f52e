/**
 * The gauges that the EndpointSlice controller exports of its own work: how many endpoints and slices there are, and how few
 * slices would do.
 *
 *   reconcile of one address type: per port map endpoints and slices --> kept per service --> sums over all services
 *
 * From k8s.io/endpointslice/metrics (cache.go). The cache has one entry a service and no address type in its key: **the second
 * pass of a dual-stack service overwrites what the first entered**, so such a service is counted with its last family
 * only. A service without endpoints needs one slice, its placeholder.
 */

/** One port map of a service after a reconcile. */
export interface PortMapUse {
  readonly endpoints: number;
  readonly slices: number;
}

export interface GaugeValues {
  /** endpoint_slice_controller_endpoints_desired. */
  readonly endpoints: number;
  /** endpoint_slice_controller_num_endpoint_slices. */
  readonly actualSlices: number;
  /** endpoint_slice_controller_desired_endpoint_slices. */
  readonly desiredSlices: number;
}

/** What one service, reconciled for one address type, adds to the gauges. */
export function gaugesOfService(portMaps: readonly PortMapUse[], maxEndpointsPerSlice: number): GaugeValues {
  let endpoints = 0;
  let actualSlices = 0;
  let desiredSlices = 0;
  for (const portMap of portMaps) {
    endpoints += portMap.endpoints;
    actualSlices += portMap.slices;
    desiredSlices += Math.ceil(portMap.endpoints / maxEndpointsPerSlice);
  }
  return { endpoints, actualSlices, desiredSlices: Math.max(1, desiredSlices) };
}

export class SliceGauges {
  readonly #maxEndpointsPerSlice: number;
  readonly #services = new Map<number, GaugeValues>();
  #endpoints = 0;
  #actualSlices = 0;
  #desiredSlices = 0;

  constructor(maxEndpointsPerSlice: number) {
    this.#maxEndpointsPerSlice = maxEndpointsPerSlice;
  }

  get values(): GaugeValues {
    return { endpoints: this.#endpoints, actualSlices: this.#actualSlices, desiredSlices: this.#desiredSlices };
  }

  /** A pass over one address type of the service is done: what an earlier pass entered is replaced. */
  reconciled(service: number, portMaps: readonly PortMapUse[]): void {
    this.serviceDeleted(service);
    const entry = gaugesOfService(portMaps, this.#maxEndpointsPerSlice);
    this.#services.set(service, entry);
    this.#add(entry, 1);
  }

  serviceDeleted(service: number): void {
    const entry = this.#services.get(service);
    if (entry === undefined) return;
    this.#services.delete(service);
    this.#add(entry, -1);
  }

  #add({ endpoints, actualSlices, desiredSlices }: GaugeValues, sign: 1 | -1): void {
    this.#endpoints += sign * endpoints;
    this.#actualSlices += sign * actualSlices;
    this.#desiredSlices += sign * desiredSlices;
  }
}
