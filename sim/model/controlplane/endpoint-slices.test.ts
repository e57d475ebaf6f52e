/** What address families and hints add to EndpointSlices; discovery.test.ts has what they share with Endpoints objects. */

import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { PodState, PodTable } from '../cluster/pods.js';
import type { EndpointSettings, TrafficDistribution } from '../cluster/services.js';
import { isReadyEndpoint, isSliceEndpoint } from './endpoint-membership.js';
import { EndpointSlices, type PlannedSliceWrite } from './endpoint-slices.js';
import { NO_SLICE } from './published-pods.js';
import { createSlices, createTopologyNodes, PLAIN_SERVICE } from './testing/discoveries.js';
import type { EndpointObjectSize } from './wire-size.js';

const READY = PodState.hasAddress | PodState.ready;
const TERMINATING = READY | PodState.terminating;

/** Sizes that say how many endpoints an object has, and how many of them with hints. */
const PER_ENDPOINT = 1000;
const tellingSize: EndpointObjectSize = {
  frameBytes: (endpoints, withoutHints = 0) => endpoints * PER_ENDPOINT + endpoints - withoutHints,
  objectBytes: (endpoints, withoutHints = 0) => endpoints * PER_ENDPOINT + endpoints - withoutHints,
};
const endpointsIn = ({ frameBytes }: PlannedSliceWrite): number => Math.floor(frameBytes / PER_ENDPOINT);
const hintedIn = ({ frameBytes }: PlannedSliceWrite): number => frameBytes % PER_ENDPOINT;

/** Pods in the given states on nodes 0, 1, 2, ..., that is in zones 0, 1, 2, 0, ... */
function podsIn(states: readonly number[], nodeOf = (pod: number): number => pod % 300): PodTable {
  const pods = new PodTable(300, 1);
  states.forEach((state, index) => {
    pods.observed[pods.create(0, nodeOf(index))] = state;
  });
  return pods;
}

const allOf = (pods: PodTable): number[] => Array.from({ length: pods.count }, (_, pod) => pod);

function sync(slices: EndpointSlices, changed: readonly number[]): PlannedSliceWrite[] {
  const writes = slices.plan(0, changed);
  for (const write of writes) slices.apply(0, write);
  return writes;
}

const verbs = (writes: readonly PlannedSliceWrite[]): string[] => writes.map(({ verb, family }) => `${verb} ${family}`);

