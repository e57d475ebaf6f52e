/**
 * How long one sync of kube-proxy's iptables mode takes, with the legacy backend.
 *
 *   rules and chains in nat, lines written, cleanup or not --> partialSyncNs, fullSyncNs --> whole ns on the reference machine
 *
 *   partial sync:  build the input + [iptables-save, to find stale chains] + iptables-restore of what changed
 *   full sync:     the commands that make sure of chains and jumps + the same with iptables-restore of everything
 *
 * iptables-restore takes the whole nat table out of the kernel and puts it back, so that the cost of a partial sync grows
 * with the table and not only with the change; the square of the chains is its search for the targets of jumps.
 *
 * Left out: waiting for the xtables lock, the nf_tables backend, the filter table (small with ClusterIP services), and the
 * second IP family, which is a proxier of its own.
 */

import { IPTABLES_LEGACY_COSTS, KUBE_PROXY_COSTS } from '../../../versions/costs.js';

const NS_PER_SECOND = 1e9;

const { fullRestore, partialRestore, save, command } = IPTABLES_LEGACY_COSTS;
const commandsPerFullSync = KUBE_PROXY_COSTS.commandsPerFullSync.value;

interface LoadingCost {
  readonly fixed: { readonly value: number };
  readonly perRule: { readonly value: number };
  readonly perChainSquared: { readonly value: number };
}

const loadingNs = (cost: LoadingCost, rules: number, chains: number): number =>
  (cost.fixed.value + cost.perRule.value * rules + cost.perChainSquared.value * chains * chains) * NS_PER_SECOND;

/** iptables-restore of all rules. */
export const fullRestoreNs = (rules: number, chains: number): number => loadingNs(fullRestore, rules, chains);

/**
 * iptables-restore of `linesWritten` lines into a table of `rules`. The cost of a line was measured where few services
 * changed; a restore never costs more than the full one, which it is once every line is written.
 */
export const partialRestoreNs = (rules: number, linesWritten: number, chains: number): number =>
  Math.min(
    loadingNs(partialRestore, rules, chains) + partialRestore.perLineWritten.value * linesWritten * NS_PER_SECOND,
    fullRestoreNs(rules, chains),
  );

/** iptables-save -t nat. */
export const saveNs = (rules: number, chains: number): number => loadingNs(save, rules, chains);

/** One iptables command on the nat table. */
export const commandNs = (rules: number, chains: number): number => loadingNs(command, rules, chains);

const generateNs = (lines: number): number => KUBE_PROXY_COSTS.generatePerLine.value * lines * NS_PER_SECOND;

/** A sync that writes `linesWritten` of the `rules` in nat. `cleansUp`: it looks for stale chains first. */
export const partialSyncNs = (rules: number, linesWritten: number, chains: number, cleansUp: boolean): number =>
  Math.round(
    generateNs(linesWritten) + (cleansUp ? saveNs(rules, chains) : 0) + partialRestoreNs(rules, linesWritten, chains),
  );

/** A sync that writes all `rules` in nat. */
export const fullSyncNs = (rules: number, chains: number, cleansUp: boolean): number =>
  Math.round(
    commandsPerFullSync * commandNs(rules, chains) +
      generateNs(rules) +
      (cleansUp ? saveNs(rules, chains) : 0) +
      fullRestoreNs(rules, chains),
  );
