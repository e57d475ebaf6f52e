/**
 * What users write: the fields of a scenario file, what each means and which values it takes. The JSON Schema that ships with
 * the package is generated from here. Defaults are not here but in the version profiles; `null` stands for the default.
 *
 * Names are those of Kubernetes' own flags and fields. Ranges are Kubernetes' own where it validates, and otherwise the point
 * where a value stops making sense or stops fitting into memory.
 */

import { z } from 'zod';

import { METRICS } from '../metrics.js';
import { PLACEMENT_STRATEGIES } from '../model/cluster/placement.js';
import { SUPPORTED_VERSIONS } from '../model/versions/profiles.js';
import { actions } from './action-schemas.js';
import { autoscaler } from './autoscaler-schema.js';
import { application, client } from './client-schema.js';
import { kubeProxy, serviceShape } from './kube-proxy-schemas.js';
import { cloudControllerManager, loadBalancer } from './load-balancer-schema.js';
import { nodeTraffic } from './node-traffic-schema.js';
import { clientLimits, kubelet, latencySchema, pods, readinessProbe, termination } from './pod-schemas.js';
import {
  choice,
  countOrWord,
  duration,
  type FieldIssue,
  flag,
  label,
  nonNegativeNumber,
  numberOr,
  percent,
  period,
  ports,
  positiveNumber,
  quantityOrUnlimited,
  text,
  textOrNumber,
  version,
  wholeNumber,
} from './fields.js';
import { MAX_NODES, MAX_PODS, MAX_RATE, MAX_ZONES } from './limits.js';
import { checkStatement, type Statement } from './statements.js';

export const MAX_SERVICES = 1_000_000;
const MAX_REPLICATIONS = 10_000;
const MAX_WORKERS = 10_000;

const name = () => text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'a name of letters, digits, dots, dashes and underscores');
const title = () => text(/^\S([^\n\r]{0,78}\S)?$/, 'a text of at most 80 characters on one line');

const workers = (controller: string, flagName: string) =>
  wholeNumber({ min: 1, max: MAX_WORKERS })
    .optional()
    .describe(`Workers of the ${controller} controller (${flagName}).`);

const replicationRange = z.strictObject({
  min: wholeNumber({ min: 1, max: MAX_REPLICATIONS }).optional().describe('Replications that run in any case.'),
  max: wholeNumber({ min: 1, max: MAX_REPLICATIONS })
    .optional()
    .describe('Replications after which a run stops even if the precision is not reached.'),
  precision: percent({ min: 0.001, max: 1 })
    .optional()
    .describe(
      'Run until the 95 % interval of every objective is at most this wide on either side, relative to the estimate.',
    ),
});

const cluster = z.strictObject({
  nodes: wholeNumber({ min: 1, max: MAX_NODES }).describe('Nodes, each with a kube-proxy that watches all services.'),
  zones: wholeNumber({ min: 1, max: MAX_ZONES }).optional().describe('Zones that the nodes are spread over.'),
  apiServerToNodeLatency: z
    .strictObject({
      min: duration().optional().describe('Latency of the nearest node.'),
      max: duration().optional().describe('Latency of the farthest node.'),
    })
    .optional()
    .describe(
      'One-way network latency from an API server to a node: drawn once for each node, uniform between min and max.',
    ),
  nodeSpeedFactor: positiveNumber(1000)
    .optional()
    .describe(
      'How long a node takes to program rules, relative to the machine that the costs were measured on: 2 is twice as long.',
    ),
  nodeSpeedVariation: nonNegativeNumber(5)
    .optional()
    .describe('Coefficient of variation of nodeSpeedFactor between nodes; 0 makes all nodes equal.'),
  nodeCores: wholeNumber({ min: 1, max: 1024 })
    .optional()
    .describe('Cores of a node, by which its connection table is sized (kubeProxy.conntrack.maxPerCore).'),
});

