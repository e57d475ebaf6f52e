/**
 * How long one sync of kube-proxy's iptables mode takes.
 *
 *   what the tables hold, what is written --> build the input + commands of the backend --> ns on the reference machine
 *
 *   partial sync:  go over all rules, write what changed + [iptables-save, to find stale chains] + iptables-restore of that
 *   full sync:     the commands that make sure of chains and jumps + the same with iptables-restore of everything
 *
 * Up to 1.26 a partial sync runs those commands, too (kubernetes/kubernetes#114181).
 *
 * Left out: waiting for the xtables lock, and the second IP family, which is a proxier of its own.
 */

import { KUBE_PROXY_COSTS } from '../../../versions/rule-loading-costs.js';
import type { IptablesBackend } from './iptables-backend.js';

const NS_PER_SECOND = 1e9;

const { generatePerRule, generatePerLine, commandsPerFullSync, natCommandsPerFullSync } = KUBE_PROXY_COSTS;

/** Sizes of the tables once the sync is done, with what is there without services. */
export interface IptablesTables {
  natRules: number;
  natChains: number;
  /** Lines of KUBE-SERVICES and KUBE-NODEPORTS in nat. */
  dispatchLines: number;
  nodePortLines: number;
  filterRules: number;
}

/** kube-proxy's own time to build an input of `lines` lines, of the `rules` that it has in all. */
export const generateNs = (rules: number, lines: number): number =>
  (generatePerRule.value * rules + generatePerLine.value * lines) * NS_PER_SECOND;

/** The commands that make sure of chains and jumps. Those on nat take their time from its size, the others from that of filter. */
export function ensureJumpsNs(backend: IptablesBackend, tables: IptablesTables): number {
  const natCommands = natCommandsPerFullSync.value;
  const { natRules, natChains, dispatchLines, filterRules } = tables;
  return (
    natCommands * backend.ensureRuleNs(natRules, natChains, dispatchLines) +
    (commandsPerFullSync.value - natCommands) * backend.ensureRuleNs(filterRules, 0, filterRules)
  );
}

/**
 * iptables-restore of `natLines` lines of nat and the whole filter table. The cost of a line was measured where few services
 * changed; a restore never costs more than the full one, which it is once every line is written.
 */
export function restorePartNs(backend: IptablesBackend, tables: IptablesTables, natLines: number): number {
  const { natRules, natChains, dispatchLines, nodePortLines, filterRules } = tables;
  const rules = natRules + filterRules;
  return Math.min(
    backend.restorePartNs(rules, natChains, natLines + filterRules) +
      backend.rewriteDispatchNs(dispatchLines, nodePortLines, filterRules),
    backend.restoreAllNs(rules, natChains),
  );
}

/** The search for stale chains, and what their deletion adds to the restore. */
export const cleanUpNs = (
  backend: IptablesBackend,
  { natRules, natChains }: IptablesTables,
  deletes: boolean,
): number => backend.saveNs(natRules, natChains) + (deletes ? backend.deleteChainsNs(natRules, natChains) : 0);

/** A sync that writes `natLines` of the rules in nat, without a clean-up. */
export const partialSyncNs = (backend: IptablesBackend, tables: IptablesTables, natLines: number): number =>
  generateNs(tables.natRules + tables.filterRules, natLines + tables.filterRules) +
  restorePartNs(backend, tables, natLines);

/** A sync that writes all rules over what is there, without a clean-up. */
export function fullSyncNs(backend: IptablesBackend, tables: IptablesTables): number {
  const rules = tables.natRules + tables.filterRules;
  return ensureJumpsNs(backend, tables) + generateNs(rules, rules) + backend.restoreAllNs(rules, tables.natChains);
}

/** A sync that writes all rules where there are none, with the look at what is there. */
export function syncAfterBootNs(backend: IptablesBackend, tables: IptablesTables): number {
  const rules = tables.natRules + tables.filterRules;
  return (
    commandsPerFullSync.value * backend.ensureRuleNs(0, 0, 0) +
    generateNs(rules, rules) +
    backend.saveNs(0, 0) +
    backend.restoreIntoEmptyNs(rules, tables.natChains)
  );
}

/** The look after each syncPeriod whether somebody has flushed the rules: a canary chain in mangle, nat and filter. */
export const canaryCheckNs = (backend: IptablesBackend, { natRules, natChains, filterRules }: IptablesTables): number =>
  backend.listChainNs(0, 0) + backend.listChainNs(natRules, natChains) + backend.listChainNs(filterRules, 0);
