/** Made-up answers of `kube-headroom prestop` for the tests of its reports. */

import type { PreStopAnswer, PreStopResults, SleepResult } from '../../sim/experiment/prestop-results.js';
import { judgeLoss } from '../../sim/experiment/prestop-search.js';
import { makeResults, estimate, variant } from './results-fixture.js';

const MAX_LOSS = 1e-4;

/** Loses `loss`, nine tenths of it to stale rules. */
export function sleepOf(sleepSeconds: number, loss: number, relativeHalfWidth = 0.2, replications = 5): SleepResult {
  const of = (value: number) => estimate(value, value * relativeHalfWidth, replications);
  return {
    sleepSeconds,
    terminationGracePeriodSeconds: Math.max(30, sleepSeconds + 5),
    replications,
    loss: of(loss),
    verdict: judgeLoss(of(loss), MAX_LOSS),
    lostRequests: of(loss * 1e6),
    lossByCause: { staleRules: of(0.9 * loss), noEndpoints: of(0.1 * loss), conntrack: of(0) },
    workloadSeconds: estimate(60 + sleepSeconds, 1, replications),
  };
}

export const SLEEPS: readonly SleepResult[] = [
  sleepOf(0, 4e-3),
  sleepOf(1, 2e-3),
  sleepOf(2, 1e-3),
  sleepOf(5, 2e-4),
  sleepOf(6, 1.1e-4, 0.3, 20),
  sleepOf(7, 4e-5),
  sleepOf(10, 1e-6),
  sleepOf(20, 0),
  sleepOf(120, 0),
];

export function makePreStopResults(
  answer: Partial<PreStopAnswer> = {},
  shape: Partial<PreStopResults> = {},
): PreStopResults {
  const sleeps = answer.sleeps ?? SLEEPS;
  return {
    ...makeResults({ name: 'rollout', description: 'A rollout of 50 pods.', question: 'Q7', objectives: [] }),
    variants: sleeps.map(({ sleepSeconds, replications }) =>
      variant({ name: `sleep ${sleepSeconds} s`, replications }),
    ),
    verdict: 'pass',
    preStop: {
      service: 'web',
      maxLoss: MAX_LOSS,
      maxSleepSeconds: 120,
      outcome: { status: 'found', sleepSeconds: 7, oneSecondLess: 'undecided' },
      unsafeProbability: 0.025,
      terminationGracePeriodSeconds: 12,
      workloadLongerBySeconds: estimate(7, 0.5, 5),
      present: {
        preStopSleepSeconds: 0,
        terminationGracePeriodSeconds: 30,
        shutdownP99Seconds: 4.5,
        strategy: 'RollingUpdate',
      },
      sleeps,
      ...answer,
    },
    ...shape,
  };
}
