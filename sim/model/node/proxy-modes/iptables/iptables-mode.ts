/**
 * Proxy mode iptables: the rules of iptables-rules.ts at the cost of iptables-sync-cost.ts.
 *
 *   service shape, usable endpoints --> rules and chains of the tables --> time of the sync
 *
 * All ports of a service have rules and chains of their own, and endpoints count once for each.
 *
 * The endpoints that decide whether a cluster is large are those that the node may use; kube-proxy takes all that it knows of.
 */

import type { MetricName } from '../../../../metrics.js';
import { servicePorts, type ServiceShape } from '../../../cluster/service-shape.js';
import { MEASURED_FIXED_CHAINS } from '../../../versions/rule-loading-costs.js';
import { type EndpointCounts, type ProxyMode, SyncKind, type SyncWork } from '../proxy-mode.js';
import type { IptablesBackend, IptablesBackendName } from './iptables-backend.js';
import { IPTABLES_LEGACY } from './iptables-legacy.js';
import { IPTABLES_NFT } from './iptables-nft.js';
import { DEFAULT_IPTABLES_OPTIONS, type IptablesRuleOptions } from './iptables-options.js';
import {
  cleansUpStaleChains,
  countServiceRules,
  createServiceRules,
  fixedFilterRules,
  fixedNatRules,
  natRulesOfService,
  ownChainRules,
} from './iptables-rules.js';
import {
  canaryCheckNs,
  cleanUpNs,
  ensureJumpsNs,
  fullSyncNs,
  type IptablesTables,
  partialSyncNs,
  syncAfterBootNs,
} from './iptables-sync-cost.js';
import { isTableTooLarge, kernelBytesOfService, kernelTableBytes } from './iptables-table-size.js';

/** Places of the quantities in the tables. What is there without services is not part of them. */
export const IptablesQuantity = {
  natRules: 0,
  natChains: 1,
  /** Lines of services in KUBE-SERVICES of nat: what the first packet of a flow is compared with. */
  dispatchLines: 2,
  /** Lines in KUBE-NODEPORTS of nat. */
  nodePortLines: 3,
  filterRules: 4,
  endpoints: 5,
  /** In a legacy nat table without comments at endpoints. */
  kernelBytes: 6,
} as const;

export class IptablesMode implements ProxyMode {
  readonly name = 'iptables';
  readonly deletesAtOnce = true;
  readonly quantities = [
    'nat rules',
    'nat chains',
    'lines in KUBE-SERVICES',
    'lines in KUBE-NODEPORTS',
    'filter rules',
    'endpoints',
    'bytes in the kernel',
  ];
  readonly #syncPeriodNs: number;
  readonly #backend: IptablesBackend;
  readonly #options: IptablesRuleOptions;
  readonly #partialSyncEnsuresChains: boolean;
  readonly #fixedNatRules: number;
  readonly #fixedFilterRules: number;
  /** Of the question at hand. */
  readonly #rules = createServiceRules();
  readonly #tables: IptablesTables = { natRules: 0, natChains: 0, dispatchLines: 0, nodePortLines: 0, filterRules: 0 };

  /** `partialSyncEnsuresChains`: partial syncs make sure of chains and jumps, as up to 1.26, and not full ones only. */
  constructor(
    syncPeriodNs: number,
    backend: IptablesBackendName = 'legacy',
    options: IptablesRuleOptions = DEFAULT_IPTABLES_OPTIONS,
    partialSyncEnsuresChains = false,
  ) {
    this.#partialSyncEnsuresChains = partialSyncEnsuresChains;
    this.#syncPeriodNs = syncPeriodNs;
    this.#backend = backend === 'nft' ? IPTABLES_NFT : IPTABLES_LEGACY;
    this.#options = options;
    this.#fixedNatRules = fixedNatRules(options);
    this.#fixedFilterRules = fixedFilterRules(options);
  }

