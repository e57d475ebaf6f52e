import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { PodState, PodTable } from '../cluster/pods.js';
import { ApiServers } from '../controlplane/api-servers.js';
import { Etcd } from '../controlplane/etcd.js';
import { FINAL_STATUS, Kubelets, NO_TRANSITION } from './kubelets.js';

const SECOND = 1e9;
const READY = PodState.hasAddress | PodState.ready;
const NOT_READY = PodState.hasAddress;

interface Bench {
  readonly pods: PodTable;
  readonly kubelets: Kubelets;
  /** What was committed: pod, status (-1 for a removal), time, and the transition that was written. */
  readonly commits: { pod: number; status: number; atNs: number; transitionNs: number }[];
  /** Runs `action` at `atNs`. */
  readonly at: (atNs: number, action: () => void) => void;
  readonly run: () => void;
}

/** Kubelets of two nodes; API calls take no time unless said, so that only the bucket is left. */
function bench(kubeApiQps: number, kubeApiBurst: number, { getLatencyNs = 0, writeNs = 1e-3 } = {}): Bench {
  const simulation = new Simulation();
  const streams = new RandomStreams(1, 0);
  const pods = new PodTable(2, 1);
  const commits: Bench['commits'] = [];
  const kubelets = new Kubelets(
    simulation,
    2,
    pods,
    new ApiServers(simulation).client('kubelet', 'system'),
    new Etcd({ writeLatencyNs: { median: writeNs, p99: writeNs }, maxRequestBytes: null }, streams),
    { kubeApiQps, kubeApiBurst, getLatencyNs, reconcilePeriodNs: 10 * SECOND },
    {
      onStatusWritten: (pod, status, _, transitionNs) => {
        pods.stored[pod] = status;
        commits.push({ pod, status, atNs: simulation.nowNs, transitionNs });
      },
      onRemoved: (pod) => {
        pods.stored[pod]! |= PodState.gone;
        commits.push({ pod, status: -1, atNs: simulation.nowNs, transitionNs: NO_TRANSITION });
      },
    },
    streams,
  );
  const actions: (() => void)[] = [];
  const kind = simulation.registerKind('action', (index) => actions[index]!());
  return {
    pods,
    kubelets,
    commits,
    at: (atNs, action) => void simulation.schedule(atNs, kind, actions.push(action) - 1),
    run: () => void simulation.run(),
  };
}

