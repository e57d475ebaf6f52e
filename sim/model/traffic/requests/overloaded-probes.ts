/**
 * What overload does to probes: a probe waits like any other request, and one that takes longer than its timeout fails.
 *
 *   utilization of the pod, timeout --> P(a probe fails) --failureThreshold in a row--> restarts (liveness), not ready (readiness)
 *
 * The pod is taken for a queue with Poisson arrivals and exponential service times, and probes for independent of each other, which
 * holds as long as a busy time is much shorter than the period of the probe: at a low utilization. Nearer to 1 failures come in rows,
 * so that restarts are more frequent than this says.
 */

import { mmcTimeExceeds } from '../../../stats/queueing.js';

/** Share of the probes that get no answer in time; with one server e^(-(1 - utilization) timeout / meanServiceTime). */
export const probeTimeoutProbability = (
  utilization: number,
  meanServiceNs: number,
  timeoutNs: number,
  concurrency = 1,
): number => mmcTimeExceeds(concurrency, utilization, timeoutNs / meanServiceNs);

/**
 * How many times in a probe period the container is restarted, or the pod taken for not ready: once in as many probes as it takes on
 * average until `failureThreshold` in a row have failed, (p^-k - 1) / (1 - p). About p^k where failures are rare.
 */
export function thresholdsPerPeriod(failure: number, failureThreshold: number): number {
  if (failure >= 1) return 1 / failureThreshold;
  // The sum of 1/p + 1/p^2 + ... + 1/p^k, which is the same.
  let probes = 0;
  for (let run = 0; run < failureThreshold; run++) probes = (probes + 1) / failure;
  return failure <= 0 ? 0 : 1 / probes;
}
