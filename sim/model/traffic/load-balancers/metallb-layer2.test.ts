import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RandomStreams } from '../../../kernel/random.js';
import { Simulation } from '../../../kernel/simulation.js';
import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { Layer2Settings } from '../../metallb-settings.js';
import { describeLoadBalancer } from './load-balancers.conformance.js';
import { preferenceOrder } from './layer2-election.js';
import { expectedProbePeriods, minSuspicionNs } from './memberlist.js';
import { MetallbLayer2 } from './metallb-layer2.js';
import { targets, WeightLog } from './testing/weight-log.js';

const SECOND = 1e9;
const ADDRESS = '172.18.255.200';
const SETTINGS: Layer2Settings = { arpCacheNs: 30 * SECOND, ignoringShare: 0, announcementLoss: 0 };

interface Options {
  readonly ready: readonly number[];
  readonly policy?: TrafficPolicy;
  readonly settings?: Partial<Layer2Settings>;
  readonly silent?: readonly number[];
  readonly seed?: number;
  readonly service?: number;
}

function setUp({ ready, policy = 'Cluster', settings = {}, silent = [], seed = 1, service = 0 }: Options) {
  const simulation = new Simulation();
  const names = ready.map((_, node) => `node-${node}`);
  const mode = new MetallbLayer2(simulation, new RandomStreams(seed, 0), names);
  const balancer = mode.create({ service, address: ADDRESS, policy, settings: { ...SETTINGS, ...settings } });
  const log = new WeightLog(simulation, balancer, targets(ready, silent));
  return { simulation, balancer, log, speakers: mode.speakers, order: preferenceOrder(names, ADDRESS) };
}

for (const [name, more] of [
  ['MetalLB in layer 2 mode', {}],
  ['MetalLB in layer 2 mode, with clients that ignore announcements', { ignoringShare: 0.3 }],
  ['MetalLB in layer 2 mode, on a network that loses announcements', { announcementLoss: 0.5 }],
] as const) {
  describeLoadBalancer(name, {
    create: (simulation, nodes) => {
      const names = Array.from({ length: nodes }, (_, node) => `node-${node}`);
      const settings = { ...SETTINGS, ...more };
      return new MetallbLayer2(simulation, new RandomStreams(3, 0), names).create({
        service: 0,
        address: ADDRESS,
        policy: 'Local',
        settings,
      });
    },
    // A suspicion that nobody confirms, of one leader after the other, and an entry that has just been renewed.
    settledAfterNs: 5 * (24 + 30) * SECOND,
    failsOpen: false,
    spreads: false,
  });
}

const ones = (count: number): number[] => Array<number>(count).fill(1);

describe('the node that all traffic enters by', () => {
  it('is the most preferred one, with or without an endpoint under Cluster', () => {
    const { log, order } = setUp({ ready: [0, 0, 0, 5] });
    expect(log.weights).toEqual([[order[0], 1]]);
  });

  it('is the most preferred one with a ready endpoint under Local', () => {
    const { order } = setUp({ ready: ones(6) });
    const ready = [0, 0, 0, 0, 0, 0];
    ready[order[2]!] = 1;
    ready[order[4]!] = 3;
    expect(setUp({ ready, policy: 'Local' }).log.nodes).toEqual([order[2]]);
  });

  it('is none without any ready endpoint', () => {
    expect(setUp({ ready: [0, 0, 0] }).log.nodes).toEqual([]);
    expect(setUp({ ready: [0, 0, 0], policy: 'Local' }).log.nodes).toEqual([]);
  });

  it('is not one that is down when the run begins', () => {
    const { order } = setUp({ ready: ones(5) });
    expect(setUp({ ready: ones(5), silent: [order[0]!] }).log.nodes).toEqual([order[1]]);
  });

  it('stays the same when another one goes, or answers that it is unhealthy', () => {
    const { simulation, balancer, log, order } = setUp({ ready: ones(5), policy: 'Local' });
    balancer.nodeAnswers(order[1]!, 'silent');
    balancer.endpointsPublished(order[2]!, 0);
    balancer.nodeAnswers(order[0]!, 'unhealthy');
    simulation.run();
    expect(log.changes).toHaveLength(1);
  });

  it('makes 1 - k/K of the requests take a second hop under Cluster, for any placement', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 12 }), (ready) => {
        fc.pre(ready.some((count) => count > 0));
        const { log } = setUp({ ready });
        const endpoints = ready.reduce((sum, count) => sum + count, 0);
        // Each node that requests enter by picks among all endpoints.
        const second = log.weights.reduce((sum, [node, weight]) => sum + weight * (1 - ready[node]! / endpoints), 0);
        const leader = log.nodes[0]!;
        expect(log.weights).toEqual([[leader, 1]]);
        expect(second / log.total).toBeCloseTo(1 - ready[leader]! / endpoints, 12);
      }),
    );
  });
});

