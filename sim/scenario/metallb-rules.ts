/** Rules about MetalLB in front of services (consistency.ts applies them). */

import { isMetallb, type LoadBalancerSettings } from '../model/load-balancer-settings.js';
import type { MetallbSettings } from '../model/metallb-settings.js';
import type { ServiceSettings } from '../model/scenario.js';
import { BGP_RULES } from '../model/versions/metallb-profile.js';
import { loadBalancerDefaults } from '../model/versions/load-balancer-profile.js';
import { formatDuration } from '../units.js';
import { contradiction, when, type Rule } from './contradictions.js';
import type { Finding } from './findings.js';

export const METALLB_RULES: readonly Rule[] = [
  { reads: ['services', 'loadBalancer'], check: ({ services }) => services.flatMap(checkService) },
];

type FieldPath = readonly (string | number)[];

function checkService({ loadBalancer, shape }: ServiceSettings, index: number): Finding[] {
  if (loadBalancer === null) return [];
  const path = ['services', index, 'loadBalancer'];
  const { provider, metallb } = loadBalancer;
  if (!isMetallb(provider)) {
    return when(metallb !== null, () =>
      contradiction(
        [...path, 'metallb'],
        `the provider of the load balancer is ${provider}`,
        'add "provider: metallb-layer2" or "provider: metallb-bgp", or remove metallb',
      ),
    );
  }
  return [...checkUnused(loadBalancer, shape.externalTrafficPolicy, path), ...checkSession(metallb!, path)];
}

/** Nobody asks the nodes of MetalLB, and packets come to nodes and not to pods. */
function checkUnused(
  loadBalancer: LoadBalancerSettings,
  policy: ServiceSettings['shape']['externalTrafficPolicy'],
  path: FieldPath,
): Finding[] {
  const { provider, healthCheck, targetType, weightByEndpoints } = loadBalancer;
  const { healthCheck: usual } = loadBalancerDefaults(provider, policy);
  const isChecked =
    healthCheck.protocol !== usual.protocol.value ||
    healthCheck.intervalNs !== usual.intervalNs.value ||
    healthCheck.timeoutNs !== usual.timeoutNs.value ||
    healthCheck.healthyThreshold !== usual.healthyThreshold.value ||
    healthCheck.unhealthyThreshold !== usual.unhealthyThreshold.value;
  return [
    ...when(isChecked, () =>
      contradiction([...path, 'healthCheck'], 'MetalLB checks no nodes: its speakers follow endpoints', 'remove it'),
    ),
    ...when(targetType !== 'instance', () =>
      contradiction([...path, 'targetType'], 'MetalLB announces nodes and not pods', 'remove targetType'),
    ),
    ...when(weightByEndpoints, () =>
      contradiction([...path, 'weightByEndpoints'], 'MetalLB announces all nodes alike', 'remove weightByEndpoints'),
    ),
  ];
}

function checkSession({ bgp: { holdTimeNs, keepaliveTimeNs } }: MetallbSettings, path: FieldPath): Finding[] {
  const shortestNs = BGP_RULES.shortestHoldTime.value * 1e9;
  return [
    ...when(keepaliveTimeNs > holdTimeNs, () =>
      contradiction(
        [...path, 'metallb', 'bgp', 'keepaliveTime'],
        `the keepaliveTime of ${formatDuration(keepaliveTimeNs)} is above the holdTime of ${formatDuration(holdTimeNs)}`,
        'make it at most the holdTime, such as a third of it',
      ),
    ),
    ...when(holdTimeNs < shortestNs, () =>
      contradiction(
        [...path, 'metallb', 'bgp', 'holdTime'],
        `the holdTime of ${formatDuration(holdTimeNs)} is below ${formatDuration(shortestNs)}, which routers refuse`,
        'use a bfdProfile to find dead speakers sooner',
      ),
    ),
  ];
}
