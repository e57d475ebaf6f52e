import { describe, expect, it } from 'vitest';

import { mmcMeanWait } from '../../../stats/queueing.js';
import { studentTQuantile } from '../../../stats/student-t.js';
import { NETWORK_ROUND_TRIPS } from '../../versions/network-costs.js';
import { Acceptance } from '../connection-routes.js';
import { LossCause } from '../loss-cause.js';
import { forwardTo, MILLISECOND, requestFixture, SECOND } from './testing/request-fixture.js';

const SECONDS_PER_NS = 1e-9;
const { sameNode, sameZone, crossZone } = NETWORK_ROUND_TRIPS;

/** Whether the mean of independent samples is within its 99.9 % interval of what it should be. */
function expectMean(samples: readonly number[], expected: number): void {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) * (sample - mean), 0) / (samples.length - 1);
  const margin = studentTQuantile(0.9995, samples.length - 1) * Math.sqrt(variance / samples.length);
  expect(margin, 'the interval says something').toBeLessThan(0.2 * expected);
  expect(Math.abs(mean - expected)).toBeLessThan(margin);
}

const replications = Array.from({ length: 20 }, (_, replication) => replication);

describe('agreement with the share level', () => {
  it('loads of pods are the shares that policy Local gives, and the second hops those of Cluster', () => {
    // Nodes with 1 and 2 pods: 50, 25 and 25 %.
    const shares = replications.map((replication) => {
      const { level, tally, routeOfNode, entryNodes, runFor } = requestFixture({ nodeOfPod: [0, 1, 1], replication });
      routeOfNode[0] = forwardTo(0);
      routeOfNode[1] = forwardTo(1, 2);
      entryNodes.length = 2;
      runFor(20 * SECOND);
      expect(tally.secondHop).toBe(0);
      return [0, 1, 2].map((pod) => level.takenBy(pod) / tally.sent);
    });
    [0.5, 0.25, 0.25].forEach((expected, pod) =>
      expectMean(
        shares.map((share) => share[pod]!),
        expected,
      ),
    );
    const hops = replications.map((replication) => {
      const { tally, runFor } = requestFixture({ nodeOfPod: [0, 0, 1, 2], replication, zoneOfNode: [0, 0, 1, 1] });
      runFor(20 * SECOND);
      return [tally.secondHop / tally.served, tally.crossZone / tally.served];
    });
    // Whatever the placement: 1 - 1/4. Half of the entries times one pod in zone 1, and the other half times three in zone 0.
    expectMean(
      hops.map(([second]) => second!),
      3 / 4,
    );
    expectMean(
      hops.map(([, cross]) => cross!),
      1 / 2,
    );
  });

  it('what is lost to a pod that stale rules hold is rate x share x time', () => {
    const lost = replications.map((replication) => {
      const { tally, meet, at, runFor, routeOfNode } = requestFixture({ nodeOfPod: [0, 1, 2, 3], replication });
      at(5 * SECOND, () => meet(0, Acceptance.stopped));
      // One node after the other takes it out of its rules.
      routeOfNode.forEach((_, node) => at((6 + node) * SECOND, () => (routeOfNode[node] = forwardTo(1, 2, 3))));
      runFor(20 * SECOND);
      expect(tally.lost).toBe(tally.lostBy[LossCause.staleRules]);
      expect(tally.refused).toBe(tally.lost);
      return tally.lost;
    });
    // 25/s enter by each node, a quarter of them to this pod, for 1, 2, 3 and 4 s.
    expectMean(lost, (25 / 4) * (1 + 2 + 3 + 4));
  });

  it('utilization is rate x service time / servers, and what pods have follows from it', () => {
    const measured = replications.map((replication) => {
      const { level, runFor } = requestFixture({
        clients: [{ load: { kind: 'open', requestsPerSecond: 240 } }],
        nodeOfPod: [0, 1],
        application: { concurrency: 2 },
        measureFromNs: 5 * SECOND,
        replication,
      });
      runFor(45 * SECOND);
      return { ...level.end().scalars, wait: level.end().distributions.request_queue_seconds!.mean };
    });
    // 120/s to each pod, 10 ms, 2 servers.
    expectMean(
      measured.map(({ pod_utilization_mean: mean }) => mean!),
      0.6,
    );
    expectMean(
      measured.map(({ wait }) => wait),
      mmcMeanWait(2, 0.6) * 10e-3,
    );
    expectMean(
      measured.map(({ requests_in_flight_mean: inFlight }) => inFlight!),
      2 * 120 * (1 + mmcMeanWait(2, 0.6)) * 10e-3,
    );
    for (const { pod_utilization_max: max, pod_utilization_mean: mean } of measured) {
      expect(max).toBeGreaterThanOrEqual(mean!);
      expect(max).toBeLessThanOrEqual(1);
    }
  });
});

