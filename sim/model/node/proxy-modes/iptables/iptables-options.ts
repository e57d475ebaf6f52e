/**
 * What decides the rules of the iptables mode beside services: the version's layout, flags of kube-proxy, and the node.
 */

/** v1.24: up to 1.25, where KUBE-FW ends without a rule and the kubelet owns KUBE-FIREWALL; v1.33: the one since. */
export type IptablesLayout = 'v1.24' | 'v1.33';

export interface IptablesRuleOptions {
  readonly layout: IptablesLayout;
  /** One proxier, and one set of tables, for each IP family. */
  readonly isIPv4: boolean;
  /** Whether kube-proxy can tell traffic of pods from other traffic (detectLocalMode works: there is a cluster CIDR, say). */
  readonly detectsLocalTraffic: boolean;
  readonly masqueradeAll: boolean;
  /** Counts for IPv4 only. */
  readonly localhostNodePorts: boolean;
  /** Whether the kernel can count packets by name (module nfnetlink_acct). */
  readonly hasNfacct: boolean;
  /** conntrack.tcpBeLiberal. */
  readonly tcpBeLiberal: boolean;
  /** Addresses of the node that nodePortAddresses picks; 'all' when it names none or everything. */
  readonly nodePortAddresses: 'all' | number;
  /** Whether load balancers' source ranges have the node's own address in one of them. */
  readonly isNodeInSourceRanges: boolean;
}

/** kube-proxy's defaults, on a cluster that says what its pod addresses are. */
export const DEFAULT_IPTABLES_OPTIONS: IptablesRuleOptions = {
  layout: 'v1.33',
  isIPv4: true,
  detectsLocalTraffic: true,
  masqueradeAll: false,
  localhostNodePorts: true,
  hasNfacct: true,
  tcpBeLiberal: false,
  nodePortAddresses: 'all',
  isNodeInSourceRanges: false,
};

/** Of a kube-proxy's configuration, what decides its rules. */
export interface IptablesSettings {
  readonly iptablesRuleLayout: IptablesLayout;
  readonly detectLocalMode: string;
  readonly masqueradeAll: boolean;
  readonly localhostNodePorts: boolean;
  readonly nodePortAddresses: 'all' | 'primary';
  readonly conntrack: { readonly tcpBeLiberal: boolean };
}

/** The options of kube-proxies with these settings, in clusters of IPv4 whose nodes are in no source range. */
export const iptablesOptionsOf = (settings: IptablesSettings): IptablesRuleOptions => ({
  ...DEFAULT_IPTABLES_OPTIONS,
  layout: settings.iptablesRuleLayout,
  detectsLocalTraffic: settings.detectLocalMode !== 'none',
  masqueradeAll: settings.masqueradeAll,
  // The primary address is not the loopback one.
  localhostNodePorts: settings.localhostNodePorts && settings.nodePortAddresses === 'all',
  tcpBeLiberal: settings.conntrack.tcpBeLiberal,
  nodePortAddresses: settings.nodePortAddresses === 'primary' ? 1 : 'all',
});
