/**
 * Proxy mode nftables: the tables of nftables-ruleset.ts at the cost of nftables-sync-cost.ts.
 *
 *   service shape, usable endpoints --> quantities of the table --> time of the sync
 *
 *   partial          [delete stale chains] + [lists] + one transaction: changed services written anew over the table
 *   full             [delete stale chains] + [lists] + one transaction: all services over the table
 *   first            [lists] + lists of maps + one transaction: all services, endpoint chains left alone since 1.33
 *   first after boot the same in an empty table, where everything is new
 *
 * A mode knows of a sync what it changes in sum. How many anonymous sets a partial sync writes, with how many entries, is
 * therefore the part of the table's that the changed services are of all services, and their operations of all operations; the
 * two are exact when all services are alike, or all of them changed. Elements of maps that change are not counted (at most a
 * few operations where a service gets its first endpoint or loses its last), flushed chains are.
 */

import type { MetricName } from '../../../../metrics.js';
import { servicePorts, type ServiceShape } from '../../../cluster/service-shape.js';
import { NFTABLES_COSTS } from '../../../versions/nftables-costs.js';
import { NFTABLES_RULES } from '../../../versions/nftables-rules.js';
import { type EndpointCounts, type ProxyMode, SyncKind, type SyncWork } from '../proxy-mode.js';
import {
  type BaseRuleset,
  baseRuleset,
  countRuleset,
  ELEMENTS_OF_SERVICE,
  emptyRuleset,
  rewriteOperations,
  type RulesetOptions,
} from './nftables-ruleset.js';
import {
  EMPTY_TABLE,
  listChainsSeconds,
  listSetsSeconds,
  type NodeKernel,
  type TableSize,
  transactionSeconds,
} from './nftables-sync-cost.js';
import { canDeleteStaleChains } from './nftables-transaction.js';

const NS_PER_SECOND = 1e9;

const SERVICE_PORTS = 0;
const CHAINS = 1;
const ENDPOINT_CHAINS = 2;
const RULES = 3;
const AFFINITY_SETS = 4;
const ELEMENTS = 5;
const ANONYMOUS_SETS = 6;
const ANONYMOUS_ENTRIES = 7;

/** What every sync asks the kernel for before it writes. */
export type SyncListings = 'none' | 'chains' | 'chains and sets';

export interface NftablesModeOptions extends RulesetOptions {
  /** Node ports answer on the node's primary address, or on all of them. */
  readonly nodePortAddresses: 'all' | 'primary';
  readonly listings: SyncListings;
  /** The first sync of a process leaves chains of endpoints alone that are in the kernel. */
  readonly keepEndpointChainsOnStart: boolean;
  readonly nodeKernel: NodeKernel;
}

export class NftablesMode implements ProxyMode {
  readonly name = 'nftables';
  readonly deletesAtOnce = false;
  readonly quantities = [
    'service ports',
    'chains',
    'endpoint chains',
    'rules',
    'affinity sets',
    'elements',
    'anonymous sets',
    'entries of anonymous sets',
  ];
  readonly #options: NftablesModeOptions;
  readonly #base: BaseRuleset;
  // What the service at hand has, and of the sync at hand what is in the table and what is written.
  readonly #ruleset = emptyRuleset();
  readonly #present = { ...EMPTY_TABLE };
  readonly #written = { ...EMPTY_TABLE };

  constructor(options: NftablesModeOptions) {
    this.#options = options;
    this.#base = baseRuleset(options.nodePortAddresses === 'primary' ? 1 : 0, true);
  }

