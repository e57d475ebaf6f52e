/** Spec -> Scenario: what kube-proxies are, and what services are to them. */

import type { ServiceShape } from '../model/cluster/service-shape.js';
import type { Scenario } from '../model/scenario.js';
import type { VersionProfile } from '../model/versions/profiles.js';
import { or } from './normalize-pods.js';
import type { Spec } from './schema.js';

/** Some defaults depend on the mode: `defaults` must be those of the one that is given. */
export const kubeProxy = (
  given: NonNullable<Spec['kubeProxy']>,
  defaults: VersionProfile['kubeProxy'],
): Scenario['kubeProxy'] => ({
  mode: or(given.mode, defaults.mode),
  discovery: or(given.discovery, defaults.discovery),
  minSyncPeriodNs: or(given.minSyncPeriod, defaults.minSyncPeriodNs),
  syncPeriodNs: or(given.syncPeriod, defaults.syncPeriodNs),
  syncRunner: or(given.syncRunner, defaults.syncRunner),
  minimizeIPTablesRestore: or(given.minimizeIPTablesRestore, defaults.minimizeIPTablesRestore),
  partialSyncEnsuresChains: or(given.partialSyncEnsuresChains, defaults.partialSyncEnsuresChains),
  minWatchTimeoutNs: or(given.minWatchTimeout, defaults.minWatchTimeoutNs),
  watchListClient: or(given.watchListClient, defaults.watchListClient),
  iptablesBackend: or(given.iptablesBackend, defaults.iptablesBackend),
  iptablesRuleLayout: or(given.iptablesRuleLayout, defaults.iptablesRuleLayout),
  ipvs: { scheduler: or(given.ipvs?.scheduler, defaults.ipvs.scheduler) },
  nftablesProxyMode: or(given.nftablesProxyMode, defaults.nftablesProxyMode),
  nftables: {
    partialSync: or(given.nftables?.partialSync, defaults.nftables.partialSync),
    listings: or(given.nftables?.listings, defaults.nftables.listings),
    keepEndpointChainsOnStart: or(
      given.nftables?.keepEndpointChainsOnStart,
      defaults.nftables.keepEndpointChainsOnStart,
    ),
    singleEndpointGoto: or(given.nftables?.singleEndpointGoto, defaults.nftables.singleEndpointGoto),
    nodeKernel: or(given.nftables?.nodeKernel, defaults.nftables.nodeKernel),
  },
  masqueradeAll: or(given.masqueradeAll, defaults.masqueradeAll),
  detectLocalMode: or(given.detectLocalMode, defaults.detectLocalMode),
  localhostNodePorts: or(given.localhostNodePorts, defaults.localhostNodePorts),
  nodePortAddresses: or(given.nodePortAddresses, defaults.nodePortAddresses),
  terminatingEndpoints: or(given.terminatingEndpoints, defaults.terminatingEndpoints),
  topologyHints: or(given.topologyHints, defaults.topologyHints),
  preferSameTrafficDistribution: or(given.preferSameTrafficDistribution, defaults.preferSameTrafficDistribution),
  conntrack: {
    maxPerCore: or(given.conntrack?.maxPerCore, defaults.conntrack.maxPerCore),
    min: or(given.conntrack?.min, defaults.conntrack.min),
    tcpBeLiberal: or(given.conntrack?.tcpBeLiberal, defaults.conntrack.tcpBeLiberal),
    tcpEstablishedTimeoutNs: or(given.conntrack?.tcpEstablishedTimeout, defaults.conntrack.tcpEstablishedTimeoutNs),
    tcpCloseWaitTimeoutNs: or(given.conntrack?.tcpCloseWaitTimeout, defaults.conntrack.tcpCloseWaitTimeoutNs),
    udpTimeoutNs: or(given.conntrack?.udpTimeout, defaults.conntrack.udpTimeoutNs),
    udpStreamTimeoutNs: or(given.conntrack?.udpStreamTimeout, defaults.conntrack.udpStreamTimeoutNs),
  },
});

export const serviceShape = (given: Spec['services'][number], { services: defaults }: VersionProfile): ServiceShape => {
  const type = or(given.type, defaults.type);
  return {
    type,
    ports: or(given.ports, defaults.ports),
    protocol: or(given.protocol, defaults.protocol),
    internalTrafficPolicy: or(given.internalTrafficPolicy, defaults.internalTrafficPolicy),
    externalTrafficPolicy: or(given.externalTrafficPolicy, defaults.externalTrafficPolicy),
    sessionAffinity: or(given.sessionAffinity, defaults.sessionAffinity),
    externalIPs: or(given.externalIPs, defaults.externalIPs),
    loadBalancerIPs: given.loadBalancerIPs ?? (type === 'LoadBalancer' ? defaults.loadBalancerIPs.value : 0),
    loadBalancerSourceRanges: or(given.loadBalancerSourceRanges, defaults.loadBalancerSourceRanges),
    allocateLoadBalancerNodePorts: or(given.allocateLoadBalancerNodePorts, defaults.allocateLoadBalancerNodePorts),
  };
};
