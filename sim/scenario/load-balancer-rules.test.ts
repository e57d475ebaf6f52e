/** What a file may say of load balancers, what it means, and what is refused where. */

import { describe, expect, test } from 'vitest';

import { type Problem, UserError } from '../errors.js';
import { CLOUD_PROVIDERS } from '../model/load-balancer-settings.js';
import type { Scenario } from '../model/scenario.js';
import { loadBalancerDefaults } from '../model/versions/load-balancer-profile.js';
import { parseExperiment } from './load.js';

const SECOND = 1e9;

const file = (service: string, more: string): string => `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 10, zones: 2 }
services:
  - { name: web, endpoints: 5${service} }
workload: [{ at: 1s, rollingUpdate: { service: web } }]
${more}
`;

const scenario = (service: string, more = ''): Scenario =>
  parseExperiment(file(service, more), 'a.yaml').variants[0]!.scenario;

const BALANCED = ', type: LoadBalancer';
const loadBalancer = (service: string, more = '') => scenario(BALANCED + service, more).services[0]!.loadBalancer!;

function problemsIn(service: string, more = ''): readonly Problem[] {
  try {
    scenario(service, more);
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
}

describe('the load balancer of a service', () => {
  test('is none unless the type is LoadBalancer', () => {
    expect(scenario('').services[0]!.loadBalancer).toBeNull();
    expect(scenario(', type: NodePort', 'loadBalancer: { provider: azure }').services[0]!.loadBalancer).toBeNull();
  });

  test('is one of GCE by default', () => {
    expect(loadBalancer('')).toMatchObject({
      provider: 'gce',
      targetType: 'instance',
      healthCheck: {
        protocol: 'HTTP',
        intervalNs: 8 * SECOND,
        timeoutNs: SECOND,
        healthyThreshold: 1,
        unhealthyThreshold: 3,
      },
    });
  });

  test.each([
    ['gce', 'Cluster', 'HTTP', [8, 1, 1, 3]],
    ['gce', 'Local', 'HTTP', [8, 1, 1, 3]],
    ['aws-nlb', 'Cluster', 'TCP', [30, 10, 3, 3]],
    ['aws-nlb', 'Local', 'HTTP', [10, 10, 2, 2]],
    ['aws-clb', 'Cluster', 'TCP', [10, 5, 2, 6]],
    ['aws-clb', 'Local', 'HTTP', [10, 5, 2, 6]],
    ['azure', 'Cluster', 'TCP', [5, 5, 1, 2]],
    ['azure', 'Local', 'HTTP', [5, 5, 1, 2]],
  ] as const)('of %s has the checks of its policy %s', (provider, policy, protocol, seconds) => {
    const { healthCheck } = loadBalancer(`, externalTrafficPolicy: ${policy}, loadBalancer: { provider: ${provider} }`);
    const { intervalNs, timeoutNs, healthyThreshold, unhealthyThreshold } = healthCheck;
    expect(healthCheck.protocol).toBe(protocol);
    expect([intervalNs / SECOND, timeoutNs / SECOND, healthyThreshold, unhealthyThreshold]).toEqual(seconds);
  });

  test.each(CLOUD_PROVIDERS)('has a consistent profile for %s', (provider) => {
    for (const policy of ['Cluster', 'Local'] as const) {
      expect(
        problemsIn(`${BALANCED}, externalTrafficPolicy: ${policy}, loadBalancer: { provider: ${provider} }`),
      ).toEqual([]);
      const { median, p99 } = loadBalancerDefaults(provider, policy).provisioningNs;
      // "A minute or two" on average: of a lognormal, the median times exp(s^2 / 2).
      const sigma = Math.log(p99.value / median.value) / 2.3263;
      const meanSeconds = (median.value * Math.exp(sigma ** 2 / 2)) / SECOND;
      expect(meanSeconds).toBeGreaterThanOrEqual(60);
      expect(meanSeconds).toBeLessThanOrEqual(120);
    }
  });

  test('takes what the service says, then what the top of the file says, then the default', () => {
    const top = 'loadBalancer: { provider: azure, whenNoneHealthy: all, healthCheck: { interval: 20s, timeout: 4s } }';
    expect(loadBalancer('', top)).toMatchObject({
      provider: 'azure',
      whenNoneHealthy: 'all',
      healthCheck: { intervalNs: 20 * SECOND, timeoutNs: 4 * SECOND, unhealthyThreshold: 2 },
    });
    expect(loadBalancer(', loadBalancer: { whenNoneHealthy: none, healthCheck: { interval: 6s } }', top)).toMatchObject(
      {
        provider: 'azure',
        whenNoneHealthy: 'none',
        healthCheck: { intervalNs: 6 * SECOND, timeoutNs: 4 * SECOND, unhealthyThreshold: 2 },
      },
    );
  });

  test('of another provider has nothing else of what the top of the file says', () => {
    const top = 'loadBalancer: { provider: azure, targetUpdate: 1m, healthCheck: { interval: 20s } }';
    expect(loadBalancer(', loadBalancer: { provider: gce }', top)).toMatchObject({
      provider: 'gce',
      targetUpdateNs: 5 * SECOND,
      healthCheck: { intervalNs: 8 * SECOND },
    });
  });

  test('reads every field', () => {
    const fields =
      'targetType: ip, healthCheck: { protocol: TCP, interval: 6s, timeout: 2s, healthyThreshold: 4, unhealthyThreshold: 5 }, ' +
      'whenNoneHealthy: none, deregistrationDelay: 5m, flowHash: 2-tuple, weightByEndpoints: true, idleTimeout: unlimited, ' +
      'provisioning: { median: 30s, p99: 40s }, provisioningFailureShare: 10%, targetUpdate: 3s';
    expect(loadBalancer(`, loadBalancer: { provider: generic, ${fields} }`)).toEqual({
      provider: 'generic',
      targetType: 'ip',
      healthCheck: {
        protocol: 'TCP',
        intervalNs: 6 * SECOND,
        timeoutNs: 2 * SECOND,
        healthyThreshold: 4,
        unhealthyThreshold: 5,
      },
      whenNoneHealthy: 'none',
      deregistrationDelayNs: 300 * SECOND,
      flowHash: '2-tuple',
      weightByEndpoints: true,
      idleTimeoutNs: null,
      provisioningNs: { median: 30 * SECOND, p99: 40 * SECOND },
      provisioningFailureShare: 0.1,
      targetUpdateNs: 3 * SECOND,
      metallb: null,
    });
  });
});

test('the service controller', () => {
  const { controlPlane } = scenario(
    '',
    'controlPlane: { cloudControllerManager: { concurrentServiceSyncs: 5, stableLoadBalancerNodeSet: false } }',
  );
  expect(controlPlane.cloudControllerManager).toEqual({ concurrentServiceSyncs: 5, stableLoadBalancerNodeSet: false });
  expect(scenario('').controlPlane.cloudControllerManager).toEqual({
    concurrentServiceSyncs: 1,
    stableLoadBalancerNodeSet: true,
  });
});

describe('refused', () => {
  test.each([
    ['a load balancer of a NodePort service', ', type: NodePort, loadBalancer: {}', '', /only services of type/],
    ['a timeout above the interval', `${BALANCED}, loadBalancer: { healthCheck: { timeout: 9s } }`, '', /above the/],
    ['the same at the top', BALANCED, 'loadBalancer: { healthCheck: { interval: 500ms } }', /above the interval/],
    ['a p99 below the median', BALANCED, 'loadBalancer: { provisioning: { median: 1h } }', /below the median/],
    [
      'no node port for a load balancer that needs it',
      `${BALANCED}, allocateLoadBalancerNodePorts: false`,
      'loadBalancer: { provider: aws-nlb }',
      /reaches nodes by their node port/,
    ],
  ])('%s', (_, service, more, message) => {
    const problems = problemsIn(service, more);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'KH019' });
    expect(problems[0]!.message).toMatch(message);
  });

  test('but a load balancer that leaves the address of the packet needs no node port', () => {
    expect(problemsIn(`${BALANCED}, allocateLoadBalancerNodePorts: false`)).toEqual([]);
    expect(
      problemsIn(
        `${BALANCED}, allocateLoadBalancerNodePorts: false`,
        'loadBalancer: { provider: aws-nlb, targetType: ip }',
      ),
    ).toEqual([]);
  });
});
