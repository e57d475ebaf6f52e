/**
 * The normalized scenario: what a scenario file means once every default has been filled in and every shorthand expanded.
 *
 *   scenario.yaml --load--> spec (what the user wrote) --normalize--> Scenario (this file) --build--> world
 *
 * Everything below the scenario floor works from this type, so no default stands anywhere else. Units are in the names;
 * durations are integer nanoseconds, sizes bytes, bandwidths bits per second. `null` means "without this limit".
 * The object is plain JSON: it crosses to worker threads, and its canonical JSON text is what the scenario hash is made of.
 */

import type { PlacementStrategy } from './cluster/placement.js';
import type { ServiceShape } from './cluster/service-shape.js';
import type { EndpointSettings } from './cluster/services.js';
import type { NameLengths } from './controlplane/wire-size.js';
import type { KubeProxySettings } from './kube-proxy-settings.js';
import type { LoadBalancerSettings } from './load-balancer-settings.js';
import type { NodeTrafficSettings } from './node-traffic-settings.js';
import type { ApplicationSettings, ClientSettings } from './traffic-settings.js';
import type { ProbeFailure, ReadinessProbe } from './node/readiness-probe.js';

/** What one run simulates: a scenario with one variant's changes applied. */
export interface Scenario {
  readonly name: string;
  /** One sentence or paragraph for the report; empty when the file gives none. */
  readonly description: string;
  /** The question of the capacity planner that the file answers (Q1 to Q12), or null. */
  readonly question: string | null;
  /** Version profile, "1.20" and later: picks every default that changed between versions. */
  readonly kubernetes: string;
  readonly seed: number;
  /** Workload stops starting new actions after this; null: the run ends when the workload is done and all is quiet. */
  readonly durationNs: number | null;
  /** After the duration the run goes on until nothing is in flight, at most this long; without a duration as long as it takes. */
  readonly drainLimitNs: number;
  readonly replications: ReplicationPolicy;
  readonly cluster: ClusterSettings;
  readonly controlPlane: ControlPlaneSettings;
  readonly kubelet: KubeletSettings;
  readonly kubeProxy: KubeProxySettings;
  readonly pods: PodSettings;
  readonly wire: WireSettings;
  readonly services: readonly ServiceSettings[];
  readonly autoscalers: readonly AutoscalerSettings[];
  readonly clients: readonly ClientSettings[];
  /** Connections that every node sees; null: nothing of them is measured. */
  readonly nodeTraffic: NodeTrafficSettings | null;
  readonly workload: readonly WorkloadAction[];
}

/** Replications run until every gated metric's relative half-width is at most `precision`, or until `max`. */
export interface ReplicationPolicy {
  readonly min: number;
  readonly max: number;
  /** Relative half-width of the 95 % interval asked for, e.g. 0.05; null: exactly `min` replications. */
  readonly precision: number | null;
}

/** A client-go token bucket: the flags --kube-api-qps and --kube-api-burst. */
export interface ClientLimits {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
}

export interface ClusterSettings {
  readonly nodes: number;
  readonly zones: number;
  /** One-way latency from an API server to a node, drawn once per node, uniform in this range. */
  readonly apiServerToNodeLatencyNs: { readonly min: number; readonly max: number };
  /** Rule-programming time of a node relative to the machine that the cost constants were measured on. */
  readonly nodeSpeedFactor: number;
  /** Coefficient of variation of that factor between nodes (lognormal, mean 1). */
  readonly nodeSpeedVariation: number;
  /** Cores of a node: they bound its connection table (kubeProxy.conntrack.maxPerCore). */
  readonly nodeCores: number;
}