describe('when the leader may lead no longer', () => {
  it('hands over at once when its last ready endpoint goes, and takes over again when it has one', () => {
    const { simulation, balancer, log, order } = setUp({ ready: [2, 2, 2, 2], policy: 'Local' });
    const [first, second] = order;
    balancer.endpointsPublished(first!, 1);
    expect(log.changes).toHaveLength(1);
    balancer.endpointsPublished(first!, 0);
    expect(log.weights).toEqual([[second, 1]]);
    balancer.endpointsPublished(first!, 1);
    expect(log.weights).toEqual([[first, 1]]);
    expect(log.moved).toEqual([1, 1]);
    expect(simulation.nowNs).toBe(0);
    expect(simulation.pending).toBe(0);
  });

  it('hands over at once when its speaker stops in order', () => {
    const { simulation, speakers, log, order } = setUp({ ready: ones(4) });
    speakers.stops(order[0]!);
    expect(log.nodes).toEqual([order[1]]);
    speakers.starts(order[0]!);
    expect(log.nodes).toEqual([order[0]]);
    expect(simulation.pending).toBe(0);
  });

  it('leaves the caches bit by bit when nobody follows', () => {
    const { simulation, balancer, log } = setUp({ ready: [0, 1, 0], policy: 'Local' });
    expect(log.nodes).toEqual([1]);
    balancer.endpointsPublished(1, 0);
    expect(log.weights).toEqual([[1, 1]]);
    simulation.run(15 * SECOND);
    expect(log.weightOf(1)).toBeCloseTo(0.5, 12);
    simulation.run(30 * SECOND);
    expect(log.total).toBe(0);
    // Nobody has an entry: the first to answer is found at once.
    balancer.endpointsPublished(2, 1);
    expect(log.weights).toEqual([[2, 1]]);
    expect(simulation.pending).toBe(0);
  });
});

