/**
 * iptables-nft, the same commands on top of nf_tables. A partial restore exchanges what it writes and costs little else but for
 * its long chains; a full one grows with the square of the rules, and from some tens of thousands on with the cube.
 */

import { IPTABLES_NFT_COSTS } from '../../../versions/rule-loading-costs.js';
import type { IptablesBackend } from './iptables-backend.js';

const NS_PER_SECOND = 1e9;

const { fullRestoreIntoEmpty, fullRestore, cubeFrom, partialRestore, dispatchChain, chainDeletion, save } =
  IPTABLES_NFT_COSTS;
const { listChain, ensureRule } = IPTABLES_NFT_COSTS;

interface FullRestoreCost {
  readonly fixed: { readonly value: number };
  readonly perRule: { readonly value: number };
  readonly perRuleSquared: { readonly value: number };
}

const fullRestoreNs = (cost: FullRestoreCost, rules: number): number =>
  (cost.fixed.value +
    cost.perRule.value * rules +
    cost.perRuleSquared.value * rules * rules * Math.max(1, rules / cubeFrom.value)) *
  NS_PER_SECOND;

export const IPTABLES_NFT: IptablesBackend = {
  name: 'nft',
  restoreIntoEmptyNs: (rules) => fullRestoreNs(fullRestoreIntoEmpty, rules),
  restoreAllNs: (rules) => fullRestoreNs(fullRestore, rules),
  restorePartNs: (rules, _chains, linesWritten) =>
    (partialRestore.fixed.value +
      partialRestore.perRule.value * rules +
      partialRestore.perLineWritten.value * linesWritten) *
    NS_PER_SECOND,
  rewriteDispatchNs: (dispatchLines, nodePortLines, filterLines) =>
    (dispatchChain.fixed.value +
      dispatchChain.perLineCubed.value * (dispatchLines ** 3 + nodePortLines ** 3 + filterLines ** 3)) *
    NS_PER_SECOND,
  deleteChainsNs: (rules) => chainDeletion.perRule.value * rules * NS_PER_SECOND,
  saveNs: (rules, chains) =>
    (save.fixed.value + save.perRule.value * rules + save.perChainSquared.value * chains * chains) * NS_PER_SECOND,
  listChainNs: () => listChain.value * NS_PER_SECOND,
  ensureRuleNs: (_rules, _chains, dispatchLines) =>
    (ensureRule.fixed.value +
      ensureRule.perDispatchLine.value * dispatchLines +
      ensureRule.perDispatchLineSquared.value * dispatchLines * dispatchLines) *
    NS_PER_SECOND,
};
