import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../../cluster/service-shape.js';
import type { EndpointCounts } from '../proxy-mode.js';
import {
  DEFAULT_IPTABLES_OPTIONS,
  iptablesOptionsOf,
  type IptablesLayout,
  type IptablesRuleOptions,
} from './iptables-options.js';
import {
  cleansUpStaleChains,
  countServiceRules,
  createServiceRules,
  FIXED_NAT_CHAINS,
  fixedFilterChains,
  fixedFilterRules,
  fixedNatRules,
  isLargeCluster,
  natRulesOfService,
  ownChainRules,
} from './iptables-rules.js';

interface Case {
  readonly name: string;
  readonly test: string;
  readonly layout: IptablesLayout;
  readonly services: number;
  readonly shape: Partial<ServiceShape>;
  readonly cluster: number;
  readonly expected: {
    readonly natRules: number;
    readonly filterRules: number;
    readonly natChains?: number;
    readonly filterChains?: number;
  };
}
const { cases } = JSON.parse(readFileSync(new URL('iptables-rules.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const everywhere = (cluster: number): EndpointCounts => ({
  cluster,
  local: 0,
  reachable: cluster,
  isAnywhere: cluster > 0,
});

const count = (shape: Partial<ServiceShape>, endpoints: EndpointCounts, options: Partial<IptablesRuleOptions> = {}) =>
  countServiceRules(
    { ...CLUSTER_IP, ...shape },
    endpoints,
    { ...DEFAULT_IPTABLES_OPTIONS, ...options },
    createServiceRules(),
  );

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

describe('rules of a full sync (Kubernetes pkg/proxy/iptables)', () => {
  it.each(cases)('$test, layout $layout: $name', ({ layout, services, shape, cluster, expected }) => {
    const options = { ...DEFAULT_IPTABLES_OPTIONS, layout };
    const rules = count(shape, everywhere(cluster), options);
    const actual = {
      natRules: fixedNatRules(options) + services * natRulesOfService(rules),
      filterRules: fixedFilterRules(options) + services * rules.filter,
      natChains: FIXED_NAT_CHAINS + services * rules.chains,
      filterChains: fixedFilterChains(options),
    };
    expect(actual).toMatchObject(expected);
  });
});

/** By hand from the layout: chain by chain, in nat and in filter. */
describe('rules of a service, by the layout', () => {
  const none: EndpointCounts = { cluster: 0, local: 0, reachable: 0, isAnywhere: false };
  const sets = (cluster: number, local: number, reachable = cluster): EndpointCounts => ({
    cluster,
    local,
    reachable,
    isAnywhere: true,
  });
  const loadBalancer = {
    type: 'LoadBalancer',
    externalIPs: 1,
    loadBalancerIPs: 1,
    externalTrafficPolicy: 'Local',
  } as const;
  it.each<{
    name: string;
    shape: Partial<ServiceShape>;
    endpoints: EndpointCounts;
    options?: Partial<IptablesRuleOptions>;
    nat: number;
    filter: number;
    chains: number;
  }>([
    {
      name: 'affinity: a look-up for each endpoint',
      shape: { sessionAffinity: 'ClientIP' },
      endpoints: sets(3, 0),
      nat: 2 + 3 * 4,
      filter: 0,
      chains: 4,
    },
    {
      name: 'no cluster CIDR: no masquerade',
      shape: {},
      endpoints: sets(2, 0),
      options: { detectsLocalTraffic: false },
      nat: 1 + 6,
      filter: 0,
      chains: 3,
    },
    {
      name: 'masqueradeAll without a cluster CIDR',
      shape: {},
      endpoints: sets(2, 0),
      options: { detectsLocalTraffic: false, masqueradeAll: true },
      nat: 2 + 6,
      filter: 0,
      chains: 3,
    },
    {
      name: 'internal Local: local chain only',
      shape: { internalTrafficPolicy: 'Local' },
      endpoints: sets(0, 2, 2),
      nat: 2 + 2 + 4,
      filter: 0,
      chains: 3,
    },
    {
      name: 'internal Local, endpoints elsewhere: DROP',
      shape: { internalTrafficPolicy: 'Local' },
      endpoints: sets(0, 0),
      nat: 0,
      filter: 1,
      chains: 0,
    },
    {
      name: 'node port, with its counter',
      shape: { type: 'NodePort' },
      endpoints: sets(1, 0),
      nat: 1 + 2 + 1 + 2 + 1 + 2,
      filter: 0,
      chains: 3,
    },
    {
      name: 'node port without nfacct',
      shape: { type: 'NodePort' },
      endpoints: sets(1, 0),
      options: { hasNfacct: false },
      nat: 1 + 1 + 1 + 2 + 1 + 2,
      filter: 0,
      chains: 3,
    },
    {
      name: 'node port in IPv6',
      shape: { type: 'NodePort' },
      endpoints: sets(1, 0),
      options: { isIPv4: false },
      nat: 1 + 1 + 1 + 2 + 1 + 2,
      filter: 0,
      chains: 3,
    },
    {
      name: 'node port without localhostNodePorts',
      shape: { type: 'NodePort' },
      endpoints: sets(1, 0),
      options: { localhostNodePorts: false },
      nat: 1 + 1 + 1 + 2 + 1 + 2,
      filter: 0,
      chains: 3,
    },
    {
      name: 'node port without endpoints: two REJECTs',
      shape: { type: 'NodePort' },
      endpoints: none,
      nat: 0,
      filter: 2,
      chains: 0,
    },
    // Dispatch 3, node port 2, masquerade 1, EXT 3 + 1, SVC 3, SVL 1, SEP 6.
    {
      name: 'external Local with a local endpoint',
      shape: loadBalancer,
      endpoints: sets(3, 1),
      nat: 3 + 2 + 1 + 4 + 3 + 1 + 6,
      filter: 1,
      chains: 1 + 1 + 1 + 3,
    },
    // No way from EXT to local endpoints; DROP for two addresses and the node port, and the health check.
    {
      name: 'external Local without local endpoints',
      shape: loadBalancer,
      endpoints: sets(3, 0),
      nat: 3 + 2 + 1 + 3 + 3 + 6,
      filter: 4,
      chains: 1 + 1 + 3,
    },
    {
      name: 'external Local without a cluster CIDR',
      shape: loadBalancer,
      endpoints: sets(3, 1),
      options: { detectsLocalTraffic: false },
      nat: 3 + 2 + 3 + 3 + 1 + 6,
      filter: 1,
      chains: 6,
    },
    {
      name: 'external Local, no endpoints at all: REJECT, and the health check',
      shape: loadBalancer,
      endpoints: none,
      nat: 0,
      filter: 1 + 3 + 1,
      chains: 0,
    },
    {
      name: 'no node port allocated',
      shape: { ...loadBalancer, allocateLoadBalancerNodePorts: false },
      endpoints: sets(3, 1),
      nat: 3 + 1 + 4 + 3 + 1 + 6,
      filter: 1,
      chains: 6,
    },
    // A local endpoint that terminates is reachable beside those that are ready elsewhere.
    {
      name: 'local fall-back: the union has more than the cluster',
      shape: loadBalancer,
      endpoints: sets(3, 1, 4),
      nat: 3 + 2 + 1 + 4 + 3 + 1 + 8,
      filter: 1,
      chains: 1 + 1 + 1 + 4,
    },
    // FW: two ranges, the node through two addresses, the end; filter: DROP for two addresses.
    {
      name: 'source ranges that hold the node',
      shape: { type: 'LoadBalancer', loadBalancerIPs: 2, loadBalancerSourceRanges: 2 },
      endpoints: sets(1, 0),
      options: { isNodeInSourceRanges: true },
      nat: 3 + 2 + 1 + 2 + 5 + 1 + 2,
      filter: 2,
      chains: 4,
    },
    {
      name: 'source ranges without an address',
      shape: { type: 'LoadBalancer', loadBalancerSourceRanges: 2 },
      endpoints: sets(1, 0),
      nat: 1 + 2 + 1 + 2 + 1 + 2,
      filter: 0,
      chains: 3,
    },
    {
      name: 'source ranges without endpoints: REJECT only',
      shape: { type: 'LoadBalancer', loadBalancerIPs: 1, loadBalancerSourceRanges: 2 },
      endpoints: none,
      nat: 0,
      filter: 1 + 2,
      chains: 0,
    },
    {
      name: 'external IPs of a ClusterIP service',
      shape: { externalIPs: 2 },
      endpoints: sets(2, 0),
      nat: 3 + 1 + 2 + 2 + 4,
      filter: 0,
      chains: 4,
    },
    // Internal traffic is dropped here, outside traffic goes to all endpoints: no masquerade mark in an empty local chain.
    {
      name: 'internal Local, external Cluster, none local',
      shape: { type: 'NodePort', internalTrafficPolicy: 'Local' },
      endpoints: sets(2, 0),
      nat: 2 + 2 + 2 + 4,
      filter: 1,
      chains: 4,
    },
  ])('$name', ({ shape, endpoints, options = {}, nat, filter, chains }) => {
    const rules = count(shape, endpoints, options);
    expect({ nat: natRulesOfService(rules), filter: rules.filter, chains: rules.chains }).toEqual({
      nat,
      filter,
      chains,
    });
  });

  it('draws lots for all but the last endpoint of each chain', () => {
    expect(count(loadBalancer, sets(5, 2)).randomJumps).toBe(4 + 1);
    expect(count({}, sets(1, 0)).randomJumps).toBe(0);
  });
});

describe('rules without services', () => {
  const fixed = (options: Partial<IptablesRuleOptions>) => {
    const all = { ...DEFAULT_IPTABLES_OPTIONS, ...options };
    return [fixedNatRules(all), fixedFilterRules(all), fixedFilterChains(all)];
  };

  it.each<{ options: Partial<IptablesRuleOptions>; rules: number[] }>([
    { options: {}, rules: [5, 4, 6] },
    { options: { layout: 'v1.24' }, rules: [5, 3, 5] },
    { options: { tcpBeLiberal: true }, rules: [5, 3, 6] },
    { options: { localhostNodePorts: false }, rules: [5, 3, 5] },
    { options: { isIPv4: false }, rules: [5, 3, 5] },
    { options: { nodePortAddresses: 3 }, rules: [7, 4, 6] },
    { options: { nodePortAddresses: 0 }, rules: [4, 4, 6] },
  ])('$options', ({ options, rules }) => {
    expect(fixed(options)).toEqual(rules);
  });

  it('follows from the settings of kube-proxy', () => {
    const defaults = {
      iptablesRuleLayout: 'v1.33',
      detectLocalMode: 'ClusterCIDR',
      masqueradeAll: false,
      localhostNodePorts: true,
      nodePortAddresses: 'all',
      conntrack: { tcpBeLiberal: false },
    } as const;
    expect(iptablesOptionsOf(defaults)).toEqual(DEFAULT_IPTABLES_OPTIONS);
    expect(
      iptablesOptionsOf({
        iptablesRuleLayout: 'v1.24',
        detectLocalMode: 'none',
        masqueradeAll: true,
        localhostNodePorts: false,
        nodePortAddresses: 'primary',
        conntrack: { tcpBeLiberal: true },
      }),
    ).toEqual({
      ...DEFAULT_IPTABLES_OPTIONS,
      layout: 'v1.24',
      detectsLocalTraffic: false,
      masqueradeAll: true,
      localhostNodePorts: false,
      nodePortAddresses: 1,
      tcpBeLiberal: true,
    });
  });
});

describe('TestSyncProxyRulesRepeated (Kubernetes pkg/proxy/iptables/proxier_test.go, 1.33)', () => {
  const rulesOf = (endpoints: number) => count({}, everywhere(endpoints));
  const total = (services: readonly number[]): number =>
    fixedNatRules(DEFAULT_IPTABLES_OPTIONS) + sum(services.map((endpoints) => natRulesOfService(rulesOf(endpoints))));
  const written = (services: readonly number[], changed: readonly number[]): number =>
    fixedNatRules(DEFAULT_IPTABLES_OPTIONS) +
    sum(services.map((endpoints) => rulesOf(endpoints).dispatch)) +
    sum(changed.map((endpoints) => ownChainRules(rulesOf(endpoints))));
  const chains = (services: readonly number[]): number => sum(services.map((endpoints) => rulesOf(endpoints).chains));

  // Endpoints of every service before and after the step, and what the sync then writes; a deleted service is 0 in `changed`.
  it.each([
    {
      step: 'two services created, first sync',
      before: [],
      after: [1, 1],
      changed: [1, 1],
      last: 15,
      all: 15,
      replaced: 0,
      gone: 0,
    },
    { step: 'one is deleted', before: [1, 1, 1], after: [1, 1], changed: [0], last: 7, all: 15, replaced: 0, gone: 2 },
    {
      step: 'a service without endpoints gets one',
      before: [1, 1, 0],
      after: [1, 1, 1],
      changed: [1],
      last: 12,
      all: 20,
      replaced: 0,
      gone: 0,
    },
    {
      step: 'an endpoint is replaced',
      before: [1, 1, 1],
      after: [1, 1, 1],
      changed: [1],
      last: 12,
      all: 20,
      replaced: 1,
      gone: 1,
    },
    {
      step: 'nothing changed',
      before: [1, 2, 1],
      after: [1, 2, 1],
      changed: [],
      last: 8,
      all: 23,
      replaced: 0,
      gone: 0,
    },
    {
      step: 'full retry after a failure, one service deleted',
      before: [1, 2, 1],
      after: [1, 2],
      changed: [1, 2],
      last: 18,
      all: 18,
      replaced: 0,
      gone: 2,
    },
  ])('$step', ({ before, after, changed, last, all, replaced, gone }) => {
    expect(total(after)).toBe(all);
    expect(written(after, changed)).toBe(last);
    expect(fixedFilterRules(DEFAULT_IPTABLES_OPTIONS)).toBe(4);
    // The chain of an endpoint that was replaced is gone too, which the counts do not tell.
    expect(Math.max(0, chains(before) - chains(after)) + replaced).toBe(gone);
  });
});

describe('TestSyncProxyRulesLargeClusterMode (same file)', () => {
  const SECOND = 1e9;

  it('begins above 1000 endpoints, strictly', () => {
    expect([998, 1000, 1001].map(isLargeCluster)).toEqual([false, false, true]);
  });

  it('puts the deletion of stale chains off until the last cleanup is more than syncPeriod ago', () => {
    expect(cleansUpStaleChains(998, 0, 30 * SECOND)).toBe(true);
    expect(cleansUpStaleChains(1001, 0, 30 * SECOND)).toBe(false);
    expect(cleansUpStaleChains(1001, 30 * SECOND, 30 * SECOND)).toBe(false);
    expect(cleansUpStaleChains(1001, 30 * SECOND + 1, 30 * SECOND)).toBe(true);
  });

  it('then deletes the chain of a deleted service with one endpoint and that of the endpoint', () => {
    expect(count({}, everywhere(1)).chains).toBe(2);
  });
});

it('has 2 + 3n rules and 1 + n chains for n endpoints of a ClusterIP service, and one REJECT for none', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (n) => {
      const rules = count({}, everywhere(n));
      expect([natRulesOfService(rules), ownChainRules(rules), rules.chains, rules.filter]).toEqual([
        2 + 3 * n,
        1 + 3 * n,
        1 + n,
        0,
      ]);
    }),
  );
  const empty = count({}, everywhere(0));
  expect([natRulesOfService(empty), empty.chains, empty.filter]).toEqual([0, 0, 1]);
});
