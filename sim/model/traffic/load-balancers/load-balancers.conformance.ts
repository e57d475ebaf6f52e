/** What holds of every load balancer, whatever it is: each implementation runs this suite from its own test. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Simulation } from '../../../kernel/simulation.js';
import type { LoadBalancer, NodeAnswer } from './load-balancer.js';

const SECOND = 1e9;
const NODES = 5;
const HOUR = 3600 * SECOND;

/** Under policy Local a node with ready endpoints is healthy, and none else; a node that is down is silent. */
interface NodeState {
  readonly isUp: boolean;
  readonly ready: number;
}

const answerOf = ({ isUp, ready }: NodeState): NodeAnswer => (isUp ? (ready > 0 ? 'healthy' : 'unhealthy') : 'silent');
const serves = (node: NodeState): boolean => answerOf(node) === 'healthy';

interface Change {
  readonly atNs: number;
  readonly node: number;
  readonly state: NodeState;
}

export interface ConformanceOptions {
  /** A load balancer under policy Local in front of NODES nodes. */
  readonly create: (simulation: Simulation, nodes: number) => LoadBalancer;
  /** Longest time from the last change to the last change of a weight. */
  readonly settledAfterNs: number;
  /** Whether it sends to all targets when none is healthy. */
  readonly failsOpen: boolean;
  /** Whether every node that serves gets a share; otherwise one of them gets all. */
  readonly spreads: boolean;
}

interface Trace {
  readonly weights: readonly number[];
  readonly told: readonly (readonly [atNs: number, node: number, weight: number])[];
  readonly pending: number;
}

/** The cluster once all changes have come. */
const after = (initial: readonly NodeState[], changes: readonly Change[]): NodeState[] =>
  initial.map((before, node) => changes.findLast((change) => change.node === node)?.state ?? before);

export function describeLoadBalancer(name: string, options: ConformanceOptions): void {
  const run = (initial: readonly NodeState[], changes: readonly Change[], untilNs = Infinity): Trace => {
    const simulation = new Simulation();
    const loadBalancer = options.create(simulation, NODES);
    const weights = Array.from({ length: NODES }, () => 0);
    const told: [number, number, number][] = [];
    loadBalancer.start(
      { nodes: NODES, answerOf: (node) => answerOf(initial[node]!), readyOn: (node) => initial[node]!.ready },
      (node, weight) => {
        weights[node] = weight;
        told.push([simulation.nowNs, node, weight]);
      },
    );
    const kind = simulation.registerKind('change', (index) => {
      const { node, state } = changes[index]!;
      loadBalancer.endpointsPublished(node, state.ready);
      loadBalancer.nodeAnswers(node, answerOf(state));
    });
    changes.forEach(({ atNs }, index) => simulation.schedule(atNs, kind, index));
    simulation.run(untilNs);
    return { weights, told, pending: simulation.pending };
  };

  const state = fc.record({ isUp: fc.boolean(), ready: fc.integer({ min: 0, max: 3 }) });
  const cluster = fc.array(state, { minLength: NODES, maxLength: NODES });
  const changes = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 40 * SECOND }), fc.integer({ min: 0, max: NODES - 1 }), state), {
      maxLength: 12,
    })
    .map((list) => {
      let atNs = 0;
      return list.map(([gapNs, node, next]): Change => ({ atNs: (atNs += gapNs), node, state: next }));
    });
  const expectSettled = (weights: readonly number[], nodes: readonly NodeState[]): void => {
    if (!nodes.some(serves)) {
      if (!options.failsOpen) expect(weights.every((weight) => weight === 0)).toBe(true);
      return;
    }
    for (const [node, weight] of weights.entries()) {
      if (!serves(nodes[node]!)) expect(weight, `node ${node}`).toBe(0);
      else if (options.spreads) expect(weight, `node ${node}`).toBeGreaterThan(0);
    }
    expect(weights.some((weight) => weight > 0)).toBe(true);
  };

  describe(name, () => {
    test('starts settled, and does nothing while nothing changes', () => {
      fc.assert(
        fc.property(cluster, (initial) => {
          const { weights, told, pending } = run(initial, [], HOUR);
          expectSettled(weights, initial);
          expect(told.every(([atNs, , weight]) => atNs === 0 && weight > 0)).toBe(true);
          expect(pending).toBe(0);
        }),
      );
    });

    test('sends to nodes that serve, and to no others, once it has settled', () => {
      fc.assert(
        fc.property(cluster, changes, (initial, list) => {
          const { weights, told, pending } = run(initial, list);
          expectSettled(weights, after(initial, list));
          const lastNs = list.at(-1)?.atNs ?? 0;
          for (const [atNs] of told) expect(atNs).toBeLessThanOrEqual(lastNs + options.settledAfterNs);
          expect(pending).toBe(0);
        }),
        { numRuns: 300 },
      );
    });

    test('has finite weights that are not negative, and tells changes only', () => {
      fc.assert(
        fc.property(cluster, changes, (initial, list) => {
          const weights = Array.from({ length: NODES }, () => 0);
          for (const [, node, weight] of run(initial, list).told) {
            expect(Number.isFinite(weight) && weight >= 0).toBe(true);
            expect(weight).not.toBe(weights[node]);
            weights[node] = weight;
          }
        }),
      );
    });

    test('takes no node out that comes to serve, and puts none in that ceases to', () => {
      fc.assert(
        fc.property(cluster, fc.integer({ min: 0, max: NODES - 1 }), (initial, node) => {
          // Another node serves throughout, so that nothing fails open, and nobody has to take over from nobody.
          const other = (node + 1) % NODES;
          const up = { isUp: true, ready: 1 };
          const nodes = initial.map((before, index) => (index === other ? up : before));
          const turned = serves(nodes[node]!) ? { isUp: true, ready: 0 } : up;
          const { told } = run(nodes, [{ atNs: SECOND, node, state: turned }]);
          let before = 0;
          for (const [atNs, told_, weight] of told) {
            if (told_ !== node) continue;
            // It may go bit by bit.
            if (atNs > 0 && serves(turned)) expect(weight).toBeGreaterThan(0);
            else if (atNs > 0) expect(weight).toBeLessThan(before);
            before = weight;
          }
        }),
      );
    });

    test('does the same each time', () => {
      fc.assert(
        fc.property(cluster, changes, (initial, list) => {
          expect(run(initial, list)).toEqual(run(initial, list));
        }),
        { numRuns: 30 },
      );
    });
  });
}
