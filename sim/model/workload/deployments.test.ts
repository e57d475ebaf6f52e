import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MS, NEVER, SECOND, WorkloadFixture } from './testing/workload-fixture.js';

const pods = (absolute: number) => ({ absolute });

describe('a rolling update', () => {
  test('never has more live pods than replicas and surge, nor fewer ready ones than it must, and ends', () => {
    const rollouts = fc.record({
      replicas: fc.integer({ min: 1, max: 30 }),
      surge: fc.nat(8),
      unavailable: fc.nat(8),
      slowest: fc.integer({ min: 0, max: 5000 }),
      shutdown: fc.integer({ min: 0, max: 3000 }),
      workers: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(rollouts, ({ replicas, surge, unavailable, slowest, shutdown, workers }) => {
        const fixture = new WorkloadFixture({
          endpoints: replicas,
          startupNs: (pod) => ((pod * 7919) % (slowest + 1)) * MS,
          shutdownNs: shutdown * MS,
          workers,
        });
        const down = surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas);
        let mostLive = 0;
        let fewestReady = Infinity;
        fixture.onEvent = () => {
          const live = fixture.controllers.replicaSets.replicas(0).length;
          mostLive = Math.max(mostLive, live);
          fewestReady = Math.min(fewestReady, fixture.readyPods);
        };
        fixture.rollOut({ maxSurge: pods(surge), maxUnavailable: pods(unavailable) });
        fixture.simulation.run();
        // A client without a queue deletes an old pod before the Deployment controller can make use of its room.
        expect(mostLive).toBeLessThanOrEqual(replicas + surge);
        expect(fewestReady).toBeGreaterThanOrEqual(replicas - down);
        expect(fixture.livePods).toEqual([0, replicas]);
        expect(fixture.controllers.deployments.unfinished()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('keeps enough pods ready through a slow client too', () => {
    const rollouts = fc.record({
      replicas: fc.integer({ min: 1, max: 40 }),
      surge: fc.nat(10),
      unavailable: fc.nat(10),
      qps: fc.integer({ min: 1, max: 40 }),
      burst: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(rollouts, ({ replicas, surge, unavailable, qps, burst }) => {
        const fixture = new WorkloadFixture({
          endpoints: replicas,
          startupNs: (pod) => ((pod * 7919) % 4000) * MS,
          qps,
          burst,
        });
        const down = surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas);
        let fewestReady = Infinity;
        fixture.onEvent = () => (fewestReady = Math.min(fewestReady, fixture.readyPods));
        fixture.rollOut({ maxSurge: pods(surge), maxUnavailable: pods(unavailable) });
        fixture.simulation.run();
        expect(fewestReady).toBeGreaterThanOrEqual(replicas - down);
        expect(fixture.livePods).toEqual([0, replicas]);
      }),
      { numRuns: 100 },
    );
  });

  test('removes an old pod that is not ready before those that are', () => {
    const fixture = new WorkloadFixture({ endpoints: 10, startupNs: () => NEVER });
    fixture.turnUnready(4);
    fixture.simulation.run();
    fixture.rollOut({ maxSurge: pods(2), maxUnavailable: pods(1) });
    fixture.simulation.run();
    // One may be unavailable, and one is: it goes, and nothing else can while the new ones are not ready.
    expect(fixture.events.filter(({ what }) => what === 'deleted').map(({ pod }) => pod)).toEqual([4]);
    expect(fixture.livePods).toEqual([9, 3]);
    expect(fixture.controllers.deployments.unfinished()).toEqual([{ service: 0, share: 0 }]);
  });

  test('waits for minReadySeconds before it goes on', () => {
    const durationNs = (minReadyNs: number): number => {
      const fixture = new WorkloadFixture({ endpoints: 5 });
      fixture.rollOut({ minReadyNs });
      fixture.simulation.run();
      expect(fixture.livePods).toEqual([0, 5]);
      return Math.max(...fixture.times('deleted'));
    };
    // Five pods one after the other: each is ready after a second, and looked at a second after it has become available.
    expect(durationNs(0) / SECOND).toBeCloseTo(5, 0);
    const waitedNs = durationNs(10 * SECOND);
    expect(waitedNs / SECOND).toBeGreaterThan(5 * 11);
    expect(waitedNs / SECOND).toBeLessThan(5 * 12 + 1);
  });

  test('overtaken by another one leaves neither revision behind', () => {
    const fixture = new WorkloadFixture({ endpoints: 20, startupNs: (pod) => (pod % 5) * SECOND });
    fixture.rollOut({ maxSurge: pods(5), maxUnavailable: pods(5) });
    fixture.simulation.run(1500 * MS);
    fixture.rollOut({ maxSurge: pods(5), maxUnavailable: pods(5) });
    fixture.simulation.run();
    expect(fixture.livePods).toEqual([0, 0, 20]);
    expect(fixture.controllers.deployments.unfinished()).toEqual([]);
  });
});

describe('scaling', () => {
  test('in the middle of a rolling update is in proportion', () => {
    const fixture = new WorkloadFixture({ endpoints: 10, startupNs: () => NEVER });
    fixture.rollOut({ maxSurge: pods(2) });
    fixture.simulation.run();
    expect(fixture.livePods).toEqual([10, 2]);
    fixture.controllers.deployments.scale(0, 20);
    fixture.simulation.run();
    // 22 pods where 12 were: 10 * 22 / 12 and 2 * 22 / 12, rounded.
    expect(fixture.livePods).toEqual([18, 4]);
    fixture.controllers.deployments.scale(0, 0);
    fixture.simulation.run();
    expect(fixture.controllers.replicaSets.replicas(0)).toEqual([]);
    expect(fixture.controllers.deployments.unfinished()).toEqual([]);
  });

  test('again and again ends with the last size, whatever came in between', () => {
    const steps = fc.array(fc.record({ to: fc.nat(40), afterMs: fc.nat(2000), rollsOut: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 100 }), (script, qps) => {
        const fixture = new WorkloadFixture({ endpoints: 10, qps, burst: 5, rollouts: 10 });
        for (const { to, afterMs, rollsOut } of script) {
          if (rollsOut) fixture.rollOut({ maxSurge: { fraction: 0.25 }, maxUnavailable: { fraction: 0.25 } });
          fixture.controllers.deployments.scale(0, to);
          fixture.simulation.run(fixture.simulation.nowNs + afterMs * MS);
        }
        fixture.simulation.run();
        expect(fixture.controllers.replicaSets.replicas(0)).toHaveLength(script.at(-1)!.to);
        expect(fixture.controllers.deployments.unfinished()).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

test('Recreate makes the first new pod when the last old one is gone', () => {
  const fixture = new WorkloadFixture({ endpoints: 8, shutdownNs: 4 * SECOND });
  fixture.rollOut({ strategy: 'Recreate' });
  fixture.simulation.run();
  expect(fixture.livePods).toEqual([0, 8]);
  expect(Math.min(...fixture.times('created'))).toBeGreaterThan(Math.max(...fixture.times('gone')));
  expect(fixture.controllers.deployments.unfinished()).toEqual([]);
});

test('empty ReplicaSets beyond the history limit are deleted', () => {
  const fixture = new WorkloadFixture({ endpoints: 2, rollouts: 15 });
  for (let revision = 1; revision <= 15; revision++) {
    fixture.rollOut({});
    fixture.simulation.run();
  }
  expect(fixture.livePods.at(-1)).toBe(2);
  // The newest, and ten old ones.
  expect(fixture.controllers.deployments.replicaSetsOf(0)).toHaveLength(11);
});

test('a controller manager that is down does nothing, and its successor does all that is due', () => {
  const fixture = new WorkloadFixture({ endpoints: 10 });
  const { deployments, replicaSets, statefulSets } = fixture.controllers;
  const controllers = [deployments, replicaSets, statefulSets];
  fixture.rollOut({ maxSurge: pods(3) });
  fixture.simulation.run(1200 * MS);
  for (const controller of controllers) controller.stop();
  fixture.simulation.run(1300 * MS);
  const before = fixture.events.filter(({ what }) => what === 'created' || what === 'deleted').length;
  replicaSets.deleteByOther(0, replicaSets.replicas(0)[0]!);
  deployments.scale(0, 12);
  fixture.simulation.run();
  expect(fixture.events.filter(({ what }) => what === 'created' || what === 'deleted')).toHaveLength(before + 1);
  for (const controller of controllers) controller.start();
  fixture.simulation.run();
  expect(fixture.livePods).toEqual([0, 12]);
  expect(deployments.unfinished()).toEqual([]);
});
