/**
 * kube-proxy, and what a service is to it, as users write them: schema.ts makes sections of these. Defaults are not here but in
 * the version profiles.
 */

import { z } from 'zod';

import { choice, duration, flag, period, periodOrUnlimited, wholeNumber } from './fields.js';

/** More addresses or ranges than any service has. */
const MAX_ADDRESSES = 1000;
/** More than fit into one object of the API. */
const MAX_PORTS = 1000;
const MAX_CONNTRACK_ENTRIES = 1_000_000_000;

const IPVS_SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'lblc', 'lblcr', 'sh', 'dh', 'mh'] as const;

const kernelTimeout = (state: string, sysctl: string) =>
  duration().optional().describe(`How long ${state} is remembered (${sysctl}). 0s: what the kernel has.`);

const conntrack = z.strictObject({
  maxPerCore: wholeNumber({ min: 0, max: MAX_CONNTRACK_ENTRIES })
    .optional()
    .describe('Entries of the connection table per core (--conntrack-max-per-core). 0: what the kernel has.'),
  min: wholeNumber({ min: 0, max: MAX_CONNTRACK_ENTRIES })
    .optional()
    .describe('Entries of the connection table at least, however few cores there are (--conntrack-min).'),
  tcpBeLiberal: flag()
    .optional()
    .describe(
      'Whether packets that the connection table takes for invalid are let through (--conntrack-tcp-be-liberal): the rule that drops them is then not there.',
    ),
  tcpEstablishedTimeout: kernelTimeout('an idle TCP connection', '--conntrack-tcp-timeout-established'),
  tcpCloseWaitTimeout: kernelTimeout('a half-closed TCP connection', '--conntrack-tcp-timeout-close-wait'),
  udpTimeout: kernelTimeout('a UDP packet without reply', '--conntrack-udp-timeout'),
  udpStreamTimeout: kernelTimeout('a UDP flow with replies', '--conntrack-udp-timeout-stream'),
});

export const kubeProxy = z.strictObject({
  mode: choice(['userspace', 'iptables', 'ipvs', 'nftables'])
    .optional()
    .describe(
      'Proxy mode (--proxy-mode): userspace up to 1.25, nftables by default possible since 1.31, ipvs deprecated since 1.35.',
    ),
  discovery: choice(['EndpointSlice', 'Endpoints'])
    .optional()
    .describe(
      'The API that kube-proxy reads endpoints from; Endpoints shows what large clusters looked like before 1.19.',
    ),
  minSyncPeriod: duration()
    .optional()
    .describe(
      'Shortest time between two syncs, of the mode that is used (--iptables-min-sync-period, --ipvs-min-sync-period, nftables.minSyncPeriod). The default depends on the mode: IPVS has none (0s) up to 1.32.',
    ),
  syncPeriod: period()
    .optional()
    .describe(
      'Time after which a failed sync is retried (--iptables-sync-period, --ipvs-sync-period, nftables.syncPeriod).',
    ),
  syncRunner: choice(['token-bucket', 'min-interval'])
    .optional()
    .describe('What spaces syncs: the token bucket of releases up to 1.33, or the pause after every sync since 1.34.'),
  minimizeIPTablesRestore: flag()
    .optional()
    .describe(
      'Whether a sync writes only the chains of changed services (feature gate MinimizeIPTablesRestore, KEP-3453).',
    ),
  partialSyncEnsuresChains: flag()
    .optional()
    .describe(
      'Whether a sync that writes only the chains of changed services runs about 24 commands that make sure of chains and jumps, as up to 1.26.',
    ),
  iptablesBackend: choice(['legacy', 'nft'])
    .optional()
    .describe(
      "What the node's iptables commands speak to: the old kernel tables, or nftables by translation (iptables-nft). The distribution decides.",
    ),
  iptablesRuleLayout: choice(['v1.24', 'v1.33'])
    .optional()
    .describe('Which rules the iptables mode makes: those of releases up to 1.25, or those of later ones.'),
  ipvs: z
    .strictObject({
      scheduler: choice(IPVS_SCHEDULERS)
        .optional()
        .describe(
          'How IPVS chooses an endpoint for a new connection (--ipvs-scheduler). Counts for clients with `detail: connection` or `request`.',
        ),
    })
    .optional()
    .describe('Of the ipvs mode.'),
  nftablesProxyMode: flag()
    .optional()
    .describe('Feature gate NFTablesProxyMode, without which there is no nftables mode: off by default up to 1.30.'),
  nftables: z
    .strictObject({
      partialSync: flag()
        .optional()
        .describe('Whether a sync writes changed services only, or all of them as up to 1.31.'),
      listings: choice(['none', 'chains', 'chains and sets'])
        .optional()
        .describe(
          'What every sync has nft list before it writes, at the price of nft 1.0.6: measurements speak against any of it.',
        ),
      keepEndpointChainsOnStart: flag()
        .optional()
        .describe(
          'Whether the first sync after a restart leaves chains of endpoints alone that are there (since 1.33).',
        ),
      singleEndpointGoto: flag()
        .optional()
        .describe(
          'Whether a service with one endpoint jumps to it without a map of its own, as from 1.37 on: loading rules is then much faster.',
        ),
      nodeKernel: choice(['6.8', '6.12'])
        .optional()
        .describe(
          'Linux of the nodes: "6.8" for 6.1 to 6.8, whose full syncs of large clusters take several times as long (partial ones do not), or "6.12" for 6.12 and later. Kernels in between have not been looked at.',
        ),
    })
    .optional()
    .describe('Of the nftables mode.'),
  masqueradeAll: flag()
    .optional()
    .describe('Whether every packet to a cluster IP has its source address replaced (--masquerade-all).'),
  detectLocalMode: choice(['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix', 'none'])
    .optional()
    .describe(
      'How a node tells packets of its own pods (--detect-local-mode), or none: it cannot, as with ClusterCIDR when there is no --cluster-cidr.',
    ),
  localhostNodePorts: flag()
    .optional()
    .describe(
      'Whether node ports answer on 127.0.0.1 (--iptables-localhost-nodeports): only the iptables mode has that.',
    ),
  nodePortAddresses: choice(['all', 'primary'])
    .optional()
    .describe(
      'Where node ports answer (--nodeport-addresses): on all addresses of a node, or on its primary one, as by default in nftables mode.',
    ),
  terminatingEndpoints: flag()
    .optional()
    .describe(
      'Whether endpoints that terminate but still serve are used where none is ready (feature gate ProxyTerminatingEndpoints, on since 1.26).',
    ),
  topologyHints: flag()
    .optional()
    .describe('Whether hints of zones count (feature gate TopologyAwareHints, on since 1.24).'),
  preferSameTrafficDistribution: flag()
    .optional()
    .describe('Whether hints of nodes count (feature gate PreferSameTrafficDistribution, on since 1.34).'),
  conntrack: conntrack.optional().describe("The kernel's connection table, which kube-proxy configures."),
  minWatchTimeout: periodOrUnlimited()
    .optional()
    .describe(
      'A watch ends by itself between this and twice as much after its start (5m in client-go), or "unlimited": not within the run.',
    ),
  watchListClient: flag()
    .optional()
    .describe('Whether a list is streamed by the watch that follows it (feature gate WatchListClient).'),
});

