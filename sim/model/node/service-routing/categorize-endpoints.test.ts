import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape, type TrafficPolicy } from '../../cluster/service-shape.js';
import { kubeProxyDefaults } from '../../versions/kube-proxy-profile.js';
import { countEndpoints, type EndpointView, type RoutedService } from '../endpoint-view.js';
import {
  categorizeEndpoints,
  type EndpointSelection,
  type RoutableEndpoint,
  type RoutingNode,
} from './categorize-endpoints.js';

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

const ALL: EndpointSelection = {
  terminatingEndpoints: true,
  topologyHints: true,
  preferSameTrafficDistribution: true,
};
const NODE: RoutingNode = { name: 'node-0', zone: 'a' };
/** What a kube-proxy of 1.`minor` takes into account by default. */
const selectionOf = (minor: number): EndpointSelection => {
  const defaults = kubeProxyDefaults(minor, 'iptables');
  return {
    terminatingEndpoints: defaults.terminatingEndpoints.value,
    topologyHints: defaults.topologyHints.value,
    preferSameTrafficDistribution: defaults.preferSameTrafficDistribution.value,
  };
};
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
      { ...ALL, preferSameTrafficDistribution: nodeHints },
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

  it('takes an empty zone label for none', () => {
    const endpoints = ['', 'a'].map((zone, index) => endpoint(index, 'ready', { zoneHints: [zone] }));
    const { cluster } = categorizeEndpoints(both, endpoints, { name: null, zone: '' }, ALL);
    expect(numbersOf(cluster)).toEqual([0, 1]);
  });

  it('looks at hints for nodes first, and at hints for zones when one endpoint lacks a node', () => {
    const here = endpoint(0, 'ready', { zoneHints: ['a'], nodeHints: ['node-0'] });
    const sameZone = endpoint(1, 'ready', { zoneHints: ['a'], nodeHints: ['node-1'] });
    const otherZone = endpoint(2, 'ready', { zoneHints: ['b'], nodeHints: ['node-2'] });
    expect(select([here, sameZone, otherZone])[0]).toEqual([0]);
    expect(select([here, { ...sameZone, nodeHints: [] }, otherZone])[0]).toEqual([0, 1]);
    expect(select([here, sameZone, otherZone], { ...ALL, preferSameTrafficDistribution: false })[0]).toEqual([0, 1]);
    expect(
      select([here, sameZone, otherZone], { ...ALL, preferSameTrafficDistribution: false, topologyHints: false })[0],
    ).toEqual([0, 1, 2]);
  });

  it.each([
    { minor: 23, cluster: [], hints: [0, 1] },
    { minor: 25, cluster: [], hints: [0] },
    { minor: 26, cluster: [0], hints: [0] },
  ])('1.$minor: ending endpoints since 1.26, hints since 1.24', ({ minor, cluster, hints }) => {
    const selection = selectionOf(minor);
    expect(select([endpoint(0, 'ending')], selection)[0]).toEqual(cluster);
    const ready = ['a', 'b'].map((zone, index) => endpoint(index, 'ready', { zoneHints: [zone] }));
    expect(select(ready, selection)[0]).toEqual(hints);
  });

  it('follows hints for nodes by default since 1.34', () => {
    expect([33, 34].map((minor) => selectionOf(minor).preferSameTrafficDistribution)).toEqual([false, true]);
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
    selection: fc.record({
      terminatingEndpoints: fc.boolean(),
      topologyHints: fc.boolean(),
      preferSameTrafficDistribution: fc.boolean(),
    }),
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

/** In a run, hints are those of the controllers: an endpoint is hinted to one zone, and with it perhaps to its own node. */
describe('countEndpoints (endpoint-view.ts) gives the sizes of the sets', () => {
  const NODES = ['node-0', 'node-1', 'node-2'];
  const generated = fc.record({
    internal: fc.constantFrom<TrafficPolicy>('Cluster', 'Local'),
    external: fc.constantFrom<TrafficPolicy>('Cluster', 'Local'),
    hasNodePort: fc.boolean(),
    hints: fc.constantFrom<RoutedService['hints']>('none', 'zone', 'node'),
    endpoints: fc.array(
      fc.record({
        state: fc.constantFrom('ready', 'ready', 'ending', 'unready'),
        node: fc.nat(NODES.length - 1),
        hint: fc.constantFrom('a', 'a', 'b', 'b', null),
      }),
      { maxLength: 8 },
    ),
  });

  it('for every policy and whatever hints are followed', () => {
    fc.assert(
      fc.property(generated, ({ internal, external, hasNodePort, hints, endpoints }) => {
        const shape = shapeOf(internal, external, hasNodePort);
        const sets = categorizeEndpoints(
          shape,
          endpoints.map(({ state, node, hint }, index) =>
            endpoint(index, state, {
              isLocal: node === 0,
              zoneHints: hint === null ? [] : [hint],
              nodeHints: hint === null ? [] : [NODES[node]!],
            }),
          ),
          NODE,
          { ...ALL, topologyHints: hints !== 'none', preferSameTrafficDistribution: hints === 'node' },
        );
        const count = (isCounted: (one: (typeof endpoints)[number]) => boolean) => endpoints.filter(isCounted).length;
        const view: EndpointView = {
          ready: count(({ state }) => state === 'ready'),
          terminating: count(({ state }) => state === 'ending'),
          hinted: count(({ state, hint }) => state === 'ready' && hint !== null),
          hintedHere: count(({ state, hint }) => state === 'ready' && hint === NODE.zone),
          ownReady: count(({ state, node }) => state === 'ready' && node === 0),
          ownTerminating: count(({ state, node }) => state === 'ending' && node === 0),
          ownHintedHere: count(({ state, node, hint }) => state === 'ready' && node === 0 && hint === NODE.zone),
        };
        expect(countEndpoints({ shape, hints }, view)).toEqual({
          cluster: sets.cluster?.length ?? 0,
          local: sets.local?.length ?? 0,
          reachable: sets.reachable.length,
          isAnywhere: sets.isAnywhere,
        });
      }),
      { numRuns: 3000 },
    );
  });
});
