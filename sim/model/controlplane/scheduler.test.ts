import { expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { NodeAvailability } from '../cluster/node-availability.js';
import { EvenPlacement } from '../cluster/even-placement.js';
import { PodState, PodTable } from '../cluster/pods.js';
import { ApiServers } from './api-servers.js';
import { Etcd } from './etcd.js';
import { Scheduler } from './scheduler.js';

const SECOND = 1e9;

/** A scheduler over nodes with a pod each that is about to be created; API calls take no time unless said. */
function bench(nodes: number, { attemptNs = 0 } = {}) {
  const simulation = new Simulation();
  const streams = new RandomStreams(1, 0);
  const availability = new NodeAvailability(nodes);
  const placement = new EvenPlacement(nodes, streams, availability);
  const pods = new PodTable(nodes, 1);
  const bindings: { pod: number; node: number; atNs: number }[] = [];
  const scheduler = new Scheduler(
    simulation,
    pods,
    placement,
    availability,
    new ApiServers(simulation).client('kube-scheduler', 'workload-high'),
    new Etcd({ writeLatencyNs: { median: 1e-3, p99: 1e-3 }, maxRequestBytes: null }, streams),
    { kubeApiQps: 50, kubeApiBurst: 100, attemptNs, watchLatencyNs: 0 },
    (pod) => bindings.push({ pod, node: pods.node[pod]!, atNs: simulation.nowNs }),
  );
  const create = (): number => {
    const pod = pods.create(0, placement.place());
    scheduler.podCreated(pod, simulation.nowNs);
    return pod;
  };
  return { simulation, availability, pods, scheduler, bindings, create };
}

test.each([
  { pods: 100, attemptNs: 0, seconds: 0 },
  { pods: 1000, attemptNs: 0, seconds: 18 },
  // The loop binds when it is slower than the client.
  { pods: 1000, attemptNs: SECOND / 40, seconds: 25 },
])('$pods pods with $attemptNs ns each in the loop are bound after $seconds s', ({ pods, attemptNs, seconds }) => {
  const { simulation, bindings, create } = bench(10, { attemptNs });
  for (let n = 0; n < pods; n++) create();
  simulation.run();
  expect(bindings).toHaveLength(pods);
  expect(bindings.at(-1)!.atNs / SECOND).toBeCloseTo(seconds, 6);
});

test('a pod whose node has been lost gets another, and with none up it waits', () => {
  const { simulation, availability, pods, scheduler, bindings, create } = bench(3);
  const moved = create();
  const lost = pods.node[moved]!;
  availability.setUp(lost, false);
  simulation.run();
  expect(bindings).toHaveLength(1);
  expect(bindings[0]!.node).not.toBe(lost);
  expect(pods.podsOn(lost)).toEqual([]);
  expect(pods.podsOn(bindings[0]!.node)).toEqual([moved]);

  for (let node = 0; node < 3; node++) availability.setUp(node, false);
  const waiting = create();
  simulation.run();
  expect(bindings).toHaveLength(1);
  availability.setUp(lost, true);
  scheduler.nodeReturned();
  simulation.run();
  expect(bindings[1]).toMatchObject({ pod: waiting, node: lost });
});

test('a pod that is deleted before it is seen is not scheduled', () => {
  const { simulation, pods, bindings, create } = bench(3);
  pods.condition[create()]! |= PodState.terminating;
  simulation.run();
  expect(bindings).toEqual([]);
});

test('pods move between lists of nodes whatever their place in them', () => {
  const { pods } = bench(2);
  const [first, second, third] = [pods.create(0, 0), pods.create(0, 0), pods.create(0, 0)];
  pods.move(second, 1);
  expect([pods.podsOn(0), pods.podsOn(1)]).toEqual([[third, first], [second]]);
  pods.move(first, 1);
  pods.move(third, 1);
  expect([pods.podsOn(0), pods.podsOn(1)]).toEqual([[], [third, first, second]]);
});
