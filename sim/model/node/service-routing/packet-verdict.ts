/**
 * What becomes of a packet that enters a node's service rules: the endpoints it may reach and as whose, or how it ends.
 *
 *   services with their addresses and endpoints --> tables by destination --+
 *   packet: source, destination, port, protocol --> destination, source ----+--> service-route.ts --> verdict
 *
 * One NodeRouting is a node as of one sync; it serves both address families. A service belongs to the family of its cluster IP.
 *
 * Left out: flows that conntrack knows already (they keep their endpoint), session affinity, and packets to unused ports of an
 * IPVS virtual server, which are taken to reach the node's own sockets.
 */

import { CLUSTER_IP, type ServiceShape, type TrafficPolicy } from '../../cluster/service-shape.js';
import type { IpFamily } from '../../cluster/services.js';
import type { KubeProxySettings } from '../../kube-proxy-settings.js';
import type { ProxyModeName } from '../proxy-modes/proxy-mode.js';
import {
  categorizeEndpoints,
  type EndpointSelection,
  type EndpointSets,
  type RoutableEndpoint,
  type RoutingNode,
} from './categorize-endpoints.js';
import { familyOf, IPV4_LOOPBACK, IpRanges, isLoopback } from './ip-ranges.js';
import { MODE_ROUTING, serviceRoute, type ServiceDestination, type PacketSource } from './service-route.js';

export type Protocol = ServiceShape['protocol'];

export interface AddressedEndpoint extends RoutableEndpoint {
  readonly address: string;
  readonly port: number;
}

/** One port of a service, with its addresses. */
export interface AddressedService {
  readonly clusterIP: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** null: none. */
  readonly nodePort: number | null;
  readonly externalIPs: readonly string[];
  /** status.loadBalancer.ingress; ipMode null is VIP. */
  readonly loadBalancerIPs: readonly { readonly ip: string; readonly ipMode: 'VIP' | 'Proxy' | null }[];
  /** spec.loadBalancerSourceRanges; empty: everybody may come. */
  readonly loadBalancerSourceRanges: readonly string[];
  readonly internalTrafficPolicy: TrafficPolicy;
  readonly externalTrafficPolicy: TrafficPolicy;
  /** null: none. */
  readonly healthCheckNodePort: number | null;
  readonly endpoints: readonly AddressedEndpoint[];
}

export interface NodeRoutingConfig {
  readonly mode: ProxyModeName;
  readonly node: RoutingNode;
  /** Addresses of the node's interfaces; the first of each family is its primary one. Loopback need not be listed. */
  readonly nodeIPs: readonly string[];
  /** What the local traffic detector takes for pods; null: no detector. */
  readonly podCIDRs: readonly string[] | null;
  readonly masqueradeAll: boolean;
  /** --iptables-localhost-nodeports; heeded in iptables mode only. */
  readonly localhostNodePorts: boolean;
  /** --nodeport-addresses: a name or CIDR ranges. */
  readonly nodePortAddresses: KubeProxySettings['nodePortAddresses'] | readonly string[];
  /** ServiceCIDR objects, which nftables mode watches; null: unknown. */
  readonly serviceCIDRs: readonly string[] | null;
  /** Feature gate LoadBalancerIPMode (KUBE_PROXY_FEATURES_SINCE has its version). */
  readonly loadBalancerIPMode: boolean;
  readonly selection: EndpointSelection;
}

export interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface PacketVerdict {
  /** ACCEPT: let in to the node's own health check server. UNHANDLED: no rule is about this packet. */
  readonly outcome: 'FORWARD' | 'REJECT' | 'DROP' | 'ACCEPT' | 'UNHANDLED';
  readonly endpoints: readonly AddressedEndpoint[];
  /** Those of the endpoints that see the node's address instead of the packet's source. */
  readonly masqueraded: readonly AddressedEndpoint[];
}

const ending = (outcome: PacketVerdict['outcome']): PacketVerdict => ({ outcome, endpoints: [], masqueraded: [] });
const REJECT = ending('REJECT');
const DROP = ending('DROP');
const ACCEPT = ending('ACCEPT');
const UNHANDLED = ending('UNHANDLED');

/** A service with what the node makes of it. */
interface ServiceOnNode {
  readonly service: AddressedService;
  readonly sets: EndpointSets<AddressedEndpoint>;
  readonly sizes: { readonly cluster: number; readonly local: number; readonly isAnywhere: boolean };
  /** null: no source ranges are set. */
  readonly allowedSources: IpRanges | null;
  /** Addresses of its load balancers, which are sources too where a node reaches itself through one. */
  readonly vips: readonly string[];
}

