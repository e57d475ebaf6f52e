/**
 * Version profiles: what every setting is when the scenario does not say, by Kubernetes version, each with its origin.
 *
 *   `kubernetes: "1.27"` --versionProfile--> one Constant per setting --normalize--> Scenario
 *
 * The shape is that of the Scenario type, so the compiler proves that no setting lacks a default and that no default stands
 * anywhere else. Left out are the settings that only a user can know: nodes, services, workload.
 */

import type { PlacementStrategy } from '../cluster/placement.js';
import type { ServiceShape, TrafficPolicy } from '../cluster/service-shape.js';
import type { EndpointSettings } from '../cluster/services.js';
import type { ProxyModeName } from '../node/proxy-modes/proxy-mode.js';
import type { LoadBalancerProvider } from '../load-balancer-settings.js';
import type { NodeTrafficSettings } from '../node-traffic-settings.js';
import type { Scenario } from '../scenario.js';
import { controlPlaneDefaults } from './control-plane-profile.js';
import { DEFAULT_PROXY_MODE, kubeProxyDefaults } from './kube-proxy-profile.js';
import { nodeTrafficDefaults } from './node-traffic-profile.js';
import { applicationDefaults, clientDefaults } from './client-profile.js';
import { DEFAULT_PROVIDER, type LoadBalancerDefaults, loadBalancerDefaults } from './load-balancer-profile.js';
import { assumed, constant, type Constant, type Sourced, upstream } from './provenance.js';

export const SUPPORTED_VERSIONS = [
  '1.20',
  '1.21',
  '1.22',
  '1.23',
  '1.24',
  '1.25',
  '1.26',
  '1.27',
  '1.28',
  '1.29',
  '1.30',
  '1.31',
  '1.32',
  '1.33',
  '1.34',
  '1.35',
  '1.36',
] as const;

export type KubernetesVersion = (typeof SUPPORTED_VERSIONS)[number];

/**
 * The newest version whose rules were read on both sides of it: the kube-proxy runner in 1.34, the controllers in 1.36. For
 * 1.36 itself the data plane is taken to be unchanged.
 */
export const DEFAULT_VERSION: KubernetesVersion = '1.35';

/** The settings that have a default. */
export type DefaultSettings = Pick<
  Scenario,
  'seed' | 'durationNs' | 'drainLimitNs' | 'replications' | 'controlPlane' | 'kubelet' | 'kubeProxy' | 'pods' | 'wire'
> & { readonly cluster: Omit<Scenario['cluster'], 'nodes'> };

export interface VersionProfile extends Sourced<DefaultSettings> {
  /** Defaults of the Deployment API; a fraction, as the API's own default is a percentage. */
  readonly rollingUpdate: {
    readonly strategy: Constant<'RollingUpdate' | 'Recreate'>;
    readonly maxSurge: Constant;
    readonly maxUnavailable: Constant;
    readonly minReadyNs: Constant;
  };
  /** Defaults of the StatefulSet API. */
  readonly statefulSet: {
    readonly podManagementPolicy: Constant<'OrderedReady' | 'Parallel'>;
    /** In pods. */
    readonly maxUnavailable: Constant;
    readonly partition: Constant;
  };
  /** Default of the HorizontalPodAutoscaler API. */
  readonly autoscaler: { readonly minReplicas: Constant };
  /** Defaults of the Service API, for every entry of `services`, and where its pods are put. */
  readonly services: {
    readonly [Field in keyof EndpointSettings | keyof ServiceShape]: Constant<(EndpointSettings & ServiceShape)[Field]>;
  } & { readonly placement: Constant<PlacementStrategy>; readonly manualNodePorts: Constant<boolean> };
  /** Defaults of the Pod API for the fields of a probe that is given. */
  readonly readinessProbe: {
    readonly initialDelaySeconds: Constant;
    readonly periodSeconds: Constant;
    readonly timeoutSeconds: Constant;
    readonly successThreshold: Constant;
    readonly failureThreshold: Constant;
  };
  /** How long a node that is restarted is away. */
  readonly restartNodes: { readonly forNs: Constant };
  /** How long a kube-proxy that is restarted is away. */
  readonly restartKubeProxy: { readonly forNs: Constant };
  /** Of every entry of `clients`, and what answers them. */
  readonly clients: ReturnType<typeof clientDefaults>;
  readonly application: ReturnType<typeof applicationDefaults>;
  /** Of a `nodeTraffic` section that is given. */
  readonly nodeTraffic: Sourced<NodeTrafficSettings>;
  /** Of services of type LoadBalancer, with the default provider and policy Cluster; others have others (load-balancer-profile.ts). */
  readonly loadBalancer: LoadBalancerDefaults & { readonly provider: Constant<LoadBalancerProvider> };
}

