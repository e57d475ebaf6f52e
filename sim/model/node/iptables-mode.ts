/**
 * Proxy mode iptables: the rules of iptables-rules.ts at the cost of iptables-sync-cost.ts.
 *
 *   rule totals, changed lines --> lines and chains of the nat table --> time of the sync
 */

import {
  cleansUpStaleChains,
  natChains,
  natRules,
  natRulesOfPartialSync,
  serviceChainRules,
} from './iptables-rules.js';
import { fullSyncNs, partialSyncNs } from './iptables-sync-cost.js';
import type { ProxyMode, RuleTotals } from './proxy-mode.js';

export class IptablesMode implements ProxyMode {
  readonly name = 'iptables';
  readonly #syncPeriodNs: number;

  constructor(syncPeriodNs: number) {
    this.#syncPeriodNs = syncPeriodNs;
  }

  linesOfChangedService(endpoints: number): number {
    return serviceChainRules(endpoints);
  }

  cleansUp(totals: RuleTotals, sinceCleanUpNs: number): boolean {
    return cleansUpStaleChains(totals.endpoints, sinceCleanUpNs, this.#syncPeriodNs);
  }

  partialSyncNs({ servicesWithEndpoints, endpoints }: RuleTotals, changedLines: number, cleansUp: boolean): number {
    return partialSyncNs(
      natRules(servicesWithEndpoints, endpoints),
      natRulesOfPartialSync(servicesWithEndpoints, changedLines),
      natChains(servicesWithEndpoints, endpoints),
      cleansUp,
    );
  }

  fullSyncNs({ servicesWithEndpoints, endpoints }: RuleTotals, cleansUp: boolean): number {
    return fullSyncNs(
      natRules(servicesWithEndpoints, endpoints),
      natChains(servicesWithEndpoints, endpoints),
      cleansUp,
    );
  }
}
