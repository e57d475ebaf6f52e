import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { NO_ROW, PairIndex } from './pair-index.js';

const step = fc.record({ first: fc.nat(9), second: fc.nat(30), adds: fc.boolean() });

describe('an index of pairs', () => {
  it('finds what is in it and nothing else, as a Map does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
        const index = new PairIndex();
        const rows = new Map<string, number>();
        for (const { first, second, adds } of steps) {
          const key = `${first},${second}`;
          expect(index.find(first, second)).toBe(rows.get(key) ?? NO_ROW);
          if (!adds) {
            index.remove(first, second);
            rows.delete(key);
          } else if (!rows.has(key)) {
            rows.set(key, index.add(first, second));
          }
        }
        expect(index.size).toBe(rows.size);
        for (const [key, row] of rows) {
          const [first, second] = key.split(',').map(Number);
          expect(index.find(first!, second!)).toBe(row);
        }
        // Nobody shares a row, and rows that became free are used again.
        expect(new Set(rows.values()).size).toBe(rows.size);
        expect(Math.max(0, ...rows.values())).toBeLessThan(index.capacity);
      }),
      { numRuns: 30 },
    );
  });

  it('grows to all services of all nodes, and shrinks to none', () => {
    const index = new PairIndex();
    const [nodes, services] = [500, 40];
    for (let node = 0; node < nodes; node++)
      for (let service = 0; service < services; service++) index.add(node, service);
    expect(index.size).toBe(nodes * services);
    expect(index.capacity).toBeLessThan(2 * nodes * services);
    for (let node = 0; node < nodes; node++) {
      for (let service = 0; service < services; service++) {
        expect(index.find(node, service)).toBe(node * services + service);
      }
    }
    for (let node = 0; node < nodes; node++)
      for (let service = 0; service < services; service++) index.remove(node, service);
    expect(index.size).toBe(0);
    expect(index.find(3, 4)).toBe(NO_ROW);
  });
});