describe('kubelet status manager', () => {
  // Two calls for each of 110 pods: (220 - burst) / qps.
  test.each([
    { version: 'up to 1.26', qps: 5, burst: 10, seconds: 42 },
    { version: 'since 1.27', qps: 50, burst: 100, seconds: 2.4 },
  ])('110 pods of a restarted node are visible after $seconds s $version', ({ qps, burst, seconds }) => {
    const { pods, kubelets, commits, at, run } = bench(qps, burst);
    at(0, () => {
      for (let n = 0; n < 110; n++) kubelets.setStatus(pods.create(0, 0), READY, 0, 0);
    });
    run();
    expect(commits.map(({ pod }) => pod)).toEqual(Array.from({ length: 110 }, (_, pod) => pod));
    expect(commits.at(-1)!.atNs / SECOND).toBeCloseTo(seconds, 6);
  });

  test('nodes do not share a bucket', () => {
    const { pods, kubelets, commits, at, run } = bench(5, 10);
    at(0, () => {
      for (let n = 0; n < 110; n++) kubelets.setStatus(pods.create(0, 0), READY, 0, 0);
      kubelets.setStatus(pods.create(0, 1), READY, 0, 0);
    });
    run();
    expect(commits.find(({ pod }) => pod === 110)!.atNs).toBe(0);
  });

  test('the removal of a pod is a third call, after the status write', () => {
    const { pods, kubelets, commits, at, run } = bench(1, 2);
    const pod = pods.create(0, 0);
    kubelets.adopt(pod, READY);
    at(0, () => kubelets.setStatus(pod, NOT_READY | FINAL_STATUS, 0, 0));
    run();
    expect(commits.map(({ status, atNs }) => [status, atNs])).toEqual([
      [NOT_READY, 0],
      [-1, SECOND],
    ]);
  });

  test('calls of one node follow each other: a GET starts when the write before it has been answered', () => {
    const { pods, kubelets, commits, at, run } = bench(50, 100, { getLatencyNs: 1e6, writeNs: 4e6 });
    const first = pods.create(0, 0);
    const second = pods.create(0, 0);
    at(0, () => {
      kubelets.setStatus(first, READY, 0, 0);
      kubelets.setStatus(second, READY, 0, 0);
    });
    at(SECOND, () => kubelets.setStatus(first, NOT_READY, SECOND, SECOND));
    run();
    expect(commits.map(({ atNs }) => atNs)).toEqual([5e6, 10e6, 1.005e9]);
  });

  test('a pod that changes twice while it waits is written once, with its last status and transition', () => {
    const { pods, kubelets, commits, at, run } = bench(1, 1);
    const [first, second] = [pods.create(0, 0), pods.create(0, 0)];
    at(0, () => {
      kubelets.setStatus(first, READY, 0, 0);
      kubelets.setStatus(second, READY, 0, 0);
    });
    at(0.5 * SECOND, () => kubelets.setStatus(second, NOT_READY, 0.5 * SECOND, 0.5 * SECOND));
    run();
    expect(commits).toEqual([
      { pod: first, status: READY, atNs: SECOND, transitionNs: 0 },
      { pod: second, status: NOT_READY, atNs: 3 * SECOND, transitionNs: 0.5 * SECOND },
    ]);
  });

  test('a change during its own write is written again', () => {
    const { pods, kubelets, commits, at, run } = bench(50, 100, { getLatencyNs: 1e6, writeNs: 4e6 });
    const pod = pods.create(0, 0);
    at(0, () => kubelets.setStatus(pod, READY, 0, 0));
    at(3e6, () => kubelets.setStatus(pod, NOT_READY, 3e6, 3e6));
    run();
    expect(commits.map(({ status, atNs }) => [status, atNs])).toEqual([
      [READY, 5e6],
      [NOT_READY, 10e6],
    ]);
  });

  test('a status that the API has already costs a GET and no PATCH', () => {
    const { pods, kubelets, commits, at, run } = bench(1, 2);
    const [known, other] = [pods.create(0, 0), pods.create(0, 0)];
    pods.stored[known] = READY;
    at(0, () => {
      kubelets.setStatus(known, READY, 0, NO_TRANSITION);
      kubelets.setStatus(other, READY, 0, 0);
    });
    run();
    // Two tokens at once, for the first GET and the second; the PATCH takes the third.
    expect(commits).toEqual([{ pod: other, status: READY, atNs: SECOND, transitionNs: 0 }]);
  });

  test('a lost node writes nothing, and all that it has to say when it is back', () => {
    const { pods, kubelets, commits, at, run } = bench(50, 100, { getLatencyNs: 1e6, writeNs: 4e6 });
    const [before, during] = [pods.create(0, 0), pods.create(0, 0)];
    at(0, () => kubelets.setStatus(before, READY, 0, 0));
    // The GET is answered, and the PATCH has not left.
    at(0.5e6, () => kubelets.nodeLost(0));
    at(SECOND, () => kubelets.setStatus(during, READY, SECOND, SECOND));
    at(60 * SECOND, () => kubelets.nodeReturned(0));
    run();
    expect(commits.map(({ pod }) => pod)).toEqual([before, during]);
    expect(Math.min(...commits.map(({ atNs }) => atNs))).toBeGreaterThan(60 * SECOND);
    expect(commits.find(({ pod }) => pod === before)!.transitionNs).toBe(0);
  });

  test('a node that is back finds within 10 s what others have written of its pods, and writes over it', () => {
    const { pods, kubelets, commits, at, run } = bench(50, 100);
    const [marked, untouched] = [pods.create(0, 0), pods.create(0, 0)];
    for (const pod of [marked, untouched]) {
      kubelets.adopt(pod, READY);
      pods.stored[pod] = READY;
    }
    at(0, () => kubelets.nodeLost(0));
    at(60 * SECOND, () => (pods.stored[marked] = NOT_READY));
    at(100 * SECOND, () => kubelets.nodeReturned(0));
    run();
    expect(commits).toHaveLength(1);
    // The condition is the kubelet's old one, so it brings no new transition.
    expect(commits[0]).toMatchObject({ pod: marked, status: READY, transitionNs: NO_TRANSITION });
    expect(commits[0]!.atNs).toBeGreaterThanOrEqual(100 * SECOND);
    expect(commits[0]!.atNs).toBeLessThanOrEqual(110 * SECOND);
  });
});
