/** How uneven externalTrafficPolicy Local is: whole runs against exact expectations. */

import { describe, expect, test } from 'vitest';

import { createPlacement } from '../model/cluster/create-placement.js';
import { NodeAvailability } from '../model/cluster/node-availability.js';
import { randomPlacement } from '../model/traffic/testing/random-placement.js';
import { loadOfPods, trafficShares } from '../model/traffic/traffic-shares.js';
import { RandomStreams } from '../kernel/random.js';
import { parseExperiment } from '../scenario/load.js';
import { type Estimate, estimateMean } from '../stats/estimate.js';
import { imbalanceOf } from '../stats/imbalance.js';
import { runReplication } from './replication.js';
import type { Scenario } from '../model/scenario.js';
import type { ReplicationMeasurements } from './results.js';

const EXPERIMENTS = 200;
/** Of 95 % intervals, as many as hold the expectation in nearly all sets of 200 experiments. */
const ENOUGH = 0.93 * EXPERIMENTS;

interface Service {
  readonly nodes: number;
  readonly pods: number;
  readonly placement: string;
  readonly policy?: 'Cluster' | 'Local';
  /** Services of this kind, each placed for itself. */
  readonly count?: number;
}

function scenarioOf({ nodes, pods, placement, policy = 'Local', count = 1 }: Service, more = ''): Scenario {
  return parseExperiment(
    `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: ${nodes}, zones: ${Math.min(3, nodes)} }
services:
  - { name: web, count: ${count}, endpoints: ${pods}, placement: ${placement}, type: LoadBalancer, externalTrafficPolicy: ${policy} }
clients: [{ service: web, from: outside, requestsPerSecond: 100 }]
${more === '' ? 'duration: 1s\nworkload: []' : more}
`,
    'test.yaml',
  ).variants[0]!.scenario;
}

const run = (service: Service, more = ''): ReplicationMeasurements['scalars'] =>
  runReplication(scenarioOf(service, more), 0).scalars;

const holds = ({ low, high }: Estimate, value: number): boolean => low! <= value && value <= high!;

/** The experiments of seeds 1, 2, ... whose interval holds the value. */
function held(value: number, experiment: (seed: number) => number[]): number {
  let count = 0;
  for (let seed = 1; seed <= EXPERIMENTS; seed++) if (holds(estimateMean(experiment(seed)), value)) count++;
  return count;
}

const replications = <Result>(count: number, of: (replication: number) => Result): Result[] =>
  Array.from({ length: count }, (_, replication) => of(replication));

const UNEVEN = [1 / 2, 1 / 4, 1 / 4];

describe('one pod on a node and two on another', () => {
  test.each(['even', 'antiAffinity'])('get 50, 25 and 25 % under Local, by placement %s and any seed', (placement) => {
    const expected = imbalanceOf(UNEVEN);
    const scenario = scenarioOf({ nodes: 2, pods: 3, placement });
    for (let seed = 1; seed <= EXPERIMENTS; seed++) {
      const { scalars } = runReplication({ ...scenario, seed }, 0);
      expect(scalars.pod_load_max_over_mean).toBeCloseTo(1.5, 12);
      expect(scalars.pod_load_max_over_min).toBeCloseTo(2, 12);
      expect(scalars.pod_load_hottest_share).toBeCloseTo(0.5, 12);
      expect(scalars.pod_load_cov).toBeCloseTo(expected.coefficientOfVariation, 12);
      expect(scalars.pod_load_gini).toBeCloseTo(1 / 6, 12);
      expect(scalars.pod_load_jain_index).toBeCloseTo(8 / 9, 12);
      expect(scalars.requests_second_hop_ratio).toBe(0);
      expect(scalars.requests_lost_total).toBe(0);
    }
  });

  test('get a third each under Cluster, half of it by a second hop', () => {
    const scalars = run({ nodes: 2, pods: 3, placement: 'even', policy: 'Cluster' });
    expect(scalars.pod_load_max_over_mean).toBeCloseTo(1, 12);
    expect(scalars.pod_load_hottest_share).toBeCloseTo(1 / 3, 12);
    expect(scalars.requests_second_hop_ratio).toBeCloseTo(1 / 2, 12);
  });
});

