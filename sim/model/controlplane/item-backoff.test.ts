import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { ItemBackoff } from './item-backoff.js';

const SECOND = 1e9;

interface Case {
  readonly name: string;
  readonly test: string;
  readonly initialSeconds: number;
  readonly maxSeconds: number;
  readonly ticks: readonly { readonly atSeconds: number; readonly backOffSeconds: number | null }[];
}
const { cases } = JSON.parse(readFileSync(new URL('item-backoff.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

describe("what Kubernetes' own test fixes (client-go util/flowcontrol/backoff_test.go)", () => {
  it.each(cases)('$name ($test)', ({ initialSeconds, maxSeconds, ticks }) => {
    const backoff = new ItemBackoff(1, initialSeconds * SECOND, maxSeconds * SECOND);
    for (const { atSeconds, backOffSeconds } of ticks) {
      const atNs = atSeconds * SECOND;
      const isBackingOff = backoff.isInBackOffSinceUpdate(0, atNs);
      expect([atSeconds, isBackingOff ? backoff.delayNs(0) / SECOND : null]).toEqual([atSeconds, backOffSeconds]);
      if (!isBackingOff) backoff.next(0, atNs, atNs);
    }
  });
});

test('an item starts again from the initial delay after more than twice the maximum', () => {
  const backoff = new ItemBackoff(2, 1 * SECOND, 10 * SECOND);
  const delayAfterFailureAt = (seconds: number): number => {
    backoff.next(0, seconds * SECOND, seconds * SECOND);
    return backoff.delayNs(0) / SECOND;
  };
  expect([0, 1, 2, 3, 4].map(delayAfterFailureAt)).toEqual([1, 2, 4, 8, 10]);
  expect(delayAfterFailureAt(24)).toBe(10);
  expect(delayAfterFailureAt(44.5)).toBe(1);
  expect(backoff.delayNs(1)).toBe(0);
});

test('the delay counts from the last failure, or from an event of the caller', () => {
  const backoff = new ItemBackoff(1, 4 * SECOND, 100 * SECOND);
  expect(backoff.isInBackOffSince(0, 0, 0)).toBe(false);
  backoff.next(0, 0, 1 * SECOND);
  expect(backoff.isInBackOffSinceUpdate(0, 4.9 * SECOND)).toBe(true);
  expect(backoff.isInBackOffSinceUpdate(0, 5 * SECOND)).toBe(false);
  expect(backoff.isInBackOffSince(0, 3 * SECOND, 6 * SECOND)).toBe(true);
  expect(backoff.isInBackOffSince(0, 3 * SECOND, 7 * SECOND)).toBe(false);
  backoff.reset(0);
  expect(backoff.isInBackOffSinceUpdate(0, 1 * SECOND)).toBe(false);
  expect(backoff.delayNs(0)).toBe(0);
});
