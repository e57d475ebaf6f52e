/**
 * The two ways in which iptables commands reach the kernel.
 *
 *   sizes of the nat table, lines written --> IptablesBackend (iptables-legacy.ts, iptables-nft.ts) --> ns on the reference machine
 *
 * Rules are those of nat and filter together, as both go through one iptables-restore; chains are those of nat.
 *
 * Left out: waiting for the xtables lock, and the filter table's own chains, of which there are few.
 */

export type IptablesBackendName = 'legacy' | 'nft';

export interface IptablesBackend {
  readonly name: IptablesBackendName;
  /** iptables-restore of all rules into tables without any. */
  restoreIntoEmptyNs(rules: number, chains: number): number;
  /** iptables-restore of all rules over the same rules. */
  restoreAllNs(rules: number, chains: number): number;
  /** iptables-restore of `linesWritten` lines, those of the dispatch chains among them, into tables of `rules`. */
  restorePartNs(rules: number, chains: number, linesWritten: number): number;
  /**
   * What that takes longer because of the chains that are flushed and filled again as a whole: KUBE-SERVICES,
   * KUBE-NODEPORTS, and the services' lines in filter.
   */
  rewriteDispatchNs(dispatchLines: number, nodePortLines: number, filterLines: number): number;
  /** What a restore takes longer that deletes chains. */
  deleteChainsNs(rules: number, chains: number): number;
  /** iptables-save -t nat. */
  saveNs(rules: number, chains: number): number;
  /** Listing one small chain. */
  listChainNs(rules: number, chains: number): number;
  /** Checking a rule that jumps to a dispatch chain of so many lines. */
  ensureRuleNs(rules: number, chains: number, dispatchLines: number): number;
}
