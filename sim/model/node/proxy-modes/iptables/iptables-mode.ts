/**
 * Proxy mode iptables: the rules of iptables-rules.ts at the cost of iptables-sync-cost.ts.
 *
 *   service shape, usable endpoints --> lines and chains of the nat table --> time of the sync
 */

import type { ServiceShape } from '../../../cluster/service-shape.js';
import { type EndpointCounts, type ProxyMode, SyncKind, type SyncWork } from '../proxy-mode.js';
import {
  cleansUpStaleChains,
  natChains,
  natRules,
  natRulesOfPartialSync,
  serviceChainRules,
} from './iptables-rules.js';
import { fullSyncNs, partialSyncNs } from './iptables-sync-cost.js';

const SERVICES_WITH_ENDPOINTS = 0;
const ENDPOINTS = 1;

export class IptablesMode implements ProxyMode {
  readonly name = 'iptables';
  readonly quantities = ['services with endpoints', 'endpoints'];
  readonly #syncPeriodNs: number;

  constructor(syncPeriodNs: number) {
    this.#syncPeriodNs = syncPeriodNs;
  }

  count(_shape: ServiceShape, { reachable }: EndpointCounts, counts: Float64Array): void {
    counts[SERVICES_WITH_ENDPOINTS] = reachable > 0 ? 1 : 0;
    counts[ENDPOINTS] = reachable;
  }

  linesOfChangedService(_shape: ServiceShape, { reachable }: EndpointCounts): number {
    return serviceChainRules(reachable);
  }

  cleansUp(tables: Float64Array, sinceCleanUpNs: number): boolean {
    return cleansUpStaleChains(tables[ENDPOINTS]!, sinceCleanUpNs, this.#syncPeriodNs);
  }

  syncNs({ kind, tables, changedLines, cleansUp }: SyncWork): number {
    const services = tables[SERVICES_WITH_ENDPOINTS]!;
    const endpoints = tables[ENDPOINTS]!;
    const rules = natRules(services, endpoints);
    const chains = natChains(services, endpoints);
    return kind === SyncKind.partial
      ? partialSyncNs(rules, natRulesOfPartialSync(services, changedLines), chains, cleansUp)
      : fullSyncNs(rules, chains, cleansUp);
  }
}
