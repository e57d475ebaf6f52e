import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusterIPRange, clusterIPStaticBand, nodePortRange, nodePortStaticBand } from './allocation-bands.js';
import {
  choicesUntilCollision,
  collisionProbability,
  refusalProbability,
  staticRequestCollision,
} from './allocation-collisions.js';

interface Cases {
  readonly nodePorts: readonly { readonly range: string; readonly size: number; readonly staticBand: number }[];
  readonly clusterIPs: readonly {
    readonly prefixLength: number;
    readonly addresses: number;
    readonly staticBand: number;
  }[];
  readonly uncoordinated: readonly { readonly choices: number; readonly probability: number }[];
}
const cases = JSON.parse(readFileSync(new URL('allocation-bands.cases.json', import.meta.url), 'utf8')) as Cases;

const DEFAULT_RANGE = nodePortRange('30000-32767', true);

describe('static bands of node ports', () => {
  test.each(cases.nodePorts)('$range has $size ports, $staticBand of them static', ({ range, size, staticBand }) => {
    expect(nodePortRange(range, true)).toEqual({ first: Number(range.split('-')[0]), size, staticBand });
    expect(nodePortRange(range, false)).toMatchObject({ size, staticBand: 0 });
  });

  test('the default range leaves 30000 to 30085 to those who choose themselves', () => {
    expect(DEFAULT_RANGE.first + DEFAULT_RANGE.staticBand - 1).toBe(30_085);
  });

  test.each([
    [1, 0],
    [16, 0],
    [17, 16],
    [543, 16],
    [544, 17],
    [4095, 127],
    [4096, 128],
    [65_535, 128],
  ])('of %d ports %d', (size, band) => expect(nodePortStaticBand(size)).toBe(band));
});

describe('static bands of cluster IPs', () => {
  test.each(cases.clusterIPs)('of a /$prefixLength $staticBand', ({ prefixLength, addresses, staticBand }) => {
    expect(clusterIPStaticBand(addresses)).toBe(staticBand);
    // Without the addresses of the network and of broadcast.
    expect(clusterIPRange('IPv4', prefixLength)).toEqual({ first: 1, size: addresses - 2, staticBand });
  });

  test('an IPv6 range is used as far as 65535 addresses', () => {
    expect(clusterIPRange('IPv6', 112)).toEqual({ first: 1, size: 65_535, staticBand: 256 });
    expect(clusterIPRange('IPv6', 48)).toMatchObject({ size: 65_535, staticBand: 256 });
    expect(clusterIPRange('IPv6', 124)).toEqual({ first: 1, size: 15, staticBand: 0 });
  });

  test.each([
    [31, 0],
    [32, 0],
    [30, 2],
  ])('an IPv4 /%d has %d addresses for services', (prefixLength, size) => {
    expect(clusterIPRange('IPv4', prefixLength).size).toBe(size);
  });
});

test('a static band is smaller than its range, for services that leave the choice need some', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_535 }), (size) => {
      expect(nodePortStaticBand(size)).toBeLessThan(size);
      expect(clusterIPStaticBand(size)).toBeLessThan(size);
    }),
  );
});

describe('choices without coordination', () => {
  test.each(cases.uncoordinated)('$choices of 2768 ports', ({ choices, probability }) => {
    expect(collisionProbability(choices, DEFAULT_RANGE.size)).toBeCloseTo(probability, 12);
  });

  test('63 are the least that collide as likely as not', () => {
    expect(choicesUntilCollision(0.5, DEFAULT_RANGE.size)).toBe(63);
    expect(collisionProbability(62, DEFAULT_RANGE.size)).toBeLessThan(0.5);
  });

  test('23 birthdays are', () => expect(choicesUntilCollision(0.5, 365)).toBe(23));

  test.each([
    [0, 0],
    [1, 0],
    [2, 1 / 10],
    [11, 1],
    [12, 1],
  ])('%d of 10 collide with probability %d', (choices, probability) => {
    expect(collisionProbability(choices, 10)).toBeCloseTo(probability, 12);
  });

  test('the least number is the first at which the probability is reached', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (size, asked) => {
        const choices = choicesUntilCollision(asked, size);
        expect(collisionProbability(choices, size)).toBeGreaterThanOrEqual(asked);
        expect(collisionProbability(choices - 1, size)).toBeLessThan(asked);
      }),
    );
  });

  test('numbers that are handed out already are in the way of the first choice, too', () => {
    expect(refusalProbability(4, [2])).toBe(0.5);
    expect(refusalProbability(4, [2, 3])).toBe(1 - 0.5 * 0.25);
    expect(refusalProbability(4, [4])).toBe(1);
  });
});

describe('a port that is asked for, among ports that were handed out', () => {
  const upper = 2682;
  test.each([
    // Port, ports handed out, probability.
    [30_000, 0, 0],
    [30_000, upper, 0],
    [30_085, upper, 0],
    [30_085, upper + 43, 0.5],
    [30_000, 2768, 1],
    [30_086, 0, 0],
    [30_086, 1, 1 / upper],
    [32_767, 1341, 0.5],
    [30_123, upper, 1],
    [31_276, 2768, 1],
  ])('%d after %d', (port, dynamic, probability) => {
    expect(staticRequestCollision(DEFAULT_RANGE, port, dynamic)).toBeCloseTo(probability, 12);
  });
});
