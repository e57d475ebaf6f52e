import { describe, expect, test } from 'vitest';
import { versionProfile } from '../model/versions/profiles.js';
import { parseExperiment } from './load.js';
import type { Scenario } from '../model/scenario.js';

const normalized = (more = ''): Scenario =>
  parseExperiment(
    [
      'apiVersion: kube-headroom/v1',
      'kind: Scenario',
      'metadata: { name: test }',
      more.includes('cluster:') ? '' : 'cluster: { nodes: 10 }',
      'services: [{ name: web, endpoints: 5 }]',
      more.includes('workload:') ? '' : 'workload: [{ at: 1s, rollingUpdate: { service: web } }]',
      more,
    ].join('\n'),
    'test.yaml',
  ).variants[0]!.scenario;

const rolloutOf = (limits: string) =>
  normalized(`workload: [{ at: 1s, rollingUpdate: { service: web${limits} } }]`).workload[0];

test('a setting that the file does not give has the default of the version profile', () => {
  const scenario = normalized('kubernetes: "1.21"');
  const profile = versionProfile('1.21');
  expect(scenario.kubelet.kubeApiBurst).toBe(profile.kubelet.kubeApiBurst.value);
  expect(scenario.controlPlane.controllerManager.maxEndpointsPerObject).toBeNull();
  expect(scenario.drainLimitNs).toBe(600e9);
});

test('"unlimited" is no limit', () => {
  const { apiServer, etcd } = normalized(
    'controlPlane: { apiServer: { networkBandwidth: unlimited }, etcd: { maxRequestBytes: unlimited } }',
  ).controlPlane;
  expect(apiServer.networkBandwidthBitsPerSecond).toBeNull();
  expect(etcd.maxRequestBytes).toBeNull();
});

test('a zero is a value and not a missing one', () => {
  expect(normalized('kubeProxy: { minSyncPeriod: 0s }').kubeProxy.minSyncPeriodNs).toBe(0);
  expect(normalized('cluster: { nodes: 1, nodeSpeedVariation: 0 }').cluster.nodeSpeedVariation).toBe(0);
});

test('a StatefulSet updates one pod at a time unless told otherwise, and several only since 1.35', () => {
  const stateful = (version: string, limits: string): Scenario =>
    parseExperiment(
      [
        'apiVersion: kube-headroom/v1',
        'kind: Scenario',
        'metadata: { name: test }',
        `kubernetes: "${version}"`,
        'cluster: { nodes: 10 }',
        'services: [{ name: db, endpoints: 5, controller: StatefulSet, podManagementPolicy: Parallel }]',
        `workload: [{ at: 1s, rollingUpdate: { service: db${limits} } }]`,
      ].join('\n'),
      'test.yaml',
    ).variants[0]!.scenario;
  expect(stateful('1.34', '').workload[0]).toMatchObject({
    maxSurge: { absolute: 0 },
    maxUnavailable: { absolute: 1 },
    partition: 0,
    minReadyNs: 0,
    strategy: 'RollingUpdate',
  });
  expect(stateful('1.35', ', maxUnavailable: 40%, minReadySeconds: 5, partition: 2').workload[0]).toMatchObject({
    maxUnavailable: { fraction: 0.4 },
    partition: 2,
    minReadyNs: 5e9,
  });
  expect(stateful('1.34', '').services[0]).toMatchObject({
    controller: 'StatefulSet',
    podManagementPolicy: 'Parallel',
  });
});

test('pods are spread evenly unless their services say otherwise', () => {
  expect(normalized().services[0]!.placement).toBe('even');
  const { scenario } = parseExperiment(
    [
      'apiVersion: kube-headroom/v1',
      'kind: Scenario',
      'metadata: { name: test }',
      'cluster: { nodes: 10 }',
      'services: [{ name: web, endpoints: 5 }]',
      'workload: [{ at: 1s, rollingUpdate: { service: web } }]',
    ].join('\n'),
    'test.yaml',
    { overrides: ['services.web.placement=topologySpread'] },
  ).variants[0]!;
  expect(scenario.services[0]!.placement).toBe('topologySpread');
});

test('a scenario is plain JSON, as it crosses to worker threads', () => {
  const scenario = normalized();
  expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
});

describe('replications', () => {
  test.each([
    ['', { min: 5, max: 5, precision: null }],
    ['replications: 7', { min: 7, max: 7, precision: null }],
    ['replications: { min: 3 }', { min: 3, max: 3, precision: null }],
    ['replications: { max: 3 }', { min: 3, max: 3, precision: null }],
    ['replications: { precision: 5% }', { min: 5, max: 40, precision: 0.05 }],
    ['replications: { min: 60, precision: 5% }', { min: 60, max: 60, precision: 0.05 }],
    ['replications: { min: 4, max: 9, precision: 1% }', { min: 4, max: 9, precision: 0.01 }],
  ])('%j', (text, policy) => {
    expect(normalized(text).replications).toEqual(policy);
  });
});

