/**
 * What a replication reports of the way of API requests: flow control of the API servers, and etcd.
 *
 *   ApiServers, EtcdStore --at the end of the run--> scalars, distributions, warnings
 */

import type { MetricName } from '../../metrics.js';
import type { Histogram } from '../../stats/histogram.js';
import type { ApiServers } from './api-servers.js';
import type { EtcdStore } from './etcd-store.js';

export interface RequestPath {
  readonly apiServers: ApiServers;
  readonly etcd: EtcdStore;
}

export function requestPathDistributions({ apiServers }: RequestPath): Partial<Record<MetricName, Histogram>> {
  return { apiserver_flowcontrol_request_wait_duration_seconds: apiServers.waitSeconds };
}

/** `ApiServers.end` comes before. */
export function requestPathScalars({ apiServers, etcd }: RequestPath): Partial<Record<MetricName, number>> {
  const limits = apiServers.nominalLimits;
  const utilization = apiServers.utilization('workload-high');
  return {
    ...(limits !== null && {
      apiserver_flowcontrol_nominal_limit_seats_system: limits.system,
      apiserver_flowcontrol_nominal_limit_seats_node_high: limits['node-high'],
      apiserver_flowcontrol_nominal_limit_seats_leader_election: limits['leader-election'],
      apiserver_flowcontrol_nominal_limit_seats_workload_high: limits['workload-high'],
      apiserver_flowcontrol_nominal_limit_seats_workload_low: limits['workload-low'],
      apiserver_flowcontrol_nominal_limit_seats_global_default: limits['global-default'],
      apiserver_flowcontrol_nominal_limit_seats_catch_all: limits['catch-all'],
    }),
    ...(utilization !== null && {
      apiserver_flowcontrol_priority_level_seat_utilization_workload_high: utilization,
    }),
    apiserver_flowcontrol_rejected_requests_total: apiServers.rejected,
    apiserver_storage_size_bytes: etcd.fileBytes,
  };
}

/** What a reader of the result must know. */
export function requestPathWarnings({ etcd }: RequestPath): string[] {
  if (etcd.refused === 0) return [];
  return [
    `etcd had no space left: its database reached quotaBackendBytes, and ${etcd.refused} writes were refused from then on. A real cluster would be read-only until an operator acts.`,
  ];
}
