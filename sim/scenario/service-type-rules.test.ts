/** What services of each type may say, and how many node ports there are for them. */

import { describe, expect, test } from 'vitest';

import { type Problem, UserError } from '../errors.js';
import type { Scenario } from '../model/scenario.js';
import { parseExperiment } from './load.js';

/** The service under test is on line 7, and what is added from line 10 on. */
const file = (service: string, more: string): string => `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 10, zones: 2 }
services:
  - { name: web, ${service} }
  - { name: other, endpoints: 5 }
${more.includes('workload:') ? '' : 'workload: [{ at: 1s, rollingUpdate: { service: other } }]'}
${more}
`;

const scenario = (service: string, more = ''): Scenario =>
  parseExperiment(file(service, more), 'a.yaml').variants[0]!.scenario;

function problemsIn(service: string, more = ''): readonly Problem[] {
  try {
    scenario(service, more);
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
}

describe('services with several ports', () => {
  test.each([
    ['endpoints: 3', 1],
    ['endpoints: 3, ports: 4', 4],
    ['endpoints: 3, type: Headless, ports: 2', 2],
    ['endpoints: 3, type: LoadBalancer, ports: 2, externalTrafficPolicy: Local', 2],
  ])('%s', (service, ports) => expect(scenario(service).services[0]!.shape.ports).toBe(ports));

  test.each(['ports: 0', 'ports: 1001', 'ports: 1.5', 'ports: [80, 443]'])('not %s', (field) => {
    expect(problemsIn(`endpoints: 3, ${field}`).map(({ line }) => line)).toEqual([7]);
  });
});

describe('headless services', () => {
  test.each([
    'controller: StatefulSet',
    'publishNotReadyAddresses: true',
    'trafficDistribution: PreferClose',
    'ports: 3',
    'ipFamilies: [IPv4, IPv6]',
  ])('may have %s', (field) => expect(problemsIn(`endpoints: 3, type: Headless, ${field}`)).toEqual([]));

  test.each([
    'internalTrafficPolicy: Local',
    'externalTrafficPolicy: Local',
    'sessionAffinity: ClientIP',
    'externalIPs: 1',
    'loadBalancerIPs: 1',
    'loadBalancerSourceRanges: 1',
    'allocateLoadBalancerNodePorts: false',
    'manualNodePorts: true',
    'selector: false',
  ])('have no %s', (field) => {
    const name = field.split(':')[0]!;
    expect(problemsIn(`endpoints: 3, type: Headless, ${field}`)).toMatchObject([
      { code: 'KH019', line: 7, message: expect.stringContaining(`services[0].${name}: `) as string },
    ]);
  });

  test('have rollouts like all others', () => {
    const more = 'workload: [{ at: 1s, rollingUpdate: { service: web } }, { at: 9s, scale: { service: web, to: 7 } }]';
    expect(problemsIn('endpoints: 3, type: Headless', more)).toEqual([]);
  });
});

describe('services of type ExternalName', () => {
  test.each(['', ', selector: false', ', count: 5'])('need nothing more than that (%s)', (more) => {
    expect(problemsIn(`endpoints: 0, type: ExternalName${more}`)).toEqual([]);
  });

  test.each([
    'ports: 2',
    'internalTrafficPolicy: Local',
    'externalTrafficPolicy: Local',
    'sessionAffinity: ClientIP',
    'externalIPs: 1',
    'publishNotReadyAddresses: true',
    'trafficDistribution: PreferClose',
    'topologyMode: Auto',
    'controller: StatefulSet',
    'loadBalancerIPs: 1',
    'manualNodePorts: true',
  ])('have no %s', (field) => {
    const name = field.split(':')[0]!;
    expect(problemsIn(`endpoints: 0, type: ExternalName, ${field}`)).toMatchObject([
      { code: 'KH019', line: 7, message: expect.stringContaining(`services[0].${name}: `) as string },
    ]);
  });

  test('have no endpoints', () => {
    expect(problemsIn('endpoints: 3, type: ExternalName')).toMatchObject([
      { code: 'KH019', line: 7, suggestion: 'write "endpoints: 0", or use another type' },
    ]);
  });

  test.each([
    'rollingUpdate: { service: web }',
    'replaceEach: { service: web, interval: 1s }',
    'scale: { service: web, to: 5 }',
    'podChange: { service: web, change: notReady }',
    'editEndpoints: { service: web, to: 3 }',
    'createService: { service: web }',
    'churn: { podsPerSecond: 1, for: 5s, services: [other, web] }',
  ])('have nothing that %s could change', (action) => {
    const selector = action.startsWith('editEndpoints') ? ', selector: false' : '';
    const problems = problemsIn(`endpoints: 0, type: ExternalName${selector}`, `workload: [{ at: 1s, ${action} }]`);
    expect(problems).toMatchObject([
      { code: 'KH019', line: 10, message: expect.stringContaining('"web" is an ExternalName') as string },
    ]);
  });

  test('have no pods for an autoscaler', () => {
    const more = `autoscalers: [{ service: web, maxReplicas: 5, targetUtilization: 50%, load: [{ at: 1s, utilization: 80% }] }]
duration: 1m`;
    expect(problemsIn('endpoints: 0, type: ExternalName', more).map(({ message }) => message)).toContainEqual(
      expect.stringContaining('is an ExternalName, which has no pods to scale'),
    );
  });
});

describe('clients', () => {
  test.each([['endpoints: 0, type: ExternalName', 'is an ExternalName']])(
    'cannot use the service { %s }',
    (service, message) => {
      expect(problemsIn(service, 'clients: [{ service: web, requestsPerSecond: 10 }]')).toMatchObject([
        { code: 'KH019', line: 10, message: expect.stringContaining(message) as string },
      ]);
    },
  );
});

describe('clients of a headless service', () => {
  const problems = (...clients: string[]) =>
    problemsIn(
      'endpoints: 3, type: Headless',
      `clients: [${clients.map((more, index) => `{ name: c${index}, service: web, requestsPerSecond: 10${more} }`).join(', ')}]`,
    ).map(({ message }) => message);

  test('find its pods by DNS', () => {
    expect(problems('')).toEqual([]);
    expect(problems(', dnsCacheTtl: 5s', ', dnsCacheTtl: 5s, from: nodes')).toEqual([]);
  });

  test.each([
    ['are in the cluster', [', from: outside']],
    ['use no address', [', address: NodePort']],
    ['share caches', ['', ', dnsCacheTtl: 5s']],
  ])('%s', (_, clients) => expect(problems(...clients)).toHaveLength(1));
});

describe('the range of node ports', () => {
  const range = (text: string): string => `controlPlane: { apiServer: { serviceNodePortRange: ${text} } }`;

  test('is that of kube-apiserver by default', () => {
    const { apiServer } = scenario('endpoints: 1').controlPlane;
    expect(apiServer.serviceNodePortRange).toBe('30000-32767');
  });

  test.each([
    ['count: 2768, type: NodePort', '', true],
    ['count: 2769, type: NodePort', '', false],
    ['count: 1384, type: NodePort, ports: 2', '', true],
    ['count: 1385, type: NodePort, ports: 2', '', false],
    ['count: 2768, type: LoadBalancer', '', true],
    // One more for each, for health checks.
    ['count: 1384, type: LoadBalancer, externalTrafficPolicy: Local', '', true],
    ['count: 1385, type: LoadBalancer, externalTrafficPolicy: Local', '', false],
    ['count: 5000, type: LoadBalancer, allocateLoadBalancerNodePorts: false', '', true],
    ['count: 5000', '', true],
    ['count: 201, type: NodePort', range('10000-10200'), true],
    ['count: 202, type: NodePort', range('10000-10200'), false],
    ['count: 12768, type: NodePort', range('20000-32767'), true],
    ['type: NodePort', range('30000-30000'), true],
  ])('{ %s } %s fits: %s', (service, more, fits) => {
    expect(problemsIn(`endpoints: 1, ${service}`, more).map(({ code }) => code)).toEqual(fits ? [] : ['KH019']);
  });

  test('the message says how many are missing', () => {
    const [problem] = problemsIn('endpoints: 1, count: 10, type: NodePort, ports: 3', range('30000-30028'));
    expect(problem).toMatchObject({
      line: 10,
      message: expect.stringMatching(
        /serviceNodePortRange: the services need 30 node ports .* 30000-30028 has 29$/,
      ) as string,
    });
  });

  test.each([
    ['"30000"', 'KH011'],
    ['30000', 'KH011'],
    ['[30000, 32767]', 'KH011'],
    ['32767-30000', 'KH012'],
    ['0-100', 'KH012'],
    ['30000-65536', 'KH012'],
  ])('cannot be %s', (text, code) => {
    expect(problemsIn('endpoints: 1', range(text))).toMatchObject([{ code, line: 10 }]);
  });
});

describe('node ports that people choose', () => {
  test.each(['type: NodePort', 'type: LoadBalancer', 'type: NodePort, ports: 3'])('of a service with %s', (fields) => {
    expect(scenario(`endpoints: 1, ${fields}, manualNodePorts: true`).services[0]!.manualNodePorts).toBe(true);
  });

  test.each(['type: ClusterIP', 'type: LoadBalancer, allocateLoadBalancerNodePorts: false'])(
    'not with %s',
    (fields) => {
      expect(problemsIn(`endpoints: 1, ${fields}, manualNodePorts: true`)).toMatchObject([{ code: 'KH019', line: 7 }]);
    },
  );
});
