/**
 * The iptables mode's rules that no service changes, and what a rule takes in the kernel.
 */

import { constant, type Constant } from './provenance.js';

const PROXIER = 'pkg/proxy/iptables/proxier.go';

const inSource = (value: number, unit: string, source: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date: '1.33', range: null });

export const IPTABLES_FIXED_RULES = {
  natPostrouting: inSource(
    3,
    '1',
    `${PROXIER}: KUBE-POSTROUTING returns what is not marked, takes off the mark, masquerades`,
  ),
  natMarkMasquerade: inSource(1, '1', `${PROXIER}: KUBE-MARK-MASQ sets the mark`),
  natChains: inSource(4, '1', `${PROXIER}: KUBE-SERVICES, KUBE-NODEPORTS, KUBE-POSTROUTING, KUBE-MARK-MASQ`),
  filterForward: inSource(2, '1', `${PROXIER}: KUBE-FORWARD accepts what is marked and what is established`),
  filterInvalid: inSource(1, '1', `${PROXIER}: KUBE-FORWARD drops what conntrack calls INVALID`),
  filterFirewall: inSource(1, '1', `${PROXIER}: KUBE-FIREWALL drops strangers' packets to loopback addresses`),
  filterChains: inSource(
    5,
    '1',
    `${PROXIER}: KUBE-SERVICES, KUBE-EXTERNAL-SERVICES, KUBE-FORWARD, KUBE-NODEPORTS, KUBE-PROXY-FIREWALL; KUBE-FIREWALL comes with its rule`,
  ),
  /** Above this many endpoints rules of services have no comments and unused chains are looked for less often. */
  largeClusterEndpoints: inSource(1000, '1', `${PROXIER}: largeClusterEndpointsThreshold`),
} as const;

const inKernel = (value: number, source: string): Constant =>
  constant({ value, unit: 'B', evidence: 'derived', source, date: 'Linux 6.18', range: null });

const SIZES =
  'sizes of structures on a 64-bit kernel, which make up the 1,248 B of a service and the 928 B of an endpoint measured';

/** Parts of a rule in a legacy table. */
export const XTABLES_BYTES = {
  emptyTable: inKernel(4856, 'nat table with the chains that are there without services, measured'),
  entry: inKernel(112, `ipt_entry; ${SIZES}`),
  jump: inKernel(40, `xt_standard_target; ${SIZES}`),
  chain: inKernel(328, `A chain begins with an error target, 176 B, and ends with a return, 152 B; ${SIZES}`),
  comment: inKernel(
    288,
    `xt_comment_info with its header; three of them are the 864 B more of an endpoint with comments; ${SIZES}`,
  ),
  protocol: inKernel(48, `xt_tcp with its header; ${SIZES}`),
  statistic: inKernel(56, `xt_statistic_info with its header; ${SIZES}`),
  destinationNat: inKernel(80, `nf_nat_range2 with its header; ${SIZES}`),
  recent: inKernel(264, 'xt_recent_mtinfo_v1 with its header, by the same reckoning; not measured'),
  /** A larger table is refused when it is committed. */
  maxTable: inKernel(512 * 2 ** 20, 'net/netfilter/x_tables.c: XT_MAX_TABLE_SIZE'),
} as const;
