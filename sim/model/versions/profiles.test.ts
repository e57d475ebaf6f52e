import { describe, expect, test } from 'vitest';
import { DEFAULT_VERSION, profileConstants, SUPPORTED_VERSIONS, versionProfile } from './profiles.js';

describe('what changed between versions', () => {
  test.each([
    ['the kubelet client limits grew in 1.27', '1.26', '1.27', 'kubelet.kubeApiQps', 5, 50],
    ['the kubelet burst grew in 1.27', '1.26', '1.27', 'kubelet.kubeApiBurst', 10, 100],
    ['partial iptables-restore is on since 1.27', '1.26', '1.27', 'kubeProxy.minimizeIPTablesRestore', false, true],
    [
      'Endpoints are truncated since 1.22',
      '1.21',
      '1.22',
      'controlPlane.controllerManager.maxEndpointsPerObject',
      null,
      1000,
    ],
    [
      'nodes may be silent for longer since 1.32',
      '1.31',
      '1.32',
      'controlPlane.controllerManager.nodeMonitorGracePeriod',
      40e9,
      50e9,
    ],
    ['containers are probed at once since 1.24', '1.23', '1.24', 'kubelet.immediateReadinessProbe', false, true],
    [
      'a stale Endpoints cache is noticed since 1.31',
      '1.30',
      '1.31',
      'controlPlane.controllerManager.staleEndpointsCache',
      'conflict',
      'back-off',
    ],
    [
      'priority levels borrow seats since 1.26',
      '1.25',
      '1.26',
      'controlPlane.apiServer.borrowingLimitPercent',
      0,
      null,
    ],
    [
      'writes cost seats by their watchers since 1.22',
      '1.21',
      '1.22',
      'controlPlane.apiServer.workEstimator',
      'one-seat',
      'object-count',
    ],
    [
      'lists cost seats by their bytes since 1.34',
      '1.33',
      '1.34',
      'controlPlane.apiServer.workEstimator',
      'object-count',
      'object-size',
    ],
    ['the sync runner was replaced in 1.34', '1.33', '1.34', 'kubeProxy.syncRunner', 'token-bucket', 'min-interval'],
  ] as const)('%s', (_, before, since, path, oldValue, newValue) => {
    const valueIn = (version: (typeof SUPPORTED_VERSIONS)[number]): unknown =>
      profileConstants(version).find((entry) => entry.path === path)!.constant.value;
    expect(valueIn(before)).toBe(oldValue);
    expect(valueIn(since)).toBe(newValue);
  });
});

describe.each(SUPPORTED_VERSIONS)('the profile of %s', (version) => {
  const constants = profileConstants(version);

  test('names each setting once', () => {
    const paths = constants.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toContain('controlPlane.etcd.writeLatency.median');
    expect(paths).toContain('controlPlane.apiServer.networkBandwidth');
  });

  test('says of every value where it comes from, and has it inside its range', () => {
    for (const { constant } of constants) {
      expect(constant.source).not.toBe('');
      expect(constant.date).not.toBe('');
      const { value, range } = constant;
      if (typeof value !== 'number' || range === null) continue;
      const [low, high] = range as [number, number];
      expect(value).toBeGreaterThanOrEqual(low);
      expect(value).toBeLessThanOrEqual(high);
    }
  });
});

test('the default version is a supported one', () => {
  expect(SUPPORTED_VERSIONS).toContain(DEFAULT_VERSION);
  expect(versionProfile(DEFAULT_VERSION).kubeProxy.mode.value).toBe('iptables');
});
