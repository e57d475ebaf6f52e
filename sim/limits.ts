/**
 * What can bind: every limit of the modelled chain, the settings that move it, the metric that says how much of it is used,
 * and the stages of the latency in which changes wait because of it.
 *
 * A stage in which much time goes is not always the limit's own: behind an empty token bucket all workers wait, and the work
 * queue in front of them grows. So a stage names all limits that make it long, and the one that is used most binds.
 */

import type { MetricName, NplStage } from './metrics.js';
import type { KubeProxySettings } from './model/kube-proxy-settings.js';

/** What of the settings of kube-proxies decides which limit makes them late, and what would help. */
export type ProxySettings = Pick<
  KubeProxySettings,
  'mode' | 'iptablesBackend' | 'minimizeIPTablesRestore' | 'nftables' | 'minSyncPeriodNs' | 'syncPeriodNs'
>;

export interface Limit {
  readonly id: string;
  /** As a report names it. */
  readonly title: string;
  /** Fields of a scenario file that move it, some of which only some proxy modes have; empty when no setting does. */
  readonly settings: readonly string[] | ((kubeProxy: ProxySettings) => readonly string[]);
  /** The metric of its use, a ratio from 0 to 1; null for a delay that is no resource. */
  readonly utilization: MetricName | null;
  /** It binds only where this was measured; null: everywhere. */
  readonly measured?: MetricName;
  /** Stages of the true latency that grow when it binds; empty when it holds up the workload itself. */
  readonly stages: readonly NplStage[];
}

const CONTROLLER_MANAGER_CLIENT = [
  'controlPlane.controllerManager.kubeApiQps',
  'controlPlane.controllerManager.kubeApiBurst',
] as const;

/** What the pods of a service can answer, and how many share its requests. */
export const POD_CAPACITY_SETTINGS = [
  'services.application.concurrency',
  'services.application.serviceTime',
  'services.endpoints',
] as const;

