/**
 * The part of the normalized scenario about MetalLB, the load balancer of clusters on bare metal (scenario.ts holds the rest, and the
 * rules of units and of null).
 */

import type { NextHopSelection } from './traffic/load-balancers/next-hop.js';

/** IPv4 addresses in a row. */
export interface AddressRange {
  readonly first: string;
  readonly count: number;
}

/** What clients and their network make of an address that moves from one node to another. */
export interface Layer2Settings {
  /** How long a neighbour's entry in the ARP cache of a client or router lasts. */
  readonly arpCacheNs: number;
  /** Share of the clients that do not take unsolicited announcements: they wait for their caches. */
  readonly ignoringShare: number;
  /** Probability that an announcement reaches nobody. */
  readonly announcementLoss: number;
}

/** A BFDProfile. */
export interface BfdSettings {
  /** Between packets; the slower of receiveInterval here and transmitInterval there. */
  readonly receiveIntervalNs: number;
  readonly detectMultiplier: number;
}

/** A BGPPeer, and what the router does with the routes that it hears. */
export interface BgpSettings {
  readonly holdTimeNs: number;
  readonly keepaliveTimeNs: number;
  /** From one attempt to open a session to the next. */
  readonly connectTimeNs: number;
  /** null: only the hold timer finds a dead peer. */
  readonly bfdProfile: BfdSettings | null;
  /** What of a packet the router hashes: the addresses and the protocol, or also the ports. */
  readonly flowHash: '3-tuple' | '5-tuple';
  readonly nextHopSelection: NextHopSelection;
}

export interface MetallbSettings {
  readonly layer2: Layer2Settings;
  readonly bgp: BgpSettings;
  /** The addresses of an IPAddressPool, in its order. */
  readonly addressPool: readonly AddressRange[];
}