interface Target {
  readonly destination: ServiceDestination;
  readonly routed: ServiceOnNode;
}

const keyOf = (address: string, protocol: Protocol, port: number): string => `${address} ${protocol} ${port}`;

export class NodeRouting {
  readonly #config: NodeRoutingConfig;
  readonly #byAddress = new Map<string, Target>();
  /** Keyed by family in place of the address. */
  readonly #byNodePort = new Map<string, Target>();
  readonly #clusterIPs = new Set<string>();
  readonly #healthCheckPorts = new Set<number>();
  readonly #nodeIPs: ReadonlySet<string>;
  readonly #nodePortIPs: ReadonlySet<string>;
  readonly #nodePortLoopback: IpRanges;
  readonly #pods: IpRanges | null;
  readonly #serviceRanges: IpRanges;

  constructor(config: NodeRoutingConfig, services: readonly AddressedService[]) {
    this.#config = config;
    this.#nodeIPs = new Set(config.nodeIPs);
    this.#nodePortIPs = new Set([...nodePortIPs(config, 'IPv4'), ...nodePortIPs(config, 'IPv6')]);
    this.#nodePortLoopback = new IpRanges(nodePortLoopback(config));
    this.#pods = config.podCIDRs === null ? null : new IpRanges(config.podCIDRs);
    this.#serviceRanges = new IpRanges(config.serviceCIDRs ?? []);
    for (const service of services) this.#add(service);
  }

