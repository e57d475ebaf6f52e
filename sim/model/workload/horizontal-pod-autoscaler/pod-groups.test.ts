import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { podGroup, type MetricTime, type ObservedPod, type PodGroup } from './pod-groups.js';

const SECOND = 1e9;

interface Case {
  readonly name: string;
  readonly phase: ObservedPod['phase'];
  readonly resource: 'cpu' | 'memory';
  readonly start: number | null;
  readonly ready: boolean | null;
  readonly transition: number | null;
  readonly metric: { readonly timestamp: number; readonly window: number } | null;
  readonly cpuInitializationPeriod: number;
  readonly initialReadinessDelay: number;
  readonly expected: PodGroup;
}
const { cases } = JSON.parse(readFileSync(new URL('pod-groups.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

describe("what Kubernetes' tests fix (TestGroupPods)", () => {
  it.each(cases)('$name', ({ phase, resource, start, ready, transition, metric, expected, ...periods }) => {
    const pod: ObservedPod = {
      phase,
      isTerminating: false,
      startNs: start === null ? null : start * SECOND,
      ready: ready === null ? null : { status: ready ? 'True' : 'False', transitionNs: (transition ?? 0) * SECOND },
    };
    const time = metric && { timestampNs: metric.timestamp * SECOND, windowNs: metric.window * SECOND };
    const parameters = {
      cpuInitializationPeriodNs: periods.cpuInitializationPeriod * SECOND,
      initialReadinessDelayNs: periods.initialReadinessDelay * SECOND,
    };
    expect(podGroup(pod, time, resource === 'cpu', 0, parameters)).toBe(expected);
  });
});

describe('the rules one by one', () => {
  const parameters = { cpuInitializationPeriodNs: 300 * SECOND, initialReadinessDelayNs: 30 * SECOND };
  const running = (startNs: number | null, ready: ObservedPod['ready']): ObservedPod => ({
    phase: 'Running',
    isTerminating: false,
    startNs,
    ready,
  });
  const now: MetricTime = { timestampNs: 0, windowNs: 15 * SECOND };
  const cpu = (pod: ObservedPod, metric: MetricTime | null = now): PodGroup =>
    podGroup(pod, metric, true, 0, parameters);

  it('ignores pods that are going or failed before it looks at anything else', () => {
    expect(cpu({ ...running(null, null), phase: 'Pending', isTerminating: true }, null)).toBe('ignored');
    expect(cpu({ ...running(null, null), phase: 'Failed' }, null)).toBe('ignored');
  });

  it('takes a pending pod as unready even without a metric, and a running one as missing', () => {
    expect(cpu({ ...running(null, null), phase: 'Pending' }, null)).toBe('unready');
    expect(cpu(running(-600 * SECOND, null), null)).toBe('missing');
  });

  it('takes a pod without start time or Ready condition as unready, for CPU only', () => {
    const pods = [running(null, { status: 'True', transitionNs: 0 }), running(-600 * SECOND, null)];
    expect(pods.map((pod) => cpu(pod))).toEqual(['unready', 'unready']);
    expect(pods.map((pod) => podGroup(pod, now, false, 0, parameters))).toEqual(['counted', 'counted']);
  });

  it('in the initialization period wants the whole window after the last transition', () => {
    const readySince = (seconds: number): ObservedPod =>
      running(-299 * SECOND, { status: 'True', transitionNs: seconds * SECOND });
    expect([-14, -15, -16].map((since) => cpu(readySince(since)))).toEqual(['unready', 'counted', 'counted']);
  });

  it('ends the initialization period at its very end', () => {
    const justReady = { status: 'True', transitionNs: 0 } as const;
    expect(cpu(running(-300 * SECOND + 1, justReady))).toBe('unready');
    expect(cpu(running(-300 * SECOND, justReady))).toBe('counted');
  });

  it('later holds a pod that is not ready to be overloaded, unless it never was ready', () => {
    const notReadySince = (seconds: number): ObservedPod =>
      running(-600 * SECOND, { status: 'False', transitionNs: (-600 + seconds) * SECOND });
    expect([29, 30, 500].map((since) => cpu(notReadySince(since)))).toEqual(['unready', 'counted', 'counted']);
    expect(cpu(running(-600 * SECOND, { status: 'Unknown', transitionNs: -600 * SECOND }))).toBe('counted');
  });
});
