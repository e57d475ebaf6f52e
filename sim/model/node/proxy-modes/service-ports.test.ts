/** Services with several ports, amount by amount: what each port has for itself and what they share. */

import { describe, expect, test } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../cluster/service-shape.js';
import { IptablesMode } from './iptables/iptables-mode.js';
import { IpvsMode } from './ipvs/ipvs-mode.js';
import { NftablesMode } from './nftables/nftables-mode.js';
import { WithPolicyGauges } from './policy-gauges.js';
import type { EndpointCounts, ProxyMode } from './proxy-mode.js';
import { UserspaceMode } from './userspace/userspace-mode.js';

const SYNC_PERIOD_NS = 30e9;
const NFTABLES = {
  detectsLocal: true,
  masqueradeAll: false,
  singleEndpointGoto: false,
  nodePortAddresses: 'all',
  listings: 'none',
  keepEndpointChainsOnStart: true,
  nodeKernel: '6.12',
} as const;
const MODES: Readonly<Record<ProxyMode['name'], () => ProxyMode>> = {
  iptables: () => new IptablesMode(SYNC_PERIOD_NS),
  ipvs: () => new IpvsMode(1),
  nftables: () => new NftablesMode(NFTABLES),
  userspace: () => new UserspaceMode(),
};

const PLAIN: ServiceShape = { ...CLUSTER_IP, ports: 2 };
const BALANCER: ServiceShape = {
  ...CLUSTER_IP,
  type: 'LoadBalancer',
  loadBalancerIPs: 1,
  externalTrafficPolicy: 'Local',
  ports: 3,
};
const endpoints = (cluster: number, local: number): EndpointCounts => ({
  cluster,
  local,
  reachable: Math.max(cluster, local),
  isAnywhere: cluster > 0,
});

describe.each<{
  readonly mode: ProxyMode['name'];
  readonly name: string;
  readonly shape: ServiceShape;
  readonly counts: EndpointCounts;
  readonly expected: Readonly<Record<string, number>>;
}>([
  // nat: one line, the masquerade mark and three rules for each endpoint, for each port.
  {
    mode: 'iptables',
    name: 'a plain service of 3 endpoints and 2 ports',
    shape: PLAIN,
    counts: endpoints(3, 0),
    expected: { 'nat rules': 22, 'nat chains': 8, 'lines in KUBE-SERVICES': 2, 'filter rules': 0, endpoints: 6 },
  },
  {
    mode: 'iptables',
    name: 'a plain service of 2 ports without endpoints: as many REJECT lines',
    shape: PLAIN,
    counts: endpoints(0, 0),
    expected: { 'nat rules': 0, 'nat chains': 0, 'filter rules': 2, endpoints: 0 },
  },
  // filter: the ACCEPT of health checks and the DROP of two addresses without local endpoints, each again for each port.
  {
    mode: 'iptables',
    name: 'a load balancer of 3 ports with policy Local and no local endpoint',
    shape: BALANCER,
    counts: endpoints(2, 0),
    expected: { 'lines in KUBE-SERVICES': 6, 'filter rules': 9, endpoints: 6 },
  },
  {
    mode: 'ipvs',
    name: 'a load balancer of 3 ports shares its two addresses',
    shape: BALANCER,
    counts: endpoints(2, 1),
    expected: { 'virtual servers': 9, 'real servers': 12, 'addresses on kube-ipvs0': 2 },
  },
  // Elements of each port: that of service-ips; the one in cluster-ips is shared.
  {
    mode: 'nftables',
    name: 'a plain service of 3 endpoints and 2 ports',
    shape: PLAIN,
    counts: endpoints(3, 0),
    expected: { 'service ports': 2, chains: 8, rules: 16, elements: 3, 'anonymous sets': 2 },
  },
  {
    mode: 'userspace',
    name: 'a plain service of 3 endpoints and 2 ports',
    shape: PLAIN,
    counts: endpoints(3, 0),
    expected: { 'redirect rules': 4, endpoints: 6 },
  },
])('$mode: $name', ({ mode: modeName, shape, counts, expected }) => {
  const mode = MODES[modeName]();
  const amounts = new Float64Array(mode.quantities.length);
  mode.count(shape, counts, amounts);

  test.each(Object.entries(expected))('%s: %d', (quantity, amount) => {
    expect(amounts[mode.quantities.indexOf(quantity)]).toBe(amount);
  });
});

/** pkg/proxy counts them service port by service port, but for the IPVS mode, which keeps the names of services. */
test.each([
  ['iptables', 3],
  ['nftables', 3],
  ['ipvs', 1],
] as const)('%s counts a service of 3 ports without local endpoints %d times', (name, expected) => {
  const mode = new WithPolicyGauges(MODES[name]());
  const amounts = new Float64Array(mode.quantities.length);
  mode.count(BALANCER, endpoints(2, 0), amounts);
  expect(amounts[mode.quantities.indexOf('no local endpoints (external)')]).toBe(expected);
  expect(amounts[mode.quantities.indexOf('no local endpoints (internal)')]).toBe(0);
  mode.count({ ...BALANCER, type: 'Headless' }, endpoints(2, 0), amounts);
  expect([...amounts].every((amount) => amount === 0)).toBe(true);
});
