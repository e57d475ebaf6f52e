import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RandomStreams } from '../../../kernel/random.js';
import { Simulation } from '../../../kernel/simulation.js';
import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { BgpSettings } from '../../metallb-settings.js';
import { metallbDefaults } from '../../versions/metallb-profile.js';
import { describeLoadBalancer } from './load-balancers.conformance.js';
import { MetallbBgp, silenceNs } from './metallb-bgp.js';
import { imbalanceOfFlows, movedShare } from './next-hop.js';
import { targets, WeightLog } from './testing/weight-log.js';

const SECOND = 1e9;
const defaults = metallbDefaults();
const SETTINGS: BgpSettings = {
  holdTimeNs: defaults.bgp.holdTimeNs.value,
  keepaliveTimeNs: 30 * SECOND,
  connectTimeNs: 10 * SECOND,
  bfdProfile: null,
  nextHopSelection: 'modulo',
};
const BFD = {
  receiveIntervalNs: defaults.bfdProfile.receiveIntervalNs.value,
  detectMultiplier: defaults.bfdProfile.detectMultiplier.value,
};

interface Options {
  readonly ready: readonly number[];
  readonly policy?: TrafficPolicy;
  readonly settings?: Partial<BgpSettings>;
  readonly sourceAddresses?: number | null;
  readonly seed?: number;
}

function setUp({ ready, policy = 'Cluster', settings = {}, sourceAddresses = null, seed = 1 }: Options) {
  const simulation = new Simulation();
  const mode = new MetallbBgp(simulation, new RandomStreams(seed, 0), ready.length);
  const service = { service: 0, policy, settings: { ...SETTINGS, ...settings }, sourceAddresses };
  const balancer = mode.create(service);
  const log = new WeightLog(simulation, balancer, targets(ready));
  return { simulation, balancer, log, speakers: mode.speakersOf(service.settings) };
}

for (const [name, sourceAddresses] of [
  ['MetalLB in BGP mode', null],
  ['MetalLB in BGP mode, with a router that hashes 5,000 addresses', 5000],
] as const) {
  describeLoadBalancer(name, {
    create: (simulation, nodes) =>
      new MetallbBgp(simulation, new RandomStreams(3, 0), nodes).create({
        service: 0,
        policy: 'Local',
        settings: SETTINGS,
        sourceAddresses,
      }),
    settledAfterNs: 90 * SECOND,
    failsOpen: false,
    spreads: true,
  });
}

const even = (nodes: readonly number[]): (readonly [number, number])[] => nodes.map((node) => [node, 1]);

describe('nodes that announce', () => {
  it('are all under Cluster, and those with a ready endpoint under Local', () => {
    expect(setUp({ ready: [1, 0, 2, 0] }).log.weights).toEqual(even([0, 1, 2, 3]));
    expect(setUp({ ready: [1, 0, 2, 0], policy: 'Local' }).log.weights).toEqual(even([0, 2]));
    expect(setUp({ ready: [0, 0] }).log.weights).toEqual([]);
  });

  it('change at once with the endpoints', () => {
    const local = setUp({ ready: [1, 0, 2, 0], policy: 'Local' });
    local.balancer.endpointsPublished(2, 1);
    local.balancer.endpointsPublished(0, 0);
    local.balancer.endpointsPublished(3, 1);
    expect(local.log.weights).toEqual(even([2, 3]));
    const cluster = setUp({ ready: [1, 0, 0] });
    cluster.balancer.endpointsPublished(0, 0);
    expect(cluster.log.weights).toEqual([]);
    cluster.balancer.endpointsPublished(1, 1);
    expect(cluster.log.weights).toEqual(even([0, 1, 2]));
    expect(cluster.simulation.pending + local.simulation.pending).toBe(0);
  });

  it('have a second hop of 1 - 1/N under Cluster, for any placement', () => {
    const ready = [4, 0, 1, 7, 3];
    const { log } = setUp({ ready });
    const second = log.weights.reduce((sum, [node, weight]) => sum + (weight / log.total) * (1 - ready[node]! / 15), 0);
    expect(second).toBeCloseTo(1 - 1 / 5, 12);
  });
});