const MS = 1_000_000;
const SECOND = 1_000_000_000;
const MINUTE = 60 * SECOND;

/** Minor versions are compared as numbers: as texts "1.9" would be newer than "1.20". */
export const minorOf = (version: string): number => Number(version.slice('1.'.length));

/** Some defaults of kube-proxy depend on its mode. */
export const versionProfile = (
  version: KubernetesVersion,
  mode: ProxyModeName = DEFAULT_PROXY_MODE,
): VersionProfile => {
  const minor = minorOf(version);
  return {
    seed: assumed(1, '1', 'Any fixed number makes runs repeatable'),
    durationNs: assumed<number | null>(null, 'ns', 'A run ends when its workload is done and all is quiet'),
    drainLimitNs: assumed(10 * MINUTE, 'ns', 'Longer than any settled cluster needs; ends runs that never settle'),
    replications: {
      min: assumed(5, '1', 'Fewest replications with which a Student-t interval is useful', [3, 100]),
      max: assumed(5, '1', 'As many as min: the cost of a run is known before it starts', [3, 100]),
      precision: assumed<number | null>(null, '1', 'Asked for by the scenario'),
    },
    cluster: {
      zones: assumed(3, '1', 'A regional cluster of the large cloud providers', [1, 6]),
      apiServerToNodeLatencyNs: {
        min: assumed(0.2 * MS, 'ns', 'One-way latency inside a zone', [0.05 * MS, 0.5 * MS]),
        max: assumed(1 * MS, 'ns', 'One-way latency between zones of a region', [0.5 * MS, 5 * MS]),
      },
      nodeSpeedFactor: assumed(1, '1', 'A node like the machine that the cost constants were measured on', [0.5, 4]),
      nodeSpeedVariation: assumed(0.1, '1', 'Equal machines under unequal load', [0, 0.5]),
      nodeCores: assumed(4, '1', 'A common size of the virtual machines that clusters are made of', [1, 128]),
    },
    controlPlane: controlPlaneDefaults(minor),
    kubelet: kubelet(minor),
    kubeProxy: kubeProxyDefaults(minor, mode),
    pods: {
      startupNs: {
        median: assumed(2 * SECOND, 'ns', 'Image present on the node; no image pull, no init container', [
          1 * SECOND,
          10 * SECOND,
        ]),
        p99: constant({
          value: 4 * SECOND,
          unit: 'ns',
          evidence: 'derived',
          source:
            'Kubernetes scalability SLO: startup of stateless schedulable pods, p99 at most 5 s, without image pull; less 1 s until the kubelet notices',
          date: '2026-07',
          range: [2 * SECOND, 60 * SECOND],
        }),
      },
      shutdownNs: {
        median: assumed(1 * SECOND, 'ns', 'A process that exits on SIGTERM without preStop hook', [
          0.1 * SECOND,
          30 * SECOND,
        ]),
        p99: assumed(10 * SECOND, 'ns', 'Bounded by the default terminationGracePeriodSeconds of 30', [
          1 * SECOND,
          30 * SECOND,
        ]),
      },
      terminationGracePeriodSeconds: upstream(30, 's', 'Pod API: spec.terminationGracePeriodSeconds', 'v1'),
      preStop: { sleepNs: upstream(0, 'ns', 'Pod API: no lifecycle.preStop hook', 'v1') },
    },
    wire: wire(),
    rollingUpdate: {
      strategy: upstream<'RollingUpdate' | 'Recreate'>('RollingUpdate', '', 'Deployment API: strategy.type', 'apps/v1'),
      maxSurge: upstream(0.25, '1', 'Deployment API: strategy.rollingUpdate.maxSurge', 'apps/v1'),
      maxUnavailable: upstream(0.25, '1', 'Deployment API: strategy.rollingUpdate.maxUnavailable', 'apps/v1'),
      minReadyNs: upstream(0, 'ns', 'Deployment API and StatefulSet API: minReadySeconds', 'apps/v1'),
    },
    statefulSet: {
      podManagementPolicy: upstream<'OrderedReady' | 'Parallel'>(
        'OrderedReady',
        '',
        'StatefulSet API: podManagementPolicy',
        'apps/v1',
      ),
      maxUnavailable: upstream(1, '1', 'StatefulSet API: updateStrategy.rollingUpdate.maxUnavailable', 'apps/v1'),
      partition: upstream(0, '1', 'StatefulSet API: updateStrategy.rollingUpdate.partition', 'apps/v1'),
    },
    autoscaler: {
      minReplicas: upstream(1, '1', 'HorizontalPodAutoscaler API: minReplicas', 'autoscaling/v2'),
    },
    services: services(),
    readinessProbe: {
      initialDelaySeconds: upstream(0, 's', 'Pod API: readinessProbe.initialDelaySeconds', 'v1'),
      periodSeconds: upstream(10, 's', 'Pod API: readinessProbe.periodSeconds', 'v1'),
      timeoutSeconds: upstream(1, 's', 'Pod API: readinessProbe.timeoutSeconds', 'v1'),
      successThreshold: upstream(1, '1', 'Pod API: readinessProbe.successThreshold', 'v1'),
      failureThreshold: upstream(3, '1', 'Pod API: readinessProbe.failureThreshold', 'v1'),
    },
    restartNodes: {
      forNs: assumed(30 * SECOND, 'ns', 'Reboot of a virtual machine until its kubelet runs', [
        10 * SECOND,
        5 * MINUTE,
      ]),
    },
    restartKubeProxy: {
      forNs: assumed(2 * SECOND, 'ns', 'A container whose image is on the node is replaced, until its process runs', [
        1 * SECOND,
        1 * MINUTE,
      ]),
    },
    clients: clientDefaults(),
    application: applicationDefaults(),
    nodeTraffic: nodeTrafficDefaults(),
    loadBalancer: { provider: DEFAULT_PROVIDER, ...loadBalancerDefaults(DEFAULT_PROVIDER.value, 'Cluster') },
  };
};

