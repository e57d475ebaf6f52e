/** Spec -> Scenario: every default filled in from the version profile, every shorthand written out. */

import { DEFAULT_VERSION, type VersionProfile, versionProfile } from '../model/versions/profiles.js';
import type { Sourced } from '../model/versions/provenance.js';
import { DEFAULT_SCALE_UP, defaultScaleDown } from '../model/workload/horizontal-pod-autoscaler/behavior.js';
import type {
  AutoscalerSettings,
  IntOrPercent,
  ReplicationPolicy,
  ScalingRules,
  Scenario,
  ServiceSettings,
  WorkloadAction,
} from '../model/scenario.js';
import { kubeProxy, serviceShape } from './normalize-kube-proxy.js';
import { application, client } from './normalize-clients.js';
import { cloudControllerManager, loadBalancer } from './normalize-load-balancers.js';
import { nodeTraffic } from './normalize-node-traffic.js';
import { kubelet, nodeChoice, nodeLifecycle, nodeShare, or, readinessProbe, termination } from './normalize-pods.js';
import type { Spec } from './schema.js';

type Distribution = { readonly median: number; readonly p99: number };
type WorkloadEntry = Spec['workload'][number];
/** What a field that may be left out has. */
type Undefinable<T> = { readonly [Key in keyof T]: T[Key] | undefined };

const NS_PER_SECOND = 1e9;

/** Replications that a precision may take when the file sets no maximum. */
const MAX_REPLICATIONS_WITH_PRECISION = 40;

