/**
 * The controllers that make and remove pods, wired together.
 *
 *   Deployments --> ReplicaSet objects --> ReplicaSets ──┬─> pods --> pod life cycle --> pod informer ──┐
 *                                         StatefulSets ──┘                                              │
 *        ^─────────────────────────────────────^──────────────────────────────────────────────────────┘
 *
 * Each has an API client of its own, with the limits of the controller manager.
 */

import type { RandomStreams } from '../../kernel/random.js';
import type { Simulation } from '../../kernel/simulation.js';
import type { Placement } from '../cluster/placement.js';
import type { PodTable } from '../cluster/pods.js';
import type { ServiceTable } from '../cluster/services.js';
import type { ApiServers } from '../controlplane/api-servers.js';
import type { Controller } from '../controlplane/controller-manager.js';
import { ControllerClient } from '../controlplane/controller-client.js';
import type { Etcd } from '../controlplane/etcd.js';
import { EventRecorder } from '../controlplane/event-recorder.js';
import { controllerRateLimiter } from '../controlplane/rate-limiters.js';
import type { Scenario } from '../scenario.js';
import { API_SERVER_COSTS } from '../versions/costs.js';
import { EVENT_RULES, REPLICA_SET_RULES, WORKLOAD_RETRY_RULES } from '../versions/workload-rules.js';
import { DeletionOrder } from './deletion-order.js';
import { Deployments } from './deployments.js';
import { PodInformer } from './pod-informer.js';
import type { PodOwnersLifecycle } from './pod-lifecycle.js';
import { ReplicaSetObjects } from './replica-set-objects.js';
import { ReplicaSets } from './replica-sets.js';
import { ServicePods } from './service-pods.js';
import { StatefulSets } from './stateful-sets.js';

const NS_PER_SECOND = 1e9;

const ns = (seconds: number): number => Math.round(seconds * NS_PER_SECOND);

export interface WorkloadControllers {
  readonly replicaSets: ReplicaSets;
  readonly deployments: Deployments;
  readonly statefulSets: StatefulSets;
  /** The same, as parts of the controller manager's process. */
  readonly all: readonly Controller[];
  /** Adds a pod that existed before the run to the service. */
  adopt(service: number): number;
  /** Ordinal of a pod of a StatefulSet. */
  ordinalOf(pod: number): number;
}

/** What the controllers are made for. */
export interface WorkloadCluster {
  readonly simulation: Simulation;
  readonly scenario: Scenario;
  readonly services: ServiceTable;
  readonly pods: PodTable;
  readonly placement: Placement;
  readonly lifecycle: PodOwnersLifecycle;
  readonly apiServers: ApiServers;
  readonly etcd: Etcd;
  readonly streams: RandomStreams;
}

/** The pod life cycle's observations reach the controllers after those listeners that it has already. */
export function createWorkloadControllers(cluster: WorkloadCluster): WorkloadControllers {
  const { simulation, scenario, services, pods, placement, lifecycle, apiServers, etcd, streams } = cluster;
  const { controllerManager } = scenario.controlPlane;
  const watchLatencyNs = ns(API_SERVER_COSTS.watchLatencyToControllers.value);
  const endNs = scenario.durationNs ?? Infinity;

  const clientOf = (controller: string) =>
    new ControllerClient(simulation, apiServers.client(controller, 'workload-high'), controllerManager);
  const eventsOf = (controller: string, client: ControllerClient) =>
    new EventRecorder(simulation, client, etcd.writesOf(`${controller}/events`), {
      qps: EVENT_RULES.qps.value,
      burst: EVENT_RULES.burst.value,
    });
  const newLimiter = (keys: number) =>
    controllerRateLimiter(keys, {
      retryBaseNs: ns(WORKLOAD_RETRY_RULES.base.value),
      retryMaxNs: ns(WORKLOAD_RETRY_RULES.max.value),
      retryQps: WORKLOAD_RETRY_RULES.qps.value,
      retryBurst: WORKLOAD_RETRY_RULES.burst.value,
    });

  const servicePods = new ServicePods(services.count, pods, placement);
  const podInformer = new PodInformer(simulation, pods, watchLatencyNs, ns(REPLICA_SET_RULES.minReadySlack.value));
  const objects = new ReplicaSetObjects(
    simulation,
    services.count,
    services.count + revisionsOf(scenario),
    watchLatencyNs,
  );

  const replicaSetClient = clientOf('replicaset-controller');
  const replicaSets = new ReplicaSets(
    {
      simulation,
      pods,
      servicePods,
      podInformer,
      objects,
      lifecycle,
      client: replicaSetClient,
      events: eventsOf('replicaset-controller', replicaSetClient),
      newLimiter,
      deletionOrder: new DeletionOrder(pods, servicePods, podInformer, scenario.cluster.nodes, streams.hash('pod-uid')),
      latency: {
        pods: etcd.writesOf('replicaset-controller/pods'),
        deletions: etcd.writesOf('replicaset-controller/deletions'),
        status: etcd.writesOf('replicaset-controller/status'),
      },
      getLatencyNs: ns(API_SERVER_COSTS.getLatency.value),
    },
    controllerManager.concurrentReplicaSetSyncs,
    endNs,
  );

  const statefulSetClient = clientOf('statefulset-controller');
  const statefulSets = new StatefulSets(
    {
      simulation,
      services: services.count,
      pods,
      servicePods,
      podInformer,
      lifecycle,
      client: statefulSetClient,
      events: eventsOf('statefulset-controller', statefulSetClient),
      latency: {
        pods: etcd.writesOf('statefulset-controller/pods'),
        other: etcd.writesOf('statefulset-controller'),
      },
      watchLatencyNs,
      policyOf: (service) => {
        const { controller, podManagementPolicy } = scenario.services[services.group[service]!]!;
        return controller === 'StatefulSet' ? podManagementPolicy : null;
      },
    },
    controllerManager.concurrentStatefulSetSyncs,
    controllerManager.maxUnavailableStatefulSet,
    endNs,
  );

  const deploymentClient = clientOf('deployment-controller');
  const deployments = new Deployments(
    {
      simulation,
      services: services.count,
      servicePods,
      objects,
      replicaSets,
      statefulSets,
      client: deploymentClient,
      events: eventsOf('deployment-controller', deploymentClient),
      newLimiter,
      latency: etcd.writesOf('deployment-controller'),
      watchLatencyNs,
    },
    controllerManager.concurrentDeploymentSyncs,
  );

  podInformer.deliverTo((service) => (statefulSets.owns(service) ? statefulSets : replicaSets));
  // What the controllers read of a transition is when the kubelet noticed it.
  lifecycle.onObserved((_, observed, { changeNs, triggerNs }) => podInformer.observed(observed, triggerNs ?? changeNs));
  const adopt = (service: number): number =>
    statefulSets.owns(service) ? statefulSets.adopt(service) : replicaSets.adopt(service);
  const all = [deployments, replicaSets, statefulSets];
  const ordinalOf = (pod: number): number => servicePods.placeOf(pod);
  return { replicaSets, deployments, statefulSets, all, adopt, ordinalOf };
}

/** How many ReplicaSets the workload's rolling updates make, at most. */
function revisionsOf({ services, workload }: Scenario): number {
  const countOf = (name: string): number => services.find((group) => group.name === name)?.count ?? 0;
  return workload.reduce((sum, action) => sum + (action.kind === 'rollingUpdate' ? countOf(action.service) : 0), 0);
}