const kubelet = (minor: number): VersionProfile['kubelet'] => {
  const source = (field: string): string =>
    `KubeletConfiguration ${field}: ${minor >= 27 ? '50 and 100 since' : '5 and 10 before'} 1.27`;
  return {
    kubeApiQps: upstream(minor >= 27 ? 50 : 5, '1/s', source('kubeAPIQPS'), `Kubernetes 1.${minor}`),
    kubeApiBurst: upstream(minor >= 27 ? 100 : 10, '1', source('kubeAPIBurst'), `Kubernetes 1.${minor}`),
    nodeLeaseDurationSeconds: upstream(40, 's', 'KubeletConfiguration nodeLeaseDurationSeconds', '2026-07'),
    nodeStatusUpdateFrequencyNs: upstream(
      10 * SECOND,
      'ns',
      'KubeletConfiguration nodeStatusUpdateFrequency',
      '2026-07',
    ),
    nodeStatusReportFrequencyNs: upstream(
      5 * MINUTE,
      'ns',
      'KubeletConfiguration nodeStatusReportFrequency',
      '2026-07',
    ),
    immediateReadinessProbe: upstream(
      minor >= 24,
      '',
      'pkg/kubelet/prober: a container without a result is probed out of turn since 1.24',
      `Kubernetes 1.${minor}`,
    ),
  };
};

const services = (): VersionProfile['services'] => ({
  publishNotReadyAddresses: upstream(false, '', 'Service API: publishNotReadyAddresses', 'core/v1'),
  ipFamilies: assumed<EndpointSettings['ipFamilies']>(['IPv4'], '', 'A single-stack IPv4 cluster'),
  trafficDistribution: upstream<EndpointSettings['trafficDistribution']>(
    null,
    '',
    'Service API: trafficDistribution is not set by default',
    'core/v1',
  ),
  topologyMode: upstream<EndpointSettings['topologyMode']>(
    'Disabled',
    '',
    'Annotation service.kubernetes.io/topology-mode: no hints unless it is Auto',
    'core/v1',
  ),
  manualNodePorts: assumed(false, '', 'Manifests rarely fill in ports.nodePort; the API server then chooses'),
  ...serviceShape(),
  placement: assumed<PlacementStrategy>(
    'even',
    '',
    'The default constraints and scores of kube-scheduler spread the pods of a service, as far as resources allow',
  ),
});