export interface ControlPlaneSettings {
  readonly apiServer: {
    readonly replicas: number;
    /** Egress of one API server's network card, bits per second; null: unlimited. */
    readonly networkBandwidthBitsPerSecond: number | null;
    /** Cores of one API server; null: as many as it needs. */
    readonly cpuCores: number | null;
    /** A watch event is encoded once for all watchers and not for each (KEP-1152, since 1.17). */
    readonly serializationCache: boolean;
    /** Events that the watch cache of endpoint objects remembers (--watch-cache-sizes); null: it sizes itself. */
    readonly watchCacheSize: number | null;
    /** --max-requests-inflight and --max-mutating-requests-inflight: together the seats of priority and fairness. */
    readonly maxRequestsInflight: number;
    readonly maxMutatingRequestsInflight: number;
    /** --enable-priority-and-fairness; without it the two limits hold for reads and for writes, and nobody waits. */
    readonly enablePriorityAndFairness: boolean;
    /** What a priority level may borrow of others, in percent of its nominal limit; null: without bound. */
    readonly borrowingLimitPercent: number | null;
    /** Seats of a request: one (to 1.21), by watchers and listed objects (to 1.33), or by watchers and listed bytes. */
    readonly workEstimator: 'one-seat' | 'object-count' | 'object-size';
    /** --request-timeout; a request waits for seats for a quarter of it. */
    readonly requestTimeoutNs: number;
    /** Largest body of a request; null: no limit. */
    readonly maxRequestBodyBytes: number | null;
    /** --etcd-compaction-interval; 0: never. */
    readonly etcdCompactionIntervalNs: number;
    /** --service-node-port-range: first and last port, such as "30000-32767" (cluster/allocation-bands.ts reads it). */
    readonly serviceNodePortRange: string;
  };
  readonly etcd: {
    /** Latency of a write as its client sees it, lognormal. */
    readonly writeLatencyNs: { readonly median: number; readonly p99: number };
    /** What the size of a write adds to its latency, bits per second; null: nothing. */
    readonly writeBandwidthBitsPerSecond: number | null;
    /** Largest request that etcd accepts (its --max-request-bytes); null: no limit. */
    readonly maxRequestBytes: number | null;
    /** Size of the database after which etcd takes no write (its --quota-backend-bytes); null: no limit. */
    readonly quotaBackendBytes: number | null;
  };
  readonly controllerManager: ClientLimits & {
    readonly concurrentEndpointSyncs: number;
    readonly concurrentServiceEndpointSyncs: number;
    readonly endpointUpdatesBatchPeriodNs: number;
    readonly endpointSliceUpdatesBatchPeriodNs: number;
    readonly maxEndpointsPerSlice: number;
    /** Addresses that the Endpoints controller keeps in one object (1000 since 1.22); null: it does not truncate. */
    readonly maxEndpointsPerObject: number | null;
    // The node life cycle controller.
    readonly nodeMonitorPeriodNs: number;
    readonly nodeMonitorGracePeriodNs: number;
    /** Nodes per second and zone that are tainted, so that their pods are evicted. */
    readonly nodeEvictionRate: number;
    readonly secondaryNodeEvictionRate: number;
    readonly unhealthyZoneThreshold: number;
    readonly largeClusterSizeThreshold: number;
    /** Whether the Endpoints controller has the objects from an informer; else each sync reads its object (before 1.7). */
    readonly endpointsFromInformer: boolean;
    /** What the Endpoints controller does when its informer lags behind its own writes: 409 conflicts before 1.31. */
    readonly staleEndpointsCache: 'back-off' | 'conflict';
    /** --min-resync-period; the informers' period is this x U[1, 2). 0: never. */
    readonly minResyncPeriodNs: number;
    /** Fixed resync period of services in the Endpoints controller (30 s in old releases); null: that of the informers. */
    readonly fullServiceResyncPeriodNs: number | null;
    /** --leader-elect-lease-duration, --leader-elect-renew-deadline, --leader-elect-retry-period. */
    readonly leaderElectLeaseDurationNs: number;
    readonly leaderElectRenewDeadlineNs: number;
    readonly leaderElectRetryPeriodNs: number;
    readonly concurrentDeploymentSyncs: number;
    readonly concurrentReplicaSetSyncs: number;
    readonly concurrentStatefulSetSyncs: number;
    /** Feature gate MaxUnavailableStatefulSet. */
    readonly maxUnavailableStatefulSet: boolean;
    readonly mirroringConcurrentServiceEndpointSyncs: number;
    readonly mirroringMaxEndpointsPerSubset: number;
    readonly concurrentHorizontalPodAutoscalerSyncs: number;
    readonly horizontalPodAutoscalerSyncPeriodNs: number;
    readonly horizontalPodAutoscalerTolerance: number;
    readonly horizontalPodAutoscalerDownscaleStabilizationNs: number;
    readonly horizontalPodAutoscalerCpuInitializationPeriodNs: number;
    readonly horizontalPodAutoscalerInitialReadinessDelayNs: number;
  };
  /** metrics-server, which autoscalers read usage from. */
  readonly metricsServer: {
    /** Time from one scrape of the kubelets to the next (--metric-resolution). */
    readonly metricResolutionNs: number;
  };
  readonly scheduler: ClientLimits;
  /** cloud-controller-manager, whose service controller sets up load balancers. */
  readonly cloudControllerManager: {
    readonly concurrentServiceSyncs: number;
    /** Feature gate StableLoadBalancerNodeSet: nodes that are not ready stay in the pools. */
    readonly stableLoadBalancerNodeSet: boolean;
  };
}

