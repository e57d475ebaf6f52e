/** Runs with services that MetalLB announces. */

import { describe, expect, test } from 'vitest';

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
