import { describe, expect, it } from 'vitest';

import { LIMITS, type ProxySettings } from '../limits.js';
import { METRICS, type MetricName, NPL_STAGES } from '../metrics.js';
import { findBottlenecks } from './bottlenecks.js';
import type { MetricResult } from './results.js';
import { PROXY_SETTINGS } from './testing/proxy-settings.js';

type Metrics = Parameters<typeof findBottlenecks>[0];

/** Metrics with these means of stages and these utilisations. */
function metricsOf(values: Partial<Record<MetricName, number>>): Metrics {
  return Object.fromEntries(
    Object.entries(values).map(([metric, value]): [string, MetricResult] => {
      const { kind, unit } = METRICS[metric as MetricName];
      const estimate = { value, low: null, high: null, replications: 1 };
      return [metric, { unit, estimates: { [kind === 'distribution' ? 'mean' : 'value']: estimate } }];
    }),
  );
}

describe('the table of limits', () => {
  it('has a limit of its own for every stage of the latency', () => {
    for (const stage of NPL_STAGES) {
      expect(LIMITS.some(({ stages, measured }) => stages[0] === stage && measured === undefined)).toBe(true);
    }
  });

  it('names each limit once, and measures its use by a ratio', () => {
    expect(new Set(LIMITS.map(({ id }) => id)).size).toBe(LIMITS.length);
    for (const { utilization } of LIMITS) {
      if (utilization !== null) expect(['ratio', 'cores']).toContain(METRICS[utilization].unit);
    }
  });
});

