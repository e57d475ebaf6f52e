/**
 * What packets cost in a node's kernel, by what stands in their way, and what their connection tracking entries cost.
 *
 * Measured on one machine (Linux 6.18, x86-64 virtual machine, 2 MB of L2 cache, iptables 1.8.9, nftables 1.0.6) with tables
 * of kube-proxy's structure: shapes and ratios hold elsewhere, absolute values scale by one factor per cluster. Times of
 * a first packet are those of a UDP packet, and of a TCP connect through the stacks of client, node and server.
 */

import { constant, type Constant, type Evidence } from './provenance.js';

const DATE = 'Linux 6.18';
const UDP_MEASURED = 'Median of a UDP first packet between two network namespaces, 71 tables of 10 to 50,000 services';
const TCP_MEASURED = 'Median of a TCP connect between two network namespaces, tables of 10 to 10,000 services';

const nanoseconds =
  (evidence: Evidence, measured: string) =>
  (value: number, what: string, range: readonly [number, number] | null): Constant =>
    constant({
      value,
      unit: 'ns',
      evidence,
      source: measured === '' ? what : `${measured}: ${what}`,
      date: DATE,
      range,
    });

const udp = nanoseconds('measurement', UDP_MEASURED);
const tcp = nanoseconds('measurement', TCP_MEASURED);
const derived = nanoseconds('derived', '');
const assumed = nanoseconds('assumption', '');

/** What packets find in their way. */
export type PacketPath = 'none' | 'conntrack' | 'iptables-legacy' | 'iptables-nft' | 'nftables' | 'ipvs' | 'userspace';

export type FlowProtocol = 'UDP' | 'TCP';

export interface PathCosts {
  /** The first packet of a flow to a service whose line is the first, with one endpoint. */
  readonly firstPacket: Readonly<Record<FlowProtocol, Constant>>;
  /** What of it is the translation to an endpoint: a flow to no service saves that. */
  readonly translation: Constant;
  /** Each line of the dispatch chain that a packet is compared with, while the chain stands in the caches. */
  readonly perLine: Readonly<Record<FlowProtocol, Constant>>;
  /** The same when other work has evicted the chain since the last new flow. */
  readonly perLineEvicted: Constant;
  /** Each endpoint that stands before the one that is drawn. */
  readonly perEndpointPassed: Constant;
  /** Each other rule of a service's own chains that a packet passes without a match: sources, affinities. */
  readonly perRulePassed: Constant;
  /** Round trip of a packet of an established flow, whatever the number of services. */
  readonly established: Readonly<Record<FlowProtocol, Constant>>;
}

const NO_LINES = derived(0, 'The service is found by one look-up in a hash table', null);
const NOTHING = derived(0, 'There are no rules', null);

const ESTABLISHED = {
  UDP: udp(4100, 'round trip of an established flow, in every mode and with any number of services', [2000, 20_000]),
  TCP: tcp(
    4500,
    'round trip of an established connection, in every mode and with any number of services',
    [2000, 20_000],
  ),
} as const;

const LEGACY_LINES = {
  UDP: udp(4.6, 'iptables-legacy, per line up to 7,500 lines', [3, 10]),
  TCP: tcp(4.8, 'iptables-legacy, per line', [3, 10]),
} as const;
const LEGACY_LINE_EVICTED = tcp(
  20,
  'iptables-legacy with the L2 cache evicted between connections, per line; 67 ns from memory',
  [12, 67],
);

const LEGACY_RULE = tcp(25, 'iptables-legacy, per endpoint rule passed', [10, 60]);
const NFT_RULE = tcp(33, 'iptables-nft, per endpoint rule passed', [15, 80]);

