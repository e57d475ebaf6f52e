import { expect, test } from 'vitest';

import { terminationNs } from './graceful-termination.js';

const SECOND = 1e9;

test.each([
  { name: 'ends by itself', grace: 30, preStop: 0, shutdown: 1, seconds: 1 },
  { name: 'is killed after the grace period', grace: 30, preStop: 0, shutdown: 45, seconds: 30 },
  { name: 'sleeps, and then ends', grace: 30, preStop: 5, shutdown: 1, seconds: 6 },
  { name: 'the hook runs within the grace period', grace: 30, preStop: 20, shutdown: 45, seconds: 30 },
  { name: 'a hook that leaves a second gets one more', grace: 30, preStop: 29, shutdown: 45, seconds: 31 },
  { name: 'a hook that is too long is cut off', grace: 30, preStop: 60, shutdown: 1, seconds: 31 },
  { name: 'and the application killed two seconds later', grace: 30, preStop: 60, shutdown: 45, seconds: 32 },
  { name: 'a grace period of a second without a hook is a second', grace: 1, preStop: 0, shutdown: 45, seconds: 1 },
])('a pod that $name: $seconds s', ({ grace, preStop, shutdown, seconds }) => {
  const termination = { gracePeriodNs: grace * SECOND, preStopSleepNs: preStop * SECOND };
  expect(terminationNs(termination, shutdown * SECOND)).toBe(seconds * SECOND);
});
