/**
 * iptables-legacy. A command takes the whole table out of the kernel, and one that changes something puts it back: the cost of a
 * partial restore grows with the table and not only with the change. The square of the chains in a full restore is the
 * search for the targets of jumps, the one in a deletion the renumbering of what is left.
 */

import { IPTABLES_LEGACY_COSTS } from '../../../versions/rule-loading-costs.js';
import type { IptablesBackend } from './iptables-backend.js';

const NS_PER_SECOND = 1e9;

const { fullRestoreIntoEmpty, fullRestore, partialRestore, chainDeletion, save, command } = IPTABLES_LEGACY_COSTS;

interface LoadingCost {
  readonly fixed: { readonly value: number };
  readonly perRule: { readonly value: number };
  readonly perChainSquared: { readonly value: number };
}

const loadingNs = (cost: LoadingCost, rules: number, chains: number): number =>
  (cost.fixed.value + cost.perRule.value * rules + cost.perChainSquared.value * chains * chains) * NS_PER_SECOND;

export const IPTABLES_LEGACY: IptablesBackend = {
  name: 'legacy',
  restoreIntoEmptyNs: (rules, chains) => loadingNs(fullRestoreIntoEmpty, rules, chains),
  restoreAllNs: (rules, chains) => loadingNs(fullRestore, rules, chains),
  restorePartNs: (rules, chains, linesWritten) =>
    loadingNs(partialRestore, rules, chains) + partialRestore.perLineWritten.value * linesWritten * NS_PER_SECOND,
  rewriteDispatchNs: () => 0,
  deleteChainsNs: (_rules, chains) => chainDeletion.perChainSquared.value * chains * chains * NS_PER_SECOND,
  saveNs: (rules, chains) => loadingNs(save, rules, chains),
  listChainNs: (rules, chains) => loadingNs(command, rules, chains),
  ensureRuleNs: (rules, chains) => loadingNs(command, rules, chains),
};
