/**
 * What kube-proxy's nftables mode has in the kernel: chains, rules, sets and elements, with and without services.
 *
 *   service shape, usable endpoints, options --> rules by chain, elements by map --> nftables-transaction.ts, nftables-mode.ts
 *
 * Layout of pkg/proxy/nftables/proxier.go (1.33), one table "kube-proxy" for each IP family. A service port has, as far as it
 * needs them,
 *
 *   cluster chain    service-...   [masquerade] [affinity: one goto per endpoint] numgen over its endpoints in an anonymous map
 *   local chain      local-...     the same over the endpoints of the node
 *   external chain   external-...  what policies ask of traffic from outside, then on to one of the two
 *   firewall chain   firewall-...  the drop of what does not come from loadBalancerSourceRanges (an anonymous set)
 *   endpoint chains  endpoint-...  hairpin masquerade, [affinity: update of the endpoint's set], DNAT
 *
 * and elements: its address in the set cluster-ips; addresses in the verdict maps service-ips and no-endpoint-services, node
 * ports in service-nodeports and no-endpoint-nodeports, load balancer addresses with a firewall chain in firewall-ips.
 *
 * All ports of a service share one element, its address in cluster-ips; everything else each has for itself.
 */

import {
  hasNodePort,
  isExternalPolicyLocal,
  isReachableFromOutside,
  type ServiceShape,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from '../../../cluster/service-shape.js';
import type { EndpointCounts } from '../proxy-mode.js';

/** How the proxy is configured, as far as its rules depend on it. */
export interface RulesetOptions {
  /** Whether it can tell pods of the node from others (detectLocalMode has what it needs, such as a cluster CIDR). */
  readonly detectsLocal: boolean;
  readonly masqueradeAll: boolean;
  /** A service with one endpoint has a plain goto to it, and no anonymous map. */
  readonly singleEndpointGoto: boolean;
}

export const DEFAULT_RULESET_OPTIONS: RulesetOptions = {
  detectsLocal: true,
  masqueradeAll: false,
  singleEndpointGoto: false,
};

/** A service port as it is at some time, seen from one node. */
export interface ServiceState {
  readonly shape: ServiceShape;
  readonly endpoints: EndpointCounts;
}

/** The table without any service. */
export interface BaseRuleset {
  readonly sets: number;
  readonly maps: number;
  readonly chains: number;
  /** Of the chains: those that hang on a hook of netfilter. */
  readonly baseChains: number;
  readonly rules: number;
  readonly elements: number;
}

/** Hooks: filter prerouting, forward, input, output, output after DNAT; nat prerouting, output, postrouting. */
const BASE_CHAINS = 8;
/** cluster-ips-check, firewall-check, mark-for-masquerade, masquerading, nodeport-endpoints-check, reject-chain, services, service-endpoints-check. */
const REGULAR_CHAINS = 8;
/** All but the drop of addresses in the service CIDRs that no service has. */
const BASE_RULES = 22;
/** cluster-ips, nodeport-ips. */
const BASE_SETS = 2;
/** firewall-ips, no-endpoint-nodeports, no-endpoint-services, service-ips, service-nodeports. */
const BASE_MAPS = 5;

/** `nodePortIPs`: addresses in the set nodeport-ips, which has none when nodePortAddresses allows every local address. */
export const baseRuleset = (nodePortIPs: number, hasServiceCIDRs: boolean): BaseRuleset => ({
  sets: BASE_SETS,
  maps: BASE_MAPS,
  chains: BASE_CHAINS + REGULAR_CHAINS,
  baseChains: BASE_CHAINS,
  rules: BASE_RULES + (hasServiceCIDRs ? 1 : 0),
  elements: nodePortIPs,
});

/** Whether traffic to the cluster IP has somewhere to go. */
const isReachableInternally = (shape: ServiceShape, { local, isAnywhere }: EndpointCounts): boolean =>
  isAnywhere && (shape.internalTrafficPolicy === 'Cluster' || local > 0);

/** Whether traffic from outside the cluster has. */
const isReachableExternally = (shape: ServiceShape, { local, isAnywhere }: EndpointCounts): boolean =>
  isAnywhere && (!isExternalPolicyLocal(shape) || local > 0);

/** Load balancer addresses are guarded whether there are endpoints or not. */
const hasFirewall = ({ loadBalancerIPs, loadBalancerSourceRanges }: ServiceShape): boolean =>
  loadBalancerIPs > 0 && loadBalancerSourceRanges > 0;

export const hasAffinity = ({ sessionAffinity }: ServiceShape): boolean => sessionAffinity === 'ClientIP';

/** Hairpin and DNAT, and with affinity the update of the endpoint's set. */
export const rulesPerEndpoint = (shape: ServiceShape): number => (hasAffinity(shape) ? 3 : 2);

type MapName =
  | 'cluster-ips'
  | 'service-ips'
  | 'service-nodeports'
  | 'no-endpoint-services'
  | 'no-endpoint-nodeports'
  | 'firewall-ips';

/** An element of a map: a change of its verdict takes a deletion and an addition. */
export interface MapElement {
  readonly map: MapName;
  readonly key: string;
  /** A chain of the service, or "drop", or "reject"; "" in a set. */
  readonly verdict: string;
}

/** All elements of a service port. */
export function mapElements({ shape, endpoints }: ServiceState): MapElement[] {
  const { isAnywhere } = endpoints;
  const externally = isReachableExternally(shape, endpoints);
  const withoutEndpoints = isAnywhere ? 'drop' : 'reject';
  const elements: MapElement[] = [{ map: 'cluster-ips', key: 'cluster IP', verdict: '' }];
  elements.push(
    isReachableInternally(shape, endpoints)
      ? {
          map: 'service-ips',
          key: 'cluster IP',
          verdict: shape.internalTrafficPolicy === 'Local' ? 'local' : 'cluster',
        }
      : { map: 'no-endpoint-services', key: 'cluster IP', verdict: withoutEndpoints },
  );
  const addFromOutside = (services: MapName, noEndpoints: MapName, key: string): void => {
    if (isAnywhere) elements.push({ map: services, key, verdict: 'external' });
    if (!externally) elements.push({ map: noEndpoints, key, verdict: withoutEndpoints });
  };
  for (let index = 0; index < shape.externalIPs; index++) {
    addFromOutside('service-ips', 'no-endpoint-services', `external IP ${index}`);
  }
  for (let index = 0; index < shape.loadBalancerIPs; index++) {
    const key = `load balancer IP ${index}`;
    addFromOutside('service-ips', 'no-endpoint-services', key);
    if (hasFirewall(shape)) elements.push({ map: 'firewall-ips', key, verdict: 'firewall' });
  }
  if (hasNodePort(shape)) addFromOutside('service-nodeports', 'no-endpoint-nodeports', 'node port');
  return elements;
}

/** What one service port has in the kernel. */
export interface ServiceRuleset {
  /** Rules of its own chains; 0 where there is no such chain, for none is ever empty. */
  clusterRules: number;
  localRules: number;
  externalRules: number;
  firewallRules: number;
  endpointChains: number;
  /** Of the service and of its endpoints together. */
  chains: number;
  rules: number;
  /** Named sets: one for each endpoint with affinity. */
  affinitySets: number;
  /** Of named maps and sets. */
  elements: number;
  /** The numgen maps of its chains and the source ranges of its firewall chain: sets without a name, inside rules. */
  anonymousSets: number;
  /** Of these. */
  anonymousEntries: number;
}

export const emptyRuleset = (): ServiceRuleset => ({
  clusterRules: 0,
  localRules: 0,
  externalRules: 0,
  firewallRules: 0,
  endpointChains: 0,
  chains: 0,
  rules: 0,
  affinitySets: 0,
  elements: 0,
  anonymousSets: 0,
  anonymousEntries: 0,
});

/** Writes to `ruleset` what a service port has in the kernel. */
export function countRuleset(
  shape: ServiceShape,
  endpoints: EndpointCounts,
  options: RulesetOptions,
  ruleset: ServiceRuleset,
): void {
  countOwnChains(shape, endpoints, options, ruleset);
  const { clusterRules, localRules, externalRules, firewallRules } = ruleset;
  const endpointChains = endpoints.reachable;
  ruleset.endpointChains = endpointChains;
  ruleset.chains =
    endpointChains +
    (clusterRules > 0 ? 1 : 0) +
    (localRules > 0 ? 1 : 0) +
    (externalRules > 0 ? 1 : 0) +
    (firewallRules > 0 ? 1 : 0);
  ruleset.rules = clusterRules + localRules + externalRules + firewallRules + rulesPerEndpoint(shape) * endpointChains;
  ruleset.affinitySets = hasAffinity(shape) ? endpointChains : 0;
  ruleset.elements = elementCount(shape, endpoints);

  const clusterEntries = clusterRules > 0 ? mapEntries(endpoints.cluster, options) : 0;
  const localEntries = localRules > 0 ? mapEntries(endpoints.local, options) : 0;
  const sourceRanges = firewallRules > 0 ? shape.loadBalancerSourceRanges : 0;
  ruleset.anonymousSets = (clusterEntries > 0 ? 1 : 0) + (localEntries > 0 ? 1 : 0) + (sourceRanges > 0 ? 1 : 0);
  ruleset.anonymousEntries = clusterEntries + localEntries + sourceRanges;
}

function countOwnChains(
  shape: ServiceShape,
  endpoints: EndpointCounts,
  { detectsLocal, masqueradeAll }: RulesetOptions,
  ruleset: ServiceRuleset,
): void {
  const masqueradeRules = isReachableInternally(shape, endpoints) && (masqueradeAll || detectsLocal) ? 1 : 0;
  const isInternalPolicyLocal = shape.internalTrafficPolicy === 'Local';
  const affinityRulesPerEndpoint = hasAffinity(shape) ? 1 : 0;
  const cluster = usesClusterEndpoints(shape) ? endpoints.cluster : 0;
  const local = usesLocalEndpoints(shape) ? endpoints.local : 0;
  // The masquerade rule stands in the chain to which the cluster IP leads.
  ruleset.clusterRules =
    cluster === 0 ? 0 : affinityRulesPerEndpoint * cluster + 1 + (isInternalPolicyLocal ? 0 : masqueradeRules);
  ruleset.localRules =
    local === 0 ? 0 : affinityRulesPerEndpoint * local + 1 + (isInternalPolicyLocal ? masqueradeRules : 0);
  ruleset.externalRules = 0;
  if (endpoints.isAnywhere && isReachableFromOutside(shape)) {
    // Cluster: masquerade. Local: pods of the node go to the cluster chain; the node itself is masqueraded and does too.
    ruleset.externalRules =
      (isExternalPolicyLocal(shape) ? (detectsLocal ? 1 : 0) + 2 : 1) +
      (isReachableExternally(shape, endpoints) ? 1 : 0);
  }
  ruleset.firewallRules = hasFirewall(shape) ? 1 : 0;
}

/** Of the map by which a chain chooses among `endpoints`. */
const mapEntries = (endpoints: number, { singleEndpointGoto }: RulesetOptions): number =>
  endpoints === 1 && singleEndpointGoto ? 0 : endpoints;

/** Of these, those that all ports of a service share. */
export const ELEMENTS_OF_SERVICE = 1;

/** How many `mapElements` there are, without making them. */
function elementCount(shape: ServiceShape, endpoints: EndpointCounts): number {
  const perKeyFromOutside = (endpoints.isAnywhere ? 1 : 0) + (isReachableExternally(shape, endpoints) ? 0 : 1);
  const keysFromOutside = shape.externalIPs + shape.loadBalancerIPs + (hasNodePort(shape) ? 1 : 0);
  return 2 + keysFromOutside * perKeyFromOutside + (hasFirewall(shape) ? shape.loadBalancerIPs : 0);
}

/** What `state` has in the kernel; nothing if it does not exist. */
export function serviceRuleset(state: ServiceState | null, options: RulesetOptions): ServiceRuleset {
  const ruleset = emptyRuleset();
  if (state !== null) countRuleset(state.shape, state.endpoints, options, ruleset);
  return ruleset;
}

/** Operations that rewrite a service port: each chain is added and flushed, each rule added, each affinity set made sure of. */
export const rewriteOperations = ({ chains, rules, affinitySets }: ServiceRuleset): number =>
  2 * chains + rules + affinitySets;
