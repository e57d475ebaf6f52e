/** Entries of clients by Little's law, with the timeouts of the Linux kernel (nf_conntrack-sysctl: TIME_WAIT 120 s, UDP 30 s, stream 120 s). */

import { expect, test } from 'vitest';
import { entriesOfClients } from './client-entries.js';
import CASES from './client-entries.cases.json' with { type: 'json' };

interface Clients {
  readonly protocol: string;
  readonly requestsPerSecond?: number;
  readonly users?: number;
  readonly thinkSeconds?: number;
  readonly serviceSeconds?: number;
  readonly connections?: number;
  readonly lifetimeSeconds?: number;
}

const OF_KERNEL = { tcpEstablished: 0, tcpCloseWait: 0, udp: 0, udpStream: 0 };
const NS = 1e9;

const entriesOf = (given: Clients, variation = 0) =>
  entriesOfClients(
    {
      protocol: given.protocol as 'TCP',
      load:
        given.users === undefined
          ? { kind: 'open', requestsPerSecond: given.requestsPerSecond! }
          : { kind: 'closed', users: given.users, meanThinkTimeNs: given.thinkSeconds! * NS },
      keepAlive:
        given.connections === undefined
          ? null
          : {
              connections: given.connections,
              meanLifetimeNs: given.lifetimeSeconds === undefined ? null : given.lifetimeSeconds * NS,
            },
      serviceTime: given.serviceSeconds === undefined ? null : { meanNs: given.serviceSeconds * NS, variation },
    },
    OF_KERNEL,
  );

test.each(CASES)('$name', ({ clients, assured, evictable }) => {
  const entries = entriesOf(clients);
  // Lifetimes at random are taken at so many points of their distribution.
  expect(entries.assured / Math.max(1, assured)).toBeCloseTo(assured > 0 ? 1 : 0, 3);
  expect(entries.evictable / Math.max(1, evictable)).toBeCloseTo(evictable > 0 ? 1 : 0, 3);
});

test('of TCP the mean time of an answer counts, however it varies', () => {
  const clients = { protocol: 'TCP', requestsPerSecond: 100, serviceSeconds: 40 };
  expect(entriesOf(clients, 1).assured / 16_000).toBeCloseTo(1, 3);
  expect(entriesOf(clients, 2).assured / 16_000).toBeCloseTo(1, 1);
});

test('of UDP it decides what is a stream', () => {
  const clients = { protocol: 'UDP', requestsPerSecond: 100, serviceSeconds: 1 };
  // exp(-2) last longer than two seconds: 3 s on average, as exponential times forget.
  expect(entriesOf(clients, 1).assured / (100 * Math.exp(-2) * (3 + 120))).toBeCloseTo(1, 2);
});
