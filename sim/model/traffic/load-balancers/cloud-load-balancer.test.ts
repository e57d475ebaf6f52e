import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../../kernel/random.js';
import { Simulation } from '../../../kernel/simulation.js';
import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { LoadBalancerSettings } from '../../load-balancer-settings.js';
import { CloudLoadBalancer } from './cloud-load-balancer.js';
import { describeLoadBalancer } from './load-balancers.conformance.js';
import type { NodeAnswer } from './load-balancer.js';
import { failureDetectionNs } from './periodic-check.js';
import { UntilProvisioned } from './until-provisioned.js';

const SECOND = 1e9;

const SETTINGS: LoadBalancerSettings = {
  provider: 'gce',
  targetType: 'instance',
  healthCheck: {
    protocol: 'HTTP',
    intervalNs: 8 * SECOND,
    timeoutNs: 1 * SECOND,
    healthyThreshold: 1,
    unhealthyThreshold: 3,
  },
  whenNoneHealthy: 'none',
  deregistrationDelayNs: 30 * SECOND,
  flowHash: '5-tuple',
  metallb: null,
  weightByEndpoints: false,
  idleTimeoutNs: null,
  provisioningNs: { median: 60 * SECOND, p99: 180 * SECOND },
  provisioningFailureShare: 0,
  targetUpdateNs: 5 * SECOND,
};
const phases = new RandomStreams(1, 0).hash('load-balancer-check');

const create = (
  simulation: Simulation,
  nodes: number,
  settings: Partial<LoadBalancerSettings> = {},
  service = 0,
  isInPool = (_node: number) => true,
) =>
  new CloudLoadBalancer(simulation, {
    service,
    nodes,
    settings: { ...SETTINGS, ...settings },
    externalTrafficPolicy: 'Local' satisfies TrafficPolicy,
    isInPool,
    phases,
  });

const SETTLED_NS = 3 * 8 * SECOND + 1 * SECOND;

describeLoadBalancer('a load balancer of nodes', {
  create: (simulation, nodes) => create(simulation, nodes),
  settledAfterNs: SETTLED_NS,
  failsOpen: false,
  spreads: true,
});
describeLoadBalancer('a load balancer of nodes that fails open', {
  create: (simulation, nodes) => create(simulation, nodes, { whenNoneHealthy: 'all' }),
  settledAfterNs: SETTLED_NS,
  failsOpen: true,
  spreads: true,
});
describeLoadBalancer('a load balancer of nodes, weighted', {
  create: (simulation, nodes) => create(simulation, nodes, { weightByEndpoints: true }),
  settledAfterNs: SETTLED_NS,
  failsOpen: false,
  spreads: true,
});
describeLoadBalancer('a load balancer of pods', {
  create: (simulation, nodes) => create(simulation, nodes, { targetType: 'ip' }),
  settledAfterNs: SETTLED_NS + 5 * SECOND,
  failsOpen: false,
  spreads: true,
});
describeLoadBalancer('a load balancer that has been set up', {
  create: (simulation, nodes) => {
    const later = new UntilProvisioned(create(simulation, nodes));
    later.provisioned();
    return later;
  },
  settledAfterNs: SETTLED_NS,
  failsOpen: false,
  spreads: true,
});

/** A load balancer in front of nodes, and what it says of them over time. */
class Observed {
  readonly simulation = new Simulation();
  readonly #nothing = this.simulation.registerKind('nothing', () => {});
  readonly loadBalancer: CloudLoadBalancer;
  readonly weights: number[];
  readonly told: (readonly [seconds: number, node: number, weight: number])[] = [];

  constructor(ready: readonly number[], settings: Partial<LoadBalancerSettings> = {}, service = 0) {
    this.loadBalancer = create(this.simulation, ready.length, settings, service);
    this.weights = ready.map(() => 0);
    this.loadBalancer.start(
      {
        nodes: ready.length,
        answerOf: (node) => (ready[node]! > 0 ? 'healthy' : 'unhealthy'),
        readyOn: (node) => ready[node]!,
      },
      (node, weight) => {
        this.weights[node] = weight;
        this.told.push([this.simulation.nowNs / SECOND, node, weight]);
      },
    );
    this.told.length = 0;
  }

