/**
 * What the first packet of a flow costs, and one of an established flow.
 *
 *   proxy mode, protocol, rule walk (rule-walk.ts), state of the caches --> nanoseconds on the reference machine
 *
 * Only the first packet of a flow is compared with rules; connection tracking knows what became of it and does the same with all
 * others. A walk along the dispatch chain costs little while the chain stands in the processor's caches. In iptables-legacy it costs
 * four times as much once the walk is longer than the caches are large, or when other work has evicted the chain since the last
 * new flow: on a busy node that is every walk, of whatever length. In iptables-nft the difference is small.
 *
 * Left out: more entries in the connection tracking table than the caches hold (three quarters of a microsecond more for each
 * insert), the wire, packets that are lost.
 */

import {
  DISPATCH_CACHE,
  type FlowProtocol,
  PACKET_COSTS,
  type PacketPath,
  SECOND_NODE_COSTS,
} from '../../versions/packet-costs.js';
import type { RuleWalk } from './rule-walk.js';

/** The first packet of a UDP flow, or a TCP connect, to a service. `isCold`: the chain has been evicted from the caches. */
export function firstPacketNs(path: PacketPath, protocol: FlowProtocol, walk: RuleWalk, isCold: boolean): number {
  const costs = PACKET_COSTS[path];
  return costs.firstPacket[protocol].value + rulesNs(path, protocol, walk, isCold);
}

/** The same to an address that is no service; it is not translated. */
export function firstPacketToNoServiceNs(
  path: PacketPath,
  protocol: FlowProtocol,
  walk: RuleWalk,
  isCold: boolean,
): number {
  return firstPacketNs(path, protocol, walk, isCold) - PACKET_COSTS[path].translation.value;
}

/** What the rules that a packet meets add: nothing where one look-up finds the service and there is one endpoint. */
export function rulesNs(path: PacketPath, protocol: FlowProtocol, walk: RuleWalk, isCold: boolean): number {
  const { perEndpointPassed, perRulePassed } = PACKET_COSTS[path];
  return (
    dispatchNs(path, protocol, walk.dispatchLines, isCold) +
    perEndpointPassed.value * walk.endpointsPassed +
    perRulePassed.value * walk.rulesPassed
  );
}

/** A walk along so many lines of the dispatch chain. */
export function dispatchNs(path: PacketPath, protocol: FlowProtocol, lines: number, isCold: boolean): number {
  const { perLine, perLineEvicted } = PACKET_COSTS[path];
  const hot = perLine[protocol].value;
  const evicted = perLineEvicted.value;
  const missing = isCold ? 1 : missingShare(path, lines);
  return (hot + missing * (evicted - hot)) * lines;
}

/** `dispatchNs` on average over walks that end at any line from `first` to `last`, each equally likely. */
export function meanDispatchNs(
  path: PacketPath,
  protocol: FlowProtocol,
  first: number,
  last: number,
  isCold: boolean,
): number {
  if (PACKET_COSTS[path].perLine[protocol].value === 0) return 0;
  // Up to where every line misses the cost bends; from there on it is in proportion to the lines, and so is its mean.
  const bend = Math.min(last, Math.max(first - 1, Math.ceil(DISPATCH_CACHE.missingLines.value)));
  let sum = 0;
  for (let lines = first; lines <= bend; lines++) sum += dispatchNs(path, protocol, lines, isCold);
  if (last > bend) sum += (last - bend) * dispatchNs(path, protocol, (bend + 1 + last) / 2, isCold);
  return sum / (last - first + 1);
}

/** A round trip of an established flow; `isRemote`: its endpoint is on another node. */
export function establishedNs(path: PacketPath, protocol: FlowProtocol, isRemote: boolean): number {
  return PACKET_COSTS[path].established[protocol].value + (isRemote ? SECOND_NODE_COSTS.established.value : 0);
}

/** Which share of the lines of such a walk misses the caches, when nothing but such walks uses them. */
function missingShare(path: PacketPath, lines: number): number {
  if (path === 'iptables-nft') return 0;
  const fitting = DISPATCH_CACHE.fittingLines.value;
  const missing = DISPATCH_CACHE.missingLines.value;
  return Math.min(1, Math.max(0, (lines - fitting) / (missing - fitting)));
}