const emptyList = (field: string): Constant => upstream(0, '1', `Service API: ${field} is empty`, 'core/v1');
const trafficPolicy = (field: string): Constant<TrafficPolicy> =>
  upstream<TrafficPolicy>('Cluster', '', `Service API: ${field}`, 'core/v1');

/** Of a Service without any of the fields. */
const serviceShape = (): { readonly [Field in keyof ServiceShape]: Constant<ServiceShape[Field]> } => ({
  type: upstream<ServiceShape['type']>('ClusterIP', '', 'Service API: type', 'core/v1'),
  ports: assumed(1, '1', 'Most services have one port; some have another for metrics', [1, 10]),
  protocol: upstream<ServiceShape['protocol']>('TCP', '', 'Service API: ports.protocol', 'core/v1'),
  internalTrafficPolicy: trafficPolicy('internalTrafficPolicy'),
  externalTrafficPolicy: trafficPolicy('externalTrafficPolicy'),
  sessionAffinity: upstream<ServiceShape['sessionAffinity']>('None', '', 'Service API: sessionAffinity', 'core/v1'),
  externalIPs: emptyList('externalIPs'),
  loadBalancerIPs: assumed(1, '1', 'A load balancer has one address; services of other types have none', [0, 3]),
  loadBalancerSourceRanges: emptyList('loadBalancerSourceRanges'),
  allocateLoadBalancerNodePorts: upstream(true, '', 'Service API: allocateLoadBalancerNodePorts', 'core/v1'),
});

const length = (bytes: number, example: string, range: readonly [number, number]): Constant =>
  assumed(bytes, 'B', `Length of a name such as ${example}`, range);

/** Object sizes depend on how long names are. "Typical" lengths are those of a cloud cluster with Deployment-made pod names. */
const wire = (): VersionProfile['wire'] => ({
  format: upstream<'protobuf' | 'json'>('protobuf', '', 'Content type of in-tree components', '2026-07'),
  nameLengths: {
    namespace: length(12, '"team-billing"', [4, 63]),
    service: length(12, '"checkout-api"', [3, 63]),
    pod: length(29, '"checkout-api-7d9c6b8f5d-x2x4q"', [10, 63]),
    node: length(27, '"ip-10-0-123-45.ec2.internal"', [8, 63]),
    zone: length(10, '"us-east-1a"', [2, 30]),
    ip: length(13, '"10.123.45.167"', [7, 39]),
    ipv6: length(38, '"2001:db8:1a2b:3c4d:5e6f:7a8b:9c0d:1e2f"', [3, 39]),
  },
  bytesPerEndpoint: assumed<number | null>(null, 'B', 'Sizes are counted field by field'),
  minObjectBytes: assumed(0, 'B', 'Sizes are counted field by field'),
});

/** One line of a report's method section: the setting as scenario files name it, and its default. */
export interface NamedConstant {
  readonly path: string;
  readonly constant: Constant<unknown>;
}

/** All defaults of a version with a proxy mode, in the order in which a scenario file lists the settings. */
export const profileConstants = (version: KubernetesVersion, mode?: ProxyModeName): NamedConstant[] => {
  const found: NamedConstant[] = [];
  const collect = (path: string, entry: object): void => {
    for (const [key, value] of Object.entries(entry) as [string, object][]) {
      const childPath = path === '' ? fileName(key) : `${path}.${fileName(key)}`;
      if ('evidence' in value) found.push({ path: childPath, constant: value as Constant<unknown> });
      else collect(childPath, value);
    }
  };
  collect('', versionProfile(version, mode));
  return found;
};

/** Scenario files carry units in their values ("1s"), the normalized scenario in its names (minSyncPeriodNs). */
const fileName = (key: string): string => key.replace(/(Ns|BitsPerSecond)$/, '');
