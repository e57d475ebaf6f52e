/**
 * The services of a cluster: groups of equal services, numbered through.
 *
 * Left out: selectors that overlap.
 */

import { CLUSTER_IP, type ServiceShape } from './service-shape.js';

export type IpFamily = 'IPv4' | 'IPv6';

/** spec.trafficDistribution: PreferClose and PreferSameZone mean the same. */
export type TrafficDistribution = 'PreferClose' | 'PreferSameZone' | 'PreferSameNode';

/** What decides how the endpoints of a service are published. */
export interface EndpointSettings {
  /** spec.publishNotReadyAddresses: endpoints count as ready from their address on until they are gone. */
  readonly publishNotReadyAddresses: boolean;
  /** spec.ipFamilies, one or both; the first one is that of the Endpoints object. */
  readonly ipFamilies: readonly IpFamily[];
  /** null: not set. */
  readonly trafficDistribution: TrafficDistribution | null;
  /** The annotation service.kubernetes.io/topology-mode; Auto wins over trafficDistribution. */
  readonly topologyMode: 'Auto' | 'Disabled';
}

/** Of services without selector: the addresses of one family, without hints. */
export const HAND_WRITTEN: EndpointSettings = {
  publishNotReadyAddresses: false,
  ipFamilies: ['IPv4'],
  trafficDistribution: null,
  topologyMode: 'Disabled',
};

/** A group of equal services, as the scenario describes it. */
export interface ServiceGroup extends EndpointSettings {
  readonly name: string;
  readonly count: number;
  /** Pods, or addresses written by hand, behind each service at the start. */
  readonly endpoints: number;
  /** False: a Service without selector, whose Endpoints object is written by hand. Default: true. */
  readonly selector?: boolean;
  /** Default: a plain ClusterIP service. */
  readonly shape?: ServiceShape;
}

/** All services in the order of their groups. */
export class ServiceTable {
  readonly groups: readonly ServiceGroup[];
  readonly count: number;
  /** Index of the group of each service. */
  readonly group: Uint16Array;
  readonly #firstOfGroup: number[] = [];

  constructor(groups: readonly ServiceGroup[]) {
    this.groups = groups;
    this.count = groups.reduce((sum, group) => sum + group.count, 0);
    this.group = new Uint16Array(this.count);
    let service = 0;
    groups.forEach((group, index) => {
      this.#firstOfGroup.push(service);
      this.group.fill(index, service, service + group.count);
      service += group.count;
    });
  }

  /** Services of the group called `name`, from `first` up to but not including `end`. */
  range(name: string): { readonly first: number; readonly end: number } {
    const index = this.groups.findIndex((group) => group.name === name);
    const group = this.groups[index];
    if (group === undefined) throw new RangeError(`no service group is called "${name}"`);
    const first = this.#firstOfGroup[index]!;
    return { first, end: first + group.count };
  }

  /** The first service of the group with this index. */
  firstOf(group: number): number {
    return this.#firstOfGroup[group]!;
  }

  /** The group of the service: what is said of it is said of each of its services. */
  groupOf(service: number): ServiceGroup {
    return this.groups[this.group[service]!]!;
  }

  /** What kube-proxies make of the service. */
  shapeOf(service: number): ServiceShape {
    return this.groupOf(service).shape ?? CLUSTER_IP;
  }

  /** How the service publishes its endpoints. What somebody writes by hand is taken as it is written. */
  endpointSettings(service: number): EndpointSettings {
    return this.hasSelector(service) ? this.groupOf(service) : HAND_WRITTEN;
  }

  /** Whether the service selects pods; otherwise somebody writes its Endpoints object by hand. */
  hasSelector(service: number): boolean {
    return this.groupOf(service).selector !== false;
  }

  /** Pods, or addresses written by hand, that the service has at the start. */
  initialEndpoints(service: number): number {
    return this.groupOf(service).endpoints;
  }
}

/** Services that never have any endpoint object: those of type ExternalName. */
export const servicesWithoutEndpoints = (services: ServiceTable): number[] =>
  services.groups.flatMap(({ count, shape }, group) =>
    shape?.type === 'ExternalName' ? Array.from({ length: count }, (_, index) => services.firstOf(group) + index) : [],
  );
