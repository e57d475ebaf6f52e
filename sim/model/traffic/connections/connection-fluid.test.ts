import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionFluid, type ConnectionPool, type FluidOutcome } from './connection-fluid.js';
import { rollingRestartShares, rollingUpdateShares, scaleOutLoads } from './long-lived-connections.js';

const SECOND = 1e9;
const pool = (given: Partial<ConnectionPool> = {}): ConnectionPool => ({
  connections: 1000,
  meanLifetimeNs: null,
  requestsPerSecond: 100,
  ...given,
});
const nothing = (): FluidOutcome => ({ answered: 0, lost: 0, opened: 0 });
const even = (positions: readonly number[], length: number): Float64Array => {
  const shares = new Float64Array(length);
  for (const position of positions) shares[position] = 1 / positions.length;
  return shares;
};
const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);
const connected = (given: ConnectionPool, shares: Float64Array): ConnectionFluid => {
  const fluid = new ConnectionFluid(given);
  fluid.connectAll(shares);
  return fluid;
};
const total = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0);

describe('the laws of long-lived connections', () => {
  it.each([2, 3, 4, 5, 10, 100])('come out of a rolling restart of %d pods', (pods) => {
    const fluid = connected(pool({ connections: pods }), even(range(pods), pods));
    for (let victim = 0; victim < pods; victim++) {
      fluid.podStopped(
        victim,
        even(
          range(pods).filter((pod) => pod !== victim),
          pods,
        ),
        nothing(),
      );
      fluid.advance(SECOND, even(range(pods), pods), nothing());
    }
    const law = rollingRestartShares(pods);
    range(pods).forEach((pod) => expect(fluid.open[pod]).toBeCloseTo(law[pod]!, 12));
  });

  it.each([1, 2, 3, 4, 5, 10, 100])('come out of a rolling update of %d pods, one more at a time', (pods) => {
    const fluid = connected(pool({ connections: pods }), even(range(pods), pods));
    for (let step = 0; step < pods; step++) {
      // The new pod stands at pods + step; the next old one goes.
      fluid.podStopped(step, even(range(pods, step + 1), 2 * pods), nothing());
      fluid.advance(SECOND, even(range(pods, step + 1), 2 * pods), nothing());
    }
    const law = rollingUpdateShares(pods);
    range(pods).forEach((pod) => expect(fluid.open[pods + pod]).toBeCloseTo(law[pod]!, 12));
  });

  it.each([
    [4, 10],
    [10, 11],
    [10, 20],
  ])('come out of a scale-out from %d to %d pods, whatever the steps', (before, after) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 * SECOND }), { minLength: 1, maxLength: 20 }), (steps) => {
        const fluid = connected(pool({ connections: after, meanLifetimeNs: 60 * SECOND }), even(range(before), before));
        for (const step of steps) fluid.advance(step, even(range(after), after), nothing());
        const lifetimes = steps.reduce((sum, step) => sum + step, 0) / (60 * SECOND);
        const law = scaleOutLoads(before, after, lifetimes);
        expect(fluid.open[0]).toBeCloseTo(law.oldOverFair, 11);
        expect(fluid.open[after - 1]).toBeCloseTo(law.newOverFair, 11);
        expect(fluid.unconnected).toBe(0);
      }),
    );
  });
});

/** The same equations, by many small steps of Heun's method. */
function integrate(given: ConnectionPool, shares: Float64Array, open: Float64Array, dtNs: number, steps: number) {
  const close = given.meanLifetimeNs === null ? 0 : 1 / given.meanLifetimeNs;
  const request = given.requestsPerSecond / 1e9 / given.connections;
  const success = total(shares);
  const derivative = (state: Float64Array): Float64Array => {
    const connections = total(state);
    const attempts = close * connections + request * (given.connections - connections);
    return state.map((own, position) => shares[position]! * attempts - close * own);
  };
  const outcome = nothing();
  let state = Float64Array.from(open);
  const h = dtNs / steps;
  for (let step = 0; step < steps; step++) {
    const first = derivative(state);
    const guess = state.map((own, position) => own + h * first[position]!);
    const second = derivative(guess);
    const connections = (total(state) + total(guess)) / 2;
    const unconnected = given.connections - connections;
    outcome.answered += h * request * (connections + success * unconnected);
    outcome.lost += h * request * (1 - success) * unconnected;
    outcome.opened += h * success * (close * connections + request * unconnected);
    state = state.map((own, position) => own + (h / 2) * (first[position]! + second[position]!));
  }
  return { state, outcome };
}

