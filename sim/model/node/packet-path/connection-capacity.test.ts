import { describe, expect, it } from 'vitest';
import type { PacketPath } from '../../versions/packet-costs.js';
import {
  connectionNs,
  type ConnectionWork,
  connectionsPerSecondMax,
  proxyModeNs,
  relativeCapacity,
} from './connection-capacity.js';

const CORES = 4;
const WITHOUT_SERVICES = 31_365;
const KEEP_ALIVE = 115_434;

/** What the rates without services say of a request, and of a connection beside its request and the 0.8 us of iptables mode. */
const cpuPerRequestNs = (CORES * 1e9) / KEEP_ALIVE;
const cpuPerConnectionNs = (CORES * 1e9) / WITHOUT_SERVICES - cpuPerRequestNs - 800;

const workOf = (services: number, path: PacketPath, given: Partial<ConnectionWork> = {}): ConnectionWork => ({
  protocol: 'TCP',
  dispatch: {
    path,
    lines: services,
    nodePortLines: 0,
    targets: [
      {
        weight: 1,
        address: 'ClusterIP',
        endpoints: 4,
        hasAffinity: false,
        isExternalPolicyLocal: false,
        sourceRanges: 0,
      },
    ],
  },
  shareToServices: 1,
  // Cores that are saturated by a load generator with 64 connections leave nothing in the caches.
  cacheColdShare: 1,
  knownClientShare: 0,
  requestsPerConnection: 1,
  cpuPerConnectionNs,
  cpuPerRequestNs,
  slowness: 1,
  ...given,
});

describe('short connections (Cilium network benchmark on TKE, imroc/tke-guide, 4 cores, 4 endpoints a service)', () => {
  // The page prints the first two. Of the others it is the cost for each rule that is known, 9.1 and 10.5 ns.
  it.each([
    { services: 0, requestsPerSecond: WITHOUT_SERVICES },
    { services: 5000, requestsPerSecond: 22_237 },
    { services: 10_000, requestsPerSecond: 17_261 },
    { services: 20_000, requestsPerSecond: 4e6 / (127.5 + 9.1 * 20) },
    { services: 30_000, requestsPerSecond: 4e6 / (127.5 + 10.5 * 30) },
  ])('$services services, within a tenth', ({ services, requestsPerSecond }) => {
    const deviation = connectionsPerSecondMax(workOf(services, 'iptables-legacy'), CORES) / requestsPerSecond - 1;
    console.log(`short connections, ${services} services: ${(100 * deviation).toFixed(1)} %`);
    expect(Math.abs(deviation)).toBeLessThan(0.1);
  });

  it('keep-alive is not affected: -0.7 % and -2.1 % at 30,000 services', () => {
    const relative = relativeCapacity(workOf(30_000, 'iptables-legacy', { requestsPerConnection: 10_000 }));
    expect(relative).toBeGreaterThan(1 - 0.021);
  });
});

describe('what the proxy mode costs', () => {
  it('rules are paid once a connection: with 100 requests on it, a hundredth for each (Tigera, Comparing kube-proxy modes)', () => {
    const rules = proxyModeNs(workOf(10_000, 'iptables-legacy'));
    expect(proxyModeNs(workOf(10_000, 'iptables-legacy', { requestsPerConnection: 100 }))).toBe(rules);
  });

  it('is insignificant under 1,000 services without keep-alive (same)', () => {
    expect(relativeCapacity(workOf(1000, 'iptables-legacy'))).toBeGreaterThan(0.9);
  });

  it('does not depend on the number of services in nftables and IPVS', () => {
    for (const path of ['nftables', 'ipvs'] as const) {
      expect(relativeCapacity(workOf(30_000, path))).toBe(1);
    }
  });

  it('IPVS pays for every packet, connection tracking alone for none', () => {
    expect(proxyModeNs(workOf(10, 'ipvs', { requestsPerConnection: 100 }))).toBeCloseTo(9600 - 7500 + 100 * 450, 6);
    expect(proxyModeNs(workOf(10, 'conntrack', { requestsPerConnection: 100 }))).toBe(0);
  });

  it('connections to no service pass all lines', () => {
    const halves = workOf(1000, 'iptables-legacy', { shareToServices: 0.5, cacheColdShare: 0 });
    const hit = 8300 + 4.8 * 500.5 + 25 * 1.5;
    const miss = 8300 - 80 + 4.8 * 1001;
    expect(proxyModeNs(halves)).toBeCloseTo((hit + miss) / 2 - 7500, 6);
    expect(connectionNs(halves)).toBeCloseTo(cpuPerConnectionNs + cpuPerRequestNs + (hit + miss) / 2 - 7500, 6);
  });
});
