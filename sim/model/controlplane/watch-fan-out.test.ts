import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { NO_ENTRY, NO_TRIGGER, WatchFanOut } from './watch-fan-out.js';

const write = { service: 0, changeNs: 0, triggerNs: NO_TRIGGER, isDeletion: false, endpointsAfter: 1 };

describe('watch fan-out', () => {
  test('the delivery formula is the recursion over dispatcher and network card, watcher by watcher', () => {
    const stream = new RandomStreams(1, 0).stream('writes');
    const watchers = 11;
    const apiServers = 2;
    const latencyNs = Float64Array.from({ length: watchers }, () => stream.integerBelow(1_000_000));
    const sendNs = 1000;
    const bandwidth = 1e9;
    const log = new WatchFanOut(1, {
      apiServers,
      watchers,
      watchCacheLatencyNs: 0,
      dispatchPerWatcherNs: sendNs,
      networkBandwidthBitsPerSecond: bandwidth,
      latencyNs,
    });
    const dispatcherFree = [0, 0];
    const networkFree = [0, 0];
    let commitNs = 0;
    for (let n = 0; n < 500; n++) {
      commitNs += stream.integerBelow(20_000);
      // Frames on both sides of the dispatcher's 1,000 ns: 125 bytes take that long on this card.
      const bytes = 1 + stream.integerBelow(300);
      const entry = log.append({ ...write, bytes }, commitNs);
      const frameNs = Math.round((bytes * 8 * 1e9) / bandwidth);
      for (let server = 0; server < apiServers; server++) {
        let dispatched = Math.max(commitNs, dispatcherFree[server]!);
        let out = networkFree[server]!;
        for (let node = server; node < watchers; node += apiServers) {
          dispatched += sendNs;
          out = Math.max(dispatched, out) + frameNs;
          expect(log.deliveryNs(entry, node)).toBe(out + latencyNs[node]!);
        }
        dispatcherFree[server] = dispatched;
        networkFree[server] = out;
        expect(log.lastFrameOutNs(entry, server)).toBe(out);
      }
    }
  });

  test('the formula holds while watchers leave, join and move up', () => {
    const stream = new RandomStreams(4, 0).stream('watchers');
    const nodes = 9;
    const latencyNs = new Float64Array(nodes);
    const log = new WatchFanOut(1, {
      apiServers: 2,
      watchers: nodes,
      watchCacheLatencyNs: 0,
      dispatchPerWatcherNs: 1000,
      networkBandwidthBitsPerSecond: 1e9,
      latencyNs,
    });
    const { routes } = log;
    const dispatcherFree = [0, 0];
    const networkFree = [0, 0];
    let nowNs = 0;
    for (let n = 0; n < 400; n++) {
      nowNs += stream.integerBelow(20_000);
      const node = stream.integerBelow(nodes);
      // Closing with nothing to drop leaves the card as it is, so the recursion needs to know of no frame that was lost.
      if (routes.isConnected(node)) routes.close(node, log.length);
      else routes.attach(node, stream.integerBelow(2), 0);
      const bytes = 1 + stream.integerBelow(300);
      const entry = log.append({ ...write, bytes }, nowNs);
      const frameNs = Math.round((bytes * 8 * 1e9) / 1e9);
      for (let server = 0; server < 2; server++) {
        const members = routes.membersOf(server);
        expect(members.length).toBe(routes.watchers[server]);
        expect(log.framesOf(entry, server)).toBe(members.length);
        let dispatched = Math.max(nowNs, dispatcherFree[server]!);
        let out = networkFree[server]!;
        for (const [rank, member] of members.entries()) {
          expect([routes.server[member], routes.rank[member]]).toEqual([server, rank]);
          dispatched += 1000;
          out = Math.max(dispatched, out) + frameNs;
          expect(log.deliveryNs(entry, member)).toBe(out);
        }
        if (members.length === 0) continue;
        dispatcherFree[server] = dispatched;
        networkFree[server] = out;
      }
      for (let other = 0; other < nodes; other++) {
        if (!routes.isConnected(other)) expect(log.deliveryNs(entry, other)).toBe(Infinity);
      }
    }
  });

  test('a frame of 17,241 bytes to 5,000 watchers keeps a card of 10 Gbit/s busy for 69 ms', () => {
    const log = new WatchFanOut(1, {
      apiServers: 1,
      watchers: 5000,
      watchCacheLatencyNs: 0,
      dispatchPerWatcherNs: 1000,
      networkBandwidthBitsPerSecond: 1e10,
      latencyNs: new Float64Array(5000),
    });
    log.append({ ...write, bytes: 17_241 }, 0);
    // 17,241 B x 8 / 10 Gbit/s = 13,793 ns for each of 5,000.
    expect(log.frameNs[0]).toBe(13_793);
    expect(log.deliveryNs(0, 4999)).toBe(1000 + 5000 * 13_793);
  });

  test('entries of a service are linked, and to the next deletion', () => {
    const log = new WatchFanOut(2, {
      apiServers: 1,
      watchers: 1,
      watchCacheLatencyNs: 0,
      dispatchPerWatcherNs: 1,
      networkBandwidthBitsPerSecond: null,
      latencyNs: new Float64Array(1),
    });
    log.append({ ...write, bytes: 1 }, 0); // 0: service 0
    log.append({ ...write, bytes: 1, service: 1 }, 1); // 1: service 1
    log.append({ ...write, bytes: 1 }, 2); // 2: service 0
    log.append({ ...write, bytes: 1, isDeletion: true }, 3); // 3: service 0, deletion
    log.append({ ...write, bytes: 1 }, 4); // 4: service 0
    expect([...log.nextOfService.subarray(0, 5)]).toEqual([2, NO_ENTRY, 3, 4, NO_ENTRY]);
    expect([...log.nextDeletionOfService.subarray(0, 5)]).toEqual([3, NO_ENTRY, 3, NO_ENTRY, NO_ENTRY]);
  });

  test('the log grows beyond its first capacity without losing entries', () => {
    const log = new WatchFanOut(1, {
      apiServers: 2,
      watchers: 4,
      watchCacheLatencyNs: 0,
      dispatchPerWatcherNs: 1,
      networkBandwidthBitsPerSecond: null,
      latencyNs: new Float64Array(4),
    });
    for (let n = 0; n < 10_000; n++) log.append({ ...write, bytes: n, endpointsAfter: n }, n * 100);
    for (const entry of [0, 4095, 4096, 9999]) {
      expect([log.bytes[entry], log.endpointsAfter[entry], log.deliveryNs(entry, 0)]).toEqual([
        entry,
        entry,
        entry * 100 + 1,
      ]);
    }
  });
});
