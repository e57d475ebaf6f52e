/**
 * What decides the rules of the iptables mode beside services: the version's layout, flags of kube-proxy, and the node.
 */

import { IPTABLES_FIXED_RULES } from '../../../versions/iptables-layout.js';

/** '1.25': the layout of 1.24 and 1.25; '1.33': the one since. */
export type IptablesLayout = '1.25' | '1.33';

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
  layout: '1.33',
  isIPv4: true,
  detectsLocalTraffic: true,
  masqueradeAll: false,
  localhostNodePorts: true,
  hasNfacct: true,
  tcpBeLiberal: false,
  nodePortAddresses: 'all',
  isNodeInSourceRanges: false,
};

/** Layout of Kubernetes 1.`minor`. */
export const iptablesLayoutOf = (minor: number): IptablesLayout =>
  minor < IPTABLES_FIXED_RULES.presentLayoutSince.value ? '1.25' : '1.33';
