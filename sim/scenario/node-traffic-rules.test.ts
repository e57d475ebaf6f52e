/** What a file may say of the connections of nodes, and what it means. */

import { describe, expect, test } from 'vitest';

import { UserError } from '../errors.js';
import type { Scenario } from '../model/scenario.js';
import { parseExperiment } from './load.js';
import { starterScenario } from './starter.js';

const HEAD = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 10 }
services: [{ name: web, endpoints: 5 }]
`;
const WORKLOAD = 'workload: [{ at: 1s, scale: { service: web, to: 6 } }]\n';

const scenario = (more: string): Scenario => parseExperiment(HEAD + more, 'a.yaml').variants[0]!.scenario;

/** Codes and places of all problems. */
function problemsIn(fields: string, workload = WORKLOAD): string[] {
  try {
    scenario(`${workload}nodeTraffic: { ${fields} }`);
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ code, message }) => `${code} ${message}`);
    throw error;
  }
  return [];
}

describe('the section nodeTraffic', () => {
  test('is not there by default', () => {
    expect(scenario(WORKLOAD).nodeTraffic).toBeNull();
  });

  test('may be empty: every field has a default', () => {
    const { nodeTraffic } = scenario(`${WORKLOAD}nodeTraffic: {}`);
    expect(nodeTraffic).toMatchObject({ newConnectionsPerSecond: 500, protocol: 'TCP', cacheColdShare: 0.5 });
  });

  test('has the defaults that the starter scenario shows', () => {
    const lines = starterScenario().split('\n');
    const start = lines.indexOf('# nodeTraffic:');
    const end = lines.indexOf('', start);
    const shown = lines.slice(start, end).map((line) => line.replace('# ', ''));
    expect(shown).toHaveLength(15);
    expect(scenario(`${WORKLOAD}${shown.join('\n')}\n`)).toEqual(scenario(`${WORKLOAD}nodeTraffic: {}`));
  });

  test('is enough to measure: the workload may be empty', () => {
    expect(problemsIn('', 'workload: []\n')).toEqual([]);
    expect(() => scenario('workload: []')).toThrow(UserError);
  });

  test.each([
    ['connectionLifetime: { median: 1s, p99: 100ms }', /connectionLifetime\.p99.*below the median/],
    ['roundTripDelay: { median: 0s }', /roundTripDelay\.median.*no p99 above it/],
    ['unclosedShare: 60%, halfClosedShare: 50%', /more than 100 %/],
    ['protocol: UDP, unclosedShare: 1%', /unclosedShare.*nobody closes UDP flows/],
    ['protocol: UDP, halfClosedShare: 1%', /halfClosedShare.*nobody closes UDP flows/],
    ['address: LoadBalancerIP', /no service has an address of the kind LoadBalancerIP/],
  ])('%s is refused', (fields, message) => {
    expect(problemsIn(fields)).toEqual([expect.stringMatching(message)]);
    expect(problemsIn(fields)[0]).toMatch(/^KH019/);
  });
});
