/**
 * What kube-proxy's nftables mode costs: constants of nft(8) and of the kernel's nf_tables, each with its origin.
 *
 * One set of constants for transactions of every size: a first load, a rewrite of everything, a load in pieces and the change of
 * one service differ only in what is there before and in what is written (nftables-sync-cost.ts has the formula).
 *
 * Nothing has been published about kube-proxy's own time to build a transaction, and none is assumed: kubernetes/kubernetes#126013
 * has a partial sync among 10,000 services of two endpoints that took 141 ms in all, and nft alone takes 0.13 s of
 * that on the reference machine; a full sync is seconds to minutes of nft.
 *
 * Everything is of Linux 6.18, but for `pendingWalk`: what kernels up to 6.8 do on top.
 */

import { constant, type Constant } from './provenance.js';

const TABLES =
  '30 tables with the structure that kube-proxy writes, 10 to 20,000 services of 1, 5 or 20 endpoints, nft 1.0.6, Linux 6.18';
const TRANSACTIONS = `Fit by relative least squares to wall times of 140 transactions on ${TABLES}, and to loads of up to 44,000 services without anonymous maps`;
const LISTINGS = `Fit by relative least squares to wall times on ${TABLES}`;
const INSTRUCTIONS =
  'Instructions of Linux 6.1.192, 6.12.117 and 6.18.15 under emulation, for tables of 500 to 2,000 services, and disassembly of nft_set_lookup_global in the three';
const LIST_WALKS =
  'Walks over linked lists of objects of 128 bytes, in order and shuffled, on a machine with 2 MiB of L2 cache';

const measured =
  (source: string) =>
  (value: number, unit: string, what: string, range: readonly [number, number]): Constant =>
    constant({ value, unit, evidence: 'measurement', source: `${source}: ${what}`, date: 'Linux 6.18', range });

const inTransactions = measured(TRANSACTIONS);
const inListings = measured(LISTINGS);