describe('when the node of the leader dies', () => {
  const failOver = (nodes: number, seed: number): number => {
    const { simulation, balancer, log, order } = setUp({ ready: ones(nodes), seed });
    const leader = order[0]!;
    balancer.nodeAnswers(leader, 'silent');
    expect(log.weights).toEqual([[leader, 1]]);
    simulation.run();
    expect(log.weights).toEqual([[order[1], 1]]);
    expect(log.moved).toEqual([1]);
    return simulation.nowNs / SECOND;
  };

  it.each([3, 10, 1000])('another one of %i takes over when the speakers know', (nodes) => {
    const suspicion = minSuspicionNs(nodes) / SECOND;
    const runs = nodes === 1000 ? 16 : 400;
    let sum = 0;
    for (let seed = 0; seed < runs; seed++) {
      const seconds = failOver(nodes, seed);
      expect(seconds).toBeGreaterThan(1 + suspicion);
      sum += seconds;
    }
    const expected = 0.5 + expectedProbePeriods(nodes) + suspicion;
    // Of the ten some have to wait for a further probe.
    const slack = nodes === 10 ? 0.6 : 0;
    expect(sum / runs).toBeGreaterThan(expected - 4 / Math.sqrt(runs));
    expect(sum / runs).toBeLessThan(expected + 4 / Math.sqrt(runs) + slack);
  });

  it('nothing happens when it is back before', () => {
    const { simulation, balancer, log, order } = setUp({ ready: ones(3) });
    balancer.nodeAnswers(order[0]!, 'silent');
    simulation.run(3 * SECOND);
    balancer.nodeAnswers(order[0]!, 'healthy');
    simulation.run();
    expect(log.weights).toEqual([[order[0], 1]]);
    expect(log.moved).toEqual([]);
    // Clients whose entries ran out in the meantime had none for a while.
    const forgot = log.changes.filter(({ weight }) => weight < 1);
    expect(forgot.every(({ node }) => node === order[0])).toBe(true);
    expect(forgot.length).toBeGreaterThan(0);
    expect(forgot.length).toBeLessThanOrEqual(2);
  });

  it('it leads again when it is back after', () => {
    const { simulation, balancer, log, order } = setUp({ ready: ones(3) });
    balancer.nodeAnswers(order[0]!, 'silent');
    simulation.run(60 * SECOND);
    balancer.nodeAnswers(order[0]!, 'healthy');
    expect(log.weights).toEqual([[order[0], 1]]);
  });

  it('one that has died with it may be next, and is found to be dead in its turn', () => {
    let gaps = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { simulation, balancer, log, order } = setUp({ ready: ones(10), seed });
      balancer.nodeAnswers(order[0]!, 'silent');
      balancer.nodeAnswers(order[1]!, 'silent');
      simulation.run();
      expect(log.weights).toEqual([[order[2], 1]]);
      // The dead one announces nothing: clients never turn to it.
      expect(log.changes.some(({ node, weight }) => node === order[1] && weight > 0)).toBe(false);
      if (simulation.nowNs > 9 * SECOND) gaps++;
    }
    expect(gaps).toBeGreaterThan(0);
  });

  it('clients forget it when no other speaker is left', () => {
    const { simulation, balancer, log } = setUp({ ready: [1] });
    balancer.nodeAnswers(0, 'silent');
    expect(log.weights).toEqual([[0, 1]]);
    simulation.run();
    expect(log.total).toBe(0);
    expect(simulation.nowNs).toBeLessThanOrEqual(30 * SECOND);
    balancer.nodeAnswers(0, 'healthy');
    expect(log.weights).toEqual([[0, 1]]);
    expect(log.moved).toEqual([]);
  });

  it('services of one cluster learn of it at the same time', () => {
    const simulation = new Simulation();
    const names = ['node-0', 'node-1', 'node-2', 'node-3'];
    const mode = new MetallbLayer2(simulation, new RandomStreams(5, 0), names);
    const initial = targets(ones(4));
    const logs = [0, 1, 2].map((service) => {
      const balancer = mode.create({ service, address: ADDRESS, policy: 'Cluster', settings: SETTINGS });
      return { balancer, log: new WeightLog(simulation, balancer, initial) };
    });
    const leader = logs[0]!.log.nodes[0]!;
    for (const { balancer } of logs) balancer.nodeAnswers(leader, 'silent');
    simulation.run();
    const times = logs.map(({ log }) => log.changes.at(-1)!.timeNs);
    expect(new Set(times).size).toBe(1);
    for (const { log } of logs) expect(log.nodes).not.toContain(leader);
  });
});

