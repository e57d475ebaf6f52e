import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLUSTER_IP,
  hasNodePort,
  isExternalPolicyLocal,
  isReachableFromOutside,
  type ServiceShape,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from '../../../cluster/service-shape.js';
import {
  baseRuleset,
  DEFAULT_RULESET_OPTIONS,
  mapElements,
  rewriteOperations,
  type RulesetOptions,
  serviceRuleset,
  type ServiceState,
} from './nftables-ruleset.js';
import { canDeleteStaleChains, operationsOf, planTransaction } from './nftables-transaction.js';

interface Endpoints {
  readonly cluster: number;
  readonly local?: number;
  readonly elsewhere?: number;
}
interface RulesetCase {
  readonly name: string;
  readonly test: string | null;
  readonly shape: Partial<ServiceShape>;
  readonly endpoints: Endpoints;
  readonly expected: Readonly<Record<'chains' | 'rules' | 'affinitySets' | 'elements', number>>;
}
interface TransactionCase {
  readonly name: string;
  readonly test: string | null;
  readonly shape?: Partial<ServiceShape>;
  readonly before: Endpoints | null;
  readonly after: Endpoints | null;
  readonly endpointsGone?: number;
  readonly operations: number;
}
const { rulesets, transactions } = JSON.parse(
  readFileSync(new URL('nftables-ruleset.cases.json', import.meta.url), 'utf8'),
) as { readonly rulesets: readonly RulesetCase[]; readonly transactions: readonly TransactionCase[] };

const OPTIONS = DEFAULT_RULESET_OPTIONS;

const state = (shape: Partial<ServiceShape>, { cluster, local = 0, elsewhere = 0 }: Endpoints): ServiceState => ({
  shape: { ...CLUSTER_IP, ...shape },
  endpoints: {
    cluster,
    local,
    reachable: Math.max(cluster, local),
    isAnywhere: cluster + local + elsewhere > 0,
  },
});

const plain = (cluster: number): ServiceState => state({}, { cluster });
const affine = (cluster: number): ServiceState => state({ sessionAffinity: 'ClientIP' }, { cluster });

describe('the table without services (Kubernetes pkg/proxy/nftables/proxier_test.go, baseRules)', () => {
  it('has these with one node IP and service CIDRs', () => {
    expect(baseRuleset(1, true)).toEqual({ sets: 2, maps: 5, chains: 16, baseChains: 8, rules: 23, elements: 1 });
  });

  it('drops no unallocated address where it does not know the service CIDRs', () => {
    expect(baseRuleset(2, false)).toMatchObject({ rules: 22, elements: 2 });
  });
});

describe('what a service port has', () => {
  it.each(rulesets)('$name ($test)', ({ shape, endpoints, expected }) => {
    expect(serviceRuleset(state(shape, endpoints), OPTIONS)).toMatchObject(expected);
  });

  it('has an anonymous map per policy that has endpoints, and an anonymous set of source ranges', () => {
    const both = state(
      {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        loadBalancerIPs: 1,
        loadBalancerSourceRanges: 4,
      },
      { cluster: 7, local: 2 },
    );
    expect(serviceRuleset(both, OPTIONS)).toMatchObject({ anonymousSets: 3, anonymousEntries: 13 });
    expect(serviceRuleset(plain(0), OPTIONS)).toMatchObject({ anonymousSets: 0, anonymousEntries: 0 });
  });

  it('can do without the map of a single endpoint, in as many rules', () => {
    const withGoto: RulesetOptions = { ...OPTIONS, singleEndpointGoto: true };
    expect(serviceRuleset(plain(1), withGoto)).toEqual({
      ...serviceRuleset(plain(1), OPTIONS),
      anonymousSets: 0,
      anonymousEntries: 0,
    });
    expect(serviceRuleset(plain(2), withGoto)).toEqual(serviceRuleset(plain(2), OPTIONS));
  });

  it('masquerades to the cluster IP, and lets pods of the node pass policy Local, only if it can tell them', () => {
    const blind: RulesetOptions = { ...OPTIONS, detectsLocal: false };
    const nodePort = state({ type: 'NodePort', externalTrafficPolicy: 'Local' }, { cluster: 2, local: 1 });
    const rules = (options: RulesetOptions): number => serviceRuleset(nodePort, options).rules;
    expect(rules(OPTIONS) - rules(blind)).toBe(2);
    expect(rules({ ...blind, masqueradeAll: true }) - rules(blind)).toBe(1);
  });
});

const anyState: fc.Arbitrary<ServiceState> = fc
  .record({
    type: fc.constantFrom('ClusterIP' as const, 'NodePort' as const, 'LoadBalancer' as const),
    internalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
    externalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
    sessionAffinity: fc.constantFrom('None' as const, 'ClientIP' as const),
    externalIPs: fc.nat(3),
    loadBalancerIPs: fc.nat(2),
    loadBalancerSourceRanges: fc.nat(3),
    allocateLoadBalancerNodePorts: fc.boolean(),
    anywhere: fc.nat(6),
    local: fc.nat(6),
  })
  .map(({ anywhere, local, ...fields }) => {
    const balancer = fields.type === 'LoadBalancer' ? {} : { loadBalancerIPs: 0, loadBalancerSourceRanges: 0 };
    const shape = { ...CLUSTER_IP, ...fields, ...balancer };
    const cluster = usesClusterEndpoints(shape) ? anywhere : 0;
    const onNode = usesLocalEndpoints(shape) ? Math.min(local, anywhere) : 0;
    return {
      shape,
      endpoints: { cluster, local: onNode, reachable: Math.max(cluster, onNode), isAnywhere: anywhere > 0 },
    };
  });

