/**
 * The part of the version profiles that the control plane has: API servers, etcd, controllers, metrics-server, scheduler.
 *
 *   version --controlPlaneDefaults--> one Constant per field of ControlPlaneSettings
 *
 * Left out: rules that no flag changes (rules.ts), costs (costs.ts, etcd-costs.ts).
 */

import type { ControlPlaneSettings } from '../scenario.js';
import { ON_BY_DEFAULT_SINCE } from './features.js';
import { assumed, constant, type Constant, type Sourced, upstream } from './provenance.js';

const MS = 1_000_000;
const SECOND = 1_000_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const GIB = 1024 * 1024 * 1024;

const APISERVER_FLAGS = 'kube-apiserver command line reference';
const KCM_FLAGS = 'kube-controller-manager command line reference';

type ControlPlaneDefaults = Sourced<ControlPlaneSettings>;

/** `minor` is that of the version: 33 for 1.33. */
export const controlPlaneDefaults = (minor: number): ControlPlaneDefaults => ({
  apiServer: {
    // One per zone. A single API server, as in the 5000-node scale tests, would send every watch event through one card.
    replicas: assumed(3, '1', 'kubeadm high-availability topology: three control-plane nodes', [1, 5]),
    networkBandwidthBitsPerSecond: assumed<number | null>(
      10e9,
      'bit/s',
      'Network card of a virtual machine of a control-plane size',
      [1e9, 100e9],
    ),
    cpuCores: assumed<number | null>(
      null,
      '1',
      'Cores that are needed are reported; requests other than for endpoint objects are not modelled, so a limit would be for these alone',
    ),
    serializationCache: upstream(true, '', 'KEP-1152: watch events are encoded once since 1.17', '2019'),
    watchCacheSize: constant<number | null>({
      value: null,
      unit: '1',
      evidence: 'source code',
      source:
        'storage/cacher: sizes itself between 100 and 102400 since about 1.20; before, 100 for EndpointSlices (kubernetes/kubernetes#85342)',
      date: '1.36',
      range: null,
    }),
    ...flowControl(minor),
    maxRequestBodyBytes: upstream<number | null>(
      3 * 1024 * 1024,
      'B',
      'apiserver pkg/server/config.go: MaxRequestBodyBytes, 3 MiB',
      '2026-07',
    ),
    etcdCompactionIntervalNs: upstream(5 * MINUTE, 'ns', `${APISERVER_FLAGS}: --etcd-compaction-interval`, '2026-07'),
    serviceNodePortRange: upstream('30000-32767', '', `${APISERVER_FLAGS}: --service-node-port-range`, '2026-07'),
  },
  etcd: {
    writeLatencyNs: {
      median: assumed(3 * MS, 'ns', 'etcd performance guide: 1.6 ms mean for one client on SSD, plus API server work', [
        2 * MS,
        5 * MS,
      ]),
      p99: assumed(15 * MS, 'ns', 'etcd alerts when the p99 of fsync passes 10 ms or of a commit 25 ms', [
        10 * MS,
        25 * MS,
      ]),
    },
    writeBandwidthBitsPerSecond: assumed<number | null>(
      1e9,
      'bit/s',
      'A write is encoded, sent to etcd, written to its log and sent to its members, each faster than 1 Gbit/s alone',
      [0.2e9, 10e9],
    ),
    maxRequestBytes: upstream<number | null>(1_572_864, 'B', 'etcd limits: --max-request-bytes, 1.5 MiB', 'etcd 3.6'),
    quotaBackendBytes: constant<number | null>({
      ...upstream<number | null>(
        2 * GIB,
        'B',
        'etcd limits: --quota-backend-bytes, at most 8 GiB suggested',
        'etcd 3.6',
      ),
      range: [2 * GIB, 8 * GIB],
    }),
  },
  controllerManager: {
    kubeApiQps: upstream(20, '1/s', `${KCM_FLAGS}: --kube-api-qps, for each controller by itself`, '2026-07'),
    kubeApiBurst: upstream(30, '1', `${KCM_FLAGS}: --kube-api-burst, for each controller by itself`, '2026-07'),
    concurrentEndpointSyncs: upstream(5, '1', `${KCM_FLAGS}: --concurrent-endpoint-syncs`, '2026-07'),
    concurrentServiceEndpointSyncs: constant({
      ...upstream(5, '1', `${KCM_FLAGS}: --concurrent-service-endpoint-syncs`, '2026-07'),
      range: [1, 50],
    }),
    endpointUpdatesBatchPeriodNs: upstream(0, 'ns', `${KCM_FLAGS}: --endpoint-updates-batch-period`, '2026-07'),
    endpointSliceUpdatesBatchPeriodNs: upstream(
      0,
      'ns',
      `${KCM_FLAGS}: --endpointslice-updates-batch-period`,
      '2026-07',
    ),
    maxEndpointsPerSlice: constant({
      ...upstream(100, '1', `${KCM_FLAGS}: --max-endpoints-per-slice`, '2026-07'),
      range: [1, 1000],
    }),
    maxEndpointsPerObject: constant<number | null>({
      value: minor >= 22 ? 1000 : null,
      unit: '1',
      evidence: 'source code',
      source:
        minor >= 22
          ? 'Endpoints controller: truncation at 1000 addresses since 1.22'
          : 'Endpoints controller: no truncation before 1.22 (1.21 only adds a warning annotation)',
      date: `Kubernetes 1.${minor}`,
      range: null,
    }),
    ...nodeLifecycle(minor),
    ...controllerManagerProcess(minor),
    concurrentDeploymentSyncs: upstream(5, '1', `${KCM_FLAGS}: --concurrent-deployment-syncs`, '2026-07'),
    concurrentReplicaSetSyncs: upstream(5, '1', `${KCM_FLAGS}: --concurrent-replicaset-syncs`, '2026-07'),
    concurrentStatefulSetSyncs: upstream(5, '1', `${KCM_FLAGS}: --concurrent-statefulset-syncs`, '2026-07'),
    maxUnavailableStatefulSet: upstream(
      minor >= 35,
      '',
      'Feature gate MaxUnavailableStatefulSet: alpha and off since 1.24, beta and on since 1.35',
      `Kubernetes 1.${minor}`,
    ),
    mirroringConcurrentServiceEndpointSyncs: upstream(
      5,
      '1',
      `${KCM_FLAGS}: --mirroring-concurrent-service-endpoint-syncs`,
      '2026-07',
    ),
    mirroringMaxEndpointsPerSubset: constant({
      ...upstream(1000, '1', `${KCM_FLAGS}: --mirroring-max-endpoints-per-subset`, '2026-07'),
      range: [1, 1000],
    }),
    ...horizontalPodAutoscaler(),
  },
  metricsServer: {
    metricResolutionNs: upstream(15 * SECOND, 'ns', 'metrics-server --metric-resolution: every 15 s', '2026-07'),
  },
  scheduler: {
    kubeApiQps: upstream(50, '1/s', 'KubeSchedulerConfiguration clientConnection.qps', '2026-07'),
    kubeApiBurst: upstream(100, '1', 'KubeSchedulerConfiguration clientConnection.burst', '2026-07'),
  },
  cloudControllerManager: {
    concurrentServiceSyncs: assumed(
      1,
      '1',
      'cloud-controller-manager --concurrent-service-syncs, from memory',
      [1, 100],
    ),
    stableLoadBalancerNodeSet: upstream(
      minor >= ON_BY_DEFAULT_SINCE.stableLoadBalancerNodeSet.value,
      '',
      ON_BY_DEFAULT_SINCE.stableLoadBalancerNodeSet.source,
      `Kubernetes 1.${minor}`,
    ),
  },
});

