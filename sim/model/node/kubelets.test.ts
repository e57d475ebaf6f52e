import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Etcd } from '../controlplane/etcd.js';
import { Kubelets } from './kubelets.js';

const SECOND = 1e9;

/** Kubelets with API calls that take no time, so that only the bucket is left. */
function kubelets(kubeApiQps: number, kubeApiBurst: number): Kubelets {
  const etcd = new Etcd(
    { writeLatencyNs: { median: 1e-3, p99: 1e-3 }, maxRequestBytes: null },
    new RandomStreams(1, 0),
  );
  return new Kubelets(2, { kubeApiQps, kubeApiBurst, getLatencyNs: 0 }, etcd);
}

describe('kubelet status manager', () => {
  // Two calls for each of 110 pods: (220 - burst) / qps.
  test.each([
    { version: 'up to 1.26', qps: 5, burst: 10, seconds: 42 },
    { version: 'since 1.27', qps: 50, burst: 100, seconds: 2.4 },
  ])('110 pods of a restarted node are visible after $seconds s $version', ({ qps, burst, seconds }) => {
    const restarted = kubelets(qps, burst);
    let lastNs = 0;
    for (let pod = 0; pod < 110; pod++) lastNs = restarted.writeStatus(0, 0);
    expect(lastNs / SECOND).toBeCloseTo(seconds, 6);
  });

  test('nodes do not share a bucket', () => {
    const two = kubelets(5, 10);
    for (let pod = 0; pod < 110; pod++) two.writeStatus(0, 0);
    expect(two.writeStatus(1, 0)).toBe(0);
  });

  test('the removal of a pod is a third call, after the status write', () => {
    const one = kubelets(1, 2);
    const statusNs = one.writeStatus(0, 0);
    expect(statusNs).toBe(0);
    expect(one.removePod(0, statusNs)).toBe(SECOND);
  });

  test('calls of one node follow each other: a GET starts when the write before it has been answered', () => {
    const etcd = new Etcd(
      { writeLatencyNs: { median: 4e6, p99: 4e6 }, maxRequestBytes: null },
      new RandomStreams(1, 0),
    );
    const one = new Kubelets(1, { kubeApiQps: 50, kubeApiBurst: 100, getLatencyNs: 1e6 }, etcd);
    expect([one.writeStatus(0, 0), one.writeStatus(0, 0), one.writeStatus(0, 1e9)]).toEqual([5e6, 10e6, 1.005e9]);
  });
});
