import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { DYNAMIC_RING, fixedRing, type RingLimits } from './watch-cache.js';
import type { ApiClient } from './api-client.js';
import { ApiServers } from './api-servers.js';
import { EtcdStore } from './etcd-store.js';
import { WatchConnections, type WatchConnectionParameters } from './watch-connections.js';
import { NO_TRIGGER, WatchFanOut } from './watch-fan-out.js';

const MS = 1e6;
const SECOND = 1e9;
const MIB = 2 ** 20;

interface Setting {
  readonly nodes: number;
  readonly apiServers: number;
  readonly ring?: RingLimits;
  readonly bandwidth?: number | null;
  readonly more?: Partial<WatchConnectionParameters>;
  /** How nodes ask for lists. */
  readonly client?: (simulation: Simulation) => ApiClient;
}

/** Nodes that note what happens to them, and a log to write to. */
function cluster({ nodes, apiServers, ring = DYNAMIC_RING, bandwidth = null, more = {}, client }: Setting) {
  const simulation = new Simulation();
  const latencyNs = new Float64Array(nodes).fill(0.5 * MS);
  const log = new WatchFanOut(1, {
    apiServers,
    watchers: nodes,
    watchCacheLatencyNs: 0,
    dispatchPerWatcherNs: 1000,
    networkBandwidthBitsPerSecond: bandwidth,
    latencyNs,
  });
  const heard: string[] = [];
  const connections = new WatchConnections(
    simulation,
    log,
    {
      ring,
      minWatchTimeoutNs: null,
      streamsLists: false,
      streamWindowBytes: 4 * MIB,
      cpuCores: null,
      listCpuNs: () => 10 * MS,
      decodePerByteNs: 0,
      latencyNs,
      ...more,
    },
    () => ({ objects: 1, bytes: 1e6 }),
    {
      onCut: (node, firstMissing) => heard.push(`${node} misses ${firstMissing}`),
      onCatchUp: (node, from, end) => heard.push(`${node} gets ${from} to ${end - 1}`),
      onAttach: () => {},
      onPause: () => {},
      onLost: (node) => heard.push(`${node} is lost`),
      onReturned: (node) => heard.push(`${node} is back`),
      onRestarted: (node) => heard.push(`${node} starts`),
      onFirstList: (node) => heard.push(`${node} has its list`),
    },
    new RandomStreams(1, 0),
    client?.(simulation) ?? null,
  );
  let scheduled = 0;
  const kind = simulation.registerKind('test', (index) => todo[index]!());
  const todo: (() => void)[] = [];
  const at = (timeNs: number, action: () => void): void => {
    todo.push(action);
    simulation.schedule(timeNs, kind, scheduled++);
  };
  const write = (timeNs: number, bytes = 1000): void =>
    at(timeNs, () => {
      const added = { service: 0, bytes, changeNs: 0, triggerNs: NO_TRIGGER, isDeletion: false, endpointsAfter: 1 };
      connections.afterAppend(log.append(added, simulation.nowNs));
    });
  return { simulation, log, connections, heard, at, write };
}

