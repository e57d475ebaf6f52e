import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { BinaryHeapQueue } from './binary-heap-queue.js';
import { KernelError, SimulationError } from './errors.js';
import { LadderQueue } from './ladder-queue.js';
import { Simulation } from './simulation.js';

/** A simulation with one kind of event, which writes down when it fired and with what. */
function recording(options: ConstructorParameters<typeof Simulation>[0] = {}) {
  const simulation = new Simulation(options);
  const log: [timeNs: number, a: number, b: number][] = [];
  const kind = simulation.registerKind('record', (a, b) => log.push([simulation.nowNs, a, b]));
  return { simulation, log, kind };
}

describe('firing', () => {
  test('an empty simulation stops at once, at time 0', () => {
    const simulation = new Simulation();
    expect(simulation.run()).toBe('empty');
    expect(simulation.nowNs).toBe(0);
    expect(simulation.eventsFired).toBe(0);
  });

  test('events fire by time, then in the order of scheduling, with their payloads', () => {
    const { simulation, log, kind } = recording();
    simulation.schedule(20, kind, 1);
    simulation.schedule(10, kind, 2, -2);
    simulation.schedule(20, kind, 3, 2 ** 31 - 1);
    expect(simulation.pending).toBe(3);
    expect(simulation.run()).toBe('empty');
    expect(log).toEqual([
      [10, 2, -2],
      [20, 1, 0],
      [20, 3, 2 ** 31 - 1],
    ]);
    expect(simulation.eventsFired).toBe(3);
    expect(simulation.pending).toBe(0);
  });

  test('an event scheduled at the current time fires in the same run, after those that waited for it', () => {
    const simulation = new Simulation();
    const order: string[] = [];
    const second = simulation.registerKind('second', () => order.push('second'));
    const first = simulation.registerKind('first', (a) => {
      order.push(`first ${a}`);
      simulation.schedule(simulation.nowNs, second);
    });
    simulation.schedule(5, first, 1);
    simulation.schedule(5, first, 2);
    simulation.run();
    expect(order).toEqual(['first 1', 'first 2', 'second', 'second']);
  });

  test('run(until) fires what is due at that very time, leaves the rest, and moves the clock there', () => {
    const { simulation, log, kind } = recording();
    for (const timeNs of [10, 20, 30]) simulation.schedule(timeNs, kind);
    expect(simulation.run(20)).toBe('until');
    expect(log.map(([timeNs]) => timeNs)).toEqual([10, 20]);
    expect(simulation.run(25)).toBe('until');
    expect(simulation.nowNs).toBe(25);
    expect(simulation.pending).toBe(1);
    simulation.schedule(25, kind);
    expect(simulation.run(1000)).toBe('empty');
    expect(simulation.nowNs).toBe(30);
    expect(log.map(([timeNs]) => timeNs)).toEqual([10, 20, 25, 30]);
  });

  test('stop ends the run after the current event; run continues', () => {
    const simulation = new Simulation();
    const kind = simulation.registerKind('stop', () => simulation.stop());
    simulation.schedule(1, kind);
    simulation.schedule(1, kind);
    expect(simulation.run()).toBe('stopped');
    expect(simulation.eventsFired).toBe(1);
    expect(simulation.run()).toBe('stopped');
    expect(simulation.run()).toBe('empty');
  });

  test('100,000 events of a chain reuse one record each time', () => {
    const simulation = new Simulation();
    let left = 100_000;
    const kind = simulation.registerKind('tick', () => {
      if (--left > 0) simulation.schedule(simulation.nowNs + 1, kind);
    });
    simulation.schedule(0, kind);
    simulation.run();
    expect(simulation.nowNs).toBe(99_999);
    expect(simulation.eventsFired).toBe(100_000);
  });
});

