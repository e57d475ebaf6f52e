import { expect, test } from 'vitest';
import { RandomStreams } from '../../kernel/random.js';
import { Etcd } from './etcd.js';
import { EtcdStore, NO_SPACE } from './etcd-store.js';

const MS = 1e6;
const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const UNLIMITED = {
  quotaBackendBytes: null,
  compactionIntervalNs: 5 * MINUTE,
  initialBytes: 0,
};

test('a lone write takes its unloaded latency', () => {
  expect(new EtcdStore(UNLIMITED).write(0, 3 * MS, 1e6)).toBe(3 * MS);
});

test('the size of a large write takes its time', () => {
  const latency = { writeLatencyNs: { median: 3 * MS, p99: 3 * MS }, maxRequestBytes: null };
  const streams = new RandomStreams(1, 0);
  expect(new Etcd(latency, streams).writesOf('x').ns(0, 0, 1e6)).toBe(3 * MS);
  // 1 MB at 1 Gbit/s: 8 ms.
  const limited = new Etcd({ ...latency, writeBandwidthBitsPerSecond: 1e9 }, streams);
  expect(limited.writesOf('x').ns(0, 0, 1e6)).toBe(11 * MS);
});

test('1000 clients in a closed loop see the published throughput and latency', () => {
  // etcd performance guide: 44,341 writes/s at a mean of 22 ms; Little's law makes 22.6 ms of the throughput.
  const etcd = new EtcdStore(UNLIMITED);
  const clients = new Float64Array(1000);
  let latencyNs = 0;
  const writes = 100_000;
  for (let n = 0; n < writes; n++) {
    // The pipeline is first come, first served and all take equally long, so the clients come round in their order.
    const client = n % clients.length;
    const takes = etcd.write(clients[client]!, 1.6 * MS, 256);
    clients[client]! += takes;
    if (n >= writes / 2) latencyNs += takes;
  }
  const meanMs = latencyNs / (writes / 2) / MS;
  expect(meanMs).toBeGreaterThan(22);
  expect(meanMs).toBeLessThan(23);
  expect(writes / (Math.max(...clients) / SECOND)).toBeCloseTo(44_341, -3);
});

test('a slow period multiplies the latency until it is over; of two the slower holds', () => {
  const etcd = new EtcdStore(UNLIMITED);
  etcd.slowDown(10, 30 * SECOND);
  etcd.slowDown(4, 60 * SECOND);
  expect(etcd.write(1 * SECOND, 3 * MS, 0)).toBe(30 * MS);
  expect(etcd.write(29.9 * SECOND, 3 * MS, 0)).toBe(30 * MS);
  expect(etcd.write(30 * SECOND, 3 * MS, 0)).toBe(12 * MS);
  expect(etcd.write(60 * SECOND, 3 * MS, 0)).toBe(3 * MS);
});

test('compaction keeps the history of one to two intervals, and the file does not shrink', () => {
  const etcd = new EtcdStore({ ...UNLIMITED, initialBytes: 1000 });
  for (let minute = 0; minute < 30; minute++) etcd.write(minute * MINUTE, MS, 10);
  // Ten minutes of 10 bytes each at the worst time.
  expect(etcd.fileBytes).toBe(1000 + 10 * 10);
  etcd.write(10 * 60 * MINUTE, MS, 10);
  expect(etcd.fileBytes).toBe(1000 + 10 * 10);
});

test('without compaction the file holds every revision', () => {
  const etcd = new EtcdStore({ ...UNLIMITED, compactionIntervalNs: 0 });
  for (let minute = 0; minute < 30; minute++) etcd.write(minute * MINUTE, MS, 10);
  expect(etcd.fileBytes).toBe(300);
});

test('over the quota writes are refused, and stay so after compaction', () => {
  const etcd = new EtcdStore({ ...UNLIMITED, quotaBackendBytes: 25 });
  expect(etcd.write(0, MS, 10)).toBe(MS);
  expect(etcd.write(1, MS, 15)).not.toBe(NO_SPACE);
  expect(etcd.write(2, MS, 1)).toBe(NO_SPACE);
  expect(etcd.write(60 * MINUTE, MS, 0)).toBe(NO_SPACE);
  expect([etcd.refused, etcd.fileBytes]).toEqual([2, 25]);
});
