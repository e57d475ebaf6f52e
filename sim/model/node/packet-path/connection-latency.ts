/**
 * How long the first packet of a connection takes to its endpoint and back: the distribution over new connections to services.
 *
 *   rules of a node (DispatchTable), state of the caches, speed of nodes, delay outside of the kernels --> Histogram
 *
 * A connection's latency is made of what differs between connections, each independent of the others: the position of the
 * service's line, uniform, as the order of lines is another one after every sync; the endpoint that is drawn; whether other work has
 * evicted the rules from the caches (`cacheColdShare`); the node; and a lognormal delay for all that is neither rule nor stack:
 * interrupts, wake-ups, queues, the wire. An endpoint on another node takes that node's stack as well, and the packet, which
 * there is addressed to a pod and to no service, passes all of its lines.
 *
 * The distribution has no closed form, so it is summed over points that fill the space of these causes evenly: multiples of square
 * roots of primes, modulo 1 (Richtmyer 1951). That needs no random numbers, so scenarios differ by what is different, and errors
 * fall almost with the number of points.
 */

import { lognormalFromMedianP99 } from '../../../kernel/distributions.js';
import { Histogram } from '../../../stats/histogram.js';
import { type FlowProtocol, SECOND_NODE_COSTS } from '../../versions/packet-costs.js';
import { firstPacketNs, rulesNs } from './first-packet.js';
import {
  createWalk,
  type DispatchTable,
  type DispatchTarget,
  linesOfChain,
  walkPastServices,
  walkToService,
} from './rule-walk.js';

const SECONDS_PER_NS = 1e-9;

/** Enough that percentiles differ by less than a histogram bucket from those of ten times as many. */
const POINTS = 1 << 15;

/** What new connections to services meet, of one kind of node. */
export interface ConnectionMix {
  readonly protocol: FlowProtocol;
  readonly dispatch: DispatchTable;
  /** Share of new connections that find the rules evicted from the caches. */
  readonly cacheColdShare: number;
  /** Share of connections whose endpoint is on another node. */
  readonly remoteEndpointShare: number;
  /** Share of clients with affinity that have been here before. */
  readonly knownClientShare: number;
  /** Time of nodes for the same work relative to the reference machine, each for an equal share of the connections. */
  readonly slowness: ArrayLike<number>;
  /** What a round trip takes beside the work of the kernels. */
  readonly roundTripDelayNs: { readonly median: number; readonly p99: number };
}

/** Seconds, over new connections to services. Empty when there is nothing to connect to. */
export function firstPacketLatency(mix: ConnectionMix): Histogram {
  const { protocol, dispatch, slowness, roundTripDelayNs } = mix;
  const { path, targets } = dispatch;
  const histogram = new Histogram();
  const totalWeight = targets.reduce((sum, { weight }) => sum + weight, 0);
  if (totalWeight === 0) return histogram;
  const walk = createWalk();
  const ordinals = { line: 0, endpoint: 0, range: 0 };
  const pastAll = createWalk();
  walkPastServices(dispatch, pastAll);
  const point = new Float64Array(ROOTS.length);
  for (let index = 0; index < POINTS; index++) {
    moveTo(index, point);
    const target = pick(targets, point[Cause.target]! * totalWeight);
    ordinals.line = ordinal(point[Cause.line]!, linesOfChain(dispatch, target));
    ordinals.endpoint = ordinal(point[Cause.endpoint]!, target.endpoints);
    ordinals.range = ordinal(point[Cause.range]!, target.sourceRanges);
    const isKnown = point[Cause.knownClient]! < mix.knownClientShare;
    const isCold = point[Cause.cold]! < mix.cacheColdShare;
    walkToService(dispatch, target, ordinals, isKnown, walk);
    let workNs = firstPacketNs(path, protocol, walk, isCold);
    if (point[Cause.remote]! < mix.remoteEndpointShare) {
      workNs += SECOND_NODE_COSTS.firstPacket[protocol].value + rulesNs(path, protocol, pastAll, isCold);
    }
    const node = ordinal(point[Cause.node]!, slowness.length);
    const delayNs = lognormalFromMedianP99(point[Cause.delay]!, roundTripDelayNs.median, roundTripDelayNs.p99);
    histogram.record((workNs * slowness[node]! + delayNs) * SECONDS_PER_NS);
  }
  return histogram;
}

/** What differs between connections: a dimension each. */
const Cause = {
  delay: 0,
  line: 1,
  cold: 2,
  remote: 3,
  node: 4,
  endpoint: 5,
  target: 6,
  knownClient: 7,
  range: 8,
} as const;

/** Square roots of the first primes, one for each dimension: independent over the rationals. */
const ROOTS = [2, 3, 5, 7, 11, 13, 17, 19, 23].map((prime) => Math.sqrt(prime));

/** Strictly between 0 and 1 in every dimension, as irrational numbers have no multiple that is whole. */
function moveTo(index: number, point: Float64Array): void {
  for (let dimension = 0; dimension < point.length; dimension++) {
    point[dimension] = ((index + 1) * ROOTS[dimension]!) % 1;
  }
}

const ordinal = (uniform: number, count: number): number => Math.floor(uniform * Math.max(1, count));

/** The target in whose part of the summed weights `at` falls. */
function pick(targets: readonly DispatchTarget[], at: number): DispatchTarget {
  let rest = at;
  for (const target of targets) {
    rest -= target.weight;
    if (rest < 0) return target;
  }
  return targets.at(-1)!;
}
