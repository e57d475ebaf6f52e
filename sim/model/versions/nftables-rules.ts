/** Fixed rules of kube-proxy's nftables mode: constants in its source code that no flag changes. */

import { constant } from './provenance.js';

export const NFTABLES_RULES = {
  /** A chain that nothing uses is flushed at once and deleted by a sync that starts at least this much later. */
  staleChainAge: constant({
    value: 1,
    unit: 's',
    evidence: 'source code',
    source: 'pkg/proxy/nftables/proxier.go: kernels before 6.2 notice late that a chain is no longer referred to',
    date: '1.32',
    range: null,
  }),
  /** Maps and sets whose elements a new process reads. */
  listedMapsOnStart: constant({
    value: 6,
    unit: '1',
    evidence: 'assumption',
    source:
      'pkg/proxy/nftables/proxier.go: elements that are there are not added again after a restart, so cluster-ips and the five maps are read, each by a command',
    date: '1.33',
    range: [0, 6],
  }),
} as const;
