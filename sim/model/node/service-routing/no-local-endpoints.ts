/**
 * Services that policy Local leaves without endpoints on a node though there are some elsewhere: the gauge
 * kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy}, one value for each policy.
 *
 *   shape, usable endpoints of each service port --> +1 internal, +1 external
 *
 * A service without any usable endpoint is not counted: its traffic is refused and not dropped.
 */

import { isExternalPolicyLocal, type ServiceShape } from '../../cluster/service-shape.js';
import type { EndpointCounts } from '../proxy-modes/proxy-mode.js';

const lacksLocal = ({ local, isAnywhere }: Pick<EndpointCounts, 'local' | 'isAnywhere'>): boolean =>
  isAnywhere && local === 0;

/** Whether the service counts for traffic_policy="internal". */
export const lacksInternalEndpoints = (
  shape: ServiceShape,
  endpoints: Pick<EndpointCounts, 'local' | 'isAnywhere'>,
): boolean => shape.internalTrafficPolicy === 'Local' && lacksLocal(endpoints);

/** Whether the service counts for traffic_policy="external". */
export const lacksExternalEndpoints = (
  shape: ServiceShape,
  endpoints: Pick<EndpointCounts, 'local' | 'isAnywhere'>,
): boolean => isExternalPolicyLocal(shape) && lacksLocal(endpoints);
