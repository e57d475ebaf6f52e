/** Rules about what services of each type can have, and whether their node ports fit into the range. */

import { portRange } from '../model/cluster/allocation-bands.js';
import { hasNodePort, isProxied, nodePortsOf } from '../model/cluster/service-shape.js';
import type { Scenario, ServiceSettings, WorkloadAction } from '../model/scenario.js';
import { quote } from '../units.js';
import { contradiction, when, type Rule } from './contradictions.js';
import type { Finding } from './findings.js';

export const SERVICE_TYPE_RULES: readonly Rule[] = [
  { reads: ['services'], check: ({ services }) => services.flatMap(checkWithoutClusterIP) },
  { reads: ['services'], check: ({ services }) => services.flatMap(checkExternalName) },
  { reads: ['services'], check: ({ services }) => services.flatMap(checkHeadless) },
  { reads: ['services'], check: ({ services }) => services.flatMap(checkManualNodePorts) },
  { reads: ['services', 'workload', 'autoscalers'], check: checkActions },
  { reads: ['controlPlane', 'services'], check: checkNodePortRange },
];

/** What kube-proxies do at a cluster IP, or at other addresses of a service that has one. */
function checkWithoutClusterIP({ shape }: ServiceSettings, index: number): Finding[] {
  if (isProxied(shape)) return [];
  const withoutEffect = {
    internalTrafficPolicy: shape.internalTrafficPolicy === 'Local',
    sessionAffinity: shape.sessionAffinity !== 'None',
    externalIPs: shape.externalIPs > 0,
  };
  return Object.entries(withoutEffect).flatMap(([field, isSet]) =>
    when(isSet, () =>
      contradiction(
        ['services', index, field],
        `a service of type ${shape.type} has no cluster IP and no rules on nodes, so ${field} has no effect`,
        `remove ${field}, or use "type: ClusterIP"`,
      ),
    ),
  );
}

/** It is a name for something outside of the cluster, and nothing else. */
function checkExternalName(settings: ServiceSettings, index: number): Finding[] {
  const { shape, endpoints } = settings;
  if (shape.type !== 'ExternalName') return [];
  const notThere = {
    ports: shape.ports > 1,
    publishNotReadyAddresses: settings.publishNotReadyAddresses,
    trafficDistribution: settings.trafficDistribution !== null,
    topologyMode: settings.topologyMode === 'Auto',
    controller: settings.controller === 'StatefulSet',
  };
  return [
    ...when(endpoints > 0, () =>
      contradiction(
        ['services', index, 'endpoints'],
        `an ExternalName service is an alias in DNS and has no endpoints, not ${endpoints}`,
        'write "endpoints: 0", or use another type',
      ),
    ),
    ...Object.entries(notThere).flatMap(([field, isSet]) =>
      when(isSet, () =>
        contradiction(
          ['services', index, field],
          `an ExternalName service is an alias in DNS and has no ${field}`,
          `remove ${field}, or use another type`,
        ),
      ),
    ),
  ];
}

/** Slices that mirror hand-written Endpoints do not say that their service is headless, and so nodes watch them: not modelled. */
const checkHeadless = ({ shape, selector }: ServiceSettings, index: number): Finding[] =>
  when(shape.type === 'Headless' && !selector, () =>
    contradiction(
      ['services', index, 'selector'],
      'headless services without selector are not modelled',
      'remove "selector: false", or use "type: ClusterIP"',
    ),
  );

const checkManualNodePorts = ({ shape, manualNodePorts }: ServiceSettings, index: number): Finding[] =>
  when(manualNodePorts && !hasNodePort(shape), () =>
    contradiction(
      ['services', index, 'manualNodePorts'],
      `the service has no node ports that anybody could choose`,
      'add "type: NodePort" or "type: LoadBalancer", or remove manualNodePorts',
    ),
  );

/** Nothing happens to pods that an ExternalName does not have. */
function checkActions({ services, workload, autoscalers }: Scenario): Finding[] {
  const isExternalName = (name: string): boolean =>
    services.some((settings) => settings.name === name && settings.shape.type === 'ExternalName');
  return [
    ...workload.flatMap((action, index) =>
      servicesOf(action).flatMap(({ name, place }) =>
        when(isExternalName(name), () =>
          contradiction(
            ['workload', index, action.kind, ...place],
            `${quote(name)} is an ExternalName, which has no endpoints: nothing would change on nodes`,
            'remove it, or use another type',
          ),
        ),
      ),
    ),
    ...autoscalers.flatMap(({ service }, index) =>
      when(isExternalName(service), () =>
        contradiction(
          ['autoscalers', index, 'service'],
          `${quote(service)} is an ExternalName, which has no pods to scale`,
        ),
      ),
    ),
  ];
}

const servicesOf = (
  action: WorkloadAction,
): readonly { readonly name: string; readonly place: readonly (string | number)[] }[] => {
  if ('services' in action) return action.services.map((name, place) => ({ name, place: ['services', place] }));
  return 'service' in action ? [{ name: action.service, place: ['service'] }] : [];
};

/** All services exist in the end: what is created comes on top of what is there. */
function checkNodePortRange({ controlPlane, services }: Scenario): Finding[] {
  const { serviceNodePortRange } = controlPlane.apiServer;
  const path = ['controlPlane', 'apiServer', 'serviceNodePortRange'];
  const { first, last } = portRange(serviceNodePortRange);
  const size = last - first + 1;
  const needed = services.reduce((sum, { count, shape }) => sum + count * nodePortsOf(shape), 0);
  return when(needed > size, () =>
    contradiction(
      path,
      `the services need ${needed} node ports (one for each port, and one for the health checks of a load balancer with externalTrafficPolicy Local), and the range ${serviceNodePortRange} has ${size}`,
      'use a larger range or fewer services, or "allocateLoadBalancerNodePorts: false" for load balancers that send to pods',
    ),
  );
}
