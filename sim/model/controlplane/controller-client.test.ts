import { describe, expect, test } from 'vitest';
import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { ApiServers } from './api-servers.js';
import { ControllerClient, type RequestKind } from './controller-client.js';
import { Etcd } from './etcd.js';
import { EventRecorder } from './event-recorder.js';

const SECOND = 1e9;
const LATENCY_NS = 5e6;

/** Runs until this time, whether or not anything happens then. */
function runUntil(simulation: Simulation, timeNs: number): void {
  simulation.schedule(
    timeNs,
    simulation.registerKind(`until ${timeNs}`, () => {}),
  );
  simulation.run(timeNs);
}

/** A client, and a kind of request that notes when it is committed and answered, by its number. */
function setUp(kubeApiQps: number, kubeApiBurst: number, isOk: (request: number) => boolean = () => true) {
  const simulation = new Simulation();
  const client = new ControllerClient(simulation, new ApiServers(simulation).client('test', 'workload-high'), {
    kubeApiQps,
    kubeApiBurst,
  });
  const committed: [number, number][] = [];
  const answered: [number, boolean][] = [];
  const kind: RequestKind<string> = {
    commit: (request) => {
      committed.push([request, simulation.nowNs]);
      return isOk(request);
    },
    answered: (request, _, ok) => void answered.push([request, ok]),
  };
  const send = (request: number): void => client.write('pods', LATENCY_NS, kind, request, 0, 'context');
  return { simulation, client, committed, answered, send };
}

describe("a controller's client", () => {
  test('sends its burst at once and then one request in 1/qps, all through one bucket', () => {
    const { simulation, client, committed, send } = setUp(2, 3);
    for (let request = 0; request < 6; request++) send(request);
    simulation.run();
    const sentSeconds = committed.map(([, atNs]) => (atNs - LATENCY_NS) / SECOND);
    expect(sentSeconds).toEqual([0, 0, 0, 0.5, 1, 1.5]);
    expect(client.taken).toBe(6);
    expect(client.utilization).toBe(1);
  });

  test('tells its sender of a refusal', () => {
    const { simulation, answered, send } = setUp(100, 100, (request) => request !== 1);
    for (let request = 0; request < 3; request++) send(request);
    simulation.run();
    expect(answered).toEqual([
      [0, true],
      [1, false],
      [2, true],
    ]);
  });

  test('that stops loses what waits; what has left is carried out and nobody hears of it; the next starts full', () => {
    const { simulation, client, committed, answered, send } = setUp(1, 2);
    for (let request = 0; request < 5; request++) send(request);
    simulation.run(LATENCY_NS - 1);
    client.stop();
    runUntil(simulation, 10 * SECOND);
    expect(committed.map(([request]) => request)).toEqual([0, 1]);
    expect(answered).toEqual([]);
    client.start();
    for (let request = 5; request < 8; request++) send(request);
    simulation.run();
    expect(committed.slice(2).map(([request, atNs]) => [request, (atNs - LATENCY_NS) / SECOND])).toEqual([
      [5, 10],
      [6, 10],
      [7, 11],
    ]);
    expect(answered.map(([request]) => request)).toEqual([5, 6, 7]);
  });
});

describe('Events', () => {
  const recorderOf = (client: ControllerClient, simulation: Simulation): EventRecorder => {
    const etcd = new Etcd({ writeLatencyNs: { median: LATENCY_NS, p99: LATENCY_NS }, maxRequestBytes: null }, streams);
    return new EventRecorder(simulation, client, etcd.writesOf('test/events'), { qps: 1 / 300, burst: 25 });
  };
  const streams = new RandomStreams(1, 0);

  test('of one object are 25 and then one in five minutes; each object has its own', () => {
    const { simulation, client } = setUp(1000, 1000);
    const events = recorderOf(client, simulation);
    for (let n = 0; n < 500; n++) events.record(7);
    for (let n = 0; n < 10; n++) events.record(8);
    simulation.run();
    expect(client.taken).toBe(35);
    runUntil(simulation, 301 * SECOND);
    events.record(7);
    events.record(7);
    simulation.run();
    expect(client.taken).toBe(36);
  });

  test('are sent one at a time, so that other requests pass them in the bucket', () => {
    const { simulation, client, committed, send } = setUp(1, 1);
    const events = recorderOf(client, simulation);
    for (let n = 0; n < 25; n++) events.record(1);
    send(0);
    send(1);
    simulation.run();
    // Behind the one event that had taken its token, and not behind all of them.
    expect(committed.map(([, atNs]) => Math.floor(atNs / SECOND))).toEqual([1, 2]);
    expect(client.taken).toBe(27);
  });
});