describe('any service port', () => {
  it('has as many elements as are listed, no two of one key in one map', () => {
    fc.assert(
      fc.property(anyState, (service) => {
        const elements = mapElements(service);
        expect(serviceRuleset(service, OPTIONS).elements).toBe(elements.length);
        expect(new Set(elements.map(({ map, key }) => `${map} ${key}`)).size).toBe(elements.length);
      }),
    );
  });

  it('sends every address somewhere: on to a chain that it has, or to its end', () => {
    fc.assert(
      fc.property(anyState, (service) => {
        const { shape, endpoints } = service;
        const elements = mapElements(service);
        const leadsOn = new Set(['service-ips', 'service-nodeports']);
        const keys = new Set(elements.map(({ key }) => key));
        expect(keys.size).toBe(1 + shape.externalIPs + shape.loadBalancerIPs + (hasNodePort(shape) ? 1 : 0));
        for (const { map, verdict } of elements) {
          if (map === 'cluster-ips' || map === 'firewall-ips') continue;
          if (!leadsOn.has(map)) expect(verdict).toBe(endpoints.isAnywhere ? 'drop' : 'reject');
          else if (verdict === 'external') expect(isReachableFromOutside(shape)).toBe(true);
          else expect(endpoints[verdict as 'cluster' | 'local']).toBeGreaterThan(0);
        }
        // Under policy Local without an endpoint here, an address leads on for the node's own traffic, and ends for other.
        const local = isExternalPolicyLocal(shape) && endpoints.isAnywhere && endpoints.local === 0;
        if (hasNodePort(shape)) expect(elements.filter(({ key }) => key === 'node port').length).toBe(local ? 2 : 1);
      }),
    );
  });

  it('is created by its elements and its own operations, and deleted by as many elements and a flush of each chain', () => {
    fc.assert(
      fc.property(anyState, (service) => {
        const ruleset = serviceRuleset(service, OPTIONS);
        expect(operationsOf(planTransaction(null, service, OPTIONS))).toBe(
          ruleset.elements + rewriteOperations(ruleset),
        );
        expect(operationsOf(planTransaction(service, null, OPTIONS))).toBe(
          ruleset.elements + ruleset.chains + ruleset.affinitySets,
        );
      }),
    );
  });

  it('takes a transaction from one state to another that adds up, element by element and chain by chain', () => {
    fc.assert(
      fc.property(anyState, anyState, (before, after) => {
        const plan = planTransaction(before, after, OPTIONS);
        const [had, has] = [serviceRuleset(before, OPTIONS), serviceRuleset(after, OPTIONS)];
        expect(had.elements + plan.elementsAdded - plan.elementsDeleted).toBe(has.elements);
        expect([plan.chainsRewritten, plan.rulesAdded, plan.setsAdded]).toEqual([
          has.chains,
          has.rules,
          has.affinitySets,
        ]);
        // Each chain of before is of after too, or stale.
        expect(had.chains - plan.chainsFlushed).toBeLessThanOrEqual(has.chains);
        expect(Object.values(plan).every((count: number) => count >= 0)).toBe(true);
      }),
    );
  });
});

describe('the transaction of a sync', () => {
  it.each(transactions)('$name ($test)', ({ shape = {}, before, after, endpointsGone, operations }) => {
    const plan = planTransaction(before && state(shape, before), after && state(shape, after), OPTIONS, {
      ...(endpointsGone !== undefined && { endpointsGone }),
    });
    expect(operationsOf(plan)).toBe(operations);
  });

  it.each([1, 2, 5, 100])(
    'has 4n + 4 operations for a service that keeps n = %i endpoints, 7n + 4 with affinity',
    (n) => {
      expect(operationsOf(planTransaction(plain(n), plain(n), OPTIONS))).toBe(4 * n + 4);
      expect(operationsOf(planTransaction(affine(n), affine(n), OPTIONS))).toBe(7 * n + 4);
    },
  );

  it('deletes and adds an element whose verdict changes: the internal policy becomes Local', () => {
    const local = state({ internalTrafficPolicy: 'Local' }, { cluster: 0, local: 1 });
    expect(planTransaction(plain(3), local, OPTIONS)).toMatchObject({
      elementsAdded: 1,
      elementsDeleted: 1,
      chainsFlushed: 3,
    });
  });

  it('deletes the affinity sets of a service that gives affinity up', () => {
    expect(planTransaction(affine(3), plain(3), OPTIONS)).toMatchObject({
      setsAdded: 0,
      setsDeleted: 3,
      chainsFlushed: 0,
    });
  });

  it('has no operation where nothing is and nothing was', () => {
    expect(operationsOf(planTransaction(null, null, OPTIONS))).toBe(0);
  });

  it('leaves stale chains for a sync that starts a second later', () => {
    expect([0, 0.999e9, 1e9, 30e9].map(canDeleteStaleChains)).toEqual([false, false, true, true]);
  });
});

describe('the first sync of a process (TestSyncProxyRulesStartup)', () => {
  const first = { isFirstSync: true };
  const operations = (before: ServiceState | null, after: ServiceState): number =>
    operationsOf(planTransaction(before, after, OPTIONS, first));

  it('adds what is new and writes service chains again', () => {
    // The kernel has svc1 and svc2 with one endpoint each; by now svc1 has two, and svc3 exists without any.
    expect(operations(plain(1), plain(2)) + operations(plain(1), plain(1)) + operations(null, plain(0))).toBe(14);
  });

  it('writes everything into an empty table', () => {
    expect(operations(null, plain(2))).toBe(14);
  });

  it('writes endpoint chains again whose affinity has changed', () => {
    expect(operations(plain(2), affine(2))).toBe(operationsOf(planTransaction(plain(2), affine(2), OPTIONS)));
    expect(operations(affine(2), affine(2))).toBe(2 + 4 + 2);
  });
});
