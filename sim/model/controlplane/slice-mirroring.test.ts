import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repackSubsets, type EndpointAddress, type EndpointPort, type EndpointSubset } from './endpoints-repack.js';
import {
  familyOf,
  isMirrored,
  planMirror,
  type AddressFamily,
  type MirroredSlice,
  type MirrorPlan,
  type SliceContent,
} from './slice-mirroring.js';

interface Case {
  readonly name: string;
  readonly test: string;
  readonly maxEndpointsPerSubset: number;
  readonly subsets: readonly {
    readonly ports: readonly number[];
    readonly ready: readonly string[];
    readonly notReady: readonly string[];
  }[];
  readonly existing: readonly {
    readonly ports: readonly number[];
    readonly family: AddressFamily;
    readonly ready: readonly string[];
    readonly metadataMatches: boolean;
  }[];
  readonly expected: Readonly<Record<string, number>> & { readonly slices: number; readonly writes: number };
}
const { cases } = JSON.parse(readFileSync(new URL('slice-mirroring.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const portsOf = (numbers: readonly number[]): EndpointPort[] =>
  numbers.map((port) => ({ name: `port-${port}`, port, protocol: 'TCP' }));
const addressesOf = (ips: readonly string[]): EndpointAddress[] => ips.map((ip) => ({ ip }));
const subset = (
  ports: readonly number[],
  ready: readonly string[],
  notReady: readonly string[] = [],
): EndpointSubset => ({ ports: portsOf(ports), ready: addressesOf(ready), notReady: addressesOf(notReady) });
const sliceOf = (
  slice: number,
  ports: readonly number[],
  ready: readonly string[],
  family: AddressFamily = 'IPv4',
  metadataMatches = true,
): MirroredSlice => ({
  slice,
  ports: portsOf(ports),
  family,
  endpoints: addressesOf(ready).map((address) => ({ address, ready: true })),
  metadataMatches,
});
const ipsOf = ({ endpoints }: SliceContent): string[] => endpoints.map(({ address }) => address.ip);
const verbs = ({ creates, updates, deletes }: MirrorPlan): number[] => [creates.length, updates.length, deletes.length];

/** The slices once the writes are done; created ones get the next numbers. */
function applied(existing: readonly MirroredSlice[], { creates, updates, deletes }: MirrorPlan): MirroredSlice[] {
  const bySlice = new Map(existing.map((slice) => [slice.slice, slice]));
  for (const update of updates) bySlice.set(update.slice, { ...update, metadataMatches: true });
  for (const slice of deletes) bySlice.delete(slice);
  const first = Math.max(-1, ...bySlice.keys()) + 1;
  creates.forEach((content, index) =>
    bySlice.set(first + index, { ...content, slice: first + index, metadataMatches: true }),
  );
  return [...bySlice.values()];
}

describe("what Kubernetes' reconciler tests fix", () => {
  it.each(cases)('$name ($test)', ({ maxEndpointsPerSubset, subsets, existing, expected }) => {
    const slices = existing.map(({ ports, ready, family, metadataMatches }, index) =>
      sliceOf(index, ports, ready, family, metadataMatches),
    );
    const plan = planMirror(
      subsets.map(({ ports, ready, notReady }) => subset(ports, ready, notReady)),
      slices,
      maxEndpointsPerSubset,
    );
    const [createCount, updateCount, deleteCount] = verbs(plan);
    expect({
      ...plan,
      slices: applied(slices, plan).length,
      writes: createCount! + updateCount! + deleteCount!,
      createCount,
      updateCount,
    }).toMatchObject(expected);
  });
});

describe('what is not mirrored', () => {
  const endpoints = { labels: {}, annotations: {} };
  const service = { hasSelector: false };

  it('mirrors Endpoints of a Service without selector', () => {
    expect(isMirrored({ endpoints, service })).toBe(true);
    expect(isMirrored({ endpoints: { ...endpoints, labels: { app: 'db' } }, service })).toBe(true);
  });

  it.each([
    ['no Endpoints', { endpoints: null, service }],
    ['no Service of that name', { endpoints, service: null }],
    ['a Service that selects pods', { endpoints, service: { hasSelector: true } }],
    [
      'the label skip-mirror',
      { endpoints: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' }, annotations: {} }, service },
    ],
    [
      'a leader election record',
      { endpoints: { labels: {}, annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }, service },
    ],
  ])('%s', (_, source) => {
    expect(isMirrored(source)).toBe(false);
  });

  it('takes a skip-mirror label of any other value as none', () => {
    const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'false' };
    expect(isMirrored({ endpoints: { labels, annotations: {} }, service })).toBe(true);
  });
});

describe('the rules one by one', () => {
  it('makes a slice for each family of each canonical subset, the families sharing the maximum', () => {
    const both = subset([80], ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2']);
    expect(planMirror([both, subset([443], ['2001:db8::9'])], [], 1000).creates.map(({ family }) => family)).toEqual([
      'IPv4',
      'IPv6',
      'IPv6',
    ]);
    const capped = planMirror([both], [], 3);
    expect(capped.creates.map(ipsOf)).toEqual([['10.0.0.1', '10.0.0.2'], ['2001:db8::1']]);
    expect(capped.skipped).toBe(1);
  });

  it('takes ready addresses first, each kind in the order of the text', () => {
    const plan = planMirror([subset([80], ['10.0.0.9', '10.0.0.10'], ['10.0.0.1', '10.0.0.2'])], [], 3);
    expect(plan.creates.map(ipsOf)).toEqual([['10.0.0.10', '10.0.0.9', '10.0.0.1']]);
    expect(plan.creates[0]!.endpoints.map(({ ready }) => ready)).toEqual([true, true, false]);
    expect(plan.skipped).toBe(1);
  });

  it('does not let invalid addresses take the place of valid ones', () => {
    const plan = planMirror([subset([80], ['db.example', '10.0.0.1', '10.0.0.2'])], [], 2);
    expect(plan.creates.map(ipsOf)).toEqual([['10.0.0.1', '10.0.0.2']]);
    expect(plan.skipped).toBe(1);
  });

  it('needs no slice when all addresses are invalid, and deletes the one that was', () => {
    const plan = planMirror([subset([80], ['db.example'])], [sliceOf(0, [80], ['10.0.0.1'])], 1000);
    expect(verbs(plan)).toEqual([0, 0, 1]);
    expect(plan.desiredSlices).toBe(0);
  });

  it('deletes all slices when there are no subsets, or none with addresses, and makes no placeholder', () => {
    const existing = [sliceOf(0, [80], ['10.0.0.1']), sliceOf(1, [443], ['10.0.0.1'])];
    expect(verbs(planMirror([], existing, 1000))).toEqual([0, 0, 2]);
    expect(verbs(planMirror([subset([80], [])], existing, 1000))).toEqual([0, 0, 2]);
    expect(verbs(planMirror([subset([80], [])], [], 1000))).toEqual([0, 0, 0]);
  });

  it('keeps the first of several slices with the same ports, and deletes the others', () => {
    const existing = [0, 1, 2].map((slice) => sliceOf(slice, [80, 443], ['10.0.0.1']));
    const plan = planMirror([subset([443, 80], ['10.0.0.1'])], existing, 1000);
    expect(plan).toMatchObject({ creates: [], updates: [], deletes: [1, 2], actualSlices: 1 });
  });

  it('writes a slice as a whole when one endpoint changed, came or went', () => {
    const existing = [sliceOf(0, [80], ['10.0.0.1', '10.0.0.2'])];
    const unready = planMirror([subset([80], ['10.0.0.1'], ['10.0.0.2'])], existing, 1000);
    expect(unready).toMatchObject({ added: 0, updated: 1, removed: 0 });
    expect(unready.updates.map(ipsOf)).toEqual([['10.0.0.1', '10.0.0.2']]);
    expect(planMirror([subset([80], ['10.0.0.2', '10.0.0.3'])], existing, 1000)).toMatchObject({
      added: 1,
      updated: 0,
      removed: 1,
      updates: [{ slice: 0 }],
    });
  });

  it('sees a changed node name or UID behind an address', () => {
    const address = { ip: '10.0.0.1', nodeName: 'a', targetRef: { namespace: 'n', name: 'p', uid: '1' } };
    const existing = [{ ...sliceOf(0, [80], []), endpoints: [{ address, ready: true }] }];
    const updated = (changed: EndpointAddress): number =>
      planMirror([{ ports: portsOf([80]), ready: [changed], notReady: [] }], existing, 1000).updated;
    expect(updated(address)).toBe(0);
    expect(updated({ ...address, nodeName: 'b' })).toBe(1);
    expect(updated({ ...address, targetRef: { ...address.targetRef, uid: '2' } })).toBe(1);
    // Another name is another endpoint.
    expect(updated({ ...address, hostname: 'h' })).toBe(0);
  });

  it('recycles within a family only', () => {
    const existing = [sliceOf(0, [80], ['10.0.0.1'])];
    const sameFamily = planMirror([subset([443], ['10.0.0.1'])], existing, 1000);
    expect(sameFamily).toMatchObject({ creates: [], updates: [{ slice: 0, isRecycled: true }], deletes: [] });
    expect(sameFamily.updates.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[443]]);
    expect(verbs(planMirror([subset([80], ['2001:db8::1'])], existing, 1000))).toEqual([1, 0, 1]);
  });

  it('creates nothing while the Endpoints object is being deleted, but writes what is there', () => {
    const subsets = [subset([80], ['10.0.0.1']), subset([443], ['10.0.0.2'])];
    expect(verbs(planMirror(subsets, [], 1000, true))).toEqual([0, 0, 0]);
    expect(verbs(planMirror(subsets, [sliceOf(0, [80], ['10.0.0.9'])], 1000, true))).toEqual([0, 1, 0]);
  });
});

describe('canonical subsets', () => {
  it('merges ports that the same addresses serve, equally ready', () => {
    const repacked = repackSubsets([
      subset([80], ['10.0.0.1', '10.0.0.2']),
      subset([443], ['10.0.0.2', '10.0.0.1']),
      subset([8080], ['10.0.0.1'], ['10.0.0.2']),
    ]);
    expect(repacked.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[80, 443], [8080]]);
  });

  it('splits the ports of one subset when another adds addresses to one of them', () => {
    const repacked = repackSubsets([subset([80, 443], ['10.0.0.1']), subset([443], ['10.0.0.2'])]);
    expect(repacked.map(({ ports, ready }) => [ports.length, ready.length])).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  it('lets not ready win over ready', () => {
    expect(repackSubsets([subset([80], ['10.0.0.1']), subset([80], [], ['10.0.0.1'])])).toEqual([
      subset([80], [], ['10.0.0.1']),
    ]);
    expect(repackSubsets([subset([80], [], ['10.0.0.1']), subset([80], ['10.0.0.1'])])).toEqual([
      subset([80], [], ['10.0.0.1']),
    ]);
  });

  it('keeps a subset without ports, unless the same addresses have ports elsewhere', () => {
    expect(repackSubsets([subset([], ['10.0.0.1'])])).toEqual([subset([], ['10.0.0.1'])]);
    expect(repackSubsets([subset([], ['10.0.0.1']), subset([80], ['10.0.0.1'])])).toEqual([subset([80], ['10.0.0.1'])]);
  });

  const ip = fc.integer({ min: 1, max: 6 }).map((host) => `10.0.0.${host}`);
  const subsets = fc.array(
    fc
      .record({
        ports: fc.uniqueArray(fc.constantFrom(80, 443, 8080), { maxLength: 3 }),
        ready: fc.uniqueArray(ip, { maxLength: 4 }),
        notReady: fc.uniqueArray(ip, { maxLength: 4 }),
      })
      .map(({ ports, ready, notReady }) => subset(ports, ready, notReady)),
    { maxLength: 6 },
  );

  it('holds every port once, and is its own canonical form', () => {
    fc.assert(
      fc.property(subsets, (written) => {
        const repacked = repackSubsets(written);
        const ports = repacked.flatMap((packed) => packed.ports.map(({ port }) => port));
        expect(new Set(ports).size).toBe(ports.length);
        expect(repackSubsets(repacked)).toEqual(repacked);
      }),
    );
  });

  it('whatever stood before, one reconcile mirrors the subsets, and a second has nothing to do', () => {
    const existingSlices = fc.array(
      fc.record({
        ports: fc.uniqueArray(fc.constantFrom(80, 443, 8080), { maxLength: 3 }),
        ready: fc.uniqueArray(ip, { maxLength: 4 }),
        metadataMatches: fc.boolean(),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(subsets, existingSlices, fc.integer({ min: 1, max: 5 }), (written, slices, max) => {
        const existing = slices.map(({ ports, ready, metadataMatches }, slice) =>
          sliceOf(slice, ports, ready, 'IPv4', metadataMatches),
        );
        const plan = planMirror(written, existing, max);
        const after = applied(existing, plan);
        expect(after.length).toBe(plan.actualSlices);
        expect(after.length).toBe(plan.desiredSlices);
        expect(after.reduce((sum, { endpoints }) => sum + endpoints.length, 0)).toBe(plan.desiredEndpoints);
        for (const { endpoints } of after) expect(endpoints.length).toBeLessThanOrEqual(max);
        expect(verbs(planMirror(written, after, max))).toEqual([0, 0, 0]);
        // Both at once would be a slice that is deleted and one of the same family that is created.
        expect(Math.min(plan.creates.length, plan.deletes.length)).toBe(0);
      }),
    );
  });
});

it.each([
  ['10.0.0.1', 'IPv4'],
  ['2001:db8::1', 'IPv6'],
  ['::ffff:10.0.0.1', 'IPv4'],
  ['::ffff:a00:1', 'IPv4'],
  ['::ffff:0:a00:1', 'IPv6'],
  ['fe80::1%eth0', null],
  ['db.example', null],
  ['', null],
])('%j is of family %s', (ip, family) => {
  expect(familyOf(ip)).toBe(family);
});
