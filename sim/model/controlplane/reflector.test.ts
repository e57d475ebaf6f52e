import { describe, expect, test } from 'vitest';

import { afterWatch, ReflectorBackoffs, watchTimeoutNs } from './reflector.js';

const SECOND = 1e9;

describe('a reflector', () => {
  test('backs off 0.8 s, doubling up to 30 s', () => {
    const backoffs = new ReflectorBackoffs(2);
    let nowNs = 0;
    const seconds = Array.from({ length: 9 }, () => {
      const delayNs = backoffs.nextNs(1, nowNs, 0);
      nowNs += delayNs;
      return delayNs / SECOND;
    });
    expect(seconds).toEqual([0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30]);
    // Another reflector knows nothing of it.
    expect(backoffs.nextNs(0, nowNs, 0)).toBe(0.8 * SECOND);
  });

  test('prolongs each delay by up to 100 %, the longest too', () => {
    const backoffs = new ReflectorBackoffs(1);
    expect(backoffs.nextNs(0, 0, 0.25)).toBe(1 * SECOND);
    expect(backoffs.nextNs(0, 0, 0.75)).toBe(2.8 * SECOND);
    for (let n = 0; n < 1e5; n++) backoffs.nextNs(0, 0, 0.5);
    expect(backoffs.nextNs(0, 0, 0.5)).toBe(45 * SECOND);
  });

  test('starts again after more than two minutes without a back-off', () => {
    const backoffs = new ReflectorBackoffs(1);
    for (let n = 0; n < 4; n++) backoffs.nextNs(0, 10 * SECOND, 0);
    expect(backoffs.nextNs(0, 130 * SECOND, 0)).toBe(12.8 * SECOND);
    expect(backoffs.nextNs(0, 250 * SECOND + 1, 0)).toBe(0.8 * SECOND);
  });

  test('asks for watches of 5 to 10 minutes', () => {
    expect([watchTimeoutNs(0), watchTimeoutNs(0.5), watchTimeoutNs(1)]).toEqual([3e11, 4.5e11, 6e11]);
  });

  test('lists again when its place in the history is lost, and goes on watching from it when only the stream was', () => {
    expect(afterWatch('closed')).toBe('rewatch');
    expect(afterWatch('connectionRefused')).toBe('rewatch');
    expect(afterWatch('tooManyRequests')).toBe('rewatch');
    expect(afterWatch('expired')).toBe('relist');
    expect(afterWatch('error')).toBe('relist');
  });
});
