/**
 * What one kube-proxy sync costs, by proxy mode. Modes differ in nothing else that the fan-out needs, so this small
 * interface is all that it knows of them; numbers go in and out, for it is called once a sync.
 */

/** The rules of a cluster, as a node sees them that has applied a prefix of the write log. */
export interface RuleTotals {
  servicesWithEndpoints: number;
  endpoints: number;
}

export interface ProxyMode {
  readonly name: string;
  /** Lines that a partial sync writes for one changed service that now has this many usable endpoints. */
  linesOfChangedService(endpoints: number): number;
  /** Whether a sync looks for rules that nothing uses any more; `sinceCleanUpNs` after the last that did. */
  cleansUp(totals: RuleTotals, sinceCleanUpNs: number): boolean;
  /**
   * Time of a sync that writes only what changed, whole nanoseconds on the reference machine.
   * `changedLines` is the sum of linesOfChangedService over the changed services.
   */
  partialSyncNs(totals: RuleTotals, changedLines: number, cleansUp: boolean): number;
  /** Time of a sync that writes everything. */
  fullSyncNs(totals: RuleTotals, cleansUp: boolean): number;
}
