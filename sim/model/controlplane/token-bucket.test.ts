import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket, TokenBuckets } from './token-bucket.js';

const SECOND = 1e9;

describe("what Kubernetes' own tests fix (client-go util/flowcontrol/throttle_test.go)", () => {
  it('TestBasicThrottle: a burst of 3 passes, the fourth call is refused', () => {
    const bucket = new TokenBucket(1, 3);
    expect([0, 0, 0, 0].map((at) => bucket.tryTake(at))).toEqual([true, true, true, false]);
    expect(bucket.taken).toBe(3);
  });

  it('TestIncrementThrottle: refused when empty, accepted after 2 s', () => {
    const bucket = new TokenBucket(1, 1);
    expect([0, 0, 2 * SECOND].map((at) => bucket.tryTake(at))).toEqual([true, false, true]);
  });

  it('TestMultithreadedThrottling: 100 more tokens at 100 qps and burst 1 take exactly one second', () => {
    const bucket = new TokenBucket(100, 1);
    const waitsNs = Array.from({ length: 101 }, () => bucket.reserve(0));
    expect(waitsNs).toEqual(Array.from({ length: 101 }, (_, k) => (k * SECOND) / 100));
    expect(bucket.taken).toBe(101);
  });
});

describe('closed forms', () => {
  it.each([
    { client: 'kubelet before 1.27', qps: 5, burst: 10 },
    { client: 'kubelet since 1.27', qps: 50, burst: 100 },
    { client: 'kube-controller-manager', qps: 20, burst: 30 },
    { client: 'linkerd control plane', qps: 100, burst: 200 },
    { client: 'rate-limited re-adds of a work queue', qps: 10, burst: 100 },
  ])('the n-th of simultaneous calls leaves after max(0, n - burst) / qps: $client', ({ qps, burst }) => {
    const bucket = new TokenBucket(qps, burst);
    let sumNs = 0;
    for (let n = 1; n <= 1000; n++) {
      const atNs = bucket.reserve(0);
      expect(atNs).toBe((Math.max(0, n - burst) * SECOND) / qps);
      sumNs += atNs;
    }
    const waiting = 1000 - burst;
    expect(sumNs).toBeCloseTo(((waiting * (waiting + 1)) / 2 / qps) * SECOND, -3);
  });

  it.each([
    { client: 'kubelet before 1.27', qps: 5, burst: 10, calls: 1, lastSeconds: 0, meanSeconds: 0 },
    { client: 'kubelet before 1.27', qps: 5, burst: 10, calls: 10, lastSeconds: 0, meanSeconds: 0 },
    { client: 'kubelet before 1.27', qps: 5, burst: 10, calls: 11, lastSeconds: 1 / 5, meanSeconds: 1 / 55 },
    { client: 'kubelet before 1.27', qps: 5, burst: 10, calls: 110, lastSeconds: 20, meanSeconds: 101 / 11 },
    { client: 'kubelet before 1.27', qps: 5, burst: 10, calls: 1000, lastSeconds: 198, meanSeconds: 98_109 / 1000 },
    { client: 'kubelet since 1.27', qps: 50, burst: 100, calls: 1, lastSeconds: 0, meanSeconds: 0 },
    { client: 'kubelet since 1.27', qps: 50, burst: 100, calls: 100, lastSeconds: 0, meanSeconds: 0 },
    { client: 'kubelet since 1.27', qps: 50, burst: 100, calls: 101, lastSeconds: 1 / 50, meanSeconds: 1 / 5050 },
    { client: 'kubelet since 1.27', qps: 50, burst: 100, calls: 110, lastSeconds: 1 / 5, meanSeconds: 1 / 100 },
    { client: 'kubelet since 1.27', qps: 50, burst: 100, calls: 1000, lastSeconds: 18, meanSeconds: 8109 / 1000 },
    { client: 'linkerd control plane', qps: 100, burst: 200, calls: 1, lastSeconds: 0, meanSeconds: 0 },
    { client: 'linkerd control plane', qps: 100, burst: 200, calls: 110, lastSeconds: 0, meanSeconds: 0 },
    { client: 'linkerd control plane', qps: 100, burst: 200, calls: 200, lastSeconds: 0, meanSeconds: 0 },
    {
      client: 'linkerd control plane',
      qps: 100,
      burst: 200,
      calls: 201,
      lastSeconds: 1 / 100,
      meanSeconds: 1 / 20_100,
    },
    { client: 'linkerd control plane', qps: 100, burst: 200, calls: 1000, lastSeconds: 8, meanSeconds: 801 / 250 },
  ])('$calls simultaneous calls: when the last leaves, and the mean wait: $client', (given) => {
    const bucket = new TokenBucket(given.qps, given.burst);
    const waitsNs = Array.from({ length: given.calls }, () => bucket.reserve(0));
    expect(waitsNs.at(-1)! / SECOND).toBeCloseTo(given.lastSeconds, 12);
    const meanNs = waitsNs.reduce((sum, waitNs) => sum + waitNs, 0) / given.calls;
    expect(meanNs / SECOND).toBeCloseTo(given.meanSeconds, 12);
  });

  it('kube-controller-manager: 30 writes, a second of rest, 30 more: 20 go at once, the last waits 0.5 s', () => {
    const bucket = new TokenBucket(20, 30);
    for (let n = 0; n < 30; n++) expect(bucket.reserve(0)).toBe(0);
    const waitsNs = Array.from({ length: 30 }, () => bucket.reserve(SECOND) - SECOND);
    expect(waitsNs).toEqual(Array.from({ length: 30 }, (_, k) => (Math.max(0, k - 19) * SECOND) / 20));
  });

  it('does not drift over a million calls at a rate whose period is no whole number of nanoseconds', () => {
    const bucket = new TokenBucket(3, 1);
    let atNs = 0;
    // Always a little behind: the bucket never fills, so that nothing resets its count.
    for (let n = 0; n < 1e6; n++) atNs = bucket.reserve(Math.max(0, atNs - SECOND));
    expect(atNs).toBe(Math.ceil((999_999 * SECOND) / 3));
  });

  it('is full in a new process, whoever waited in the old one', () => {
    const bucket = new TokenBucket(20, 30);
    for (let n = 0; n < 100; n++) bucket.reserve(SECOND);
    bucket.refill(2 * SECOND);
    const waitsNs = Array.from({ length: 31 }, () => bucket.reserve(2 * SECOND) - 2 * SECOND);
    expect(waitsNs).toEqual([...Array.from({ length: 30 }, () => 0), SECOND / 20]);
    // Fifty of the hundred had left when their process died.
    expect(bucket.taken).toBe(50 + 31);
  });

  it('keeps the fraction of a token that was refilled', () => {
    const bucket = new TokenBucket(1, 1);
    expect(bucket.tryTake(0)).toBe(true);
    expect(bucket.tryTake(0.9 * SECOND)).toBe(false);
    expect(bucket.tryTake(SECOND - 1)).toBe(false);
    expect(bucket.tryTake(SECOND)).toBe(true);
  });
});

