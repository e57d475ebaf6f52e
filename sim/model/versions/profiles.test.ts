import { describe, expect, test } from 'vitest';
import { DEFAULT_VERSION, profileConstants, SUPPORTED_VERSIONS, versionProfile } from './profiles.js';

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
