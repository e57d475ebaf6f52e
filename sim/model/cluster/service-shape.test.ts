import { describe, expect, test } from 'vitest';
import { CLUSTER_IP, isProxied, nodePortsOf, servicePorts, type ServiceShape } from './service-shape.js';

const shape = (given: Partial<ServiceShape>): ServiceShape => ({ ...CLUSTER_IP, ...given });
const BALANCER = { type: 'LoadBalancer', loadBalancerIPs: 1 } as const;

describe('ports of the range of node ports that a service takes', () => {
  test.each<[string, Partial<ServiceShape>, number]>([
    ['ClusterIP: none', {}, 0],
    ['ClusterIP with external IPs: none', { externalIPs: 2, ports: 3 }, 0],
    ['NodePort: one', { type: 'NodePort' }, 1],
    ['NodePort: one for each port', { type: 'NodePort', ports: 3 }, 3],
    ['NodePort with policy Local: no port for health checks', { type: 'NodePort', externalTrafficPolicy: 'Local' }, 1],
    ['LoadBalancer: one for each port', { ...BALANCER, ports: 2 }, 2],
    ['LoadBalancer with policy Local: one more', { ...BALANCER, ports: 2, externalTrafficPolicy: 'Local' }, 3],
    ['LoadBalancer without node ports: none', { ...BALANCER, allocateLoadBalancerNodePorts: false }, 0],
    [
      'LoadBalancer without node ports, with policy Local: that for health checks',
      { ...BALANCER, ports: 4, allocateLoadBalancerNodePorts: false, externalTrafficPolicy: 'Local' },
      1,
    ],
    ['Headless: none', { type: 'Headless', ports: 5 }, 0],
    ['ExternalName: none', { type: 'ExternalName' }, 0],
  ])('%s', (_, given, expected) => expect(nodePortsOf(shape(given))).toBe(expected));
});

test.each(['ClusterIP', 'NodePort', 'LoadBalancer', 'Headless', 'ExternalName'] as const)(
  'whether kube-proxies have the ports of a %s service',
  (type) => {
    const isKnown = type !== 'Headless' && type !== 'ExternalName';
    expect(isProxied(shape({ type }))).toBe(isKnown);
    expect(servicePorts(shape({ type, ports: 4 }))).toBe(isKnown ? 4 : 0);
  },
);
