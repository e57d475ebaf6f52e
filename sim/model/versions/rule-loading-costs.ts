/**
 * What it costs to bring kube-proxy's rules to the kernel with iptables, by backend, and what kube-proxy itself spends.
 *
 * Measured on one machine (Linux 6.18, x86-64 virtual machine with two shared cores, iptables 1.8.9, tables with kube-proxy's
 * structure): shapes and ratios hold elsewhere, absolute values scale by one factor per cluster, `nodeSpeedFactor`. The
 * measured cells stand beside the model in node/proxy-modes/iptables/iptables-sync-cost.cases.json.
 */

import { constant, type Constant } from './provenance.js';

const measuredOn =
  (tables: string) =>
  (value: number, unit: string, what: string, range: readonly [number, number]): Constant =>
    constant({
      value,
      unit,
      evidence: 'measurement',
      source: `Relative fit to wall times of iptables 1.8.9, ${tables}: ${what}`,
      date: 'Linux 6.18',
      range,
    });

const legacy = measuredOn('legacy, 28 tables of 61 to 1,240,011 nat rules');
const nft = measuredOn('nf_tables, 18 tables of 61 to 100,011 nat rules');

/** iptables-legacy: every command copies the whole table out of the kernel, and a change copies it back. */
export const IPTABLES_LEGACY_COSTS = {
  /** iptables-restore of all of kube-proxy's rules into a table without any. */
  fullRestoreIntoEmpty: {
    fixed: legacy(0.002, 's', 'full restore into an empty table, fixed part', [0.001, 0.01]),
    perRule: legacy(4.55e-6, 's', 'full restore into an empty table, per nat rule', [3e-6, 2e-5]),
    perChainSquared: legacy(2.8e-10, 's', 'full restore into an empty table, per nat chain squared', [1e-10, 1e-9]),
  },
  /** iptables-restore of all of kube-proxy's rules over the same rules. */
  fullRestore: {
    fixed: legacy(0.0017, 's', 'full restore over existing rules, fixed part', [0.001, 0.01]),
    perRule: legacy(5.65e-6, 's', 'full restore over existing rules, per nat rule', [3e-6, 2e-5]),
    perChainSquared: legacy(2.8e-10, 's', 'full restore over existing rules, per nat chain squared', [1e-10, 1e-9]),
  },
  /** iptables-restore --noflush of the fixed chains and those of the changed services. */
  partialRestore: {
    fixed: legacy(0.00133, 's', 'partial restore, fixed part', [0.001, 0.01]),
    perRule: legacy(2.12e-6, 's', 'partial restore, per rule in the whole nat table', [1e-6, 7e-6]),
    perLineWritten: legacy(9.3e-6, 's', 'partial restore, per line of input', [4e-6, 4e-5]),
    perChainSquared: legacy(1.4e-11, 's', 'partial restore, per nat chain squared', [1e-11, 1e-10]),
  },
  /** What a restore takes longer when it deletes chains, however many. */
  chainDeletion: {
    perChainSquared: legacy(
      1.8e-10,
      's',
      'deletion of the chains of one service, per nat chain squared',
      [1e-10, 1e-9],
    ),
  },
  /** iptables-save -t nat. */
  save: {
    fixed: legacy(0.0015, 's', 'iptables-save, fixed part', [0.001, 0.01]),
    perRule: legacy(1.59e-6, 's', 'iptables-save, per nat rule', [1e-6, 6e-6]),
    perChainSquared: legacy(7e-12, 's', 'iptables-save, per nat chain squared', [3e-12, 3e-11]),
  },
  /** One iptables command on a table: list a chain, check or insert a rule. */
  command: {
    fixed: legacy(0.0012, 's', 'one command, fixed part', [0.001, 0.01]),
    perRule: legacy(9.8e-7, 's', 'one command, per nat rule', [6e-7, 4e-6]),
    perChainSquared: legacy(5.2e-12, 's', 'one command, per nat chain squared', [3e-12, 3e-11]),
  },
} as const;

