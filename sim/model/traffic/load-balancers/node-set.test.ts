import { describe, expect, test } from 'vitest';

import { Simulation } from '../../../kernel/simulation.js';
import { LoadBalancerNodeSet } from './node-set.js';

const SECOND = 1e9;

/** Node syncs at 30 s, 130 s, ...; `readiness`: at which second which node turns what. */
function changesOf(readiness: readonly (readonly [at: number, node: number, isReady: boolean])[]) {
  const simulation = new Simulation();
  const isReady = [true, true, true];
  const nodeSet = new LoadBalancerNodeSet(simulation, 3, 100 * SECOND, 30 * SECOND, (node) => isReady[node]!);
  const changes: (readonly [at: number, node: number, isIn: boolean])[] = [];
  nodeSet.onChanged((node, isIn) => changes.push([simulation.nowNs / SECOND, node, isIn]));
  const kind = simulation.registerKind('readiness', (index) => {
    const [, node, turned] = readiness[index]!;
    isReady[node] = turned;
    nodeSet.nodesChanged();
  });
  readiness.forEach(([at], index) => simulation.schedule(at * SECOND, kind, index));
  simulation.run();
  return { changes, events: simulation.eventsFired - readiness.length, has: (node: number) => nodeSet.has(node) };
}

describe('nodes in the pools, before StableLoadBalancerNodeSet', () => {
  test('leave and come back with the next node sync', () => {
    const { changes, has } = changesOf([
      [40, 1, false],
      [300, 1, true],
    ]);
    expect(changes).toEqual([
      [130, 1, false],
      [330, 1, true],
    ]);
    expect(has(1)).toBe(true);
  });

  test('stay when they are ready again by then', () => {
    const { changes, events } = changesOf([
      [40, 1, false],
      [120, 1, true],
    ]);
    expect(changes).toEqual([]);
    expect(events).toBe(1);
  });

  test('leave together', () => {
    const { changes, events, has } = changesOf([
      [40, 0, false],
      [90, 2, false],
    ]);
    expect(changes).toEqual([
      [130, 0, false],
      [130, 2, false],
    ]);
    expect(events).toBe(1);
    expect([0, 1, 2].map(has)).toEqual([false, true, false]);
  });

  test('cause no event while their readiness stays', () => {
    expect(changesOf([]).events).toBe(0);
  });
});