describe('whatever changes, and in whatever order', () => {
  const state = fc.constantFrom(
    0,
    PodState.hasAddress,
    READY,
    READY,
    TERMINATING,
    PodState.hasAddress | PodState.terminating,
    READY | PodState.gone,
    READY | PodState.notSelected,
    PodState.hasAddress | PodState.finished,
  );
  const settings = fc.record({
    publishNotReadyAddresses: fc.boolean(),
    ipFamilies: fc.constantFrom<EndpointSettings['ipFamilies']>(['IPv4'], ['IPv6'], ['IPv4', 'IPv6'], ['IPv6', 'IPv4']),
    trafficDistribution: fc.constantFrom<TrafficDistribution | null>(null, 'PreferClose', 'PreferSameNode'),
    topologyMode: fc.constantFrom<EndpointSettings['topologyMode']>('Auto', 'Disabled'),
  });
  const rounds = fc.array(fc.array(fc.tuple(fc.nat(39), state), { minLength: 1, maxLength: 12 }), { maxLength: 12 });

  test('every endpoint is in one slice of each family, no slice is over the maximum, and sizes tell what is in them', () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 7 }), fc.nat(1e6), rounds, (given, max, placement, changes) => {
        // Nodes by a hash, so that zones are uneven.
        const pods = podsIn(Array<number>(40).fill(0), (pod) => ((pod + placement) ** 3 % 7) % 3);
        const slices = createSlices(pods, 1, tellingSize, max, given);
        slices.initialize(0, []);
        /** By object: what its last write said. */
        const objects = given.ipFamilies.map(() => new Map<number, PlannedSliceWrite>());
        for (const round of changes) {
          const changed = new Set<number>();
          for (const [pod, next] of round) {
            if ((pods.observed[pod]! & PodState.gone) !== 0) continue;
            pods.observed[pod] = next;
            changed.add(pod);
          }
          for (const write of sync(slices, [...changed])) {
            if (write.verb === 'delete') objects[write.family]!.delete(write.object);
            else objects[write.family]!.set(write.object, write);
          }
          const isReady = (pod: number): boolean =>
            isReadyEndpoint(pods.observed[pod]!, given.publishNotReadyAddresses);
          objects.forEach((written, family) => {
            for (const pod of allOf(pods)) {
              const slice = slices.sliceOf(pod, family);
              expect(slice !== NO_SLICE).toBe(isSliceEndpoint(pods.observed[pod]!));
              if (slice !== NO_SLICE) expect(written.has(slice)).toBe(true);
            }
            expect(slices.usableEndpoints(0, family)).toBe(allOf(pods).filter(isReady).length);
            const hintedAnywhere = [...written.values()].some((write) => hintedIn(write) > 0);
            for (const [object, write] of written) {
              const members = allOf(pods).filter((pod) => slices.sliceOf(pod, family) === object);
              expect(members.length).toBeLessThanOrEqual(max);
              expect(endpointsIn(write)).toBe(members.length);
              const ready = members.filter(isReady).length;
              if (given.topologyMode === 'Auto') expect(hintedIn(write)).toBe(hintedAnywhere ? ready : 0);
              else expect(hintedIn(write)).toBe(given.trafficDistribution === null ? 0 : ready);
            }
          });
        }
        // No object is in two families.
        const [first, second] = objects;
        for (const object of second?.keys() ?? []) expect(first!.has(object)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a dual-stack service', () => {
  test('has two sets of slices, which are written one family after the other', () => {
    const pods = podsIn([READY, READY, READY, 0]);
    const slices = createSlices(pods, 1, tellingSize, 2, { ipFamilies: ['IPv4', 'IPv6'] });
    slices.initialize(0, allOf(pods));
    expect([slices.usableEndpoints(0, 0), slices.usableEndpoints(0, 1), slices.publishedEndpoints(0)]).toEqual([
      3, 3, 6,
    ]);
    expect(slices.sliceOf(0, 0)).not.toBe(slices.sliceOf(0, 1));
    pods.observed[3] = READY;
    expect(verbs(sync(slices, [3]))).toEqual(['update 0', 'update 1']);
  });

  test('publishes in the first family alone while the write of the second has not come through', () => {
    const pods = podsIn([READY, READY]);
    const slices = createSlices(pods, 1, tellingSize, 10, { ipFamilies: ['IPv4', 'IPv6'] });
    slices.initialize(0, allOf(pods));
    pods.observed[0] = PodState.hasAddress;
    slices.apply(0, slices.plan(0, [0])[0]!);
    expect([slices.usableEndpoints(0, 0), slices.usableEndpoints(0, 1)]).toEqual([1, 2]);
    // The sync that comes after finds the second family only.
    expect(verbs(sync(slices, [0]))).toEqual(['update 1']);
    expect(slices.usableEndpoints(0, 1)).toBe(1);
  });

  test('is counted by the gauges from its creation on, when it has a placeholder at least', () => {
    const slices = createSlices(podsIn([]), 2, tellingSize, 2);
    expect(slices.gauges()).toEqual({ endpoints: 0, actualSlices: 0, desiredSlices: 0 });
    slices.initialize(0, []);
    expect(slices.gauges()).toEqual({ endpoints: 0, actualSlices: 1, desiredSlices: 1 });
  });

  test('is counted with one family by the gauges', () => {
    const pods = podsIn(Array<number>(5).fill(READY));
    for (const ipFamilies of [['IPv4'], ['IPv4', 'IPv6']] as const) {
      const slices = createSlices(pods, 1, tellingSize, 2, { ipFamilies });
      slices.initialize(0, allOf(pods));
      expect(slices.gauges()).toEqual({ endpoints: 5, actualSlices: 3, desiredSlices: 3 });
    }
  });

  test('sizes the slices of each family by the addresses in them', () => {
    const pods = podsIn([READY]);
    const slices = new EndpointSlices(pods, 1, {
      maxEndpointsPerSlice: 10,
      settingsOf: () => ({ ...PLAIN_SERVICE, ipFamilies: ['IPv6', 'IPv4'] }),
      sizeOf: (family) => ({ frameBytes: () => (family === 'IPv6' ? 6 : 4), objectBytes: () => 0 }),
      topology: { zoneOfNode: [], listNodes: () => [] },
    });
    expect(slices.plan(0, [0]).map(({ frameBytes }) => frameBytes)).toEqual([6, 4]);
  });
});

describe('publishNotReadyAddresses', () => {
  test('makes every endpoint usable until it is gone; its changes are written all the same', () => {
    const pods = podsIn([PodState.hasAddress]);
    const slices = createSlices(pods, 1, tellingSize, 10, { publishNotReadyAddresses: true });
    slices.initialize(0, [0]);
    const usable = [READY, TERMINATING, PodState.hasAddress | PodState.terminating, PodState.gone].map((next) => {
      pods.observed[0] = next;
      return [sync(slices, [0]).length, slices.usableEndpoints(0)];
    });
    expect(usable).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 0],
    ]);
  });
});

