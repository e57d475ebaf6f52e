/**
 * What a node says to a load balancer that checks it: kube-proxy's health checks and its rules, behind a network that may be gone.
 *
 *   node up?, kube-proxy's health, endpoints in its rules --protocol, policy--> healthy | unhealthy (told at once) | silent
 *
 * Left out: a conntrack table that is full, kube-proxies whose answer comes too late, /healthz of components other than kube-proxy.
 */

import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { HealthCheckSettings } from '../../load-balancer-settings.js';
import type { NodeAnswer } from './load-balancer.js';

/** A node as its kube-proxy has the service in its rules. */
export interface CheckedNode {
  readonly isUp: boolean;
  /** Somebody listens on the ports of kube-proxy. */
  readonly isProxyRunning: boolean;
  /** It keeps up with changes (health-checks.ts: ProxyHealth). */
  readonly isProxyHealthy: boolean;
  /** The Node is not about to be deleted, as far as kube-proxy's version cares. */
  readonly isEligible: boolean;
  /** Endpoints on the node that are ready. */
  readonly readyHere: number;
  /** Endpoints on the node that its rules send to: the ready ones, else those that terminate and still serve. */
  readonly usableHere: number;
  /** Endpoints anywhere that its rules send to. */
  readonly usableAnywhere: number;
}

/** The answer to a check of a service with this externalTrafficPolicy. */
export function nodeAnswer(
  protocol: HealthCheckSettings['protocol'],
  policy: TrafficPolicy,
  node: CheckedNode,
): NodeAnswer {
  if (!node.isUp) return 'silent';
  return protocol === 'HTTP' ? kubeProxyAnswer(policy, node) : nodePortAnswer(policy, node);
}

/** Nobody listening refuses the connection, which is told as fast as status 503. */
function kubeProxyAnswer(policy: TrafficPolicy, node: CheckedNode): NodeAnswer {
  if (!node.isProxyRunning || !node.isProxyHealthy) return 'unhealthy';
  return (policy === 'Local' ? node.readyHere > 0 : node.isEligible) ? 'healthy' : 'unhealthy';
}

/** The rules stay when kube-proxy is away. Without any endpoint they reject; without one on the node they drop under Local. */
function nodePortAnswer(policy: TrafficPolicy, node: CheckedNode): NodeAnswer {
  if (node.usableAnywhere === 0) return 'unhealthy';
  return policy === 'Local' && node.usableHere === 0 ? 'silent' : 'healthy';
}
