/** The causes that requests are lost for, as the model counts them; sim/traffic-metrics.ts has their metrics. */

import type { LossCauseName } from '../../traffic-metrics.js';

/** Why a request is lost: the place of the cause in what is counted. */
export const LossCause = {
  /** The rules of the node still held a pod that had stopped accepting. */
  staleRules: 0,
  /** They held one that had failed, or whose node was lost. */
  failedPods: 1,
  /** The service had no usable endpoint anywhere. */
  noEndpoints: 2,
  /** Policy Local, and none on the node, which no load balancer has chosen. */
  noLocalEndpoints: 3,
  /** The load balancer still used a node that had none, or it or whoever else sends from outside one that was lost; or it had no node at all. */
  loadBalancer: 4,
  /** The connection tracking table was full. */
  conntrack: 5,
  /** As many requests as may wait waited in the pod. */
  queueFull: 6,
  /** The pod ended while it had the request. */
  podEnded: 7,
} as const satisfies Record<LossCauseName, number>;
export type LossCause = (typeof LossCause)[keyof typeof LossCause];
