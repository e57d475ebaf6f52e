import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MS, SECOND, WorkloadFixture, type FixtureOptions } from './testing/workload-fixture.js';

const stateful = (options: Partial<FixtureOptions>): WorkloadFixture =>
  new WorkloadFixture({ endpoints: 5, controller: 'StatefulSet', ...options });

/** Ordinals in the order in which something happened to their pods. */
const ordinals = (fixture: WorkloadFixture, what: 'created' | 'deleted'): number[] =>
  fixture.events.filter((event) => event.what === what).map(({ pod }) => fixture.controllers.ordinalOf(pod));

describe('OrderedReady', () => {
  test('updates from the highest ordinal down, each pod gone before its successor is made, and ready before the next goes', () => {
    const fixture = stateful({ shutdownNs: 2 * SECOND });
    fixture.rollOut({ maxUnavailable: { absolute: 1 } });
    fixture.simulation.run();
    expect(ordinals(fixture, 'deleted')).toEqual([4, 3, 2, 1, 0]);
    expect(ordinals(fixture, 'created')).toEqual([4, 3, 2, 1, 0]);
    expect(fixture.events.map(({ what }) => what)).toEqual(
      Array.from({ length: 5 }, () => ['deleted', 'gone', 'created', 'ready']).flat(),
    );
    // Each step is a shutdown and a start, and a few round trips.
    expect(fixture.simulation.nowNs / SECOND).toBeGreaterThan(5 * 3);
    expect(fixture.simulation.nowNs / SECOND).toBeLessThan(5 * 3.1);
    expect(fixture.livePods).toEqual([0, 5]);
    expect(fixture.controllers.deployments.unfinished()).toEqual([]);
  });

  test('leaves what is below the partition', () => {
    const fixture = stateful({});
    fixture.rollOut({ partition: 3 });
    fixture.simulation.run();
    expect(ordinals(fixture, 'deleted')).toEqual([4, 3]);
    expect(fixture.livePods).toEqual([3, 2]);
    expect(fixture.controllers.deployments.unfinished()).toEqual([]);
    // A pod below it comes back in its old revision.
    fixture.controllers.replicaSets.deleteByOther(0, 1);
    fixture.simulation.run();
    expect(fixture.livePods).toEqual([3, 2]);
  });

  test('scales up one ready pod after the other, and down from the top, one after the other', () => {
    const fixture = stateful({ endpoints: 2 });
    fixture.controllers.deployments.scale(0, 5);
    fixture.simulation.run();
    expect(ordinals(fixture, 'created')).toEqual([2, 3, 4]);
    const created = fixture.times('created');
    const ready = fixture.times('ready');
    for (let n = 1; n < 3; n++) expect(created[n]).toBeGreaterThan(ready[n - 1]!);
    fixture.controllers.deployments.scale(0, 1);
    fixture.simulation.run();
    expect(ordinals(fixture, 'deleted')).toEqual([4, 3, 2, 1]);
    const deleted = fixture.times('deleted');
    const gone = fixture.times('gone');
    for (let n = 1; n < 4; n++) expect(deleted[n]).toBeGreaterThan(gone[n - 1]!);
  });

  test('counts minReadySeconds before the next step', () => {
    const fixture = stateful({ endpoints: 3 });
    fixture.rollOut({ minReadyNs: 10 * SECOND });
    fixture.simulation.run();
    expect(fixture.livePods).toEqual([0, 3]);
    expect((fixture.times('deleted')[2]! - fixture.times('deleted')[0]!) / SECOND).toBeGreaterThan(2 * 12);
  });

  test('without the feature gate takes one pod at a time whatever maxUnavailable says', () => {
    const deletedTogether = (maxUnavailableStatefulSet: boolean): number => {
      const fixture = stateful({ maxUnavailableStatefulSet });
      fixture.rollOut({ maxUnavailable: { absolute: 3 } });
      fixture.simulation.run();
      expect(fixture.livePods).toEqual([0, 5]);
      return fixture.times('deleted').filter((atNs) => atNs < 500 * MS).length;
    };
    expect(deletedTogether(false)).toBe(1);
    expect(deletedTogether(true)).toBe(3);
  });
});

describe('Parallel', () => {
  test('scales up in batches of ordinals, without waiting for readiness, and down at once', () => {
    const fixture = stateful({ endpoints: 2, podManagementPolicy: 'Parallel', writeLatencyNs: 10 * MS });
    fixture.controllers.deployments.scale(0, 12);
    fixture.simulation.run();
    expect(ordinals(fixture, 'created')).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    // Batches of 1, 2, 4 and 5 ordinals; the pods of the first two take no request.
    const times = fixture.times('created');
    expect(new Set(times).size).toBe(3);
    expect(times.at(-1)! - times[0]!).toBe(20 * MS);
    fixture.controllers.deployments.scale(0, 0);
    fixture.simulation.run();
    expect(ordinals(fixture, 'deleted')).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(fixture.controllers.replicaSets.replicas(0)).toEqual([]);
  });

  test('updates as many at a time as may be unavailable', () => {
    const fixture = stateful({ endpoints: 9, podManagementPolicy: 'Parallel' });
    let fewest = Infinity;
    fixture.onEvent = () => (fewest = Math.min(fewest, fixture.readyPods));
    fixture.rollOut({ maxUnavailable: { absolute: 3 } });
    fixture.simulation.run();
    expect(fewest).toBe(6);
    expect(fixture.livePods).toEqual([0, 9]);
  });
});

test('two pods never have one ordinal, and every script ends with the replicas and the revision asked for', () => {
  const scripts = fc.record({
    policy: fc.constantFrom<'OrderedReady' | 'Parallel'>('OrderedReady', 'Parallel'),
    qps: fc.integer({ min: 2, max: 1000 }),
    steps: fc.array(
      fc.record({
        afterMs: fc.nat(3000),
        to: fc.option(fc.nat(12)),
        rollsOut: fc.boolean(),
        deletes: fc.boolean(),
        maxUnavailable: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  });
  fc.assert(
    fc.property(scripts, ({ policy, qps, steps }) => {
      const fixture = stateful({ podManagementPolicy: policy, qps, burst: 3 });
      const { deployments, replicaSets } = fixture.controllers;
      const inPlace = new Map<number, number>(replicaSets.replicas(0).map((pod, ordinal) => [ordinal, pod]));
      fixture.onEvent = () => {
        const { what, pod } = fixture.events.at(-1)!;
        const ordinal = fixture.controllers.ordinalOf(pod);
        if (what === 'created') {
          expect(inPlace.has(ordinal)).toBe(false);
          inPlace.set(ordinal, pod);
        }
        if (what === 'gone') inPlace.delete(ordinal);
      };
      let revision = 0;
      for (const { afterMs, to, rollsOut, deletes, maxUnavailable } of steps) {
        if (rollsOut) {
          revision++;
          fixture.rollOut({ maxUnavailable: { absolute: maxUnavailable } });
        }
        if (to !== null) deployments.scale(0, to);
        const [victim] = replicaSets.replicas(0);
        if (deletes && victim !== undefined) replicaSets.deleteByOther(0, victim);
        fixture.simulation.run(fixture.simulation.nowNs + afterMs * MS);
      }
      fixture.simulation.run();
      expect([...inPlace.keys()].toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: replicaSets.desired(0) }, (_, ordinal) => ordinal),
      );
      expect(replicaSets.replicas(0)).toHaveLength(replicaSets.desired(0));
      expect(deployments.unfinished()).toEqual([]);
      expect(fixture.livePods.slice(0, revision).every((count) => count === 0)).toBe(true);
    }),
    { numRuns: 150 },
  );
});
