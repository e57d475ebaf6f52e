/**
 * Fixed rules of what surrounds a kube-proxy's rules: health checks and the connection tracking table.
 */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, unit: string, source: string, date: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date, range: null });

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
