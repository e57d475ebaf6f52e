/** What every implementation of Discovery owes the controller around it, and what each owes alone. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { PodState, PodTable } from '../cluster/pods.js';
import type { Discovery, PlannedWrite } from './discovery.js';
import { isReadyEndpoint } from './endpoint-membership.js';
import type { EndpointsObjects } from './endpoints-object.js';
import { MirroredSlices } from './mirrored-slices.js';
import { NO_SLICE } from './published-pods.js';
import { createEndpoints, createSlices } from './testing/discoveries.js';
import { constantEndpointSize } from './wire-size.js';

const READY = PodState.hasAddress | PodState.ready;
const size = constantEndpointSize(100, 0);

interface Implementation {
  readonly name: string;
  /** Usable endpoints that one service can have at most. */
  readonly cap: number;
  readonly publishNotReadyAddresses?: boolean;
  readonly create: (pods: PodTable) => Discovery;
}

const publishing = { publishNotReadyAddresses: true } as const;

const implementations: readonly Implementation[] = [
  { name: 'EndpointSlices of 5', cap: Infinity, create: (pods) => createSlices(pods, 1, size, 5) },
  { name: 'EndpointSlices of 1', cap: Infinity, create: (pods) => createSlices(pods, 1, size, 1) },
  { name: 'Mirrored slices', cap: 1000, create: (pods) => new MirroredSlices(pods, () => size, 1000) },
  { name: 'Mirrored slices with a cap of 7', cap: 7, create: (pods) => new MirroredSlices(pods, () => size, 7) },
  {
    name: 'Endpoints without a cap',
    cap: Infinity,
    create: (pods) => createEndpoints(pods, 1, size, null),
  },
  {
    name: 'Endpoints with a cap of 7',
    cap: 7,
    create: (pods) => createEndpoints(pods, 1, size, 7),
  },
  {
    name: 'EndpointSlices with publishNotReadyAddresses',
    cap: Infinity,
    ...publishing,
    create: (pods) => createSlices(pods, 1, size, 5, publishing),
  },
  {
    name: 'Endpoints with publishNotReadyAddresses',
    cap: 9,
    ...publishing,
    create: (pods) => createEndpoints(pods, 1, size, 9, publishing),
  },
  {
    name: 'EndpointSlices of both families',
    cap: Infinity,
    create: (pods) => createSlices(pods, 1, size, 5, { ipFamilies: ['IPv6', 'IPv4'] }),
  },
  {
    name: 'Endpoints of a dual-stack service',
    cap: 7,
    create: (pods) => createEndpoints(pods, 1, size, 7, { ipFamilies: ['IPv6', 'IPv4'] }),
  },
  {
    name: 'EndpointSlices with zone and node hints',
    cap: Infinity,
    create: (pods) => createSlices(pods, 1, size, 5, { trafficDistribution: 'PreferSameNode' }),
  },
];

/** A service's pods in the given states. */
function podsIn(states: readonly number[]): { pods: PodTable; all: number[] } {
  const pods = new PodTable(3, 1);
  const all = states.map((state, index) => {
    const pod = pods.create(0, index % 3);
    pods.observed[pod] = state;
    return pod;
  });
  return { pods, all };
}

function sync(discovery: Discovery, changed: readonly number[]): PlannedWrite[] {
  const writes = discovery.plan(0, changed);
  for (const write of writes) discovery.apply(0, write);
  return writes;
}

const state = fc.constantFrom(
  0,
  PodState.hasAddress,
  READY,
  READY | PodState.terminating,
  PodState.hasAddress | PodState.terminating,
  PodState.hasAddress | PodState.terminating | PodState.gone,
  READY | PodState.notSelected,
  PodState.hasAddress | PodState.finished,
);

