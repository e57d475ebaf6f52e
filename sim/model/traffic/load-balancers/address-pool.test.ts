import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AddressPool, parseAddressRange, type AddressRequest } from './address-pool.js';

const pool = (...texts: string[]): AddressPool => new AddressPool(texts.map((text) => parseAddressRange(text)!));
const alone = (service: number): AddressRequest => ({
  service,
  sharingKey: null,
  ports: ['TCP/80'],
  localSelector: null,
});
const sharing = (service: number, port: string, more: Partial<AddressRequest> = {}): AddressRequest => ({
  service,
  sharingKey: 'edge',
  ports: [port],
  localSelector: null,
  ...more,
});

describe('ranges of a pool', () => {
  it.each([
    { text: '172.18.255.200-172.18.255.250', first: '172.18.255.200', count: 51 },
    { text: '192.168.10.0/24', first: '192.168.10.0', count: 256 },
    { text: '192.168.10.77/30', first: '192.168.10.76', count: 4 },
    { text: '10.0.0.255 - 10.0.1.0', first: '10.0.0.255', count: 2 },
    { text: '0.0.0.0/0', first: '0.0.0.0', count: 2 ** 32 },
    { text: '10.0.0.1/32', first: '10.0.0.1', count: 1 },
  ])('$text', ({ text, first, count }) => {
    expect(parseAddressRange(text)).toEqual({ first, count });
  });

  it.each([
    '',
    '10.0.0.1',
    '10.0.0.2-10.0.0.1',
    '10.0.0.256/32',
    '10.0.0/24',
    '10.0.0.0/33',
    '10.0.0.0/',
    'fc00::/124',
    '10.0..1/32',
  ])('not "%s"', (text) => {
    expect(parseAddressRange(text)).toBeNull();
  });
});

describe('an address pool', () => {
  it('gives the lowest free address, and none when it is empty', () => {
    const addresses = pool('172.18.255.200-172.18.255.250');
    expect(addresses.size).toBe(51);
    expect(addresses.allocate(alone(0))).toBe('172.18.255.200');
    for (let service = 1; service < 51; service++) addresses.allocate(alone(service));
    expect(addresses.allocate(alone(51))).toBeNull();
    expect(addresses.used).toBe(51);

    addresses.release(7);
    addresses.release(3);
    expect(addresses.allocate(alone(51))).toBe('172.18.255.203');
    expect(addresses.allocate(alone(52))).toBe('172.18.255.207');
    expect(addresses.allocate(alone(53))).toBeNull();
  });

  it('gives a service the address that it has', () => {
    const addresses = pool('10.0.0.0/30');
    expect(addresses.allocate(alone(4))).toBe('10.0.0.0');
    expect(addresses.allocate(alone(4))).toBe('10.0.0.0');
    expect(addresses.used).toBe(1);
    addresses.release(9);
    expect(addresses.used).toBe(1);
  });

  it('goes on to the next range', () => {
    const addresses = pool('10.0.0.1/32', '10.9.0.1/32');
    expect([0, 1, 2].map((service) => addresses.allocate(alone(service)))).toEqual(['10.0.0.1', '10.9.0.1', null]);
  });

  it('lets services share that have the same key and different ports', () => {
    const addresses = pool('10.0.0.0/30');
    expect(addresses.allocate(sharing(0, 'TCP/53'))).toBe('10.0.0.0');
    expect(addresses.allocate(sharing(1, 'UDP/53'))).toBe('10.0.0.0');
    expect(addresses.allocate(sharing(2, 'TCP/53'))).toBe('10.0.0.1');
    expect(addresses.allocate(sharing(3, 'TCP/80', { sharingKey: 'other' }))).toBe('10.0.0.2');
    expect(addresses.allocate(alone(4))).toBe('10.0.0.3');
    expect(addresses.allocate(alone(5))).toBeNull();
    expect(addresses.allocate(sharing(6, 'TCP/443'))).toBe('10.0.0.0');
    // Free only when the last one has gone.
    addresses.release(0);
    addresses.release(1);
    expect(addresses.allocate(alone(5))).toBeNull();
    addresses.release(6);
    expect(addresses.allocate(alone(5))).toBe('10.0.0.0');
  });

  it('lets services of policy Local share only with those of the same selector', () => {
    const addresses = pool('10.0.0.0/30');
    const web = { localSelector: 'app=web' };
    expect(addresses.allocate(sharing(0, 'TCP/80', web))).toBe('10.0.0.0');
    expect(addresses.allocate(sharing(1, 'TCP/443', web))).toBe('10.0.0.0');
    expect(addresses.allocate(sharing(2, 'TCP/25', { localSelector: 'app=mail' }))).toBe('10.0.0.1');
    expect(addresses.allocate(sharing(3, 'TCP/22'))).toBe('10.0.0.2');
  });

  it('takes a free address below one that could be shared', () => {
    const addresses = pool('10.0.0.0/30');
    addresses.allocate(alone(0));
    addresses.allocate(sharing(1, 'TCP/80'));
    addresses.release(0);
    expect(addresses.allocate(sharing(2, 'TCP/81'))).toBe('10.0.0.0');
  });

  it('always gives the lowest address that nobody has, as a list of all of them would', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ service: fc.nat(15), gives: fc.boolean() }), { maxLength: 60 }), (steps) => {
        const addresses = pool('10.0.0.0/29');
        const holders: (number | null)[] = Array<number | null>(8).fill(null);
        for (const { service, gives } of steps) {
          const held = holders.indexOf(service);
          if (gives) {
            const expected = held >= 0 ? held : holders.indexOf(null);
            if (expected >= 0) holders[expected] = service;
            expect(addresses.allocate(alone(service))).toBe(expected < 0 ? null : `10.0.0.${expected}`);
          } else {
            if (held >= 0) holders[held] = null;
            addresses.release(service);
          }
          expect(addresses.used).toBe(holders.filter((holder) => holder !== null).length);
        }
      }),
    );
  });
});
