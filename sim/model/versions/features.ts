/**
 * Since when a default cluster takes what a scenario may ask for: of the API, the first minor version in which the feature gate
 * is on by default; of kube-proxy, the versions that have a mode.
 */

import type { TrafficDistribution } from '../cluster/services.js';
import type { ProxyModeName } from '../node/proxy-modes/proxy-mode.js';
import { constant, type Constant } from './provenance.js';

const onSince = (minor: number, source: string): Constant =>
  constant({
    value: minor,
    unit: 'minor version',
    evidence: 'documentation',
    source,
    date: `Kubernetes 1.${minor}`,
    range: null,
  });

const PREFER_SAME = 'KEP-3015, feature gate PreferSameTrafficDistribution: alpha in 1.33, on since 1.34, GA in 1.35';

export const ON_BY_DEFAULT_SINCE = {
  dualStack: onSince(21, 'KEP-563, feature gate IPv6DualStack: on since 1.21, GA in 1.23'),
  internalTrafficPolicy: onSince(
    22,
    'KEP-2086, feature gate ServiceInternalTrafficPolicy: alpha in 1.21, on since 1.22, GA in 1.26',
  ),
  allocateLoadBalancerNodePorts: constant({
    ...onSince(22, 'KEP-1864, feature gate ServiceLBNodePortControl: taken to be on since its beta in 1.22'),
    evidence: 'assumption',
    range: [20, 24],
  }),
  stableLoadBalancerNodeSet: onSince(
    27,
    'KEP-3458, feature gate StableLoadBalancerNodeSet: beta and on since 1.27, GA in 1.30',
  ),
  serviceNodePortStaticSubrange: constant({
    ...onSince(28, 'KEP-3668, feature gate ServiceNodePortStaticSubrange: taken to be on since its beta in 1.28'),
    evidence: 'assumption',
    range: [27, 29],
  }),
  topologyMode: onSince(24, 'KEP-2433, feature gate TopologyAwareHints: beta but off in 1.23, on since 1.24'),
  trafficDistribution: {
    PreferClose: onSince(31, 'KEP-4444, feature gate ServiceTrafficDistribution: alpha in 1.30, on since 1.31'),
    PreferSameZone: onSince(34, PREFER_SAME),
    PreferSameNode: onSince(34, PREFER_SAME),
  } satisfies Record<TrafficDistribution, Constant>,
} as const;

const NFTABLES = 'KEP-3866, feature gate NFTablesProxyMode: alpha and off in 1.29, beta and on since 1.31, GA in 1.33';

/** Minor versions that have a proxy mode; iptables and ipvs are in all of them. */
export const PROXY_MODE_VERSIONS = {
  userspaceUntil: onSince(25, 'The userspace mode of kube-proxy was removed in 1.26'),
  nftablesSince: onSince(29, NFTABLES),
  nftablesOnByDefaultSince: onSince(31, NFTABLES),
  ipvsDeprecatedSince: onSince(35, 'KEP-5495: the ipvs mode is deprecated since 1.35'),
} as const;

/** What a user of the mode must know of its future, as of the version with this minor number; null: nothing. */
export const deprecationOf = (mode: ProxyModeName, minor: number): string | null => {
  const since = PROXY_MODE_VERSIONS.ipvsDeprecatedSince.value;
  if (mode !== 'ipvs' || minor < since) return null;
  return `The ipvs mode is deprecated since 1.${since}: it is planned to be off by default from 1.40 on, and gone in 1.43.`;
};