interface ServiceCase {
  readonly test: string;
  readonly trafficDistribution: TrafficDistribution;
  readonly topologyMode: EndpointSettings['topologyMode'];
  readonly pods: readonly (readonly [zone: string, node: string])[];
  readonly expected: {
    readonly zones: Readonly<Record<string, number>>;
    readonly nodes: Readonly<Record<string, number>>;
    readonly crossZone: number;
  };
}
const { service: serviceCases } = JSON.parse(
  readFileSync(new URL('traffic-distribution.cases.json', import.meta.url), 'utf8'),
) as { readonly service: readonly ServiceCase[] };

describe('trafficDistribution', () => {
  test('hints ready endpoints, and costs no write that would not be there without', () => {
    const pods = podsIn([READY, READY, READY, PodState.hasAddress, 0]);
    const slices = createSlices(pods, 1, tellingSize, 10, { trafficDistribution: 'PreferSameZone' });
    const [created] = slices.plan(0, allOf(pods));
    expect([endpointsIn(created!), hintedIn(created!)]).toEqual([4, 3]);
    slices.initialize(0, allOf(pods));
    const hints = [
      [0, TERMINATING],
      [0, PodState.gone],
      [3, READY],
      [4, READY],
    ].map(([pod, next]) => {
      pods.observed[pod!] = next!;
      return sync(slices, [pod!]).map((write) => [endpointsIn(write), hintedIn(write)]);
    });
    expect(hints).toEqual([[[4, 2]], [[3, 2]], [[3, 3]], [[4, 4]]]);
  });

  test.each(serviceCases)('$test', ({ trafficDistribution, topologyMode, expected, ...given }) => {
    const names = [...new Set(given.pods.map(([, node]) => node))];
    const zones = [...new Set(given.pods.map(([zone]) => zone))];
    const pods = podsIn(Array<number>(given.pods.length).fill(READY), (pod) => names.indexOf(given.pods[pod]![1]));
    const zoneOfNode = names.map((name) => zones.indexOf(given.pods.find(([, node]) => node === name)![0]));
    const nodes = zoneOfNode.map((zone) => ({ zone, cpuMillicores: 100, isReady: true, isControlPlane: false }));
    const asked: { zone: boolean; node: boolean }[] = [];
    const slices = new EndpointSlices(pods, 1, {
      maxEndpointsPerSlice: 100,
      settingsOf: () => ({ ...PLAIN_SERVICE, trafficDistribution, topologyMode }),
      sizeOf: (_, hints) => {
        asked.push(hints);
        return tellingSize;
      },
      topology: { zoneOfNode, listNodes: () => nodes },
    });
    const [created] = slices.plan(0, allOf(pods));
    expect(hintedIn(created!)).toBe(given.pods.length);
    // Without Auto an endpoint is for the place where it is, so that its place is its hint.
    const hintedTo = created!.hintedPods?.zones ?? allOf(pods).map((pod) => zones.indexOf(given.pods[pod]![0]));
    const count = (list: readonly (string | undefined)[]): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const name of list) if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    };
    expect(count(hintedTo.map((zone) => zones[zone]))).toEqual(expected.zones);
    expect(asked).toEqual([{ zone: true, node: Object.keys(expected.nodes).length > 0 }]);
    if (asked[0]!.node) expect(count(given.pods.map(([, node]) => node))).toEqual(expected.nodes);
    const order = created!.hintedPods?.pods ?? allOf(pods);
    const cross = order.filter((pod, position) => zoneOfNode[pods.node[pod]!] !== hintedTo[position]);
    expect(cross).toHaveLength(expected.crossZone);
  });
});