describe('an API server that restarts', () => {
  test('leaves its watchers to the others evenly, which still have what they missed, and gets none back', () => {
    const { simulation, log, connections, heard, at, write } = cluster({ nodes: 300, apiServers: 3 });
    at(10 * SECOND, () => connections.restart(1, 20 * SECOND));
    write(10.5 * SECOND);
    write(25 * SECOND);
    simulation.run();
    expect([...log.routes.watchers]).toEqual([150, 0, 150]);
    expect(connections.relists).toBe(0);
    // The back-off is 0.8 s at least, so the first write passed all of them by, and is sent again to each.
    expect(connections.replays.size).toBe(100);
    expect(heard.filter((what) => what.endsWith(' gets 0 to 0')).length).toBe(100);
    expect([0, 1, 2].map((server) => log.watchersAt[server]![0])).toEqual([100, 0, 100]);
    expect([0, 1, 2].map((server) => log.watchersAt[server]![1])).toEqual([150, 0, 150]);
    expect(connections.faults.all[0]).toMatchObject({ broken: 0, endNs: 30 * SECOND });
    expect(connections.faults.all[0]!.lastBackNs).toBeLessThanOrEqual(11.6 * SECOND + MS);
  });

  test('and is the only one has all of them list, even those who missed nothing', () => {
    for (const streamsLists of [false, true]) {
      const { simulation, log, connections, write, at } = cluster({
        nodes: 20,
        apiServers: 1,
        bandwidth: 1e9,
        more: { streamsLists },
      });
      write(1 * SECOND);
      at(10 * SECOND, () => connections.restart(0, 3 * SECOND));
      simulation.run();
      expect(connections.relists).toBe(20);
      expect(connections.listBytesOf[0]).toBe(20e6);
      expect(log.routes.watchers[0]).toBe(20);
      expect(connections.bytesReplacedByLists).toBe(0);
    }
  });

  test('loses the frames that have not left it', () => {
    // A frame of 1 MB takes 8 ms on the card: five of ten have left after 45 ms.
    const { simulation, log, connections, heard, write, at } = cluster({ nodes: 10, apiServers: 2, bandwidth: 1e9 });
    write(0, 1e6);
    at(20 * MS, () => connections.restart(0, 5 * SECOND));
    simulation.run();
    expect(log.framesOf(0, 0)).toBe(2);
    expect(log.framesOf(0, 1)).toBe(5);
    expect(heard.filter((what) => what.includes('misses 0'))).toEqual(['8 misses 0', '6 misses 0', '4 misses 0']);
    expect(connections.replays.size).toBe(3);
  });
});

describe('a watcher that does not read', () => {
  // Four frames of 1 MiB fit into the window, and 2 x 10 into the channels of a watch on a fresh ring.
  const MOST = 4 + 20;
  const pausedWhile = (writes: number, ring?: RingLimits) => {
    const run = cluster({ nodes: 3, apiServers: 1, ...(ring !== undefined && { ring }) });
    run.at(SECOND, () => run.connections.pause(1, 30 * SECOND, 0));
    for (let n = 0; n < writes; n++) run.write(2 * SECOND + n * 10 * MS, MIB);
    run.simulation.run();
    return run;
  };

  test('survives as many events as its window and its channels hold', () => {
    const { connections, heard } = pausedWhile(MOST);
    expect(connections.terminated).toBe(0);
    expect(heard).toEqual([]);
  });

  test('is closed at the next one, keeps what is in the window, and watches again when it reads', () => {
    const { connections, heard, log } = pausedWhile(MOST + 1);
    expect(connections.terminated).toBe(1);
    const node = Number(heard[0]!.split(' ')[0]);
    expect(heard).toEqual([`${node} misses 4`, `${node} gets 4 to ${MOST}`]);
    expect(log.framesOf(3, 0)).toBe(3);
    expect(log.framesOf(4, 0)).toBe(2);
    expect(connections.relists).toBe(0);
    expect(connections.faults.all[0]!.lastBackNs).toBeGreaterThan(31.8 * SECOND);
  });

  test('has to list when the watch cache has gone on too far', () => {
    const { connections } = pausedWhile(MOST + 200, fixedRing(100));
    expect([connections.terminated, connections.relists]).toEqual([1, 1]);
    expect(connections.bytesReplacedByLists).toBe((MOST + 200 - 4) * MIB);
  });

  test('holds its dispatcher up for the budget before it is closed', () => {
    const { log } = pausedWhile(MOST + 1);
    // The last write is 2.24 s into the run: 50 ms at the start and 50 ms at each second, 100 ms at most.
    expect(log.dispatcherFreeNs(0)).toBe(2 * SECOND + MOST * 10 * MS + 3 * 1000 + 100 * MS);
  });
});

describe('lists that need seats', () => {
  test('go out as fast as the seats of one level let them be encoded, all nodes being one user', () => {
    const client = (simulation: Simulation): ApiClient =>
      new ApiServers(simulation, {
        replicas: 1,
        flowControl: {
          maxRequestsInflight: 400,
          maxMutatingRequestsInflight: 200,
          enablePriorityAndFairness: true,
          borrowingLimitPercent: 0,
          workEstimator: 'object-size',
          requestTimeoutNs: 60 * SECOND,
        },
        etcd: new EtcdStore({ quotaBackendBytes: null, compactionIntervalNs: 0, initialBytes: 0 }),
        streams: new RandomStreams(1, 0),
        measureFromNs: 0,
      }).client('kube-proxy', 'workload-high');
    const backAfter = (setting: Partial<Setting>): number => {
      const { simulation, connections, at } = cluster({
        nodes: 1000,
        apiServers: 1,
        more: { listCpuNs: () => SECOND },
        ...setting,
      });
      at(10 * SECOND, () => connections.restart(0, 10 * SECOND));
      simulation.run();
      expect(connections.relists).toBe(1000);
      expect(connections.listCpuNs[0]).toBe(1000 * SECOND);
      return connections.faults.all[0]!.lastBackNs / SECOND - 20;
    };
    // 1 MB in one object is 10 seats of 98: nine at a time, each for a second.
    expect(backAfter({ client })).toBeGreaterThan(1000 / 9 - 5);
    expect(backAfter({ client })).toBeLessThan(1000 / 9 + 20);
    // The last back-off is what takes longest.
    expect(backAfter({})).toBeLessThan(60);
  });
});

