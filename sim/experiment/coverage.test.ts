/**
 * Intervals of what is stochastic hold what is known exactly: of 200 experiments, 186 or more, of intervals that are to hold it in 95
 * of 100. (local-policy.test.ts has the same of placements.)
 */

import { expect, test } from 'vitest';

import { RandomStreams } from '../kernel/random.js';
import { scaleOutLoads } from '../model/traffic/connections/long-lived-connections.js';
import { connectionFixture, pool, range, SECOND } from '../model/traffic/connections/testing/connection-fixture.js';
import { Acceptance } from '../model/traffic/connection-routes.js';
import { forwardTo, requestFixture } from '../model/traffic/requests/testing/request-fixture.js';
import { estimateMean } from '../stats/estimate.js';

const EXPERIMENTS = 200;
const REPLICATIONS = 12;
const ENOUGH = 0.93 * EXPERIMENTS;

/** Experiments, of replications of their own each, whose interval holds the value. */
function held(exact: number, play: (replication: number) => number): number {
  let count = 0;
  for (let experiment = 0; experiment < EXPERIMENTS; experiment++) {
    const { low, high } = estimateMean(range(REPLICATIONS, experiment * REPLICATIONS).map(play));
    if (low! <= exact && exact <= high!) count++;
  }
  return count;
}

test('lost connections of a kube-proxy that is stale for five seconds', () => {
  // One of four nodes holds a pod that has stopped, of four, for 5 s of 100 connections a second.
  const exact = 5 * 100 * (1 / 4) * (1 / 4);
  const lost = held(exact, (replication) => {
    const { runUntil, routes, counts, level, accept } = connectionFixture({ isFromOutside: true }, { replication });
    level.start();
    routes.hold(range(3), 1, 4);
    accept(3, Acceptance.stopped);
    runUntil(5 * SECOND);
    routes.hold(range(3));
    runUntil(6 * SECOND);
    return counts.lost.reduce((sum, amount) => sum + amount, 0);
  });
  expect(lost).toBeGreaterThanOrEqual(ENOUGH);
});

test('lost requests of the same', () => {
  const exact = 5 * 100 * (1 / 4) * (1 / 4);
  const lost = held(exact, (replication) => {
    const { tally, meet, runFor, routeOfNode, at } = requestFixture({ nodeOfPod: [0, 1, 2, 3], replication });
    at(0, () => {
      routeOfNode.fill(forwardTo(0, 1, 2), 1);
      meet(3, Acceptance.stopped);
    });
    at(5 * SECOND, () => {
      routeOfNode.fill(forwardTo(0, 1, 2));
    });
    runFor(6 * SECOND);
    return tally.lost;
  });
  expect(lost).toBeGreaterThanOrEqual(ENOUGH);
});

test('connections of old and of new pods after a scale-out', () => {
  const { oldOverFair, newOverFair } = scaleOutLoads(4, 8, 1);
  const open = (pods: readonly number[]) => (replication: number) => {
    const fixture = connectionFixture(pool(80, 30 * SECOND), { replication });
    fixture.level.start();
    fixture.routes.hold(range(8));
    fixture.runUntil(30 * SECOND);
    return pods.reduce((sum, pod) => sum + fixture.open(pod), 0) / (10 * pods.length);
  };
  expect(held(oldOverFair, open(range(4)))).toBeGreaterThanOrEqual(ENOUGH);
  expect(held(newOverFair, open([7]))).toBeGreaterThanOrEqual(ENOUGH);
});

test('requests with a second hop', () => {
  // Pods on nodes 0, 0, 1 and 2 of four: nodes hold 2, 1, 1 and 0 of 4.
  const exact = 1 - (2 + 1 + 1 + 0) / 16;
  const second = held(exact, (replication) => {
    const { tally, runFor } = requestFixture({ nodeOfPod: [0, 0, 1, 2], replication });
    runFor(3 * SECOND);
    return tally.secondHop / tally.served;
  });
  expect(second).toBeGreaterThanOrEqual(ENOUGH);
});

test('sums over replications are as far from their means as those of independent numbers, whatever the purpose', () => {
  const purposes = 60;
  const seeds = 20;
  const replications = 100;
  const squares: number[] = [];
  for (let purpose = 0; purpose < purposes; purpose++) {
    for (let seed = 1; seed <= seeds; seed++) {
      let sum = 0;
      for (const replication of range(replications)) {
        const hash = new RandomStreams(seed, replication).hash(`purpose ${purpose}`);
        // Neighbours in both directions, whose correlation would add up.
        for (let entity = 0; entity < 2; entity++) {
          for (let index = 0; index < 4; index++) sum += hash.uniform(entity, index) - 0.5;
        }
      }
      squares.push((sum * sum * 12) / (8 * replications));
    }
  }
  const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
  // Of squares of normal numbers: mean 1, standard deviation the square root of 2.
  expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(2 / squares.length));
});