export const NFTABLES_COSTS = {
  /** `nft -f` of one transaction. */
  transaction: {
    fixed: inTransactions(0.0031, 's', 'fixed part when things are only added', [0.002, 0.01]),
    fixedWithRemoval: inTransactions(
      0.013,
      's',
      'fixed part when rules are removed, which ends with a wait for a grace period of RCU',
      [0.003, 0.05],
    ),
    perOperation: inTransactions(8.9e-6, 's', 'per operation', [5e-6, 5e-5]),
    perChainWrittenSquared: inTransactions(2.3e-10, 's', 'per chain written squared', [1e-10, 3e-9]),
    /** What nft reads from the kernel first, however small the transaction is. */
    perChainPresent: inTransactions(1.0e-6, 's', 'per chain in the table', [5e-7, 1e-5]),
    perChainPresentSquared: inTransactions(6.4e-11, 's', 'per chain in the table squared', [3e-11, 6e-10]),
    perAnonymousSetPresentSquared: inTransactions(
      3.0e-10,
      's',
      'per anonymous set in the table squared',
      [1e-10, 3e-9],
    ),
    /** To write one anonymous set the kernel goes through those that are there: twice as long for one that has yet to be committed. */
    perSetPresentInCache: inTransactions(
      4.5e-8,
      's',
      'per anonymous set written and set present, few sets',
      [1e-8, 5e-7],
    ),
    perSetPresent: inTransactions(1.75e-7, 's', 'per anonymous set written and set present, many sets', [1e-7, 2e-6]),
    perSetPendingInCache: inTransactions(1.4e-7, 's', 'per pair of anonymous sets written, few sets', [1e-7, 1.4e-6]),
    perSetPending: inTransactions(2.9e-7, 's', 'per pair of anonymous sets written, many sets', [2e-7, 3e-6]),
    perEntryPresent: inTransactions(1.2e-8, 's', 'per anonymous set written and entry present', [5e-9, 1e-7]),
    perEntryPending: inTransactions(6.4e-8, 's', 'per anonymous set written and entry written', [3e-8, 6e-7]),
    /** Between these two numbers of sets the walk over them comes to miss the CPU's caches. */
    setsInCache: inTransactions(
      2_000,
      '1',
      'anonymous sets up to which a walk over them stays in cache',
      [500, 10_000],
    ),
    setsBeyondCache: inTransactions(10_000, '1', 'anonymous sets from which none of them is in cache', [3_000, 50_000]),
  },
  /**
   * To find an anonymous set that has yet to be committed, Linux 6.1 goes through all objects of the transaction; 6.12 and 6.18
   * keep a list of new sets. The rest of a transaction takes the same instructions in all three.
   */
  pendingWalk: {
    lookupsPerAnonymousSet: constant({
      value: 2,
      unit: '1',
      evidence: 'measurement',
      source: `${INSTRUCTIONS}: one to add its entries, one for the rule that has it`,
      date: 'Linux 6.1.192',
      range: null,
    }),
    perObjectInCache: constant({
      value: 5e-9,
      unit: 's',
      evidence: 'measurement',
      source: `${LIST_WALKS}: 2.6 to 8.4 ns each, up to 9,000 objects`,
      date: '2026-11',
      range: [2e-9, 1e-8],
    }),
    /** Calibrated. */
    perObject: constant({
      value: 1.5e-7,
      unit: 's',
      evidence: 'derived',
      source: `The two first syncs of kubernetes/kubernetes#130119 on one machine with Linux 6.8.0-51, iptables (taken to be iptables-nft) and nftables, have one host factor with 0.15 us. The 480 s and the 141 ms of kubernetes/kubernetes#126013 have with 0.23. ${LIST_WALKS}: 0.11 to 0.55 us each, from 243,000 objects on`,
      date: '2025-02-12',
      range: [8e-8, 5.5e-7],
    }),
    objectsInCache: constant({
      value: 10_000,
      unit: '1',
      evidence: 'measurement',
      source: `${LIST_WALKS}: as long each as for 3,000`,
      date: '2026-11',
      range: [5_000, 30_000],
    }),
    objectsBeyondCache: constant({
      value: 150_000,
      unit: '1',
      evidence: 'measurement',
      source: `${LIST_WALKS}: 81,000 take much of the full price each, 243,000 all of it`,
      date: '2026-11',
      range: [50_000, 250_000],
    }),
  },
  /** `nft list chains`. */
  listChains: {
    fixed: inListings(0.0023, 's', 'list chains, fixed part', [0.001, 0.01]),
    perChain: inListings(3.8e-6, 's', 'list chains, per chain', [2e-6, 4e-5]),
    perChainSquared: inListings(7.4e-11, 's', 'list chains, per chain squared', [4e-11, 7e-10]),
  },
  /** `nft list sets`: anonymous ones are read too, and left out of the output. */
  listSets: {
    fixed: inListings(0.0022, 's', 'list sets, fixed part', [0.001, 0.01]),
    perSet: inListings(1.2e-5, 's', 'list sets, per anonymous set', [5e-6, 1e-4]),
    perEntryInCache: inListings(1.7e-6, 's', 'list sets, per entry of an anonymous set, few entries', [1e-6, 2e-5]),
    perEntry: inListings(6.5e-6, 's', 'list sets, per entry of an anonymous set, many entries', [3e-6, 7e-5]),
    perSetSquaredInCache: inListings(1.0e-8, 's', 'list sets, per anonymous set squared, few sets', [5e-9, 1e-7]),
    perSetSquared: inListings(4.7e-8, 's', 'list sets, per anonymous set squared, many sets', [2e-8, 5e-7]),
    setsInCache: inListings(3_000, '1', 'anonymous sets up to which the square stays small', [1_000, 20_000]),
    setsBeyondCache: inListings(15_000, '1', 'anonymous sets from which it has its full size', [5_000, 50_000]),
    entriesInCache: inListings(30_000, '1', 'entries up to which each stays cheap', [10_000, 100_000]),
    entriesBeyondCache: inListings(100_000, '1', 'entries from which each has its full price', [50_000, 300_000]),
  },
  /** `nft delete table`. */
  deleteTable: {
    fixed: inListings(0.011, 's', 'delete table, fixed part', [0.003, 0.05]),
    perChain: inListings(3.0e-6, 's', 'delete table, per chain', [1e-6, 3e-5]),
    perChainSquared: inListings(6.8e-11, 's', 'delete table, per chain squared', [3e-11, 7e-10]),
    perAnonymousSetSquared: inListings(3.5e-10, 's', 'delete table, per anonymous set squared', [1e-10, 3e-9]),
  },
  /** A sync that finds nothing to write and starts no command. */
  emptySync: constant({
    value: 1e-3,
    unit: 's',
    evidence: 'assumption',
    source: 'A walk over the services and endpoints in memory, none of which has changed',
    date: '2026-07',
    range: [1e-4, 5e-2],
  }),
} as const;