  count(shape: ServiceShape, endpoints: EndpointCounts, counts: Float64Array): void {
    const rules = countServiceRules(shape, endpoints, this.#options, this.#rules);
    const ports = servicePorts(shape);
    counts[IptablesQuantity.natRules] = ports * natRulesOfService(rules);
    counts[IptablesQuantity.natChains] = ports * rules.chains;
    counts[IptablesQuantity.dispatchLines] = ports * rules.dispatch;
    counts[IptablesQuantity.nodePortLines] = ports * rules.nodePorts;
    // Even the ACCEPT of health checks, of which there is one port for all: kube-proxy writes it again for each.
    counts[IptablesQuantity.filterRules] = ports * rules.filter;
    counts[IptablesQuantity.endpoints] = ports * endpoints.reachable;
    counts[IptablesQuantity.kernelBytes] = ports * kernelBytesOfService(rules, false);
  }

  linesOfChangedService(shape: ServiceShape, endpoints: EndpointCounts): number {
    return servicePorts(shape) * ownChainRules(countServiceRules(shape, endpoints, this.#options, this.#rules));
  }

  cleansUp(tables: Float64Array, sinceCleanUpNs: number): boolean {
    return cleansUpStaleChains(tables[IptablesQuantity.endpoints]!, sinceCleanUpNs, this.#syncPeriodNs);
  }

  syncNs({ kind, tables: counts, changedLines, goneEndpoints, staleEndpoints, cleansUp }: SyncWork): number {
    const tables = this.#withFixedRules(counts);
    if (kind === SyncKind.firstAfterBoot) return Math.round(syncAfterBootNs(this.#backend, tables));
    const cleaningNs = cleansUp ? cleanUpNs(this.#backend, tables, goneEndpoints + staleEndpoints > 0) : 0;
    if (kind !== SyncKind.partial) return Math.round(fullSyncNs(this.#backend, tables) + cleaningNs);
    const ensuringNs = this.#partialSyncEnsuresChains ? ensureJumpsNs(this.#backend, tables) : 0;
    const writingNs = partialSyncNs(this.#backend, tables, this.linesOfPartialSync(counts, changedLines));
    return Math.round(ensuringNs + writingNs + cleaningNs);
  }

  gauges({ kind, tables, changedLines }: SyncWork): Partial<Record<MetricName, number>> {
    const natRules = this.natRules(tables);
    const filterRules = this.filterRules(tables);
    return {
      sync_proxy_rules_iptables_total_nat: natRules,
      sync_proxy_rules_iptables_total_filter: filterRules,
      sync_proxy_rules_iptables_last_nat:
        kind === SyncKind.partial ? this.linesOfPartialSync(tables, changedLines) : natRules,
      // Every sync writes all of the table filter.
      sync_proxy_rules_iptables_last_filter: filterRules,
    };
  }

  /** `kubeproxy_sync_proxy_rules_iptables_total{table="nat"}`, which are also the lines of a full sync. */
  natRules(counts: Float64Array): number {
    return this.#fixedNatRules + counts[IptablesQuantity.natRules]!;
  }

  /** `kubeproxy_sync_proxy_rules_iptables_last{table="nat"}` of a partial sync. */
  linesOfPartialSync(counts: Float64Array, changedLines: number): number {
    const dispatchLines = counts[IptablesQuantity.dispatchLines]! + counts[IptablesQuantity.nodePortLines]!;
    return this.#fixedNatRules + dispatchLines + changedLines;
  }

  /** Both metrics for `table="filter"`: every sync writes all of it. */
  filterRules(counts: Float64Array): number {
    return this.#fixedFilterRules + counts[IptablesQuantity.filterRules]!;
  }

  isRefused(counts: Float64Array): boolean {
    if (this.#backend.name !== 'legacy') return false;
    return isTableTooLarge(kernelTableBytes(counts[IptablesQuantity.kernelBytes]!));
  }

  /** To see whether its rules are still there. */
  backgroundNs(counts: Float64Array): number {
    return Math.round(canaryCheckNs(this.#backend, this.#withFixedRules(counts)));
  }

  #withFixedRules(counts: Float64Array): IptablesTables {
    const tables = this.#tables;
    tables.natRules = this.natRules(counts);
    tables.natChains = MEASURED_FIXED_CHAINS.value + counts[IptablesQuantity.natChains]!;
    tables.dispatchLines = counts[IptablesQuantity.dispatchLines]!;
    tables.nodePortLines = counts[IptablesQuantity.nodePortLines]!;
    tables.filterRules = this.filterRules(counts);
    return tables;
  }
}
