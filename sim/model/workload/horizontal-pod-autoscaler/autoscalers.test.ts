/** Autoscalers in a run, against closed forms. Pods of these services are there, and ready, as soon as they are wanted. */

import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../../kernel/random.js';
import { Simulation } from '../../../kernel/simulation.js';
import { PodState, PodTable } from '../../cluster/pods.js';
import { ServiceTable } from '../../cluster/services.js';
import { ApiServers } from '../../controlplane/api-servers.js';
import { PLAIN_SERVICE } from '../../controlplane/testing/discoveries.js';
import { Etcd } from '../../controlplane/etcd.js';
import type { AutoscalerSettings } from '../../scenario.js';
import { Autoscalers } from './autoscalers.js';
import { DEFAULT_SCALE_UP, defaultScaleDown } from './behavior.js';
import { demandMilliCpu } from './service-load.js';

const SECOND = 1e9;
const READY = PodState.hasAddress | PodState.ready;

const FLAGS = {
  kubeApiQps: 20,
  kubeApiBurst: 30,
  concurrentHorizontalPodAutoscalerSyncs: 5,
  horizontalPodAutoscalerSyncPeriodNs: 15 * SECOND,
  horizontalPodAutoscalerTolerance: 0.1,
  horizontalPodAutoscalerDownscaleStabilizationNs: 300 * SECOND,
  horizontalPodAutoscalerCpuInitializationPeriodNs: 300 * SECOND,
  horizontalPodAutoscalerInitialReadinessDelayNs: 30 * SECOND,
};

interface Bench {
  readonly settings?: Partial<AutoscalerSettings>;
  readonly flags?: Partial<typeof FLAGS>;
  readonly services?: number;
  readonly endSeconds?: number;
  readonly getSeconds?: number;
  readonly startupSeconds?: number;
  /** The controller manager is down between these. */
  readonly downSeconds?: readonly [from: number, to: number] | null;
}

/** Runs autoscalers of services with 10 pods each and returns when each scaled, to what. */
function run({
  settings,
  flags,
  services: count = 1,
  endSeconds = 600,
  getSeconds = 0,
  startupSeconds = 0,
  downSeconds = null,
}: Bench) {
  const simulation = new Simulation();
  const services = new ServiceTable([{ ...PLAIN_SERVICE, name: 'web', count, endpoints: 10 }]);
  const pods = new PodTable(1, count);
  const replicas = Array.from({ length: count }, (_, service) =>
    Array.from({ length: 10 }, () => {
      const pod = pods.create(service, 0);
      pods.condition[pod] = READY;
      pods.observed[pod] = READY;
      return pod;
    }),
  );
  const desired = Array<number>(count).fill(10);
  const scaled: { readonly service: number; readonly seconds: number; readonly to: number }[] = [];
  const streams = new RandomStreams(1, 0);
  const seen = (service: number, changed: readonly number[]): void => {
    const { nowNs } = simulation;
    const change = { changeNs: nowNs, committedNs: nowNs, triggerNs: nowNs };
    autoscalers.loads.observe(service, changed, change, nowNs);
  };
  const readyKind = simulation.registerKind('test: pod ready', (pod, service) => {
    pods.condition[pod] = READY;
    pods.observed[pod] = READY;
    seen(service, [pod]);
  });
  const autoscalers: Autoscalers = new Autoscalers(
    simulation,
    [
      {
        service: 'web',
        minReplicas: 1,
        maxReplicas: 100,
        targetUtilizationPercent: 50,
        behavior: null,
        load: [],
        ...settings,
      },
    ],
    services,
    pods,
    {
      desired: (service) => desired[service]!,
      replicas: (service) => replicas[service]!,
      scale: (service, to) => {
        scaled.push({ service, seconds: simulation.nowNs / SECOND, to });
        desired[service] = to;
        const live = replicas[service]!;
        while (live.length > to) {
          const pod = live.pop()!;
          pods.condition[pod]! |= PodState.gone;
          pods.observed[pod]! |= PodState.gone;
          seen(service, [pod]);
        }
        while (live.length < to) {
          const pod = pods.create(service, 0);
          live.push(pod);
          simulation.schedule(simulation.nowNs + startupSeconds * SECOND, readyKind, pod, service);
        }
      },
    },
    new ApiServers(simulation).client('horizontal-pod-autoscaler', 'workload-high'),
    new Etcd({ writeLatencyNs: { median: 0, p99: 0 }, maxRequestBytes: null }, streams),
    {
      controllerManager: { ...FLAGS, ...flags } as ConstructorParameters<typeof Autoscalers>[7]['controllerManager'],
      metricResolutionNs: SECOND,
      getLatencyNs: getSeconds * SECOND,
      endNs: endSeconds * SECOND,
    },
    streams,
  );
  if (downSeconds !== null) {
    const [from, to] = downSeconds;
    simulation.schedule(
      from * SECOND,
      simulation.registerKind('test: stop', () => autoscalers.stop()),
    );
    simulation.schedule(
      to * SECOND,
      simulation.registerKind('test: start', () => autoscalers.start()),
    );
  }
  simulation.run(Infinity);
  autoscalers.end(endSeconds * SECOND);
  return { scaled, rescales: autoscalers.rescales, overloadedSeconds: autoscalers.loads.meanOverloadedNs / SECOND };
}