const autoscalerFlags = {
  concurrentHorizontalPodAutoscalerSyncs: wholeNumber({ min: 1, max: 1000 })
    .optional()
    .describe('Workers of the autoscaling controller (--concurrent-horizontal-pod-autoscaler-syncs).'),
  horizontalPodAutoscalerSyncPeriod: period()
    .optional()
    .describe('How long an autoscaler waits after each sync (--horizontal-pod-autoscaler-sync-period).'),
  horizontalPodAutoscalerTolerance: percent({ min: 0, max: 1 })
    .optional()
    .describe(
      'Deviation from the target at which an autoscaler does nothing (--horizontal-pod-autoscaler-tolerance, 0.1 there is 10% here).',
    ),
  horizontalPodAutoscalerDownscaleStabilization: duration()
    .optional()
    .describe(
      'For how long past recommendations hold back scaling down (--horizontal-pod-autoscaler-downscale-stabilization).',
    ),
  horizontalPodAutoscalerCpuInitializationPeriod: duration()
    .optional()
    .describe(
      'After the start of a pod, how long its CPU usage counts only while it is ready (--horizontal-pod-autoscaler-cpu-initialization-period).',
    ),
  horizontalPodAutoscalerInitialReadinessDelay: duration()
    .optional()
    .describe(
      'After the start of a pod, how long it is held never to have been ready (--horizontal-pod-autoscaler-initial-readiness-delay).',
    ),
};

const inflight = () => wholeNumber({ min: 1, max: MAX_RATE }).optional();

/** What bounds the requests that an API server executes at a time. */
const flowControl = {
  maxRequestsInflight: inflight().describe('Reads that are executed at a time (--max-requests-inflight).'),
  maxMutatingRequestsInflight: inflight().describe(
    'Writes that are executed at a time (--max-mutating-requests-inflight). With priority and fairness the two add up to its seats.',
  ),
  enablePriorityAndFairness: flag()
    .optional()
    .describe(
      'API priority and fairness (--enable-priority-and-fairness); without it requests over the limits are rejected.',
    ),
  borrowingLimitPercent: quantityOrUnlimited({ min: 0, max: 100_000 }, 'percent', ['0'])
    .optional()
    .describe(
      'Seats that a priority level may borrow from idle ones, in percent of its own, or "unlimited" as by default since 1.26.',
    ),
  workEstimator: choice(['one-seat', 'object-count', 'object-size'])
    .optional()
    .describe(
      'Seats of a request: always one (to 1.21); by watchers and listed objects; or by watchers and listed bytes (SizeBasedListCostEstimate, since 1.34).',
    ),
  requestTimeout: period()
    .optional()
    .describe('Timeout of a request (--request-timeout); it waits for seats for a quarter of that.'),
};