export const normalize = (spec: Spec): Scenario => {
  const kubernetes = spec.kubernetes ?? DEFAULT_VERSION;
  const profile = versionProfile(kubernetes, spec.kubeProxy?.mode);
  const { apiServer, etcd, controllerManager } = spec.controlPlane ?? {};
  const defaults = profile.controlPlane;
  const statefulSets = new Set(
    spec.services.flatMap(({ name, controller }) => (controller === 'StatefulSet' ? [name] : [])),
  );
  return {
    name: spec.metadata.name,
    description: spec.metadata.description ?? '',
    question: spec.metadata.question ?? null,
    kubernetes,
    seed: or(spec.seed, profile.seed),
    durationNs: or(spec.duration, profile.durationNs),
    drainLimitNs: or(spec.drainLimit, profile.drainLimitNs),
    replications: replicationPolicy(spec.replications, profile),
    cluster: {
      nodes: spec.cluster.nodes,
      zones: or(spec.cluster.zones, profile.cluster.zones),
      apiServerToNodeLatencyNs: {
        min: or(spec.cluster.apiServerToNodeLatency?.min, profile.cluster.apiServerToNodeLatencyNs.min),
        max: or(spec.cluster.apiServerToNodeLatency?.max, profile.cluster.apiServerToNodeLatencyNs.max),
      },
      nodeSpeedFactor: or(spec.cluster.nodeSpeedFactor, profile.cluster.nodeSpeedFactor),
      nodeSpeedVariation: or(spec.cluster.nodeSpeedVariation, profile.cluster.nodeSpeedVariation),
      nodeCores: or(spec.cluster.nodeCores, profile.cluster.nodeCores),
    },
    controlPlane: {
      apiServer: {
        replicas: or(apiServer?.replicas, defaults.apiServer.replicas),
        networkBandwidthBitsPerSecond: or(
          apiServer?.networkBandwidth,
          defaults.apiServer.networkBandwidthBitsPerSecond,
        ),
        cpuCores: or(apiServer?.cpuCores, defaults.apiServer.cpuCores),
        serializationCache: or(apiServer?.serializationCache, defaults.apiServer.serializationCache),
        watchCacheSize: or(apiServer?.watchCacheSize, defaults.apiServer.watchCacheSize),
        maxRequestsInflight: or(apiServer?.maxRequestsInflight, defaults.apiServer.maxRequestsInflight),
        maxMutatingRequestsInflight: or(
          apiServer?.maxMutatingRequestsInflight,
          defaults.apiServer.maxMutatingRequestsInflight,
        ),
        enablePriorityAndFairness: or(
          apiServer?.enablePriorityAndFairness,
          defaults.apiServer.enablePriorityAndFairness,
        ),
        borrowingLimitPercent: or(apiServer?.borrowingLimitPercent, defaults.apiServer.borrowingLimitPercent),
        workEstimator: or(apiServer?.workEstimator, defaults.apiServer.workEstimator),
        requestTimeoutNs: or(apiServer?.requestTimeout, defaults.apiServer.requestTimeoutNs),
        maxRequestBodyBytes: or(apiServer?.maxRequestBodyBytes, defaults.apiServer.maxRequestBodyBytes),
        etcdCompactionIntervalNs: or(apiServer?.etcdCompactionInterval, defaults.apiServer.etcdCompactionIntervalNs),
        serviceNodePortRange: or(apiServer?.serviceNodePortRange, defaults.apiServer.serviceNodePortRange),
      },
      etcd: {
        writeLatencyNs: distribution(etcd?.writeLatency, defaults.etcd.writeLatencyNs),
        writeBandwidthBitsPerSecond: or(etcd?.writeBandwidth, defaults.etcd.writeBandwidthBitsPerSecond),
        maxRequestBytes: or(etcd?.maxRequestBytes, defaults.etcd.maxRequestBytes),
        quotaBackendBytes: or(etcd?.quotaBackendBytes, defaults.etcd.quotaBackendBytes),
      },
      controllerManager: {
        kubeApiQps: or(controllerManager?.kubeApiQps, defaults.controllerManager.kubeApiQps),
        kubeApiBurst: or(controllerManager?.kubeApiBurst, defaults.controllerManager.kubeApiBurst),
        concurrentEndpointSyncs: or(
          controllerManager?.concurrentEndpointSyncs,
          defaults.controllerManager.concurrentEndpointSyncs,
        ),
        concurrentServiceEndpointSyncs: or(
          controllerManager?.concurrentServiceEndpointSyncs,
          defaults.controllerManager.concurrentServiceEndpointSyncs,
        ),
        endpointUpdatesBatchPeriodNs: or(
          controllerManager?.endpointUpdatesBatchPeriod,
          defaults.controllerManager.endpointUpdatesBatchPeriodNs,
        ),
        endpointSliceUpdatesBatchPeriodNs: or(
          controllerManager?.endpointSliceUpdatesBatchPeriod,
          defaults.controllerManager.endpointSliceUpdatesBatchPeriodNs,
        ),
        maxEndpointsPerSlice: or(
          controllerManager?.maxEndpointsPerSlice,
          defaults.controllerManager.maxEndpointsPerSlice,
        ),
        maxEndpointsPerObject: or(
          controllerManager?.maxEndpointsPerObject,
          defaults.controllerManager.maxEndpointsPerObject,
        ),
        ...nodeLifecycle(controllerManager ?? {}, defaults.controllerManager),
        endpointsFromInformer: or(
          controllerManager?.endpointsFromInformer,
          defaults.controllerManager.endpointsFromInformer,
        ),
        staleEndpointsCache: or(controllerManager?.staleEndpointsCache, defaults.controllerManager.staleEndpointsCache),
        minResyncPeriodNs: or(controllerManager?.minResyncPeriod, defaults.controllerManager.minResyncPeriodNs),
        fullServiceResyncPeriodNs: or(
          controllerManager?.fullServiceResyncPeriod,
          defaults.controllerManager.fullServiceResyncPeriodNs,
        ),
        leaderElectLeaseDurationNs: or(
          controllerManager?.leaderElectLeaseDuration,
          defaults.controllerManager.leaderElectLeaseDurationNs,
        ),
        leaderElectRenewDeadlineNs: or(
          controllerManager?.leaderElectRenewDeadline,
          defaults.controllerManager.leaderElectRenewDeadlineNs,
        ),
        leaderElectRetryPeriodNs: or(
          controllerManager?.leaderElectRetryPeriod,
          defaults.controllerManager.leaderElectRetryPeriodNs,
        ),
        concurrentDeploymentSyncs: or(
          controllerManager?.concurrentDeploymentSyncs,
          defaults.controllerManager.concurrentDeploymentSyncs,
        ),
        concurrentReplicaSetSyncs: or(
          controllerManager?.concurrentReplicaSetSyncs,
          defaults.controllerManager.concurrentReplicaSetSyncs,
        ),
        concurrentStatefulSetSyncs: or(
          controllerManager?.concurrentStatefulSetSyncs,
          defaults.controllerManager.concurrentStatefulSetSyncs,
        ),
        maxUnavailableStatefulSet: or(
          controllerManager?.maxUnavailableStatefulSet,
          defaults.controllerManager.maxUnavailableStatefulSet,
        ),
        mirroringConcurrentServiceEndpointSyncs: or(
          controllerManager?.mirroringConcurrentServiceEndpointSyncs,
          defaults.controllerManager.mirroringConcurrentServiceEndpointSyncs,
        ),
        mirroringMaxEndpointsPerSubset: or(
          controllerManager?.mirroringMaxEndpointsPerSubset,
          defaults.controllerManager.mirroringMaxEndpointsPerSubset,
        ),
        ...autoscalerFlags(controllerManager, profile),
      },
      metricsServer: {
        metricResolutionNs: or(
          spec.controlPlane?.metricsServer?.metricResolution,
          defaults.metricsServer.metricResolutionNs,
        ),
      },
      scheduler: {
        kubeApiQps: or(spec.controlPlane?.scheduler?.kubeApiQps, defaults.scheduler.kubeApiQps),
        kubeApiBurst: or(spec.controlPlane?.scheduler?.kubeApiBurst, defaults.scheduler.kubeApiBurst),
      },
      cloudControllerManager: cloudControllerManager(spec.controlPlane?.cloudControllerManager ?? {}, defaults),
    },
    kubelet: kubelet(spec.kubelet ?? {}, profile.kubelet),
    kubeProxy: kubeProxy(spec.kubeProxy ?? {}, profile.kubeProxy),
    pods: {
      startupNs: distribution(spec.pods?.startup, profile.pods.startupNs),
      shutdownNs: distribution(spec.pods?.shutdown, profile.pods.shutdownNs),
      ...termination(spec.pods, undefined, profile),
    },
    wire: {
      format: or(spec.wire?.format, profile.wire.format),
      nameLengths: {
        namespace: or(spec.wire?.nameLengths?.namespace, profile.wire.nameLengths.namespace),
        service: or(spec.wire?.nameLengths?.service, profile.wire.nameLengths.service),
        pod: or(spec.wire?.nameLengths?.pod, profile.wire.nameLengths.pod),
        node: or(spec.wire?.nameLengths?.node, profile.wire.nameLengths.node),
        zone: or(spec.wire?.nameLengths?.zone, profile.wire.nameLengths.zone),
        ip: or(spec.wire?.nameLengths?.ip, profile.wire.nameLengths.ip),
        ipv6: or(spec.wire?.nameLengths?.ipv6, profile.wire.nameLengths.ipv6),
      },
      bytesPerEndpoint: or(spec.wire?.bytesPerEndpoint, profile.wire.bytesPerEndpoint),
      minObjectBytes: or(spec.wire?.minObjectBytes, profile.wire.minObjectBytes),
    },
    services: spec.services.map((entry) => serviceGroup(entry, spec, profile)),
    autoscalers: (spec.autoscalers ?? []).map((entry) => autoscaler(entry, controllerManager, profile)),
    clients: (spec.clients ?? []).map((entry) => client(entry, spec.services, profile)),
    nodeTraffic: nodeTraffic(spec.nodeTraffic, profile),
    workload: spec.workload.map((entry) => workloadAction(entry, profile, statefulSets)),
  };
};

