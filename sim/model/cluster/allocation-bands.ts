/**
 * Which numbers an API server hands out to services, and which of them it leaves to those who choose a number themselves.
 *
 *   --service-node-port-range, a service CIDR --> first number, size, static band --> banded-allocator.ts
 *
 * The static band is the lower end of a range (KEP-3668, KEP-3070). Its size follows from that of the range alone.
 */

import { CLUSTER_IP_RULES, CLUSTER_IP_STATIC_BAND, NODE_PORT_STATIC_BAND } from '../versions/allocation-rules.js';
import type { Constant } from '../versions/provenance.js';

/** Numbers that services get one of each. */
export interface AllocationRange {
  readonly first: number;
  readonly size: number;
  /** How many of them, from the first on, are handed out only when no other is left. */
  readonly staticBand: number;
}

const staticBand = (
  size: number,
  { min, max, step }: { readonly min: Constant; readonly max: Constant; readonly step: Constant },
): number => (size <= min.value ? 0 : Math.min(Math.max(min.value, Math.floor(size / step.value)), max.value));

/** Static band of a range of so many node ports. */
export const nodePortStaticBand = (size: number): number => staticBand(size, NODE_PORT_STATIC_BAND);

/** Static band of a service CIDR of so many addresses, those included that nobody can have. */
export const clusterIPStaticBand = (size: number): number => staticBand(size, CLUSTER_IP_STATIC_BAND);

/** First and last port of a range as flags give it, both included, such as "30000-32767". */
export function portRange(text: string): { readonly first: number; readonly last: number } {
  const [first, last] = text.split('-').map(Number);
  if (first === undefined || last === undefined) throw new RangeError(`not a range of ports: ${text}`);
  return { first, last };
}

/** `hasStaticBand`: whether the API server is recent enough to keep one. */
export function nodePortRange(text: string, hasStaticBand: boolean): AllocationRange {
  const { first, last } = portRange(text);
  const size = last - first + 1;
  return { first, size, staticBand: hasStaticBand ? nodePortStaticBand(size) : 0 };
}

/**
 * Cluster IPs of a service CIDR with such a prefix, numbered by their distance from the address of the network. That one is no
 * service's, and in IPv4 neither is the broadcast address.
 */
export function clusterIPRange(family: 'IPv4' | 'IPv6', prefixLength: number): AllocationRange {
  const bits = (family === 'IPv4' ? 32 : 128) - prefixLength;
  const all = 2 ** bits;
  const size = family === 'IPv4' ? all - 2 : Math.min(all, CLUSTER_IP_RULES.maxIPv6Addresses.value) - 1;
  return { first: 1, size: Math.max(0, size), staticBand: clusterIPStaticBand(all) };
}
