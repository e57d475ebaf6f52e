/**
 * How kube-proxy's nftables mode behaves, by version: what a sync rewrites, what it asks the kernel for, and the form of a rule
 * on which the cost of everything depends.
 */

import { constant, type Constant } from './provenance.js';

/** What a partial sync asks the kernel for before it writes. */
export type PartialSyncListings = 'none' | 'chains' | 'chains and sets';

/** What differs between versions of the mode. */
export interface NftablesBehavior {
  /** A sync rewrites changed services only; without it every sync is a full one. */
  readonly partialSync: boolean;
  readonly partialSyncListings: PartialSyncListings;
  /** The first sync of a process leaves chains of endpoints alone that are in the kernel. */
  readonly keepsEndpointChainsOnStart: boolean;
  /** A service with one endpoint has a plain goto to it, and no anonymous map. */
  readonly singleEndpointGoto: boolean;
}

export const NFTABLES_RULES = {
  /** A chain that nothing uses is flushed at once and deleted by a sync that starts at least this much later. */
  staleChainAge: constant({
    value: 1,
    unit: 's',
    evidence: 'source code',
    source: 'pkg/proxy/nftables/proxier.go: kernels before 6.2 notice late that a chain is no longer referred to',
    date: '1.32',
    range: null,
  }),
  /** Maps and sets whose elements a new process reads. */
  listedMapsOnStart: constant({
    value: 6,
    unit: '1',
    evidence: 'assumption',
    source:
      'pkg/proxy/nftables/proxier.go: elements that are there are not added again after a restart, so cluster-ips and the five maps are read, each by a command',
    date: '1.33',
    range: [0, 6],
  }),
} as const;

/** First minor versions with a behaviour. */
const SINCE = {
  partialSync: 32,
  keepsEndpointChainsOnStart: 33,
  singleEndpointGoto: 37,
};

export type NftablesBehaviorConstants = {
  readonly [Field in keyof NftablesBehavior]: Constant<NftablesBehavior[Field]>;
};

/** The behaviour of a minor version of Kubernetes, each part with its origin. */
export const nftablesBehaviorConstants = (minor: number): NftablesBehaviorConstants => {
  const date = `Kubernetes 1.${minor}`;
  return {
    partialSync: constant({
      value: minor >= SINCE.partialSync,
      unit: '',
      evidence: 'derived',
      source:
        'kubernetes/kubernetes#126013 of 2024-07-10 implements partial sync, after the beta of 1.31; taken to be in 1.32',
      date,
      range: null,
    }),
    partialSyncListings: constant<PartialSyncListings>({
      value: 'none',
      unit: '',
      evidence: 'derived',
      source:
        'kubernetes/kubernetes#126013: a partial sync among 10,000 services of two endpoints took 141 ms in all; on the reference machine the transaction alone takes 110 ms, a list of chains 180 ms more and one of sets 4.5 s. The source code of about 1.32 still has both lists in every sync',
      date,
      range: null,
    }),
    keepsEndpointChainsOnStart: constant({
      value: minor >= SINCE.keepsEndpointChainsOnStart,
      unit: '',
      evidence: 'derived',
      source: 'kubernetes/kubernetes#130119 of 2025-02-12, "Optimize kube-proxy restart time"; taken to be in 1.33',
      date,
      range: null,
    }),
    singleEndpointGoto: constant({
      value: minor >= SINCE.singleEndpointGoto,
      unit: '',
      evidence: 'assumption',
      source: 'Announced for 1.37: a plain goto in the place of a numgen map of one entry',
      date,
      range: null,
    }),
  };
};

export const nftablesBehavior = (minor: number): NftablesBehavior => {
  const constants = nftablesBehaviorConstants(minor);
  return {
    partialSync: constants.partialSync.value,
    partialSyncListings: constants.partialSyncListings.value,
    keepsEndpointChainsOnStart: constants.keepsEndpointChainsOnStart.value,
    singleEndpointGoto: constants.singleEndpointGoto.value,
  };
};
