import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  finalizeWrites,
  planPortMap,
  SliceFreeRoomIndex,
  type ChangedSlice,
  type DroppedSlice,
  type PortMapPlan,
} from './slice-packing.js';

interface Case {
  readonly name: string;
  readonly test: string;
  readonly max: number;
  readonly portMaps: readonly {
    readonly existing: readonly { readonly slice: number; readonly length: number }[];
    readonly changed: readonly ChangedSlice[];
    readonly toAdd: number;
  }[];
  readonly dropped: readonly DroppedSlice[];
  readonly expected: {
    readonly lengths: readonly number[];
    readonly creates: number;
    readonly updates: number;
    readonly deletes: number;
  };
}
const { cases } = JSON.parse(readFileSync(new URL('slice-packing.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const indexOf = (max: number, lengths: readonly number[]): SliceFreeRoomIndex => {
  const index = new SliceFreeRoomIndex(max);
  lengths.forEach((length, slice) => index.set(slice, length));
  return index;
};
const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

const plan = (max: number, lengths: readonly number[], changed: readonly ChangedSlice[], toAdd: number) =>
  planPortMap(indexOf(max, lengths), changed, toAdd);

describe("what Kubernetes' reconciler tests fix", () => {
  it.each(cases)('$name ($test)', ({ max, portMaps, dropped, expected }) => {
    const lengths = new Map<number, number>();
    const plans = portMaps.map(({ existing, changed, toAdd }) => {
      const index = new SliceFreeRoomIndex(max);
      for (const { slice, length } of existing) {
        index.set(slice, length);
        lengths.set(slice, length);
      }
      return planPortMap(index, changed, toAdd);
    });
    // What a kept placeholder has.
    for (const { slice } of dropped) lengths.set(slice, 0);
    const writes = finalizeWrites(lengths.size, plans, dropped);

    expect([writes.creates.length, writes.updates.length, writes.deletes.length]).toEqual([
      expected.creates,
      expected.updates,
      expected.deletes,
    ]);
    for (const { slice, length } of writes.updates) lengths.set(slice, length);
    for (const slice of writes.deletes) expect(lengths.delete(slice)).toBe(true);
    const after = [...lengths.values(), ...writes.creates.map(({ length }) => length)];
    expect(after.sort((a, b) => a - b)).toEqual(expected.lengths);
  });
});

describe('the rules one by one', () => {
  it('fills slices that are written anyway, the longest first, before any other', () => {
    expect(
      plan(
        100,
        [30, 60, 99],
        [
          { slice: 0, remaining: 29 },
          { slice: 1, remaining: 59 },
        ],
        50,
      ).updates,
    ).toEqual([
      { slice: 1, added: 41, length: 100 },
      { slice: 0, added: 9, length: 38 },
    ]);
  });

  it('takes the unchanged slice with the least room left that has room for all', () => {
    expect(plan(100, [10, 95, 90, 91], [], 9).updates).toEqual([{ slice: 3, added: 9, length: 100 }]);
    expect(plan(100, [10, 95, 90, 92], [], 9).updates).toEqual([{ slice: 2, added: 9, length: 99 }]);
  });

  it('never splits the rest over several unchanged slices', () => {
    expect(plan(100, [98, 98, 98], [], 3)).toEqual({ updates: [], creates: [3], deletes: [] });
  });

  it('creates a slice for exactly as many endpoints as fit into one, though an empty one is there', () => {
    expect(plan(100, [0], [], 100)).toEqual({ updates: [], creates: [100], deletes: [] });
    expect(plan(100, [0], [], 99).updates).toEqual([{ slice: 0, added: 99, length: 99 }]);
  });

  it('does not refill a slice that is left with nothing, but recycles it when one must be created', () => {
    const emptied = plan(100, [5, 100], [{ slice: 0, remaining: 0 }], 7);
    expect(emptied).toEqual({ updates: [], creates: [7], deletes: [0] });
    expect(finalizeWrites(2, [emptied], [])).toEqual({
      creates: [],
      updates: [{ slice: 0, added: 7, length: 7, portMap: 0, isRecycled: true }],
      deletes: [],
    });
  });

  it('deletes an emptied slice while another remains, and turns the last one into a placeholder', () => {
    const one = plan(100, [5, 50], [{ slice: 0, remaining: 0 }], 0);
    expect(finalizeWrites(2, [one], [])).toEqual({ creates: [], updates: [], deletes: [0] });
    const all = plan(
      100,
      [5, 50],
      [
        { slice: 0, remaining: 0 },
        { slice: 1, remaining: 0 },
      ],
      0,
    );
    expect(finalizeWrites(2, [all], [])).toEqual({
      creates: [],
      updates: [{ slice: 0, added: 0, length: 0, portMap: null, isRecycled: true }],
      deletes: [1],
    });
  });

  it('recycles the last slice to create first, and keeps slices of other owners out of it', () => {
    const plans: PortMapPlan[] = [{ updates: [], creates: [100, 30], deletes: [] }];
    const foreign = { slice: 8, recyclable: false, isPlaceholder: false };
    const own = { slice: 9, recyclable: true, isPlaceholder: false };
    expect(finalizeWrites(2, plans, [foreign, own])).toEqual({
      creates: [{ portMap: 0, length: 100 }],
      updates: [{ slice: 9, added: 30, length: 30, portMap: 0, isRecycled: true }],
      deletes: [8],
    });
  });

  it('leaves a slice alone that is longer than a maximum that was lowered', () => {
    expect(plan(50, [80], [{ slice: 0, remaining: 79 }], 10)).toEqual({
      updates: [{ slice: 0, added: 0, length: 79 }],
      creates: [10],
      deletes: [],
    });
  });
});

describe('TestReconcilerFinalizeSvcDeletionTimestamp (Kubernetes staging/src/k8s.io/endpointslice/reconciler_test.go)', () => {
  // Slice 0 is to be updated and slice 1 to be deleted; one is to be created.
  it.each([
    { name: 'create and update', deleting: false, create: 1, drop: 0, left: [1, 1, 0] },
    { name: 'create, update and delete: recycling', deleting: false, create: 1, drop: 1, left: [0, 2, 0] },
    { name: 'update and delete, service being deleted', deleting: true, create: 0, drop: 1, left: [0, 1, 1] },
    { name: 'create and update, service being deleted', deleting: true, create: 1, drop: 0, left: [0, 1, 0] },
    { name: 'create, update and delete, service being deleted', deleting: true, create: 1, drop: 1, left: [0, 2, 0] },
  ])('$name', ({ deleting, create, drop, left }) => {
    const plans: PortMapPlan[] = [
      {
        updates: [{ slice: 0, added: 0, length: 3 }],
        creates: Array<number>(create).fill(5),
        deletes: Array<number>(drop).fill(1),
      },
    ];
    const { creates, updates, deletes } = finalizeWrites(1 + drop, plans, [], deleting);
    expect([creates.length, updates.length, deletes.length]).toEqual(left);
  });
});

describe('properties', () => {
  const reconciles = fc.integer({ min: 1, max: 20 }).chain((max) =>
    fc.record({
      max: fc.constant(max),
      slices: fc.array(fc.record({ length: fc.integer({ min: 0, max }), lost: fc.option(fc.nat(max), { freq: 2 }) }), {
        maxLength: 30,
      }),
      toAdd: fc.nat(4 * max),
    }),
  );

  it('agrees with the algorithm that scans all slices, and leaves the index as it was', () => {
    fc.assert(
      fc.property(reconciles, ({ max, slices, toAdd }) => {
        const lengths = slices.map(({ length }) => length);
        const changed: ChangedSlice[] = [];
        slices.forEach(({ length, lost }, slice) => {
          if (lost !== null && length > 0) changed.push({ slice, remaining: Math.max(0, length - lost) });
        });
        const index = indexOf(max, lengths);
        const actual = planPortMap(index, changed, toAdd);
        expect(lengths.map((_, slice) => index.lengthOf(slice))).toEqual(lengths);
        expect(index.size).toBe(lengths.length);

        const expected = scanningPlan(lengths, changed, toAdd, max);
        const after = ({ updates, deletes, creates }: PortMapPlan): number[] => {
          const result = [...lengths];
          for (const update of updates) result[update.slice] = update.length;
          for (const slice of deletes) result[slice] = 0;
          return [...result, ...creates].sort((a, b) => a - b);
        };
        expect(after(actual)).toEqual(after(expected));
        expect(actual.creates).toEqual(expected.creates);
        expect(actual.updates.length).toBe(expected.updates.length);
        expect(actual.deletes).toEqual(expected.deletes);
        expect(sum(actual.creates) + sum(actual.updates.map(({ added }) => added))).toBe(toAdd);
      }),
      { numRuns: 1000 },
    );
  });

  it('finalize keeps every endpoint, and never both creates and deletes a slice of the service', () => {
    fc.assert(
      fc.property(fc.array(reconciles, { minLength: 1, maxLength: 3 }), fc.nat(5), (portMaps, ownDropped) => {
        const plans = portMaps.map(({ slices, toAdd, max }) =>
          planPortMap(
            indexOf(
              max,
              slices.map(({ length }) => length),
            ),
            [],
            toAdd,
          ),
        );
        const dropped = Array.from({ length: ownDropped }, (_, k) => ({
          slice: 1000 + k,
          recyclable: true,
          isPlaceholder: false,
        }));
        const existing = sum(portMaps.map(({ slices }) => slices.length)) + ownDropped;
        const writes = finalizeWrites(existing, plans, dropped);
        expect(Math.min(writes.creates.length, writes.deletes.length)).toBe(0);
        const added = [...writes.creates.map(({ length }) => length), ...writes.updates.map((update) => update.added)];
        expect(sum(added)).toBe(sum(portMaps.map(({ toAdd }) => toAdd)));
        // A service is never without a slice.
        expect(existing + writes.creates.length - writes.deletes.length).toBeGreaterThan(0);
      }),
    );
  });
});

it('replaces each of 20,000 endpoints in slices of one without walking through the slices', () => {
  const index = indexOf(
    1,
    Array.from({ length: 20_000 }, () => 1),
  );
  for (let slice = 0; slice < 20_000; slice++) {
    const writes = finalizeWrites(index.size, [planPortMap(index, [{ slice, remaining: 0 }], 1)], []);
    expect(writes.updates).toEqual([{ slice, added: 1, length: 1, portMap: 0, isRecycled: true }]);
  }
});

/** The reconciler's loop as it stands upstream, over all slices. */
function scanningPlan(
  lengths: readonly number[],
  changed: readonly ChangedSlice[],
  endpointsToAdd: number,
  max: number,
): PortMapPlan {
  const after = [...lengths];
  const toUpdate = new Set<number>();
  const deletes: number[] = [];
  for (const { slice, remaining } of changed) {
    after[slice] = remaining;
    if (remaining === 0) deletes.push(slice);
    else toUpdate.add(slice);
  }
  const unchanged = new Set(lengths.keys());
  for (const { slice } of changed) unchanged.delete(slice);
  let left = endpointsToAdd;
  for (const slice of [...toUpdate].sort((a, b) => after[b]! - after[a]!)) {
    while (left > 0 && after[slice]! < max) {
      after[slice]!++;
      left--;
    }
  }
  const creates: number[] = [];
  while (left > 0) {
    let fill = -1;
    if (left < max) {
      for (const slice of unchanged) {
        const roomAfter = max - after[slice]! - left;
        if (roomAfter >= 0 && (fill < 0 || roomAfter < max - after[fill]! - left)) fill = slice;
      }
    }
    if (fill >= 0) {
      after[fill]! += left;
      toUpdate.add(fill);
      left = 0;
    } else {
      creates.push(Math.min(left, max));
      left -= creates.at(-1)!;
    }
  }
  const updates = [...toUpdate].map((slice) => ({ slice, added: 0, length: after[slice]! }));
  return { updates, creates, deletes };
}
