/** Rules between the fields of a service that decide which rules it has on nodes: what the API server would refuse. */

import type { ServiceShape } from '../model/cluster/service-shape.js';
import type { Scenario } from '../model/scenario.js';
import { ON_BY_DEFAULT_SINCE } from '../model/versions/features.js';
import { minorOf } from '../model/versions/profiles.js';
import type { Constant } from '../model/versions/provenance.js';
import { contradiction, when, type Rule } from './contradictions.js';
import type { Finding } from './findings.js';

export const SERVICE_SHAPE_RULES: readonly Rule[] = [
  { reads: ['services'], check: checkTypes },
  { reads: ['kubernetes', 'services'], check: checkVersions },
];

/** Fields that services of the type do not have. */
function checkTypes({ services }: Scenario): Finding[] {
  return services.flatMap(({ shape }, index) => {
    const ofLoadBalancer = {
      loadBalancerIPs: shape.loadBalancerIPs > 0,
      loadBalancerSourceRanges: shape.loadBalancerSourceRanges > 0,
      allocateLoadBalancerNodePorts: !shape.allocateLoadBalancerNodePorts,
    };
    return [
      ...Object.entries(ofLoadBalancer).flatMap(([field, isSet]) =>
        when(isSet && shape.type !== 'LoadBalancer', () =>
          contradiction(
            ['services', index, field],
            `only services of type LoadBalancer have ${field}, and this one has type ${shape.type}`,
            `add "type: LoadBalancer", or remove ${field}`,
          ),
        ),
      ),
      ...when(shape.externalTrafficPolicy === 'Local' && !mayHaveExternalPolicy(shape), () =>
        contradiction(
          ['services', index, 'externalTrafficPolicy'],
          `a service of type ${shape.type} without externalIPs has no traffic from outside, and so no externalTrafficPolicy`,
          'add "type: NodePort" or "type: LoadBalancer", or use internalTrafficPolicy',
        ),
      ),
    ];
  });
}

/** The API asks for the type, and not for the addresses that such a service really has. */
const mayHaveExternalPolicy = ({ type, externalIPs }: ServiceShape): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || externalIPs > 0;

/** Fields that older versions do not know, by their default feature gates. */
function checkVersions({ kubernetes, services }: Scenario): Finding[] {
  return services.flatMap(({ shape }, index) => {
    const notYet = (field: keyof ServiceShape, isSet: boolean, since: Constant): Finding[] =>
      when(isSet && minorOf(kubernetes) < since.value, () =>
        contradiction(
          ['services', index, field],
          `${field}: ${String(shape[field])} is not available in ${kubernetes}, but from 1.${since.value} on`,
          `use kubernetes: "1.${since.value}" or newer`,
        ),
      );
    return [
      ...notYet(
        'internalTrafficPolicy',
        shape.internalTrafficPolicy === 'Local',
        ON_BY_DEFAULT_SINCE.internalTrafficPolicy,
      ),
      ...notYet(
        'allocateLoadBalancerNodePorts',
        shape.type === 'LoadBalancer' && !shape.allocateLoadBalancerNodePorts,
        ON_BY_DEFAULT_SINCE.allocateLoadBalancerNodePorts,
      ),
    ];
  });
}
