/**
 * Since when the API of a default cluster takes what a scenario may ask for: the first minor version in which the feature gate is
 * on by default.
 */

import type { TrafficDistribution } from '../cluster/services.js';
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
  topologyMode: onSince(24, 'KEP-2433, feature gate TopologyAwareHints: beta but off in 1.23, on since 1.24'),
  trafficDistribution: {
    PreferClose: onSince(31, 'KEP-4444, feature gate ServiceTrafficDistribution: alpha in 1.30, on since 1.31'),
    PreferSameZone: onSince(34, PREFER_SAME),
    PreferSameNode: onSince(34, PREFER_SAME),
  } satisfies Record<TrafficDistribution, Constant>,
} as const;
