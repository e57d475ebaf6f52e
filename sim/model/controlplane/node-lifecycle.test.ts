import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { PodState, PodTable } from '../cluster/pods.js';
import { createNodes } from '../cluster/nodes.js';
import { ApiServers } from './api-servers.js';
import { Etcd } from './etcd.js';
import { NodeLifecycle } from './node-lifecycle.js';
import { TaintEviction } from './taint-eviction.js';

const SECOND = 1e9;
const READY = PodState.hasAddress | PodState.ready;

interface Bench {
  readonly controller: NodeLifecycle;
  readonly eviction: TaintEviction;
  readonly marks: { pod: number; atNs: number; sentNs: number }[];
  readonly taints: { node: number; atNs: number }[];
  readonly untaints: { node: number; atNs: number }[];
  readonly readiness: { readonly node: number; readonly isReady: boolean }[];
  readonly evictions: { pod: number; atNs: number }[];
  readonly at: (seconds: number, action: () => void) => void;
  readonly lose: (nodes: readonly number[]) => void;
  readonly run: (seconds?: number) => void;
}

/** The two controllers over ready pods; API calls take no time. A lost node has renewed its lease just before. */
function bench({ nodes = 1, zones = 1, podsPerNode = 0, replication = 0, kubeApiQps = 20, kubeApiBurst = 30 }): Bench {
  const simulation = new Simulation();
  const streams = new RandomStreams(1, replication);
  const table = createNodes(
    { nodes, zones, apiServerToNodeLatencyNs: { min: 0, max: 0 }, nodeSpeedFactor: 1, nodeSpeedVariation: 0 },
    streams,
  );
  const pods = new PodTable(nodes, 1);
  for (let node = 0; node < nodes; node++) {
    for (let n = 0; n < podsPerNode; n++) {
      const pod = pods.create(0, node);
      pods.stored[pod] = READY;
      pods.stage[pod] = 2;
    }
  }
  const etcd = new Etcd({ writeLatencyNs: { median: 1e-3, p99: 1e-3 }, maxRequestBytes: null }, streams);
  const servers = new ApiServers(simulation);
  const client = { kubeApiQps, kubeApiBurst, workers: 8 };
  const evictions: Bench['evictions'] = [];
  const eviction = new TaintEviction(
    simulation,
    nodes,
    pods,
    servers.client('taint-eviction-controller', 'workload-high'),
    etcd,
    { ...client, tolerationNs: 300 * SECOND, getLatencyNs: 0, watchLatencyNs: 0 },
    (pod) => {
      pods.condition[pod]! |= PodState.terminating;
      evictions.push({ pod, atNs: simulation.nowNs });
    },
  );
  const marks: Bench['marks'] = [];
  const taints: Bench['taints'] = [];
  const untaints: Bench['untaints'] = [];
  const readiness: Bench['readiness'] = [];
  const controller = new NodeLifecycle(
    simulation,
    table,
    pods,
    servers.client('node-lifecycle-controller', 'workload-high'),
    etcd,
    {
      ...client,
      nodeMonitorPeriodNs: 5 * SECOND,
      nodeMonitorGracePeriodNs: 50 * SECOND,
      nodeEvictionRate: 0.1,
      secondaryNodeEvictionRate: 0.01,
      unhealthyZoneThreshold: 0.55,
      largeClusterSizeThreshold: 50,
    },
    {
      onPodMarked: (pod, sentNs) => {
        pods.stored[pod]! &= ~PodState.ready;
        marks.push({ pod, atNs: simulation.nowNs, sentNs });
      },
      onTainted: (node) => {
        eviction.tainted(node);
        taints.push({ node, atNs: simulation.nowNs });
      },
      onUntainted: (node) => {
        eviction.untainted(node);
        untaints.push({ node, atNs: simulation.nowNs });
      },
      onReadinessChanged: (node) => readiness.push({ node, isReady: controller.isReady(node) }),
    },
    streams,
  );
  const actions: (() => void)[] = [];
  const kind = simulation.registerKind('action', (index) => actions[index]!());
  const at = (seconds: number, action: () => void): void =>
    void simulation.schedule(seconds * SECOND, kind, actions.push(action) - 1);
  return {
    controller,
    eviction,
    marks,
    taints,
    untaints,
    readiness,
    evictions,
    at,
    lose: (lost) => lost.forEach((node) => controller.nodeLost(node, simulation.nowNs)),
    run: (seconds = Infinity) => void simulation.run(seconds * SECOND),
  };
}

const range = (from: number, end: number): number[] => Array.from({ length: end - from }, (_, index) => from + index);
const seconds = ({ atNs }: { readonly atNs: number }): number => atNs / SECOND;