describe('clients', () => {
  it('that ignore announcements come when their caches have run out', () => {
    const { simulation, balancer, log, order } = setUp({
      ready: [1, 1, 1],
      policy: 'Local',
      settings: { ignoringShare: 0.4 },
    });
    balancer.endpointsPublished(order[0]!, 0);
    expect(log.weightOf(order[1]!)).toBeCloseTo(0.6, 12);
    expect(log.weightOf(order[0]!)).toBeCloseTo(0.4, 12);
    simulation.run(15 * SECOND);
    expect(log.weightOf(order[0]!)).toBeCloseTo(0.2, 12);
    simulation.run();
    expect(simulation.nowNs).toBeLessThanOrEqual(30 * SECOND);
    expect(log.weights).toEqual([[order[1], 1]]);
    expect(log.moved.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it('that hear no announcement come in time as well, and in the mean after half the life of an entry', () => {
    const { simulation, balancer, log, order } = setUp({
      ready: [1, 1, 1],
      policy: 'Local',
      settings: { announcementLoss: 1 },
    });
    balancer.endpointsPublished(order[0]!, 0);
    expect(log.weights).toEqual([[order[0], 1]]);
    simulation.run();
    expect(log.weights).toEqual([[order[1], 1]]);
    const left = log.changes.filter(({ node }) => node === order[0]).slice(1);
    let waited = 0;
    let before = 1;
    for (const { timeNs, weight } of left) {
      waited += (before - weight) * timeNs;
      before = weight;
    }
    // The groups are a sixteenth of it apart.
    expect(Math.abs(waited / SECOND - 15)).toBeLessThan(30 / 16);
  });

  it('wait for the next announcement where one is lost', () => {
    const delays = new Map<number, number>();
    const runs = 800;
    for (let service = 0; service < runs; service++) {
      const { simulation, balancer, log, order } = setUp({
        ready: [1, 1],
        policy: 'Local',
        service,
        settings: { announcementLoss: 0.5, arpCacheNs: 3600 * SECOND },
      });
      balancer.endpointsPublished(order[0]!, 0);
      simulation.run(10 * SECOND);
      const change = log.changes.find(({ node, weight }) => node === order[1] && weight > 0.9);
      const delay = Math.round((change?.timeNs ?? Infinity) / 1e8);
      delays.set(delay, (delays.get(delay) ?? 0) + 1);
    }
    // Half of them are lost, five in a row one time in 32.
    [0, 11, 22, 33, 44, Infinity].forEach((delay, lost) => {
      const expected = lost < 5 ? 0.5 ** (lost + 1) : 0.5 ** 5;
      const tolerance = 5 * Math.sqrt((expected * (1 - expected)) / runs);
      expect(Math.abs((delays.get(delay) ?? 0) / runs - expected)).toBeLessThan(tolerance);
    });
    expect(delays.size).toBe(6);
  });

  it('without an entry, after a dead leader, turn to the next one at once', () => {
    const { simulation, balancer, log, order } = setUp({
      ready: ones(3),
      settings: { ignoringShare: 1, arpCacheNs: 2 * SECOND },
    });
    balancer.nodeAnswers(order[0]!, 'silent');
    simulation.run(3 * SECOND);
    expect(log.total).toBe(0);
    simulation.run();
    expect(log.changes.at(-1)).toEqual({ timeNs: simulation.nowNs, node: order[1], weight: 1 });
    expect(simulation.nowNs).toBeLessThan(10 * SECOND);
  });
});

it('whatever happens, once all is quiet all clients are at the first candidate, or nowhere', () => {
  const NODES = 6;
  const step = fc.record({ node: fc.nat(NODES - 1), what: fc.nat(4), waitS: fc.nat(12) });
  const worlds = fc.record({
    policy: fc.constantFrom<TrafficPolicy>('Cluster', 'Local'),
    ignoringShare: fc.constantFrom(0, 0.3, 1),
    announcementLoss: fc.constantFrom(0, 0.5, 1),
    steps: fc.array(step, { maxLength: 25 }),
  });
  fc.assert(
    fc.property(worlds, ({ policy, ignoringShare, announcementLoss, steps }) => {
      const ready = [1, 0, 2, 1, 0, 1];
      const settings = { ignoringShare, announcementLoss };
      const { simulation, balancer, log, speakers, order } = setUp({ ready, policy, settings });
      const isDown = new Set<number>();
      for (const { node, what, waitS } of steps) {
        if (what === 0) {
          balancer.nodeAnswers(node, 'silent');
          isDown.add(node);
        } else if (what === 1) {
          balancer.nodeAnswers(node, 'healthy');
          isDown.delete(node);
        } else if (what === 2) {
          speakers.stops(node);
          speakers.starts(node);
        } else {
          ready[node] = what - 3;
          balancer.endpointsPublished(node, ready[node]);
        }
        simulation.run(simulation.nowNs + waitS * SECOND);
        expect(log.total).toBeLessThan(1 + 1e-9);
      }
      simulation.run();
      const anyReady = ready.some((count) => count > 0);
      const leader = [...order].find(
        (node) => !isDown.has(node) && anyReady && (policy === 'Cluster' || ready[node]! > 0),
      );
      if (isDown.size < NODES) {
        if (leader === undefined) expect(log.total).toBeLessThan(1e-9);
        else expect(log.weights).toEqual([[leader, expect.closeTo(1, 9)]]);
      }
    }),
  );
});
