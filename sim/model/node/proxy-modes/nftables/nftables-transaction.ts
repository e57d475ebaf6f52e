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
  serviceRuleset,
  type ServiceState,
} from './nftables-ruleset.js';

/** The chains of a service port beside those of its endpoints, by the field of a ruleset that counts their rules. */
const OWN_CHAINS = ['clusterRules', 'localRules', 'externalRules', 'firewallRules'] as const;

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

/** `null`: the service port does not exist. */
export function planTransaction(
  before: ServiceState | null,
  after: ServiceState | null,
  options: RulesetOptions,
  { endpointsGone, isFirstSync = false }: Change = {},
): Transaction {
  const rulesetBefore = serviceRuleset(before, options);
  const rulesetAfter = serviceRuleset(after, options);
  const endpointsBefore = rulesetBefore.endpointChains;
  const endpointsAfter = rulesetAfter.endpointChains;
  const gone = endpointsGone ?? Math.max(0, endpointsBefore - endpointsAfter);
  const hadAffinity = before !== null && hasAffinity(before.shape);
  const hasAffinityNow = after !== null && hasAffinity(after.shape);
  // A chain that was written with affinity, or without, is no use when that has changed.
  const isKept = isFirstSync && after !== null && hadAffinity === hasAffinityNow;
  const chainsKept = isKept ? endpointsBefore - gone : 0;
  const staleOwnChains = OWN_CHAINS.filter((chain) => rulesetBefore[chain] > 0 && rulesetAfter[chain] === 0).length;
  return {
    ...elementChanges(before, after),
    chainsRewritten: rulesetAfter.chains - chainsKept,
    rulesAdded: rulesetAfter.rules - (after === null ? 0 : rulesPerEndpoint(after.shape) * chainsKept),
    setsAdded: rulesetAfter.affinitySets,
    setsDeleted: hadAffinity ? (hasAffinityNow ? gone : endpointsBefore) : 0,
    chainsFlushed: staleOwnChains + gone,
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
