/**
 * How many rules kube-proxy's iptables mode writes, and how many rules and chains the kernel then holds.
 *
 *   shape of a service, usable endpoints, options --> rules of the service, by kind --> sums --> metrics, cost of a sync
 *
 * Layout of pkg/proxy/iptables/proxier.go (1.33). nat table:
 *
 *   KUBE-SERVICES   1 for the cluster IP, each external IP and each load balancer's IP; at the end the way to KUBE-NODEPORTS
 *   KUBE-NODEPORTS  1 for a node port, and one more that counts packets to it over loopback
 *   KUBE-EXT-x      what comes from outside: masquerade and take all endpoints, or tell who comes and take local ones
 *   KUBE-FW-x       a load balancer's IP with source ranges: a rule for each, and the end of those who match none
 *   KUBE-SVC-x      all usable endpoints: masquerade mark, affinity, a random jump to each; KUBE-SVL-x local ones
 *   KUBE-SEP-y      for each endpoint: its own hairpin traffic; the DNAT
 *
 * filter table: one REJECT or DROP for each address that leads nowhere, DROP of what source ranges leave out, ACCEPT of health checks.
 * Every sync writes KUBE-SERVICES, KUBE-NODEPORTS and the filter table anew; a partial one (KEP-3453,
 * "minimizeIPTablesRestore") writes the services' own chains of changed services only.
 *
 * Left out: chains of other programs.
 */

