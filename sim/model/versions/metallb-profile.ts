/**
 * MetalLB: what a scenario has where it does not say, and the constants in the source code of MetalLB and of the library that its
 * speakers watch each other with. None of it depends on the version of Kubernetes.
 */

import type { AddressRange, BfdSettings, MetallbSettings } from '../metallb-settings.js';
import { assumed, constant, upstream, type Constant, type Sourced } from './provenance.js';

const MS = 1_000_000;
const SECOND = 1_000_000_000;

const read = (value: number, unit: string, source: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date: '2026-07', range: null });

const LAN = 'hashicorp/memberlist config.go: DefaultLANConfig';

/** How speakers find that one of them has died. */
export const MEMBERLIST_RULES = {
  probeInterval: read(1, 's', 'Consul gossip parameters: probe_interval of the LAN pool'),
  /** Until the others are asked to probe too; their answers are waited for until the interval is over. */
  probeTimeout: assumed(0.5, 's', `${LAN}: ProbeTimeout; not looked up`),
  suspicionMultiplier: read(4, '1', `${LAN}: SuspicionMult`),
  suspicionMaxTimeoutMultiplier: read(6, '1', `${LAN}: SuspicionMaxTimeoutMult`),
  /** Confirmations that shorten a suspicion to its minimum: so many fewer than the multiplier. */
  membersThatNeedNotConfirm: assumed(2, '1', 'memberlist state.go: suspicionMult - 2; not looked up'),
  /** Numbers of members below this have the shortest suspicion. */
  smallCluster: read(10, '1', 'memberlist util.go: suspicionTimeout, max(1, log10 n)'),
} as const;

/** Unsolicited ARP replies and neighbour advertisements of a new leader. */
export const ANNOUNCEMENT_RULES = {
  interval: read(1.1, 's', 'metallb internal/layer2/announcer.go: gratuitous announcements'),
  duration: read(5, 's', 'metallb internal/layer2/announcer.go: gratuitous announcements'),
} as const;

export const BGP_RULES = {
  /** RFC 4271: a hold time is zero or at least this. */
  shortestHoldTime: constant({
    value: 3,
    unit: 's',
    evidence: 'documentation',
    source: 'RFC 4271, section 4.2: Hold Time',
    date: '2006-01',
    range: null,
  }),
} as const;

/** How finely the model follows what stands in the caches of clients. */
export const ARP_CACHE_GROUPS = assumed(
  16,
  '1',
  'Clients whose entries run out together: a step of 6 % of the traffic at a time',
  [1, 1000],
);

/** Beyond this number flows are taken to be spread evenly: the imbalance is below sqrt(N - 1) times 0.4 %. */
export const MAX_HASHED_FLOWS = assumed(65_536, '1', 'Source addresses that are followed one by one', [1000, 1e6]);

export interface MetallbDefaults extends Sourced<Pick<MetallbSettings, 'layer2'>> {
  readonly bgp: Sourced<Omit<MetallbSettings['bgp'], 'keepaliveTimeNs'>>;
  readonly addressPool: Constant<readonly AddressRange[]>;
  /** Keep-alives of a peer within its hold time, where only that is given. */
  readonly keepalivesPerHoldTime: Constant;
  /** Of a bfdProfile that is given. */
  readonly bfdProfile: Sourced<BfdSettings>;
}

const PEER = 'MetalLB API reference: BGPPeer';
const BFD = 'MetalLB API reference: BFDProfile';

export const metallbDefaults = (): MetallbDefaults => ({
  layer2: {
    arpCacheNs: assumed(30 * SECOND, 'ns', 'base_reachable_time of Linux; routers keep entries for minutes to hours', [
      15 * SECOND,
      4 * 3600 * SECOND,
    ]),
    ignoringShare: assumed(0, '1', 'Current operating systems and switches take unsolicited announcements', [0, 1]),
    announcementLoss: assumed(0, '1', 'A switched network that is not overloaded', [0, 0.5]),
  },
  bgp: {
    holdTimeNs: upstream(90 * SECOND, 'ns', `${PEER}.holdTime`, '2026-07'),
    connectTimeNs: assumed(10 * SECOND, 'ns', 'Between the speakers of data centres and the two minutes of RFC 4271', [
      1 * SECOND,
      120 * SECOND,
    ]),
    bfdProfile: assumed<BfdSettings | null>(null, '', 'A peer has none unless it names one'),
    nextHopSelection: assumed<MetallbSettings['bgp']['nextHopSelection']>(
      'modulo',
      '',
      'MetalLB warns that most connections break when nodes come or go: the hashes of routers are usually not stable',
    ),
  },
  keepalivesPerHoldTime: upstream(3, '1', `${PEER}.keepaliveTime: 30 s of 90 s`, '2026-07'),
  bfdProfile: {
    receiveIntervalNs: upstream(300 * MS, 'ns', `${BFD}.receiveInterval`, '2026-07'),
    detectMultiplier: upstream(3, '1', `${BFD}.detectMultiplier`, '2026-07'),
  },
  addressPool: assumed<readonly AddressRange[]>(
    [{ first: '10.192.0.0', count: 2 ** 20 }],
    '',
    'More addresses than a cluster has services: only a pool that is given runs out',
  ),
});
