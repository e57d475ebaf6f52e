/**
 * How long the containers of a deleted pod go on: preStop hook, SIGTERM, and SIGKILL when the grace period is over
 * (pkg/kubelet/kuberuntime, killContainer).
 *
 *   deletion seen --> preStop --> SIGTERM --> (application ends) --> stopped
 *                     |<---- terminationGracePeriodSeconds ---->| SIGKILL
 *
 * The grace period runs from the beginning of the hook. A hook that uses it up still leaves the application two seconds to
 * handle SIGTERM (Kubernetes documentation, "Termination of Pods").
 *
 * Left out: hooks that fail, several containers, sidecars that outlive the others.
 */

import { KUBELET_RULES } from '../versions/node-rules.js';

const NS_PER_SECOND = 1e9;
const MIN_SHUTDOWN_NS = KUBELET_RULES.minShutdown.value * NS_PER_SECOND;

export interface Termination {
  /** terminationGracePeriodSeconds. */
  readonly gracePeriodNs: number;
  /** What the preStop hook sleeps; 0 without a hook. */
  readonly preStopSleepNs: number;
}

/** From the kubelet's seeing the deletion to the end of the containers of an application that ends `shutdownNs` after SIGTERM. */
export function terminationNs({ gracePeriodNs, preStopSleepNs }: Termination, shutdownNs: number): number {
  const hookNs = Math.min(preStopSleepNs, gracePeriodNs);
  const leftNs = hookNs === 0 ? gracePeriodNs : Math.max(gracePeriodNs - hookNs, MIN_SHUTDOWN_NS);
  return hookNs + Math.min(shutdownNs, leftNs);
}