describe('response times', () => {
  const alone = {
    load: { kind: 'open', requestsPerSecond: 1 },
    serviceTime: { meanNs: MILLISECOND, variation: 0 },
  } as const;
  const durations = (nodeOfPod: number, zoneOfNode: readonly number[], clients: object): number[] => {
    const { level, runFor } = requestFixture({
      nodeOfPod: [nodeOfPod],
      entryNodes: 1,
      zoneOfNode,
      clients: [{ ...alone, ...clients }],
      application: { concurrency: null },
    });
    runFor(50 * SECOND);
    const { min, max } = level.end().distributions.request_duration_seconds!;
    return [min / SECONDS_PER_NS, max / SECONDS_PER_NS].map(Math.round);
  };
  const keepAlive = { connections: 3, meanLifetimeNs: null };

  it('have one round trip on a connection that is open, and two on a new one', () => {
    const rest = MILLISECOND;
    expect(durations(0, [0, 0], { keepAlive })).toEqual([rest + sameNode.value, rest + sameNode.value]);
    expect(durations(1, [0, 0], { keepAlive })).toEqual([rest + sameZone.value, rest + sameZone.value]);
    expect(durations(1, [0, 1], { keepAlive })).toEqual([rest + crossZone.value, rest + crossZone.value]);
    expect(durations(1, [0, 0], {})).toEqual([rest + 2 * sameZone.value, rest + 2 * sameZone.value]);
    // Connections that end are replaced before anybody asks for them.
    const short = { keepAlive: { connections: 1, meanLifetimeNs: 2 * SECOND } };
    expect(durations(1, [0, 0], short)).toEqual([rest + sameZone.value, rest + sameZone.value]);
  });

  it('of users who wait for their answers follow from how many they are', () => {
    // One server and exponential times: the machine repair model, by its balance equations.
    const users = 8;
    const thinkTime = 4;
    const weights = [1];
    for (let there = 1; there <= users; there++) weights.push((weights.at(-1)! * (users - there + 1)) / thinkTime);
    const throughput = 1 - weights[0]! / weights.reduce((sum, weight) => sum + weight, 0);
    const measured = replications.map((replication) => {
      const { level, tally, runFor } = requestFixture({
        clients: [{ load: { kind: 'closed', users, meanThinkTimeNs: thinkTime * 10 * MILLISECOND } }],
        nodeOfPod: [0],
        zoneOfNode: [0],
        measureFromNs: 2 * SECOND,
        replication,
      });
      runFor(32 * SECOND);
      expect(tally.lost).toBe(0);
      expect(level.end().scalars.requests_queued_max).toBeLessThanOrEqual(users - 1);
      return { rate: tally.sent / 30, utilization: level.end().scalars.pod_utilization_max! };
    });
    expectMean(
      measured.map(({ rate }) => rate),
      // The two round trips of 4.5 us change less than the interval.
      throughput / 10e-3,
    );
    expectMean(
      measured.map(({ utilization }) => utilization),
      throughput,
    );
  });
});

describe('connections that are kept', () => {
  const keepAlive = { connections: 6, meanLifetimeNs: null };

  it('carry all requests to their pods, also to one that accepts no new ones', () => {
    const { level, tally, meet, at, runFor } = requestFixture({ nodeOfPod: [0, 1], clients: [{ keepAlive }] });
    let takenBefore = 0;
    at(10 * SECOND, () => {
      takenBefore = level.takenBy(0);
      meet(0, Acceptance.stopped);
    });
    runFor(20 * SECOND);
    expect(takenBefore).toBeGreaterThan(0);
    expect(level.takenBy(0)).toBeGreaterThan(1.5 * takenBefore);
    expect(tally.lost).toBe(0);
  });

  it('are opened anew by other nodes when the one that they entered by is lost', () => {
    const { level, tally, at, runFor, routeOfNode, entryNodes } = requestFixture({
      nodeOfPod: [0, 1],
      clients: [{ keepAlive: { connections: 40, meanLifetimeNs: null } }],
    });
    routeOfNode.fill(forwardTo(1)).fill(forwardTo(0), 0, 1);
    let takenBefore = 0;
    // All that were opened at the start, by rules that held both pods, are opened anew.
    at(5 * SECOND, () => [0, 1, 2, 3].forEach((node) => level.nodeLost(node)));
    at(10 * SECOND, () => {
      entryNodes.shift();
      level.nodeLost(0);
      takenBefore = level.takenBy(0);
    });
    runFor(20 * SECOND);
    expect(takenBefore).toBeGreaterThan(0);
    expect(level.takenBy(0)).toBe(takenBefore);
    expect(tally.lost).toBe(0);
  });

  it('are opened anew when their pod ends, which loses what it had', () => {
    const { level, tally, meet, at, runFor, routeOfNode } = requestFixture({
      nodeOfPod: [0, 1],
      clients: [{ keepAlive, load: { kind: 'open', requestsPerSecond: 300 } }],
    });
    let takenBefore = 0;
    at(10 * SECOND, () => {
      routeOfNode.fill(forwardTo(1));
      meet(0, Acceptance.stopped);
      level.onEnded(0);
      takenBefore = level.takenBy(0);
    });
    runFor(20 * SECOND);
    expect(level.takenBy(0)).toBe(takenBefore);
    expect(tally.lostBy[LossCause.podEnded]).toBeGreaterThan(0);
    expect(tally.lost).toBe(tally.lostBy[LossCause.podEnded]);
  });

  it('lose requests as long as none can be opened, and no longer', () => {
    const { tally, meet, at, runFor } = requestFixture({ nodeOfPod: [0], clients: [{ keepAlive }] });
    at(10 * SECOND, () => meet(0, Acceptance.failed));
    let lost = 0;
    at(15 * SECOND, () => {
      lost = tally.lost;
      meet(0, Acceptance.accepts);
    });
    runFor(20 * SECOND);
    expect(lost).toBeGreaterThan(400);
    expect(tally.lost).toBe(lost);
    expect(tally.timedOut).toBe(lost);
    expect(tally.lostBy[LossCause.failedPods]).toBe(lost);
  });
});

