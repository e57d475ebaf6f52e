import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  BucketRateLimiter,
  controllerRateLimiter,
  ItemExponentialFailureRateLimiter,
  ItemFastSlowRateLimiter,
  MaxOfRateLimiter,
  WithMaxWaitRateLimiter,
  type RateLimiter,
} from './rate-limiters.js';

const SECOND = 1e9;

type LimiterSpec =
  | { readonly kind: 'exponential'; readonly baseSeconds: number; readonly maxSeconds: number }
  | {
      readonly kind: 'fastSlow';
      readonly fastSeconds: number;
      readonly slowSeconds: number;
      readonly maxFastAttempts: number;
    }
  | { readonly kind: 'maxOf'; readonly of: readonly LimiterSpec[] }
  | { readonly kind: 'maxWait'; readonly maxWaitSeconds: number; readonly of: readonly [LimiterSpec] };

interface Case {
  readonly name: string;
  readonly test: string;
  readonly limiter: LimiterSpec;
  readonly steps: readonly {
    readonly key: string;
    readonly failedBefore?: number;
    readonly times?: number;
    readonly delaySeconds?: number;
    readonly requeues?: number;
    readonly forget?: true;
  }[];
}
const { cases } = JSON.parse(readFileSync(new URL('rate-limiters.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

function limiterOf(spec: LimiterSpec, keys: number): RateLimiter {
  switch (spec.kind) {
    case 'exponential':
      return new ItemExponentialFailureRateLimiter(keys, spec.baseSeconds * SECOND, spec.maxSeconds * SECOND);
    case 'fastSlow':
      return new ItemFastSlowRateLimiter(
        keys,
        spec.fastSeconds * SECOND,
        spec.slowSeconds * SECOND,
        spec.maxFastAttempts,
      );
    case 'maxOf':
      return new MaxOfRateLimiter(spec.of.map((inner) => limiterOf(inner, keys)));
    case 'maxWait':
      return new WithMaxWaitRateLimiter(limiterOf(spec.of[0], keys), spec.maxWaitSeconds * SECOND);
  }
}

describe("what Kubernetes' own tests fix (client-go util/workqueue/default_rate_limiters_test.go)", () => {
  it.each(cases)('$name ($test)', ({ limiter: spec, steps }) => {
    const names = [...new Set(steps.map(({ key }) => key))];
    const limiter = limiterOf(spec, names.length);
    for (const { key: name, failedBefore = 0, times = 1, delaySeconds, requeues, forget } of steps) {
      const key = names.indexOf(name);
      for (let n = 0; n < failedBefore; n++) limiter.when(key, 0);
      if (forget) limiter.forget(key);
      if (requeues !== undefined) expect(limiter.requeues(key)).toBe(requeues);
      if (delaySeconds === undefined) continue;
      for (let n = 0; n < times; n++) expect(limiter.when(key, 0) / SECOND).toBe(delaySeconds);
    }
  });
});

describe('the bucket that all keys share', () => {
  // DefaultControllerRateLimiter: 10 a second after a burst of 100.
  test.each([
    [100, 0],
    [101, 0.1],
    [111, 1.1],
    [200, 10],
  ])('the %i-th of simultaneous failures waits %f s, whatever its key', (n, seconds) => {
    const limiter = new BucketRateLimiter(10, 100);
    let delayNs = 0;
    for (let call = 1; call <= n; call++) delayNs = limiter.when(call % 7, 0);
    expect(delayNs / SECOND).toBeCloseTo(seconds, 9);
    expect(limiter.requeues()).toBe(0);
  });

  test('is paid by every failure, also by one whose own back-off is longer', () => {
    const limiter = controllerRateLimiter(200, {
      retryBaseNs: SECOND,
      retryMaxNs: 1000 * SECOND,
      retryQps: 10,
      retryBurst: 100,
    });
    for (let key = 0; key < 150; key++) expect(limiter.when(key, 0) / SECOND).toBe(Math.max(1, (key - 99) / 10));
    // Key 0 failed once before; 50 tokens are owed.
    expect(limiter.when(0, 0) / SECOND).toBeCloseTo(5.1, 9);
    expect(limiter.when(0, 100 * SECOND) / SECOND).toBe(4);
    expect(limiter.requeues(0)).toBe(3);
    limiter.forget(0);
    expect(limiter.requeues(0)).toBe(0);
  });
});

test('a base above the maximum is cut off from the first failure on, and a base of 0 never waits', () => {
  const above = new ItemExponentialFailureRateLimiter(1, 5 * SECOND, 2 * SECOND);
  expect([above.when(0, 0), above.when(0, 0)]).toEqual([2 * SECOND, 2 * SECOND]);
  const zero = new ItemExponentialFailureRateLimiter(1, 0, SECOND);
  for (let n = 0; n < 100; n++) expect(zero.when(0, 0)).toBe(0);
});

test('property: the n-th failure since the last forget waits base * 2^(n-1) up to the maximum, for each key by itself', () => {
  const operation = fc.record({ key: fc.nat(4), forget: fc.boolean() });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 1, max: 1e12 }),
      fc.array(operation, { maxLength: 300 }),
      (baseNs, maxNs, operations) => {
        const limiter = new ItemExponentialFailureRateLimiter(5, baseNs, maxNs);
        const failures = [0, 0, 0, 0, 0];
        for (const { key, forget } of operations) {
          if (forget) {
            limiter.forget(key);
            failures[key] = 0;
          } else {
            const expected = Number(
              [BigInt(baseNs) << BigInt(failures[key]!++), BigInt(maxNs)].reduce((a, b) => (a < b ? a : b)),
            );
            expect(limiter.when(key, 0)).toBe(expected);
          }
          expect(limiter.requeues(key)).toBe(failures[key]);
        }
      },
    ),
  );
});
