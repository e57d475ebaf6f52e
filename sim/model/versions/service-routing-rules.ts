/**
 * Fixed rules of what surrounds a kube-proxy's rules: features without a setting, health checks, clean-up of conntrack.
 */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, unit: string, source: string, date: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date, range: null });

/** Minor versions from which a kube-proxy has what no setting says. */
export const KUBE_PROXY_FEATURES_SINCE = {
  /** Addresses of load balancers with ipMode Proxy are left to the load balancer. */
  loadBalancerIPMode: constant({
    value: 30,
    unit: 'minor version',
    evidence: 'assumption',
    source: 'KEP-1860, feature gate LoadBalancerIPMode: taken to be on since its beta in 1.30',
    date: 'Kubernetes 1.30',
    range: [29, 32],
  }),
  /** /healthz fails on a node that is about to be deleted. */
  drainingNodes: constant({
    value: 30,
    unit: 'minor version',
    evidence: 'documentation',
    source: 'KEP-3836, feature gate KubeProxyDrainingTerminatingNodes: alpha in 1.28, on since 1.30, GA in 1.31',
    date: 'Kubernetes 1.30',
    range: null,
  }),
} as const;

export const HEALTH_CHECK_RULES = {
  /** A change that has waited for this many sync periods makes the kube-proxy unhealthy. */
  timeoutSyncPeriods: inSource(2, '1', 'pkg/proxy/healthcheck: healthTimeout, 2 x syncPeriod', '1.33'),
} as const;

export const CONNTRACK_CLEAN_UP_RULES = {
  /** Netlink requests of a clean-up that deletes nothing, the dump of the whole table among them; each deletion is one more. */
  requests: inSource(
    3,
    '1',
    'pkg/proxy/conntrack/cleanup_test.go: TestPerformanceCleanStaleEntries counts 3 beside the deletions',
    '1.33',
  ),
} as const;