describe('what binds', () => {
  it('is the busiest pod where its concurrency is used up', () => {
    const { saturated } = findBottlenecks(metricsOf({ pod_utilization_max: 0.97 }), PROXY_SETTINGS);
    expect(saturated.map(({ limit }) => limit)).toEqual(['pod-concurrency']);
    expect(findBottlenecks(metricsOf({ pod_utilization_max: 0.5 }), PROXY_SETTINGS).saturated).toEqual([]);
  });

  it('is nothing when nothing took any time', () => {
    expect(findBottlenecks({}, PROXY_SETTINGS)).toEqual({ latency: null, saturated: [], utilizations: [] });
  });

  it('is the limit of the stage that takes the most time', () => {
    const { latency } = findBottlenecks(
      metricsOf({ stage_proxy_wait_seconds: 1.8, stage_proxy_sync_seconds: 0.6 }),
      PROXY_SETTINGS,
    );
    expect(latency).toMatchObject({ limit: 'min-sync-period', stage: 'stage_proxy_wait_seconds', share: 0.75 });
  });

  it('is the client and not the workers when the work queue is long because the workers wait for tokens', () => {
    const { latency } = findBottlenecks(
      metricsOf({
        stage_controller_queue_seconds: 20,
        stage_client_throttle_seconds: 2,
        endpoint_controller_client_utilization: 0.99,
        endpoint_controller_worker_utilization: 0.02,
      }),
      PROXY_SETTINGS,
    );
    expect(latency?.limit).toBe('endpoint-controller-client');
  });

  it('is the workers when they are busy and the client is not', () => {
    const { latency } = findBottlenecks(
      metricsOf({
        stage_controller_queue_seconds: 20,
        endpoint_controller_client_utilization: 0.4,
        endpoint_controller_worker_utilization: 0.97,
      }),
      PROXY_SETTINGS,
    );
    expect(latency?.limit).toBe('endpoint-controller-workers');
  });

  it('is programming the rules and not minSyncPeriod when nodes sync most of the time', () => {
    const metrics = metricsOf({
      stage_proxy_wait_seconds: 3,
      stage_proxy_sync_seconds: 2,
      kube_proxy_sync_cpu_share: 0.8,
    });
    expect(findBottlenecks(metrics, PROXY_SETTINGS).latency?.limit).toBe('rule-programming');
  });

  it('is long syncs and not minSyncPeriod when changes wait for longer than that can hold them back', () => {
    const waiting = (seconds: number, more: Partial<Record<MetricName, number>> = {}) =>
      metricsOf({ stage_proxy_wait_seconds: seconds, sync_proxy_rules_duration_seconds: 0.8, ...more });
    const limitOf = (metrics: Metrics, minSyncPeriodNs = 1e9) =>
      findBottlenecks(metrics, { ...PROXY_SETTINGS, minSyncPeriodNs }).latency?.limit;
    expect(limitOf(waiting(1.9))).toBe('min-sync-period');
    expect(limitOf(waiting(6))).toBe('rule-programming');
    expect(limitOf(waiting(6), 10e9)).toBe('min-sync-period');
    expect(limitOf(waiting(0.1), 0)).toBe('rule-programming');
    // One sync in ten fails, and then nothing happens for 30 s.
    const failing = waiting(6, { kube_proxy_syncs_total: 1000, kube_proxy_failed_syncs_total: 100 });
    expect(limitOf(failing)).toBe('sync-retry');
    const failingOnce = waiting(6, { kube_proxy_syncs_total: 1000, kube_proxy_failed_syncs_total: 1 });
    expect(limitOf(failingOnce)).toBe('rule-programming');
  });

  it.each<[string, Partial<ProxySettings>, string[]]>([
    ['ipvs', { mode: 'ipvs', iptablesBackend: 'nft' }, []],
    ['nftables', { mode: 'nftables' }, []],
    [
      'nftables that writes and lists everything',
      { mode: 'nftables', nftables: { ...PROXY_SETTINGS.nftables, partialSync: false, listings: 'chains and sets' } },
      ['kubeProxy.nftables.partialSync', 'kubeProxy.nftables.listings'],
    ],
    ['iptables', {}, []],
    ['iptables on nft', { iptablesBackend: 'nft' }, ['kubeProxy.iptablesBackend']],
    ['iptables without partial syncs', { minimizeIPTablesRestore: false }, ['kubeProxy.minimizeIPTablesRestore']],
  ])('is moved by the settings that help in the mode: %s', (_, settings, ofTheMode) => {
    const { latency } = findBottlenecks(metricsOf({ stage_proxy_sync_seconds: 2 }), { ...PROXY_SETTINGS, ...settings });
    expect(latency).toMatchObject({
      limit: 'rule-programming',
      settings: ['kubeProxy.mode', ...ofTheMode, 'kubeProxy.minSyncPeriod', 'cluster.nodeSpeedFactor'],
    });
  });

  it('is what a fault brings with it: the grace period and the outage of a lost node, a reboot, the lease after a fail-over', () => {
    const lost = metricsOf({
      stage_kubelet_seconds: 50,
      kubelet_client_utilization: 0.1,
      node_lifecycle_controller_client_utilization: 0.2,
      node_loss_recovery_seconds: 55,
    });
    expect(findBottlenecks(lost, PROXY_SETTINGS).latency?.limit).toBe('node-monitor-grace-period');
    const rebooted = metricsOf({
      stage_kubelet_seconds: 20,
      kubelet_client_utilization: 0.1,
      node_loss_recovery_seconds: 30,
    });
    expect(findBottlenecks(rebooted, PROXY_SETTINGS).latency?.limit).toBe('node-reboot');
    const back = metricsOf({
      stage_watch_fanout_seconds: 200,
      apiserver_network_utilization: 0.05,
      node_loss_recovery_seconds: 55,
    });
    expect(findBottlenecks(back, PROXY_SETTINGS).latency?.limit).toBe('node-outage');
    const failedOver = metricsOf({
      stage_batch_period_seconds: 16,
      controller_manager_fail_over_recovery_seconds: 17,
    });
    expect(findBottlenecks(failedOver, PROXY_SETTINGS).latency?.limit).toBe('leader-election');
  });

  it('is the seats of flow control when the work queue is long because the API server has none free', () => {
    const metrics = metricsOf({
      stage_controller_queue_seconds: 9,
      endpoint_controller_worker_utilization: 0.003,
      apiserver_flowcontrol_priority_level_seat_utilization_workload_high: 0.88,
    });
    expect(findBottlenecks(metrics, PROXY_SETTINGS).latency?.limit).toBe('flow-control');
  });

  it('lists every limit that is used to 90 % and more, whether or not latency depends on it', () => {
    const { saturated } = findBottlenecks(
      metricsOf({
        stage_proxy_wait_seconds: 1,
        replicaset_controller_client_utilization: 0.95,
        deployment_controller_client_utilization: 0.89,
      }),
      PROXY_SETTINGS,
    );
    expect(saturated.map(({ limit }) => limit)).toEqual(['replicaset-controller-client']);
  });
});
