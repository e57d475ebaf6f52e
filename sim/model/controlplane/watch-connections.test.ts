import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { DYNAMIC_RING, fixedRing, type RingLimits } from './watch-cache.js';
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
}

/** Nodes that note what happens to them, and a log to write to. */
function cluster({ nodes, apiServers, ring = DYNAMIC_RING, bandwidth = null, more = {} }: Setting) {
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
  const told: string[] = [];
  const watchers: number[] = [];
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
    },
    new RandomStreams(1, 0),
    {
      setDown: (server, isDown) => told.push(`${server} is ${isDown ? 'down' : 'up'}`),
      setWatchers: (server, count) => (watchers[server] = count),
    },
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
  return { simulation, log, connections, heard, told, watchers, at, write };
}

describe('an API server that restarts', () => {
  test('leaves its watchers to the others evenly, which still have what they missed, and gets none back', () => {
    const { simulation, log, connections, heard, told, watchers, at, write } = cluster({ nodes: 300, apiServers: 3 });
    at(10 * SECOND, () => connections.restart(1, 20 * SECOND));
    write(10.5 * SECOND);
    write(25 * SECOND);
    simulation.run();
    expect([...log.routes.watchers]).toEqual([150, 0, 150]);
    // Whoever else sends requests to these servers hears of it.
    expect(watchers).toEqual([150, 0, 150]);
    expect(told).toEqual(['1 is down', '1 is up']);
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
