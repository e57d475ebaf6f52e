import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Acceptance } from '../connection-routes.js';
import { LossCause } from '../loss-cause.js';
import { connectionFixture, pool, range, SECOND } from './testing/connection-fixture.js';

const TIMEOUT_NS = 10_800 * SECOND;
const sum = (column: ArrayLike<number>): number => Array.from(column).reduce((total, value) => total + value, 0);

describe('requests with a connection each', () => {
  it('come at their rate and all reach a pod', () => {
    const { runUntil, counts, tally, level } = connectionFixture({ requestsPerSecond: 1000 });
    level.start();
    runUntil(100 * SECOND);
    expect(counts.answered / 100_000).toBeCloseTo(1, 1);
    expect(counts.opened).toBe(counts.answered);
    expect(sum(tally.open[0]!)).toBe(0);
    for (const pod of range(4)) expect(tally.answeredBy[0]![pod]! / counts.answered).toBeCloseTo(0.25, 2);
  });

  it.each([0, 1, 2])("keep as many connections open as Little's law says (variation %d)", (variation) => {
    const { simulation, runUntil, tally, level } = connectionFixture({
      requestsPerSecond: 200,
      serviceTime: { meanNs: SECOND / 2, variation },
    });
    level.start();
    runUntil(50 * SECOND);
    let open = 0;
    for (let second = 0; second < 300; second++) {
      simulation.run(simulation.nowNs + SECOND);
      open += sum(tally.open[0]!) / 300;
    }
    expect(open / 100).toBeCloseTo(1, 1);
    // Slots are used again.
    expect(level.slots.count).toBeLessThan(400);
  });

  it.each([
    ['stopped', LossCause.staleRules, true],
    ['failed', LossCause.failedPods, false],
    ['refuses', LossCause.failedPods, true],
    ['unreachable', LossCause.failedPods, false],
  ] as const)('are lost at the share of a pod that is %s', (acceptance, cause, isRefused) => {
    const { runUntil, counts, level, accept } = connectionFixture({ requestsPerSecond: 1000 });
    level.start();
    accept(2, Acceptance[acceptance]);
    runUntil(20 * SECOND);
    expect(counts.lost[cause]! / (counts.lost[cause]! + counts.answered)).toBeCloseTo(0.25, 1);
    expect(counts.refused).toBe(isRefused ? counts.lost[cause] : 0);
    accept(2, Acceptance.accepts);
    const lost = counts.lost[cause];
    runUntil(40 * SECOND);
    expect(counts.lost[cause]).toBe(lost);
  });

  it.each([
    ['pods', LossCause.noLocalEndpoints, 0],
    ['outside', LossCause.loadBalancer, LossCause.loadBalancer],
  ] as const)(
    'are lost for want of endpoints, of local ones, and of a node to enter by (%s)',
    (from, dropped, nowhere) => {
      const { runUntil, routes, counts, level } = connectionFixture({ isFromOutside: from === 'outside' });
      level.start();
      routes.drop(0, 1);
      runUntil(40 * SECOND);
      expect(counts.lost[dropped]! / 1000).toBeCloseTo(1, 0);
      expect([sum(counts.lost), counts.refused]).toEqual([counts.lost[dropped], 0]);
      counts.lost.fill(0);
      routes.hold([]);
      runUntil(50 * SECOND);
      expect(counts.lost[LossCause.noEndpoints]! / 1000).toBeCloseTo(1, 0);
      expect(counts.refused).toBe(sum(counts.lost));
      counts.lost.fill(0);
      routes.entryNodes = 0;
      runUntil(60 * SECOND);
      // Clients inside are gone with their nodes.
      expect(sum(counts.lost) / 1000).toBeCloseTo(nowhere === LossCause.loadBalancer ? 1 : 0, 0);
      expect(sum(counts.lost)).toBe(counts.lost[nowhere]);
    },
  );

  it('find another pod by themselves in userspace mode', () => {
    const { runUntil, counts, level, accept } = connectionFixture({
      choice: { mode: 'userspace', ipvsScheduler: 'rr', protocol: 'TCP', affinityTimeoutNs: null },
    });
    level.start();
    accept(0, Acceptance.stopped);
    accept(1, Acceptance.unreachable);
    runUntil(20 * SECOND);
    expect(counts.answered).toBeGreaterThan(1000);
    expect(sum(counts.lost)).toBe(0);
  });

  it('go to one pod first from all nodes whose IPVS has just begun, under rr', () => {
    const { runUntil, tally, level } = connectionFixture(
      {
        ...pool(100),
        choice: { mode: 'ipvs', ipvsScheduler: 'rr', protocol: 'TCP', affinityTimeoutNs: null },
      },
      { nodes: 100 },
    );
    level.start();
    // One connection by each node.
    expect([...tally.open[0]!.subarray(0, 4)]).toEqual([0, 0, 0, 100]);
    for (const node of range(100)) level.onNodeLost(node);
    expect([...tally.open[0]!.subarray(0, 4)]).toEqual([0, 0, 0, 100]);
    runUntil(SECOND);
  });
});

