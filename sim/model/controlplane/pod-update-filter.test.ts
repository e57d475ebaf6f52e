import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePods, servicesToSync, type PodVersion } from './pod-update-filter.js';

const pod: PodVersion = {
  resourceVersion: '1',
  isReady: true,
  isTerminating: false,
  addresses: ['10.0.0.1'],
  labels: { app: 'web' },
  hostname: '',
  subdomain: '',
};
const NOTHING = { podChanged: false, labelsChanged: false };
const POD = { podChanged: true, labelsChanged: false };
const LABELS = { podChanged: false, labelsChanged: true };

describe('Test_podChanged (Kubernetes staging/src/k8s.io/endpointslice/util/controller_utils_test.go)', () => {
  it.each([
    { name: 'no changes', before: {}, after: {}, expected: NOTHING },
    { name: 'resourceVersion', before: {}, after: { resourceVersion: '2' }, expected: NOTHING },
    { name: 'add primary IPv4', before: { addresses: [] }, after: { addresses: ['1.2.3.4'] }, expected: POD },
    { name: 'modify primary IPv4', before: {}, after: { addresses: ['1.2.3.4'] }, expected: POD },
    { name: 'add primary IPv6', before: { addresses: [] }, after: { addresses: ['fd00:10:96::1'] }, expected: POD },
    { name: 'add secondary IP', before: {}, after: { addresses: ['10.0.0.1', 'fd00:10:96::1'] }, expected: POD },
    {
      name: 'modify secondary IP',
      before: { addresses: ['10.0.0.1', 'fd00:10:96::1'] },
      after: { addresses: ['10.0.0.1', 'fd00:10:96::2'] },
      expected: POD,
    },
    { name: 'remove secondary IP', before: { addresses: ['10.0.0.1', 'fd00::1'] }, after: {}, expected: POD },
    { name: 'change readiness', before: {}, after: { isReady: false }, expected: POD },
    { name: 'mark for deletion', before: {}, after: { isTerminating: true }, expected: POD },
    { name: 'add label', before: {}, after: { labels: { app: 'web', tier: 'front' } }, expected: LABELS },
    { name: 'modify label', before: {}, after: { labels: { app: 'other' } }, expected: LABELS },
    { name: 'remove label', before: {}, after: { labels: {} }, expected: LABELS },
    { name: 'replace label', before: {}, after: { labels: { tier: 'web' } }, expected: LABELS },
    { name: 'hostname', before: {}, after: { hostname: 'web-0' }, expected: LABELS },
    { name: 'subdomain', before: {}, after: { subdomain: 'web' }, expected: LABELS },
  ])('$name', ({ name, before, after, expected }) => {
    // Every update has a new resourceVersion.
    const changed = { ...pod, resourceVersion: name === 'no changes' ? '1' : '2', ...after };
    expect(comparePods({ ...pod, ...before }, changed)).toEqual(expected);
  });
});

it('every update of a pod that terminates is a change, but for the resync of the informer', () => {
  const terminating = { ...pod, isTerminating: true };
  expect(comparePods(terminating, { ...terminating, resourceVersion: '2' })).toEqual(POD);
  expect(comparePods(terminating, terminating)).toEqual(NOTHING);
});

describe('TestDetermineNeededServiceUpdates (same file)', () => {
  it.each([
    { name: 'no services changed', before: 'abc', after: 'abc', labelsOnly: '', podChanged: 'abc' },
    { name: 'all old services removed', before: 'abc', after: '', labelsOnly: 'abc', podChanged: 'abc' },
    { name: 'only new services', before: '', after: 'abc', labelsOnly: 'abc', podChanged: 'abc' },
    { name: 'all services changed', before: 'abc', after: 'def', labelsOnly: 'abcdef', podChanged: 'abcdef' },
    { name: 'some in both', before: 'abc', after: 'bcd', labelsOnly: 'ad', podChanged: 'abcd' },
    { name: 'no services', before: '', after: '', labelsOnly: '', podChanged: '' },
  ])('$name', ({ before, after, labelsOnly, podChanged }) => {
    const sync = (difference: typeof POD): string =>
      [...servicesToSync(new Set(before), new Set(after), difference)].sort().join('');
    expect(sync(LABELS)).toBe(labelsOnly);
    expect(sync(POD)).toBe(podChanged);
    expect(sync({ podChanged: true, labelsChanged: true })).toBe(podChanged);
    expect(sync(NOTHING)).toBe('');
  });
});

it('is the symmetric difference while only labels change, and the union otherwise', () => {
  const services = fc.uniqueArray(fc.nat(12)).map((list) => new Set(list));
  fc.assert(
    fc.property(services, services, (before, after) => {
      const inBoth = [...before].filter((service) => after.has(service));
      const inEither = new Set([...before, ...after]);
      expect(servicesToSync(before, after, POD)).toEqual(inEither);
      for (const service of inBoth) inEither.delete(service);
      expect(servicesToSync(before, after, LABELS)).toEqual(inEither);
    }),
  );
});