const nodeLifecycle = (minor: number) => ({
  nodeMonitorPeriodNs: upstream(5 * SECOND, 'ns', `${KCM_FLAGS}: --node-monitor-period`, '2026-07'),
  nodeMonitorGracePeriodNs: upstream(
    (minor >= 32 ? 50 : 40) * SECOND,
    'ns',
    `${KCM_FLAGS}: --node-monitor-grace-period, 50 s since 1.32 (kubernetes/kubernetes#126287), 40 s before`,
    `Kubernetes 1.${minor}`,
  ),
  nodeEvictionRate: upstream(0.1, '1/s', `${KCM_FLAGS}: --node-eviction-rate, nodes per second and zone`, '2026-07'),
  secondaryNodeEvictionRate: upstream(0.01, '1/s', `${KCM_FLAGS}: --secondary-node-eviction-rate`, '2026-07'),
  unhealthyZoneThreshold: upstream(0.55, '1', `${KCM_FLAGS}: --unhealthy-zone-threshold`, '2026-07'),
  largeClusterSizeThreshold: upstream(50, '1', `${KCM_FLAGS}: --large-cluster-size-threshold`, '2026-07'),
});

/** What the controllers have in common, and how they read their own objects. */
const controllerManagerProcess = (minor: number) =>
  ({
    endpointsFromInformer: upstream(
      true,
      '',
      'Endpoints controller: reads Endpoints through an informer since 1.7 (kubernetes/kubernetes#47731)',
      'Kubernetes 1.7',
    ),
    staleEndpointsCache: constant<'back-off' | 'conflict'>({
      value: minor >= 31 ? 'back-off' : 'conflict',
      unit: '',
      evidence: 'source code',
      source:
        minor >= 31
          ? 'pkg/controller/endpoint/endpoints_tracker.go: a stale object is an error since about 1.31'
          : 'Endpoints controller before about 1.31: an update of a stale object is sent, and refused by the API server',
      date: `Kubernetes 1.${minor}`,
      range: null,
    }),
    minResyncPeriodNs: upstream(12 * HOUR, 'ns', `${KCM_FLAGS}: --min-resync-period`, '2026-07'),
    fullServiceResyncPeriodNs: upstream<number | null>(
      null,
      'ns',
      'Endpoints controller: its own FullServiceResyncPeriod of 30 s existed up to about 1.7',
      'Kubernetes 1.7',
    ),
    leaderElectLeaseDurationNs: upstream(15 * SECOND, 'ns', `${KCM_FLAGS}: --leader-elect-lease-duration`, '2026-07'),
    leaderElectRenewDeadlineNs: upstream(10 * SECOND, 'ns', `${KCM_FLAGS}: --leader-elect-renew-deadline`, '2026-07'),
    leaderElectRetryPeriodNs: upstream(2 * SECOND, 'ns', `${KCM_FLAGS}: --leader-elect-retry-period`, '2026-07'),
  }) satisfies Partial<ControlPlaneDefaults['controllerManager']>;

