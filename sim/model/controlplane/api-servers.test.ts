import { describe, expect, test } from 'vitest';
import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { type ApiClient, ApiServers, type ApiServersParameters } from './api-servers.js';
import { EtcdStore } from './etcd-store.js';

const MS = 1e6;
const SECOND = 1e9;
const LATENCY_NS = 3 * MS;

interface Options {
  readonly replicas?: number;
  readonly flowControl?: Partial<ApiServersParameters['flowControl']>;
}

const create = ({ replicas = 1, flowControl = {} }: Options = {}) => {
  const simulation = new Simulation();
  const servers = new ApiServers(simulation, {
    replicas,
    flowControl: {
      maxRequestsInflight: 400,
      maxMutatingRequestsInflight: 200,
      enablePriorityAndFairness: true,
      borrowingLimitPercent: 0,
      workEstimator: 'object-size',
      requestTimeoutNs: 60 * SECOND,
      ...flowControl,
    },
    etcd: new EtcdStore({
      quotaBackendBytes: null,
      compactionIntervalNs: 0,
      initialBytes: 0,
    }),
    streams: new RandomStreams(1, 0),
    measureFromNs: 0,
  });
  /** When each request was answered, by its number. */
  const answeredNs = new Map<number, number>();
  const answered = simulation.registerKind('answered', (request) => {
    if (answeredNs.has(request)) throw new Error(`request ${request} is answered twice`);
    answeredNs.set(request, simulation.nowNs);
  });
  return { simulation, servers, answeredNs, answered };
};
type Bed = ReturnType<typeof create>;

/** Sends writes of EndpointSlices at a rate, from time 0 on. */
const writeAt = ({ answered }: Bed, client: ApiClient, perSecond: number, seconds: number): void => {
  for (let n = 0; n < perSecond * seconds; n++) {
    client.write(0, 'endpointslices', Math.round((n / perSecond) * SECOND), LATENCY_NS, answered, n);
  }
};
const answeredBetween = ({ answeredNs }: Bed, from: number, to: number): number =>
  [...answeredNs.values()].filter((ns) => ns >= from * SECOND && ns < to * SECOND).length;

describe('without contention', () => {
  test('a request takes its unloaded latency; one that is sent now costs no event but its answer', () => {
    const bed = create();
    const client = bed.servers.client('controller', 'workload-high');
    client.write(0, 'other', 0, LATENCY_NS, bed.answered, 0);
    client.read(0, 0, 2 * MS, bed.answered, 1);
    client.write(0, 'other', 5 * MS, LATENCY_NS, bed.answered, 2);
    bed.simulation.run();
    expect([...bed.answeredNs]).toEqual([
      [1, 2 * MS],
      [0, 3 * MS],
      [2, 8 * MS],
    ]);
    expect(bed.simulation.eventsFired).toBe(4);
    expect(bed.servers.waitSeconds.max).toBe(0);
  });

  test('watchers cost the writer nothing as long as there are seats', () => {
    const bed = create();
    bed.servers.setWatchers('endpointslices', [5000]);
    writeAt(bed, bed.servers.client('controller', 'workload-high'), 20, 30);
    bed.simulation.run();
    for (const [n, ns] of bed.answeredNs) expect(ns).toBe(n * 50 * MS + LATENCY_NS);
  });
});