describe('connections of a pool', () => {
  it('stay where they are when pods are added, if they never close', () => {
    const { runUntil, routes, level, open } = connectionFixture(pool(1000));
    level.start();
    const before = range(4).map(open);
    routes.hold(range(10));
    runUntil(3600 * SECOND);
    expect(range(10).map(open)).toEqual([...before, 0, 0, 0, 0, 0, 0]);
  });

  it('stay with a pod that stops accepting until its containers end', () => {
    const { routes, counts, level, open, accept, end } = connectionFixture(pool(1000));
    level.start();
    const before = open(0);
    accept(0, Acceptance.stopped);
    expect(open(0)).toBe(before);
    routes.hold(range(3, 1));
    end(0);
    expect(open(0)).toBe(0);
    expect(counts.reset).toBe(before);
    expect(open(1) + open(2) + open(3)).toBe(1000);
    expect(level.entriesLeftBehind).toBe(0);
  });

  it('break when the node of their pod is lost, and leave entries behind', () => {
    const { routes, counts, level, open, accept, end } = connectionFixture(pool(1000));
    level.start();
    const before = open(0);
    routes.hold(range(3, 1));
    accept(0, Acceptance.unreachable);
    end(0);
    expect([counts.reset, level.entriesLeftBehind, open(0)]).toEqual([before, before, 0]);
  });

  it('break when the node is lost by which they entered', () => {
    const { counts, level } = connectionFixture({ ...pool(1000), isFromOutside: true });
    level.start();
    const onNode = Array.from(level.slots.node.subarray(0, 1000)).filter((node) => node === 2).length;
    level.onNodeLost(2);
    expect(counts.reset).toBe(onNode);
    expect(counts.opened).toBe(1000 + onNode);
  });

  it('try again with their next request, which is lost when that is in vain', () => {
    const { runUntil, routes, counts, level, open } = connectionFixture({
      ...pool(100),
      requestsPerSecond: 100,
    });
    routes.hold([]);
    level.start();
    expect(sum(counts.lost)).toBe(0);
    runUntil(10 * SECOND);
    expect(counts.lost[LossCause.noEndpoints]! / 1000).toBeCloseTo(1, 0);
    routes.hold(range(4));
    runUntil(30 * SECOND);
    level.settle();
    expect(sum(range(4).map(open))).toBe(100);
    // From then on each answered request is one of the slots that connected by it, or one on an open connection.
    expect((counts.answered + counts.lost[LossCause.noEndpoints]!) / 3000).toBeCloseTo(1, 1);
    expect(level.pendingEvents).toBe(0);
  });

  it('keep clients inside on their nodes', () => {
    const { level, end } = connectionFixture(pool(400, SECOND), { nodes: 40 });
    level.start();
    const nodes = level.slots.node.slice(0, 400);
    for (const node of range(40)) expect(nodes.filter((at) => at === node)).toHaveLength(10);
    end(0);
    expect(level.slots.node.slice(0, 400)).toEqual(nodes);
  });

  it('come back to the pod that their client is bound to', () => {
    const { runUntil, tally, counts, level } = connectionFixture({
      ...pool(60, SECOND),
      sourceAddresses: 3,
      choice: { mode: 'nftables', ipvsScheduler: 'rr', protocol: 'TCP', affinityTimeoutNs: TIMEOUT_NS },
    });
    level.start();
    const before = [...tally.open[0]!.subarray(0, 4)];
    // Twenty slots for each address.
    expect(before.every((connections) => connections % 20 === 0)).toBe(true);
    runUntil(60 * SECOND);
    expect(counts.opened).toBeGreaterThan(1000);
    expect([...tally.open[0]!.subarray(0, 4)]).toEqual(before);
  });

  it('neither get lost nor appear, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('hold' as const), pods: fc.uniqueArray(fc.nat(6)), first: fc.nat(3) }),
      fc.record({ kind: fc.constant('acceptance' as const), pod: fc.nat(6), to: fc.constantFrom(0, 1, 2, 3) }),
      fc.record({ kind: fc.constant('end' as const), pod: fc.nat(6) }),
      fc.record({ kind: fc.constant('nodeLost' as const), node: fc.nat(3) }),
      fc.record({ kind: fc.constant('time' as const), ns: fc.nat(5 * SECOND) }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.constantFrom('iptables', 'nftables', 'ipvs', 'userspace'),
        fc.constantFrom('TCP', 'UDP'),
        fc.boolean(),
        fc.boolean(),
        (steps, mode, protocol, isPool, hasAffinity) => {
          const { simulation, runUntil, routes, tally, counts, level, open, accept, end } = connectionFixture({
            ...(isPool ? pool(50, 3 * SECOND) : { serviceTime: { meanNs: SECOND, variation: 1 } }),
            requestsPerSecond: 20,
            isFromOutside: true,
            choice: { mode, ipvsScheduler: 'wlc', protocol, affinityTimeoutNs: hasAffinity ? TIMEOUT_NS : null },
          });
          level.start();
          for (const action of steps) {
            if (action.kind === 'hold') routes.hold(action.pods, action.first);
            else if (action.kind === 'acceptance') accept(action.pod, action.to);
            else if (action.kind === 'end') end(action.pod);
            else if (action.kind === 'nodeLost') level.onNodeLost(action.node);
            else runUntil(simulation.nowNs + action.ns);
            const { slots } = level;
            const ofSlots = Array.from(slots.pod.subarray(0, slots.count));
            for (const pod of range(7)) {
              expect(open(pod)).toBe(ofSlots.filter((at) => at === pod).length);
              expect(slots.anyOf(pod) >= 0).toBe(open(pod) > 0);
            }
            if (isPool) expect(slots.count).toBe(50);
            // Each slot of a pool that is without a connection waits for its next request.
            if (isPool) expect(level.pendingEvents).toBeGreaterThanOrEqual(50);
            if (!isPool) expect(counts.opened).toBe(counts.answered);
          }
          level.settle();
          expect(sum(tally.answeredBy[0]!)).toBeCloseTo(counts.answered, 6);
          level.stop();
          simulation.run();
          expect(level.pendingEvents).toBe(0);
        },
      ),
    );
  });
});

