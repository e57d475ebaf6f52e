import { describe, expect, it } from 'vitest';
import {
  createWalk,
  type DispatchTable,
  type DispatchTarget,
  meanWalkToService,
  walkPastServices,
  walkToService,
} from './rule-walk.js';

const target = (given: Partial<DispatchTarget> = {}): DispatchTarget => ({
  weight: 1,
  address: 'ClusterIP',
  endpoints: 1,
  hasAffinity: false,
  isExternalPolicyLocal: false,
  sourceRanges: 0,
  ...given,
});
const table = (given: Partial<DispatchTable> = {}): DispatchTable => ({
  path: 'iptables-legacy',
  lines: 1000,
  nodePortLines: 0,
  targets: [target()],
  ...given,
});
const mean = (given: Partial<DispatchTarget>, rules: Partial<DispatchTable> = {}, isKnownClient = false) => {
  const walk = createWalk();
  meanWalkToService(table(rules), target(given), isKnownClient, walk);
  return walk;
};

describe('chains of pkg/proxy/iptables/proxier.go (1.33), on average', () => {
  it.each([
    { name: 'half of the lines', given: {}, lines: 500.5, endpoints: 0, rules: 0 },
    { name: 'half of the endpoints', given: { endpoints: 21 }, lines: 500.5, endpoints: 10, rules: 0 },
    {
      name: 'a load balancer: the mark, half of the source ranges',
      given: { address: 'LoadBalancerIP', sourceRanges: 5 },
      lines: 500.5,
      endpoints: 0,
      rules: 3,
    },
    {
      name: 'an external IP with policy Local: three rules for sources on the node; source ranges do not concern it',
      given: { address: 'ExternalIP', isExternalPolicyLocal: true, sourceRanges: 5 },
      lines: 500.5,
      endpoints: 0,
      rules: 3,
    },
    {
      name: 'a node port: all lines, the tail, half of the node ports',
      given: { address: 'NodePort' },
      lines: 1000 + 1 + 150.5,
      endpoints: 0,
      rules: 1,
    },
    {
      name: 'affinity, a client that is not known: every endpoint asked, then one drawn',
      given: { endpoints: 21, hasAffinity: true },
      lines: 500.5,
      endpoints: 10,
      rules: 21,
    },
  ] as const)('$name', ({ given, lines, endpoints, rules }) => {
    expect(mean(given, { nodePortLines: 300 })).toEqual({
      dispatchLines: lines,
      endpointsPassed: endpoints,
      rulesPassed: rules,
    });
  });

  it('affinity, a known client: the endpoints before its own', () => {
    const walk = mean({ endpoints: 21, hasAffinity: true }, {}, true);
    expect(walk).toEqual({ dispatchLines: 500.5, endpointsPassed: 0, rulesPassed: 10 });
  });

  it('a flow to no service passes every line and the tail', () => {
    const walk = createWalk();
    walkPastServices(table(), walk);
    expect(walk).toEqual({ dispatchLines: 1001, endpointsPassed: 0, rulesPassed: 0 });
  });
});

describe('the other modes', () => {
  it.each(['nftables', 'ipvs', 'conntrack', 'none'] as const)('%s compares no lines, of whatever address', (path) => {
    for (const address of ['ClusterIP', 'NodePort', 'LoadBalancerIP', 'ExternalIP'] as const) {
      expect(mean({ address }, { path, nodePortLines: 300 }).dispatchLines).toBe(0);
    }
    const walk = createWalk();
    walkPastServices(table({ path }), walk);
    expect(walk.dispatchLines).toBe(0);
  });

  it('nftables asks for a known client rule by rule, and finds source ranges in a map', () => {
    expect(mean({ endpoints: 21, hasAffinity: true }, { path: 'nftables' }).rulesPassed).toBe(21);
    expect(mean({ address: 'LoadBalancerIP', sourceRanges: 5 }, { path: 'nftables' }).rulesPassed).toBe(1);
  });

  it.each(['ipvs', 'userspace'] as const)('%s draws the endpoint without rules', (path) => {
    expect(mean({ endpoints: 100, hasAffinity: true }, { path })).toMatchObject({ endpointsPassed: 0, rulesPassed: 0 });
  });

  it('userspace has a line for each service port', () => {
    expect(mean({}, { path: 'userspace' }).dispatchLines).toBe(500.5);
  });
});

it('the mean walk is the mean of the walks', () => {
  const given = target({ address: 'LoadBalancerIP', endpoints: 3, hasAffinity: true, sourceRanges: 4 });
  const rules = table({ lines: 5 });
  const sum = createWalk();
  const walk = createWalk();
  for (let line = 0; line < 5; line++) {
    for (let endpoint = 0; endpoint < 3; endpoint++) {
      for (let range = 0; range < 4; range++) {
        walkToService(rules, given, { line, endpoint, range }, false, walk);
        sum.dispatchLines += walk.dispatchLines;
        sum.endpointsPassed += walk.endpointsPassed;
        sum.rulesPassed += walk.rulesPassed;
      }
    }
  }
  meanWalkToService(rules, given, false, walk);
  expect(walk).toEqual({
    dispatchLines: sum.dispatchLines / 60,
    endpointsPassed: sum.endpointsPassed / 60,
    rulesPassed: sum.rulesPassed / 60,
  });
});
