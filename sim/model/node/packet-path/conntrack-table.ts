/**
 * How many entries a node's connection tracking table has, how large it may get, and what happens when it is full.
 *
 *   new connections per second, their lives, timeouts --> load of entries --> quantiles, share of new flows that are dropped
 *   maxPerCore, min, cores --> limit
 *
 * An entry stays for as long as its connection is in use and then for the timeout of the state that it ends in. Connections come at
 * random, so the entries are those of a queue with as many servers as the table has places (M/G/infinity; M/G/n/n with a
 * limit): Poisson, cut off at the limit, with a mean of rate x mean stay, whatever the distribution of stays.
 *
 * A full table makes room by evicting an entry whose flow the peer has not confirmed; TCP connections and UDP streams are
 * confirmed ("assured"), and when a table is full of these, every new flow is dropped.
 *
 * Left out: SCTP and ICMP, hash chains that grow long, the kernel's garbage collector, which may run behind the timeouts.
 */

import type { KubeProxySettings } from '../../kube-proxy-settings.js';
import { lognormalFromMedianP99 } from '../../../kernel/distributions.js';
import { TruncatedPoisson } from '../../../stats/truncated-poisson.js';
import { CONNTRACK_COSTS, CONNTRACK_RULES, type FlowProtocol } from '../../versions/packet-costs.js';
import type { Constant } from '../../versions/provenance.js';

/** kube-proxy's settings of the limit; 0 cores do not exist, 0 entries per core leave the limit alone. */
export interface ConntrackLimitSettings {
  readonly maxPerCore: number;
  readonly min: number;
}

/** kube-proxy's settings of timeouts, seconds; 0 leaves the kernel's. */
export interface ConntrackTimeouts {
  readonly tcpEstablished: number;
  readonly tcpCloseWait: number;
  readonly udp: number;
  readonly udpStream: number;
}

const SECONDS_PER_NS = 1e-9;

/** As kube-proxy sets them. */
export const conntrackTimeouts = (given: KubeProxySettings['conntrack']): ConntrackTimeouts => ({
  tcpEstablished: given.tcpEstablishedTimeoutNs * SECONDS_PER_NS,
  tcpCloseWait: given.tcpCloseWaitTimeoutNs * SECONDS_PER_NS,
  udp: given.udpTimeoutNs * SECONDS_PER_NS,
  udpStream: given.udpStreamTimeoutNs * SECONDS_PER_NS,
});

/** What kube-proxy sets nf_conntrack_max to; 0: it leaves it alone. `minor` is that of the version: 33 for 1.33. */
export function conntrackMaxOfKubeProxy(
  { maxPerCore, min }: ConntrackLimitSettings,
  cores: number,
  minor: number,
): number {
  if (maxPerCore <= 0) return 0;
  const wanted = Math.max(min, maxPerCore * cores);
  return minor >= CONNTRACK_RULES.maxSinceMinor.value ? Math.min(wanted, CONNTRACK_RULES.maxOfNewest.value) : wanted;
}

/** The limit that holds: kube-proxy's, or where that leaves it alone the kernel's. */
export function conntrackMax(settings: ConntrackLimitSettings, cores: number, minor: number): number {
  const ofKubeProxy = conntrackMaxOfKubeProxy(settings, cores, minor);
  return ofKubeProxy === 0 ? CONNTRACK_COSTS.kernelMax.value : ofKubeProxy;
}

const or = (value: number, fallback: Constant): number => (value === 0 ? fallback.value : value);

/** The timeouts that hold, seconds. */
export function effectiveTimeouts(given: ConntrackTimeouts): ConntrackTimeouts & { readonly tcpTimeWait: number } {
  const { kernelTimeouts: kernel } = CONNTRACK_COSTS;
  return {
    tcpEstablished: or(given.tcpEstablished, kernel.tcpEstablished),
    tcpCloseWait: or(given.tcpCloseWait, kernel.tcpCloseWait),
    tcpTimeWait: kernel.tcpTimeWait.value,
    udp: or(given.udp, kernel.udp),
    udpStream: or(given.udpStream, kernel.udpStream),
  };
}

