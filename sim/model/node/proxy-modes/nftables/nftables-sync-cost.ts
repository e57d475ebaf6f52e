/**
 * How long nft takes with kube-proxy's table: transactions and listings.
 *
 *   what is in the table, what a transaction writes --> transactionSeconds, listChainsSeconds, ... on the reference machine
 *
 * A transaction costs, beside its operations,
 *
 *   what nft reads first       all chains and the square of them, however small the change is
 *   each anonymous set written a walk over the sets and entries that are there, and a longer one over those written before it in
 *                              the same transaction: half of them on average
 *
 * The walk is the square that makes full syncs of large clusters take minutes: every service with a numgen map has an anonymous
 * set. A first load walks pending sets only; a rewrite of everything walks all old sets too; a load in many small transactions
 * walks present ones only, at half the price; services with a plain goto have none. The change of one service walks once.
 *
 * Kernels up to 6.8 have a walk more: twice for each anonymous set they go through all that the transaction has before it, chains
 * and rules as well, which is the square again and several times as large. Nothing of that is in a small transaction.
 *
 * Beyond the 20,000 services of the measurements (44,000 without anonymous sets) these squares are extrapolated.
 *
 * Left out: kube-proxy's own time (see nftables-costs.ts), retries when another program has changed nf_tables meanwhile, the
 * second IP family, which is a proxier of its own.
 */

import { NFTABLES_COSTS } from '../../../versions/nftables-costs.js';
import type { Constant } from '../../../versions/provenance.js';

/** What a table has, or a transaction writes, as far as the cost depends on it. */
export interface TableSize {
  /** Of services and endpoints. */
  readonly chains: number;
  readonly anonymousSets: number;
  /** Of the anonymous sets. */
  readonly anonymousEntries: number;
}

/**
 * Kernels that differ in the cost: Linux 6.1 to 6.8, or 6.12 and later. 6.1, 6.12 and 6.18 have been looked at; 6.8 is known by
 * published syncs, which take as long as the walk of 6.1 explains.
 */
export type NodeKernel = '6.8' | '6.12';

export const EMPTY_TABLE: TableSize = { chains: 0, anonymousSets: 0, anonymousEntries: 0 };

const { transaction, pendingWalk, listChains, listSets, deleteTable } = NFTABLES_COSTS;

/** From 0, when so many sets or entries fit the caches, to 1, when none is found there. */
const cacheMisses = (count: number, inCache: Constant, beyondCache: Constant): number =>
  count <= inCache.value
    ? 0
    : Math.min(1, Math.log(count / inCache.value) / Math.log(beyondCache.value / inCache.value));

const between = (share: number, inCache: number, beyondCache: number): number =>
  inCache + share * (beyondCache - inCache);

/** What nft reads of the table before it can check a transaction. */
const readingSeconds = ({ chains, anonymousSets }: TableSize): number =>
  transaction.perChainPresent.value * chains +
  transaction.perChainPresentSquared.value * chains * chains +
  transaction.perAnonymousSetPresentSquared.value * anonymousSets * anonymousSets;

const walkingSeconds = (present: TableSize, written: TableSize): number => {
  const sets = present.anonymousSets + written.anonymousSets;
  const misses = cacheMisses(sets, transaction.setsInCache, transaction.setsBeyondCache);
  const perSetPresent = between(misses, transaction.perSetPresentInCache.value, transaction.perSetPresent.value);
  const perSetPending = between(misses, transaction.perSetPendingInCache.value, transaction.perSetPending.value);
  return (
    written.anonymousSets *
    (perSetPresent * present.anonymousSets +
      transaction.perEntryPresent.value * present.anonymousEntries +
      0.5 * (perSetPending * written.anonymousSets + transaction.perEntryPending.value * written.anonymousEntries))
  );
};

/**
 * What a transaction has the kernel do, object by object, where rules that are flushed count one by one: chains, rules, what is
 * added to maps, anonymous sets and their entries.
 */
const pendingObjects = (written: TableSize, operations: number, removes: boolean): number => {
  const rulesRemoved = removes ? operations - 2 * written.chains : 0;
  return operations - written.chains + rulesRemoved + written.anonymousSets + written.anonymousEntries;
};

/** How many of them the lookups of anonymous sets visit in all: each half of them, on average. */
export const pendingObjectVisits = (written: TableSize, operations: number, removes: boolean): number =>
  pendingWalk.lookupsPerAnonymousSet.value * written.anonymousSets * 0.5 * pendingObjects(written, operations, removes);

const pendingWalkSeconds = (written: TableSize, operations: number, removes: boolean): number => {
  const objects = pendingObjects(written, operations, removes);
  const misses = cacheMisses(objects, pendingWalk.objectsInCache, pendingWalk.objectsBeyondCache);
  const perObject = between(misses, pendingWalk.perObjectInCache.value, pendingWalk.perObject.value);
  return pendingObjectVisits(written, operations, removes) * perObject;
};

/**
 * `nft -f` of one transaction of so many operations. `removes`: it flushes or deletes what is there, as every transaction but a
 * first load and the addition of elements does.
 */
export const transactionSeconds = (
  present: TableSize,
  written: TableSize,
  operations: number,
  removes: boolean,
  kernel: NodeKernel,
): number =>
  (removes ? transaction.fixedWithRemoval.value : transaction.fixed.value) +
  readingSeconds(present) +
  transaction.perOperation.value * operations +
  transaction.perChainWrittenSquared.value * written.chains * written.chains +
  walkingSeconds(present, written) +
  (kernel === '6.8' ? pendingWalkSeconds(written, operations, removes) : 0);

/** `nft list chains`. */
export const listChainsSeconds = ({ chains }: TableSize): number =>
  listChains.fixed.value + listChains.perChain.value * chains + listChains.perChainSquared.value * chains * chains;

/** `nft list sets`. */
export const listSetsSeconds = ({ anonymousSets, anonymousEntries }: TableSize): number => {
  const setMisses = cacheMisses(anonymousSets, listSets.setsInCache, listSets.setsBeyondCache);
  const entryMisses = cacheMisses(anonymousEntries, listSets.entriesInCache, listSets.entriesBeyondCache);
  return (
    listSets.fixed.value +
    listSets.perSet.value * anonymousSets +
    between(entryMisses, listSets.perEntryInCache.value, listSets.perEntry.value) * anonymousEntries +
    between(setMisses, listSets.perSetSquaredInCache.value, listSets.perSetSquared.value) * anonymousSets ** 2
  );
};

/** `nft delete table`, which ends the mode on a node. */
export const deleteTableSeconds = ({ chains, anonymousSets }: TableSize): number =>
  deleteTable.fixed.value +
  deleteTable.perChain.value * chains +
  deleteTable.perChainSquared.value * chains * chains +
  deleteTable.perAnonymousSetSquared.value * anonymousSets * anonymousSets;
