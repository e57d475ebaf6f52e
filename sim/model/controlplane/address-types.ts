/**
 * The address types that a service has slices of: one pass of the EndpointSlice controller, and one set of slices, for each.
 *
 * From k8s.io/endpointslice (getAddressTypesForService). A service has its ipFamilies. One that an API server before 1.20
 * stored has none: its cluster address tells the family, and a headless one gets both.
 *
 * Left out: FQDN, which the controller does not write; slices of other types, which it deletes.
 */

import type { IpFamily } from '../cluster/services.js';

/** spec.clusterIP of a headless service. */
const HEADLESS = 'None';
const BOTH: readonly IpFamily[] = ['IPv4', 'IPv6'];

/** `clusterIp`: null or empty when the service has none yet. */
export function addressTypes(ipFamilies: readonly IpFamily[], clusterIp: string | null): readonly IpFamily[] {
  if (ipFamilies.length > 0) return ipFamilies;
  if (clusterIp === null || clusterIp === '' || clusterIp === HEADLESS) return BOTH;
  return [clusterIp.includes(':') ? 'IPv6' : 'IPv4'];
}
