import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../cluster/service-shape.js';
import { createDispatchTable, packetPathOf } from './dispatch-table.js';

const shape = (given: Partial<ServiceShape>): ServiceShape => ({ ...CLUSTER_IP, ...given });
const BALANCED = shape({ type: 'LoadBalancer', loadBalancerIPs: 1, externalIPs: 2 });
const NODES = 100;

describe('lines of the dispatch chains (pkg/proxy/iptables/proxier.go, 1.33)', () => {
  it.each([
    { name: 'one for a cluster IP', services: [{ shape: CLUSTER_IP, endpoints: 3, count: 10 }], lines: 10, ports: 0 },
    { name: 'none without endpoints', services: [{ shape: BALANCED, endpoints: 0, count: 10 }], lines: 0, ports: 0 },
    { name: 'one for each address', services: [{ shape: BALANCED, endpoints: 3, count: 10 }], lines: 40, ports: 10 },
    {
      name: 'as many for each port',
      services: [{ shape: { ...BALANCED, ports: 3 }, endpoints: 3, count: 10 }],
      lines: 120,
      ports: 30,
    },
    {
      name: 'none for what kube-proxy does not know',
      services: [
        { shape: shape({ type: 'Headless' }), endpoints: 3, count: 10 },
        { shape: shape({ type: 'ExternalName' }), endpoints: 3, count: 10 },
      ],
      lines: 0,
      ports: 0,
    },
    {
      name: 'that of a cluster IP with policy Local on nodes with endpoints only: a quarter of them',
      services: [{ shape: shape({ internalTrafficPolicy: 'Local' }), endpoints: 25, count: 100 }],
      lines: 25,
      ports: 0,
    },
  ])('$name', ({ services, lines, ports }) => {
    const table = createDispatchTable('iptables-legacy', services, 'ClusterIP', NODES);
    expect(table).toMatchObject({ lines, nodePortLines: ports });
  });
});

describe('targets', () => {
  const services = [
    { shape: CLUSTER_IP, endpoints: 3, count: 10 },
    { shape: BALANCED, endpoints: 500, count: 2 },
    { shape: shape({ ...BALANCED, externalTrafficPolicy: 'Local' }), endpoints: 500, count: 1 },
    { shape: shape({ type: 'NodePort', sessionAffinity: 'ClientIP' }), endpoints: 7, count: 4 },
    // Nobody sends to an address that there is not.
    { shape: shape({ type: 'Headless' }), endpoints: 9, count: 50 },
  ];

  it.each([
    { address: 'ClusterIP', weights: [10, 2, 1, 4], endpoints: [3, 500, 500, 7] },
    { address: 'NodePort', weights: [2, 1, 4], endpoints: [500, 5, 7] },
    { address: 'LoadBalancerIP', weights: [2, 1], endpoints: [500, 5] },
    { address: 'ExternalIP', weights: [4, 2], endpoints: [500, 5] },
  ] as const)('connections to the $address', ({ address, weights, endpoints }) => {
    const { targets } = createDispatchTable('nftables', services, address, NODES);
    expect(targets.map(({ weight }) => weight)).toEqual(weights);
    expect(targets.map((target) => target.endpoints)).toEqual(endpoints);
    expect(targets.map(({ hasAffinity }) => hasAffinity).at(-1)).toBe(
      address === 'ClusterIP' || address === 'NodePort',
    );
  });
});

it('a proxy mode is a path, but iptables has two', () => {
  expect(packetPathOf('iptables', 'legacy')).toBe('iptables-legacy');
  expect(packetPathOf('iptables', 'nft')).toBe('iptables-nft');
  expect(packetPathOf('ipvs', 'nft')).toBe('ipvs');
});