const doubled = [{ atNs: 60 * SECOND, utilization: 1 }];

describe('a load step', () => {
  test('of twice the load doubles the pods at the next sync after a scrape, and nothing more happens', () => {
    const { scaled, overloadedSeconds } = run({ settings: { load: doubled } });
    expect(scaled.map(({ to }) => to)).toEqual([20]);
    // A metric resolution of 1 s, then a sync period.
    expect(scaled[0]!.seconds).toBeGreaterThanOrEqual(60);
    expect(scaled[0]!.seconds).toBeLessThan(76);
    expect(overloadedSeconds).toBeCloseTo(scaled[0]!.seconds - 60, 6);
  });

  test.each([0.45, 0.5, 0.55])(
    'to a utilization of %d is within the tolerance of a target of one half',
    (utilization) => {
      expect(run({ settings: { load: [{ atNs: 60 * SECOND, utilization }] } }).scaled).toEqual([]);
    },
  );

  test('of five times the load goes up in steps of twice the pods', () => {
    const { scaled } = run({ settings: { load: [{ atNs: 60 * SECOND, utilization: 2.5 }] } });
    expect(scaled.map(({ to }) => to)).toEqual([20, 40, 50]);
  });

  test('beyond maxReplicas leaves the pods overloaded to the end', () => {
    const load = [{ atNs: 60 * SECOND, utilization: 5 }];
    const { scaled, overloadedSeconds } = run({ settings: { load, maxReplicas: 30 } });
    expect(scaled.map(({ to }) => to)).toEqual([20, 30]);
    expect(overloadedSeconds).toBeCloseTo(540, 6);
  });

  test('is answered by behavior as it says', () => {
    const policies = [{ type: 'Pods', value: 3, periodSeconds: 60 }] as const;
    const behavior = { scaleUp: { ...DEFAULT_SCALE_UP, policies }, scaleDown: defaultScaleDown(300) };
    const { scaled } = run({ settings: { load: doubled, behavior } });
    // 19 pods are used to 52 %, which is within the tolerance.
    expect(scaled.map(({ to }) => to)).toEqual([13, 16, 19]);
    const gaps = scaled.slice(1).map(({ seconds }, index) => seconds - scaled[index]!.seconds);
    expect(gaps).toEqual([60, 60]);
  });

  test('down waits until the recommendations of before have left the window of 300 s', () => {
    const load = [{ atNs: 60 * SECOND, utilization: 0.25 }];
    const { scaled } = run({ settings: { load } });
    expect(scaled.map(({ to }) => to)).toEqual([5]);
    expect(scaled[0]!.seconds).toBeGreaterThan(60 + 300 - 15);
    expect(scaled[0]!.seconds).toBeLessThan(60 + 300 + 16);
    const hasty = run({
      settings: { load },
      flags: { horizontalPodAutoscalerDownscaleStabilizationNs: 0 },
    });
    expect(hasty.scaled[0]!.seconds).toBeLessThan(60 + 16);
  });

  test('does not make an autoscaler scale twice for the same load while its new pods start', () => {
    // New pods use nothing yet, and count as unused: 10 at 100 % and 10 at 0 % are 20 at the target.
    const { scaled, overloadedSeconds } = run({ settings: { load: doubled }, startupSeconds: 100 });
    expect(scaled.map(({ to }) => to)).toEqual([20]);
    expect(overloadedSeconds).toBeCloseTo(scaled[0]!.seconds + 100 - 60, 6);
  });
});

