import { expect, test } from 'vitest';

import { heartbeatWritesPerSecond, lastRenewalNs, leaseRenewalIntervalNs } from './heartbeats.js';

const SECOND = 1e9;
const defaults = {
  nodeLeaseDurationSeconds: 40,
  nodeStatusUpdateFrequencyNs: 10 * SECOND,
  nodeStatusReportFrequencyNs: 300 * SECOND,
};

test('5,000 nodes at rest write 500 leases and about 17 statuses a second', () => {
  expect(leaseRenewalIntervalNs(defaults)).toBe(10 * SECOND);
  expect(heartbeatWritesPerSecond(5000, defaults)).toBeCloseTo(500 + 5000 / 300, 9);
});

test('a lease of 20 s is renewed every 5 s', () => {
  expect(leaseRenewalIntervalNs({ ...defaults, nodeLeaseDurationSeconds: 20 })).toBe(5 * SECOND);
});

test('the last renewal is less than an interval ago', () => {
  expect(lastRenewalNs(defaults, 0.25, 100 * SECOND)).toBe(97.5 * SECOND);
});
