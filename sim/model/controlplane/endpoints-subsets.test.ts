import { describe, expect, it } from 'vitest';
import type { EndpointAddress, EndpointSubset } from './endpoints-repack.js';
import { isSameSubsets } from './endpoints-subsets.js';

const target = (uid: string, resourceVersion = '1') => ({
  namespace: 'default',
  name: `pod-${uid}`,
  uid,
  resourceVersion,
});
const address = (ip: string, uid = ip): EndpointAddress => ({ ip, nodeName: 'node-1', targetRef: target(uid) });
const http = { name: 'http', port: 8080, protocol: 'TCP' } as const;
const metrics = { name: 'metrics', port: 9090, protocol: 'TCP' } as const;

describe('TestEndpointSubsetsEqualIgnoreResourceVersion (Kubernetes pkg/controller/endpoint/endpoints_controller_test.go)', () => {
  const one: EndpointSubset = {
    ready: [address('10.0.0.1'), address('10.0.0.2')],
    notReady: [address('10.0.0.3')],
    ports: [http],
  };
  const two: EndpointSubset = { ready: [address('10.0.0.4')], notReady: [], ports: [metrics] };
  const withFirst = (change: Partial<EndpointAddress>): EndpointSubset => ({
    ...one,
    ready: [{ ...one.ready[0]!, ...change }, one.ready[1]!],
  });
  it.each([
    { name: 'nothing', after: [one, two], same: true },
    { name: 'order of subsets', after: [two, one], same: true },
    { name: 'subsets removed', after: [one], same: false },
    { name: 'all subsets removed', after: [], same: false },
    { name: 'ready IP', after: [withFirst({ ip: '10.0.0.9' }), two], same: false },
    { name: 'not-ready IP', after: [{ ...one, notReady: [address('10.0.0.9')] }, two], same: false },
    { name: 'readiness', after: [{ ...one, ready: [...one.ready, ...one.notReady], notReady: [] }, two], same: false },
    { name: 'pod', after: [withFirst({ targetRef: target('other') }), two], same: false },
    {
      name: 'no pod',
      after: [{ ...one, ready: [{ ip: '10.0.0.1', nodeName: 'node-1' }, one.ready[1]!] }, two],
      same: false,
    },
    { name: 'node', after: [withFirst({ nodeName: 'node-2' }), two], same: false },
    { name: 'hostname', after: [withFirst({ hostname: 'web-0' }), two], same: false },
    { name: "pod's resourceVersion", after: [withFirst({ targetRef: target('10.0.0.1', '2') }), two], same: true },
    { name: 'ports', after: [{ ...one, ports: [http, metrics] }, two], same: false },
    { name: 'port number', after: [{ ...one, ports: [{ ...http, port: 80 }] }, two], same: false },
    {
      name: 'ports exchanged',
      after: [
        { ...one, ports: [metrics] },
        { ...two, ports: [http] },
      ],
      same: false,
    },
  ])('$name', ({ after, same }) => {
    expect(isSameSubsets([one, two], after)).toBe(same);
    expect(isSameSubsets(after, [one, two])).toBe(same);
  });
});