describe('writes with many watchers, more than the level can take', () => {
  // Ten seats for the request and a time in proportion to the watchers: 9 of them fit into 98 seats.
  test.each([
    [5000, 250],
    [15_000, 750],
  ])('%i watchers: 9 requests in every 3 + %i ms, whatever is sent', (watchers, additionalMs) => {
    const bed = create();
    bed.servers.setWatchers('endpointslices', [watchers]);
    writeAt(bed, bed.servers.client('controller', 'workload-high'), 100, 100);
    bed.simulation.run(100 * SECOND);
    bed.servers.end(100 * SECOND);
    const perSecond = answeredBetween(bed, 20, 100) / 80;
    expect(perSecond).toBeCloseTo(9 / (0.003 + additionalMs / 1000), 0);
    // The bound that counts seat-seconds only, 98 / (10 x 0.25 s) = 39 and 13: no level can do better.
    expect(perSecond).toBeLessThan(98 / ((10 * additionalMs) / 1000));
    expect(bed.servers.utilization('workload-high')).toBeCloseTo(90 / 98, 2);
  });

  test('three servers with a third of the watchers each: three times the rate', () => {
    const bed = create({ replicas: 3 });
    bed.servers.setWatchers('endpointslices', [5000 / 3, 5000 / 3, 5000 / 3]);
    writeAt(bed, bed.servers.client('controller', 'workload-high'), 200, 60);
    bed.simulation.run(60 * SECOND);
    // ceil(1667 / 10) seats x 5 ms over 10: 83.5 ms.
    expect(answeredBetween(bed, 20, 60) / 40).toBeCloseTo(9 / (0.003 + 0.0835), 0);
  });

  test('what waits is rejected when the queues of the flow are full, and comes back a second later', () => {
    const bed = create();
    bed.servers.setWatchers('endpointslices', [5000]);
    const client = bed.servers.client('controller', 'workload-high');
    // 9 execute, and a hand of 6 queues holds 50 each.
    for (let n = 0; n < 310; n++) client.write(0, 'endpointslices', 0, LATENCY_NS, bed.answered, n);
    expect(bed.servers.rejected).toBe(1);
    bed.simulation.run();
    expect(bed.answeredNs.size).toBe(310);
    expect(bed.servers.rejected).toBe(1);
  });

  test('nobody waits longer than a quarter of the request timeout', () => {
    const bed = create({ flowControl: { requestTimeoutNs: 4 * SECOND } });
    bed.servers.setWatchers('endpointslices', [5000]);
    const client = bed.servers.client('controller', 'workload-high');
    for (let n = 0; n < 100; n++) client.write(0, 'endpointslices', 0, LATENCY_NS, bed.answered, n);
    bed.simulation.run(0.999 * SECOND);
    // 9 at 0, 253, 506 and 759 ms.
    expect([bed.answeredNs.size, bed.servers.rejected]).toEqual([36, 0]);
    bed.simulation.run(1 * SECOND);
    expect(bed.servers.rejected).toBe(100 - 36);
    bed.simulation.run();
    expect(bed.answeredNs.size).toBe(100);
    expect(bed.servers.waitSeconds.max).toBeLessThanOrEqual(1);
  });

  test('another level is not touched', () => {
    const bed = create();
    bed.servers.setWatchers('endpointslices', [5000]);
    writeAt(bed, bed.servers.client('controller', 'workload-high'), 100, 10);
    bed.servers.client('kubelet', 'system').write(7, 'pods', 5 * SECOND, LATENCY_NS, bed.answered, 100_000);
    bed.simulation.run(6 * SECOND);
    expect(bed.answeredNs.get(100_000)).toBe(5 * SECOND + LATENCY_NS);
  });

  test('a level borrows the seats that others leave idle, from the first adjustment on', () => {
    const bed = create({ flowControl: { borrowingLimitPercent: null } });
    bed.servers.setWatchers('endpointslices', [5000]);
    writeAt(bed, bed.servers.client('controller', 'workload-high'), 300, 40);
    bed.simulation.run(40 * SECOND);
    expect(answeredBetween(bed, 1, 10) / 9).toBeCloseTo(9 / 0.253, 0);
    // At most what the others' least leaves: 600 - 209 = 391 seats, 39 requests at a time.
    const borrowed = answeredBetween(bed, 20, 40) / 20;
    expect(borrowed).toBeGreaterThan(2 * (9 / 0.253));
    expect(borrowed).toBeLessThanOrEqual(39 / 0.253 + 1);
  });
});

describe('lists', () => {
  test('large lists take seats by their bytes', () => {
    const bed = create();
    const client = bed.servers.client('kube-proxy', 'global-default');
    // 10 seats each from cache by bytes, 8 at most on a level of 49: six at a time.
    for (let n = 0; n < 12; n++) client.list(n, 10_000, 33e6, 0, SECOND, bed.answered, n);
    bed.simulation.run();
    const rounds = [...bed.answeredNs.values()].map((ns) => ns / SECOND);
    expect(rounds).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
  });
});

describe('without priority and fairness', () => {
  const inflight = {
    flowControl: { enablePriorityAndFairness: false, maxRequestsInflight: 4, maxMutatingRequestsInflight: 2 },
  };

  test('writes and reads over their limits are rejected at once, whoever sends them', () => {
    const bed = create(inflight);
    const [one, other] = [bed.servers.client('a', 'system'), bed.servers.client('b', 'workload-low')];
    one.write(0, 'pods', 0, LATENCY_NS, bed.answered, 0);
    other.write(0, 'pods', 0, LATENCY_NS, bed.answered, 1);
    one.write(0, 'pods', 0, LATENCY_NS, bed.answered, 2);
    for (let n = 3; n < 8; n++) other.read(n, 0, LATENCY_NS, bed.answered, n);
    expect(bed.servers.rejected).toBe(2);
    bed.simulation.run();
    expect(bed.answeredNs.get(2)).toBe(SECOND + LATENCY_NS);
    expect(bed.answeredNs.get(7)).toBe(SECOND + LATENCY_NS);
    expect(bed.servers.nominalLimits).toBeNull();
    expect(bed.servers.utilization('system')).toBeNull();
  });

  test('watchers hold no seats', () => {
    const bed = create(inflight);
    bed.servers.setWatchers('endpointslices', [5000]);
    const client = bed.servers.client('controller', 'workload-high');
    client.write(0, 'endpointslices', 0, LATENCY_NS, bed.answered, 0);
    client.write(0, 'endpointslices', 0, LATENCY_NS, bed.answered, 1);
    client.write(0, 'endpointslices', LATENCY_NS, LATENCY_NS, bed.answered, 2);
    bed.simulation.run();
    expect([bed.servers.rejected, bed.answeredNs.get(2)]).toEqual([0, 2 * LATENCY_NS]);
  });
});