const flag = (value: number, unit: string, name: string): Constant =>
  upstream(value, unit, `${KCM_FLAGS}: --${name}`, '2026-07');

/** Flags --horizontal-pod-autoscaler-*. */
const horizontalPodAutoscaler = () => {
  return {
    concurrentHorizontalPodAutoscalerSyncs: flag(5, '1', 'concurrent-horizontal-pod-autoscaler-syncs'),
    horizontalPodAutoscalerSyncPeriodNs: flag(15 * SECOND, 'ns', 'horizontal-pod-autoscaler-sync-period'),
    horizontalPodAutoscalerTolerance: flag(0.1, '1', 'horizontal-pod-autoscaler-tolerance'),
    horizontalPodAutoscalerDownscaleStabilizationNs: flag(
      5 * MINUTE,
      'ns',
      'horizontal-pod-autoscaler-downscale-stabilization',
    ),
    horizontalPodAutoscalerCpuInitializationPeriodNs: flag(
      5 * MINUTE,
      'ns',
      'horizontal-pod-autoscaler-cpu-initialization-period',
    ),
    horizontalPodAutoscalerInitialReadinessDelayNs: flag(
      30 * SECOND,
      'ns',
      'horizontal-pod-autoscaler-initial-readiness-delay',
    ),
  };
};

/** Settings of the API server that bound what it executes at a time. */
type FlowControlDefaults = Pick<
  ControlPlaneDefaults['apiServer'],
  | 'maxRequestsInflight'
  | 'maxMutatingRequestsInflight'
  | 'enablePriorityAndFairness'
  | 'borrowingLimitPercent'
  | 'workEstimator'
  | 'requestTimeoutNs'
>;

const flowControl = (minor: number): FlowControlDefaults => {
  const date = `Kubernetes 1.${minor}`;
  return {
    maxRequestsInflight: upstream(400, '1', `${APISERVER_FLAGS}: --max-requests-inflight`, date),
    maxMutatingRequestsInflight: upstream(200, '1', `${APISERVER_FLAGS}: --max-mutating-requests-inflight`, date),
    enablePriorityAndFairness: upstream(
      true,
      '',
      `${APISERVER_FLAGS}: --enable-priority-and-fairness, effective since the beta in 1.20`,
      date,
    ),
    borrowingLimitPercent: upstream<number | null>(
      minor >= 26 ? null : 0,
      '%',
      'PriorityLevelConfiguration borrowingLimitPercent (KEP-1040): unset, which is no bound, since 1.26; none before',
      date,
    ),
    workEstimator: constant<WorkEstimator>({
      value: workEstimator(minor),
      unit: '',
      evidence: 'source code',
      source:
        'apiserver pkg/util/flowcontrol/request: seats by watchers and objects since 1.22, by bytes (SizeBasedListCostEstimate) since 1.34',
      date,
      range: null,
    }),
    requestTimeoutNs: upstream(60 * SECOND, 'ns', `${APISERVER_FLAGS}: --request-timeout`, date),
  };
};

type WorkEstimator = ControlPlaneSettings['apiServer']['workEstimator'];

const workEstimator = (minor: number): WorkEstimator => {
  if (minor < 22) return 'one-seat';
  return minor < 34 ? 'object-count' : 'object-size';
};