describe('cancelling', () => {
  test('a cancelled event does not fire and does not count as pending', () => {
    const { simulation, log, kind } = recording();
    const handle = simulation.schedule(10, kind, 1);
    simulation.schedule(20, kind, 2);
    expect(simulation.cancel(handle)).toBe(true);
    expect(simulation.pending).toBe(1);
    expect(simulation.cancel(handle)).toBe(false);
    expect(simulation.run()).toBe('empty');
    expect(log).toEqual([[20, 2, 0]]);
    expect(simulation.eventsFired).toBe(1);
    expect(simulation.pending).toBe(0);
  });

  test('a run in which the last events were cancelled leaves the clock at the last one that fired', () => {
    const { simulation, kind } = recording();
    simulation.schedule(10, kind);
    simulation.cancel(simulation.schedule(20, kind));
    expect(simulation.run()).toBe('empty');
    expect(simulation.nowNs).toBe(10);
  });

  test('a stale handle does not touch the event that has taken over its record', () => {
    const { simulation, log, kind } = recording();
    const stale = simulation.schedule(10, kind, 1);
    simulation.run();
    const fresh = simulation.schedule(20, kind, 2);
    expect(fresh).not.toBe(stale);
    expect(simulation.cancel(stale)).toBe(false);
    simulation.run();
    expect(log.at(-1)).toEqual([20, 2, 0]);
  });

  test('an event counts as fired while its handler runs', () => {
    const simulation = new Simulation();
    let cancelled: boolean | undefined;
    const kind = simulation.registerKind('self', () => (cancelled = simulation.cancel(handle)));
    const handle = simulation.schedule(1, kind);
    simulation.run();
    expect(cancelled).toBe(false);
  });

  test.each([-1, 0, 99, 2 ** 52, Number.NaN, Infinity, 0.5])(
    'what was never a handle (%d) cancels nothing',
    (handle) => {
      expect(new Simulation().cancel(handle)).toBe(false);
    },
  );
});

describe('misuse', () => {
  test.each([
    [9, /event 'record' at 9 ns.*past.*10 ns now/],
    [10.5, /event 'record' at 10\.5 ns.*whole nanoseconds/],
    [Number.NaN, /event 'record' at NaN ns.*whole nanoseconds/],
    [Infinity, /whole nanoseconds/],
    [2 ** 53, /below 2\^53/],
    [-1, /past/],
  ])('scheduling at %d is refused', (timeNs, message) => {
    const { simulation, kind } = recording();
    simulation.schedule(10, kind);
    simulation.run();
    expect(() => simulation.schedule(timeNs, kind)).toThrow(KernelError);
    expect(() => simulation.schedule(timeNs, kind)).toThrow(message);
    expect(simulation.pending).toBe(0);
  });

  test.each([0.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN])('a payload of %d is refused, not cut off', (payload) => {
    const { simulation, kind } = recording();
    expect(() => simulation.schedule(1, kind, payload)).toThrow(/'record'.*32-bit/);
    expect(() => simulation.schedule(1, kind, 0, payload)).toThrow(/'record'.*32-bit/);
  });

  test('an unknown kind is refused', () => {
    const simulation = new Simulation();
    expect(() => simulation.schedule(1, 0)).toThrow('no event kind 0 is registered');
    expect(() => simulation.schedule(-1, 3)).toThrow(/unregistered kind 3/);
  });

  test('a kind is registered once', () => {
    const { simulation } = recording();
    expect(() => simulation.registerKind('record', () => {})).toThrow(/'record' is registered already/);
  });

  test.each([5, 10.5, Number.NaN])('running until %d, in the past or not a whole number, is refused', (untilNs) => {
    const { simulation, kind } = recording();
    simulation.schedule(10, kind);
    simulation.run();
    expect(() => simulation.run(untilNs)).toThrow(KernelError);
  });
});

describe('a handler that throws', () => {
  test('ends the run with an error that says what happened, when, and in which run', () => {
    const simulation = new Simulation({ context: 'seed 7, replication 3' });
    const cause = new RangeError('no such node');
    const kind = simulation.registerKind('node lost', () => {
      throw cause;
    });
    simulation.schedule(1500, kind, 4, 2);
    let error: unknown;
    try {
      simulation.run();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SimulationError);
    expect(error).toMatchObject({
      message: "event 'node lost' (a=4, b=2) at 1500 ns failed (seed 7, replication 3): no such node",
      event: { kind: 'node lost', a: 4, b: 2, timeNs: 1500 },
      context: 'seed 7, replication 3',
      cause,
    });
  });

  test('may throw anything', () => {
    const simulation = new Simulation();
    const kind = simulation.registerKind('odd', () => {
      // eslint-disable-next-line no-throw-literal
      throw 'a string';
    });
    simulation.schedule(0, kind);
    expect(() => simulation.run()).toThrow("event 'odd' (a=0, b=0) at 0 ns failed: a string");
  });

  test('a run inside of a run is an error of the handler that does it', () => {
    const simulation = new Simulation();
    const kind = simulation.registerKind('nested', () => simulation.run());
    simulation.schedule(0, kind);
    expect(() => simulation.run()).toThrow(/'nested'.*inside of another run/);
  });
});