const serviceGroup = (
  entry: Spec['services'][number],
  { pods, loadBalancer: ofAll }: Pick<Spec, 'pods' | 'loadBalancer'>,
  profile: VersionProfile,
): ServiceSettings => ({
  name: entry.name,
  count: entry.count ?? 1,
  endpoints: entry.endpoints,
  selector: entry.selector ?? true,
  shape: serviceShape(entry, profile),
  manualNodePorts: or(entry.manualNodePorts, profile.services.manualNodePorts),
  application: application(entry.application, profile),
  loadBalancer: loadBalancer(entry, ofAll, profile),
  controller: entry.controller ?? 'Deployment',
  placement: or(entry.placement, profile.services.placement),
  podManagementPolicy: or(entry.podManagementPolicy, profile.statefulSet.podManagementPolicy),
  publishNotReadyAddresses: or(entry.publishNotReadyAddresses, profile.services.publishNotReadyAddresses),
  ipFamilies: or(entry.ipFamilies, profile.services.ipFamilies),
  trafficDistribution: or(entry.trafficDistribution, profile.services.trafficDistribution),
  topologyMode: or(entry.topologyMode, profile.services.topologyMode),
  readinessProbe: readinessProbe(entry.readinessProbe, profile),
  ...termination(entry, pods, profile),
});