describe('a rolling update', () => {
  test('has the limits of a Deployment by default', () => {
    expect(rolloutOf('')).toMatchObject({ maxSurge: { fraction: 0.25 }, maxUnavailable: { fraction: 0.25 } });
  });

  test('takes numbers of pods and percentages', () => {
    expect(rolloutOf(', maxSurge: 3, maxUnavailable: 10%')).toMatchObject({
      maxSurge: { absolute: 3 },
      maxUnavailable: { fraction: 0.1 },
    });
  });

  test('with both limits 0 has one pod unavailable, as in Kubernetes', () => {
    expect(rolloutOf(', maxSurge: 0, maxUnavailable: 0%')).toMatchObject({
      maxSurge: { absolute: 0 },
      maxUnavailable: { absolute: 1 },
    });
  });
});

test('every action has its normalized form', () => {
  const { workload } = normalized(
    [
      'duration: 10m',
      'workload:',
      '  - { at: 2s, replaceEach: { service: web, interval: 100ms } }',
      '  - { at: 3s, churn: { podsPerSecond: 0.5 } }',
      '  - { at: 4s, churn: { podsPerSecond: 2, for: 1m, arrivals: regular, services: [web] } }',
      '  - { at: 5s, scale: { service: web, to: 8 } }',
      '  - { at: 6s, podChange: { service: web, change: notReady } }',
      '  - { at: 6s, podChange: { service: web, change: notReady, failure: refused } }',
      '  - { at: 1s, createService: { service: web } }',
      '  - { at: 7s, loseNodes: { nodes: 3 } }',
      '  - { at: 7s, loseNodes: { zone: 1, for: 5m } }',
      '  - { at: 8s, restartNodes: { nodes: 2 } }',
      '  - { at: 7s, failOverControllerManager: {} }',
      '  - { at: 8s, restartApiServer: { for: 10s } }',
      '  - { at: 9s, slowWatchers: { nodes: 1%, for: 30s } }',
    ].join('\n'),
  );
  expect(workload).toEqual([
    { kind: 'replaceEach', atNs: 2e9, service: 'web', intervalNs: 100e6 },
    { kind: 'churn', atNs: 3e9, forNs: null, podsPerSecond: 0.5, arrivals: 'poisson', services: [] },
    { kind: 'churn', atNs: 4e9, forNs: 60e9, podsPerSecond: 2, arrivals: 'regular', services: ['web'] },
    { kind: 'scale', atNs: 5e9, service: 'web', to: 8 },
    { kind: 'podChange', atNs: 6e9, service: 'web', change: 'notReady', failure: 'timeout' },
    { kind: 'podChange', atNs: 6e9, service: 'web', change: 'notReady', failure: 'refused' },
    { kind: 'createService', atNs: 1e9, service: 'web' },
    { kind: 'loseNodes', atNs: 7e9, nodes: { count: 3 }, forNs: null },
    { kind: 'loseNodes', atNs: 7e9, nodes: { zone: 1 }, forNs: 300e9 },
    { kind: 'restartNodes', atNs: 8e9, nodes: { count: 2 }, forNs: 30e9 },
    { kind: 'failOverControllerManager', atNs: 7e9 },
    { kind: 'restartApiServer', atNs: 8e9, server: 0, forNs: 10e9 },
    { kind: 'slowWatchers', atNs: 9e9, nodes: { fraction: 0.01 }, forNs: 30e9 },
  ]);
});

describe('what a service group says of its pods', () => {
  const groupOf = (group: string, more = '') => {
    const { services } = parseExperiment(
      [
        'apiVersion: kube-headroom/v1',
        'kind: Scenario',
        'metadata: { name: test }',
        'cluster: { nodes: 10 }',
        `services: [{ name: web, endpoints: 5${group} }]`,
        'workload: [{ at: 1s, rollingUpdate: { service: web } }]',
        more,
      ].join('\n'),
      'test.yaml',
    ).variants[0]!.scenario;
    return services[0]!;
  };

  test('no probe is no probe, and an empty one has the defaults of Kubernetes', () => {
    expect(groupOf('').readinessProbe).toBeNull();
    expect(groupOf(', readinessProbe: {}').readinessProbe).toEqual({
      initialDelayNs: 0,
      periodNs: 10e9,
      timeoutNs: 1e9,
      successThreshold: 1,
      failureThreshold: 3,
    });
    expect(groupOf(', readinessProbe: { periodSeconds: 2 }').readinessProbe?.periodNs).toBe(2e9);
  });

  test.each([
    ['', '', { terminationGracePeriodSeconds: 30, preStop: { sleepNs: 0 } }],
    ['', 'pods: { preStop: { sleep: 5s } }', { terminationGracePeriodSeconds: 30, preStop: { sleepNs: 5e9 } }],
    [
      ', preStop: { sleep: 0s }, terminationGracePeriodSeconds: 60',
      'pods: { preStop: { sleep: 5s } }',
      { terminationGracePeriodSeconds: 60, preStop: { sleepNs: 0 } },
    ],
  ])('%j comes before %j', (group, more, termination) => {
    expect(groupOf(group, more)).toMatchObject(termination);
  });
});