const addresses = () => wholeNumber({ min: 0, max: MAX_ADDRESSES }, 'only how many there are counts').optional();
const trafficPolicy = () => choice(['Cluster', 'Local']).optional();

/** What decides which rules a service has. */
export const serviceShape = {
  type: choice(['ClusterIP', 'NodePort', 'LoadBalancer', 'Headless', 'ExternalName'])
    .optional()
    .describe(
      'Type of the service: of the first three each includes what the one before has. Headless stands for clusterIP None; neither that nor an ExternalName has rules on nodes.',
    ),
  ports: wholeNumber({ min: 1, max: MAX_PORTS })
    .optional()
    .describe(
      'How many ports the service has, each with a name if there are several: kube-proxies program each by itself. Default: 1.',
    ),
  protocol: choice(['TCP', 'UDP', 'SCTP']).optional().describe('Protocol of the port (ports.protocol).'),
  internalTrafficPolicy: trafficPolicy().describe(
    'Whether traffic to the cluster IP goes to all endpoints, or only to those on the node of the client (Local, since 1.22).',
  ),
  externalTrafficPolicy: trafficPolicy().describe(
    'Whether traffic from outside goes to all endpoints, or only to those on the node that it reaches (Local).',
  ),
  sessionAffinity: choice(['None', 'ClientIP'])
    .optional()
    .describe('Whether a client stays with its endpoint (ClientIP).'),
  externalIPs: addresses().describe('How many externalIPs the service has. Default: 0.'),
  loadBalancerIPs: addresses().describe(
    'How many addresses with ipMode VIP the load balancer has (status.loadBalancer.ingress). Default: 1 for the type LoadBalancer.',
  ),
  loadBalancerSourceRanges: addresses().describe(
    'How many loadBalancerSourceRanges a load balancer has: other clients are turned away. Default: 0, which admits all.',
  ),
  allocateLoadBalancerNodePorts: flag()
    .optional()
    .describe('Whether a load balancer has a node port too, as it does by default.'),
};
