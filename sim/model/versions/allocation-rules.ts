/** Fixed rules by which an API server hands out node ports and cluster IPs: constants in its source code that no flag changes. */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, source: string, date: string): Constant =>
  constant({ value, unit: '1', evidence: 'source code', source, date, range: null });

const NODE_PORTS = 'KEP-3668, Reserve Nodeport Ranges For Dynamic And Static Port Allocation';
const CLUSTER_IPS = 'KEP-3070, Reserve Service IP Ranges For Dynamic and Static IP Allocation';

/** A range of `size` numbers keeps min(max(`min`, size / `step`), `max`) for those who choose themselves; up to `min` it keeps none. */
export const NODE_PORT_STATIC_BAND = {
  min: inSource(16, NODE_PORTS, '1.29'),
  max: inSource(128, NODE_PORTS, '1.29'),
  step: inSource(32, NODE_PORTS, '1.29'),
} as const;

export const CLUSTER_IP_STATIC_BAND = {
  min: inSource(16, CLUSTER_IPS, '1.26'),
  max: inSource(256, CLUSTER_IPS, '1.26'),
  step: inSource(16, CLUSTER_IPS, '1.26'),
} as const;

export const CLUSTER_IP_RULES = {
  /** Addresses of an IPv6 range that are used, however large it is: the API server keeps a bit for each. */
  maxIPv6Addresses: constant({
    value: 65_536,
    unit: '1',
    evidence: 'assumption',
    source: 'pkg/registry/core/service/ipallocator: bitmap allocators of IPv6 ranges are bounded',
    date: '1.33',
    range: null,
  }),
} as const;
