/**
 * IP addresses as texts: of which family, in which ranges. Addresses are compared in their canonical form (RFC 5952).
 */

import { BlockList, isIPv6 } from 'node:net';
import type { IpFamily } from '../../cluster/services.js';

export const familyOf = (addressOrRange: string): IpFamily =>
  isIPv6(addressOrRange.split('/', 1)[0]!) ? 'IPv6' : 'IPv4';

/** A set of CIDR ranges of either family. */
export class IpRanges {
  readonly #ranges = new BlockList();

  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) {
      const [address, prefixLength] = cidr.split('/');
      if (address === undefined || prefixLength === undefined) throw new RangeError(`not a CIDR range: "${cidr}"`);
      this.#ranges.addSubnet(address, Number(prefixLength), toNodeFamily(familyOf(address)));
    }
  }

  has(address: string): boolean {
    return this.#ranges.check(address, toNodeFamily(familyOf(address)));
  }
}

const toNodeFamily = (family: IpFamily): 'ipv4' | 'ipv6' => (family === 'IPv4' ? 'ipv4' : 'ipv6');

export const IPV4_LOOPBACK = '127.0.0.0/8';
const LOOPBACK = new IpRanges([IPV4_LOOPBACK, '::1/128']);

export const isLoopback = (address: string): boolean => LOOPBACK.has(address);
