/**
 * What the network takes between clients and pods. Bandwidth is no limit for requests here; what rules and connection tracking add on
 * a node is in packet-costs.ts.
 */

import { constant, type Constant } from './provenance.js';

export const NETWORK_ROUND_TRIPS = {
  /** Between two network namespaces of one node. */
  sameNode: constant({
    value: 4500,
    unit: 'ns',
    evidence: 'measurement',
    source: 'Round trip of an established TCP connection between two network namespaces',
    date: 'Linux 6.18',
    range: [2000, 20_000],
  }),
  /** Between two nodes of a zone. */
  sameZone: constant({
    value: 400_000,
    unit: 'ns',
    evidence: 'assumption',
    source: 'Twice the one-way latency inside a zone that apiServerToNodeLatency has by default',
    date: '2026-07',
    range: [100_000, 1_000_000],
  }),
  /** Between nodes of two zones. */
  crossZone: constant({
    value: 2_000_000,
    unit: 'ns',
    evidence: 'assumption',
    source: 'Twice the one-way latency between zones of a region that apiServerToNodeLatency has by default',
    date: '2026-07',
    range: [1_000_000, 10_000_000],
  }),
} as const satisfies Record<string, Constant>;

export const CLIENT_RULES = {
  /** Until a client gives up on a connection that nobody answers. */
  connectTimeout: constant({
    value: 127,
    unit: 's',
    evidence: 'documentation',
    source:
      'Linux, Documentation/networking/ip-sysctl: net.ipv4.tcp_syn_retries 6, with retries after 1, 2, 4, ... 64 s',
    date: 'Linux 6.4',
    range: null,
  }),
  /** Round trips of a request: TCP's handshake on a new connection, then the request itself. */
  roundTripsOnNewConnection: constant({
    value: 2,
    unit: '1',
    evidence: 'documentation',
    source: 'RFC 9293, section 3.5: data follows the third segment of the handshake at once; TLS would add one or two',
    date: '2022-08',
    range: null,
  }),
} as const satisfies Record<string, Constant>;
