import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { ApiServers } from './api-servers.js';
import { ControllerManager } from './controller-manager.js';
import { Etcd } from './etcd.js';
import { LeaderElection } from './leader-election.js';

const SECOND = 1e9;
const election = { leaseDurationNs: 15 * SECOND, retryPeriodNs: 2 * SECOND };

function bench() {
  const simulation = new Simulation();
  const streams = new RandomStreams(1, 0);
  const heard: (readonly [seconds: number, what: string])[] = [];
  const manager = new ControllerManager(
    simulation,
    new ApiServers(simulation),
    new Etcd({ writeLatencyNs: { median: 5e6, p99: 5e6 }, maxRequestBytes: null }, streams),
    { ...election, listBaseNs: 0.1 * SECOND, listPerObjectNs: 20e3 },
    () => 10_000,
    streams,
  );
  for (const name of ['first', 'second']) {
    manager.register({
      name,
      stop: () => heard.push([simulation.nowNs / SECOND, `${name} stops`]),
      start: () => heard.push([simulation.nowNs / SECOND, `${name} starts`]),
    });
  }
  const crash = simulation.registerKind('crash', () => void manager.failOver());
  return { simulation, manager, heard, crash, streams };
}

describe('a controller manager', () => {
  test('that crashes stops all controllers, and the next starts them after the lease, its write and the LISTs', () => {
    const { simulation, manager, heard, crash, streams } = bench();
    simulation.schedule(100 * SECOND, crash);
    simulation.run(110 * SECOND);
    expect([manager.isDown, manager.downSinceNs, manager.downUntilNs]).toEqual([true, 100 * SECOND, Infinity]);
    simulation.run();
    const takeoverNs = new LeaderElection(election, streams).takeoverNs(0, 100 * SECOND);
    const upNs = takeoverNs + 5e6 + 0.1 * SECOND + 0.2 * SECOND;
    expect([manager.isDown, manager.downUntilNs, manager.failOvers]).toEqual([false, upNs, 1]);
    expect(heard).toEqual([
      [100, 'first stops'],
      [100, 'second stops'],
      [upNs / SECOND, 'first starts'],
      [upNs / SECOND, 'second starts'],
    ]);
  });

  test('cannot crash while there is none, and can again when the next one leads', () => {
    const { simulation, manager, heard, crash } = bench();
    for (const seconds of [10, 12, 60]) simulation.schedule(seconds * SECOND, crash);
    simulation.run(15 * SECOND);
    expect(manager.failOver()).toBe(false);
    simulation.run();
    expect(heard.filter(([, what]) => what === 'first stops').map(([seconds]) => seconds)).toEqual([10, 60]);
    expect(manager.failOvers).toBe(2);
    // Other draws: not the same time again.
    const [, firstUp, , secondUp] = heard.filter(([, what]) => what.startsWith('first')).map(([seconds]) => seconds);
    expect(secondUp! - 60).not.toBeCloseTo(firstUp! - 10, 3);
  });

  test('never crashed was never down', () => {
    const { manager } = bench();
    expect([manager.isDown, manager.downSinceNs, manager.downUntilNs]).toEqual([false, 0, 0]);
  });
});