import {
  hasHealthCheckNodePort,
  hasNodePort,
  isExternalPolicyLocal,
  isReachableFromOutside,
  type ServiceShape,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from '../../../cluster/service-shape.js';
import { IPTABLES_FIXED_RULES } from '../../../versions/iptables-layout.js';
import type { EndpointCounts } from '../proxy-mode.js';
import type { IptablesRuleOptions } from './iptables-options.js';

/** The rules that one service port makes, by kind. */
export interface ServiceRules {
  /** nat, KUBE-SERVICES. */
  dispatch: number;
  /** nat, KUBE-NODEPORTS. */
  nodePorts: number;
  /** nat, the mark for traffic from outside the pods at the head of the internal chain. */
  masquerade: number;
  /** nat, KUBE-EXT-x. */
  external: number;
  /** nat, KUBE-FW-x. */
  firewall: number;
  /** nat, jumps to endpoints in KUBE-SVC-x and KUBE-SVL-x. */
  endpointJumps: number;
  /** Those of them that draw lots: all but the last of a chain. */
  randomJumps: number;
  /** nat, look-ups of clients that an endpoint has served before. */
  affinityChecks: number;
  /** nat, KUBE-SEP-y: two for each endpoint. */
  endpointRules: number;
  /** Chains of the service's own in nat. */
  chains: number;
  /** filter, packets that lead nowhere, source ranges, health checks. */
  filter: number;
}

export const createServiceRules = (): ServiceRules => ({
  dispatch: 0,
  nodePorts: 0,
  masquerade: 0,
  external: 0,
  firewall: 0,
  endpointJumps: 0,
  randomJumps: 0,
  affinityChecks: 0,
  endpointRules: 0,
  chains: 0,
  filter: 0,
});

/** Writes to `rules` what one service port makes on a node that may use these endpoints. */
export function countServiceRules(
  shape: ServiceShape,
  endpoints: EndpointCounts,
  options: IptablesRuleOptions,
  rules: ServiceRules,
): ServiceRules {
  const hasEndpoints = endpoints.isAnywhere;
  const cluster = usesClusterEndpoints(shape) ? endpoints.cluster : 0;
  const local = usesLocalEndpoints(shape) ? endpoints.local : 0;
  const isExternalLocal = isExternalPolicyLocal(shape);
  const hasInternal = hasEndpoints && !(shape.internalTrafficPolicy === 'Local' && local === 0);
  const hasExternal = hasEndpoints && !(isExternalLocal && local === 0);
  const isExternal = hasEndpoints && isReachableFromOutside(shape);
  const addresses = shape.externalIPs + shape.loadBalancerIPs;
  const nodePorts = hasNodePort(shape) ? 1 : 0;
  const hasFirewall = hasEndpoints && shape.loadBalancerIPs > 0 && shape.loadBalancerSourceRanges > 0;

  rules.dispatch = (hasInternal ? 1 : 0) + (hasEndpoints ? addresses : 0);
  rules.nodePorts = hasEndpoints ? nodePorts * (countsLoopback(options) ? 2 : 1) : 0;
  rules.masquerade = hasInternal && (options.masqueradeAll || options.detectsLocalTraffic) ? 1 : 0;
  rules.external = isExternal ? externalRules(isExternalLocal, options) + (hasExternal ? 1 : 0) : 0;
  rules.firewall = hasFirewall ? firewallRules(shape, options) : 0;
  rules.endpointJumps = cluster + local;
  rules.randomJumps = Math.max(0, cluster - 1) + Math.max(0, local - 1);
  rules.affinityChecks = shape.sessionAffinity === 'ClientIP' ? cluster + local : 0;
  rules.endpointRules = 2 * endpoints.reachable;
  rules.chains =
    (cluster > 0 ? 1 : 0) + (local > 0 ? 1 : 0) + (isExternal ? 1 : 0) + (hasFirewall ? 1 : 0) + endpoints.reachable;
  rules.filter =
    (hasInternal ? 0 : 1) +
    (hasExternal ? 0 : addresses + nodePorts) +
    (hasFirewall ? shape.loadBalancerIPs : 0) +
    (hasHealthCheckNodePort(shape) ? 1 : 0);
  return rules;
}

/** Whether a rule of its own counts packets to node ports that come over loopback. */
const countsLoopback = ({ layout, localhostNodePorts, isIPv4, hasNfacct }: IptablesRuleOptions): boolean =>
  layout !== 'v1.24' && localhostNodePorts && isIPv4 && hasNfacct;

/** KUBE-EXT-x without its last jump. Local: pods go to all endpoints, and so does the node, masqueraded. */
const externalRules = (isLocal: boolean, { detectsLocalTraffic }: IptablesRuleOptions): number =>
  isLocal ? (detectsLocalTraffic ? 1 : 0) + 2 : 1;

/** KUBE-FW-x: source ranges; packets of the node to the load balancer's address, which then is their source; the end. */
const firewallRules = (shape: ServiceShape, { layout, isNodeInSourceRanges }: IptablesRuleOptions): number =>
  shape.loadBalancerSourceRanges + (isNodeInSourceRanges ? shape.loadBalancerIPs : 0) + (layout === 'v1.24' ? 0 : 1);

/** Rules in the service's own nat chains: what a partial sync writes for it, beside its lines in the dispatch chains. */
export const ownChainRules = (rules: ServiceRules): number =>
  rules.masquerade + rules.external + rules.firewall + rules.endpointJumps + rules.affinityChecks + rules.endpointRules;

/** All rules of the service in nat. */
export const natRulesOfService = (rules: ServiceRules): number =>
  rules.dispatch + rules.nodePorts + ownChainRules(rules);

/** Rules in nat without any service; a restricted nodePortAddresses names each address of the node. */
export const fixedNatRules = ({ nodePortAddresses }: IptablesRuleOptions): number =>
  IPTABLES_FIXED_RULES.natPostrouting.value +
  IPTABLES_FIXED_RULES.natMarkMasquerade.value +
  (nodePortAddresses === 'all' ? 1 : nodePortAddresses);

/** Whether kube-proxy guards the loopback addresses itself, as route_localnet opens them. */
const hasFirewallChain = ({ layout, isIPv4, localhostNodePorts }: IptablesRuleOptions): boolean =>
  layout !== 'v1.24' && isIPv4 && localhostNodePorts;

/** Rules in the filter table without any service. */
export const fixedFilterRules = (options: IptablesRuleOptions): number =>
  IPTABLES_FIXED_RULES.filterForward.value +
  (options.tcpBeLiberal ? 0 : IPTABLES_FIXED_RULES.filterInvalid.value) +
  (hasFirewallChain(options) ? IPTABLES_FIXED_RULES.filterFirewall.value : 0);

/** Chains that every sync declares in nat. */
export const FIXED_NAT_CHAINS = IPTABLES_FIXED_RULES.natChains.value;

/** Chains that every sync declares in filter. */
export const fixedFilterChains = (options: IptablesRuleOptions): number =>
  IPTABLES_FIXED_RULES.filterChains.value + (hasFirewallChain(options) ? 1 : 0);

/** Above 1000 endpoints kube-proxy leaves comments out of the rules of services and endpoints, and cleans up less often. */
export const isLargeCluster = (endpoints: number): boolean =>
  endpoints > IPTABLES_FIXED_RULES.largeClusterEndpoints.value;

/**
 * Whether a sync lists the nat table (iptables-save) to find chains that no service has any more, and deletes those: every
 * sync in a small cluster, in a large one only when the last such cleanup is more than syncPeriod ago.
 */
export const cleansUpStaleChains = (endpoints: number, sinceCleanupNs: number, syncPeriodNs: number): boolean =>
  !isLargeCluster(endpoints) || sinceCleanupNs > syncPeriodNs;
