/** Rules about the load balancers of services (consistency.ts applies them). */

import type { LoadBalancerProvider, LoadBalancerSettings } from '../model/load-balancer-settings.js';
import type { Scenario, ServiceSettings } from '../model/scenario.js';
import { formatDuration } from '../units.js';
import { checkDistribution, contradiction, when, type Rule } from './contradictions.js';
import type { Finding } from './findings.js';

export const LOAD_BALANCER_RULES: readonly Rule[] = [
  { reads: ['services', 'loadBalancer'], check: ({ services }) => services.flatMap(checkType) },
  { reads: ['services', 'loadBalancer'], check: checkSettings },
];

/** Providers whose load balancers send to the node port; the others leave the address of the packet as it is. */
const SEND_TO_NODE_PORTS: readonly LoadBalancerProvider[] = ['aws-nlb', 'aws-clb'];

function checkType({ loadBalancer, shape }: ServiceSettings, index: number): Finding[] {
  return when(loadBalancer !== null && shape.type !== 'LoadBalancer', () =>
    contradiction(
      ['services', index, 'loadBalancer'],
      `only services of type LoadBalancer have a load balancer, and this one has type ${shape.type}`,
      'add "type: LoadBalancer", or remove loadBalancer',
    ),
  );
}

function checkSettings({ services }: Scenario): Finding[] {
  return services.flatMap((service, index) => {
    const { loadBalancer, shape } = service;
    if (loadBalancer === null) return [];
    const path = ['services', index, 'loadBalancer'];
    return [
      ...checkHealthCheck(loadBalancer, path),
      ...checkDistribution([...path, 'provisioning'], loadBalancer.provisioningNs),
      ...when(
        shape.type === 'LoadBalancer' &&
          !shape.allocateLoadBalancerNodePorts &&
          loadBalancer.targetType === 'instance' &&
          SEND_TO_NODE_PORTS.includes(loadBalancer.provider),
        () =>
          contradiction(
            ['services', index, 'allocateLoadBalancerNodePorts'],
            `a load balancer of ${loadBalancer.provider} reaches nodes by their node port, and this service has none`,
            'add "loadBalancer: { targetType: ip }", or remove allocateLoadBalancerNodePorts',
          ),
      ),
    ];
  });
}

function checkHealthCheck(
  { healthCheck: { timeoutNs, intervalNs } }: LoadBalancerSettings,
  path: readonly (string | number)[],
): Finding[] {
  return when(timeoutNs > intervalNs, () =>
    contradiction(
      [...path, 'healthCheck', 'timeout'],
      `the timeout of ${formatDuration(timeoutNs)} is above the interval of ${formatDuration(intervalNs)}`,
      'providers refuse that: make the timeout at most the interval',
    ),
  );
}
