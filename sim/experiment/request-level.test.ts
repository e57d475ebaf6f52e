/** Requests one by one through whole replications: they agree with rates where both can tell, and with queueing theory beyond. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { Histogram } from '../stats/histogram.js';
import { mmcMeanWait } from '../stats/queueing.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

function run(detail: string, replication: number, more: string, application = ''): ReplicationMeasurements {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 6, zones: 2 }
services:
  - name: web
    endpoints: 9
    type: LoadBalancer
    application: { serviceTime: { mean: 5ms }, concurrency: 1${application} }
clients:
  - { service: web, from: outside, requestsPerSecond: 900, detail: ${detail} }
${more}
`;
  return runReplication(parseExperiment(text, 'test.yaml').variants[0]!.scenario, replication);
}

const ROLLOUT = `
duration: 60s
pods: { preStop: { sleep: 0s }, terminationGracePeriodSeconds: 5 }
workload: [{ at: 20s, rollingUpdate: { service: web, maxSurge: 3, maxUnavailable: 0 } }]`;

/** Mean and standard error over replications. */
function estimate(samples: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) * (sample - mean), 0) / (samples.length - 1);
  return { mean, error: Math.sqrt(variance / samples.length) };
}

const replications = [0, 1, 2, 3, 4, 5, 6, 7];

describe('requests one by one', () => {
  test('are lost in a rollout as rates have it, for the same causes', () => {
    // The cluster does the same in both, so that differences are those of requests that come at random.
    const differences: number[] = [];
    let lost = 0;
    for (const replication of replications) {
      const single = run('request', replication, ROLLOUT).scalars;
      const rates = run('share', replication, ROLLOUT).scalars;
      const ofRules = single.requests_lost_stale_rules_total!;
      differences.push(ofRules - rates.requests_lost_stale_rules_total!);
      lost += rates.requests_lost_stale_rules_total!;
      expect(single.requests_lost_total).toBe(ofRules + single.requests_lost_pod_ended_total!);
      expect(single.requests_total! / rates.requests_total!).toBeCloseTo(1, 1);
      expect(single.requests_second_hop_ratio).toBeCloseTo(5 / 6, 1);
    }
    expect(lost).toBeGreaterThan(1000);
    const { mean, error } = estimate(differences);
    expect(Math.abs(mean)).toBeLessThan(4 * error);
    expect(error).toBeLessThan((0.05 * lost) / replications.length);
  });

  test('wait as long as queueing theory says, and use pods as much as the utilization law does', () => {
    const measured = replications.map((replication) => run('request', replication, 'duration: 61500ms\nworkload: []'));
    const waits = measured.map(({ distributions }) => Histogram.fromSparse(distributions.request_queue_seconds!).mean);
    const wait = estimate(waits);
    expect(Math.abs(wait.mean - mmcMeanWait(1, 0.5) * 5e-3)).toBeLessThan(4 * wait.error);
    const used = estimate(measured.map(({ scalars }) => scalars.pod_utilization_mean!));
    expect(Math.abs(used.mean - 0.5)).toBeLessThan(4 * used.error);
    for (const { scalars, distributions, warnings } of measured) {
      expect(scalars.requests_total! / 900).toBeGreaterThan(61);
      expect(scalars.requests_total! / 900).toBeLessThan(62);
      expect(distributions.request_duration_seconds!.count).toBe(scalars.requests_total);
      expect(warnings).toEqual([]);
    }
  });

  test('are refused where a queue is full, and finished after the duration where none is', () => {
    const { scalars } = run('request', 0, 'duration: 20s\nworkload: []', ', queueLimit: 0');
    // M/M/1/1 at 0.5: a third.
    expect(scalars.requests_lost_queue_full_total! / scalars.requests_total!).toBeCloseTo(1 / 3, 1);
    const overloaded = run('request', 0, 'duration: 20s\nworkload: []', '').distributions.request_duration_seconds!;
    expect(overloaded.count).toBeGreaterThan(17_000);
  });
});
