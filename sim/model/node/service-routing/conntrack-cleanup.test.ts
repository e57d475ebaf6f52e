import { describe, expect, it } from 'vitest';
import { cleanUpRequests, type ConntrackEntry, isCleanUpDue, staleEntries } from './conntrack-cleanup.js';
import type { Protocol } from './packet-verdict.js';

const PORT = 8000;
const FOREIGN_PORT = 5000;
const NODE_PORT = 32000;
const SERVICE = {
  clusterIP: '172.30.1.1',
  externalIPs: ['192.0.2.1'],
  loadBalancerIPs: [{ ip: '198.51.100.1', ipMode: null }],
  port: PORT,
  protocol: 'UDP',
  nodePort: NODE_PORT,
  endpoints: [
    { address: '10.240.0.1', isServing: true },
    { address: '10.240.0.2', isServing: false },
  ],
} as const;
const SERVICE_IPS = ['172.30.1.1', '192.0.2.1', '198.51.100.1'];
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
const entry = (
  protocol: Protocol,
  destination: string,
  destinationPort: number,
  replySource: string,
): ConntrackEntry => ({
  protocol,
  destination,
  destinationPort,
  replySource,
});

describe('TestCleanStaleEntries (Kubernetes pkg/proxy/conntrack/cleanup_test.go)', () => {
  const natted = PROTOCOLS.flatMap((protocol) =>
    ['10.240.0.1', '10.240.0.2', '10.240.0.3'].flatMap((endpoint) => [
      ...SERVICE_IPS.flatMap((ip) => [PORT, FOREIGN_PORT].map((port) => entry(protocol, ip, port, endpoint))),
      entry(protocol, '192.168.0.2', NODE_PORT, endpoint),
    ]),
  );
  const notNatted = SERVICE_IPS.flatMap((ip) => [PORT, FOREIGN_PORT].map((port) => entry('UDP', ip, port, ip)));
  const table = [...natted, ...notNatted];

  it('of 69 entries deletes the 11 of UDP that lead to no serving endpoint of the service', () => {
    expect(table).toHaveLength(69);
    const stale = staleEntries([SERVICE, { ...SERVICE, protocol: 'TCP', port: FOREIGN_PORT }], table);
    expect(stale).toHaveLength(11);
    expect(stale.every(({ protocol }) => protocol === 'UDP')).toBe(true);
    expect(stale.filter(({ destinationPort }) => destinationPort === NODE_PORT)).toHaveLength(2);
    expect(stale.filter(({ destination, replySource }) => destination === replySource)).toHaveLength(3);
  });

  it('deletes all of a service without endpoints, none of other services, and none twice', () => {
    expect(staleEntries([{ ...SERVICE, endpoints: [] }], table)).toHaveLength(15);
    expect(staleEntries([{ ...SERVICE, clusterIP: '172.30.9.9', externalIPs: [], loadBalancerIPs: [] }], [])).toEqual(
      [],
    );
    expect(staleEntries([], table)).toEqual([]);
    const both = entry('UDP', '172.30.1.1', PORT, '10.240.0.2');
    expect(staleEntries([{ ...SERVICE, nodePort: PORT }], [both])).toHaveLength(1);
  });
});

describe('when and how much', () => {
  it.each([
    { isSuccessful: true, changed: ['TCP', 'UDP'] as const, expected: true },
    { isSuccessful: true, changed: ['TCP', 'SCTP'] as const, expected: false },
    { isSuccessful: false, changed: ['UDP'] as const, expected: false },
    { isSuccessful: true, changed: [] as const, expected: false },
  ])('sync succeeded $isSuccessful, changed $changed: $expected', ({ isSuccessful, changed, expected }) => {
    expect(isCleanUpDue(isSuccessful, changed)).toBe(expected);
  });

  it('takes three netlink requests and one for each deletion (TestPerformanceCleanStaleEntries, same file)', () => {
    expect([0, 11, 500_000].map(cleanUpRequests)).toEqual([3, 14, 500_003]);
  });
});