const distribution = (
  given: { median?: number | undefined; p99?: number | undefined } | undefined,
  defaults: Sourced<Distribution>,
): Distribution => ({ median: or(given?.median, defaults.median), p99: or(given?.p99, defaults.p99) });

/** A plain number is exact; a precision without a maximum gets one, as it may never be reached. */
const replicationPolicy = (given: Spec['replications'], profile: VersionProfile): ReplicationPolicy => {
  if (typeof given === 'number') return { min: given, max: given, precision: null };
  const precision = or(given?.precision, profile.replications.precision);
  const min = given?.min ?? Math.min(profile.replications.min.value, given?.max ?? Infinity);
  const max = given?.max ?? (precision === null ? min : Math.max(min, MAX_REPLICATIONS_WITH_PRECISION));
  return { min, max, precision };
};

type ControllerManagerSpec = NonNullable<Spec['controlPlane']>['controllerManager'];

const autoscalerFlags = (given: ControllerManagerSpec, profile: VersionProfile) => {
  const { controllerManager: defaults } = profile.controlPlane;
  return {
    concurrentHorizontalPodAutoscalerSyncs: or(
      given?.concurrentHorizontalPodAutoscalerSyncs,
      defaults.concurrentHorizontalPodAutoscalerSyncs,
    ),
    horizontalPodAutoscalerSyncPeriodNs: or(
      given?.horizontalPodAutoscalerSyncPeriod,
      defaults.horizontalPodAutoscalerSyncPeriodNs,
    ),
    horizontalPodAutoscalerTolerance: or(
      given?.horizontalPodAutoscalerTolerance,
      defaults.horizontalPodAutoscalerTolerance,
    ),
    horizontalPodAutoscalerDownscaleStabilizationNs: or(
      given?.horizontalPodAutoscalerDownscaleStabilization,
      defaults.horizontalPodAutoscalerDownscaleStabilizationNs,
    ),
    horizontalPodAutoscalerCpuInitializationPeriodNs: or(
      given?.horizontalPodAutoscalerCpuInitializationPeriod,
      defaults.horizontalPodAutoscalerCpuInitializationPeriodNs,
    ),
    horizontalPodAutoscalerInitialReadinessDelayNs: or(
      given?.horizontalPodAutoscalerInitialReadinessDelay,
      defaults.horizontalPodAutoscalerInitialReadinessDelayNs,
    ),
  };
};

const withDefaults = (given: Partial<Undefinable<ScalingRules>> | undefined, defaults: ScalingRules): ScalingRules => ({
  policies: given?.policies ?? defaults.policies,
  selectPolicy: given?.selectPolicy ?? defaults.selectPolicy,
  stabilizationWindowSeconds: given?.stabilizationWindowSeconds ?? defaults.stabilizationWindowSeconds,
});

const autoscaler = (
  { service, minReplicas, maxReplicas, targetUtilization, behavior, load }: NonNullable<Spec['autoscalers']>[number],
  controllerManager: ControllerManagerSpec,
  profile: VersionProfile,
): AutoscalerSettings => {
  const { horizontalPodAutoscalerDownscaleStabilizationNs: windowNs } = autoscalerFlags(controllerManager, profile);
  return {
    service,
    minReplicas: or(minReplicas, profile.autoscaler.minReplicas),
    maxReplicas,
    // A float such as 0.57 is not quite 57 %.
    targetUtilizationPercent: Math.round(targetUtilization * 100),
    behavior:
      behavior === undefined
        ? null
        : {
            scaleUp: withDefaults(behavior.scaleUp, DEFAULT_SCALE_UP),
            scaleDown: withDefaults(behavior.scaleDown, defaultScaleDown(windowNs / NS_PER_SECOND)),
          },
    load: load.map(({ at: atNs, utilization }) => ({ atNs, utilization })),
  };
};