describe('how long until the last pod of lost nodes is marked not ready', () => {
  // 50 s and up to a pass of 5 s after the last renewal; then one write for each node and each pod: (writes - 30) / 20.
  test.each([
    { lost: 1, podsPerNode: 110, throttledSeconds: (111 - 30) / 20 },
    { lost: 100, podsPerNode: 30, throttledSeconds: (3100 - 30) / 20 },
    { lost: 1000, podsPerNode: 30, throttledSeconds: (31_000 - 30) / 20 },
  ])('$lost nodes of $podsPerNode pods: $throttledSeconds s of client throttling', (loss) => {
    const { lost, podsPerNode, throttledSeconds } = loss;
    const { controller, marks, at, lose, run } = bench({ nodes: 3 * lost, zones: 3, podsPerNode });
    at(100, () => lose(range(0, lost).map((n) => 3 * n)));
    run();
    expect(marks).toHaveLength(lost * podsPerNode);
    const detectedSeconds = controller.firstDetectedNs! / SECOND - 100;
    expect(detectedSeconds).toBeGreaterThanOrEqual(50);
    expect(detectedSeconds).toBeLessThan(55);
    // A taint every 10 s comes out of the same bucket, up to a write in 200.
    const markedSeconds = seconds(marks.at(-1)!) - 100 - detectedSeconds;
    expect(markedSeconds).toBeGreaterThan(throttledSeconds - 0.05);
    expect(markedSeconds).toBeLessThan(throttledSeconds * 1.006 + 0.1);
  });

  test('the pass that sees the last renewal is anywhere in the 5 s after it', () => {
    const detected = range(0, 60).map((replication) => {
      const { controller, at, lose, run } = bench({ nodes: 2, replication });
      at(100, () => lose([0]));
      run();
      return controller.firstDetectedNs! / SECOND - 100;
    });
    expect(Math.min(...detected)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...detected)).toBeLessThan(55);
    const mean = detected.reduce((sum, value) => sum + value, 0) / detected.length;
    expect(Math.abs(mean - 52.5)).toBeLessThan((4 * 5) / Math.sqrt(12 * 60));
  });

  test.each([
    { kubeApiQps: 1, kubeApiBurst: 1 },
    { kubeApiQps: 20, kubeApiBurst: 30 },
  ])(
    'with $kubeApiQps/$kubeApiBurst a mark dates from its own write, whatever taints are written meanwhile',
    (client) => {
      const { marks, taints, at, lose, run } = bench({ nodes: 60, podsPerNode: 10, ...client });
      at(100, () => lose(range(0, 20)));
      run();
      expect(marks).toHaveLength(200);
      expect(taints.length).toBeGreaterThan(1);
      // Calls take no time here.
      for (const { atNs, sentNs } of marks) expect(Math.abs(atNs - sentNs)).toBeLessThan(10);
    },
  );

  test('a node that is lost during a long pass waits for the next', () => {
    const { marks, at, lose, run } = bench({ nodes: 300, podsPerNode: 30 });
    at(100, () => lose(range(0, 100)));
    // The pass takes from about 150 s to 300 s; the second loss is seen at its end, and again 50 s later.
    at(160, () => lose([200]));
    run();
    const last = marks.filter(({ pod }) => Math.floor(pod / 30) === 200).map(seconds);
    expect(last).toHaveLength(30);
    expect(Math.min(...last)).toBeGreaterThan(300 + 50);
    expect(Math.max(...last)).toBeLessThan(320 + 50);
  });
});

test('the API has a node ready until it is found lost, and from its own report on', () => {
  const { controller, readiness, at, lose, run } = bench({ nodes: 3 });
  at(100, () => lose([0, 1]));
  // Back before anybody notices: nothing is said.
  at(120, () => controller.nodeReady(1));
  at(200, () => controller.nodeReady(0));
  run();
  expect(readiness).toEqual([
    { node: 0, isReady: false },
    { node: 0, isReady: true },
  ]);
});

