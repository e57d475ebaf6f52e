import { describe, expect, test } from 'vitest';
import { MS, NEVER, SECOND, WorkloadFixture } from './testing/workload-fixture.js';

/** How many events there were at each moment. */
function waves(times: readonly number[]): { readonly atNs: number; readonly count: number }[] {
  const counts = new Map<number, number>();
  for (const atNs of times) counts.set(atNs, (counts.get(atNs) ?? 0) + 1);
  return [...counts].map(([atNs, count]) => ({ atNs, count }));
}

describe('creation', () => {
  test('comes in batches, each when the one before is answered, and at most 500 pods a sync', () => {
    const fixture = new WorkloadFixture({ endpoints: 0, writeLatencyNs: 100 * MS, startupNs: () => NEVER });
    fixture.controllers.deployments.scale(0, 700);
    fixture.simulation.run();
    const batches = waves(fixture.times('created'));
    const first = [1, 2, 4, 8, 16, 32, 64, 128, 245];
    expect(batches.map(({ count }) => count)).toEqual([...first, 1, 2, 4, 8, 16, 32, 64, 73]);
    for (let n = 1; n < first.length; n++) expect(batches[n]!.atNs - batches[n - 1]!.atNs).toBe(100 * MS);
  });

  test('of 20,000 pods takes as long as their requests, the Events and the statuses need tokens', () => {
    const fixture = new WorkloadFixture({
      endpoints: 0,
      qps: 20,
      burst: 30,
      writeLatencyNs: 1 * MS,
      startupNs: () => NEVER,
      nodes: 1000,
    });
    fixture.controllers.deployments.scale(0, 20_000);
    fixture.simulation.run();
    // 40 syncs of 500 and 25 Events of the one ReplicaSet. A sync begins before the informer has shown the status that the one
    // before it wrote, so its own is refused 25 s later: then it takes a GET and another PUT.
    const tokens = 20_000 + 25 + 1 + 38 * 3;
    const lastNs = Math.max(...fixture.times('created'));
    expect(lastNs / SECOND).toBeGreaterThanOrEqual((tokens - 30) / 20);
    expect(lastNs / SECOND).toBeLessThan((tokens - 30) / 20 + 0.5);
    expect(fixture.controllers.replicaSets.replicas(0)).toHaveLength(20_000);
  });

  test('of 10 ReplicaSets shares one client and five workers', () => {
    const fixture = new WorkloadFixture({ endpoints: 0, count: 10, qps: 20, burst: 30, startupNs: () => NEVER });
    for (let service = 0; service < 10; service++) fixture.controllers.deployments.scale(service, 50);
    fixture.simulation.run();
    // Each writes the 25 Events that its spam filter lets pass.
    const tokens = 10 * (50 + 25);
    const lastNs = Math.max(...fixture.times('created'));
    expect(lastNs / SECOND).toBeGreaterThan((500 - 30) / 20);
    expect(lastNs / SECOND).toBeLessThan((tokens + 20 - 30) / 20 + 1);
  });
});

describe('deletion', () => {
  test('sends all at once, and takes those that are not ready first', () => {
    const fixture = new WorkloadFixture({ endpoints: 20, writeLatencyNs: 100 * MS });
    for (const pod of [3, 11, 17]) fixture.turnUnready(pod);
    fixture.simulation.run();
    fixture.controllers.deployments.scale(0, 10);
    fixture.simulation.run();
    const gone = fixture.events.filter(({ what }) => what === 'deleted').map(({ pod }) => pod);
    expect(waves(fixture.times('deleted'))).toHaveLength(1);
    expect(gone.slice(0, 3).toSorted((a, b) => a - b)).toEqual([3, 11, 17]);
    expect(gone).toHaveLength(10);
  });

  test('evens out the nodes: of two pods on a node one goes first, then the younger', () => {
    const fixture = new WorkloadFixture({ endpoints: 6, nodes: 4 });
    fixture.controllers.deployments.scale(0, 4);
    fixture.simulation.run();
    const nodes = fixture.controllers.replicaSets.replicas(0).map((pod) => fixture.pods.node[pod]);
    expect(new Set(nodes).size).toBe(4);
    fixture.controllers.deployments.scale(0, 8);
    fixture.simulation.run();
    fixture.controllers.deployments.scale(0, 4);
    fixture.simulation.run();
    // Those of the start are ready for longer, in orders of magnitude.
    expect(fixture.controllers.replicaSets.replicas(0).every((pod) => pod < 6)).toBe(true);
  });

  test('of pods that others delete at the same time deletes no more than are too many', () => {
    const fixture = new WorkloadFixture({ endpoints: 40, writeLatencyNs: 20 * MS });
    fixture.controllers.deployments.scale(0, 20);
    fixture.simulation.run(25 * MS);
    for (let n = 0; n < 10; n++) {
      fixture.controllers.replicaSets.deleteByOther(0, fixture.controllers.replicaSets.replicas(0)[0]!);
    }
    fixture.simulation.run();
    expect(fixture.controllers.replicaSets.replicas(0)).toHaveLength(20);
  });
});

test('a pod that somebody deletes is replaced while it is still terminating', () => {
  const fixture = new WorkloadFixture({ endpoints: 3, shutdownNs: 30 * SECOND });
  fixture.controllers.replicaSets.deleteByOther(0, 1);
  fixture.simulation.run();
  expect(fixture.times('created')[0]! / SECOND).toBeLessThan(0.05);
  expect(fixture.times('gone')[0]! / SECOND).toBe(30);
});

test('nothing is created or deleted after the end of the workload', () => {
  const fixture = new WorkloadFixture({ endpoints: 0, qps: 20, burst: 1, durationNs: 5 * SECOND });
  fixture.controllers.deployments.scale(0, 1000);
  fixture.simulation.run();
  const created = fixture.times('created');
  expect(Math.max(...created)).toBeLessThanOrEqual(5 * SECOND);
  expect(created.length).toBeGreaterThan(50);
  expect(created.length).toBeLessThanOrEqual(101);
});

test('100,000 pods of one service come and go in no time', () => {
  const fixture = new WorkloadFixture({ endpoints: 100_000, nodes: 5000, startupNs: () => NEVER });
  const startMs = performance.now();
  for (let pod = 0; pod < 50_000; pod++) fixture.controllers.replicaSets.deleteByOther(0, pod);
  fixture.simulation.run();
  expect(fixture.controllers.replicaSets.replicas(0)).toHaveLength(100_000);
  // A walk through the list for each would take minutes.
  expect(performance.now() - startMs).toBeLessThan(20_000);
});
