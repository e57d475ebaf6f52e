/**
 * What a node says to a load balancer that checks it: kube-proxy's health checks and its rules, behind a network that may be gone.
 *
 *   node up?, kube-proxy's health, endpoints in its rules --protocol, policy--> healthy | unhealthy (told at once) | silent
 *
 * Left out: nodes that are about to be deleted (health-checks.ts has the rule; none is in a run), a conntrack table that is full,
 * kube-proxies whose answer comes too late, /healthz of components other than kube-proxy.
 */

import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { HealthCheckSettings } from '../../load-balancer-settings.js';
import type { NodeAnswer } from './load-balancer.js';

/** A node as its kube-proxy has the service in its rules. */
export interface CheckedNode {
  readonly isUp: boolean;
  /** kube-proxy runs, and keeps up with changes (health-checks.ts: ProxyHealth). */
  readonly isProxyHealthy: boolean;
  /** Endpoints on the node that are ready. */
  readonly readyHere: number;
  /** Endpoints on the node that its rules send to: the ready ones, else those that terminate and still serve. */
  readonly usableHere: number;
  /** Its rules have an endpoint to send to, here or elsewhere. */
  readonly isAnywhere: boolean;
}

/** What is asked. */
export interface NodeCheck {
  readonly protocol: HealthCheckSettings['protocol'];
  readonly externalTrafficPolicy: TrafficPolicy;
}

/** The answer of a node as it is. */
export function nodeAnswer({ protocol, externalTrafficPolicy }: NodeCheck, node: CheckedNode): NodeAnswer {
  if (!node.isUp) return 'silent';
  return protocol === 'HTTP'
    ? kubeProxyAnswer(externalTrafficPolicy, node)
    : nodePortAnswer(externalTrafficPolicy, node);
}

/** Where nobody listens the connection is refused, which is told as fast as status 503. */
function kubeProxyAnswer(policy: TrafficPolicy, node: CheckedNode): NodeAnswer {
  return node.isProxyHealthy && (policy === 'Cluster' || node.readyHere > 0) ? 'healthy' : 'unhealthy';
}

/** The rules stay when kube-proxy is away. Without any endpoint they reject; without one on the node they drop under Local. */
function nodePortAnswer(policy: TrafficPolicy, node: CheckedNode): NodeAnswer {
  if (!node.isAnywhere) return 'unhealthy';
  return policy === 'Local' && node.usableHere === 0 ? 'silent' : 'healthy';
}
