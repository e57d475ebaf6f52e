/**
 * Which rules the first packet of a flow meets, by proxy mode and by the address that it is sent to.
 *
 *   dispatch lines of the node, address, endpoints --> lines compared, rules passed --> first-packet.ts
 *
 * iptables (pkg/proxy/iptables/proxier.go): KUBE-SERVICES has one line for each address and port of a service, in the order of a
 * Go map, which is another one after every sync; so a service's line may be anywhere, and what is addressed to no service
 * is compared with all of them. Node ports are looked for after all of KUBE-SERVICES, line by line in KUBE-NODEPORTS. Then come
 * a service's own chains: source ranges of a load balancer, the rules for traffic from outside, one rule for each endpoint
 * that a known client may belong to (sessionAffinity), one for each endpoint that may be drawn. nftables and IPVS find the
 * service in a hash table; nftables draws the endpoint from a map, and asks for a known client rule by rule. userspace has a
 * line for each service port, too, and draws the endpoint in its process.
 *
 * Left out: the filter table (REJECT lines are walked only by flows to services without endpoints).
 */

import type { PacketPath } from '../../versions/packet-costs.js';

export type ServiceAddress = 'ClusterIP' | 'NodePort' | 'LoadBalancerIP' | 'ExternalIP';

/** Services of one kind that new connections of a node go to. */
export interface DispatchTarget {
  /** Share of the connections to services, relative to that of other targets. */
  readonly weight: number;
  readonly address: ServiceAddress;
  /** Endpoints that a packet of this node may be sent to; at least 1. */
  readonly endpoints: number;
  /** Session affinity ClientIP. */
  readonly hasAffinity: boolean;
  /** externalTrafficPolicy Local. */
  readonly isExternalPolicyLocal: boolean;
  /** Of a load balancer. */
  readonly sourceRanges: number;
}

/** What a node's rules look like to new connections. */
export interface DispatchTable {
  readonly path: PacketPath;
  /** Addresses and ports of services with endpoints: the lines of KUBE-SERVICES without its last one. */
  readonly lines: number;
  /** Node ports of services: the lines of KUBE-NODEPORTS. */
  readonly nodePortLines: number;
  readonly targets: readonly DispatchTarget[];
}

/** What one packet meets beside the rules that every packet to a service meets. Means have fractions. */
export interface RuleWalk {
  /** Lines of dispatch chains that it is compared with, that of its service included. */
  dispatchLines: number;
  /** Endpoints that stand before the one that is drawn. */
  endpointsPassed: number;
  /** Other rules of the service's own chains that it passes without a match. */
  rulesPassed: number;
}

/** Where a packet's own rules stand, each counted from 0. As every walk is linear in these, means give the mean walk. */
export interface WalkOrdinals {
  /** Of the service's line among the lines of its chain. */
  line: number;
  /** Of the endpoint that is drawn, or that a known client belongs to. */
  endpoint: number;
  /** Of the client's range among the source ranges. */
  range: number;
}

/** The jump to KUBE-NODEPORTS, for destinations that are addresses of the node. */
const TAIL_LINES = 1;
/** KUBE-EXT with policy Cluster: the masquerade mark. With Local: sources in the pods' range, and the node itself twice. */
const OUTSIDE_RULES = { Cluster: 1, Local: 3 } as const;

export const createWalk = (): RuleWalk => ({ dispatchLines: 0, endpointsPassed: 0, rulesPassed: 0 });

/** Lines of the chain in which the service of such an address is found. */
export const linesOfChain = ({ lines, nodePortLines }: DispatchTable, { address }: DispatchTarget): number =>
  address === 'NodePort' ? nodePortLines : lines;

/** Fills `walk` with that of a packet to a service. */
export function walkToService(
  table: DispatchTable,
  target: DispatchTarget,
  ordinals: WalkOrdinals,
  isKnownClient: boolean,
  walk: RuleWalk,
): void {
  const { path, lines } = table;
  const { address } = target;
  const isCompared = comparesLines(path);
  const before = address === 'NodePort' ? lines + TAIL_LINES : 0;
  walk.dispatchLines = isCompared ? before + 1 + ordinals.line : 0;
  walk.endpointsPassed = 0;
  walk.rulesPassed = 0;
  if (!hasServiceChains(path)) return;
  // A known client stops at its own endpoint's rule; another one passes all of these, and then those of the drawing.
  if (target.hasAffinity) walk.rulesPassed += isKnownClient ? ordinals.endpoint : target.endpoints;
  if (!target.hasAffinity || !isKnownClient) walk.endpointsPassed = ordinals.endpoint;
  if (address === 'ClusterIP') return;
  walk.rulesPassed += OUTSIDE_RULES[target.isExternalPolicyLocal ? 'Local' : 'Cluster'];
  if (address === 'LoadBalancerIP' && isCompared) walk.rulesPassed += ordinals.range;
}

/** Fills `walk` with the mean over lines, endpoints and source ranges. */
export function meanWalkToService(
  table: DispatchTable,
  target: DispatchTarget,
  isKnownClient: boolean,
  walk: RuleWalk,
): void {
  const ordinals = {
    line: middle(linesOfChain(table, target)),
    endpoint: middle(target.endpoints),
    range: middle(target.sourceRanges),
  };
  walkToService(table, target, ordinals, isKnownClient, walk);
}

/** Fills `walk` with that of a packet that is sent to no service: past every line. */
export function walkPastServices({ path, lines }: DispatchTable, walk: RuleWalk): void {
  walk.dispatchLines = comparesLines(path) ? lines + TAIL_LINES : 0;
  walk.endpointsPassed = 0;
  walk.rulesPassed = 0;
}

/** The mean of the ordinals of so many things. */
const middle = (count: number): number => Math.max(0, count - 1) / 2;

const comparesLines = (path: PacketPath): boolean =>
  path === 'iptables-legacy' || path === 'iptables-nft' || path === 'userspace';

const hasServiceChains = (path: PacketPath): boolean =>
  path === 'iptables-legacy' || path === 'iptables-nft' || path === 'nftables';