describe('requests that fail', () => {
  it.each([
    ['noEndpoints', 'REJECT', false],
    ['noLocalEndpoints', 'DROP', false],
    ['loadBalancer', 'DROP', true],
  ] as const)('%s: %s', (cause, outcome, isFromOutside) => {
    const { tally, runFor, routeOfNode } = requestFixture({ nodeOfPod: [0], clients: [{ isFromOutside }] });
    const nowhere = { outcome, set: null, isMasqueraded: false };
    for (const node of routeOfNode.keys()) routeOfNode[node] = nowhere;
    runFor(SECOND);
    expect(tally.lostBy[LossCause[cause]]).toBe(tally.sent);
    expect(tally.refused).toBe(outcome === 'REJECT' ? tally.sent : 0);
  });

  it('have no node to enter by', () => {
    const { tally, runFor, entryNodes } = requestFixture({ nodeOfPod: [0] });
    entryNodes.length = 0;
    runFor(SECOND);
    expect(tally.lostBy[LossCause.loadBalancer]).toBe(tally.sent);
  });

  it('are refused by a pod whose queue is full', () => {
    const { level, tally, runFor } = requestFixture({
      nodeOfPod: [0],
      clients: [{ load: { kind: 'open', requestsPerSecond: 300 } }],
      application: { concurrency: 2, queueLimit: 3 },
    });
    runFor(60 * SECOND);
    expect(level.end().scalars.requests_queued_max).toBe(3);
    expect(tally.lostBy[LossCause.queueFull]).toBe(tally.lost);
    // At most 200/s can be answered.
    expect(tally.lost / tally.sent).toBeGreaterThan(1 / 3);
    expect(tally.lost / tally.sent).toBeLessThan(0.5);
  });

  it('hold up users for as long as their clients wait', () => {
    const { tally, runFor, routeOfNode } = requestFixture({
      nodeOfPod: [0],
      clients: [{ load: { kind: 'closed', users: 10, meanThinkTimeNs: SECOND } }],
    });
    const silent = { outcome: 'DROP', set: null, isMasqueraded: false } as const;
    for (const node of routeOfNode.keys()) routeOfNode[node] = silent;
    runFor(100 * SECOND);
    expect(tally.sent).toBe(10);
  });
});

describe('variants of a scenario', () => {
  it('send the same requests at the same times, whatever pods make of them', () => {
    const sent = (concurrency: number, extra: boolean): number[] => {
      const { level, tally, simulation } = requestFixture({
        nodeOfPod: [0, 1],
        application: { concurrency },
        clients: extra ? [{}, { clients: 1 }] : [{}],
      });
      const counts: number[] = [];
      for (let second = 1; second <= 10; second++) {
        simulation.run(second * SECOND);
        counts.push(tally.sent, level.takenBy(0));
      }
      return counts;
    };
    expect(sent(1, false)).toEqual(sent(8, false));
    expect(sent(1, true)).not.toEqual(sent(1, false));
  });

  it('leave nothing behind once clients stop', () => {
    const { level, simulation } = requestFixture({
      nodeOfPod: [0],
      clients: [{}, { load: { kind: 'closed', users: 20, meanThinkTimeNs: SECOND } }],
    });
    simulation.run(5 * SECOND);
    expect(level.pendingEvents).toBe(simulation.pending);
    level.stop();
    expect(level.pendingEvents).toBe(simulation.pending);
    simulation.run();
    expect(level.pendingEvents).toBe(0);
    level.checkConservation();
  });
});