const controlPlane = z.strictObject({
  apiServer: z
    .strictObject({
      replicas: wholeNumber({ min: 1, max: 100 })
        .optional()
        .describe('API servers; the nodes are spread evenly over them.'),
      networkBandwidth: quantityOrUnlimited({ min: 1e6, max: 1e13 }, 'bits per second', ['10G'])
        .optional()
        .describe('Egress of the network card of one API server in bits per second, or "unlimited".'),
      cpuCores: quantityOrUnlimited({ min: 1, max: 10_000 }, 'cores', ['64'])
        .optional()
        .describe('Cores of one API server for watches of endpoint objects, or "unlimited".'),
      serializationCache: flag()
        .optional()
        .describe('Whether a watch event is encoded once for all watchers (since 1.17), or for each by itself.'),
      watchCacheSize: countOrWord({ min: 1, max: 10_000_000 }, 'dynamic', 'events')
        .optional()
        .describe(
          'Events that the watch cache of endpoint objects remembers (--watch-cache-sizes), or "dynamic" as since about 1.20.',
        ),
      ...flowControl,
      maxRequestBodyBytes: quantityOrUnlimited({ min: 1, max: 1e12 }, 'bytes', ['3Mi'])
        .optional()
        .describe('Largest body of a request that the API server reads, or "unlimited".'),
      etcdCompactionInterval: duration()
        .optional()
        .describe('How often the history in etcd is compacted (--etcd-compaction-interval); 0s: never.'),
      serviceNodePortRange: ports()
        .optional()
        .describe(
          'Ports that services of type NodePort and LoadBalancer are given one of for each of their ports (--service-node-port-range), both ends included.',
        ),
    })
    .optional()
    .describe('kube-apiserver.'),
  etcd: z
    .strictObject({
      writeLatency: latencySchema('the latency of a write, as the client of the API server sees it').describe(
        'Latency of a write to etcd, lognormal.',
      ),
      writeBandwidth: quantityOrUnlimited({ min: 1e6, max: 1e13 }, 'bits per second', ['1G'])
        .optional()
        .describe('What the size of a write adds to its latency: bits per second, or "unlimited".'),
      maxRequestBytes: quantityOrUnlimited({ min: 1, max: 1e12 }, 'bytes', ['1.5Mi'])
        .optional()
        .describe('Largest request that etcd accepts (--max-request-bytes), or "unlimited".'),
      quotaBackendBytes: quantityOrUnlimited({ min: 1e5, max: 1e15 }, 'bytes', ['2Gi', '8Gi'])
        .optional()
        .describe('Database size after which etcd takes no write (--quota-backend-bytes), or "unlimited".'),
    })
    .optional()
    .describe('etcd.'),
  controllerManager: z
    .strictObject({
      ...clientLimits,
      concurrentEndpointSyncs: wholeNumber({ min: 1, max: 1000 })
        .optional()
        .describe('Workers of the Endpoints controller (--concurrent-endpoint-syncs).'),
      concurrentServiceEndpointSyncs: wholeNumber({ min: 1, max: 50 })
        .optional()
        .describe('Workers of the EndpointSlice controller (--concurrent-service-endpoint-syncs), 1 to 50.'),
      endpointUpdatesBatchPeriod: duration()
        .optional()
        .describe(
          'How long the Endpoints controller collects pod changes of a service (--endpoint-updates-batch-period).',
        ),
      endpointSliceUpdatesBatchPeriod: duration()
        .optional()
        .describe(
          'How long the EndpointSlice controller collects pod changes of a service (--endpointslice-updates-batch-period).',
        ),
      maxEndpointsPerSlice: wholeNumber({ min: 1, max: 1000 }, 'the API allows no more in one EndpointSlice')
        .optional()
        .describe('Endpoints that the controller puts into one EndpointSlice (--max-endpoints-per-slice), 1 to 1000.'),
      maxEndpointsPerObject: quantityOrUnlimited({ min: 1, max: MAX_PODS }, 'addresses', ['1000'])
        .optional()
        .describe('Addresses after which the Endpoints controller truncates an object, or "unlimited" as before 1.22.'),
      nodeMonitorPeriod: period()
        .optional()
        .describe('How often the node life cycle controller looks at the nodes (--node-monitor-period).'),
      nodeMonitorGracePeriod: period()
        .optional()
        .describe('How long a node may be silent before its pods are marked not ready (--node-monitor-grace-period).'),
      nodeEvictionRate: nonNegativeNumber(MAX_RATE)
        .optional()
        .describe('Nodes per second and zone whose pods are evicted when they are lost (--node-eviction-rate).'),
      secondaryNodeEvictionRate: nonNegativeNumber(MAX_RATE)
        .optional()
        .describe('The same in a large zone that is mostly lost (--secondary-node-eviction-rate).'),
      unhealthyZoneThreshold: nonNegativeNumber(1)
        .optional()
        .describe('Share of lost nodes from which on a zone is mostly lost (--unhealthy-zone-threshold).'),
      largeClusterSizeThreshold: wholeNumber({ min: 0, max: MAX_NODES })
        .optional()
        .describe('A zone of more nodes than this is large (--large-cluster-size-threshold).'),
      endpointsFromInformer: flag()
        .optional()
        .describe(
          'Whether the Endpoints controller reads objects from its informer; false: each sync sends a GET, as before 1.7.',
        ),
      staleEndpointsCache: choice(['back-off', 'conflict'])
        .optional()
        .describe(
          'What the Endpoints controller does when it does not see its own last write yet: back off, or send an update that is refused with 409, as before 1.31.',
        ),
      minResyncPeriod: duration()
        .optional()
        .describe(
          'Shortest resync period of the informers (--min-resync-period); the actual one is 1 to 2 times as long. 0s: never.',
        ),
      fullServiceResyncPeriod: period()
        .optional()
        .describe(
          'Fixed period after which the Endpoints controller syncs every service, 30s up to about 1.7. Default: the resync of the informers.',
        ),
      leaderElectLeaseDuration: period()
        .optional()
        .describe('How long a follower waits after the last renewal that it saw (--leader-elect-lease-duration).'),
      leaderElectRenewDeadline: period()
        .optional()
        .describe(
          'How long a leader that cannot renew goes on (--leader-elect-renew-deadline); between the retry period and the lease duration, and without effect otherwise, as leaders here crash and never fail to renew.',
        ),
      leaderElectRetryPeriod: period()
        .optional()
        .describe(
          'Time between renewals, and between the polls of a follower, which are prolonged by up to 120 % (--leader-elect-retry-period).',
        ),
      concurrentDeploymentSyncs: workers('Deployment', '--concurrent-deployment-syncs'),
      concurrentReplicaSetSyncs: workers('ReplicaSet', '--concurrent-replicaset-syncs'),
      concurrentStatefulSetSyncs: workers('StatefulSet', '--concurrent-statefulset-syncs'),
      maxUnavailableStatefulSet: flag()
        .optional()
        .describe('Feature gate MaxUnavailableStatefulSet: whether a StatefulSet may update several pods at a time.'),
      mirroringConcurrentServiceEndpointSyncs: wholeNumber({ min: 1, max: 50 })
        .optional()
        .describe('Workers of the mirroring controller (--mirroring-concurrent-service-endpoint-syncs), 1 to 50.'),
      mirroringMaxEndpointsPerSubset: wholeNumber({ min: 1, max: 1000 }, 'the API allows no more in one EndpointSlice')
        .optional()
        .describe(
          'Addresses of a hand-written Endpoints object that are mirrored (--mirroring-max-endpoints-per-subset), 1 to 1000.',
        ),
      ...autoscalerFlags,
    })
    .optional()
    .describe('kube-controller-manager. Each controller has a client of its own with these limits.'),
  metricsServer: z
    .strictObject({
      metricResolution: period()
        .optional()
        .describe('Time from one scrape of the kubelets to the next (--metric-resolution).'),
    })
    .optional()
    .describe('metrics-server, which autoscalers read CPU usage from.'),
  scheduler: z
    .strictObject(clientLimits)
    .optional()
    .describe('kube-scheduler: the client that binds pods to nodes (clientConnection.qps and burst).'),
  cloudControllerManager: cloudControllerManager
    .optional()
    .describe('cloud-controller-manager, whose service controller sets up load balancers.'),
});

