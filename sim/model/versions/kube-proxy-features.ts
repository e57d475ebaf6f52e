/**
 * What a kube-proxy of a version takes into account when it chooses among endpoints and addresses: the minor version from which
 * each feature gate is on by default.
 */

import { ON_BY_DEFAULT_SINCE } from './features.js';
import { constant, type Constant } from './provenance.js';

const TERMINATING_ENDPOINTS_SINCE = constant({
  value: 26,
  unit: 'minor version',
  evidence: 'documentation',
  source: 'KEP-1669, feature gate ProxyTerminatingEndpoints: alpha in 1.22, on since 1.26, GA in 1.28',
  date: 'Kubernetes 1.26',
  range: null,
});

const LOAD_BALANCER_IP_MODE_SINCE = constant({
  value: 30,
  unit: 'minor version',
  evidence: 'assumption',
  source: 'KEP-1860, feature gate LoadBalancerIPMode: alpha in 1.29, on since 1.30, GA in 1.32',
  date: 'Kubernetes 1.30',
  range: [29, 32],
});

const DRAINING_NODES_SINCE = constant({
  value: 30,
  unit: 'minor version',
  evidence: 'documentation',
  source: 'KEP-3836, feature gate KubeProxyDrainingTerminatingNodes: alpha in 1.28, on since 1.30, GA in 1.31',
  date: 'Kubernetes 1.30',
  range: null,
});

export const KUBE_PROXY_FEATURES_SINCE = {
  /** Hints for zones are followed. */
  zoneHints: ON_BY_DEFAULT_SINCE.topologyMode,
  /** Hints for nodes are followed. */
  nodeHints: ON_BY_DEFAULT_SINCE.trafficDistribution.PreferSameNode,
  /** Without ready endpoints, those that end but still serve are used. */
  terminatingEndpoints: TERMINATING_ENDPOINTS_SINCE,
  /** Addresses of load balancers with ipMode Proxy are left to the load balancer. */
  loadBalancerIPMode: LOAD_BALANCER_IP_MODE_SINCE,
  /** /healthz fails on a node that is about to be deleted. */
  drainingNodes: DRAINING_NODES_SINCE,
} as const satisfies Readonly<Record<string, Constant>>;

/** The features of a kube-proxy whose gates are as by default. */
export const kubeProxyFeatures = (
  minor: number,
): { readonly [Feature in keyof typeof KUBE_PROXY_FEATURES_SINCE]: boolean } => ({
  zoneHints: minor >= KUBE_PROXY_FEATURES_SINCE.zoneHints.value,
  nodeHints: minor >= KUBE_PROXY_FEATURES_SINCE.nodeHints.value,
  terminatingEndpoints: minor >= KUBE_PROXY_FEATURES_SINCE.terminatingEndpoints.value,
  loadBalancerIPMode: minor >= KUBE_PROXY_FEATURES_SINCE.loadBalancerIPMode.value,
  drainingNodes: minor >= KUBE_PROXY_FEATURES_SINCE.drainingNodes.value,
});
