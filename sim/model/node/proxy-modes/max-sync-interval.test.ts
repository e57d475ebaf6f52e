import { expect, it } from 'vitest';
import { maxSyncIntervalNs } from './max-sync-interval.js';

const periods = { minSyncPeriodNs: 1e9, syncPeriodNs: 30e9 };

it.each([
  ['iptables', 'token-bucket', 3600e9],
  ['iptables', 'min-interval', 3600e9],
  ['nftables', 'token-bucket', 3600e9],
  ['nftables', 'min-interval', 3600e9],
  ['ipvs', 'token-bucket', 30e9],
  ['ipvs', 'min-interval', 3600e9],
  ['userspace', 'token-bucket', 30e9],
] as const)('%s with the %s runner: %d ns', (mode, runner, expected) => {
  expect(maxSyncIntervalNs(mode, runner, periods)).toBe(expected);
});

it('is never below minSyncPeriod', () => {
  expect(maxSyncIntervalNs('ipvs', 'token-bucket', { minSyncPeriodNs: 60e9, syncPeriodNs: 30e9 })).toBe(60e9);
});