const nameLength = (what: string) =>
  wholeNumber({ min: 1, max: 253 }).optional().describe(`Length of ${what} in bytes.`);

const wire = z.strictObject({
  format: choice(['protobuf', 'json']).optional().describe('Encoding of watch events.'),
  nameLengths: z
    .strictObject({
      namespace: nameLength('a namespace name'),
      service: nameLength('a service name'),
      pod: nameLength('a pod name'),
      node: nameLength('a node name'),
      zone: nameLength('a zone name'),
      ip: nameLength('an IPv4 address of a pod in text form'),
      ipv6: nameLength('an IPv6 address of a pod in text form'),
    })
    .optional()
    .describe('Lengths of the names in an endpoint, which make most of its size.'),
  bytesPerEndpoint: positiveNumber(1e6)
    .optional()
    .describe(
      'A constant size per endpoint instead of one counted field by field: the assumption of published estimates.',
    ),
  minObjectBytes: wholeNumber({ min: 0, max: 1e9 })
    .optional()
    .describe('With bytesPerEndpoint only: no object is smaller than this.'),
});

const serviceGroup = z.strictObject({
  name: label().describe('Name of the service; services 2, 3, ... of the entry are called name-2, name-3, ...'),
  count: wholeNumber({ min: 1, max: MAX_SERVICES }).optional().describe('Services of this shape. Default: 1.'),
  endpoints: wholeNumber({ min: 0, max: MAX_PODS }, 'more do not fit in memory').describe(
    'Pods behind each of these services at the start, all ready.',
  ),
  ...serviceShape,
  manualNodePorts: flag()
    .optional()
    .describe(
      'Whether people choose the node ports of these services, anywhere in the range and without knowing of each other, instead of leaving them to the API server. Default: false.',
    ),
  readinessProbe: readinessProbe
    .optional()
    .describe('Readiness probe of the pods. Without one, a pod is ready as soon as its containers are seen to run.'),
  ...termination,
  controller: choice(['Deployment', 'StatefulSet'])
    .optional()
    .describe('What makes and replaces the pods of each of these services. Default: Deployment.'),
  podManagementPolicy: choice(['OrderedReady', 'Parallel'])
    .optional()
    .describe('Of a StatefulSet: whether pods are made and removed one after the other, or all at once.'),
  placement: choice(PLACEMENT_STRATEGIES)
    .optional()
    .describe(
      'On which nodes the pods of each of these services are put: round all nodes (even); each on any node alike (random); where the fewest pods of the service are, by node (antiAffinity, as preferred podAntiAffinity on hostnames), or by zone and then by node (topologySpread, as topologySpreadConstraints with maxSkew 1).',
    ),
  application: application
    .optional()
    .describe(
      'What runs in the pods: how much they can answer, and how they end. Counts where the service has clients.',
    ),
  loadBalancer: loadBalancer
    .optional()
    .describe('What stands in front of each of these services, where it differs from `loadBalancer` at the top.'),
  selector: flag()
    .optional()
    .describe(
      'Whether the service selects its pods. With false its endpoints are addresses that somebody writes into its Endpoints object. Default: true.',
    ),
  publishNotReadyAddresses: flag()
    .optional()
    .describe('Whether pods count as ready endpoints from their address on until they are gone.'),
  ipFamilies: z
    .array(choice(['IPv4', 'IPv6']))
    .optional()
    .describe('Families of the service (ipFamilies), the primary one first: two make two sets of slices.'),
  trafficDistribution: choice(['PreferClose', 'PreferSameZone', 'PreferSameNode'])
    .optional()
    .describe('What clients prefer (trafficDistribution): every endpoint gets a hint with its zone, and its node.'),
  topologyMode: choice(['Auto', 'Disabled'])
    .optional()
    .describe(
      'The annotation service.kubernetes.io/topology-mode: Auto shares the endpoints out among zones, and wins over trafficDistribution.',
    ),
});