describe('a node that dies in silence', () => {
  const lost = (settings: Partial<BgpSettings>, seed: number): number => {
    const { simulation, balancer, log } = setUp({ ready: [1, 1, 1], settings, seed });
    balancer.nodeAnswers(1, 'silent');
    expect(log.nodes).toEqual([0, 1, 2]);
    simulation.run();
    expect(log.nodes).toEqual([0, 2]);
    return simulation.nowNs / SECOND;
  };
  const times = (settings: Partial<BgpSettings>): number[] =>
    Array.from({ length: 500 }, (_, seed) => lost(settings, seed));
  const mean = (numbers: readonly number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

  it('gets its share until the hold time is over, counted from its last keep-alive', () => {
    const seconds = times({});
    expect(Math.min(...seconds)).toBeGreaterThan(60);
    expect(Math.max(...seconds)).toBeLessThan(90);
    expect(Math.abs(mean(seconds) - 75)).toBeLessThan((5 * 30) / Math.sqrt(12 * 500));
  });

  it('is found within 0.9 s by BFD', () => {
    const seconds = times({ bfdProfile: BFD });
    expect(Math.min(...seconds)).toBeGreaterThan(0.6);
    expect(Math.max(...seconds)).toBeLessThan(0.9);
  });

  it('is found by whatever finds it first', () => {
    expect(silenceNs({ ...SETTINGS, bfdProfile: BFD }, 0)).toBe(0.9 * SECOND);
    const slow = { receiveIntervalNs: 60 * SECOND, detectMultiplier: 3 };
    expect(silenceNs({ ...SETTINGS, bfdProfile: slow }, 0)).toBe(90 * SECOND);
  });

  it('is not missed when it is back in time, and opens a session anew when it is not', () => {
    const { simulation, balancer, log } = setUp({ ready: [1, 1, 1] });
    balancer.nodeAnswers(1, 'silent');
    simulation.run(50 * SECOND);
    balancer.nodeAnswers(1, 'healthy');
    simulation.run();
    expect(log.changes).toHaveLength(3);
    balancer.nodeAnswers(1, 'silent');
    simulation.run();
    balancer.nodeAnswers(1, 'healthy');
    expect(log.nodes).toEqual([0, 2]);
    const backNs = simulation.nowNs;
    simulation.run();
    expect(log.nodes).toEqual([0, 1, 2]);
    expect(simulation.nowNs - backNs).toBeLessThan(10 * SECOND);
  });

  it('is forgotten at once when its speaker stops in order, whatever the node does then', () => {
    const { simulation, balancer, speakers, log } = setUp({ ready: [1, 1, 1] });
    speakers.stops(1);
    expect(log.nodes).toEqual([0, 2]);
    balancer.nodeAnswers(1, 'silent');
    balancer.nodeAnswers(1, 'healthy');
    simulation.run();
    expect(log.nodes).toEqual([0, 2]);
    speakers.starts(1);
    simulation.run();
    expect(log.nodes).toEqual([0, 1, 2]);
  });
});

describe('flows', () => {
  it.each(['modulo', 'hash-threshold', 'resilient'] as const)('move by the rule of %s', (nextHopSelection) => {
    const { balancer, log } = setUp({ ready: [1, 1, 1, 1, 1], policy: 'Local', settings: { nextHopSelection } });
    balancer.endpointsPublished(1, 0);
    balancer.endpointsPublished(4, 0);
    balancer.endpointsPublished(4, 1);
    expect(log.moved).toEqual([
      movedShare(nextHopSelection, 5, 1),
      movedShare(nextHopSelection, 4, 3),
      movedShare(nextHopSelection, 4, 3),
    ]);
  });

  it('all go with the only next hop, and none are there when the first one comes', () => {
    for (const sourceAddresses of [null, 50]) {
      const { balancer, log } = setUp({ ready: [1, 0], policy: 'Local', sourceAddresses });
      balancer.endpointsPublished(0, 0);
      balancer.endpointsPublished(1, 1);
      expect(log.moved).toEqual([1]);
    }
  });

  it('are as uneven as the number of source addresses makes them', () => {
    const nodes = 10;
    const runs = 300;
    let squares = 0;
    for (let seed = 0; seed < runs; seed++) {
      const { log } = setUp({ ready: Array<number>(nodes).fill(1), sourceAddresses: 200, seed });
      expect(log.total).toBeCloseTo(1, 12);
      for (let node = 0; node < nodes; node++) squares += (nodes * log.weightOf(node) - 1) ** 2;
    }
    const relative = squares / (runs * nodes) / imbalanceOfFlows(nodes, 200) ** 2;
    expect(Math.abs(relative - 1)).toBeLessThan(4 * Math.sqrt(2 / (runs * (nodes - 1))));
  });

  it('are spread evenly over very many addresses', () => {
    expect(setUp({ ready: [1, 1], sourceAddresses: 10_000_000 }).log.weights).toEqual(even([0, 1]));
  });

  it('from one address are on one node, which another one follows when it goes', () => {
    const { balancer, log } = setUp({ ready: [1, 1, 1, 1], policy: 'Local', sourceAddresses: 1 });
    const [[node, weight]] = log.weights as [readonly [number, number]];
    expect(weight).toBe(1);
    balancer.endpointsPublished(node, 0);
    expect(log.weights).toHaveLength(1);
    expect(log.nodes).not.toContain(node);
    expect(log.moved).toEqual([1]);
  });
});

it('whatever happens, once all is quiet the router knows exactly the nodes that announce', () => {
  const step = fc.record({ node: fc.nat(5), what: fc.nat(4), waitS: fc.nat(100) });
  const worlds = fc.record({
    policy: fc.constantFrom<TrafficPolicy>('Cluster', 'Local'),
    sourceAddresses: fc.constantFrom(null, 40),
    nextHopSelection: fc.constantFrom('modulo' as const, 'hash-threshold' as const, 'resilient' as const),
    steps: fc.array(step, { maxLength: 25 }),
  });
  fc.assert(
    fc.property(worlds, ({ policy, sourceAddresses, nextHopSelection, steps }) => {
      const ready = [1, 0, 2, 1, 0, 1];
      const { simulation, balancer, log, speakers } = setUp({
        ready,
        policy,
        sourceAddresses,
        settings: { nextHopSelection },
      });
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
      }
      simulation.run();
      const isAnyReady = ready.some((count) => count > 0);
      const announcing = ready.flatMap((count, node) =>
        !isDown.has(node) && isAnyReady && (policy === 'Cluster' || count > 0) ? [node] : [],
      );
      const fresh = setUp({ ready, policy, sourceAddresses, settings: { nextHopSelection } });
      if (isDown.size === 0) expect(log.weights).toEqual(fresh.log.weights);
      if (sourceAddresses === null) expect(log.weights).toEqual(even(announcing));
      else {
        expect(log.total).toBeCloseTo(announcing.length === 0 ? 0 : 1, 12);
        for (const node of log.nodes) expect(announcing).toContain(node);
      }
    }),
  );
});
