/** Why requests get no answer, and whether their clients are told. */

import type { MetricName } from '../../../metrics.js';
import { Acceptance } from '../connection-routes.js';

export const LossCause = {
  staleRules: 0,
  failedPods: 1,
  noEndpoints: 2,
  noLocalEndpoints: 3,
  loadBalancer: 4,
  queueFull: 5,
  podEnded: 6,
} as const;
export type LossCause = (typeof LossCause)[keyof typeof LossCause];

interface Loss {
  readonly metric: MetricName;
  /** The client gets a reset, an ICMP error or an answer that says so; else it hears nothing. */
  readonly isRefused: boolean;
}

/** By LossCause. */
export const LOSSES: readonly Loss[] = [
  { metric: 'requests_lost_stale_rules_total', isRefused: true },
  { metric: 'requests_lost_failed_pods_total', isRefused: false },
  { metric: 'requests_lost_no_endpoints_total', isRefused: true },
  { metric: 'requests_lost_no_local_endpoints_total', isRefused: false },
  { metric: 'requests_lost_load_balancer_total', isRefused: false },
  { metric: 'requests_lost_queue_full_total', isRefused: true },
  { metric: 'requests_lost_pod_ended_total', isRefused: true },
];

/** What a connection meets in a pod that does not accept it. */
export const causeOfAcceptance = (acceptance: Acceptance): LossCause =>
  acceptance === Acceptance.stopped ? LossCause.staleRules : LossCause.failedPods;
