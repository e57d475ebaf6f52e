/**
 * The levels of detail agree where they overlap: the same scenario at share, connection and request level, and the expectation of what
 * single connections and requests do is what rates say.
 *
 * The cluster does the same at every level, replication by replication, so it is differences that are compared.
 */

import { beforeAll, describe, expect, test } from 'vitest';

import type { MetricName } from '../metrics.js';
import { parseExperiment } from '../scenario/load.js';
import { estimateMean } from '../stats/estimate.js';
import { runReplication } from './replication.js';

const REPLICATIONS = 8;
const RATE = 600;

interface Setting {
  readonly policy: 'Cluster' | 'Local';
  readonly keepAlive: boolean;
}

/** At 600 requests a second of 5 ms, pods with room for many have no queue: the levels overlap. */
function run({ policy, keepAlive }: Setting, detail: string, replication: number) {
  const kept = keepAlive ? ', keepAlive: { connections: 200, meanLifetime: 10s }' : '';
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 6, zones: 2 }
services:
  - name: web
    endpoints: 9
    type: LoadBalancer
    externalTrafficPolicy: ${policy}
    preStop: { sleep: 0s }
    application: { serviceTime: { mean: 5ms } }
clients: [{ service: web, from: outside, requestsPerSecond: ${RATE}, detail: ${detail}${kept} }]
pods: { shutdown: { median: 1s, p99: 4500ms } }
duration: 50s
workload: [{ at: 10s, rollingUpdate: { service: web, maxSurge: 3, maxUnavailable: 0 } }]
`;
  return runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, replication).scalars;
}

type Scalars = ReturnType<typeof run>;

const LEVELS = ['share', 'connection', 'request'] as const;

type Level = (typeof LEVELS)[number];

const ROUNDING = 1e-9;

const mean = (runs: readonly Scalars[], metric: MetricName): number =>
  estimateMean(runs.map((one) => one[metric]!)).value;

describe.each([
  { policy: 'Cluster', keepAlive: false },
  { policy: 'Local', keepAlive: false },
  { policy: 'Cluster', keepAlive: true },
  { policy: 'Local', keepAlive: true },
] as const)('a rollout with policy $policy, keepAlive $keepAlive', (setting) => {
  const levels: Record<Level, Scalars[]> = { share: [], connection: [], request: [] };

  beforeAll(() => {
    for (const level of LEVELS) {
      for (let replication = 0; replication < REPLICATIONS; replication++) {
        levels[level].push(run(setting, level, replication));
      }
    }
  }, 120_000);

  /** Mean and half-width of the differences from the share level; twice the half-width: always passes or shows a fault. */
  const expectSame = (level: Level, metric: MetricName, most: number, ofOthers?: MetricName): void => {
    const differences = levels[level].map(
      (scalars, place) => scalars[metric]! - (ofOthers ? scalars[ofOthers]! : 0) - levels.share[place]![metric]!,
    );
    const { value, low, high } = estimateMean(differences);
    const halfWidth = (high! - low!) / 2;
    expect(halfWidth, `${metric}: the interval says something`).toBeLessThanOrEqual(most);
    expect(Math.abs(value), metric).toBeLessThanOrEqual(2 * halfWidth + ROUNDING);
  };

  test.each(['connection', 'request'] as const)('is the same by %s as by rates', (level) => {
    const lost = mean(levels.share, 'requests_lost_total');
    // Else there would be nothing to agree on.
    expect(lost).toBeGreaterThan(setting.keepAlive ? 2 : 200);
    expectSame(level, 'requests_total', 0.01 * mean(levels.share, 'requests_total'));
    // What a pod has that ends has no time at the other levels.
    const inPods = level === 'request' ? 'requests_lost_pod_ended_total' : undefined;
    expectSame(level, 'requests_lost_total', (setting.keepAlive ? 0.7 : 0.08) * lost, inPods);
    expectSame(level, 'requests_lost_stale_rules_total', (setting.keepAlive ? 0.7 : 0.08) * lost);
    expectSame(level, 'requests_second_hop_ratio', 0.03);
    expectSame(level, 'requests_cross_zone_ratio', 0.03);
    expectSame(level, 'requests_source_address_kept_ratio', 0);
    for (const runs of [levels.share, levels[level]]) {
      expect(mean(runs, 'requests_source_address_kept_ratio')).toBe(setting.policy === 'Local' ? 1 : 0);
    }
    // That is of rates at every level; with single requests the run ends up to a second later, with the last answer.
    const hottest = mean(levels.share, 'pod_load_max_over_mean');
    expect(Math.abs(mean(levels[level], 'pod_load_max_over_mean') - hottest)).toBeLessThan(5e-3 * hottest);
  });
});