for (const { name, cap, publishNotReadyAddresses = false, create } of implementations) {
  describe(name, () => {
    test('publishes what the informer shows, whatever the order of changes', () => {
      fc.assert(
        fc.property(
          fc.array(state, { maxLength: 40 }),
          fc.array(fc.array(fc.tuple(fc.nat(59), state), { minLength: 1, maxLength: 12 }), { maxLength: 15 }),
          (initial, rounds) => {
            const { pods, all } = podsIn([...initial, ...Array<number>(20).fill(0)]);
            const discovery = create(pods);
            discovery.initialize(0, all);
            for (const round of rounds) {
              const changed = new Set<number>();
              for (const [position, next] of round) {
                const pod = all[position % all.length]!;
                // A pod that is gone stays gone.
                if ((pods.observed[pod]! & PodState.gone) !== 0) continue;
                pods.observed[pod] = next;
                changed.add(pod);
              }
              sync(discovery, [...changed]);
              const ready = all.filter((pod) => isReadyEndpoint(pods.observed[pod]!, publishNotReadyAddresses)).length;
              for (let family = 0; family < discovery.addressFamilies(0); family++) {
                expect(discovery.usableEndpoints(0, family)).toBe(Math.min(cap, ready));
              }
              expect(discovery.plan(0, all).filter(({ changesObject }) => changesObject)).toEqual([]);
            }
          },
        ),
      );
    });

    test('a sync in which nothing changed writes nothing', () => {
      const { pods, all } = podsIn(Array<number>(6).fill(READY));
      const discovery = create(pods);
      discovery.initialize(0, all);
      expect(sync(discovery, [])).toEqual([]);
      expect(sync(discovery, all)).toEqual([]);
    });

    test('a pod without an address is not published', () => {
      const { pods, all } = podsIn([0, READY]);
      const discovery = create(pods);
      discovery.initialize(0, all);
      expect(discovery.publishedEndpoints(0)).toBe(discovery.addressFamilies(0));
    });

    test('a pod that leaves by its labels is not published, and is again when it is back', () => {
      const { pods, all } = podsIn([READY, READY]);
      const discovery = create(pods);
      discovery.initialize(0, all);
      const before = discovery.usableEndpoints(0);
      pods.observed[0] = READY | PodState.notSelected;
      expect(sync(discovery, [0])).not.toEqual([]);
      expect(discovery.usableEndpoints(0)).toBe(before - 1);
      // What happens to it outside concerns nobody.
      pods.observed[0] = PodState.hasAddress | PodState.notSelected;
      expect(sync(discovery, [0])).toEqual([]);
      pods.observed[0] = READY;
      sync(discovery, [0]);
      expect(discovery.usableEndpoints(0)).toBe(before);
    });
  });
}

describe('EndpointSlices', () => {
  test('every endpoint is in exactly one slice and no slice is over the maximum', () => {
    const { pods, all } = podsIn(Array<number>(53).fill(READY));
    const slices = createSlices(pods, 1, size, 10);
    slices.initialize(0, all);
    const lengths = new Map<number, number>();
    for (const pod of all) lengths.set(slices.sliceOf(pod), (lengths.get(slices.sliceOf(pod)) ?? 0) + 1);
    expect([...lengths.values()].toSorted((a, b) => b - a)).toEqual([10, 10, 10, 10, 10, 3]);
  });

  test('a pod that goes costs three updates, a pod replaced in one step costs one', () => {
    const { pods, all } = podsIn([...Array<number>(5).fill(READY), 0]);
    const slices = createSlices(pods, 1, size, 100);
    slices.initialize(0, all);
    const updates = [READY | PodState.terminating, PodState.hasAddress | PodState.terminating].map((next) => {
      pods.observed[0] = next;
      return sync(slices, [0]);
    });
    pods.observed[0]! |= PodState.gone;
    updates.push(sync(slices, [0]));
    expect(updates.map((writes) => writes.map(({ verb }) => verb))).toEqual([['update'], ['update'], ['update']]);
    expect(slices.sliceOf(0)).toBe(NO_SLICE);

    pods.observed[1] = PodState.gone;
    pods.observed[5] = READY;
    expect(sync(slices, [1, 5])).toMatchObject([{ verb: 'update', object: 0, frameBytes: 400 }]);
  });

  test('a service scaled to zero keeps a placeholder, which the next endpoints take over', () => {
    const { pods, all } = podsIn([READY, READY]);
    const slices = createSlices(pods, 1, size, 1);
    slices.initialize(0, all);
    pods.observed.fill(PodState.gone, 0, 2);
    // One slice goes, the other becomes the placeholder.
    expect(sync(slices, all).map(({ verb }) => verb)).toEqual(['update', 'delete']);
    expect(slices.publishedEndpoints(0)).toBe(0);
    const pod = pods.create(0, 0);
    pods.observed[pod] = READY;
    expect(sync(slices, [pod]).map(({ verb, object }) => ({ verb, object }))).toEqual([
      { verb: 'update', object: slices.sliceOf(pod) },
    ]);
  });

  test('the watch event of a deletion carries the object as it was', () => {
    const { pods, all } = podsIn([READY, READY, READY]);
    const slices = createSlices(pods, 1, size, 2);
    slices.initialize(0, all);
    const alone = all.find((pod) => slices.sliceOf(pod) === slices.sliceOf(2))!;
    const others = all.filter((pod) => slices.sliceOf(pod) !== slices.sliceOf(alone));
    for (const pod of others) pods.observed[pod] = PodState.gone;
    expect(sync(slices, others)).toMatchObject([{ verb: 'delete', frameBytes: 100 * others.length }]);
  });
});

