/** Runs with services that MetalLB announces. */

import { describe, expect, test } from 'vitest';

import { preferenceOrder } from '../model/traffic/load-balancers/layer2-election.js';
import { World } from '../model/world.js';
import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

const scenario = (overrides: readonly string[] = []) =>
  parseExperiment(
    `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 12 }
services:
  - { name: web, count: 5, endpoints: 3, type: LoadBalancer, externalTrafficPolicy: Local }
  - { name: new, count: 2, endpoints: 3, type: LoadBalancer }
loadBalancer: { provider: metallb-layer2, metallb: { addressPool: { addresses: [172.18.255.200-172.18.255.205] } } }
workload: [{ at: 1s, createService: { service: new } }, { at: 2s, rollingUpdate: { service: web } }]
`,
    'a.yaml',
    { overrides },
  ).variants[0]!.scenario;

describe('an address pool of six', () => {
  test('has addresses for the five services that are there first and one of the two that are created', () => {
    const { warnings, distributions } = runReplication(scenario(), 0);
    expect(warnings.filter((warning) => warning.includes('1 service has no external address'))).toHaveLength(1);
    expect(distributions.load_balancer_provisioning_seconds!.count).toBe(1);
  });

  test('is shared by the modes, and nobody is told of one that is large enough', () => {
    const large = 'loadBalancer.metallb.addressPool.addresses=[10.0.0.0/24]';
    const { warnings } = runReplication(scenario([large, 'loadBalancer.provider=metallb-bgp']), 0);
    expect(warnings.filter((warning) => warning.includes('address'))).toEqual([]);
  });
});

test.each([
  { provider: 'metallb-layer2', nodes: 1 },
  { provider: 'metallb-bgp', nodes: 12 },
])(
  '$provider sends to $nodes nodes of a service that is there, and to none of one that is pending',
  ({ provider, nodes }) => {
    const told = (addresses: string, service: number): number[] => {
      const overrides = [
        `loadBalancer.provider=${provider}`,
        `loadBalancer.metallb.addressPool.addresses=[${addresses}]`,
        'workload=[{at: 1s, rollingUpdate: {service: web}}]',
      ];
      const world = new World(scenario(overrides), 0);
      const weights: number[] = [];
      world
        .loadBalancers!.create(service)!
        .start({ nodes: 12, answerOf: () => 'healthy', readyOn: () => 1 }, (_, weight) => weights.push(weight));
      world.run();
      return weights;
    };
    expect(told('10.0.0.0/24', 6)).toEqual(Array<number>(nodes).fill(1));
    expect(told('10.0.0.0/30', 6)).toEqual([]);
  },
);

describe('requests from outside to three nodes in a zone each, one of which is lost', () => {
  const RATE = 900;
  const NODES = ['node-0', 'node-1', 'node-2'];
  const FIRST_ADDRESS = '10.192.0.0';
  const leader = preferenceOrder(NODES, FIRST_ADDRESS)[0]!;

  const run = (
    overrides: readonly string[],
    lostZone: number | null,
    replication = 0,
  ): Readonly<Record<string, number>> =>
    runReplication(
      parseExperiment(
        `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 3, zones: 3 }
duration: 2m
services: [{ name: web, endpoints: 6, type: LoadBalancer }]
clients: [{ service: web, from: outside, requestsPerSecond: ${RATE} }]
loadBalancer: { provider: metallb-layer2 }
workload: [{ at: 5s, ${lostZone === null ? 'podChange: { service: web, change: replace }' : `loseNodes: { zone: ${lostZone} }`} }]
`,
        'a.yaml',
        { overrides },
      ).variants[0]!.scenario,
      replication,
    ).scalars;

  /** How long all requests to one node would have to be lost, in seconds. */
  const lostSeconds = (overrides: readonly string[], zone: number, replication = 0): number =>
    run(overrides, zone, replication)['requests_lost_load_balancer_total']! / RATE;

  test('are all lost until the speakers know, if it leads in layer 2 mode, and none if it does not', () => {
    for (const replication of [0, 1, 2]) {
      // A probe without answer and a suspicion of four seconds, after the next tick; two speakers may pick each other for a while.
      expect(lostSeconds([], leader, replication)).toBeGreaterThan(5);
      expect(lostSeconds([], leader, replication)).toBeLessThan(12);
      expect(lostSeconds([], (leader + 1) % 3, replication)).toBe(0);
    }
  });

  test('are lost for longer by clients that ignore announcements', () => {
    const ignored = 'loadBalancer.metallb.layer2.ignoringShare=100%';
    const cache = 'loadBalancer.metallb.layer2.arpCache=60s';
    // Evenly spread over the life of an entry.
    const seconds = lostSeconds([ignored, cache], leader);
    expect(Math.abs(seconds - 30)).toBeLessThan(4);
    expect(lostSeconds([cache], leader)).toBeCloseTo(lostSeconds([], leader), 9);
  });

  test.each([
    { name: 'the hold time', overrides: [], from: 60, to: 90 },
    { name: 'a shorter one', overrides: ['loadBalancer.metallb.bgp.holdTime=9s'], from: 6, to: 9 },
    { name: 'BFD', overrides: ['loadBalancer.metallb.bgp.bfdProfile={}'], from: 0.6, to: 0.9 },
  ])('are lost by a third in BGP mode, as long as $name lets them', ({ overrides, from, to }) => {
    const seconds = 3 * lostSeconds(['loadBalancer.provider=metallb-bgp', ...overrides], 1);
    expect(seconds).toBeGreaterThan(from);
    expect(seconds).toBeLessThan(to);
  });

  test('take a second hop from the leader to all pods that are not there, and from all nodes alike in BGP mode', () => {
    // Pods are spread evenly: two of the six are where a request enters.
    expect(run([], null)['requests_second_hop_ratio']).toBeCloseTo(2 / 3, 3);
    expect(run(['loadBalancer.provider=metallb-bgp'], null)['requests_second_hop_ratio']).toBeCloseTo(2 / 3, 3);
  });

  test('all go to pods of the leader under policy Local in layer 2 mode', () => {
    const { pod_load_max_over_mean: hottest, requests_second_hop_ratio: second } = run(
      ['services.web.externalTrafficPolicy=Local'],
      null,
    );
    expect(second).toBe(0);
    expect(hottest).toBeCloseTo(3, 9);
  });
});