/** iptables-nft: a command exchanges what it names and what that refers to, but loading slows down with all that is there. */
export const IPTABLES_NFT_COSTS = {
  fullRestoreIntoEmpty: {
    fixed: nft(0.0019, 's', 'full restore into an empty table, fixed part', [0.001, 0.02]),
    perRule: nft(1.02e-5, 's', 'full restore into an empty table, per nat rule', [5e-6, 5e-5]),
    perRuleSquared: nft(3.7e-9, 's', 'full restore into an empty table, per nat rule squared', [1e-9, 2e-8]),
  },
  fullRestore: {
    fixed: nft(0.0199, 's', 'full restore over existing rules, fixed part', [0.01, 0.1]),
    perRule: nft(7.2e-6, 's', 'full restore over existing rules, per nat rule', [3e-6, 4e-5]),
    perRuleSquared: nft(3.85e-9, 's', 'full restore over existing rules, per nat rule squared', [1e-9, 2e-8]),
  },
  /** Rules from which on the square of a full restore becomes a cube. */
  cubeFrom: nft(31_000, '1', 'full restore, nat rules at which the square turns into a cube', [15_000, 60_000]),
  partialRestore: {
    fixed: nft(0.0116, 's', 'partial restore without the dispatch chain, fixed part', [0.005, 0.05]),
    perRule: nft(1.2e-7, 's', 'partial restore, per rule in the whole nat table', [5e-8, 1e-6]),
    perLineWritten: nft(2.25e-5, 's', 'partial restore, per line of input', [1e-5, 1e-4]),
  },
  /** KUBE-SERVICES and its like are flushed and filled again in every sync. */
  dispatchChain: {
    fixed: nft(0.0059, 's', 'rewriting the dispatch chain in a partial restore, fixed part', [0.002, 0.03]),
    perLineCubed: nft(4.6e-13, 's', 'rewriting the dispatch chain, per line cubed', [2e-13, 2e-12]),
  },
  chainDeletion: {
    perRule: nft(1.1e-6, 's', 'deletion of the chains of one service, per nat rule', [5e-7, 1e-5]),
  },
  save: {
    fixed: nft(0.0018, 's', 'iptables-save, fixed part', [0.001, 0.01]),
    perRule: nft(5e-6, 's', 'iptables-save, per nat rule', [2e-6, 2e-5]),
    perChainSquared: nft(1.2e-10, 's', 'iptables-save, per nat chain squared', [5e-11, 1e-9]),
  },
  /** Listing one chain does not look at the others. */
  listChain: nft(0.0013, 's', 'listing one chain, at any size', [0.001, 0.01]),
  /** Checking a jump to KUBE-SERVICES takes that chain along. */
  ensureRule: {
    fixed: nft(0.00137, 's', 'checking a jump to the dispatch chain, fixed part', [0.001, 0.01]),
    perDispatchLine: nft(4.36e-6, 's', 'checking a jump, per line of the dispatch chain', [2e-6, 2e-5]),
    perDispatchLineSquared: nft(
      2.64e-10,
      's',
      'checking a jump, per line of the dispatch chain squared',
      [1e-10, 1e-9],
    ),
  },
} as const;

/** Chains of the measured nat tables that were there without any service: the costs are fitted to counts that have them. */
export const MEASURED_FIXED_CHAINS = constant({
  value: 20,
  unit: '1',
  evidence: 'measurement',
  source: 'Chains of the measured tables, less those of services and endpoints',
  date: 'Linux 6.18',
  range: null,
});

const JUMPS = 'pkg/proxy/iptables/proxier.go ensures chains and jumps one by one';

const PARTIAL_SYNC_LOG =
  'kubernetes/kubernetes#138073, log of a partial sync: generated in 1.29 s with 423,571 rules in nat, of which it submitted 38,841. One equation for two unknowns';

export const KUBE_PROXY_COSTS = {
  /**
   * kube-proxy's own time to go over its services and endpoints, per rule that it has: a partial sync, too, chooses the endpoints
   * of every service and forms each line, and throws away those of services that did not change.
   */
  generatePerRule: constant({
    value: 2.6e-6,
    unit: 's',
    evidence: 'derived',
    source: `${PARTIAL_SYNC_LOG}: 2.6 us for each rule, if a line that is written costs twice as much on top`,
    date: '2026-03-27',
    range: [1e-6, 3.1e-6],
  }),
  /** What a line of the input of iptables-restore costs on top: writing it, and handing it over. */
  generatePerLine: constant({
    value: 5.2e-6,
    unit: 's',
    evidence: 'derived',
    source: `${PARTIAL_SYNC_LOG}: twice generatePerRule is assumed; with nothing for lines that are thrown away it would be 33 us`,
    date: '2026-03-27',
    range: [1e-6, 33e-6],
  }),
  /** Commands that make sure of chains and jumps before a full restore; up to 1.26 before a partial one, too. */
  commandsPerFullSync: constant({
    value: 24,
    unit: '1',
    evidence: 'derived',
    source: `${JUMPS}: 14 jumps and their chains; about 24 invocations by kubernetes/kubernetes#114181`,
    date: '1.27',
    range: [18, 30],
  }),
  /** Those of them that read the nat table: three jumps and the chains to which they lead. */
  natCommandsPerFullSync: constant({
    value: 6,
    unit: '1',
    evidence: 'source code',
    source: `${JUMPS}: in nat those of PREROUTING, OUTPUT and POSTROUTING, the others in filter`,
    date: '1.33',
    range: [6, 24],
  }),
} as const;
