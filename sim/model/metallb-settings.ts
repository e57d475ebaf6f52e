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

/** A BGPPeer, and how its router picks a next hop by the hash of a flow. */
export interface BgpSettings {
  readonly holdTimeNs: number;
  readonly keepaliveTimeNs: number;
  /** From one attempt to open a session to the next. */
  readonly connectTimeNs: number;
  /** null: only the hold timer finds a dead peer. */
  readonly bfdProfile: BfdSettings | null;
  readonly nextHopSelection: NextHopSelection;
}

export interface MetallbSettings {
  readonly layer2: Layer2Settings;
  readonly bgp: BgpSettings;
  /** The addresses of an IPAddressPool, in its order. */
  readonly addressPool: readonly AddressRange[];
}
