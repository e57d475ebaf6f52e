import { describe, expect, it } from 'vitest';
import {
  cleanUpRequests,
  conntrackHashSize,
  conntrackMax,
  type ConntrackEntry,
  isCleanUpDue,
  staleEntries,
} from './conntrack-cleanup.js';
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

describe('TestGetConntrackMax (Kubernetes cmd/kube-proxy/app/server_linux_test.go, pkg/proxy/conntrack/sysctls_test.go)', () => {
  it.each([
    { min: 0, maxPerCore: 0, cores: 8, until134: null, from135: null },
    { min: 123_456, maxPerCore: 1, cores: 8, until134: 123_456, from135: 123_456 },
    { min: 123_456, maxPerCore: 0, cores: 8, until134: null, from135: null },
    { min: 0, maxPerCore: 67_890, cores: 8, until134: 543_120, from135: 543_120 },
    { min: 131_072, maxPerCore: 32_768, cores: 2, until134: 131_072, from135: 131_072 },
    { min: 131_072, maxPerCore: 32_768, cores: 64, until134: 2_097_152, from135: 1_048_576 },
    { min: 2_000_000, maxPerCore: 1, cores: 1, until134: 2_000_000, from135: 1_048_576 },
  ])('min $min, $maxPerCore a core, $cores cores: $until134, $from135', ({ cores, until134, from135, ...limits }) => {
    expect([34, 35].map((minor) => conntrackMax(limits, cores, minor))).toEqual([until134, from135]);
  });

  it('the hash table grows to a bucket for four entries and never shrinks', () => {
    expect(conntrackHashSize(131_072, 16_384)).toBe(32_768);
    expect(conntrackHashSize(131_072, 65_536)).toBe(65_536);
  });
});
