import { describe, expect, it } from 'vitest';

import { UserError } from '../errors.js';
import type { Scenario } from '../model/scenario.js';
import { parseExperiment } from '../scenario/load.js';
import { inlineExecutor } from './inline-executor.js';
import { looksOf, type PreStopOptions, runPreStop } from './prestop-run.js';
import { gracePeriodFor, preStopSubject, sleepVariant } from './prestop-subject.js';
import { formatResults } from './results-file.js';
import type { ReplicationMeasurements } from './results.js';

const SCENARIO = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: small, question: Q7 }
kubernetes: "1.33"
seed: 7
cluster: { nodes: 20 }
pods: { shutdown: { median: 1s, p99: 4500ms } }
services:
  - { name: web, endpoints: 10, preStop: { sleep: 3s } }
  - { name: api, endpoints: 10 }
  - { name: other, endpoints: 10 }
clients:
  - { service: web, requestsPerSecond: 100 }
  - { service: other, requestsPerSecond: 100 }
workload:
  - { at: 10s, rollingUpdate: { service: web } }
  - { at: 10s, rollingUpdate: { service: api } }
`;

const load = (text = SCENARIO) => parseExperiment(text, 'small.yaml');
const subject = () => preStopSubject(load(), null);

const OPTIONS: PreStopOptions = { maxLoss: 1e-4, maxSleepSeconds: 60, firstLook: 5, lastLook: 20 };

/** Loses 1 % for each second that the sleep of the service is short of seven, and of every other replication of eight. */
function replicationOf(scenario: Scenario, replication: number): ReplicationMeasurements {
  const sleepSeconds = scenario.services.find(({ name }) => name === 'web')!.preStop.sleepNs / 1e9;
  const ratio = 0.01 * Math.max(0, 7 + (replication % 2) - sleepSeconds);
  return {
    replication,
    distributions: {},
    scalars: {
      requests_total: 1000,
      requests_lost_ratio: ratio,
      requests_lost_total: 1000 * ratio,
      requests_lost_stale_rules_total: 900 * ratio,
      requests_lost_no_endpoints_total: 100 * ratio,
      workload_duration_seconds: 30 + sleepSeconds,
    },
    series: {},
    simulatedNs: 60e9,
    events: 100,
    deliveries: 1000,
    fingerprint: `${scenario.seed}/${replication}/${sleepSeconds}`,
    warnings: [],
  };
}

const executor = () => inlineExecutor(replicationOf);

describe('the subject', () => {
  it('is the only service with a rollout and clients, without the clients of others', () => {
    const { service, scenario } = subject();
    expect(service.name).toBe('web');
    expect(scenario.clients.map((client) => client.service)).toEqual(['web']);
  });

  it.each([
    [
      'no rollout',
      SCENARIO.replace(/ {2}- \{ at: 10s, rolling[^]*$/, '  - { at: 10s, scale: { service: web, to: 3 } }'),
      null,
      /no rollingUpdate\n.*service: web/,
    ],
    ['no rollout of that service', SCENARIO, 'other', /no rollingUpdate of "other"\n.*service: other/],
    ['no clients', SCENARIO, 'api', /nobody sends requests to "api".*\n.*clients: \[\{ service: api/],
    ['no such service', SCENARIO, 'wbe', /no service "wbe"\n.*did you mean "web"/],
    [
      'several services',
      SCENARIO.replace('service: other', 'service: api'),
      null,
      /2 services have a rollout and clients\n.*--service web \| api/,
    ],
  ])('%s is refused with advice', (_, text, service, message) => {
    const find = () => preStopSubject(load(text), service);
    expect(find).toThrow(UserError);
    expect(find).toThrow(message);
    expect(find).toThrow(/^KH104: small.yaml: /);
  });

  it('may be named where there are several', () => {
    const text = SCENARIO.replace('service: other', 'service: api');
    expect(preStopSubject(load(text), 'api').service.name).toBe('api');
  });
});

describe('the variant for a sleep', () => {
  const looks = { firstLook: 5, lastLook: 20 };

  it('keeps the grace period that is long enough, and changes nothing else', () => {
    const { name, set, scenario } = sleepVariant(subject(), 25, looks);
    expect(name).toBe('sleep 25 s');
    expect(set).toEqual({ 'services.web.preStop.sleep': '25s' });
    expect(scenario.services[0]).toEqual({ ...subject().service, preStop: { sleepNs: 25e9 } });
    expect(scenario.services.slice(1)).toEqual(subject().scenario.services.slice(1));
  });

  it('has a grace period that leaves time to shut down, in whole seconds', () => {
    expect(gracePeriodFor(subject().scenario, 26)).toBe(31);
    expect(sleepVariant(subject(), 26, looks).set).toMatchObject({ 'services.web.terminationGracePeriodSeconds': 31 });
  });
});

describe('looks', () => {
  it.each([
    ['replications: 3', undefined, 5, 20],
    ['replications: 8', undefined, 8, 32],
    ['replications: { min: 6, max: 100, precision: 5% }', undefined, 6, 100],
    ['replications: 8', 3, 3, 12],
  ])('%s, and %s on the command line', (policy, given, firstLook, lastLook) => {
    const text = SCENARIO.replace('seed: 7', `seed: 7\n${policy}`);
    expect(looksOf(preStopSubject(load(text), null), given)).toEqual({ firstLook, lastLook });
  });
});

describe('a run', () => {
  it('finds the sleep, with everything that the answer rests on', async () => {
    const results = await runPreStop(subject(), OPTIONS, { executor: executor(), overrides: ['cluster.nodes=20'] });
    expect(results).toMatchObject({
      name: 'small',
      verdict: 'pass',
      partial: false,
      objectives: [],
      manifest: { overrides: ['cluster.nodes=20'], seed: 7 },
      preStop: {
        service: 'web',
        outcome: { status: 'found', sleepSeconds: 8, oneSecondLess: 'above' },
        terminationGracePeriodSeconds: 13,
        // Of the five replications that both have.
        workloadLongerBySeconds: { value: 8, low: 8, high: 8, replications: 5 },
        present: {
          preStopSleepSeconds: 3,
          terminationGracePeriodSeconds: 30,
          shutdownP99Seconds: 4.5,
          strategy: 'RollingUpdate',
        },
      },
    });
    const { sleeps } = results!.preStop;
    expect(sleeps.map(({ sleepSeconds }) => sleepSeconds)).toEqual([0, 1, 2, 3, 5, 7, 8, 10, 20, 50, 60]);
    expect(results!.variants.map(({ name }) => name)).toEqual(sleeps.map((sleep) => `sleep ${sleep.sleepSeconds} s`));
    expect(sleeps[0]).toMatchObject({ replications: 5, verdict: 'above', workloadSeconds: { value: 30 } });
    expect(sleeps[0]!.loss!.value).toBeCloseTo(0.074, 12);
    expect(sleeps[0]!.lostRequests!.value).toBeCloseTo(74, 9);
    expect(sleeps[0]!.lossByCause.staleRules!.value).toBeCloseTo(0.9 * 0.074, 12);
    expect(sleeps[0]!.lossByCause.noEndpoints!.value).toBeCloseTo(0.1 * 0.074, 12);
    expect(sleeps[0]!.lossByCause.conntrack).toBeUndefined();
    // Undecided after the first look, so that a second one was needed.
    expect(sleeps.find(({ sleepSeconds }) => sleepSeconds === 7)).toMatchObject({ replications: 20, verdict: 'above' });
    expect(() => formatResults(results!)).not.toThrow();
  });

  it('says when even the longest sleep is too short', async () => {
    const results = await runPreStop(subject(), { ...OPTIONS, maxSleepSeconds: 5 }, { executor: executor() });
    expect(results).toMatchObject({
      verdict: 'fail',
      preStop: { outcome: { status: 'unreachable' }, terminationGracePeriodSeconds: null },
    });
  });

  it('has no verdict without requests', async () => {
    const silent = inlineExecutor((scenario, replication) => ({
      ...replicationOf(scenario, replication),
      scalars: {},
    }));
    const results = await runPreStop(subject(), OPTIONS, { executor: silent });
    expect(results).toMatchObject({ verdict: 'error', preStop: { outcome: { status: 'unmeasured' } } });
    expect(results!.preStop.sleeps[0]!.loss).toBeNull();
  });

  it('keeps what an interrupt left, and has nothing when there is nothing', async () => {
    const controller = new AbortController();
    const results = await runPreStop(subject(), OPTIONS, {
      executor: executor(),
      signal: controller.signal,
      onProgress: ({ replicationsDone }) => replicationsDone === 14 && controller.abort(),
    });
    expect(results).toMatchObject({
      partial: true,
      verdict: 'inconclusive',
      preStop: { outcome: { status: 'interrupted' } },
    });
    expect(results!.preStop.sleeps.map(({ replications }) => replications)).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 1]);
    expect(await runPreStop(subject(), OPTIONS, { executor: executor(), signal: AbortSignal.abort() })).toBeNull();
  });

  it('is the same in whatever order replications finish', async () => {
    const backwards = {
      threads: 0,
      async run(tasks: Iterable<never>, { onDone }: { onDone: (task: never, outcome: never) => void }) {
        await Promise.resolve();
        for (const task of [...tasks].toReversed()) {
          const { scenario, replication } = task as { scenario: Scenario; replication: number };
          onDone(task, { ok: true, measurements: replicationOf(scenario, replication) } as never);
        }
      },
      close: () => Promise.resolve(),
    };
    const untimed = async (on: typeof backwards | ReturnType<typeof executor>): Promise<string> => {
      const results = await runPreStop(subject(), OPTIONS, { executor: on });
      const { timing: _timing, ...rest } = results!;
      return JSON.stringify(rest);
    };
    expect(await untimed(backwards)).toBe(await untimed(executor()));
  });

  it('names the replication that failed', async () => {
    const failing = inlineExecutor((scenario, replication) => {
      if (replication === 2) throw new RangeError('no luck');
      return replicationOf(scenario, replication);
    });
    await expect(runPreStop(subject(), OPTIONS, { executor: failing })).rejects.toMatchObject({
      code: 'KH201',
      message: 'small.yaml: replication 2 of variant "sleep 0 s" failed (seed 7): no luck',
    });
  });
});