  count(shape: ServiceShape, endpoints: EndpointCounts, counts: Float64Array): void {
    const ruleset = this.#ruleset;
    countRuleset(shape, endpoints, this.#options, ruleset);
    const ports = servicePorts(shape);
    counts[SERVICE_PORTS] = ports;
    counts[CHAINS] = ports * ruleset.chains;
    counts[ENDPOINT_CHAINS] = ports * ruleset.endpointChains;
    counts[RULES] = ports * ruleset.rules;
    counts[AFFINITY_SETS] = ports * ruleset.affinitySets;
    counts[ELEMENTS] = ports === 0 ? 0 : ports * (ruleset.elements - ELEMENTS_OF_SERVICE) + ELEMENTS_OF_SERVICE;
    counts[ANONYMOUS_SETS] = ports * ruleset.anonymousSets;
    counts[ANONYMOUS_ENTRIES] = ports * ruleset.anonymousEntries;
  }

  /** Operations that rewrite the service. */
  linesOfChangedService(shape: ServiceShape, endpoints: EndpointCounts): number {
    countRuleset(shape, endpoints, this.#options, this.#ruleset);
    return servicePorts(shape) * rewriteOperations(this.#ruleset);
  }

  cleansUp(_tables: Float64Array, sinceCleanUpNs: number): boolean {
    return canDeleteStaleChains(sinceCleanUpNs);
  }

  syncNs(work: SyncWork): number {
    const present = this.#present;
    present.chains = work.tables[CHAINS]!;
    present.anonymousSets = work.tables[ANONYMOUS_SETS]!;
    present.anonymousEntries = work.tables[ANONYMOUS_ENTRIES]!;
    return Math.round(this.#syncSeconds(work, present) * NS_PER_SECOND);
  }

  backgroundNs(): number {
    return 0;
  }

  isRefused(): boolean {
    return false;
  }

  gauges({ tables }: SyncWork): Partial<Record<MetricName, number>> {
    return {
      nftables_rules_total: this.#base.rules + tables[RULES]!,
      nftables_chains_total: this.#base.chains + tables[CHAINS]!,
      nftables_elements_total: this.#base.elements + tables[ELEMENTS]!,
    };
  }

  #syncSeconds(work: SyncWork, present: TableSize): number {
    switch (work.kind) {
      case SyncKind.firstAfterBoot:
        return this.#firstAfterBootSeconds(work.tables, present);
      case SyncKind.first:
        return this.#firstSeconds(work, present);
      case SyncKind.full:
        return this.#staleChainsSeconds(work, present) + this.#fullSeconds(work, present);
      case SyncKind.partial:
        return this.#staleChainsSeconds(work, present) + this.#partialSeconds(work, present);
    }
  }

  #partialSeconds({ tables, changedServices, changedLines, goneEndpoints }: SyncWork, present: TableSize): number {
    const seconds = this.#listingSeconds(present);
    if (changedServices === 0) return seconds + NFTABLES_COSTS.emptySync.value;
    const partOfServices = Math.min(1, changedServices / tables[SERVICE_PORTS]!);
    const partOfOperations = changedLines === 0 ? 0 : Math.min(1, changedLines / allOperations(tables));
    const written = this.#written;
    written.chains = present.chains * partOfOperations;
    written.anonymousSets = present.anonymousSets * partOfServices;
    written.anonymousEntries = present.anonymousEntries * partOfOperations;
    return seconds + this.#transactionSeconds(present, written, changedLines + goneEndpoints, true);
  }

  #firstSeconds({ tables, goneEndpoints }: SyncWork, present: TableSize): number {
    const written = this.#written;
    written.chains = present.chains;
    written.anonymousSets = present.anonymousSets;
    written.anonymousEntries = present.anonymousEntries;
    let operations = allOperations(tables) + goneEndpoints;
    if (this.#options.keepEndpointChainsOnStart) {
      written.chains -= tables[ENDPOINT_CHAINS]!;
      // Added, flushed, two rules; with affinity a third, while the sets are made sure of.
      operations -= 4 * tables[ENDPOINT_CHAINS]! + tables[AFFINITY_SETS]!;
    }
    return this.#startSeconds(present) + this.#transactionSeconds(present, written, operations, true);
  }

  #fullSeconds({ tables, goneEndpoints }: SyncWork, present: TableSize): number {
    const operations = allOperations(tables) + goneEndpoints;
    return this.#listingSeconds(present) + this.#transactionSeconds(present, present, operations, true);
  }

  #firstAfterBootSeconds(tables: Float64Array, written: TableSize): number {
    const operations = allOperations(tables) + tables[ELEMENTS]!;
    return this.#startSeconds(EMPTY_TABLE) + this.#transactionSeconds(EMPTY_TABLE, written, operations, false);
  }

  /** The transaction of its own that deletes what an earlier sync has flushed. */
  #staleChainsSeconds({ cleansUp, staleEndpoints }: SyncWork, present: TableSize): number {
    return cleansUp && staleEndpoints > 0 ? this.#transactionSeconds(present, EMPTY_TABLE, staleEndpoints, true) : 0;
  }

  #transactionSeconds(present: TableSize, written: TableSize, operations: number, removes: boolean): number {
    return transactionSeconds(present, written, operations, removes, this.#options.nodeKernel);
  }

  /** What a new process reads before it writes. */
  #startSeconds(present: TableSize): number {
    const mapsSeconds = NFTABLES_RULES.listedMapsOnStart.value * NFTABLES_COSTS.listChains.fixed.value;
    return this.#listingSeconds(present) + mapsSeconds;
  }

  #listingSeconds(present: TableSize): number {
    const { listings } = this.#options;
    if (listings === 'none') return 0;
    return listChainsSeconds(present) + (listings === 'chains and sets' ? listSetsSeconds(present) : 0);
  }
}

/** Operations that rewrite all services. */
const allOperations = (tables: Float64Array): number => 2 * tables[CHAINS]! + tables[RULES]! + tables[AFFINITY_SETS]!;