/** The fingerprint of a run of events of one kind. */
function fingerprintOf(events: readonly (readonly [timeNs: number, a: number, b: number])[]): string {
  const { simulation, kind } = recording({ fingerprint: true });
  for (const [timeNs, a, b] of events) simulation.schedule(timeNs, kind, a, b);
  simulation.run();
  return simulation.fingerprint;
}

describe('fingerprint', () => {
  test('is there only when asked for', () => {
    expect(() => new Simulation().fingerprint).toThrow(/fingerprint/);
    expect(new Simulation({ fingerprint: true }).fingerprint).toBe('cbf29ce484222325');
  });

  test('is the same for the same trajectory, and pinned', () => {
    const events = [
      [1, 2, 3],
      [2 ** 40, -1, 7],
    ] as const;
    expect(fingerprintOf(events)).toBe(fingerprintOf(events));
    expect(fingerprintOf(events)).toBe('66842655200983a6');
  });

  test('differs when a time, a payload or the order differs', () => {
    const base = [1_000_000_000_000, 5, 6] as const;
    const variants = [
      [base],
      [[base[0] + 1, 5, 6]],
      [[base[0] + 2 ** 33, 5, 6]],
      [[base[0], 6, 5]],
      [[base[0], 5, 7]],
      [base, base],
      [base, [base[0], 5, 7]],
      [[base[0], 5, 7], base],
    ] as const;
    expect(new Set(variants.map((events) => fingerprintOf(events))).size).toBe(variants.length);
  });

  test('a cancelled event leaves no trace', () => {
    const { simulation, kind } = recording({ fingerprint: true });
    simulation.schedule(1, kind, 2, 3);
    simulation.cancel(simulation.schedule(1, kind, 9));
    simulation.run();
    expect(simulation.fingerprint).toBe(fingerprintOf([[1, 2, 3]]));
  });

  test('50,000 trajectories that differ in one payload have 50,000 fingerprints', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 50_000; i++) {
      const simulation = new Simulation({ fingerprint: true, queue: new BinaryHeapQueue() });
      const kind = simulation.registerKind('k', () => {});
      simulation.schedule(1000, kind, i);
      simulation.schedule(1001, kind);
      simulation.run();
      seen.add(simulation.fingerprint);
    }
    expect(seen.size).toBe(50_000);
  });
});

test('any programme of scheduling and cancelling has one trajectory, whatever the queue', () => {
  const step = fc.record({
    delayNs: fc.oneof(fc.constant(0), fc.nat(10), fc.nat(1_000_000_000)),
    cancelOneIn: fc.integer({ min: 1, max: 5 }),
    children: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const run = (simulation: Simulation): string => {
        let lastHandle = -1;
        let budget = 500;
        let cancelled = 0;
        const kind = simulation.registerKind('step', (a) => {
          const { delayNs, cancelOneIn, children } = steps[a % steps.length]!;
          for (let child = 0; child < children && budget > 0; child++, budget--) {
            lastHandle = simulation.schedule(simulation.nowNs + delayNs * child, kind, a + child + 1);
          }
          if (a % cancelOneIn === 0 && simulation.cancel(lastHandle)) cancelled++;
        });
        for (const [index, { delayNs }] of steps.entries()) simulation.schedule(delayNs, kind, index);
        simulation.run();
        expect(simulation.pending).toBe(0);
        expect(simulation.eventsFired + cancelled).toBe(steps.length + 500 - budget);
        return simulation.fingerprint;
      };
      expect(run(new Simulation({ fingerprint: true, queue: new LadderQueue() }))).toBe(
        run(new Simulation({ fingerprint: true, queue: new BinaryHeapQueue() })),
      );
    }),
    { numRuns: 200, seed: 1 },
  );
});
