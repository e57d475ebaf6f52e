/** What a file may say of autoscalers and of services without selector, and what it means. */

import { describe, expect, test } from 'vitest';

import { UserError } from '../errors.js';
import type { Scenario } from '../model/scenario.js';
import { parseExperiment } from './load.js';

const HEAD = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 10 }
services:
  - { name: web, endpoints: 5 }
  - { name: empty, endpoints: 0 }
  - { name: database, endpoints: 5, selector: false }
`;

const scenario = (more: string): Scenario => parseExperiment(HEAD + more, 'a.yaml').variants[0]!.scenario;

/** Codes and messages of all problems, without their places. */
function problemsIn(more: string): string[] {
  try {
    parseExperiment(HEAD + more, 'a.yaml');
  } catch (error) {
    if (error instanceof UserError)
      return error.problems.map(({ code, message }) => `${code} ${message.replace(/^\S+: /, '')}`);
    throw error;
  }
  return [];
}

const autoscaled = (fields: string, duration = 'duration: 10m'): string => `
${duration}
autoscalers: [{ service: web, maxReplicas: 20, targetUtilization: 50%, load: []${fields} }]
workload: []
`;

describe('an autoscaler', () => {
  test('has the defaults of the API, and acts without any other workload', () => {
    expect(scenario(autoscaled('')).autoscalers).toEqual([
      { service: 'web', minReplicas: 1, maxReplicas: 20, targetUtilizationPercent: 50, behavior: null, load: [] },
    ]);
  });

  test('has the defaults of each direction that its behavior leaves open', () => {
    const behavior = ', behavior: { scaleDown: { policies: [{ type: Pods, value: 4, periodSeconds: 60 }] } }';
    const flags = 'controlPlane: { controllerManager: { horizontalPodAutoscalerDownscaleStabilization: 1m } }';
    expect(scenario(autoscaled(behavior) + flags).autoscalers[0]!.behavior).toEqual({
      scaleUp: {
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
        selectPolicy: 'Max',
        stabilizationWindowSeconds: 0,
      },
      scaleDown: {
        policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }],
        selectPolicy: 'Max',
        stabilizationWindowSeconds: 60,
      },
    });
  });

  test('has flags of the controller manager as its own', () => {
    const flags = 'controlPlane: { controllerManager: { horizontalPodAutoscalerTolerance: 5% } }';
    const { controllerManager, metricsServer } = scenario(autoscaled('') + flags).controlPlane;
    expect(controllerManager.horizontalPodAutoscalerTolerance).toBe(0.05);
    expect(controllerManager.horizontalPodAutoscalerSyncPeriodNs).toBe(15e9);
    expect(metricsServer.metricResolutionNs).toBe(15e9);
  });

  test.each([
    ['a run without an end', autoscaled('', ''), ['KH019 autoscalers in a scenario without a duration never end']],
    ['more at least than at most', autoscaled(', minReplicas: 30'), [/^KH019 the maxReplicas of 20 is below/]],
    ['a target that is no whole percent', autoscaled('').replace('50%', '0.4%'), [/^KH012 /]],
    ['a step after the end', autoscaled('').replace('[]', '[{ at: 10m, utilization: 90% }]'), [/^KH019 the load step/]],
    [
      'steps out of order',
      autoscaled('').replace('[]', '[{ at: 2m, utilization: 90% }, { at: 2m, utilization: 80% }]'),
      [/^KH019 the step at 2m is not after/],
    ],
    ['an unknown service', autoscaled('').replace('web', 'wep'), [/^KH016 there is no service called "wep"/]],
    ['a service without pods', autoscaled('').replace('web', 'empty'), [/^KH021 .* no pods at the start/]],
    ['a service without selector', autoscaled('').replace('web', 'database'), [/^KH019 .* has no selector/]],
    [
      'no policy',
      autoscaled(', behavior: { scaleUp: { policies: [] } }'),
      ['KH019 a direction has at least one policy'],
    ],
    ['too many pods', autoscaled('').replace('20', '10000000'), [/^KH022 /]],
  ])('refuses %s', (_, more, expected) => {
    expect(problemsIn(more)).toEqual(
      expected.map((problem) => (typeof problem === 'string' ? problem : (expect.stringMatching(problem) as string))),
    );
  });

  test('is the only one of its service', () => {
    const two = autoscaled('').replace(
      'autoscalers: [',
      'autoscalers: [{ service: web, maxReplicas: 9, targetUtilization: 60%, load: [] }, ',
    );
    expect(problemsIn(two)).toEqual([expect.stringMatching(/^KH019 the service "web" has another autoscaler/)]);
  });

  test('does not excuse a scenario without anything that happens', () => {
    expect(problemsIn('workload: []')).toEqual([expect.stringMatching(/^KH021 the workload is empty/)]);
  });
});

describe('a service without selector', () => {
  const workload = (action: string): string => `workload: [{ at: 1s, ${action} }]`;

  test('has its Endpoints edited', () => {
    expect(scenario(workload('editEndpoints: { service: database, to: 9 }')).workload).toEqual([
      { kind: 'editEndpoints', atNs: 1e9, service: 'database', to: 9, replace: 0 },
    ]);
    expect(scenario(workload('editEndpoints: { service: database, replace: 2 }')).workload).toEqual([
      { kind: 'editEndpoints', atNs: 1e9, service: 'database', to: null, replace: 2 },
    ]);
  });

  test.each([
    ['rollingUpdate: { service: database }', /^KH019 the service "database" has no selector, .* "rollingUpdate"/],
    ['scale: { service: database, to: 3 }', /^KH019 .* "scale"/],
    ['replaceEach: { service: database, interval: 1s }', /^KH019 .* "replaceEach"/],
    ['podChange: { service: database, change: ready }', /^KH019 .* "podChange"/],
    ['createService: { service: database }', /^KH019 .* "createService"/],
    ['churn: { podsPerSecond: 1, for: 10s, services: [web, database] }', /^KH019 .* "churn"/],
    ['editEndpoints: { service: web, to: 3 }', /^KH019 the Endpoints of "web" are written by a controller/],
    ['editEndpoints: { service: database }', /^KH021 the write would change nothing/],
  ])('%s', (action, problem) => {
    expect(problemsIn(workload(action))).toEqual([expect.stringMatching(problem)]);
  });

  test('takes no part in the churn of all services', () => {
    expect(problemsIn(workload('churn: { podsPerSecond: 1, for: 10s }'))).toEqual([]);
  });
});