export const PACKET_COSTS: Readonly<Record<PacketPath, PathCosts>> = {
  none: {
    firstPacket: {
      UDP: udp(1550, 'no netfilter', [1000, 5000]),
      TCP: tcp(6300, 'no netfilter', [4000, 20_000]),
    },
    translation: NOTHING,
    perLine: { UDP: NOTHING, TCP: NOTHING },
    perLineEvicted: NOTHING,
    perEndpointPassed: NOTHING,
    perRulePassed: NOTHING,
    established: ESTABLISHED,
  },
  conntrack: {
    firstPacket: {
      UDP: udp(2080, 'connection tracking, no rules', [1300, 6000]),
      TCP: tcp(7500, 'connection tracking, no rules', [5000, 25_000]),
    },
    translation: NOTHING,
    perLine: { UDP: NOTHING, TCP: NOTHING },
    perLineEvicted: NOTHING,
    perEndpointPassed: NOTHING,
    perRulePassed: NOTHING,
    established: ESTABLISHED,
  },
  'iptables-legacy': {
    firstPacket: {
      UDP: udp(2840, 'iptables-legacy, first line', [2000, 9000]),
      TCP: tcp(8300, 'iptables-legacy, no lines', [5000, 30_000]),
    },
    translation: udp(80, 'iptables-legacy, last line against no service', [0, 300]),
    perLine: LEGACY_LINES,
    perLineEvicted: LEGACY_LINE_EVICTED,
    perEndpointPassed: LEGACY_RULE,
    perRulePassed: LEGACY_RULE,
    established: ESTABLISHED,
  },
  'iptables-nft': {
    firstPacket: {
      UDP: udp(3000, 'iptables-nft, first line', [2000, 9000]),
      TCP: tcp(8700, 'iptables-nft, no lines', [5000, 30_000]),
    },
    translation: udp(100, 'iptables-nft, last line against no service', [0, 400]),
    perLine: {
      UDP: udp(8.1, 'iptables-nft, per line up to 10,000 lines, no step', [5, 15]),
      TCP: tcp(10.4, 'iptables-nft, per line', [6, 20]),
    },
    perLineEvicted: tcp(
      12.6,
      'iptables-nft with the L2 cache evicted between connections, per line; 36 ns from memory',
      [8, 36],
    ),
    perEndpointPassed: NFT_RULE,
    perRulePassed: NFT_RULE,
    established: ESTABLISHED,
  },
  nftables: {
    firstPacket: {
      UDP: udp(3120, 'nftables, any service', [2000, 9000]),
      TCP: tcp(8600, 'nftables, any service', [5000, 30_000]),
    },
    translation: udp(260, 'nftables, any service against no service', [0, 800]),
    perLine: { UDP: NO_LINES, TCP: NO_LINES },
    perLineEvicted: NO_LINES,
    perEndpointPassed: tcp(0.6, 'nftables, per endpoint of the numgen map', [0, 5]),
    perRulePassed: NFT_RULE,
    established: ESTABLISHED,
  },
  ipvs: {
    firstPacket: {
      UDP: derived(3500, 'As TCP to TCP of nftables: 3,120 ns x 9.6 / 8.6', [2200, 10_000]),
      TCP: derived(
        9600,
        'Exact instruction counts of a TCP connect (Linux 6.1, emulated): 74,050, against 68,100 in nftables and 58,470 with connection tracking alone, at 0.145 ns each',
        [5500, 33_000],
      ),
    },
    translation: NO_LINES,
    perLine: { UDP: NO_LINES, TCP: NO_LINES },
    perLineEvicted: NO_LINES,
    perEndpointPassed: NO_LINES,
    perRulePassed: NO_LINES,
    established: {
      UDP: derived(4500, 'As TCP: a tenth more than in other modes', [2200, 22_000]),
      TCP: derived(4950, 'Instruction counts of a ping-pong: 43,440 against 39,580 in iptables mode', [2200, 22_000]),
    },
  },
  userspace: {
    firstPacket: {
      UDP: assumed(40_000, 'A redirect, two sockets and two wake-ups of a process, each way', [15_000, 300_000]),
      TCP: assumed(80_000, 'A redirect, an accept, a second connect and four wake-ups of a process', [30_000, 500_000]),
    },
    translation: assumed(35_000, 'All but the path through the rules', [10_000, 300_000]),
    perLine: LEGACY_LINES,
    perLineEvicted: LEGACY_LINE_EVICTED,
    perEndpointPassed: NO_LINES,
    perRulePassed: NO_LINES,
    established: {
      UDP: assumed(25_000, 'Two system calls, two copies and a wake-up of a process, each way', [10_000, 200_000]),
      TCP: assumed(25_000, 'Two system calls, two copies and a wake-up of a process, each way', [10_000, 200_000]),
    },
  },
};

