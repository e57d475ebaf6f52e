/**
 * The transaction with which a sync of the nftables mode brings one changed service port to the kernel.
 *
 *   service port before and after --planTransaction--> operations by kind --operationsOf--> how many
 *
 * Rules of pkg/proxy/nftables/proxier.go: a service that changed is written anew, every chain of it; elements of maps are
 * compared with a copy in memory, and only differences are written; chains that nothing uses any more are flushed, and deleted
 * in a transaction of their own by a later sync (`canDeleteStaleChains`); affinity sets go at once. Services that did not change
 * take no operation, so a sync has the sum over those that did.
 *
 * The first sync of a process knows the elements and endpoint chains that are in the kernel and adds neither again, but it
 * writes the chains of all services.
 *
 * Left out: a changed address, port or protocol, which makes another service port of it (one is deleted, one is created); the
 * 16 chains of the table itself, which full syncs write too.
 */

import { NFTABLES_RULES } from '../../../versions/nftables-rules.js';
import {
  hasAffinity,
  mapElements,
  type RulesetOptions,
  rulesPerEndpoint,
  SERVICE_CHAINS,
  serviceChains,
  type ServiceState,
} from './nftables-ruleset.js';

/** Operations by kind. */
export interface Transaction {
  readonly elementsAdded: number;
  readonly elementsDeleted: number;
  /** Two operations each: the chain is added, which does nothing if it is there, and flushed. */
  readonly chainsRewritten: number;
  readonly rulesAdded: number;
  readonly setsAdded: number;
  readonly setsDeleted: number;
  /** Stale from now on. */
  readonly chainsFlushed: number;
}

/** What the two states do not say. */
export interface Change {
  /** Endpoints that were reachable before and are not after; without it, as few as the two counts allow. */
  readonly endpointsGone?: number;
  /** Whether the kernel has what is there before, and a new process finds it. */
  readonly isFirstSync?: boolean;
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** `null`: the service port does not exist. */
export function planTransaction(
  before: ServiceState | null,
  after: ServiceState | null,
  options: RulesetOptions,
  { endpointsGone, isFirstSync = false }: Change = {},
): Transaction {
  const endpointsBefore = before?.endpoints.reachable ?? 0;
  const endpointsAfter = after?.endpoints.reachable ?? 0;
  const gone = endpointsGone ?? Math.max(0, endpointsBefore - endpointsAfter);
  const hadAffinity = before !== null && hasAffinity(before.shape);
  const hasAffinityNow = after !== null && hasAffinity(after.shape);
  // A chain that was written with affinity, or without, is no use when that has changed.
  const endpointsKept = isFirstSync && hadAffinity === hasAffinityNow ? endpointsBefore - gone : 0;

  const chainsBefore = before && serviceChains(before, options);
  const chainsAfter = after && serviceChains(after, options);
  const staleServiceChains = SERVICE_CHAINS.filter(
    (chain) => (chainsBefore?.[chain] ?? 0) > 0 && (chainsAfter?.[chain] ?? 0) === 0,
  );
  const endpointsWritten = endpointsAfter - endpointsKept;
  return {
    ...elementChanges(before, after),
    chainsRewritten:
      (chainsAfter ? SERVICE_CHAINS.filter((chain) => chainsAfter[chain] > 0).length : 0) + endpointsWritten,
    rulesAdded:
      (chainsAfter ? sum(SERVICE_CHAINS.map((chain) => chainsAfter[chain])) : 0) +
      (after ? rulesPerEndpoint(after.shape) * endpointsWritten : 0),
    setsAdded: hasAffinityNow ? endpointsAfter : 0,
    setsDeleted: hadAffinity ? (hasAffinityNow ? gone : endpointsBefore) : 0,
    chainsFlushed: staleServiceChains.length + gone,
  };
}

/** Keys that came and went; one whose verdict changed did both. */
function elementChanges(
  before: ServiceState | null,
  after: ServiceState | null,
): Pick<Transaction, 'elementsAdded' | 'elementsDeleted'> {
  const verdicts = new Map<string, string>();
  for (const { map, key, verdict } of before ? mapElements(before) : []) verdicts.set(`${map} ${key}`, verdict);
  const countBefore = verdicts.size;
  let same = 0;
  let elementsAdded = 0;
  for (const { map, key, verdict } of after ? mapElements(after) : []) {
    if (verdicts.get(`${map} ${key}`) === verdict) same++;
    else elementsAdded++;
  }
  return { elementsAdded, elementsDeleted: countBefore - same };
}

/** How many operations the transaction has. */
export const operationsOf = (transaction: Transaction): number =>
  transaction.elementsAdded +
  transaction.elementsDeleted +
  2 * transaction.chainsRewritten +
  transaction.rulesAdded +
  transaction.setsAdded +
  transaction.setsDeleted +
  transaction.chainsFlushed;

const STALE_CHAIN_AGE_NS = NFTABLES_RULES.staleChainAge.value * 1e9;

/** Whether a sync that starts now deletes the chains that became stale `sinceNs` ago. */
export const canDeleteStaleChains = (sinceNs: number): boolean => sinceNs >= STALE_CHAIN_AGE_NS;
