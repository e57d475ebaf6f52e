/**
 * What new connections cost a node's processors, and for how many of them its cores are enough.
 *
 *   rules of the node, connections, requests on each --> CPU time of a connection --> cores in use, connections per second at most
 *
 * Rules cost CPU time once for each connection, whatever is sent on it: keep-alive makes them cheap. Connections that go to no
 * service of the node, such as those that come in from other nodes to its pods, pass every line.
 *
 * Left out: what else runs on the node, requests of different size.
 */

import { type FlowProtocol, PACKET_COSTS } from '../../versions/packet-costs.js';
import { establishedNs, firstPacketToNoServiceNs, firstPacketNs, meanDispatchNs, rulesNs } from './first-packet.js';
import { createWalk, type DispatchTable, linesOfChain, meanWalkToService, walkPastServices } from './rule-walk.js';

const NS_PER_SECOND = 1e9;

export interface ConnectionWork {
  readonly protocol: FlowProtocol;
  readonly dispatch: DispatchTable;
  /** Share of the new connections that are sent to services; the others pass all lines. */
  readonly shareToServices: number;
  readonly cacheColdShare: number;
  readonly knownClientShare: number;
  readonly requestsPerConnection: number;
  /** CPU time of opening and closing a connection, and of a request on it, on a node without service rules. */
  readonly cpuPerConnectionNs: number;
  readonly cpuPerRequestNs: number;
  /** Mean over the nodes of the time for the same work relative to the reference machine; for rules, not for the two above. */
  readonly slowness: number;
}

/** CPU time that the proxy mode adds to a connection, requests included; on average, nanoseconds. */
export function proxyModeNs(work: ConnectionWork): number {
  const { protocol, dispatch, requestsPerConnection, slowness } = work;
  const connecting = meanFirstPacketNs(work) - PACKET_COSTS.conntrack.firstPacket[protocol].value;
  const request = establishedNs(dispatch.path, protocol, false) - PACKET_COSTS.conntrack.established[protocol].value;
  return (connecting + requestsPerConnection * request) * slowness;
}

/** CPU time of a connection and its requests, nanoseconds. */
export function connectionNs(work: ConnectionWork): number {
  return work.cpuPerConnectionNs + work.requestsPerConnection * work.cpuPerRequestNs + proxyModeNs(work);
}

/** New connections per second that keep so many cores busy. */
export function connectionsPerSecondMax(work: ConnectionWork, cores: number): number {
  return (cores * NS_PER_SECOND) / connectionNs(work);
}

/** `connectionsPerSecondMax` as a share of that of the same node with a proxy mode and no services. */
export function relativeCapacity(work: ConnectionWork): number {
  const withoutServices: ConnectionWork = { ...work, dispatch: { ...work.dispatch, lines: 0, nodePortLines: 0 } };
  return connectionNs(withoutServices) / connectionNs(work);
}

function meanFirstPacketNs(work: ConnectionWork): number {
  const { shareToServices, cacheColdShare: cold } = work;
  const hits = shareToServices * ((1 - cold) * meanHitNs(work, false) + cold * meanHitNs(work, true));
  return hits + (1 - shareToServices) * ((1 - cold) * missNs(work, false) + cold * missNs(work, true));
}

function missNs({ dispatch, protocol }: ConnectionWork, isCold: boolean): number {
  const walk = createWalk();
  walkPastServices(dispatch, walk);
  return firstPacketToNoServiceNs(dispatch.path, protocol, walk, isCold);
}

/** Over targets, lines and endpoints. What a walk costs is not linear in its length, so lines are averaged by themselves. */
function meanHitNs({ dispatch, protocol, knownClientShare }: ConnectionWork, isCold: boolean): number {
  const { path, targets } = dispatch;
  const totalWeight = targets.reduce((sum, { weight }) => sum + weight, 0);
  const walk = createWalk();
  let sum = 0;
  for (const target of targets) {
    for (const isKnown of [false, true]) {
      meanWalkToService(dispatch, target, isKnown, walk);
      const spread = Math.max(0, linesOfChain(dispatch, target) - 1);
      const first = walk.dispatchLines - spread / 2;
      walk.dispatchLines = 0;
      const dispatchNs = first > 0 ? meanDispatchNs(path, protocol, first, first + spread, isCold) : 0;
      const share = isKnown ? knownClientShare : 1 - knownClientShare;
      sum += target.weight * share * (dispatchNs + rulesNs(path, protocol, walk, isCold));
    }
  }
  const rules = totalWeight === 0 ? 0 : sum / totalWeight;
  return firstPacketNs(path, protocol, createWalk(), isCold) + rules;
}