  /** Lets time pass, be there events or not. */
  runUntil(atNs: number): void {
    this.simulation.schedule(atNs, this.#nothing);
    this.simulation.run(atNs);
  }

  /** Runs until `atNs` and has the node answer so from then on. */
  answer(atNs: number, node: number, answer: NodeAnswer): void {
    this.runUntil(atNs);
    this.loadBalancer.nodeAnswers(node, answer);
  }
}

/** When the service's node 0 is checked first. */
const phaseNs = (service: number): number => Math.floor(phases.uniform(service, 0) * SETTINGS.healthCheck.intervalNs);

describe('loss of requests to a node whose last pod goes', () => {
  /** Requests per second times the time from the end of the grace period until the node gets no more. */
  const lost = (service: number, removedNs: number, graceNs: number, requestsPerSecond: number): number => {
    const observed = new Observed([1, 1], {}, service);
    observed.answer(removedNs, 0, 'unhealthy');
    observed.simulation.run();
    const outNs = observed.told[0]![0] * SECOND;
    return (requestsPerSecond * Math.max(0, outNs - removedNs - graceNs)) / SECOND;
  };

  test('is r max(0, D - G), D being the time of detection', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 0, max: 60 * SECOND }),
        fc.integer({ min: 0, max: 30 * SECOND }),
        (service, removedNs, graceNs) => {
          const intervalNs = SETTINGS.healthCheck.intervalNs;
          const untilCheckNs = (((phaseNs(service) - removedNs) % intervalNs) + intervalNs) % intervalNs;
          const detectionNs = untilCheckNs + 2 * intervalNs;
          const expected = (100 * Math.max(0, detectionNs - graceNs)) / SECOND;
          expect(lost(service, removedNs, graceNs, 100)).toBeCloseTo(expected, 5);
        },
      ),
    );
  });

  test('is nothing with a grace period of 30 s, and at most r 14 s with one of 10 s', () => {
    const services = Array.from({ length: 500 }, (_, service) => service);
    const max = (graceNs: number): number => Math.max(...services.map((service) => lost(service, SECOND, graceNs, 1)));
    expect(max(30 * SECOND)).toBe(0);
    expect(max(10 * SECOND)).toBeLessThan(14);
    expect(max(10 * SECOND)).toBeGreaterThan(13.9);
  });

  test('has the expected time of detection on average over load balancers', () => {
    const services = Array.from({ length: 4000 }, (_, service) => service);
    const mean = services.reduce((sum, service) => sum + lost(service, SECOND, 0, 1), 0) / services.length;
    // Uniform over an interval of 8 s: the standard error is 8 / sqrt(12 n).
    const standardError = 8 / Math.sqrt(12 * services.length);
    expect(Math.abs(mean - failureDetectionNs(SETTINGS.healthCheck, 'unhealthy').mean / SECOND)).toBeLessThan(
      4 * standardError,
    );
  });
});

describe('a load balancer with no healthy target', () => {
  test('sends to all of them when it fails open, until one is healthy again', () => {
    const observed = new Observed([1, 1, 0], { whenNoneHealthy: 'all' });
    expect(observed.weights).toEqual([1, 1, 0]);
    observed.answer(SECOND, 0, 'unhealthy');
    observed.answer(SECOND, 1, 'unhealthy');
    observed.simulation.run();
    expect(observed.weights).toEqual([1, 1, 1]);
    observed.answer(observed.simulation.nowNs, 2, 'healthy');
    observed.simulation.run();
    expect(observed.weights).toEqual([0, 0, 1]);
  });

  test('sends to none otherwise', () => {
    const observed = new Observed([1], {});
    observed.answer(SECOND, 0, 'silent');
    observed.simulation.run();
    expect(observed.weights).toEqual([0]);
  });
});

describe('weights by endpoints', () => {
  test('are told by the next check', () => {
    const observed = new Observed([1, 3], { weightByEndpoints: true });
    expect(observed.weights).toEqual([1, 3]);
    observed.runUntil(20 * SECOND);
    observed.loadBalancer.endpointsPublished(0, 2);
    observed.loadBalancer.endpointsPublished(0, 4);
    observed.simulation.run();
    expect(observed.weights).toEqual([4, 3]);
    const [[seconds]] = observed.told as [[number, number, number]];
    expect(((seconds * SECOND - phaseNs(0)) % (8 * SECOND)) / SECOND).toBeCloseTo(0, 6);
    expect(seconds).toBeGreaterThanOrEqual(20);
    expect(seconds).toBeLessThan(28);
  });

  test('stay as they were told while checks fail', () => {
    const observed = new Observed([2, 1], { weightByEndpoints: true });
    observed.answer(SECOND, 0, 'unhealthy');
    observed.loadBalancer.endpointsPublished(0, 0);
    observed.simulation.run();
    expect(observed.told.map(([, node, weight]) => [node, weight])).toEqual([[0, 0]]);
  });
});