  verdict(packet: Packet): PacketVerdict {
    const { mode } = this.#config;
    const { destination, port, protocol } = packet;
    const target = this.#byAddress.get(keyOf(destination, protocol, port));
    if (target !== undefined) return this.#route(packet, target);

    if (this.#isOnNode(destination)) {
      const nodePort = this.#byNodePort.get(keyOf(familyOf(destination), protocol, port));
      if (nodePort !== undefined) {
        if (this.#hasNodePorts(destination)) return this.#route(packet, nodePort);
        // iptables' rules for services without endpoints are for every address of the node.
        if (mode === 'iptables') return withoutExternalEndpoints(nodePort.routed);
        return UNHANDLED;
      }
      // nftables leaves it to others to let the load balancer's questions in.
      const accepts = mode === 'iptables' || mode === 'ipvs';
      return accepts && protocol === 'TCP' && this.#healthCheckPorts.has(port) ? ACCEPT : UNHANDLED;
    }
    if (mode !== 'nftables') return UNHANDLED;
    if (this.#clusterIPs.has(destination)) return REJECT;
    return this.#serviceRanges.has(destination) ? DROP : UNHANDLED;
  }

  #add(service: AddressedService): void {
    const { clusterIP, port, protocol, nodePort, externalIPs, healthCheckNodePort } = service;
    const vips = service.loadBalancerIPs
      .filter(({ ipMode }) => !(this.#config.loadBalancerIPMode && ipMode === 'Proxy'))
      .map(({ ip }) => ip);
    const routed = this.#categorize(service, vips);
    this.#clusterIPs.add(clusterIP);
    // The first service that claims an address keeps it.
    const claim = (
      table: Map<string, Target>,
      address: string,
      ofPort: number,
      destination: ServiceDestination,
    ): void => {
      const key = keyOf(address, protocol, ofPort);
      if (!table.has(key)) table.set(key, { destination, routed });
    };
    claim(this.#byAddress, clusterIP, port, 'clusterIP');
    for (const ip of externalIPs) claim(this.#byAddress, ip, port, 'externalIP');
    for (const ip of vips) claim(this.#byAddress, ip, port, 'loadBalancerIP');
    if (nodePort !== null) claim(this.#byNodePort, familyOf(clusterIP), nodePort, 'nodePort');
    if (healthCheckNodePort !== null && service.externalTrafficPolicy === 'Local') {
      this.#healthCheckPorts.add(healthCheckNodePort);
    }
  }

  #categorize(service: AddressedService, vips: readonly string[]): ServiceOnNode {
    const { mode, node, selection } = this.#config;
    const shape: ServiceShape = {
      ...CLUSTER_IP,
      type: service.nodePort === null ? 'ClusterIP' : 'NodePort',
      externalIPs: service.externalIPs.length,
      loadBalancerIPs: vips.length,
      internalTrafficPolicy: service.internalTrafficPolicy,
      externalTrafficPolicy: service.externalTrafficPolicy,
    };
    const sets = MODE_ROUTING[mode].followsPolicies
      ? categorizeEndpoints(shape, service.endpoints, node, selection)
      : categorizeEndpoints(CLUSTER_IP, service.endpoints, node, READY_ONLY);
    return {
      service,
      sets,
      sizes: {
        cluster: sets.cluster?.length ?? 0,
        local: sets.local?.length ?? 0,
        isAnywhere: sets.isAnywhere,
      },
      allowedSources:
        service.loadBalancerSourceRanges.length > 0 ? new IpRanges(service.loadBalancerSourceRanges) : null,
      vips,
    };
  }

  #route({ source }: Packet, { destination, routed }: Target): PacketVerdict {
    const { mode, masqueradeAll } = this.#config;
    const { outcome, endpoints, isMasqueraded } = serviceRoute(
      MODE_ROUTING[mode],
      routed.service,
      routed.sizes,
      destination,
      this.#sourceOf(source),
      this.#isAllowed(source, routed),
      { masqueradeAll, detectsLocalTraffic: this.#pods !== null },
    );
    if (outcome === 'REJECT') return REJECT;
    if (outcome === 'DROP') return DROP;
    const reachable = (endpoints === 'local' ? routed.sets.local : routed.sets.cluster) ?? [];
    return {
      outcome,
      endpoints: reachable,
      masqueraded: isMasqueraded ? reachable : reachable.filter(({ address }) => address === source),
    };
  }

  #sourceOf(address: string): PacketSource {
    if (this.#pods?.has(address) === true) return 'pod';
    return this.#isOnNode(address) ? 'node' : 'outside';
  }

  /** A node within the ranges may also come from the load balancer's address, as it does where that is an address of its own. */
  #isAllowed(source: string, { allowedSources, vips }: ServiceOnNode): boolean {
    if (allowedSources === null || allowedSources.has(source)) return true;
    const primary = primaryIP(this.#config.nodeIPs, familyOf(source));
    return vips.includes(source) && primary !== undefined && allowedSources.has(primary);
  }

  #isOnNode(address: string): boolean {
    return this.#nodeIPs.has(address) || isLoopback(address);
  }

  /** Whether node ports are served at this address of the node. */
  #hasNodePorts(address: string): boolean {
    return isLoopback(address) ? this.#nodePortLoopback.has(address) : this.#nodePortIPs.has(address);
  }
}

/** What the userspace mode knows of endpoints. */
const READY_ONLY: EndpointSelection = {
  terminatingEndpoints: false,
  topologyHints: false,
  preferSameTrafficDistribution: false,
};

const withoutExternalEndpoints = ({ service, sizes }: ServiceOnNode): PacketVerdict => {
  if (!sizes.isAnywhere) return REJECT;
  return service.externalTrafficPolicy === 'Local' && sizes.local === 0 ? DROP : UNHANDLED;
};

const primaryIP = (nodeIPs: readonly string[], family: IpFamily): string | undefined =>
  nodeIPs.find((address) => familyOf(address) === family);

/** Addresses of the node with node ports, loopback aside. */
function nodePortIPs({ nodeIPs, nodePortAddresses }: NodeRoutingConfig, family: IpFamily): readonly string[] {
  const ofFamily = nodeIPs.filter((address) => familyOf(address) === family);
  if (nodePortAddresses === 'primary') return ofFamily.slice(0, 1);
  const ranges = nodePortRanges(nodePortAddresses, family);
  if (ranges === null) return ofFamily;
  const allowed = new IpRanges(ranges);
  return ofFamily.filter((address) => allowed.has(address));
}

/** Ranges that limit the node ports of a family; null: there are none, also when the other family has some. */
function nodePortRanges(addresses: 'all' | readonly string[], family: IpFamily): readonly string[] | null {
  if (addresses === 'all') return null;
  const ranges = addresses.filter((cidr) => familyOf(cidr) === family);
  return ranges.length === 0 ? null : ranges;
}

/** Loopback addresses with node ports. The kernel cannot route what ::1 sends, and 127.0.0.1 only with route_localnet. */
function nodePortLoopback({ mode, localhostNodePorts, nodePortAddresses }: NodeRoutingConfig): readonly string[] {
  if (mode === 'userspace') return [IPV4_LOOPBACK];
  if (mode !== 'iptables' || !localhostNodePorts || nodePortAddresses === 'primary') return [];
  return nodePortRanges(nodePortAddresses, 'IPv4') ?? [IPV4_LOOPBACK];
}
