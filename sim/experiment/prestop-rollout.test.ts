/** The advice of the search for a preStop sleep, on whole runs: what it advises loses little enough, and half of it does not. */

import { beforeAll, describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { estimateMean } from '../stats/estimate.js';
import { inlineExecutor } from './inline-executor.js';
import { runPreStop } from './prestop-run.js';
import { preStopSubject, sleepVariant } from './prestop-subject.js';
import { runReplication } from './replication.js';
import type { PreStopResults } from './prestop-results.js';

const MAX_LOSS = 0.001;
const LOOKS = { firstLook: 5, lastLook: 20 };

const scenarioOf = (service: string): string => `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: small }
seed: 7
cluster: { nodes: 6, zones: 2 }
services: [{ name: web, endpoints: 6, ${service} }]
clients: [{ service: web, from: outside, requestsPerSecond: 100 }]
loadBalancer: { provider: aws-nlb }
workload: [{ at: 10s, rollingUpdate: { service: web, maxSurge: 2, maxUnavailable: 0 } }]
`;

describe.each([
  { policy: 'Cluster', loses: 0.005, longest: 10 },
  // A node without a pod is a target until its health checks have failed.
  { policy: 'Local', loses: 0.05, longest: 60 },
])('a rollout behind a load balancer with policy $policy', ({ policy, loses, longest }) => {
  const text = scenarioOf(`type: LoadBalancer, externalTrafficPolicy: ${policy}`);
  const subject = preStopSubject(parseExperiment(text, 'small.yaml'), null);
  /** In replications that the search has not seen. */
  const lossOf = (sleepSeconds: number): number[] => {
    const { scenario } = sleepVariant(subject, sleepSeconds, LOOKS);
    return Array.from({ length: 20 }, (_, replication) => {
      return runReplication({ ...scenario, seed: 8 }, replication).scalars.requests_lost_ratio!;
    });
  };
  let results: PreStopResults;

  beforeAll(async () => {
    const options = { maxLoss: MAX_LOSS, maxSleepSeconds: longest, ...LOOKS };
    results = (await runPreStop(subject, options, { executor: inlineExecutor(runReplication) }))!;
  }, 120_000);

  test('loses requests without a sleep', () => {
    expect(estimateMean(lossOf(0)).low).toBeGreaterThan(loses);
    expect(results.preStop.sleeps[0]).toMatchObject({ sleepSeconds: 0, verdict: 'above' });
  });

  test(
    'loses fewer than the limit with the sleep that is advised, and more with half of it',
    { timeout: 60_000 },
    () => {
      const { outcome } = results.preStop;
      if (outcome.status !== 'found') throw new Error(outcome.status);
      expect(outcome.sleepSeconds).toBeGreaterThan(0);
      expect(estimateMean(lossOf(outcome.sleepSeconds)).value).toBeLessThanOrEqual(MAX_LOSS);
      expect(estimateMean(lossOf(Math.floor(outcome.sleepSeconds / 2))).low).toBeGreaterThan(MAX_LOSS);
      // The pods have time to sleep and to shut down.
      expect(results.preStop.terminationGracePeriodSeconds).toBeGreaterThan(outcome.sleepSeconds);
    },
  );

  test('loses no more with a longer sleep', () => {
    const losses = results.preStop.sleeps.map(({ loss }) => loss!.value);
    for (const [place, loss] of losses.entries()) if (place > 0) expect(loss).toBeLessThanOrEqual(losses[place - 1]!);
    expect(losses.length).toBeGreaterThan(4);
  });
});
