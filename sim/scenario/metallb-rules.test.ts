/** What a file may say of MetalLB, what it means, and what is refused where. */

import { describe, expect, test } from 'vitest';

import { type Problem, UserError } from '../errors.js';
import type { Scenario } from '../model/scenario.js';
import { parseExperiment } from './load.js';

const SECOND = 1e9;

const scenario = (loadBalancer: string, ofService = ''): Scenario =>
  parseExperiment(
    `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 10 }
services:
  - { name: web, endpoints: 5, type: LoadBalancer${ofService} }
loadBalancer: { ${loadBalancer} }
workload: [{ at: 1s, rollingUpdate: { service: web } }]
`,
    'a.yaml',
  ).variants[0]!.scenario;

const metallb = (fields: string, ofService?: string) =>
  scenario(`provider: metallb-bgp, metallb: { ${fields} }`, ofService).services[0]!.loadBalancer!.metallb!;

function problemsIn(loadBalancer: string, ofService?: string): readonly Problem[] {
  try {
    scenario(loadBalancer, ofService);
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
}

describe('MetalLB', () => {
  test.each(['metallb-layer2', 'metallb-bgp'])('as %s needs nothing more to be said', (provider) => {
    const { loadBalancer } = scenario(`provider: ${provider}`).services[0]!;
    expect(loadBalancer).toMatchObject({
      provider,
      deregistrationDelayNs: 0,
      metallb: {
        layer2: { arpCacheNs: 30 * SECOND, ignoringShare: 0, announcementLoss: 0 },
        bgp: { holdTimeNs: 90 * SECOND, keepaliveTimeNs: 30 * SECOND, bfdProfile: null, nextHopSelection: 'modulo' },
      },
    });
  });

  test('is nothing to services of other providers', () => {
    expect(scenario('provider: gce').services[0]!.loadBalancer!.metallb).toBeNull();
  });

  test('reads every field', () => {
    const fields =
      'addressPool: { addresses: [172.18.255.200-172.18.255.250, 10.0.0.0/30] }, ' +
      'layer2: { arpCache: 1m, ignoringShare: 5%, announcementLoss: 1% }, ' +
      'bgp: { holdTime: 9s, keepaliveTime: 2s, connectTime: 0s, nextHopSelection: resilient, bfdProfile: { receiveInterval: 50ms, detectMultiplier: 5 } }';
    expect(metallb(fields)).toEqual({
      addressPool: [
        { first: '172.18.255.200', count: 51 },
        { first: '10.0.0.0', count: 4 },
      ],
      layer2: { arpCacheNs: 60 * SECOND, ignoringShare: 0.05, announcementLoss: 0.01 },
      bgp: {
        holdTimeNs: 9 * SECOND,
        keepaliveTimeNs: 2 * SECOND,
        connectTimeNs: 0,
        nextHopSelection: 'resilient',
        bfdProfile: { receiveIntervalNs: 0.05 * SECOND, detectMultiplier: 5 },
      },
    });
  });

  test('sends keep-alives three times in a hold time, and has a BFD profile as it is by default', () => {
    expect(metallb('bgp: { holdTime: 15s, bfdProfile: {} }').bgp).toMatchObject({
      keepaliveTimeNs: 5 * SECOND,
      bfdProfile: { receiveIntervalNs: 0.3 * SECOND, detectMultiplier: 3 },
    });
  });

  test('takes what the service says, then what the top of the file says', () => {
    const { layer2, bgp } = metallb(
      'layer2: { arpCache: 1m }, bgp: { holdTime: 9s, nextHopSelection: resilient }',
      ', loadBalancer: { metallb: { bgp: { holdTime: 30s } } }',
    );
    expect(layer2.arpCacheNs).toBe(60 * SECOND);
    expect(bgp).toMatchObject({ holdTimeNs: 30 * SECOND, nextHopSelection: 'resilient' });
  });
});

describe('refused', () => {
  test.each([
    ['MetalLB of another provider', 'provider: gce, metallb: {}', /provider of the load balancer is gce/],
    ['health checks', 'provider: metallb-bgp, healthCheck: { interval: 9s }', /checks no nodes/],
    ['pods as targets', 'provider: metallb-layer2, targetType: ip', /nodes and not pods/],
    ['weights', 'provider: metallb-bgp, weightByEndpoints: true', /all nodes alike/],
    [
      'a keepaliveTime above the holdTime',
      'provider: metallb-bgp, metallb: { bgp: { holdTime: 9s, keepaliveTime: 10s } }',
      /above the holdTime/,
    ],
    ['a holdTime of a second', 'provider: metallb-bgp, metallb: { bgp: { holdTime: 1s } }', /below 3s/],
  ])('%s', (_, loadBalancer, message) => {
    const problems = problemsIn(loadBalancer);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'KH019' });
    expect(problems[0]!.message).toMatch(message);
  });

  test.each([
    ['10.0.0.9-10.0.0.1', 'KH012'],
    ['10.0.0.0/33', 'KH012'],
    ['10.0.0.300/30', 'KH012'],
    ['fd00::/120', 'KH011'],
    ['10.0.0.1', 'KH011'],
  ])('the range %s', (range, code) => {
    const problems = problemsIn(`provider: metallb-bgp, metallb: { addressPool: { addresses: ["${range}"] } }`);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.code).toBe(code);
  });
});
