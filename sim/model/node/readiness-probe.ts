/**
 * When a kubelet finds that a container has become ready, has failed, or has recovered: the clockwork of a readiness probe
 * (pkg/kubelet/prober/worker.go).
 *
 *   containers running --PLEG--> seen --> probe at once (since 1.24), else at the worker's next tick --> successThreshold --> Ready
 *   application fails            -----------------------------------------> next tick --> failureThreshold --> not Ready
 *
 * A probe worker ticks every period from the moment when the kubelet took on the pod, which has nothing to do with the moment at
 * which anything happens in the container: the phase of the ticks is a uniform draw. Readiness starts as failed, and a probe
 * counts only once the container has run for the initial delay, in whole seconds.
 *
 * Left out: startup and liveness probes in a run (their rules are here, restarts are not modelled), the tick that a probe out of
 * turn may put off, the smoothing of probes after a restart of the kubelet itself.
 */

import { nextTickNs } from '../../kernel/ticks.js';

const NS_PER_SECOND = 1e9;

/** The fields of a container's readinessProbe that time depends on. Kubernetes gives all of them in whole seconds. */
export interface ReadinessProbe {
  readonly initialDelayNs: number;
  readonly periodNs: number;
  /** How long a probe waits for a target that does not answer. */
  readonly timeoutNs: number;
  /** Successes in a row that make the container ready. */
  readonly successThreshold: number;
  /** Failures in a row that make it not ready. */
  readonly failureThreshold: number;
}

/** How a failed application fails its probe: it refuses the connection at once, or the probe waits for its timeout. */
export type ProbeFailure = 'refused' | 'timeout';

/**
 * When the last of the probes starts that make a new container ready.
 *
 * @param runningNs when the container started
 * @param seenNs when the kubelet noticed (its PLEG relist): no probe comes before
 * @param probesAtOnce whether a kubelet that sees a container without a result probes out of turn, as it does since 1.24
 */
export function readyProbeNs(
  probe: ReadinessProbe,
  phaseNs: number,
  runningNs: number,
  seenNs: number,
  probesAtOnce: boolean,
): number {
  const { periodNs, successThreshold } = probe;
  const seenAfterNs = Math.floor((seenNs - runningNs) / NS_PER_SECOND) * NS_PER_SECOND;
  if (probesAtOnce && seenAfterNs >= probe.initialDelayNs) {
    if (successThreshold === 1) return seenNs;
    return nextTickNs(periodNs, phaseNs, seenNs + 1) + (successThreshold - 2) * periodNs;
  }
  const fromNs = Math.max(seenNs, runningNs + probe.initialDelayNs);
  return nextTickNs(periodNs, phaseNs, fromNs) + (successThreshold - 1) * periodNs;
}

/** When the kubelet knows that an application has failed at `failedNs`. */
export function failureSeenNs(probe: ReadinessProbe, phaseNs: number, failedNs: number, failure: ProbeFailure): number {
  const lastNs = failure === 'timeout' ? probe.timeoutNs : 0;
  return (
    nextTickNs(probe.periodNs, phaseNs, failedNs) + (probe.failureThreshold - 1) * intervalNs(probe, failure) + lastNs
  );
}

/** When the kubelet knows that an application answers again since `recoveredNs`. */
export function recoverySeenNs(probe: ReadinessProbe, phaseNs: number, recoveredNs: number): number {
  return nextTickNs(probe.periodNs, phaseNs, recoveredNs) + (probe.successThreshold - 1) * probe.periodNs;
}

/** From the failure to its detection, over all phases of the worker's ticks: from min to below max, uniformly. */
export function failureDetectionNs(
  probe: ReadinessProbe,
  failure: ProbeFailure,
): { readonly min: number; readonly mean: number; readonly max: number } {
  const min = failureSeenNs(probe, 0, 0, failure);
  return { min, mean: min + probe.periodNs / 2, max: min + probe.periodNs };
}

/** How long a container may take to start before its startup probe has it killed, its initial delay apart. */
export function startupBudgetNs(startupProbe: Pick<ReadinessProbe, 'periodNs' | 'failureThreshold'>): number {
  return startupProbe.failureThreshold * startupProbe.periodNs;
}

/** Probes per second that `pods` pods cause, each with probes of these periods. */
export function probesPerSecond(pods: number, periodsNs: readonly number[]): number {
  return periodsNs.reduce((sum, periodNs) => sum + (pods * NS_PER_SECOND) / periodNs, 0);
}

/** A worker does one probe at a time, so probes that hang for longer than the period follow each other at once. */
function intervalNs({ periodNs, timeoutNs }: ReadinessProbe, failure: ProbeFailure): number {
  return failure === 'timeout' ? Math.max(periodNs, timeoutNs) : periodNs;
}