/** The flows that a node sees. */
export interface FlowsOfNode {
  readonly protocol: FlowProtocol;
  readonly newConnectionsPerSecond: number;
  /** From the first packet to the last, lognormal, seconds. */
  readonly lifetime: { readonly median: number; readonly p99: number };
  /** Share of TCP connections that end without a word: they stay established for the whole timeout. */
  readonly unclosedShare: number;
  /** Share of TCP connections that only one side closes. */
  readonly halfClosedShare: number;
}

/** Mean numbers of entries, were there no limit. */
export interface EntryLoad {
  /** Of confirmed flows, which are never evicted. */
  readonly assured: number;
  /** Of flows that give way to new ones. */
  readonly evictable: number;
}

/** Strata of a lifetime over which means are taken. */
const STRATA = 4096;

export function entryLoad(flows: FlowsOfNode, given: ConntrackTimeouts): EntryLoad {
  const { lifetime } = flows;
  return entryLoadOf(flows, (share) => lognormalFromMedianP99(share, lifetime.median, lifetime.p99), given);
}

/** The same for any distribution of lifetimes: `lifetimeOf` a share is its quantile, seconds. */
export function entryLoadOf(
  flows: Omit<FlowsOfNode, 'lifetime'>,
  lifetimeOf: (share: number) => number,
  given: ConntrackTimeouts,
): EntryLoad {
  const timeouts = effectiveTimeouts(given);
  const { newConnectionsPerSecond: rate, unclosedShare, halfClosedShare } = flows;
  const streamAfter = CONNTRACK_COSTS.kernelTimeouts.udpStreamAfter.value;
  let assured = 0;
  let evictable = 0;
  for (let stratum = 0; stratum < STRATA; stratum++) {
    const life = lifetimeOf((stratum + 0.5) / STRATA);
    if (flows.protocol === 'TCP') {
      const afterwards =
        unclosedShare * timeouts.tcpEstablished +
        halfClosedShare * timeouts.tcpCloseWait +
        (1 - unclosedShare - halfClosedShare) * timeouts.tcpTimeWait;
      assured += life + afterwards;
    } else if (life > streamAfter) {
      assured += life + timeouts.udpStream;
    } else {
      evictable += life + timeouts.udp;
    }
  }
  return { assured: (rate * assured) / STRATA, evictable: (rate * evictable) / STRATA };
}

/** Standard deviations below the limit at which nobody ever finds a table full. */
const FAR_BELOW = 12;

/** Whether a table with so many confirmed entries is never full. */
export const isFarFromFull = (assured: number, max: number): boolean => assured + FAR_BELOW * Math.sqrt(max) < max;

/** Share of new flows that are dropped because the table is full of confirmed ones; those that may be evicted are as good as places. */
export const droppedShareOf = (assured: number, max: number): number =>
  isFarFromFull(assured, max) ? 0 : new TruncatedPoisson(assured, max).probabilityOfMax;

/** The entries of a table, at any time and over nodes alike. */
export class ConntrackTable {
  readonly max: number;
  readonly #entries: TruncatedPoisson;
  /** Share of new flows that are dropped because the table is full of confirmed ones. */
  readonly droppedShare: number;

  constructor({ assured, evictable }: EntryLoad, max: number) {
    this.max = max;
    this.#entries = new TruncatedPoisson(assured + evictable, max);
    // Those that may be evicted are as good as places.
    this.droppedShare =
      evictable === 0 ? this.#entries.probabilityOfMax : new TruncatedPoisson(assured, max).probabilityOfMax;
  }

  /** Entries that the share `p` of nodes and times has at most. */
  quantile(p: number): number {
    return this.#entries.quantile(p);
  }

  get meanEntries(): number {
    return this.#entries.mean;
  }
}

/** Memory of so many entries. */
export const conntrackBytes = (entries: number): number => entries * CONNTRACK_COSTS.bytesPerEntry.value;
