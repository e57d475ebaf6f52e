/** Fixed rules of session affinity ClientIP, in the kernel modules that remember clients for each proxy mode. */

import { constant, type Constant } from './provenance.js';

const ofKernel = (
  value: number,
  unit: string,
  source: string,
  range: readonly [number, number] | null = null,
): Constant => constant({ value, unit, evidence: 'assumption', source, date: '2026-07', range });

export const AFFINITY_RULES = {
  /** From the last new flow of a client on. */
  defaultTimeout: constant({
    value: 10_800,
    unit: 's',
    evidence: 'documentation',
    source: 'Service API: sessionAffinityConfig.clientIP.timeoutSeconds',
    date: 'core/v1',
    range: null,
  }),
  /** Clients that iptables mode remembers for an endpoint; one more, and the one not seen for longest is forgotten. */
  recentListEntries: constant({
    value: 100,
    unit: '1',
    evidence: 'documentation',
    source: 'iptables-extensions(8), recent: parameter ip_list_tot of the module xt_recent',
    date: '2026-07',
    range: [100, 65_535],
  }),
  /** Clients that nftables mode remembers for an endpoint; one more, and it is not remembered. */
  nftablesSetElements: ofKernel(65_535, '1', 'nft: size of a dynamic set that names none', [65_535, 1e7]),
} as const;