describe('where pods lie decides how uneven Local is', () => {
  const hottest = (pods: number, placement: string, more = '', nodes = 10): number =>
    run({ nodes, pods, placement }, more).pod_load_max_over_mean!;

  test('anti-affinity is as even as Cluster where pods go into nodes, and has a node with one more or less where not', () => {
    expect(hottest(20, 'antiAffinity')).toBeCloseTo(1, 12);
    // Nine nodes with two pods and one with three: 1/20 over 1/21.
    expect(hottest(21, 'antiAffinity')).toBeCloseTo(1.05, 12);
    // Nine with two and one with one, which gets all of its node's: 1/10 over 1/19.
    expect(hottest(19, 'antiAffinity')).toBeCloseTo(1.9, 12);
  });

  test('topology spread gives zones of unequal size as many pods each', () => {
    // Zones of two, one and one node with four pods each: 1/4 over two pods, of twelve.
    expect(hottest(12, 'topologySpread', '', 4)).toBeCloseTo(1.5, 12);
    expect(hottest(12, 'antiAffinity', '', 4)).toBeCloseTo(1, 12);
  });

  test.each(['antiAffinity', 'topologySpread'])('%s holds for pods that are added', (placement) => {
    const scaled = hottest(9, placement, 'workload: [{ at: 1s, scale: { service: web, to: 40 } }]', 9);
    // Four nodes with five pods and five with four, which get 1 / 36 each, of a mean of 1 / 40.
    expect(scaled).toBeCloseTo(10 / 9, 12);
  });

  test('anti-affinity puts the pods of a lost node where the fewest are', () => {
    const lost = hottest(16, 'antiAffinity', 'workload: [{ at: 1s, loseNodes: { nodes: 1 } }]', 9);
    expect(lost).toBeCloseTo(1, 12);
  });

  test('random is uneven, and a rolling update makes it so anew', () => {
    expect(hottest(20, 'random')).toBeGreaterThan(1.3);
    const rolled = hottest(20, 'random', 'workload: [{ at: 1s, rollingUpdate: { service: web } }]');
    expect(rolled).toBeGreaterThan(1.3);
  });
});

describe.each([
  { nodes: 2, pods: 3 },
  { nodes: 10, pods: 20 },
])('$pods pods at random on $nodes nodes: intervals hold the exact expectation as often as they should', (size) => {
  const { hottestOverFair, nodesWithPods } = randomPlacement(size.nodes, size.pods);
  const zone = new Uint16Array(size.nodes);
  const podsOnNodes = (seed: number, replication: number): number[] => {
    const placement = createPlacement(['random'], [0], {
      nodes: { count: size.nodes, zone },
      availability: new NodeAvailability(size.nodes),
      streams: new RandomStreams(seed, replication),
    });
    const podsOn = Array<number>(size.nodes).fill(0);
    for (let pod = 0; pod < size.pods; pod++) podsOn[placement.place(0, pod)]!++;
    return podsOn;
  };

  test('of placements alone', () => {
    const hottest = (seed: number): number[] =>
      replications(100, (replication) => {
        const podsOn = podsOnNodes(seed, replication);
        return imbalanceOf(loadOfPods(podsOn, trafficShares(podsOn, 'Local', { kind: 'withPods' }))).maxOverMean;
      });
    const occupied = (seed: number): number[] =>
      replications(100, (replication) => podsOnNodes(seed, replication).filter((pods) => pods > 0).length);
    expect(held(hottestOverFair, hottest)).toBeGreaterThanOrEqual(ENOUGH);
    expect(held(nodesWithPods, occupied)).toBeGreaterThanOrEqual(ENOUGH);
  });
});

test(
  'whole runs with ten services of 20 pods at random on 10 nodes: intervals hold it as often',
  { timeout: 120_000 },
  () => {
    const scenario = scenarioOf({ nodes: 10, pods: 20, placement: 'random', count: 10 });
    const experiment = (seed: number): number[] =>
      replications(
        4,
        (replication) => runReplication({ ...scenario, seed }, replication).scalars.pod_load_max_over_mean!,
      );
    expect(held(randomPlacement(10, 20).hottestOverFair, experiment)).toBeGreaterThanOrEqual(ENOUGH);
  },
);
