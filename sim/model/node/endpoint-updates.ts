/**
 * What kube-proxies read from endpoint objects: of each endpoint whether it may be used, and where its hint points.
 *
 *   committed write: pods with their state bits, hints --> EndpointUpdate for each --> rule-history.ts
 *
 * Only the primary address family: that of a second one is another proxier upstream. Endpoints objects show neither terminating
 * endpoints nor hints. A hint by trafficDistribution is the endpoint's own zone (and node), so it follows from where the pod is;
 * those by topologyMode Auto stand in the write.
 */

import type { PodTable } from '../cluster/pods.js';
import type { ServiceTable } from '../cluster/services.js';
import type { Discovery, PlannedWrite } from '../controlplane/discovery.js';
import { isReadyEndpoint, isServing, isSliceEndpoint, isTerminating } from '../controlplane/endpoint-membership.js';
import { EndpointState, type EndpointUpdate, NO_ZONE } from './endpoint-ledger.js';
import type { RoutedService } from './endpoint-view.js';
import type { InitialEndpoints, Routing } from './rule-history.js';

export interface EndpointUpdateParameters {
  readonly services: ServiceTable;
  readonly pods: PodTable;
  readonly zones: number;
  readonly zoneOfNode: ArrayLike<number>;
  /** Whether nodes read EndpointSlices, and use endpoints that terminate when no other is ready. */
  readonly readsSlices: boolean;
  readonly fallsBackToTerminating: boolean;
  /** Whether hints count, those for zones and those for nodes. */
  readonly followsZoneHints: boolean;
  readonly followsNodeHints: boolean;
}

export class EndpointUpdates {
  readonly routing: Routing;
  readonly #parameters: EndpointUpdateParameters;
  /** By service group. */
  readonly #routed: readonly RoutedService[];
  /** State of every endpoint as last written: hints may change without it. */
  readonly #states: EndpointState[] = [];

  constructor(parameters: EndpointUpdateParameters) {
    const { services, pods, zones, zoneOfNode } = parameters;
    this.#parameters = parameters;
    this.#routed = services.groups.map((_, index) => {
      const service = services.firstOf(index);
      const { topologyMode, trafficDistribution } = services.endpointSettings(service);
      const hasHints = topologyMode === 'Auto' || trafficDistribution !== null;
      const isHinted = hasHints && parameters.readsSlices && parameters.followsZoneHints;
      const hasNodeHints = topologyMode !== 'Auto' && trafficDistribution === 'PreferSameNode';
      const followsNodes = hasNodeHints && parameters.followsNodeHints;
      return { shape: services.shapeOf(service), hints: !isHinted ? 'none' : followsNodes ? 'node' : 'zone' };
    });
    this.routing = {
      services: services.count,
      serviceOf: (service) => this.#routed[services.group[service]!]!,
      zones,
      zoneOfNode,
      nodeOf: (endpoint) => pods.node[endpoint]!,
    };
  }

  /** The services at the start, when all of their pods are published but those of `absent` services. */
  initial(
    discoveryOf: (service: number) => Discovery,
    absent: ReadonlySet<number>,
  ): (service: number) => InitialEndpoints {
    const { services, pods } = this.#parameters;
    const updates = Array.from({ length: services.count }, (): EndpointUpdate[] => []);
    for (let pod = 0; pod < pods.count; pod++) {
      const service = pods.service[pod]!;
      if (!absent.has(service))
        updates[service]!.push(this.#update(service, pod, this.#stateOf(service, pods.observed[pod]!)));
    }
    for (let service = 0; service < services.count; service++) {
      if (!this.#isAutoHinted(service)) continue;
      updates[service] = [...discoveryOf(service).hintedPods!(service)].flatMap(({ pods: hinted, zones }) =>
        hinted.map((endpoint, position) => ({
          endpoint,
          state: this.#states[endpoint]!,
          hintedZone: zones[position]!,
        })),
      );
    }
    return (service) => ({ ready: discoveryOf(service).usableEndpoints(service), updates: updates[service]! });
  }

  /** What a write that is committed now says. */
  ofWrite(service: number, { family, pods, podStates, hintedPods }: PlannedWrite): readonly EndpointUpdate[] {
    if (family !== undefined && family > 0) return [];
    const updates = pods.map((pod, position) =>
      this.#update(service, pod, this.#stateOf(service, podStates[position]!)),
    );
    if (!this.#isAutoHinted(service) || hintedPods === undefined || hintedPods === null) return updates;
    const hints = new Map(hintedPods.pods.map((pod, position) => [pod, hintedPods.zones[position]!]));
    return [
      // Those that the slice has no more.
      ...updates.filter(({ endpoint }) => !hints.has(endpoint)),
      ...[...hints].map(([endpoint, hintedZone]) => ({ endpoint, state: this.#states[endpoint]!, hintedZone })),
    ];
  }

  #isAutoHinted(service: number): boolean {
    const { services } = this.#parameters;
    return (
      this.routing.serviceOf(service).hints !== 'none' && services.endpointSettings(service).topologyMode === 'Auto'
    );
  }

  #stateOf(service: number, podState: number): EndpointState {
    const { services, readsSlices, fallsBackToTerminating } = this.#parameters;
    const { publishNotReadyAddresses } = services.endpointSettings(service);
    if (isReadyEndpoint(podState, publishNotReadyAddresses)) return EndpointState.ready;
    const isFallback =
      readsSlices &&
      fallsBackToTerminating &&
      isSliceEndpoint(podState) &&
      isServing(podState) &&
      isTerminating(podState);
    return isFallback ? EndpointState.terminating : EndpointState.unusable;
  }

  #update(service: number, endpoint: number, state: EndpointState): EndpointUpdate {
    this.#states[endpoint] = state;
    const { pods, zoneOfNode } = this.#parameters;
    const isHinted = this.routing.serviceOf(service).hints !== 'none' && !this.#isAutoHinted(service);
    const node = pods.node[endpoint]!;
    return { endpoint, state, hintedZone: isHinted && node >= 0 ? zoneOfNode[node]! : NO_ZONE };
  }
}