export const LIMITS: readonly Limit[] = [
  {
    id: 'replicaset-controller-client',
    title: 'API client of the ReplicaSet controller',
    settings: CONTROLLER_MANAGER_CLIENT,
    utilization: 'replicaset_controller_client_utilization',
    stages: [],
  },
  {
    id: 'statefulset-controller-client',
    title: 'API client of the StatefulSet controller',
    settings: CONTROLLER_MANAGER_CLIENT,
    utilization: 'statefulset_controller_client_utilization',
    stages: [],
  },
  {
    id: 'deployment-controller-client',
    title: 'API client of the Deployment controller',
    settings: CONTROLLER_MANAGER_CLIENT,
    utilization: 'deployment_controller_client_utilization',
    stages: [],
  },
  {
    id: 'scheduler-client',
    title: 'API client of the scheduler',
    settings: ['controlPlane.scheduler.kubeApiQps', 'controlPlane.scheduler.kubeApiBurst'],
    utilization: 'scheduler_client_utilization',
    stages: [],
  },
  {
    id: 'kubelet-client',
    title: 'API client of the kubelets',
    settings: ['kubelet.kubeApiQps', 'kubelet.kubeApiBurst'],
    utilization: 'kubelet_client_utilization',
    stages: ['stage_kubelet_seconds'],
  },
  {
    id: 'node-lifecycle-controller-client',
    title: 'API client of the node lifecycle controller',
    settings: CONTROLLER_MANAGER_CLIENT,
    utilization: 'node_lifecycle_controller_client_utilization',
    // Pods of lost nodes change at the API server when this controller marks them.
    stages: ['stage_kubelet_seconds'],
  },
  {
    id: 'taint-eviction-controller-client',
    title: 'API client of the taint eviction controller',
    settings: CONTROLLER_MANAGER_CLIENT,
    utilization: 'taint_eviction_controller_client_utilization',
    stages: [],
  },
  {
    id: 'node-monitor-grace-period',
    title: 'grace period after which a silent node counts as lost',
    settings: ['controlPlane.controllerManager.nodeMonitorGracePeriod'],
    utilization: null,
    // Only this controller marks pods of nodes that are silent for longer.
    measured: 'node_lifecycle_controller_client_utilization',
    stages: ['stage_kubelet_seconds'],
  },
  {
    id: 'node-reboot',
    title: 'time that rebooting nodes were away',
    settings: [],
    utilization: null,
    // Their kubelets say what became of the pods when they are back.
    measured: 'node_loss_recovery_seconds',
    stages: ['stage_kubelet_seconds'],
  },
  {
    id: 'leader-election',
    title: 'lease that a crashed controller manager leaves behind',
    settings: ['controlPlane.controllerManager.leaderElectLeaseDuration'],
    utilization: null,
    measured: 'controller_manager_fail_over_recovery_seconds',
    stages: ['stage_batch_period_seconds'],
  },
  {
    id: 'batch-period',
    title: 'batch period of the endpoint controller',
    settings: [
      'controlPlane.controllerManager.endpointSliceUpdatesBatchPeriod',
      'controlPlane.controllerManager.endpointUpdatesBatchPeriod',
    ],
    utilization: null,
    stages: ['stage_batch_period_seconds'],
  },
  {
    id: 'endpoint-controller-client',
    title: 'API client of the endpoint controller',
    settings: CONTROLLER_MANAGER_CLIENT,
    utilization: 'endpoint_controller_client_utilization',
    stages: ['stage_client_throttle_seconds', 'stage_controller_queue_seconds'],
  },
  {
    id: 'endpoint-controller-workers',
    title: 'workers of the endpoint controller',
    settings: [
      'controlPlane.controllerManager.concurrentServiceEndpointSyncs',
      'controlPlane.controllerManager.concurrentEndpointSyncs',
    ],
    utilization: 'endpoint_controller_worker_utilization',
    stages: ['stage_controller_queue_seconds', 'stage_client_throttle_seconds'],
  },
  {
    id: 'stale-cache',
    title: 'back-off of the endpoint controller after a stale cache',
    settings: [],
    utilization: null,
    stages: ['stage_controller_backoff_seconds'],
  },
  {
    id: 'flow-control',
    title: 'seats of API priority and fairness',
    settings: ['controlPlane.apiServer.maxRequestsInflight', 'controlPlane.apiServer.replicas'],
    utilization: 'apiserver_flowcontrol_priority_level_seat_utilization_workload_high',
    stages: ['stage_flow_control_seconds', 'stage_controller_queue_seconds'],
  },
  {
    id: 'etcd',
    title: 'latency of etcd',
    settings: ['controlPlane.etcd.writeLatency'],
    utilization: null,
    stages: ['stage_api_write_seconds'],
  },
  {
    id: 'node-outage',
    title: 'time that lost nodes were away',
    settings: [],
    utilization: null,
    measured: 'node_loss_recovery_seconds',
    // What was written meanwhile reaches them when they are back.
    stages: ['stage_watch_fanout_seconds'],
  },
  {
    id: 'watch-dispatcher',
    title: 'watch dispatcher of the API server',
    settings: ['controlPlane.apiServer.replicas'],
    utilization: 'apiserver_dispatch_utilization',
    stages: ['stage_watch_fanout_seconds'],
  },
  {
    id: 'api-server-network',
    title: 'network card of the API server',
    settings: ['controlPlane.apiServer.networkBandwidth', 'controlPlane.apiServer.replicas'],
    utilization: 'apiserver_network_utilization',
    stages: ['stage_watch_fanout_seconds'],
  },
  {
    id: 'api-server-cpu',
    title: 'CPU of the API server for watches',
    settings: [
      'controlPlane.apiServer.cpuCores',
      'controlPlane.apiServer.serializationCache',
      'controlPlane.apiServer.replicas',
    ],
    utilization: 'apiserver_watch_cpu_utilization',
    stages: ['stage_watch_fanout_seconds'],
  },
  {
    id: 'min-sync-period',
    title: 'pause of kube-proxy between two syncs (minSyncPeriod)',
    settings: ['kubeProxy.minSyncPeriod'],
    utilization: null,
    stages: ['stage_proxy_wait_seconds'],
  },
  {
    id: 'sync-retry',
    title: 'time until a failed sync is tried again (syncPeriod)',
    settings: ['kubeProxy.syncPeriod'],
    utilization: null,
    stages: ['stage_proxy_wait_seconds'],
  },
  {
    id: 'rule-programming',
    title: 'time that nodes take to program rules',
    settings: ruleProgrammingSettings,
    utilization: 'kube_proxy_sync_cpu_share',
    stages: ['stage_proxy_sync_seconds', 'stage_proxy_wait_seconds'],
  },
  {
    id: 'node-connection-cpu',
    title: 'cores of nodes for new connections',
    settings: ['cluster.nodeCores', 'kubeProxy.mode', 'nodeTraffic.requestsPerConnection'],
    utilization: 'node_connection_cpu_utilization',
    stages: [],
  },
  {
    id: 'pod-concurrency',
    title: 'concurrency of the busiest pod',
    settings: POD_CAPACITY_SETTINGS,
    // Only where requests are followed one by one. Where they are rates, pods above their capacity are counted instead.
    utilization: 'pod_utilization_max',
    stages: [],
  },
  {
    id: 'conntrack-table',
    title: 'connection tracking table of nodes',
    settings: [
      'kubeProxy.conntrack.maxPerCore',
      'kubeProxy.conntrack.min',
      'kubeProxy.conntrack.tcpEstablishedTimeout',
      'cluster.nodeCores',
    ],
    utilization: 'node_conntrack_utilization',
    stages: [],
  },
];

/** What makes syncs shorter in the mode that is used, and what makes them fewer. */
function ruleProgrammingSettings({
  mode,
  iptablesBackend,
  minimizeIPTablesRestore,
  nftables,
}: ProxySettings): string[] {
  return [
    'kubeProxy.mode',
    ...(mode === 'iptables' && iptablesBackend === 'nft' ? ['kubeProxy.iptablesBackend'] : []),
    ...(mode === 'iptables' && !minimizeIPTablesRestore ? ['kubeProxy.minimizeIPTablesRestore'] : []),
    ...(mode === 'nftables' && !nftables.partialSync ? ['kubeProxy.nftables.partialSync'] : []),
    ...(mode === 'nftables' && nftables.listings !== 'none' ? ['kubeProxy.nftables.listings'] : []),
    'kubeProxy.minSyncPeriod',
    'cluster.nodeSpeedFactor',
  ];
}
