/** Connections by a load balancer whose next hops change, or which takes targets out of its pool. */

import { expect, test } from 'vitest';
import { connectionFixture, pool, SECOND } from './testing/connection-fixture.js';

const CONNECTIONS = 4000;
const isTarget = (node: number): boolean => node < 3;

/** As many connections by each of four nodes; from now on nobody comes by the last one. */
function withoutLastNode(given: Parameters<typeof connectionFixture>[0] = {}) {
  const fixture = connectionFixture({ ...pool(CONNECTIONS), isFromOutside: true, isBalanced: true, ...given });
  fixture.level.start();
  fixture.routes.entryNodes = 3;
  const { node, count } = fixture.level.slots;
  const byLast = Array.from(node.subarray(0, count)).filter((by) => by === 3).length;
  return { ...fixture, byLast };
}

test.each([
  ['those of the node alone', 0.25],
  ['those and two thirds of the others', 0.75],
  ['all', 1],
])('a share that moves breaks %s', (_, share) => {
  const { level, counts, byLast } = withoutLastNode();
  level.flowsMoved(0, share, isTarget);
  const wanted = Math.max(byLast, share * CONNECTIONS);
  expect(Math.abs(counts.reset - wanted)).toBeLessThanOrEqual(share === 1 ? 0 : 4 * Math.sqrt(CONNECTIONS / 4));
  const { node, pod } = level.slots;
  for (let slot = 0; slot < CONNECTIONS; slot++) {
    expect(node[slot]).toBeLessThan(3);
    expect(pod[slot]).toBeGreaterThanOrEqual(0);
  }
});

test('other services, clients that come another way, and UDP flows do not break', () => {
  for (const [given, service] of [
    [{}, 1],
    [{ isBalanced: false }, 0],
    [
      {
        choice: {
          mode: 'iptables',
          ipvsScheduler: 'rr',
          protocol: 'UDP',
          affinityTimeoutNs: null,
        },
      },
      0,
    ],
  ] as const) {
    const { level, counts } = withoutLastNode(given);
    level.flowsMoved(service, 1, isTarget);
    expect(counts.reset).toBe(0);
  }
});

test('a target that is taken out of the pool has its connections until the drain is over', () => {
  const { level, counts, runUntil, byLast } = withoutLastNode();
  level.targetLeft(0, 3, 30 * SECOND, isTarget);
  runUntil(29.9 * SECOND);
  expect(counts.reset).toBe(0);
  runUntil(30.1 * SECOND);
  expect(counts.reset).toBe(byLast);
  expect(byLast).toBeGreaterThan(CONNECTIONS / 5);
});

test('and keeps them if it is back by then', () => {
  const { level, counts, runUntil } = withoutLastNode();
  level.targetLeft(0, 3, 30 * SECOND, () => true);
  runUntil(31 * SECOND);
  expect(counts.reset).toBe(0);
});