export interface KubeletSettings extends ClientLimits {
  readonly nodeLeaseDurationSeconds: number;
  readonly nodeStatusUpdateFrequencyNs: number;
  readonly nodeStatusReportFrequencyNs: number;
  /** Whether a container that is seen to run is probed out of turn (since 1.24). */
  readonly immediateReadinessProbe: boolean;
}

export interface PodSettings {
  /** From the binding of a pod to a node to the moment its containers run, lognormal. */
  readonly startupNs: { readonly median: number; readonly p99: number };
  /** From SIGTERM to the moment the containers of a pod have stopped, if they are let: lognormal. */
  readonly shutdownNs: { readonly median: number; readonly p99: number };
  // For service groups that do not say otherwise.
  readonly terminationGracePeriodSeconds: number;
  /** A preStop hook that sleeps; 0 for none. */
  readonly preStop: { readonly sleepNs: number };
}

export interface WireSettings {
  readonly format: 'protobuf' | 'json';
  /** Lengths of the strings in an endpoint, in bytes (one byte per character); `ip` is that of an IPv4 address. */
  readonly nameLengths: NameLengths & { readonly ipv6: number };
  /** A constant size per endpoint without overhead, as papers assume; null: sizes field by field. */
  readonly bytesPerEndpoint: number | null;
  /** With bytesPerEndpoint only: no object is smaller than this. */
  readonly minObjectBytes: number;
}

export interface ServiceSettings extends EndpointSettings {
  readonly name: string;
  /** How many services of this shape there are. Services 2, 3, ... are called name-2, name-3, ... */
  readonly count: number;
  /** Pods behind each of them at the start, or addresses if it has no selector; all ready. */
  readonly endpoints: number;
  /** null: a pod is ready when its containers run. */
  readonly readinessProbe: ReadinessProbe | null;
  readonly terminationGracePeriodSeconds: number;
  readonly preStop: { readonly sleepNs: number };
  /** What makes and replaces these pods. */
  readonly controller: 'Deployment' | 'StatefulSet';
  /** On which nodes these pods are put. */
  readonly placement: PlacementStrategy;
  /** Of a StatefulSet. */
  readonly podManagementPolicy: 'OrderedReady' | 'Parallel';
  /** False: Services without selector, whose Endpoints objects are written by hand. */
  readonly selector: boolean;
  /** What kube-proxies make of each of them. */
  readonly shape: ServiceShape;
  /** Whether people choose their node ports, each on his own, and not the API server. */
  readonly manualNodePorts: boolean;
  readonly application: ApplicationSettings;
  /** What stands in front of each of them; null: nothing does. */
  readonly loadBalancer: LoadBalancerSettings | null;
}

/** A HorizontalPodAutoscaler for the Deployment of each service of a group, and the load on the service. */
export interface AutoscalerSettings {
  readonly service: string;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** CPU usage in whole percent of the pods' requests. */
  readonly targetUtilizationPercent: number;
  /** spec.behavior; null: the rules of an autoscaler without it. */
  readonly behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules } | null;
  /**
   * CPU demand on each service from a time on, as a fraction of what its pods at the start request together; the ready pods
   * share it evenly. Before the first step the pods at the start are used exactly as the target says.
   */
  readonly load: readonly { readonly atNs: number; readonly utilization: number }[];
}

/** One direction of an autoscaler's behavior, as in the autoscaling/v2 API. */
export interface ScalingRules {
  readonly policies: readonly {
    readonly type: 'Pods' | 'Percent';
    readonly value: number;
    readonly periodSeconds: number;
  }[];
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly stabilizationWindowSeconds: number;
}

/** How many, as a plain number or as a share of the replicas; the caller rounds (surge up, unavailable down). */
export type IntOrPercent = { readonly absolute: number } | { readonly fraction: number };