describe('which nodes are tainted when', () => {
  const gaps = (taints: Bench['taints']): number[] =>
    taints.slice(1).map((taint, index) => seconds(taint) - seconds(taints[index]!));

  test('one every 10 s in a zone that is well', () => {
    const { taints, at, lose, run } = bench({ nodes: 100 });
    at(0, () => lose(range(0, 5)));
    run();
    expect(taints.map(({ node }) => node)).toEqual([0, 1, 2, 3, 4]);
    for (const gap of gaps(taints)) expect(gap).toBeCloseTo(10, 6);
  });

  test('each zone has a queue of its own', () => {
    const { taints, at, lose, run } = bench({ nodes: 100, zones: 2 });
    at(0, () => lose([0, 1]));
    run();
    expect(seconds(taints[1]!) - seconds(taints[0]!)).toBeLessThan(0.01);
  });

  test('one every 100 s in a large zone that is mostly lost, after the first', () => {
    const { taints, at, lose, run } = bench({ nodes: 200, zones: 2 });
    at(0, () => lose(range(0, 60).map((n) => 2 * n)));
    run(500);
    // The first goes before the pass has ended, at whose end the zone is judged.
    expect(taints).toHaveLength(5);
    expect(gaps(taints)[0]).toBeLessThan(105);
    for (const gap of gaps(taints)) expect(gap).toBeGreaterThan(99.9);
    for (const gap of gaps(taints).slice(1)) expect(gap).toBeCloseTo(100, 6);
  });

  test('none in a small zone that is mostly lost, and all that are left when it is better', () => {
    const { controller, taints, at, lose, run } = bench({ nodes: 40, zones: 2 });
    at(0, () => lose(range(0, 15).map((n) => 2 * n)));
    at(1000, () => range(5, 15).forEach((n) => controller.nodeReady(2 * n)));
    run();
    expect(taints.filter(({ atNs }) => atNs < 1000 * SECOND)).toEqual([]);
    expect(taints).toHaveLength(5);
  });

  test('at full speed in a zone that is wholly lost', () => {
    const { taints, at, lose, run } = bench({ nodes: 120, zones: 2 });
    at(0, () => lose(range(0, 60).map((n) => 2 * n)));
    run();
    expect(taints).toHaveLength(60);
    // The first waits in the client behind the statuses of the nodes.
    expect(gaps(taints)[0]).toBeGreaterThan(9);
    for (const gap of gaps(taints).slice(1)) expect(gap).toBeCloseTo(10, 6);
  });

  test('none when all zones are wholly lost, and those that are are taken off', () => {
    const { controller, taints, untaints, evictions, at, lose, run } = bench({ nodes: 6, zones: 2, podsPerNode: 2 });
    at(0, () => lose([0, 1, 2]));
    at(100, () => lose([3, 4, 5]));
    run(1000);
    expect(taints.map(({ node }) => node).sort((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(untaints.map(({ node }) => node).sort((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(evictions).toEqual([]);
    at(1000, () => controller.nodeReady(5));
    run(2000);
    // All but the one that is back.
    expect(new Set(taints.filter(({ atNs }) => atNs > 1000 * SECOND).map(({ node }) => node)).size).toBe(5);
    expect(evictions.length).toBe(10);
  });
});

describe('pods of tainted nodes', () => {
  test('are evicted when 300 s are over, five a second: four requests each', () => {
    const { taints, evictions, at, lose, run } = bench({ nodes: 10, podsPerNode: 110 });
    at(0, () => lose([0]));
    run();
    expect(evictions).toHaveLength(110);
    expect(seconds(evictions[0]!) - seconds(taints[0]!)).toBeGreaterThanOrEqual(300);
    expect(seconds(evictions[0]!) - seconds(taints[0]!)).toBeLessThan(301);
    expect(seconds(evictions.at(-1)!) - seconds(taints[0]!) - 300).toBeCloseTo((4 * 110 - 30) / 20, 0);
  });

  test('stay when the node is back before', () => {
    const { controller, untaints, evictions, at, lose, run } = bench({ nodes: 10, podsPerNode: 110 });
    at(0, () => lose([0]));
    at(340, () => controller.nodeReady(0));
    run();
    expect(untaints).toHaveLength(1);
    expect(evictions).toEqual([]);
  });

  test('and in the midst of it, those that are left', () => {
    const { controller, evictions, at, lose, run } = bench({ nodes: 10, podsPerNode: 110 });
    at(0, () => lose([0]));
    at(360, () => controller.nodeReady(0));
    run();
    expect(evictions.length).toBeGreaterThan(10);
    expect(evictions.length).toBeLessThan(100);
  });
});

describe('fail-over of the controller manager', () => {
  test('the next one counts the grace period from its start, and the tolerations too', () => {
    const { controller, eviction, marks, evictions, at, lose, run } = bench({ nodes: 10, podsPerNode: 5 });
    at(0, () => lose([0]));
    at(30, () => {
      controller.stop();
      eviction.stop();
    });
    at(47, () => {
      controller.start();
      eviction.start();
    });
    run();
    expect(marks).toHaveLength(5);
    expect(seconds(marks[0]!)).toBeGreaterThanOrEqual(47 + 50);
    expect(seconds(marks[0]!)).toBeLessThan(47 + 55);
    expect(evictions).toHaveLength(5);
  });

  test('marks go on where they were, and nothing is marked in between', () => {
    const { controller, marks, at, lose, run } = bench({ nodes: 50, podsPerNode: 30 });
    at(0, () => lose(range(0, 20)));
    at(60, () => controller.stop());
    at(80, () => controller.start());
    run();
    expect(marks).toHaveLength(600);
    expect(new Set(marks.map(({ pod }) => pod)).size).toBe(600);
    // One call of each worker may have been under way.
    const between = marks.filter(({ atNs }) => atNs > 61 * SECOND && atNs < 80 * SECOND);
    expect(between).toEqual([]);
  });

  test('tolerations of nodes that were tainted before start again', () => {
    const { eviction, taints, evictions, at, lose, run } = bench({ nodes: 10, podsPerNode: 5 });
    at(0, () => lose([0]));
    at(200, () => eviction.stop());
    at(220, () => eviction.start());
    run();
    expect(taints).toHaveLength(1);
    expect(seconds(evictions[0]!)).toBeGreaterThanOrEqual(520);
    expect(seconds(evictions[0]!)).toBeLessThan(521);
  });
});
