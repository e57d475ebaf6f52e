import { describe, expect, it } from 'vitest';
import type { IpFamily } from '../../cluster/services.js';
import {
  healthyLocalEndpoints,
  healthzStatus,
  livezStatus,
  type NodeForHealth,
  ProxyHealth,
  ServiceHealth,
} from './health-checks.js';

const SECOND = 1e9;
const NODE: NodeForHealth = { taints: [], isBeingDeleted: false };

describe('TestServer (Kubernetes pkg/proxy/healthcheck/healthcheck_test.go)', () => {
  it.each([
    { step: 'a service without endpoints', localEndpoints: 0, isProxyHealthy: true, status: 503 },
    { step: 'three endpoints', localEndpoints: 3, isProxyHealthy: true, status: 200 },
    { step: 'seven endpoints', localEndpoints: 7, isProxyHealthy: true, status: 200 },
    { step: 'seven endpoints of a kube-proxy that hangs', localEndpoints: 7, isProxyHealthy: false, status: 503 },
    { step: 'six endpoints, and it goes on', localEndpoints: 6, isProxyHealthy: true, status: 200 },
  ])('$step: $status', ({ localEndpoints, isProxyHealthy, status }) => {
    const health = new ServiceHealth();
    health.syncServices(new Map([[1, 9376]]));
    health.syncEndpoints(new Map([[1, localEndpoints]]));
    expect(health.answer(1, isProxyHealthy)).toEqual({ status, weight: localEndpoints });
  });

  it('a service that is missing from a sync has no endpoints, and one without port no server', () => {
    const health = new ServiceHealth();
    expect(health.answer(1, true)).toBeNull();
    health.syncServices(new Map([[1, 9376]]));
    health.syncEndpoints(
      new Map([
        [1, 5],
        [2, 5],
      ]),
    );
    expect(health.answer(1, true)).toEqual({ status: 200, weight: 5 });
    expect(health.answer(2, true)).toBeNull();
    health.syncEndpoints(new Map());
    expect(health.answer(1, true)).toEqual({ status: 503, weight: 0 });
    health.syncServices(new Map());
    expect(health.answer(1, true)).toBeNull();
  });

  it('another port of one service resets its count and no other', () => {
    const health = new ServiceHealth();
    health.syncServices(new Map([11112, 11113, 11114].map((port, service) => [service, port])));
    health.syncEndpoints(new Map([9, 7, 8].map((count, service) => [service, count])));
    health.syncServices(new Map([11112, 11115, 11114].map((port, service) => [service, port])));
    expect([0, 1, 2].map((service) => health.answer(service, true))).toEqual([
      { status: 200, weight: 9 },
      { status: 503, weight: 0 },
      { status: 200, weight: 8 },
    ]);
  });
});

describe('testProxyHealthUpdater (same file), time-out 10 s', () => {
  /** Events at the times of the test, and the answer right after each. */
  const timeline: readonly (readonly [number, 'queued' | 'updated' | 'asked', readonly IpFamily[], number])[] = [
    [0, 'asked', [], 200],
    [0, 'updated', ['IPv4', 'IPv6'], 200],
    [25, 'queued', ['IPv4'], 200],
    [50, 'asked', [], 503],
    [50, 'updated', ['IPv4', 'IPv6'], 200],
    [55, 'queued', ['IPv6'], 200],
    [80, 'asked', [], 503],
    [80, 'updated', ['IPv4', 'IPv6'], 200],
    [85, 'queued', ['IPv4', 'IPv6'], 200],
    [110, 'asked', [], 503],
    [110, 'updated', ['IPv4', 'IPv6'], 200],
    [115, 'queued', ['IPv6'], 200],
    [140, 'updated', ['IPv4'], 503],
    [140, 'updated', ['IPv6'], 200],
    [140, 'queued', ['IPv4', 'IPv6'], 200],
    [165, 'updated', ['IPv4'], 503],
    [165, 'updated', ['IPv6'], 200],
  ];

  it('answers as the families are behind, on both paths', () => {
    const health = new ProxyHealth(10 * SECOND);
    for (const [at, event, families, status] of timeline) {
      for (const family of families) {
        if (event === 'queued') health.queued(family, at * SECOND);
        else health.updated(family);
      }
      const isHealthy = health.isHealthy(at * SECOND);
      expect([at, healthzStatus(isHealthy, NODE), livezStatus(isHealthy)]).toEqual([at, status, status]);
    }
  });

  it('counts from the oldest change, to the nanosecond', () => {
    const health = new ProxyHealth(10 * SECOND);
    health.queued('IPv4', 0);
    health.queued('IPv4', 9 * SECOND);
    expect([10 * SECOND - 1, 10 * SECOND].map((timeNs) => health.isHealthy(timeNs))).toEqual([true, false]);
  });
});

describe('TestHealthzServer, TestLivezServer (same file)', () => {
  it.each([
    { name: 'no taint', node: NODE, healthz: 200 },
    { name: 'another taint', node: { ...NODE, taints: ['other'] }, healthz: 200 },
    { name: 'about to be deleted', node: { ...NODE, taints: ['ToBeDeletedByClusterAutoscaler'] }, healthz: 503 },
    { name: 'being deleted', node: { ...NODE, isBeingDeleted: true }, healthz: 503 },
    { name: 'gone', node: null, healthz: 503 },
  ])('node $name: /healthz $healthz, /livez 200, and 503 for a kube-proxy that hangs', ({ node, healthz }) => {
    expect([healthzStatus(true, node), livezStatus(true)]).toEqual([healthz, 200]);
    expect([healthzStatus(false, node), livezStatus(false)]).toEqual([503, 503]);
  });
});

describe('TestHealthCheckNodePortWhenTerminating (Kubernetes pkg/proxy/iptables/proxier_test.go)', () => {
  const endpoint = (host: number, isReady: boolean, isLocal = true) => ({
    address: `10.0.1.${host}`,
    isReady,
    isLocal,
  });

  it('counts ready endpoints on the node, each address once, and none that ends', () => {
    expect(healthyLocalEndpoints([1, 2, 3, 4].map((host) => endpoint(host, host < 4)))).toBe(3);
    expect(healthyLocalEndpoints([endpoint(1, true), endpoint(1, true), endpoint(2, true, false)])).toBe(1);
    expect(healthyLocalEndpoints([1, 2, 3, 4].map((host) => endpoint(host, false)))).toBe(0);
  });
});