describe('a fail-over of the controller manager', () => {
  test('holds the answer up, and puts all autoscalers in step: due a sync period after the start', () => {
    const { scaled } = run({ settings: { load: doubled }, services: 10, downSeconds: [59, 80] });
    expect(scaled.length).toBe(10);
    for (const { seconds, to } of scaled) {
      expect(to).toBe(20);
      expect(seconds).toBeCloseTo(80 + 15, 6);
    }
  });

  test('forgets the recommendations that held back scaling down', () => {
    const load = [{ atNs: 60 * SECOND, utilization: 0.25 }];
    const { scaled } = run({ settings: { load }, downSeconds: [100, 120] });
    expect(scaled).toEqual([{ service: 0, seconds: 120 + 15, to: 5 }]);
  });
});

describe('many autoscalers', () => {
  test('are out of step, each syncing once in a period', () => {
    const { scaled } = run({ settings: { load: doubled }, services: 100, endSeconds: 120 });
    expect(scaled.length).toBe(100);
    const seconds = scaled.map((event) => event.seconds);
    expect(Math.max(...seconds)).toBeLessThan(76);
    // Uniform on 15 s: the mean of 100 has a standard deviation of 0.43 s.
    const mean = seconds.reduce((sum, value) => sum + value, 0) / 100;
    expect(Math.abs(mean - 68)).toBeLessThan(4 * 0.43 + 0.5);
  });

  test('share one client: 600 of them want 40 reads a second and get 20', () => {
    const { scaled } = run({ settings: { load: doubled }, services: 600, endSeconds: 200 });
    const seconds = scaled.map((event) => event.seconds);
    // 600 reads and 600 writes at 20 a second, in whatever order.
    expect(Math.max(...seconds) - Math.min(...seconds)).toBeGreaterThan(55);
  });

  test('share the workers: one worker and reads of a second sync one autoscaler a second', () => {
    const one = { settings: { load: doubled }, services: 30, getSeconds: 1, endSeconds: 200 };
    const span = (workers: number): number => {
      const { scaled } = run({ ...one, flags: { concurrentHorizontalPodAutoscalerSyncs: workers } });
      const seconds = scaled.map((event) => event.seconds);
      return Math.max(...seconds) - Math.min(...seconds);
    };
    expect(span(1)).toBeGreaterThan(28);
    expect(span(30)).toBeLessThan(17);
  });
});

test('the demand follows the steps, from the target on', () => {
  const settings = {
    targetUtilizationPercent: 60,
    load: [
      { atNs: 5, utilization: 1 },
      { atNs: 9, utilization: 0 },
    ],
  };
  expect([0, 4, 5, 8, 9, 100].map((nowNs) => demandMilliCpu(settings, 10, nowNs))).toEqual([
    6000, 6000, 10_000, 10_000, 0, 0,
  ]);
});