const ACTION_NAMES = Object.keys(actions) as (keyof typeof actions)[];

const workloadEntry = z
  .strictObject({ at: duration().describe('When the action starts, from the start of the run.'), ...actions })
  .superRefine((entry, context) => {
    const given = ACTION_NAMES.filter((action) => entry[action] !== undefined);
    if (given.length === 1) return;
    const params: FieldIssue = {
      code: 'KH020',
      suggestion: given.length === 0 ? `use one of: ${ACTION_NAMES.join(', ')}` : 'make one entry for each action',
    };
    const message = given.length === 0 ? 'has no action' : `has ${given.length} actions: ${given.join(', ')}`;
    context.addIssue({ code: 'custom', message, params: { ...params } });
  })
  .meta({ oneOf: ACTION_NAMES.map((action) => ({ required: ['at', action] })) });

const METRIC_NAMES = Object.keys(METRICS) as (keyof typeof METRICS)[];
const metric = () => choice(METRIC_NAMES, 'KH018').describe('What is measured.');
const statistic = () => text().describe('Of a distribution: mean, p50, p90, p99 or max. Of a scalar: value.');

/** A number that has to be read in the unit of a metric, which stands in another field of the same mapping. */
const checkedStatement =
  (field: 'max' | 'value') =>
  (
    entry: Statement & { readonly max?: string | number; readonly value?: string | number },
    context: z.RefinementCtx,
  ) => {
    for (const issue of checkStatement(entry, field, entry[field] ?? '')) {
      const params: FieldIssue = { code: issue.code, suggestion: issue.suggestion };
      context.addIssue({ code: 'custom', path: [issue.field], message: issue.message, params: { ...params } });
    }
  };

const slo = z
  .strictObject({
    metric: metric(),
    statistic: statistic(),
    max: textOrNumber().describe(
      'The limit: a number in the base unit of the metric, or a text with a unit such as "30s".',
    ),
  })
  .superRefine(checkedStatement('max'));

const expectation = z
  .strictObject({
    id: text().describe('Identity of the published value.'),
    variant: title().optional().describe('The variant that it is for. Default: the baseline.'),
    metric: metric(),
    statistic: statistic(),
    value: textOrNumber().describe(
      'The published value: a number in the base unit of the metric, or a text with a unit ("10G").',
    ),
    tolerance: percent({ min: 0, max: 10 }).describe('Relative deviation that counts as reproduced.'),
    bound: choice(['atLeast', 'atMost'])
      .optional()
      .describe('Only the least or the most is published: what is beyond the value counts as reproduced, too.'),
    source: text().describe('Where the value is published.'),
    inconsistent: text()
      .optional()
      .describe('Why the published value contradicts itself; it is then shown but not judged.'),
  })
  .superRefine(checkedStatement('value'));