/** Pods of one node, whose addresses end in 1, 2, ... 12: as text "10.0.0.1" < "10.0.0.10" < ... < "10.0.0.2". */
function twelve(): { pods: PodTable; all: number[]; endpoints: EndpointsObjects } {
  const pods = new PodTable(1, 1);
  const all = Array.from({ length: 12 }, () => pods.create(0, 0));
  pods.observed.fill(READY, 0, 12);
  const endpoints = createEndpoints(pods, 1, size, 4, {}, constantEndpointSize(100, 97));
  endpoints.initialize(0, all);
  return { pods, all, endpoints };
}

describe('Endpoints objects', () => {
  test('truncation keeps the addresses that come first as text', () => {
    const { pods, endpoints } = twelve();
    expect(endpoints.usableEndpoints(0)).toBe(4);
    // 10.0.0.2 (pod 1) is fifth as text, after .1, .10, .11 and .12: it is not in the object.
    pods.observed[1] = PodState.gone;
    expect(sync(endpoints, [1])).toMatchObject([{ verb: 'update', changesObject: false }]);
    // 10.0.0.10 (pod 9) is second: it goes, and 10.0.0.3 comes in.
    pods.observed[9] = PodState.gone;
    expect(sync(endpoints, [9])).toMatchObject([{ verb: 'update', changesObject: true, frameBytes: 400 }]);
    expect(endpoints.usableEndpoints(0)).toBe(4);
  });

  test('an object over capacity is written at every sync, without an event', () => {
    const { endpoints } = twelve();
    expect(endpoints.plan(0, [])).toMatchObject([{ verb: 'update', changesObject: false }]);
  });

  test('of the three updates of a pod that goes only the first changes the object', () => {
    const { pods, all } = podsIn([READY, READY]);
    const endpoints = createEndpoints(pods, 1, size, 1000);
    endpoints.initialize(0, all);
    const writes = [
      READY | PodState.terminating,
      PodState.hasAddress | PodState.terminating,
      PodState.hasAddress | PodState.terminating | PodState.gone,
    ].map((next) => {
      pods.observed[0] = next;
      return sync(endpoints, [0]).length;
    });
    expect(writes).toEqual([1, 0, 0]);
  });

  test('an address that is not ready stays in the object', () => {
    const { pods, all } = podsIn([READY, READY]);
    const endpoints = createEndpoints(pods, 1, size, 1000);
    endpoints.initialize(0, all);
    pods.observed[0] = PodState.hasAddress;
    expect(sync(endpoints, [0])).toMatchObject([{ frameBytes: 200 }]);
    expect([endpoints.usableEndpoints(0), endpoints.publishedEndpoints(0)]).toEqual([1, 2]);
  });
});