describe('topologyMode Auto', () => {
  /** Endpoints that take turns among three zones, and a sync that keeps the hints of every slice by object. */
  const service = (endpoints: number, max: number) => {
    const pods = podsIn(Array<number>(endpoints).fill(READY));
    const nodes = createTopologyNodes();
    const slices = createSlices(pods, 1, tellingSize, max, { topologyMode: 'Auto' }, nodes);
    const hints = new Map<number, readonly number[]>();
    const syncHints = (changed: readonly number[]): PlannedSliceWrite[] => {
      const writes = sync(slices, changed);
      for (const { object, verb, hintedPods } of writes) {
        if (verb === 'delete') hints.delete(object);
        else hints.set(object, hintedPods!.zones);
      }
      return writes;
    };
    syncHints(allOf(pods));
    const byZone = (): number[] =>
      [0, 1, 2].map((zone) => [...hints.values()].flat().filter((hint) => hint === zone).length);
    return { pods, nodes, slices, syncHints, byZone };
  };

  test('hints every ready endpoint to its own zone while the zones are even, and leaves slices alone that are right', () => {
    const { pods, slices, syncHints, byZone } = service(15, 5);
    expect(byZone()).toEqual([5, 5, 5]);
    expect(slices.plan(0, [])).toEqual([]);
    pods.observed[0] = PodState.hasAddress;
    // Each zone needs ceil(14 / 3 / 1.2) = 4 of the 14 that are ready: no other slice is written.
    expect(syncHints([0]).map((write) => [write.verb, endpointsIn(write), hintedIn(write)])).toEqual([
      ['update', 5, 4],
    ]);
    expect(byZone()).toEqual([4, 5, 5]);
  });

  test('moves hints to a zone that has too few endpoints', () => {
    const { pods, slices, syncHints, byZone } = service(12, 4);
    const ofZone0 = [0, 3, 6];
    for (const pod of ofZone0) pods.observed[pod] = PodState.gone;
    syncHints(ofZone0);
    // One endpoint of zone 0 is left, and each zone gets three.
    expect(byZone()).toEqual([3, 3, 3]);
    expect(slices.plan(0, [])).toEqual([]);
  });

  test('loses all hints when one of twelve endpoints goes: ceil(11 / 3 / 1.2) = 4 for each zone are more than there are', () => {
    const { pods, syncHints, byZone } = service(12, 4);
    pods.observed[0] = PodState.hasAddress;
    // The other slices are written for their hints alone.
    expect(syncHints([0]).map((write) => [write.verb, hintedIn(write), write.pods])).toEqual([
      ['update', 0, [0]],
      ['update', 0, []],
      ['update', 0, []],
    ]);
    expect(byZone()).toEqual([0, 0, 0]);
    pods.observed[0] = READY;
    expect(syncHints([0]).map(hintedIn)).toEqual([4, 4, 4]);
    expect(byZone()).toEqual([4, 4, 4]);
  });

  test('queues a service when nodes that go leave a zone with too few endpoints, and hints it anew', () => {
    const { slices, nodes, syncHints, byZone } = service(12, 12);
    expect(slices.nodesChanged()).toEqual([]);
    // A third of zones 0 and 1 is left: zone 2 has three fifths of the CPU, and needs 6 of the 12 endpoints.
    nodes.forEach((node, index) => (node.isReady = node.zone === 2 || index % 9 < 3));
    expect(slices.nodesChanged()).toEqual([0]);
    expect(syncHints([]).map(({ verb, pods }) => [verb, pods])).toEqual([['update', []]]);
    expect(byZone()[2]).toBe(6);
    expect(slices.nodesChanged()).toEqual([]);
  });

  test('queues a service in vain where each zone is within its own maximum, though all together are not', () => {
    const { slices, nodes, syncHints } = service(12, 4);
    // Zone 2 has half of the CPU and needs 5; zones 0 and 1 need 3 each, and may have the one that is left.
    nodes.forEach((node, index) => (node.isReady = node.zone === 2 || index % 2 === 0));
    expect(slices.nodesChanged()).toEqual([0]);
    expect(syncHints([])).toEqual([]);
    expect(slices.nodesChanged()).toEqual([0]);
  });

  test('gives up hints when one zone is left, and is not queued when the others come back', () => {
    const { slices, nodes, syncHints, byZone } = service(12, 4);
    for (const node of nodes) node.isReady = node.zone === 0;
    expect(slices.nodesChanged()).toEqual([0]);
    expect(syncHints([]).map(hintedIn)).toEqual([0, 0, 0]);
    for (const node of nodes) node.isReady = true;
    expect(slices.nodesChanged()).toEqual([]);
    syncHints([]);
    expect(byZone()).toEqual([4, 4, 4]);
  });

  test('wins over trafficDistribution', () => {
    const pods = podsIn([READY, READY]);
    const both = { topologyMode: 'Auto', trafficDistribution: 'PreferSameNode' } as const;
    // Two endpoints in three zones: no hints, rather than those of trafficDistribution.
    expect(createSlices(pods, 1, tellingSize, 5, both).plan(0, [0, 1]).map(hintedIn)).toEqual([0]);
  });
});