const variant = z.strictObject({
  name: title().describe('Name of the variant in reports.'),
  set: z
    .record(z.string(), z.unknown())
    .describe('What differs: paths such as `kubeProxy.minSyncPeriod` or `services.web.endpoints` with their values.'),
});

const QUESTIONS = Array.from({ length: 12 }, (_, index) => `Q${index + 1}`);

/** One zod schema for each field at the top of the file: a mistake in one does not hide the mistakes in another. */
export const SECTIONS = {
  apiVersion: choice(['kube-headroom/v1']).describe('Version of the scenario format.'),
  kind: choice(['Scenario']).describe('Always Scenario.'),
  metadata: z
    .strictObject({
      name: name().describe('Name of the scenario; results are written to a directory of this name.'),
      question: choice(QUESTIONS).optional().describe('The capacity-planning question that the scenario answers.'),
      description: text().optional().describe('What the scenario shows, for the head of the report.'),
    })
    .describe('What the scenario is called and what it is for.'),
  kubernetes: version(SUPPORTED_VERSIONS)
    .optional()
    .describe('Kubernetes version, in quotes: picks every default that changed between versions.'),
  seed: wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER })
    .optional()
    .describe('Seed of all random numbers: equal seeds give equal results.'),
  duration: period()
    .optional()
    .describe(
      'The workload starts nothing new after this. Default: the run ends when the workload is done and all is quiet.',
    ),
  drainLimit: duration()
    .optional()
    .describe(
      'How long a run may go on after its duration, until the last change is on every node. Without a duration it goes on as long as that takes.',
    ),
  replications: numberOr(wholeNumber({ min: 1, max: MAX_REPLICATIONS }), replicationRange)
    .optional()
    .describe('Independent repetitions with other random numbers: a number, or a range with a precision to reach.'),
  cluster: cluster.describe('The nodes and the network between them and the control plane.'),
  controlPlane: controlPlane.optional().describe('API server, etcd and controllers.'),
  kubelet: kubelet.optional().describe('Every kubelet: its API client, its heartbeats, its probes.'),
  kubeProxy: kubeProxy.optional().describe('kube-proxy of every node.'),
  pods: pods.optional().describe('How long pods take to start and to stop.'),
  wire: wire.optional().describe('How large API objects are on the wire.'),
  services: z.array(serviceGroup).describe('The services of the cluster, in groups of equal ones.'),
  loadBalancer: loadBalancer.optional().describe('What stands in front of every service of type LoadBalancer.'),
  autoscalers: z.array(autoscaler).optional().describe('Horizontal pod autoscalers, and the load that moves them.'),
  clients: z
    .array(client)
    .optional()
    .describe('Who sends requests to the services: what is lost, and how evenly pods are loaded.'),
  nodeTraffic: nodeTraffic
    .optional()
    .describe('Connections that every node sees: what they wait for, cost and leave in the connection tracking table.'),
  workload: z.array(workloadEntry).describe('What changes the cluster: entries with a time and exactly one action.'),
  slos: z
    .array(slo)
    .optional()
    .describe('Service-level objectives: each statistic must be at most its limit, in every variant.'),
  expect: z.array(expectation).optional().describe('Published values that the scenario must reproduce.'),
  baseline: z
    .strictObject({ name: title().optional().describe('Name of the baseline in reports. Default: baseline.') })
    .optional()
    .describe('The scenario without any variant, which always runs first.'),
  variants: z
    .array(variant)
    .optional()
    .describe('Other runs of the scenario with some settings changed, compared with the baseline.'),
};

export type SectionName = keyof typeof SECTIONS;

export const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[];

const SpecSchema = z.strictObject(SECTIONS);

/** A scenario file in which every field is sound by itself: units read, nothing filled in. */
export type Spec = z.output<typeof SpecSchema>;

/** The JSON Schema of scenario files, for editors and other programs. */
export const jsonSchema = (): Record<string, unknown> => {
  const { $schema, ...keywords } = z.toJSONSchema(SpecSchema, {
    io: 'input',
    target: 'draft-07',
    override: ({ zodSchema, jsonSchema: keyword }) => {
      // Null resets a field to its default: a section whose entries are all commented out is null, and not a mistake.
      if (zodSchema instanceof z.ZodOptional && keyword.type === 'object')
        Object.assign(keyword, { type: ['object', 'null'] });
    },
  });
  return { $schema, title: 'kube-headroom scenario', ...keywords };
};
