/**
 * What things cost in the control plane: every time and CPU constant of its models, with its origin. What rules cost a node
 * stands in rule-loading-costs.ts. What nobody has published stands here as an assumption with the range in which it is
 * plausible.
 */

import { constant, type Constant } from './provenance.js';

const assumed = (value: number, unit: string, source: string, range: readonly [number, number]): Constant =>
  constant({ value, unit, evidence: 'assumption', source, date: '2026-07', range });

export const API_SERVER_COSTS = {
  /** Encoding of one object to protobuf: once per event and media type, whatever the number of watchers. */
  encodePerObject: constant({
    value: 5e-6,
    unit: 's',
    evidence: 'documentation',
    source: 'Kubernetes design proposal api-machinery/protobuf.md: 5 us to encode an object (40 us in JSON)',
    date: '2016',
    range: [2e-6, 5e-5],
  }),
  /** Conversion to the served version and encoding, of an object that is encoded now and then. */
  encodePerByte: constant({
    value: 10e-9,
    unit: 's/B',
    evidence: 'derived',
    source:
      'Kubernetes design proposal api-machinery/protobuf.md: 15 us for the conversion and 5 us for the encoding of an object of about 2 kB',
    date: '2016',
    range: [2.5e-9, 26e-9],
  }),
  /** The same when every watcher has an encoding of its own, tens of thousands a second, with the garbage that they leave. */
  encodePerByteForEachWatcher: constant({
    value: 26e-9,
    unit: 's/B',
    evidence: 'derived',
    source:
      'Calibrated on kubernetes/kubernetes#58050: 8 updates a second of 400 addresses (about 145 B each) to 5,000 watchers took 60 cores, 3.75 us for an address',
    date: '2018-01',
    range: [10e-9, 26e-9],
  }),
  /** CPU of one watch event for one watcher, once the object is encoded: frame, copy, encryption, system call. */
  sendPerEvent: assumed(
    5e-6,
    's',
    'Wake-up of the goroutine of a watch, HTTP/2 frame, TLS record and one write system call',
    [2e-6, 2e-5],
  ),
  sendPerByte: constant({
    value: 0.4e-9,
    unit: 's/B',
    evidence: 'derived',
    source:
      'AES-128-GCM, on a 2.1 GHz Xeon: 139, 512, 1603, 4510, 5064 MB/s in records of 64 B, 256 B, 1, 8, 16 KiB, which is 0.44 us + 0.17 ns/B; two copies in memory at about 10 GB/s each are added',
    date: 'OpenSSL 3.0.19',
    range: [0.2e-9, 2e-9],
  }),
  /** Time of the single dispatcher goroutine for one watcher of one event: a non-blocking send to a channel. */
  dispatchPerWatcher: assumed(
    1e-6,
    's',
    'storage/cacher/cacher.go dispatchEvent: a select with a channel send, and the selection of the watcher',
    [0.2e-6, 3e-6],
  ),
  /** From the commit in etcd to the event in the watch cache of an API server. */
  watchCacheLatency: assumed(
    1e-3,
    's',
    'etcd watch and reflector of the watch cache, unloaded; part of the latency to controllers below',
    [0.3e-3, 2e-2],
  ),
  /** Time of a client to decode a list of endpoint objects and to put it into its informer. */
  decodePerByte: constant({
    value: 10e-9,
    unit: 's/B',
    evidence: 'assumption',
    source:
      'Decoding allocates what encoding only reads, so a little more than encodePerByte; at most the 35 us that an API server takes for an object of 1 kB from etcd (KEP-2340, lists at scale)',
    date: '2023-07',
    range: [3e-9, 35e-9],
  }),
  /** Latency of a GET of one object from the watch cache, as its client sees it. */
  getLatency: assumed(
    2e-3,
    's',
    'A round trip inside a zone, authentication, flow control and encoding; the SLO of a single read is 1 s',
    [0.5e-3, 1e-2],
  ),
  /** From the commit in etcd to the event handlers of a controller in the controller manager. */
  watchLatencyToControllers: assumed(
    3e-3,
    's',
    'etcd watch, watch cache, dispatch, decoding, delta FIFO: each well below a millisecond to a few, unloaded',
    [1e-3, 5e-2],
  ),
} as const;

export const CONTROLLER_MANAGER_COSTS = {
  /** The LISTs that fill the informers of a new process, run side by side: what even empty ones take. */
  listBase: assumed(0.1, 's', 'Connections, discovery and the round trips of about 30 informers', [0.02, 1]),
  /** For each object of the cluster that the informers hold. */
  listPerObject: assumed(
    20e-6,
    's',
    'An object is encoded (5 us, design proposal api-machinery/protobuf.md), sent, decoded at about the same cost, indexed and handed to the event handlers',
    [5e-6, 1e-4],
  ),
} as const;

/** CPU time of one sync of the Endpoints or EndpointSlice controller, without its writes. */
export const ENDPOINT_CONTROLLER_COSTS = {
  syncBase: assumed(0.2e-3, 's', 'Look-ups in informer caches, a few allocations', [0.05e-3, 2e-3]),
  syncPerEndpoint: assumed(
    1e-6,
    's',
    'Each pod of the service is turned into an endpoint and hashed into a set; each existing endpoint is compared',
    [0.3e-6, 1e-5],
  ),
} as const;
