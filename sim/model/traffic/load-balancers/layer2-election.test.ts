import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { preferenceOrder } from './layer2-election.js';

interface Cases {
  readonly nodes: readonly string[];
  readonly orders: readonly { readonly address: string; readonly order: readonly string[] }[];
}
const { nodes, orders } = JSON.parse(
  readFileSync(new URL('layer2-election.cases.json', import.meta.url), 'utf8'),
) as Cases;

const names = (count: number): string[] => Array.from({ length: count }, (_, node) => `node-${node}`);
const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `10.0.${index >> 8}.${index & 255}`);

describe('the order of preference', () => {
  it.each(orders)('for $address', ({ address, order }) => {
    expect([...preferenceOrder(nodes, address)].map((node) => nodes[node])).toEqual(order);
    // Whatever order the nodes are listed in.
    const reversed = [...nodes].reverse();
    expect([...preferenceOrder(reversed, address)].map((node) => reversed[node])).toEqual(order);
  });

  it('puts each node first for as many addresses as any other', () => {
    const first = new Int32Array(10);
    for (const address of addresses(5000)) first[preferenceOrder(names(10), address)[0]!]!++;
    // 500 each, with a standard deviation of 21.
    for (const count of first) expect(Math.abs(count - 500)).toBeLessThan(5 * 21.3);
  });

  it('changes by a node that comes only where that node is first', () => {
    let taken = 0;
    for (const address of addresses(2000)) {
      const before = preferenceOrder(names(9), address);
      const after = preferenceOrder(names(10), address);
      expect([...after].filter((node) => node !== 9)).toEqual([...before]);
      if (after[0] === 9) taken++;
    }
    // One in ten, with a standard deviation of 13.
    expect(Math.abs(taken - 200)).toBeLessThan(5 * 13.4);
  });
});