describe('a server that is down', () => {
  test('hands its clients to the next one, and what it was at is sent again', () => {
    const bed = create({ replicas: 2 });
    const client = bed.servers.client('kubelet', 'system');
    client.write(0, 'pods', 0, LATENCY_NS, bed.answered, 0);
    client.write(1, 'pods', 0, LATENCY_NS, bed.answered, 1);
    bed.simulation.run(1 * MS);
    bed.servers.setDown(0, true);
    client.write(0, 'pods', 2 * MS, LATENCY_NS, bed.answered, 2);
    bed.simulation.run();
    expect([...bed.answeredNs].map(([request, ns]) => [request, Math.floor(ns / 1000) * 1000])).toEqual([
      // 22 us behind the other in etcd's pipeline.
      [1, 3022 * 1000],
      // New requests find the other server at once; the lost one comes when its client has connected anew.
      [2, 5 * MS],
      [0, 1001 * MS + LATENCY_NS],
    ]);
  });

  test('gives up what waited too, and starts with free seats', () => {
    const bed = create();
    bed.servers.setWatchers('endpointslices', [5000]);
    const client = bed.servers.client('controller', 'workload-high');
    for (let n = 0; n < 20; n++) client.write(0, 'endpointslices', 0, LATENCY_NS, bed.answered, n);
    bed.simulation.run(100 * MS);
    expect(bed.answeredNs.size).toBe(9);
    bed.servers.setDown(0, true);
    bed.servers.setDown(0, false);
    bed.simulation.run();
    expect(bed.answeredNs.size).toBe(20);
    // 11 were waiting: 9 at once after the reconnection, 2 when those are done.
    const again = [...bed.answeredNs.values()].slice(9).map((ns) => Math.floor(ns / MS));
    expect(again).toEqual([...Array.from({ length: 9 }, () => 1103), 1356, 1356]);
  });

  test('comes back when the last of its restarts is over', () => {
    const bed = create();
    const client = bed.servers.client('kubelet', 'system');
    bed.servers.restart(0, 5 * SECOND);
    bed.servers.restart(0, 2 * SECOND);
    client.write(0, 'pods', 0, LATENCY_NS, bed.answered, 0);
    client.write(0, 'pods', 5.5 * SECOND, LATENCY_NS, bed.answered, 1);
    bed.simulation.run();
    expect([...bed.answeredNs]).toEqual([
      [1, 5.5 * SECOND + LATENCY_NS],
      [0, 6 * SECOND + LATENCY_NS],
    ]);
  });

  test('ends what clients asked on a connection to it, whether executed, waiting or rejected', () => {
    const bed = create({ replicas: 2 });
    const client = bed.servers.client('kube-proxy', 'workload-high');
    // Lists of 10 seats: 9 are executed, 6 queues of 50 take others, the rest is told to try again.
    const list = (request: number, atNs: number): void =>
      client.list(0, 5000, 1e9, atNs, 500 * MS, bed.answered, request, 0, 1);
    for (let n = 0; n < 400; n++) list(n, 0);
    bed.simulation.run(100 * MS);
    expect(bed.servers.rejected).toBe(400 - 9 - 300);
    bed.servers.setDown(1, true);
    bed.servers.setDown(1, false);
    list(400, 200 * MS);
    bed.simulation.run();
    expect([...bed.answeredNs]).toEqual([[400, 700 * MS]]);
    // Asked while it is down: answered when it is up again.
    bed.servers.restart(1, SECOND);
    list(401, bed.simulation.nowNs);
    const beforeNs = bed.simulation.nowNs;
    bed.simulation.run();
    expect(bed.answeredNs.get(401)).toBe(beforeNs + 2 * SECOND + 500 * MS);
  });

  test('with all servers down requests wait for the first that is up', () => {
    const bed = create({ replicas: 2 });
    bed.servers.setDown(0, true);
    bed.servers.setDown(1, true);
    bed.servers.client('kubelet', 'system').write(0, 'pods', 0, LATENCY_NS, bed.answered, 0);
    const up = bed.simulation.registerKind('server up', (server) => bed.servers.setDown(server, false));
    bed.simulation.schedule(10 * SECOND, up, 1);
    bed.simulation.run();
    expect(bed.answeredNs.get(0)).toBe(11 * SECOND + LATENCY_NS);
  });
});
