/** The levels of detail agree: connections played one by one are, on average, what the closed forms and the share level say. */

import { describe, expect, it } from 'vitest';
import { estimateMean } from '../../../stats/estimate.js';
import { imbalanceOf } from '../../../stats/imbalance.js';
import { LossCause } from '../loss-cause.js';
import { affinityVariation, podsOfClient } from './client-affinity.js';
import { ConnectionFluid, type FluidOutcome } from './connection-fluid.js';
import {
  requestsVariation,
  rollingRestartShares,
  rollingUpdateShares,
  scaleOutLoads,
} from './long-lived-connections.js';
import { connectionFixture, pool, range, SECOND } from './testing/connection-fixture.js';

const EXPERIMENTS = 200;
const REPLICATIONS = 10;
/** Of the intervals, which are to hold the truth in 95 of 100. */
const COVERAGE = 0.93;

/** Share of the experiments in which the interval of each of several means holds its exact value. */
function expectCoverage(exact: readonly number[], play: (replication: number) => readonly number[]): void {
  const hits = exact.map(() => 0);
  for (let experiment = 0; experiment < EXPERIMENTS; experiment++) {
    const results = range(REPLICATIONS, experiment * REPLICATIONS).map(play);
    exact.forEach((value, index) => {
      const { low, high } = estimateMean(results.map((result) => result[index]!));
      if (low! <= value && value <= high!) hits[index]!++;
    });
  }
  hits.forEach((count) => expect(count / EXPERIMENTS).toBeGreaterThanOrEqual(COVERAGE - 0.03));
  expect(hits.reduce((sum, count) => sum + count, 0) / hits.length / EXPERIMENTS).toBeGreaterThanOrEqual(COVERAGE);
}

describe('long-lived connections, one by one', () => {
  it('spread after a rolling restart as the law says', () => {
    const connections = 60;
    expectCoverage([...rollingRestartShares(4).subarray(0, 3)], (replication) => {
      const { routes, level, open, accept, end } = connectionFixture(pool(connections), { replication });
      level.start();
      for (const victim of range(4)) {
        routes.hold(range(4).filter((pod) => pod !== victim));
        end(victim);
        accept(victim, 0);
        routes.hold(range(4));
      }
      expect(open(3)).toBe(0);
      return range(3).map((pod) => (open(pod) * 4) / connections);
    });
  });

  it('spread after a rolling update as the law says', () => {
    const connections = 60;
    expectCoverage([...rollingUpdateShares(4)], (replication) => {
      const { routes, level, open, end } = connectionFixture(pool(connections), { replication });
      level.start();
      for (const old of range(4)) {
        routes.hold(range(4, old + 1));
        end(old);
      }
      return range(4, 4).map((pod) => (open(pod) * 4) / connections);
    });
  });

  it('move to new pods after a scale-out as the law says', () => {
    const { oldOverFair, newOverFair } = scaleOutLoads(4, 10, 1);
    expectCoverage([oldOverFair, newOverFair], (replication) => {
      const { runUntil, routes, level, open } = connectionFixture(pool(100, 60 * SECOND), { replication });
      level.start();
      routes.hold(range(10));
      runUntil(60 * SECOND);
      return [open(0) / 10, open(9) / 10];
    });
  });

  it('vary between pods as the law says, and their requests with them', () => {
    const alike = range(400).map((replication) => {
      const { runUntil, tally, level } = connectionFixture(pool(100), { replication, pods: range(10) });
      level.start();
      runUntil(10 * SECOND);
      level.settle();
      return imbalanceOf(tally.answeredBy[0]!.subarray(0, 10)).coefficientOfVariation ** 2;
    });
    const { low, high } = estimateMean(alike);
    expect(low).toBeLessThan(requestsVariation(10, 100, 0) ** 2);
    expect(high).toBeGreaterThan(requestsVariation(10, 100, 0) ** 2);
  });

  it('carry requests in proportion to their lives, which adds to the variation as the law says', () => {
    // A hundred connections one after the other, of a second and ten requests each on average: as many for each of ten pods.
    const squared = range(2000).map((replication) => {
      const { runUntil, tally, level } = connectionFixture(
        { ...pool(1, SECOND), requestsPerSecond: 10 },
        { replication, pods: range(10) },
      );
      const loads = new Float64Array(10);
      let ended = 0;
      tally.answered = (_population, _node, pod, _isMasqueraded, requests) => {
        if (ended++ < 100) loads[pod]! += requests;
      };
      level.start();
      runUntil(200 * SECOND);
      expect(ended).toBeGreaterThan(100);
      return loads.reduce((sum, load) => sum + (load / 100 - 1) ** 2, 0) / 10;
    });
    const { low, high } = estimateMean(squared);
    expect(low).toBeLessThan(requestsVariation(10, 100, 1) ** 2);
    expect(high).toBeGreaterThan(requestsVariation(10, 100, 1) ** 2);
  });

  it('of clients with affinity go as the closed forms say', () => {
    const clients = 40;
    const results = range(300).map((replication) => {
      // One connection after the other of each client, by one node and by five.
      const play = (entryNodes: number) => {
        const { runUntil, routes, tally, level } = connectionFixture(
          {
            isFromOutside: true,
            requestsPerSecond: 1000,
            sourceAddresses: entryNodes === 1 ? clients : 1,
            choice: { mode: 'nftables', ipvsScheduler: 'rr', protocol: 'TCP', affinityTimeoutNs: 10_800 * SECOND },
          },
          { replication, nodes: 5, pods: range(10) },
        );
        routes.entryNodes = entryNodes;
        level.start();
        runUntil(SECOND);
        return [...tally.answeredBy[0]!.subarray(0, 10)];
      };
      return {
        squared: imbalanceOf(play(1)).coefficientOfVariation ** 2,
        distinct: play(5).filter((requests) => requests > 0).length,
      };
    });
    const squared = estimateMean(results.map((result) => result.squared));
    // Clients send by chance more and less, which adds the variation of their flows.
    const exact = affinityVariation(10, clients) ** 2 * (1 + (clients - 1) / 1000);
    expect(squared.low).toBeLessThan(exact);
    expect(squared.high).toBeGreaterThan(exact);
    const distinct = estimateMean(results.map((result) => result.distinct));
    expect(distinct.low).toBeLessThan(podsOfClient(10, 5));
    expect(distinct.high).toBeGreaterThan(podsOfClient(10, 5));
  });
});

