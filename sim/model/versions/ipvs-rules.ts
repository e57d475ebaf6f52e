/** Fixed rules of IPVS mode, in kube-proxy and in the kernel's net/netfilter/ipvs. */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, unit: string, source: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date: '1.33', range: null });

/** Rules of the kernel that were not read again for this. */
const ofKernel = (value: number, unit: string, source: string): Constant =>
  constant({
    value,
    unit,
    evidence: 'assumption',
    source: `net/netfilter/ipvs/${source}`,
    date: '2026-07',
    range: null,
  });

const PROXIER = 'pkg/proxy/ipvs/proxier.go';

export const IPVS_RULES = {
  /** What kube-proxy asks the kernel of every virtual server in every sync. */
  queriesPerVirtualServer: inSource(3, '1', `${PROXIER}: GetVirtualServer twice, GetRealServers once`),
  /** IP sets that every sync lists and compares. */
  ipsets: inSource(17, '1', 'pkg/proxy/ipvs/ipset.go, ipsetInfo'),
  /** Chains and jumps that every sync makes sure of by an iptables command each. */
  iptablesCommands: inSource(20, '1', `${PROXIER}, createAndLinkKubeChain: 11 chains and 9 rules`),
  /** Weight of every real server. */
  weight: inSource(1, '1', `${PROXIER}: syncEndpoint`),
  /** How often the list of real servers that wait for the end of their connections is looked at. */
  deletionCheckPeriod: inSource(60, 's', 'pkg/proxy/ipvs/graceful_termination.go: rsCheckDeleteInterval'),
  /** Local addresses that a node port has a virtual server for. */
  nodeAddresses: constant({
    value: 1,
    unit: '1',
    evidence: 'assumption',
    source:
      'nodePortAddresses: every address of the node but those of kube-ipvs0; a bridge of the pod network adds one',
    date: '2026-07',
    range: [1, 5],
  }),
} as const;

/** Real servers of these protocols are deleted with their connections; those of others wait for the end of them. */
export const PROTOCOLS_WITHOUT_GRACE = constant<readonly string[]>({
  value: ['UDP', 'SCTP'],
  unit: '',
  evidence: 'assumption',
  source:
    'pkg/proxy/ipvs/graceful_termination.go: at first UDP, later SCTP too; that no supported version is older than that is an assumption',
  date: '1.20',
  range: null,
});

export const IPVS_SCHEDULER_RULES = {
  /** An active connection weighs as much as this many inactive ones (lc, wlc, lblc, lblcr). */
  activeConnectionWeight: ofKernel(256, '1', 'ip_vs.h, ip_vs_dest_conn_overhead'),
  /** Buckets of sh and dh. */
  hashTableSize: ofKernel(256, '1', 'Kconfig, IP_VS_SH_TAB_BITS; ip_vs_dh.c'),
  hashMultiplier: ofKernel(0x61c88647, '1', 'ip_vs_sh.c, hash_32: GOLDEN_RATIO_32'),
  maglevTableSize: ofKernel(4093, '1', 'Kconfig, IP_VS_MH_TAB_INDEX 12'),
  /** How long a set of lblcr has to be the same before it loses its most loaded server. */
  serverSetExpiration: ofKernel(86_400, 's', 'ip_vs_lblcr.c: DEFAULT_EXPIRATION'),
} as const;
