/** A node and its services for tests of packet verdicts, with short ways to say them: that of Kubernetes' packet flow tests. */

import { kubeProxyDefaults } from '../../../versions/kube-proxy-profile.js';
import { DEFAULT_VERSION, minorOf } from '../../../versions/profiles.js';
import type { ProxyModeName } from '../../proxy-modes/proxy-mode.js';
import type { EndpointSelection } from '../categorize-endpoints.js';
import {
  NodeRouting,
  type AddressedEndpoint,
  type AddressedService,
  type NodeRoutingConfig,
  type Packet,
  type Protocol,
} from '../packet-verdict.js';
import { socketText } from '../slice-endpoints.js';

export interface ServiceCase {
  readonly clusterIP: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly nodePort?: number;
  readonly externalIPs?: readonly string[];
  readonly loadBalancerIPs?: readonly string[];
  readonly sourceRanges?: readonly string[];
  readonly internal?: 'Local';
  readonly external?: 'Local';
  readonly healthCheckNodePort?: number;
  readonly endpoints: readonly string[];
}
const SELECTION: EndpointSelection = {
  terminatingEndpoints: true,
  topologyHints: true,
  preferSameTrafficDistribution: true,
};
/** The node of the upstream tests. */
const NODE: Omit<NodeRoutingConfig, 'mode' | 'nodePortAddresses'> = {
  node: { name: 'node-0', zone: null },
  nodeIPs: ['192.168.0.2', '192.168.1.2', '192.168.99.11', '2001:db8::1', '2001:db8:1::2'],
  podCIDRs: ['10.0.0.0/8', 'fd00:10::/64'],
  masqueradeAll: false,
  localhostNodePorts: true,
  serviceCIDRs: null,
  loadBalancerIPMode: true,
  selection: SELECTION,
};
/** The mode's own where nothing is said. */
const nodePortAddresses = (mode: ProxyModeName) =>
  kubeProxyDefaults(minorOf(DEFAULT_VERSION), mode).nodePortAddresses.value;
export const configOf = (mode: ProxyModeName, settings: Partial<NodeRoutingConfig> = {}): NodeRoutingConfig => ({
  ...NODE,
  mode,
  nodePortAddresses: nodePortAddresses(mode),
  ...settings,
});
export const POD = '10.0.0.2';
export const OUTSIDE = '203.0.113.2';
export const THIS_NODE = '192.168.0.2';

const endpointOf = (text: string): AddressedEndpoint => {
  const [socket, state, place] = text.split(' ');
  const colon = socket!.lastIndexOf(':');
  return {
    address: socket!.slice(0, colon).replaceAll(/[[\]]/g, ''),
    port: Number(socket!.slice(colon + 1)),
    isReady: state === 'ready',
    isServing: state === 'ready' || state === 'ending',
    isTerminating: state === 'ending' || state === 'gone',
    isLocal: place === 'here',
    zoneHints: [],
    nodeHints: [],
  };
};
export const serviceOf = (given: ServiceCase): AddressedService => ({
  clusterIP: given.clusterIP,
  port: given.port,
  protocol: given.protocol,
  nodePort: given.nodePort ?? null,
  externalIPs: given.externalIPs ?? [],
  loadBalancerIPs: (given.loadBalancerIPs ?? []).map((ip) => ({ ip, ipMode: null })),
  loadBalancerSourceRanges: given.sourceRanges ?? [],
  internalTrafficPolicy: given.internal ?? 'Cluster',
  externalTrafficPolicy: given.external ?? 'Cluster',
  healthCheckNodePort: given.healthCheckNodePort ?? null,
  endpoints: given.endpoints.map(endpointOf),
});
export const routing = (
  mode: ProxyModeName,
  given: readonly ServiceCase[],
  settings: Partial<NodeRoutingConfig> = {},
): NodeRouting => new NodeRouting(configOf(mode, settings), given.map(serviceOf));

export type Probe = readonly [source: string, destination: string, port: number, protocol?: Protocol, result?: string];
/** What becomes of a packet, in the words of the cases. */
export const resultOf = (node: NodeRouting, [source, destination, port, protocol = 'TCP']: Probe): string => {
  const { outcome, endpoints, masqueraded } = node.verdict({ source, destination, port, protocol });
  if (outcome !== 'FORWARD') return outcome;
  return `${masqueraded.length > 0 ? 'SNAT ' : ''}${endpoints.map(socketText).join(' ')}`;
};

/** Everything that a service can have: reached in every way, with an endpoint here and one elsewhere. */
export const FULL: ServiceCase = {
  clusterIP: '172.30.0.41',
  port: 80,
  protocol: 'TCP',
  nodePort: 3001,
  externalIPs: ['192.0.2.7'],
  loadBalancerIPs: ['1.2.3.4'],
  endpoints: ['10.180.0.1:80 ready here', '10.180.1.1:80 ready'],
};
export const HERE = '10.180.0.1:80';
export const BOTH = '10.180.0.1:80 10.180.1.1:80';
export const CLUSTER_IP = ['172.30.0.41', 80] as const;
export const NODE_PORT = [THIS_NODE, 3001] as const;
export const LOAD_BALANCER = ['1.2.3.4', 80] as const;
export const EXTERNAL = [NODE_PORT, LOAD_BALANCER, ['192.0.2.7', 80]] as const;
export const ELSEWHERE = ['10.180.1.1:80 ready'];
export const MODES: readonly ProxyModeName[] = ['userspace', 'iptables', 'ipvs', 'nftables'];
export const KERNEL_MODES = MODES.filter((mode) => mode !== 'userspace');

export const packetOf = (source: string, [destination, port]: readonly [string, number]): Packet => ({
  source,
  destination,
  port,
  protocol: 'TCP',
});