/**
 * When a walk leaves the caches in a tight loop of new flows: in iptables-legacy only. Between the two lengths the share of
 * lines that miss grows; from the second on every line does, as a walk in one order evicts what the next one begins with.
 */
export const DISPATCH_CACHE = {
  fittingLines: constant({
    value: 7500,
    unit: '1',
    evidence: 'measurement',
    source: `${UDP_MEASURED}: longest walk at the cost of the caches, 2 MB of L2 cache`,
    date: DATE,
    range: [2000, 15_000],
  }),
  missingLines: constant({
    value: 11_000,
    unit: '1',
    evidence: 'measurement',
    source: `${UDP_MEASURED}: shortest walk in which every line misses; one of 10,000 lines pays seven tenths of the step`,
    date: DATE,
    range: [3000, 22_000],
  }),
} as const;

/** What a packet pays for an endpoint on another node: the second node's stack, without the network between the two. */
export const SECOND_NODE_COSTS = {
  firstPacket: {
    UDP: udp(1390, 'endpoint on another node against the same node', [800, 6000]),
    TCP: tcp(2690, 'endpoint on another node against the same node', [1500, 10_000]),
  },
  established: tcp(970, 'established connection, endpoint on another node against the same node', [500, 5000]),
} as const;

const kernelTimeout = (value: number, what: string): Constant =>
  constant({
    value,
    unit: 's',
    evidence: 'assumption',
    source: `Default of the Linux kernel (Documentation/networking/nf_conntrack-sysctl.rst), not checked: ${what}`,
    date: '2026-07',
    range: null,
  });

export const CONNTRACK_COSTS = {
  bytesPerEntry: constant({
    value: 278,
    unit: 'B',
    evidence: 'measurement',
    source: 'Memory of a table filled with entries, divided by their number',
    date: DATE,
    range: [256, 400],
  }),
  /** What nodes have when kube-proxy leaves nf_conntrack_max alone. */
  kernelMax: constant({
    value: 262_144,
    unit: '1',
    evidence: 'assumption',
    source: 'Linux kernel default of nf_conntrack_max on machines of more than 4 GB of memory, not checked',
    date: '2026-07',
    range: [65_536, 1_048_576],
  }),
  /** What holds where kube-proxy is told to leave a timeout alone, and where it has no flag. */
  kernelTimeouts: {
    tcpEstablished: kernelTimeout(432_000, 'nf_conntrack_tcp_timeout_established'),
    tcpCloseWait: kernelTimeout(60, 'nf_conntrack_tcp_timeout_close_wait'),
    tcpTimeWait: kernelTimeout(120, 'nf_conntrack_tcp_timeout_time_wait'),
    udp: kernelTimeout(30, 'nf_conntrack_udp_timeout'),
    udpStream: kernelTimeout(120, 'nf_conntrack_udp_timeout_stream'),
    /** A UDP flow that is answered for longer than this is a stream. */
    udpStreamAfter: kernelTimeout(2, 'age from which on a UDP flow that is answered counts as a stream'),
  },
} as const;

/** Fixed rules of kube-proxy about the table. */
export const CONNTRACK_RULES = {
  /** The newest versions ask for no larger table, however many cores there are. */
  maxOfNewest: constant({
    value: 1_048_576,
    unit: '1',
    evidence: 'source code',
    source: 'Kubernetes pkg/proxy/conntrack/sysctls_test.go, TestGetConntrackMax',
    date: '1.35',
    range: null,
  }),
  /** Minor version since which that holds. */
  maxSinceMinor: constant({
    value: 35,
    unit: '1',
    evidence: 'assumption',
    source: 'cmd/kube-proxy/app up to 1.34 has no such limit, pkg/proxy/conntrack of 2025 has',
    date: '1.35',
    range: [34, 36],
  }),
} as const;
