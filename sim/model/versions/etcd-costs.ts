/** What etcd and the way to it cost, and how large stored objects are, each with its origin. */

import { constant, type Constant } from './provenance.js';

const assumed = (value: number, unit: string, source: string, range: readonly [number, number]): Constant =>
  constant({ value, unit, evidence: 'assumption', source, date: '2026-07', range });

export const ETCD_COSTS = {
  /** Writes that etcd commits per second when it does nothing else: batches of proposals, one after the other. */
  maxWritesPerSecond: constant({
    value: 44_341,
    unit: '1/s',
    evidence: 'measurement',
    source:
      'etcd performance guide: 1000 clients, leader only, values of 256 B, 8 CPUs with SSD; 50,104/s over all members',
    date: 'etcd 3.6',
    range: [5e3, 6e4],
  }),
} as const;

/** Bytes that one revision of an object takes in the database where the writer does not say. */
export const STORED_OBJECT_BYTES = {
  endpoints: assumed(2_000, 'B', 'An Endpoints object of about ten addresses; larger ones say their size', [500, 1e6]),
  endpointslices: assumed(2_500, 'B', 'A slice of about ten endpoints; larger ones say their size', [1e3, 2e5]),
  pods: assumed(5_000, 'B', 'A pod with status and managed fields, in protobuf', [2e3, 3e4]),
  nodes: assumed(15_000, 'B', 'A node with up to 50 image names and managed fields', [5e3, 6e4]),
  services: assumed(1_500, 'B', 'A service with one port and managed fields', [500, 5e3]),
  leases: assumed(500, 'B', 'A node lease with its owner reference', [300, 1e3]),
  other: assumed(3_000, 'B', 'Deployments, ReplicaSets, events', [500, 2e4]),
} as const;

export const API_CLIENT_COSTS = {
  /** From the loss of a connection to the next attempt of a request that was lost with it. */
  reconnect: assumed(
    1,
    's',
    'A client whose server closed the connection dials again at once, but its request comes back through a back-off of 5 ms to 1 s; one that hears nothing from a dead machine would take up to 45 s of HTTP/2 pings',
    [5e-3, 45],
  ),
} as const;