describe('the share level and the connection level', () => {
  const nodes = 20;
  const pods = 5;
  const connections = 200;
  const requestsPerSecond = 400;
  const meanLifetimeNs = 20 * SECOND;

  /** One pod stops accepting and ends a second later; half of the nodes learn of it at 3 s, the others at 6 s; then one pod more. */
  const share = (() => {
    const fluid = new ConnectionFluid({ connections, meanLifetimeNs, requestsPerSecond });
    const outcome: FluidOutcome = { answered: 0, lost: 0, opened: 0 };
    const shares = (stale: number, after: number): Float64Array => {
      // `stale`: share of the nodes that still hold pod 0.
      const each = stale / pods + (1 - stale) / (after - 1);
      return Float64Array.from({ length: 6 }, (_, pod) => (pod === 0 || pod >= after ? 0 : each));
    };
    fluid.connectAll(Float64Array.from({ length: 6 }, (_, pod) => (pod < pods ? 1 / pods : 0)));
    fluid.advance(SECOND, shares(1, pods), outcome);
    fluid.podStopped(0, shares(1, pods), outcome);
    fluid.advance(2 * SECOND, shares(1, pods), outcome);
    fluid.advance(3 * SECOND, shares(0.5, pods), outcome);
    fluid.advance(4 * SECOND, shares(0, pods), outcome);
    fluid.advance(10 * SECOND, shares(0, 6), outcome);
    return [...fluid.open.subarray(1, 6), fluid.unconnected, outcome.answered, outcome.lost];
  })();

  it('agree on a pod that stops while rules are stale', () => {
    const results = range(400).map((replication) => {
      const { runUntil, routes, tally, counts, level, open, accept, end } = connectionFixture(
        {
          ...pool(connections, meanLifetimeNs),
          requestsPerSecond,
          isFromOutside: true,
        },
        { replication, nodes, pods: range(pods) },
      );
      level.start();
      accept(0, 1);
      runUntil(SECOND);
      end(0);
      runUntil(3 * SECOND);
      routes.hold(range(pods - 1, 1), 0, nodes / 2);
      runUntil(6 * SECOND);
      routes.hold(range(pods - 1, 1));
      runUntil(10 * SECOND);
      routes.hold(range(pods, 1));
      runUntil(20 * SECOND);
      level.settle();
      const ofPods = range(5, 1).map(open);
      const held = ofPods.reduce((sum, count) => sum + count, 0);
      expect(tally.open[0]!.reduce((sum, count) => sum + count, 0)).toBe(held);
      return [...ofPods, connections - held, counts.answered, counts.lost[LossCause.staleRules]!];
    });
    share.forEach((expected, index) => {
      const { low, high } = estimateMean(results.map((result) => result[index]!));
      expect(low!).toBeLessThanOrEqual(expected + 1e-9);
      expect(high!).toBeGreaterThanOrEqual(expected - 1e-9);
    });
  });
});