describe('slots whose attempts fail', () => {
  const someShares = fc
    .tuple(fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 3, maxLength: 3 }), fc.integer({ min: 0, max: 10 }))
    .map(([parts, failing]) => {
      const sum = parts.reduce((all, part) => all + part, failing);
      return Float64Array.from(parts, (part) => (sum === 0 ? 0 : part / sum));
    });

  it('follow the differential equations', () => {
    fc.assert(
      fc.property(
        someShares,
        someShares,
        fc.constantFrom(null, 2 * SECOND, 30 * SECOND),
        fc.double({ min: 10, max: 1000, noNaN: true }),
        (first, second, meanLifetimeNs, requestsPerSecond) => {
          const given = pool({ connections: 100, meanLifetimeNs, requestsPerSecond });
          const fluid = connected(given, first);
          const expected = integrate(given, second, fluid.open, 3 * SECOND, 3000);
          const outcome = nothing();
          fluid.advance(3 * SECOND, second, outcome);
          range(3).forEach((pod) => expect(fluid.open[pod]).toBeCloseTo(expected.state[pod]!, 3));
          expect(outcome.answered).toBeCloseTo(expected.outcome.answered, 1);
          expect(outcome.lost).toBeCloseTo(expected.outcome.lost, 1);
          expect(outcome.opened).toBeCloseTo(expected.outcome.opened, 1);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('lose and find nothing on the way', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(someShares, fc.nat(100 * SECOND), fc.option(fc.nat(2), { nil: null })), { minLength: 1 }),
        fc.constantFrom(null, SECOND, 1000 * SECOND),
        (steps, meanLifetimeNs) => {
          const given = pool({ meanLifetimeNs });
          const fluid = connected(given, even(range(3), 3));
          const outcome = nothing();
          let seconds = 0;
          for (const [shares, dtNs, stopped] of steps) {
            if (stopped !== null) fluid.podStopped(stopped, shares, outcome);
            fluid.advance(dtNs, shares, outcome);
            seconds += dtNs / SECOND;
            expect(total(fluid.open) + fluid.unconnected).toBeCloseTo(given.connections, 6);
            expect(fluid.unconnected).toBeGreaterThanOrEqual(0);
          }
          const requests = given.requestsPerSecond * seconds;
          expect(outcome.answered + outcome.lost).toBeCloseTo(requests, 3);
          expect(total(fluid.answered)).toBeCloseTo(outcome.answered, 3);
        },
      ),
    );
  });

  it('take what the rules still send to a pod that stopped for lost, until their next request', () => {
    const fluid = connected(pool(), even([0, 1], 2));
    const outcome = nothing();
    fluid.podStopped(0, even([0, 1], 2), outcome);
    expect([...fluid.open.subarray(0, 2)]).toEqual([0, 750]);
    expect(fluid.unconnected).toBe(250);
    expect(outcome.opened).toBe(250);
    // Each slot has 0.1 requests a second: after a minute nearly all have tried again, half of them in vain the first time.
    fluid.advance(60 * SECOND, even([1], 2), outcome);
    expect(fluid.open[1]).toBeCloseTo(1000 - 250 * Math.exp(-6), 9);
    expect(outcome.lost).toBe(0);
  });

  it('have nowhere to go when no pod is left', () => {
    const fluid = connected(pool({ meanLifetimeNs: 10 * SECOND }), even([0], 1));
    const outcome = nothing();
    fluid.podStopped(0, new Float64Array(1), outcome);
    fluid.advance(SECOND, new Float64Array(1), outcome);
    expect(fluid.unconnected).toBe(1000);
    expect(outcome).toMatchObject({ answered: 0, opened: 0 });
    expect(outcome.lost).toBeCloseTo(100, 9);
  });
});

it('a share of all connections that is reset is dealt out anew, by the shares of the moment', () => {
  const fluid = connected(pool(), Float64Array.of(1, 0));
  const outcome = nothing();
  fluid.reset(0.3, Float64Array.of(0.25, 0.25), outcome);
  expect(fluid.open[0]).toBeCloseTo(700 + 75, 9);
  expect(fluid.open[1]).toBeCloseTo(75, 9);
  expect(fluid.unconnected).toBeCloseTo(150, 9);
  expect(outcome.opened).toBeCloseTo(150, 9);
});
