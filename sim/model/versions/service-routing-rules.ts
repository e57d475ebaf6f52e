/**
 * Fixed rules of what surrounds a kube-proxy's rules: features without a setting, health checks, the connection tracking table.
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

export const CONNTRACK_RULES = {
  /** Netlink requests of a clean-up that deletes nothing, the dump of the whole table among them; each deletion is one more. */
  cleanUpRequests: inSource(
    3,
    '1',
    'pkg/proxy/conntrack/cleanup_test.go: TestPerformanceCleanStaleEntries counts 3 beside the deletions',
    '1.33',
  ),
  /** nf_conntrack_max is never set higher than this. */
  maxEntries: inSource(1_048_576, '1', 'pkg/proxy/conntrack/sysctls_test.go: TestGetConntrackMax', '1.35'),
  /** Minor version from which `maxEntries` holds. */
  maxEntriesSince: constant({
    value: 35,
    unit: 'minor version',
    evidence: 'assumption',
    source: 'The test with the limit is newer than 1.34, whose test has none',
    date: '1.35',
    range: [35, 36],
  }),
  /** The hash table of conntrack is enlarged to one bucket for so many entries. */
  entriesPerBucket: inSource(4, '1', 'cmd/kube-proxy/app/conntrack.go: hashsize is raised to max / 4', '1.33'),
} as const;
