/** Whole runs under faults of the watches: the conservation laws are checked at the end of each. */

import { describe, expect, test } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

function run(yaml: string, overrides: readonly string[] = []) {
  const file = `apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 100 }
services: [{ name: web, count: 50, endpoints: 20 }]
${yaml}`;
  return runReplication(parseExperiment(file, 'test.yaml', { overrides }).variants[0]!.scenario, 0);
}

describe('an API server that restarts while pods churn', () => {
  const restart = `
workload:
  - { at: 1s, churn: { podsPerSecond: 10, for: 20s } }
  - { at: 5s, restartApiServer: { server: 0, for: 5s } }`;

  test('costs no lists when there are others', () => {
    const { scalars } = run(restart);
    expect(scalars).toMatchObject({ watch_relists_total: 0, list_bytes_total: 0, updates_not_applied_total: 0 });
    expect(scalars.api_server_restart_recovery_seconds).toBeGreaterThan(5);
    expect(scalars.api_server_restart_recovery_seconds).toBeLessThan(15);
    expect(scalars.slow_watcher_recovery_seconds).toBeUndefined();
  });

  test.each(['true', 'false'])('has all nodes list when it is the only one (watchListClient %s)', (streamed) => {
    const { scalars } = run(restart, [
      'controlPlane.apiServer.replicas=1',
      `kubeProxy.watchListClient=${streamed}`,
      'kubeProxy.minWatchTimeout=5m',
    ]);
    expect(scalars.watch_relists_total).toBe(100);
    // 50 slices of 20 endpoints, of 163 bytes and more each.
    expect(scalars.list_bytes_total).toBeGreaterThan(100 * 50 * 20 * 163);
    expect(scalars.updates_not_applied_total).toBe(0);
  });
});

test('nodes that do not read recover, and the others do not notice', () => {
  const workload = (fault: string): string => `
workload:
  - { at: 1s, churn: { podsPerSecond: 20, for: 40s } }
  ${fault}`;
  const { scalars } = run(workload('- { at: 5s, slowWatchers: { nodes: 5%, for: 30s } }'), [
    'controlPlane.apiServer.watchCacheSize=100',
    'controlPlane.controllerManager.kubeApiQps=100',
  ]);
  expect(scalars.slow_watcher_recovery_seconds).toBeGreaterThan(30);
  expect(scalars.slow_watcher_recovery_seconds).toBeLessThan(45);
  expect(scalars.apiserver_terminated_watchers_total).toBe(5);
  expect(scalars.watch_relists_total).toBe(5);
  expect(scalars.updates_not_applied_total).toBe(0);
  expect(run(workload('')).scalars.apiserver_terminated_watchers_total).toBe(0);
});
