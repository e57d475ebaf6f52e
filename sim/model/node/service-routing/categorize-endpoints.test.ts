import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape, type TrafficPolicy } from '../../cluster/service-shape.js';
import { kubeProxyFeatures } from '../../versions/kube-proxy-features.js';
import {
  categorizeEndpoints,
  type EndpointSelection,
  type RoutableEndpoint,
  type RoutingNode,
} from './categorize-endpoints.js';
import { endpointCounts, tallyEndpoints } from './endpoint-counts.js';

interface Case {
  readonly name: string;
  readonly internal: TrafficPolicy;
  readonly external: TrafficPolicy;
  readonly hasNodePort: boolean;
  readonly node: RoutingNode;
  readonly nodeHints: boolean;
  readonly endpoints: readonly {
    readonly state: 'ready' | 'unready' | 'ending';
    readonly local?: boolean;
    readonly zones?: readonly string[];
    readonly nodes?: readonly string[];
  }[];
  readonly expected: {
    readonly cluster: readonly number[] | null;
    readonly local: readonly number[] | null;
    readonly reachable: readonly number[];
    readonly isAnywhere: boolean;
  };
}
const { cases } = JSON.parse(readFileSync(new URL('categorize-endpoints.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

interface Numbered extends RoutableEndpoint {
  readonly index: number;
}
const numbersOf = (endpoints: readonly Numbered[] | null): readonly number[] | null =>
  endpoints === null ? null : endpoints.map(({ index }) => index).sort((a, b) => a - b);

const ALL: EndpointSelection = { zoneHints: true, nodeHints: true, terminatingEndpoints: true };
const NODE: RoutingNode = { name: 'node-0', zone: 'a' };
const shapeOf = (internal: TrafficPolicy, external: TrafficPolicy, hasNodePort: boolean): ServiceShape => ({
  ...CLUSTER_IP,
  type: hasNodePort ? 'NodePort' : 'ClusterIP',
  internalTrafficPolicy: internal,
  externalTrafficPolicy: external,
});
const endpoint = (index: number, state: string, given: Partial<RoutableEndpoint> = {}): Numbered => ({
  index,
  isReady: state === 'ready',
  isServing: state !== 'unready',
  isTerminating: state === 'ending',
  isLocal: false,
  zoneHints: [],
  nodeHints: [],
  ...given,
});

describe('TestCategorizeEndpoints (Kubernetes pkg/proxy/topology_test.go)', () => {
  it.each(cases)('$name', ({ internal, external, hasNodePort, node, nodeHints, endpoints, expected }) => {
    const sets = categorizeEndpoints(
      shapeOf(internal, external, hasNodePort),
      endpoints.map(({ state, local = false, zones = [], nodes = [] }, index) =>
        endpoint(index, state, { isLocal: local, zoneHints: zones, nodeHints: nodes }),
      ),
      node,
      { ...ALL, nodeHints },
    );
    expect({
      cluster: numbersOf(sets.cluster),
      local: numbersOf(sets.local),
      reachable: numbersOf(sets.reachable),
      isAnywhere: sets.isAnywhere,
    }).toEqual(expected);
  });
});

describe('the rules one by one', () => {
  const both = shapeOf('Cluster', 'Local', true);
  const select = (endpoints: readonly Numbered[], selection = ALL, shape = both) => {
    const { cluster, local, reachable } = categorizeEndpoints(shape, endpoints, NODE, selection);
    return [numbersOf(cluster), numbersOf(local), numbersOf(reachable)];
  };

  it('falls back for Local alone while there are ready endpoints elsewhere', () => {
    expect(select([endpoint(0, 'ending', { isLocal: true }), endpoint(1, 'ready')])).toEqual([[1], [0], [0, 1]]);
  });

  it('uses ready endpoints that end, as those of publishNotReadyAddresses do', () => {
    const ready = endpoint(0, 'ready', { isTerminating: true, isLocal: true });
    expect(select([ready, endpoint(1, 'ending', { isLocal: true })])).toEqual([[0], [0], [0]]);
  });

  it('uses no endpoint that ends and does not serve', () => {
    const dead = endpoint(0, 'ending', { isServing: false, isLocal: true });
    expect(select([dead])).toEqual([[], [], []]);
    expect(categorizeEndpoints(both, [dead], NODE, ALL).isAnywhere).toBe(false);
  });

  it('needs a hint on every ready endpoint, and on no other', () => {
    const hinted = endpoint(0, 'ready', { zoneHints: ['a'] });
    const elsewhere = endpoint(1, 'ready', { zoneHints: ['b'] });
    expect(select([hinted, elsewhere, endpoint(2, 'unready')])[0]).toEqual([0]);
    expect(select([hinted, elsewhere, endpoint(2, 'ready')])[0]).toEqual([0, 1, 2]);
  });

  it('looks at hints for nodes first, and at hints for zones when one endpoint lacks a node', () => {
    const here = endpoint(0, 'ready', { zoneHints: ['a'], nodeHints: ['node-0'] });
    const sameZone = endpoint(1, 'ready', { zoneHints: ['a'], nodeHints: ['node-1'] });
    const otherZone = endpoint(2, 'ready', { zoneHints: ['b'], nodeHints: ['node-2'] });
    expect(select([here, sameZone, otherZone])[0]).toEqual([0]);
    expect(select([here, { ...sameZone, nodeHints: [] }, otherZone])[0]).toEqual([0, 1]);
    expect(select([here, sameZone, otherZone], { ...ALL, nodeHints: false })[0]).toEqual([0, 1]);
    expect(select([here, sameZone, otherZone], { ...ALL, nodeHints: false, zoneHints: false })[0]).toEqual([0, 1, 2]);
  });

  it.each([
    { minor: 23, cluster: [], hints: [0, 1] },
    { minor: 25, cluster: [], hints: [0] },
    { minor: 26, cluster: [0], hints: [0] },
  ])('1.$minor: ending endpoints since 1.26, hints since 1.24', ({ minor, cluster, hints }) => {
    const selection = kubeProxyFeatures(minor);
    expect(select([endpoint(0, 'ending')], selection)[0]).toEqual(cluster);
    const ready = ['a', 'b'].map((zone, index) => endpoint(index, 'ready', { zoneHints: [zone] }));
    expect(select(ready, selection)[0]).toEqual(hints);
  });

  it('follows hints for nodes by default since 1.34', () => {
    expect([33, 34].map((minor) => kubeProxyFeatures(minor).nodeHints)).toEqual([false, true]);
  });
});

describe('properties', () => {
  const policy = fc.constantFrom<TrafficPolicy>('Cluster', 'Local');
  const hints = (names: readonly string[]) => fc.oneof(fc.constant([]), fc.subarray([...names], { minLength: 1 }));
  const generated = fc.record({
    shape: fc.tuple(policy, policy, fc.boolean()).map((policies) => shapeOf(...policies)),
    endpoints: fc.array(
      fc.record({
        isReady: fc.boolean(),
        isServing: fc.boolean(),
        isTerminating: fc.boolean(),
        isLocal: fc.boolean(),
        zoneHints: hints(['a', 'b']),
        nodeHints: hints(['node-0', 'node-1']),
      }),
      { maxLength: 8 },
    ),
    node: fc.constantFrom<RoutingNode>(NODE, { name: 'node-1', zone: 'b' }, { name: null, zone: null }),
    selection: fc.record({ zoneHints: fc.boolean(), nodeHints: fc.boolean(), terminatingEndpoints: fc.boolean() }),
  });

  it('the counts are the sizes of the sets', () => {
    fc.assert(
      fc.property(generated, ({ shape, endpoints, node, selection }) => {
        const { cluster, local, reachable, isAnywhere } = categorizeEndpoints(shape, endpoints, node, selection);
        expect(endpointCounts(shape, tallyEndpoints(endpoints, node, selection))).toEqual({
          cluster: cluster?.length ?? 0,
          local: local?.length ?? 0,
          reachable: reachable.length,
          isAnywhere,
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('there is a cluster endpoint if there is one anywhere, and no set mixes ready endpoints with others', () => {
    fc.assert(
      fc.property(generated, ({ shape, endpoints, node, selection }) => {
        const { cluster, local, isAnywhere } = categorizeEndpoints(shape, endpoints, node, selection);
        if (cluster !== null) expect(cluster.length > 0).toBe(isAnywhere);
        expect(cluster === null && local === null).toBe(false);
        for (const set of [cluster, local]) expect(new Set(set?.map(({ isReady }) => isReady)).size).toBeLessThan(2);
        expect(local?.every(({ isLocal }) => isLocal)).not.toBe(false);
      }),
    );
  });
});