describe('pods as targets', () => {
  test('leave when the pool is updated, and come after their checks too', () => {
    const observed = new Observed([2, 1], { targetType: 'ip' });
    expect(observed.weights).toEqual([2, 1]);
    observed.runUntil(10 * SECOND);
    observed.loadBalancer.endpointsPublished(0, 1);
    observed.loadBalancer.endpointsPublished(1, 2);
    observed.simulation.run();
    expect(observed.told.map(([, node, weight]) => [node, weight])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(observed.told[0]![0]).toBe(15);
    expect(observed.told[1]![0]).toBeGreaterThanOrEqual(15);
    expect(observed.told[1]![0]).toBeLessThan(23);
  });

  test('do not mind that the node has none for its own traffic', () => {
    const observed = new Observed([2, 1], { targetType: 'ip' });
    observed.answer(SECOND, 0, 'unhealthy');
    observed.simulation.run();
    expect(observed.weights).toEqual([2, 1]);
  });

  test('are gone with their node', () => {
    const observed = new Observed([2, 1], { targetType: 'ip' });
    observed.answer(SECOND, 0, 'silent');
    observed.simulation.run();
    expect(observed.weights).toEqual([0, 1]);
  });
});

describe('a node that leaves the pool', () => {
  test('gets nothing once the data path knows, and is checked when it comes back', () => {
    const observed = new Observed([1, 1]);
    observed.loadBalancer.setInPool(0, false);
    observed.runUntil(20 * SECOND);
    expect(observed.told).toEqual([[5, 0, 0]]);
    observed.loadBalancer.setInPool(0, true);
    observed.simulation.run();
    expect(observed.told).toHaveLength(2);
    expect(observed.told[1]![0]).toBeGreaterThanOrEqual(25);
    expect(observed.told[1]![0]).toBeLessThan(33);
  });
});

describe('a load balancer that is set up in the run', () => {
  test('sends nothing before, and starts with what is so then', () => {
    const simulation = new Simulation();
    const later = new UntilProvisioned(create(simulation, 2));
    const weights = [0, 0];
    later.start(
      { nodes: 2, answerOf: () => 'unhealthy', readyOn: () => 0 },
      (node, weight) => (weights[node] = weight),
    );
    later.nodeAnswers(1, 'healthy');
    later.endpointsPublished(1, 3);
    simulation.run();
    expect(weights).toEqual([0, 0]);
    later.provisioned();
    expect(weights).toEqual([0, 1]);
    later.nodeAnswers(0, 'healthy');
    simulation.run();
    expect(weights).toEqual([1, 1]);
  });
});

describe('targets that are taken out of the pool', () => {
  const leaving = (settings: Partial<LoadBalancerSettings>, act: (loadBalancer: CloudLoadBalancer) => void) => {
    const simulation = new Simulation();
    const loadBalancer = create(simulation, 2, settings);
    const left: (readonly [node: number, drainNs: number, atNs: number])[] = [];
    loadBalancer.onTargetLeft((node, drainNs) => left.push([node, drainNs, simulation.nowNs]));
    loadBalancer.start({ nodes: 2, answerOf: () => 'healthy', readyOn: () => 2 }, () => {});
    act(loadBalancer);
    simulation.run(1000 * SECOND);
    return left;
  };

  test('drain from the moment when the data path follows', () => {
    expect(leaving({}, (loadBalancer) => loadBalancer.setInPool(1, false))).toEqual([[1, 30 * SECOND, 5 * SECOND]]);
  });

  test('are not those whose checks fail', () => {
    expect(leaving({}, (loadBalancer) => loadBalancer.nodeAnswers(1, 'unhealthy'))).toEqual([]);
  });

  test('are nodes with their last pod, where pods are targets', () => {
    const ip = { targetType: 'ip', deregistrationDelayNs: 0 } as const;
    expect(leaving(ip, (loadBalancer) => loadBalancer.endpointsPublished(0, 1))).toEqual([]);
    expect(leaving(ip, (loadBalancer) => loadBalancer.endpointsPublished(0, 0))).toEqual([[0, 0, 5 * SECOND]]);
  });
});
