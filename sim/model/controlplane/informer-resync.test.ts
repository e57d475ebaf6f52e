import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { InformerResync, type ResyncParameters } from './informer-resync.js';

const SECOND = 1e9;

function bench(parameters: Partial<ResyncParameters>, durationSeconds = 0, replication = 0) {
  const simulation = new Simulation();
  const seconds: number[] = [];
  const resync = new InformerResync(
    simulation,
    { minResyncPeriodNs: 0, handlerPeriodNs: null, ...parameters },
    durationSeconds * SECOND,
    () => seconds.push(simulation.nowNs / SECOND),
    new RandomStreams(1, replication),
  );
  const work = simulation.registerKind('work', () => undefined);
  return { simulation, resync, seconds, work };
}

/** Runs as the world does: second by second while something is pending. */
function runSecondBySecond({ simulation, resync }: ReturnType<typeof bench>): void {
  while (simulation.pending > 0) simulation.run(resync.arm(simulation.nowNs + SECOND));
}

describe('the resync of informers', () => {
  test('comes every 1 to 2 times the minimum, one draw for all', () => {
    const periods = Array.from({ length: 200 }, (_, replication) => {
      const { simulation, seconds } = bench({ minResyncPeriodNs: 10 * SECOND }, 65, replication);
      simulation.run();
      const [period] = seconds;
      seconds.forEach((atSeconds, n) => expect(atSeconds).toBeCloseTo((n + 1) * period!, 6));
      expect(seconds).toHaveLength(Math.floor(65 / period!));
      return period!;
    });
    expect(Math.min(...periods)).toBeGreaterThanOrEqual(10);
    expect(Math.min(...periods)).toBeLessThan(10.5);
    expect(Math.max(...periods)).toBeLessThan(20);
    expect(Math.max(...periods)).toBeGreaterThan(19.5);
  });

  test('comes at a period that a handler asked for as it is', () => {
    const { simulation, seconds } = bench({ minResyncPeriodNs: 10 * SECOND, handlerPeriodNs: 30 * SECOND }, 100);
    simulation.run();
    expect(seconds).toEqual([30, 60, 90]);
  });

  test('never comes with a minimum of 0', () => {
    const { simulation, resync, seconds } = bench({}, 1e5);
    expect(simulation.run()).toBe('empty');
    expect([resync.dueNs, seconds, simulation.eventsFired]).toEqual([Infinity, [], 0]);
  });

  test('without a duration it comes while there is work, does not prolong the run and is no event when it is not due', () => {
    const made = bench({ handlerPeriodNs: 30 * SECOND });
    made.simulation.schedule(29 * SECOND, made.work);
    runSecondBySecond(made);
    expect([made.seconds, made.simulation.nowNs, made.simulation.eventsFired]).toEqual([[], 29 * SECOND, 1]);

    // It is due within the second in which the work ends.
    const shortly = bench({ handlerPeriodNs: 30 * SECOND });
    shortly.simulation.schedule(29.5 * SECOND, shortly.work);
    runSecondBySecond(shortly);
    expect([shortly.seconds, shortly.simulation.nowNs]).toEqual([[], 29.5 * SECOND]);

    const longer = bench({ handlerPeriodNs: 30 * SECOND });
    longer.simulation.schedule(75 * SECOND, longer.work);
    runSecondBySecond(longer);
    expect(longer.seconds).toEqual([30, 60]);
    expect(longer.simulation.nowNs).toBe(75 * SECOND);
  });

  test('with a duration it comes until then, also when nothing else happens', () => {
    const made = bench({ handlerPeriodNs: 30 * SECOND }, 60);
    runSecondBySecond(made);
    expect(made.seconds).toEqual([30, 60]);
  });

  test('starts anew with a new process', () => {
    const made = bench({ handlerPeriodNs: 30 * SECOND }, 100);
    const stop = made.simulation.registerKind('stop', () => made.resync.stop());
    const start = made.simulation.registerKind('start', () => made.resync.start());
    made.simulation.schedule(40 * SECOND, stop);
    made.simulation.schedule(65 * SECOND, start);
    made.simulation.run();
    expect(made.seconds).toEqual([30, 95]);
  });
});
