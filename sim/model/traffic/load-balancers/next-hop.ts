/**
 * How a router spreads flows over next hops of equal cost, and which of them move when a next hop comes or goes.
 *
 *   flow --hash of source address (3-tuple) or of addresses and ports (5-tuple)--> [next-hop selection over N next hops] --> next hop
 *
 *  - modulo: hash mod N. Whatever the position, N -> N - 1 moves 1 - 1/N of the flows.
 *  - hash-threshold (RFC 2992): the range of the hash is cut into N equal regions, in the order of the next hops. Between a quarter
 *    of the flows (a next hop in the middle goes) and half of them (the first or last).
 *  - resilient: flows of next hops that stay do not move: 1/N.
 *
 * A change to N + 1 next hops moves what the change back would. Shares are of all flows, those of the next hop itself included.
 *
 * Left out: next hops of unequal weight, the time-outs of idle buckets that let resilient tables become even again.
 */

/** The hash-to-next-hop step of a router. */
export type NextHopSelection = 'modulo' | 'hash-threshold' | 'resilient';

/** The share of flows that move when the next hop at `position` (from 0, in the router's order) of `nextHops` goes, or comes. */
export function movedShare(selection: NextHopSelection, nextHops: number, position: number): number {
  if (!(position >= 0 && position < nextHops)) {
    throw new RangeError(`there is no position ${position} among ${nextHops} next hops`);
  }
  if (nextHops === 1) return 1;
  switch (selection) {
    case 'modulo':
      return 1 - 1 / nextHops;
    case 'resilient':
      return 1 / nextHops;
    case 'hash-threshold': {
      // A region that loses its neighbour grows over the flows of the ones behind it: of region i before the gap N - 1 - i parts
      // out of N (N - 1) stay with their next hop, of one behind it i parts.
      const after = nextHops - 1 - position;
      const stay = (position * (2 * nextHops - 1 - position) + after * (2 * nextHops - 1 - after)) / 2;
      return 1 - stay / (nextHops * (nextHops - 1));
    }
  }
}

/**
 * Which of `nextHops` a flow goes to, as a position in the router's order. A resilient table has no such formula (flow-table.ts).
 *
 * @param hash of the flow, 32 bits without sign
 */
export function nextHopPosition(
  selection: Exclude<NextHopSelection, 'resilient'>,
  hash: number,
  nextHops: number,
): number {
  return selection === 'modulo' ? hash % nextHops : Math.floor((hash / HASH_RANGE) * nextHops);
}

/** A hash has 32 bits. */
export const HASH_RANGE = 0x1_0000_0000;

/** Coefficient of variation of the loads of next hops that `flows` equal flows hash to. */
export const imbalanceOfFlows = (nextHops: number, flows: number): number => Math.sqrt((nextHops - 1) / flows);

/**
 * The share of established connections that break when the given share of flows moves: the node that they come to has no entry for
 * them, and picks an endpoint anew. Under policy Cluster it is the right one once in as many as there are endpoints, if it picks
 * at all in the middle of a connection: the best case. Under Local it is never the right one.
 */
export function brokenShare(moved: number, endpoints: number, policy: 'Cluster' | 'Local'): number {
  return policy === 'Local' || endpoints < 1 ? moved : moved * (1 - 1 / endpoints);
}