/** Something that changes the cluster, from `atNs` on. `service` names a group of `services`; all its services take part. */
export type WorkloadAction =
  | {
      readonly kind: 'rollingUpdate';
      readonly atNs: number;
      readonly service: string;
      /** Of a Deployment; a StatefulSet knows no other than RollingUpdate here. */
      readonly strategy: 'RollingUpdate' | 'Recreate';
      /** Of a Deployment; 0 for a StatefulSet. */
      readonly maxSurge: IntOrPercent;
      readonly maxUnavailable: IntOrPercent;
      /** How long the new pods must have been ready before they count as available. */
      readonly minReadyNs: number;
      /** Of a StatefulSet: pods with lower ordinals keep their revision. */
      readonly partition: number;
    }
  | {
      /** Replaces every pod in one API update each, at a fixed interval: the assumption of published estimates. */
      readonly kind: 'replaceEach';
      readonly atNs: number;
      readonly service: string;
      readonly intervalNs: number;
    }
  | {
      readonly kind: 'churn';
      readonly atNs: number;
      /** null: until the end of the run, which then must have a duration. */
      readonly forNs: number | null;
      readonly podsPerSecond: number;
      readonly arrivals: 'poisson' | 'regular';
      /** Groups whose pods are replaced; every pod of them is equally likely. Empty: all groups. */
      readonly services: readonly string[];
    }
  | { readonly kind: 'scale'; readonly atNs: number; readonly service: string; readonly to: number }
  | {
      /** Somebody writes the Endpoints object of a service without selector. */
      readonly kind: 'editEndpoints';
      readonly atNs: number;
      readonly service: string;
      /** Addresses after the write; null: as many as before. */
      readonly to: number | null;
      /** Addresses that are replaced by others. */
      readonly replace: number;
    }
  | {
      /**
       * One pod of the service changes: turns unready, turns ready again, is replaced in one update, or has a label changed that
       * takes it out of the service (it lives on) or back into it.
       */
      readonly kind: 'podChange';
      readonly atNs: number;
      readonly service: string;
      readonly change: 'notReady' | 'ready' | 'replace' | 'leave' | 'join';
      /** How an application that fails fails its readiness probe. */
      readonly failure: ProbeFailure;
    }
  | {
      /** The service is created at `atNs`, its pods being ready before; until then it is absent. */
      readonly kind: 'createService';
      readonly atNs: number;
      readonly service: string;
    }
  | {
      /** Nodes that are drawn at random, or all of a zone, are cut off; null: for ever. */
      readonly kind: 'loseNodes';
      readonly atNs: number;
      readonly nodes: NodeChoice;
      readonly forNs: number | null;
    }
  | {
      /** Nodes reboot, and are back after so long. */
      readonly kind: 'restartNodes';
      readonly atNs: number;
      readonly nodes: NodeChoice;
      readonly forNs: number;
    }
  | {
      /** The leading controller manager crashes; another takes over when its lease has run out. */
      readonly kind: 'failOverControllerManager';
      readonly atNs: number;
    }
  | {
      /** An API server goes down and comes back: the watches on it break. */
      readonly kind: 'restartApiServer';
      readonly atNs: number;
      readonly server: number;
      readonly forNs: number;
    }
  | {
      /** Some nodes do not read from their watches for a while. */
      readonly kind: 'slowWatchers';
      readonly atNs: number;
      readonly nodes: IntOrPercent;
      readonly forNs: number;
    }
  | {
      /** The kube-proxies of some nodes end and come back; the rules stay, and the first sync writes all of them. */
      readonly kind: 'restartKubeProxy';
      readonly atNs: number;
      readonly nodes: NodeShare;
      readonly forNs: number;
    }
  | {
      /** Every sync that starts within this time fails on some nodes. */
      readonly kind: 'failSyncs';
      readonly atNs: number;
      readonly nodes: IntOrPercent;
      readonly forNs: number;
    }
  | {
      /** Writes to etcd take `factor` times as long. */
      readonly kind: 'slowEtcd';
      readonly atNs: number;
      readonly forNs: number;
      readonly factor: number;
    };

export type NodeChoice = { readonly count: number } | { readonly zone: number };

/** Nodes that are drawn at random, as a number or as a share of all (rounded up), or all of a zone. */
export type NodeShare = IntOrPercent | { readonly zone: number };