describe('UDP flows', () => {
  const flows = {
    ...pool(100),
    requestsPerSecond: 1000,
    choice: { mode: 'iptables', ipvsScheduler: 'rr', protocol: 'UDP', affinityTimeoutNs: null },
  } as const;

  it('go on to a pod that is gone until the rules of their node are without it', () => {
    const { runUntil, routes, counts, level, open, end } = connectionFixture(flows);
    level.start();
    const stranded = open(0);
    end(0);
    expect(counts.reset).toBe(0);
    runUntil(10 * SECOND);
    // All of their requests are lost, where TCP would have found another pod sooner or later.
    expect(counts.lost[LossCause.staleRules]! / (10 * 10 * stranded)).toBeCloseTo(1, 1);
    expect(open(1) + open(2) + open(3)).toBe(100 - stranded);
    routes.hold(range(3, 1));
    runUntil(20 * SECOND);
    expect(open(1) + open(2) + open(3)).toBe(100);
  });

  it('reach a pod again that comes back under its address', () => {
    const { runUntil, level, open, accept, end } = connectionFixture(flows);
    level.start();
    const before = range(4).map(open);
    end(0);
    accept(0, Acceptance.accepts);
    runUntil(10 * SECOND);
    expect(range(4).map(open)).toEqual(before);
  });
});

describe('what variants share', () => {
  it('draws the same for the same connection, whatever else happens', () => {
    const play = (disturbed: boolean) => {
      const { runUntil, level, end } = connectionFixture(pool(100, 10 * SECOND));
      level.start();
      if (disturbed) end(3);
      runUntil(0);
      return Array.from(level.slots.pod.subarray(0, 100));
    };
    const quiet = play(false);
    play(true).forEach((pod, slot) => {
      if (quiet[slot] !== 3) expect(pod).toBe(quiet[slot]);
    });
  });
});
