/**
 * The part of the normalized scenario that says how every kube-proxy is configured (scenario.ts holds the rest, and the rules
 * of units and of null). All nodes have the same configuration.
 *
 * Left out: dual stack (a second proxier beside the first), addresses of the health and metrics servers, masqueradeBit, the IPVS
 * time-outs and strictARP, winkernel.
 */

import type { SyncListings } from './node/proxy-modes/nftables/nftables-mode.js';
import type { IptablesLayout } from './node/proxy-modes/iptables/iptables-options.js';
import type { NodeKernel } from './node/proxy-modes/nftables/nftables-sync-cost.js';
import type { ProxyModeName } from './node/proxy-modes/proxy-mode.js';

/** How kube-proxy tells packets of pods on its own node; `none`: it cannot, as when no clusterCIDR is given. */
export type DetectLocalMode = 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix' | 'none';

/** Schedulers of the kernel's IPVS, by the names of its modules. */
export type IpvsSchedulerName = 'rr' | 'wrr' | 'lc' | 'wlc' | 'sed' | 'nq' | 'lblc' | 'lblcr' | 'sh' | 'dh' | 'mh';

export interface KubeProxySettings {
  readonly mode: ProxyModeName;
  readonly discovery: 'EndpointSlice' | 'Endpoints';
  /** The default depends on the mode. */
  readonly minSyncPeriodNs: number;
  readonly syncPeriodNs: number;
  /** The runner of 1.34 and later, or the token-bucket runner up to 1.33. */
  readonly syncRunner: 'token-bucket' | 'min-interval';
  /** Partial iptables-restore (KEP-3453, on by default since 1.27). */
  readonly minimizeIPTablesRestore: boolean;
  /** Partial syncs, too, make sure of chains and jumps by a command for each (up to 1.26). */
  readonly partialSyncEnsuresChains: boolean;
  /** A watch ends by itself between this and twice as much after its start; null: not within the run. */
  readonly minWatchTimeoutNs: number | null;
  /** Lists are streamed by the watch that follows them (feature gate WatchListClient). */
  readonly watchListClient: boolean;

  /** What the iptables commands of a node speak to: the old kernel tables, or nftables by translation. */
  readonly iptablesBackend: 'legacy' | 'nft';
  readonly iptablesRuleLayout: IptablesLayout;
  readonly ipvs: { readonly scheduler: IpvsSchedulerName };
  /** Feature gate NFTablesProxyMode, without which there is no nftables mode. */
  readonly nftablesProxyMode: boolean;
  readonly nftables: {
    /** A sync writes what changed, and not every service. */
    readonly partialSync: boolean;
    /** What every sync asks the kernel for before it writes. */
    readonly listings: SyncListings;
    /** The first sync of a process leaves chains of endpoints alone that are in the kernel (since 1.33). */
    readonly keepEndpointChainsOnStart: boolean;
    /** A service with one endpoint jumps to it, without an anonymous map of its own. */
    readonly singleEndpointGoto: boolean;
    /** Of the nodes, as far as the time of a sync depends on it. */
    readonly nodeKernel: NodeKernel;
  };

  readonly masqueradeAll: boolean;
  readonly detectLocalMode: DetectLocalMode;
  /** Whether node ports answer on 127.0.0.1; in iptables mode only. */
  readonly localhostNodePorts: boolean;
  /** Node ports answer on all addresses of the node, or on its primary one. The default depends on the mode. */
  readonly nodePortAddresses: 'all' | 'primary';

  /** Feature gate ProxyTerminatingEndpoints: where no endpoint is ready, those that terminate but still serve are used. */
  readonly terminatingEndpoints: boolean;
  /** Feature gate TopologyAwareHints: the zones that endpoints are meant for count. */
  readonly topologyHints: boolean;
  /** Feature gate PreferSameTrafficDistribution: so do the nodes that they are meant for. */
  readonly preferSameTrafficDistribution: boolean;

  /** The connection table of a node. */
  readonly conntrack: {
    /** Entries per core; 0: the limit of the kernel is left alone. */
    readonly maxPerCore: number;
    readonly min: number;
    /** Whether packets out of a connection's window are let through. */
    readonly tcpBeLiberal: boolean;
    // 0: what the kernel has is left alone.
    readonly tcpEstablishedTimeoutNs: number;
    readonly tcpCloseWaitTimeoutNs: number;
    readonly udpTimeoutNs: number;
    readonly udpStreamTimeoutNs: number;
  };
}
