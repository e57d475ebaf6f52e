import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../../cluster/service-shape.js';
import { IPTABLES_LEGACY } from '../iptables/iptables-legacy.js';
import { SyncKind, type SyncWork } from '../proxy-mode.js';
import { proxyModeConformance } from '../proxy-mode.conformance.js';
import { checkRulesNs, redirectRules, UserspaceMode, writeRulesNs } from './userspace-mode.js';

const commandNs = (rules: number): number => IPTABLES_LEGACY.ensureRuleNs(rules, 0, 0);

proxyModeConformance('userspace', () => new UserspaceMode());

const cases: readonly { name: string; shape: Partial<ServiceShape>; addresses: number }[] = [
  { name: 'cluster IP', shape: {}, addresses: 1 },
  { name: 'external IPs', shape: { externalIPs: 3 }, addresses: 4 },
  { name: 'node port', shape: { type: 'NodePort' }, addresses: 2 },
  { name: 'load balancer', shape: { type: 'LoadBalancer', loadBalancerIPs: 2 }, addresses: 4 },
  {
    name: 'load balancer without node port',
    shape: { type: 'LoadBalancer', loadBalancerIPs: 2, allocateLoadBalancerNodePorts: false },
    addresses: 3,
  },
];

it.each(cases)(
  '$name: a rule for pods and one for the node at each of $addresses addresses',
  ({ shape, addresses }) => {
    expect(redirectRules({ ...CLUSTER_IP, ...shape })).toBe(2 * addresses);
  },
);

describe('a sync', () => {
  const mode = new UserspaceMode();
  const syncNs = (services: number, change: Partial<SyncWork> = {}): number =>
    mode.syncNs({
      kind: SyncKind.partial,
      tables: Float64Array.of(2 * services, 5 * services),
      changedServices: 0,
      changedLines: 0,
      changedEndpoints: 0,
      goneEndpoints: 0,
      staleEndpoints: 0,
      cleansUp: false,
      ...change,
    });

  it('of endpoints is a matter of memory, whatever the number of services', () => {
    const change = { changedServices: 1, changedLines: 5, changedEndpoints: 1, goneEndpoints: 1, staleEndpoints: 1 };
    expect(syncNs(10_000, change)).toBe(syncNs(10, change));
    expect(syncNs(10_000, change)).toBeLessThan(1e6);
  });

  it('of rules grows with the square of the services', () => {
    const ratio = syncNs(40_000, { kind: SyncKind.full }) / syncNs(20_000, { kind: SyncKind.full });
    expect(ratio).toBeGreaterThan(3.5);
    expect(ratio).toBeLessThan(4);
  });

  it('makes sure of each rule by a command that reads all', () => {
    expect(checkRulesNs(1000)).toBe(1010 * commandNs(1000));
  });

  it('writes rules one by one into a growing table after a start', () => {
    let expectedNs = 10 * commandNs(0);
    for (let rule = 0; rule < 500; rule++) expectedNs += 2 * commandNs(rule);
    expect(writeRulesNs(500) / expectedNs).toBeCloseTo(1, 9);
    expect(writeRulesNs(0)).toBe(10 * commandNs(0));
  });
});
