import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { PodState, PodTable } from '../cluster/pods.js';
import type { PlannedWrite } from './discovery.js';
import { MirroredSlices } from './mirrored-slices.js';
import { constantEndpointSize } from './wire-size.js';

const READY = PodState.hasAddress | PodState.ready;
const GONE = PodState.hasAddress | PodState.gone;

function bench(addresses: number, max = 1000) {
  const pods = new PodTable(1, 1);
  const slices = new MirroredSlices(pods, () => constantEndpointSize(100, 0), max);
  const create = (): number => {
    const row = pods.createAddress(0);
    pods.observed[row] = READY;
    return row;
  };
  const rows = Array.from({ length: addresses }, create);
  slices.initialize(0, rows);
  const sync = (changed: readonly number[]): PlannedWrite[] => {
    const writes = slices.plan(0, changed);
    for (const write of writes) slices.apply(0, write);
    return writes;
  };
  return { pods, slices, rows, create, sync };
}

describe('slices that mirror', () => {
  test('hold all addresses in one slice, which any change writes as a whole', () => {
    const { pods, slices, rows, create, sync } = bench(300);
    expect([slices.usableEndpoints(0), slices.publishedEndpoints(0)]).toEqual([300, 300]);
    const added = create();
    pods.observed[rows[0]!] = GONE;
    expect(sync([added, rows[0]!])).toMatchObject([{ verb: 'update', frameBytes: 30_000, pods: [rows[0], added] }]);
    expect(slices.usableEndpoints(0)).toBe(300);
    expect(sync([added, rows[0]!])).toEqual([]);
  });

  test('are no more than there is to mirror: none for no address, and another when there is one again', () => {
    const { pods, slices, rows, create, sync } = bench(2);
    for (const row of rows) pods.observed[row] = GONE;
    expect(sync(rows)).toMatchObject([{ verb: 'delete', object: 0, frameBytes: 200 }]);
    expect(slices.publishedEndpoints(0)).toBe(0);
    expect(sync([create()])).toMatchObject([{ verb: 'create', object: 1, frameBytes: 100 }]);
  });

  test('keep not-ready addresses, which nodes do not use', () => {
    const { pods, slices, rows, sync } = bench(3);
    pods.observed[rows[1]!] = PodState.hasAddress;
    expect(sync([rows[1]!])).toMatchObject([{ verb: 'update', frameBytes: 300 }]);
    expect([slices.usableEndpoints(0), slices.publishedEndpoints(0)]).toEqual([2, 3]);
  });

  test('over the maximum take the addresses that come first, and the next one moves up when one of them goes', () => {
    const { pods, slices, rows, sync } = bench(5, 3);
    expect(slices.usableEndpoints(0)).toBe(3);
    // The last address is in no slice: its end changes nothing.
    pods.observed[rows[4]!] = GONE;
    expect(sync([rows[4]!])).toEqual([]);
    pods.observed[rows[0]!] = GONE;
    expect(sync([rows[0]!])).toMatchObject([{ verb: 'update', pods: [rows[0], rows[3]] }]);
    expect(slices.usableEndpoints(0)).toBe(3);
  });

  test('hold the observed addresses up to the maximum, whatever comes and goes', () => {
    const edits = fc.array(fc.tuple(fc.constantFrom('add', 'remove', 'toggle'), fc.nat(30)), { maxLength: 40 });
    fc.assert(
      fc.property(fc.nat(12), fc.integer({ min: 1, max: 12 }), edits, (initial, max, steps) => {
        const { pods, slices, rows, create, sync } = bench(initial, max);
        const changed: number[] = [];
        for (const [step, place] of steps) {
          const row = step === 'add' || rows.length === 0 ? create() : rows[place % rows.length]!;
          if (step === 'add' || rows.length === 0) rows.push(row);
          else if (step === 'remove') pods.observed[row] = GONE;
          else if (pods.observed[row] !== GONE) pods.observed[row]! ^= PodState.ready;
          changed.push(row);
          if (place % 3 > 0) continue;
          sync(changed.splice(0));
          const ready = rows.filter((other) => pods.observed[other] === READY).length;
          const listed = rows.filter((other) => pods.observed[other] !== GONE).length;
          expect(slices.usableEndpoints(0)).toBe(Math.min(max, ready));
          expect(slices.publishedEndpoints(0)).toBe(Math.min(max, listed));
        }
      }),
    );
  });
});

test('an address that is no pod has one of its own in its service', () => {
  const { pods, rows } = bench(600);
  expect([0, 1, 255, 256].map((index) => pods.address(rows[index]!))).toEqual([
    '172.16.0.0',
    '172.16.0.1',
    '172.16.0.255',
    '172.16.1.0',
  ]);
});
