/** Each fault of the time line shows in the result how long the cluster took to get over it. */

import { describe, expect, test } from 'vitest';

import type { MetricName } from '../metrics.js';
import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

const recovery = (fault: string, metric: MetricName, duration = '3m'): number | undefined => {
  const { scenario } = parseExperiment(
    `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
kubernetes: '1.35'
duration: ${duration}
cluster: { nodes: 30, zones: 3 }
services: [{ name: web, count: 20, endpoints: 6 }]
workload:
  - { at: 5s, churn: { podsPerSecond: 1, arrivals: regular } }
  - { at: 30s, ${fault} }
`,
    'test.yaml',
  ).variants[0]!;
  return runReplication(scenario, 0).scalars[metric];
};

describe('the recovery of', () => {
  test('a fail-over takes as long as a follower waits for the lease, and a little to catch up', () => {
    // The lease of 15 s was renewed up to 2 s ago, and is polled every 2 to 4.4 s; kube-proxies sync within a second or two.
    const seconds = recovery('failOverControllerManager: {}', 'controller_manager_fail_over_recovery_seconds');
    expect(seconds).toBeGreaterThan(13);
    expect(seconds).toBeLessThan(24);
  });

  test('a slow etcd ends soon after etcd is fast again', () => {
    const seconds = recovery('slowEtcd: { factor: 50, for: 20s }', 'slow_etcd_recovery_seconds');
    expect(seconds).toBeGreaterThan(18);
    expect(seconds).toBeLessThan(26);
  });

  test('an API server takes its outage, the back-off of its clients and a sync', () => {
    const seconds = recovery('restartApiServer: { server: 0, for: 10s }', 'api_server_restart_recovery_seconds');
    expect(seconds).toBeGreaterThan(0.8);
    expect(seconds).toBeLessThan(20);
  });

  test('a lost node is found after the grace period of 50 s', () => {
    const seconds = recovery('loseNodes: { nodes: 1 }', 'node_loss_recovery_seconds');
    // Counted from the last renewal of its lease, which was up to 10.4 s before the loss.
    expect(seconds).toBeGreaterThan(39);
    expect(seconds).toBeLessThan(60);
  });

  test('a slow watcher takes as long as it does not read, and a sync', () => {
    const seconds = recovery('slowWatchers: { nodes: 3, for: 15s }', 'slow_watcher_recovery_seconds');
    expect(seconds).toBeGreaterThan(14);
    expect(seconds).toBeLessThan(20);
  });

  test('a fault that the run does not see the end of is none', () => {
    const cutOff = '40s\ndrainLimit: 5s';
    expect(recovery('loseNodes: { nodes: 1 }', 'node_loss_recovery_seconds', cutOff)).toBeUndefined();
  });
});
