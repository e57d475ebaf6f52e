import { describe, expect, it } from 'vitest';
import {
  cleansUpStaleChains,
  filterRules,
  isLargeCluster,
  natChains,
  natRules,
  natRulesOfPartialSync,
  serviceChainRules,
} from './iptables-rules.js';

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

describe('TestNumberIptablesRules, ClusterIP (Kubernetes pkg/proxy/iptables/number_generated_rules_test.go, 1.24)', () => {
  it.each([
    { services: 0, endpoints: 0, filter: 3, nat: 5 },
    { services: 1, endpoints: 1, filter: 3, nat: 10 },
    { services: 1, endpoints: 2, filter: 3, nat: 13 },
    { services: 1, endpoints: 10, filter: 3, nat: 37 },
    { services: 10, endpoints: 0, filter: 13, nat: 5 },
    { services: 10, endpoints: 1, filter: 3, nat: 55 },
    { services: 10, endpoints: 2, filter: 3, nat: 85 },
    { services: 10, endpoints: 10, filter: 3, nat: 325 },
  ])('$services services of $endpoints endpoints', ({ services, endpoints, filter, nat }) => {
    const withEndpoints = endpoints === 0 ? 0 : services;
    expect(natRules(withEndpoints, services * endpoints)).toBe(nat);
    expect(filterRules(services - withEndpoints, false)).toBe(filter);
  });
});

describe('TestSyncProxyRulesRepeated (Kubernetes pkg/proxy/iptables/proxier_test.go, 1.33)', () => {
  // Endpoints of every service after the step, and what the sync then writes; a deleted service has no rules left.
  it.each([
    { step: 'two services created, first sync', after: [1, 1], full: true, last: 15, total: 15 },
    { step: 'one deleted, another created without endpoints before', after: [1, 1], changed: [0], last: 7, total: 15 },
    { step: 'a service without endpoints gets one', after: [1, 1, 1], changed: [1], last: 12, total: 20 },
    { step: 'an endpoint is replaced', after: [1, 1, 1], changed: [1], last: 12, total: 20 },
    { step: 'nothing changed', after: [1, 2, 1], changed: [], last: 8, total: 23 },
    { step: 'full retry after a failure, one service deleted', after: [1, 2], full: true, last: 18, total: 18 },
  ])('$step', ({ after, changed = [], full = false, last, total }) => {
    const rules = natRules(after.length, sum(after));
    expect(rules).toBe(total);
    expect(full ? rules : natRulesOfPartialSync(after.length, sum(changed.map(serviceChainRules)))).toBe(last);
    expect(filterRules(0, true)).toBe(4);
  });

  it('deletes the chains of a deleted service with one endpoint: two, and one for a replaced endpoint', () => {
    expect(natChains(1, 1) - natChains(0, 0)).toBe(2);
    expect(natChains(1, 2) - natChains(1, 1)).toBe(1);
  });
});

describe('TestSyncProxyRulesLargeClusterMode (same file)', () => {
  const SECOND = 1e9;

  it('begins above 1000 endpoints, strictly', () => {
    expect([998, 1000, 1001].map(isLargeCluster)).toEqual([false, false, true]);
  });

  it('puts the deletion of stale chains off until the last cleanup is more than syncPeriod ago', () => {
    expect(cleansUpStaleChains(998, 0, 30 * SECOND)).toBe(true);
    expect(cleansUpStaleChains(1001, 0, 30 * SECOND)).toBe(false);
    expect(cleansUpStaleChains(1001, 30 * SECOND, 30 * SECOND)).toBe(false);
    expect(cleansUpStaleChains(1001, 30 * SECOND + 1, 30 * SECOND)).toBe(true);
  });
});

it('sums up: a full sync writes the fixed rules, one dispatch line per service and every service chain', () => {
  const endpoints = [0, 1, 3, 250];
  const withEndpoints = endpoints.filter((count) => count > 0);
  const total = sum(endpoints);
  const chainRules = sum(endpoints.map(serviceChainRules));
  expect(natRulesOfPartialSync(withEndpoints.length, chainRules)).toBe(natRules(withEndpoints.length, total));
  expect(natChains(withEndpoints.length, total) - natChains(0, 0)).toBe(
    sum(endpoints.map((count) => (count === 0 ? 0 : 1 + count))),
  );
});