describe('a node that is lost', () => {
  test('gets nothing until it is back, and then what it missed, at the next attempt of its reflector', () => {
    const { simulation, log, connections, heard, at, write } = cluster({ nodes: 4, apiServers: 2 });
    write(5 * SECOND);
    at(10 * SECOND, () => connections.onNodeLost(0));
    write(20 * SECOND);
    at(500 * SECOND, () => connections.onNodeReturned(0, 'unchanged'));
    simulation.run(499 * SECOND);
    expect([...log.routes.watchers]).toEqual([1, 2]);
    expect(log.framesOf(1, 0)).toBe(1);
    expect([connections.isLost(0), connections.sentUpTo(0)]).toEqual([true, 1]);
    // Attempts that must fail are no events.
    expect(simulation.pending).toBe(1);
    simulation.run();
    expect(heard).toEqual(['0 misses 1', '0 is lost', '0 is back', '0 gets 1 to 1']);
    expect([connections.isLost(0), connections.sentUpTo(0)]).toEqual([false, 2]);
    expect(simulation.nowNs).toBeGreaterThan(500 * SECOND);
    // The longest back-off.
    expect(simulation.nowNs).toBeLessThan(560 * SECOND);
    expect(connections.relists).toBe(0);
  });

  test('lists at once when it was restarted, also when it is lost again before it has its list', () => {
    for (const streamsLists of [false, true]) {
      const { simulation, log, connections, heard, at, write } = cluster({
        nodes: 2,
        apiServers: 1,
        more: { streamsLists },
      });
      at(10 * SECOND, () => connections.onNodeLost(1));
      write(20 * SECOND);
      at(30 * SECOND, () => connections.onNodeReturned(1, 'rebooted'));
      at(30 * SECOND + MS, () => connections.onNodeLost(1));
      at(40 * SECOND, () => connections.onNodeReturned(1, 'unchanged'));
      simulation.run();
      expect(heard.filter((what) => !what.includes('misses'))).toEqual([
        '1 is lost',
        '1 starts',
        '1 is lost',
        '1 gets 0 to 0',
        '1 has its list',
      ]);
      expect(connections.relists).toBe(2);
      expect(connections.listBytesOf[0]).toBe(1e6);
      expect(log.routes.watchers[0]).toBe(2);
    }
  });

  test('is no longer waited for by the fault that broke its watch', () => {
    const { simulation, connections, at } = cluster({ nodes: 6, apiServers: 2 });
    at(10 * SECOND, () => connections.restart(0, 5 * SECOND));
    at(10.1 * SECOND, () => connections.onNodeLost(2));
    simulation.run();
    expect(connections.faults.all[0]).toMatchObject({ broken: 0 });
  });
});

describe('watches that time out', () => {
  test('come back to the server they were on, and never keep a run from ending', () => {
    const { simulation, connections, log, write } = cluster({
      nodes: 30,
      apiServers: 3,
      more: { minWatchTimeoutNs: 300 * SECOND },
    });
    write(2000 * SECOND);
    while (simulation.pending > connections.backgroundEvents) simulation.run(simulation.nowNs + SECOND);
    expect(simulation.nowNs).toBeGreaterThanOrEqual(2000 * SECOND);
    expect(simulation.nowNs).toBeLessThanOrEqual(2003 * SECOND);
    simulation.run(3000 * SECOND);
    for (let node = 0; node < 30; node++) {
      if (log.routes.isConnected(node)) expect(log.routes.server[node]).toBe(node % 3);
    }
    expect(connections.relists).toBe(0);
  });
});
