import { describe, expect, it } from 'vitest';
import { hasSameIdentity, isUnchanged, type Endpoint } from './endpoint-equality.js';

const target = { namespace: 'default', name: 'pod0', uid: 'u0', resourceVersion: '1' };
const endpoint: Endpoint = {
  addresses: ['10.0.0.1'],
  hostname: null,
  targetRef: target,
  nodeName: 'node-1',
  zone: 'zone-1',
  ready: true,
  serving: true,
  terminating: false,
};

describe('TestEndpointsEqualBeyondHash (Kubernetes staging/src/k8s.io/endpointslice/util/controller_utils_test.go)', () => {
  it.each([
    { name: 'no change', change: {}, unchanged: true },
    { name: 'NodeName', change: { nodeName: 'node-2' }, unchanged: false },
    { name: 'NodeName not set', change: { nodeName: null }, unchanged: false },
    { name: 'Zone', change: { zone: 'zone-2' }, unchanged: false },
    { name: 'Ready', change: { ready: false }, unchanged: false },
    { name: 'Serving', change: { serving: false }, unchanged: false },
    { name: 'Serving from nil to true', before: { serving: null }, change: {}, unchanged: false },
    { name: 'Terminating', change: { terminating: true }, unchanged: false },
    { name: 'Pod name', change: { targetRef: { ...target, name: 'pod1' } }, unchanged: false },
    { name: 'Pod UID', change: { targetRef: { ...target, uid: 'u1' } }, unchanged: false },
    { name: 'Pod resourceVersion', change: { targetRef: { ...target, resourceVersion: '2' } }, unchanged: true },
    { name: 'no Pod', change: { targetRef: null }, unchanged: false },
  ])('$name', ({ before = {}, change, unchanged }) => {
    const [a, b] = [
      { ...endpoint, ...before },
      { ...endpoint, ...change },
    ];
    expect(isUnchanged(a, b)).toBe(unchanged);
    expect(isUnchanged(b, a)).toBe(unchanged);
  });
});

describe('identity', () => {
  it.each([
    { name: 'conditions and place do not count', change: { nodeName: 'n', zone: 'z', ready: false }, same: true },
    {
      name: 'a new pod of the same name at the same address',
      change: { targetRef: { ...target, uid: 'u1' } },
      same: true,
    },
    { name: 'another address', change: { addresses: ['10.0.0.2'] }, same: false },
    { name: 'another pod', change: { targetRef: { ...target, name: 'pod1' } }, same: false },
    { name: 'another namespace', change: { targetRef: { ...target, namespace: 'other' } }, same: false },
    { name: 'another hostname', change: { hostname: 'web-0' }, same: false },
  ])('$name', ({ change, same }) => {
    expect(hasSameIdentity(endpoint, { ...endpoint, ...change })).toBe(same);
  });
});