const workloadAction = (
  entry: WorkloadEntry,
  profile: VersionProfile,
  statefulSets: ReadonlySet<string>,
): WorkloadAction => {
  const { at: atNs, rollingUpdate, replaceEach, churn, scale, editEndpoints, podChange, createService } = entry;
  const { restartApiServer, slowWatchers, slowEtcd } = entry;
  if (restartApiServer !== undefined) {
    return { kind: 'restartApiServer', atNs, server: restartApiServer.server ?? 0, forNs: restartApiServer.for };
  }
  if (slowWatchers !== undefined) {
    return { kind: 'slowWatchers', atNs, nodes: slowWatchers.nodes, forNs: slowWatchers.for };
  }
  if (entry.failOverControllerManager !== undefined) return { kind: 'failOverControllerManager', atNs };
  const { loseNodes, restartNodes } = entry;
  if (rollingUpdate !== undefined) {
    return rollingUpdateAction(atNs, rollingUpdate, profile, statefulSets.has(rollingUpdate.service));
  }
  if (replaceEach !== undefined) {
    return { kind: 'replaceEach', atNs, service: replaceEach.service, intervalNs: replaceEach.interval };
  }
  if (churn !== undefined) {
    const { podsPerSecond, for: forNs = null, arrivals = 'poisson', services = [] } = churn;
    return { kind: 'churn', atNs, forNs, podsPerSecond, arrivals, services };
  }
  if (scale !== undefined) return { kind: 'scale', atNs, ...scale };
  if (editEndpoints !== undefined) {
    const { service, to = null, replace = 0 } = editEndpoints;
    return { kind: 'editEndpoints', atNs, service, to, replace };
  }
  if (podChange !== undefined) {
    const { service, change, failure = 'timeout' } = podChange;
    return { kind: 'podChange', atNs, service, change, failure };
  }
  if (createService !== undefined) return { kind: 'createService', atNs, ...createService };
  if (slowEtcd !== undefined) return { kind: 'slowEtcd', atNs, factor: slowEtcd.factor, forNs: slowEtcd.for };
  if (loseNodes !== undefined) {
    return { kind: 'loseNodes', atNs, nodes: nodeChoice(loseNodes), forNs: loseNodes.for ?? null };
  }
  if (restartNodes !== undefined) {
    const forNs = or(restartNodes.for, profile.restartNodes.forNs);
    return { kind: 'restartNodes', atNs, nodes: nodeChoice(restartNodes), forNs };
  }
  const { restartKubeProxy, failSyncs } = entry;
  if (restartKubeProxy !== undefined) {
    const forNs = or(restartKubeProxy.for, profile.restartKubeProxy.forNs);
    return { kind: 'restartKubeProxy', atNs, nodes: nodeShare(restartKubeProxy), forNs };
  }
  if (failSyncs !== undefined) return { kind: 'failSyncs', atNs, nodes: failSyncs.nodes, forNs: failSyncs.for };
  throw new Error('a workload entry without action passed the checks');
};

const rollingUpdateAction = (
  atNs: number,
  given: NonNullable<WorkloadEntry['rollingUpdate']>,
  profile: VersionProfile,
  isStatefulSet: boolean,
): WorkloadAction => ({
  kind: 'rollingUpdate',
  atNs,
  service: given.service,
  strategy: or(given.strategy, profile.rollingUpdate.strategy),
  ...(isStatefulSet ? statefulSetLimits(given, profile) : rolloutLimits(given, profile)),
  minReadyNs:
    given.minReadySeconds === undefined
      ? profile.rollingUpdate.minReadyNs.value
      : given.minReadySeconds * NS_PER_SECOND,
  partition: or(given.partition, profile.statefulSet.partition),
});

/** A StatefulSet never has more pods than replicas. */
const statefulSetLimits = (
  given: { maxSurge?: IntOrPercent | undefined; maxUnavailable?: IntOrPercent | undefined },
  { statefulSet: defaults }: VersionProfile,
): { maxSurge: IntOrPercent; maxUnavailable: IntOrPercent } => ({
  maxSurge: given.maxSurge ?? { absolute: 0 },
  maxUnavailable: given.maxUnavailable ?? { absolute: defaults.maxUnavailable.value },
});

/** Two zeros would never replace a pod: the Deployment controller then takes one pod as unavailable. */
const rolloutLimits = (
  given: { maxSurge?: IntOrPercent | undefined; maxUnavailable?: IntOrPercent | undefined },
  { rollingUpdate: defaults }: VersionProfile,
): { maxSurge: IntOrPercent; maxUnavailable: IntOrPercent } => {
  const maxSurge = given.maxSurge ?? { fraction: defaults.maxSurge.value };
  const maxUnavailable = given.maxUnavailable ?? { fraction: defaults.maxUnavailable.value };
  return isZero(maxSurge) && isZero(maxUnavailable)
    ? { maxSurge, maxUnavailable: { absolute: 1 } }
    : { maxSurge, maxUnavailable };
};

const isZero = (amount: IntOrPercent): boolean => ('absolute' in amount ? amount.absolute : amount.fraction) === 0;