describe('properties', () => {
  const limits = fc.record({
    qps: fc.double({ min: 0.05, max: 2000, noNaN: true }),
    burst: fc.integer({ min: 1, max: 200 }),
    gapsNs: fc.array(fc.integer({ min: 0, max: 3e9 }), { minLength: 1, maxLength: 300 }),
  });

  it('in any window of length T at most burst + qps * T calls leave, in the order in which they were made', () => {
    fc.assert(
      fc.property(limits, ({ qps, burst, gapsNs }) => {
        const bucket = new TokenBucket(qps, burst);
        let nowNs = 0;
        const leftNs = gapsNs.map((gapNs) => bucket.reserve((nowNs += gapNs % 7 === 0 ? 0 : gapNs)));
        for (let first = 0; first < leftNs.length; first++) {
          for (let last = first; last < leftNs.length; last++) {
            const windowNs = leftNs[last]! - leftNs[first]!;
            expect(windowNs).toBeGreaterThanOrEqual(0);
            // Times are rounded up to whole nanoseconds, which can shorten a window by less than one.
            expect(last - first + 1).toBeLessThanOrEqual(burst + (qps * (windowNs + 1)) / SECOND + 1e-6);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('tryTake succeeds exactly when a reservation would not wait, and a refused call changes nothing', () => {
    fc.assert(
      fc.property(limits, ({ qps, burst, gapsNs }) => {
        const tried = new TokenBucket(qps, burst);
        const reserved = new TokenBuckets(3, qps, burst);
        let nowNs = 0;
        for (const gapNs of gapsNs) {
          nowNs += Math.floor(gapNs / 50);
          if (tried.tryTake(nowNs)) expect(reserved.reserve(1, nowNs)).toBe(nowNs);
          else expect(reserved.tryTake(1, nowNs)).toBe(false);
        }
        expect(reserved.reserve(0, nowNs)).toBe(nowNs);
      }),
    );
  });

  it('agrees with a bucket that keeps a real-valued number of tokens, as x/time/rate does', () => {
    fc.assert(
      fc.property(limits, ({ qps, burst, gapsNs }) => {
        const bucket = new TokenBucket(qps, burst);
        let tokens = burst;
        let nowNs = 0;
        for (const gapNs of gapsNs) {
          nowNs += gapNs;
          tokens = Math.min(burst, tokens + (gapNs * qps) / SECOND) - 1;
          const waitNs = tokens < 0 ? (-tokens / qps) * SECOND : 0;
          expect(Math.abs(bucket.reserve(nowNs) - (nowNs + waitNs))).toBeLessThan(2);
        }
      }),
    );
  });
});

it.each([
  [0, 1],
  [Infinity, 1],
  [-1, 1],
  [1, 0],
  [1, 1.5],
])('refuses qps %d with burst %d', (qps, burst) => {
  expect(() => new TokenBucket(qps, burst)).toThrow(RangeError);
});

describe('the use of a bucket', () => {
  it('is 0 without a call, and the share of the burst for calls at one moment', () => {
    const bucket = new TokenBucket(20, 30);
    expect(bucket.utilization).toBe(0);
    for (let call = 0; call < 15; call++) bucket.reserve(0);
    expect(bucket.utilization).toBe(0.5);
  });

  it('is 1 when every token is taken as it comes', () => {
    const bucket = new TokenBucket(20, 30);
    for (let call = 0; call < 1000; call++) bucket.reserve(0);
    expect(bucket.utilization).toBeCloseTo(1, 12);
  });

  it('does not count calls that waited when their process died', () => {
    const bucket = new TokenBucket(1, 1);
    for (let call = 0; call < 60; call++) bucket.reserve(0);
    // Eleven have left by 10 s; the next process has a full bucket, and makes one call.
    bucket.refill(10e9);
    expect(bucket.taken).toBe(11);
    bucket.reserve(10e9);
    expect(bucket.utilization).toBe(12 / 12);
  });

  it('is the rate of the calls over qps in the long run', () => {
    const bucket = new TokenBucket(20, 30);
    for (let call = 0; call < 100_000; call++) bucket.reserve(call * 1e8);
    expect(bucket.utilization).toBeCloseTo(0.5, 3);
  });
});
