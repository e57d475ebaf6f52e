import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { IpFamily } from '../cluster/services.js';
import { addressTypes } from './address-types.js';

interface Case {
  readonly test: string;
  readonly ipFamilies: readonly IpFamily[];
  readonly clusterIp: string;
  readonly expected: readonly IpFamily[];
}
const { cases } = JSON.parse(readFileSync(new URL('address-types.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

describe('address types of a service', () => {
  it.each(cases)('$test', ({ ipFamilies, clusterIp, expected }) => {
    expect(addressTypes(ipFamilies, clusterIp)).toEqual(expected);
  });

  it('takes the family of the cluster address where a service from before 1.20 has no families', () => {
    expect(addressTypes([], '10.96.0.1')).toEqual(['IPv4']);
    expect(addressTypes([], 'fd00:10:96::1')).toEqual(['IPv6']);
  });

  it('keeps the order of the families', () => {
    expect(addressTypes(['IPv6', 'IPv4'], '10.96.0.1')).toEqual(['IPv6', 'IPv4']);
  });
});
