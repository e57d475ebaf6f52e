/**
 * The nodes of a world with all that looks after them and their pods, wired together.
 *
 *   ReplicaSets --> pod life cycle --> scheduler --> pod life cycle <--> kubelets --> API servers
 *   node faults --> pod life cycle, kubelets, node life cycle controller --> taint eviction --> ReplicaSets
 */

import type { MetricName } from '../../metrics.js';
import { createPlacement } from '../cluster/create-placement.js';
import { NodeAvailability } from '../cluster/node-availability.js';
import type { Placement } from '../cluster/placement.js';
import type { Controller } from '../controlplane/controller-manager.js';
import { isReadyEndpoint } from '../controlplane/endpoint-membership.js';
import { NodeLifecycle } from '../controlplane/node-lifecycle.js';
import { Scheduler } from '../controlplane/scheduler.js';
import { TaintEviction } from '../controlplane/taint-eviction.js';
import { heartbeatWritesPerSecond } from '../node/heartbeats.js';
import { Kubelets } from '../node/kubelets.js';
import { API_SERVER_COSTS } from '../versions/costs.js';
import {
  KUBELET_COSTS,
  KUBELET_RULES,
  NODE_LIFECYCLE_RULES,
  SCHEDULER_COSTS,
  TAINT_EVICTION_RULES,
} from '../versions/node-rules.js';
import type { PodAcceptance } from '../traffic/pod-acceptance.js';
import { type NodeConnections, NodeFaults } from '../workload/node-faults.js';
import { PodLifecycle } from '../workload/pod-lifecycle.js';
import type { ReplicaSets } from '../workload/replica-sets.js';
import { type ApiContext, NS_PER_SECOND, ns } from './context.js';

/** The parts of the world that nodes and pods live in. */
export interface NodesAndPodsContext extends ApiContext {
  /** The watch connections of the nodes. */
  readonly connections: NodeConnections;
  /** Who asks how pods meet connections; null: nobody. */
  readonly acceptance: PodAcceptance | null;
  /** What the API says of a node's readiness has changed. */
  readonly onReadinessChanged: () => void;
}

export class NodesAndPods {
  readonly lifecycle: PodLifecycle;
  readonly placement: Placement;
  readonly nodeLifecycle: NodeLifecycle;
  readonly taintEviction: TaintEviction;

  readonly #context: NodesAndPodsContext;
  readonly #availability: NodeAvailability;
  readonly #kubelets: Kubelets;
  readonly #scheduler: Scheduler;
  #faults: NodeFaults | null = null;

  constructor(context: NodesAndPodsContext) {
    this.#context = context;
    const { scenario, nodes, services, streams } = context;
    this.#availability = new NodeAvailability(nodes.count);
    const strategies = scenario.services.map(({ placement }) => placement);
    this.placement = createPlacement(strategies, services.group, { nodes, availability: this.#availability, streams });
    this.lifecycle = this.#createLifecycle();
    this.#kubelets = this.#createKubelets();
    this.#scheduler = this.#createScheduler();
    this.lifecycle.connect(this.#kubelets, (pod, atNs) => this.#scheduler.podCreated(pod, atNs));
    this.nodeLifecycle = this.#createNodeLifecycle();
    this.taintEviction = this.#createTaintEviction();
  }

  isNodeUp(node: number): boolean {
    return this.#availability.isUp(node);
  }

  /** Services that have a pod, be it a terminating one, on a node that is lost, or for which no node is up. */
  servicesOnLostNodes(): Set<number> {
    const { nodes, pods } = this.#context;
    const services = new Set<number>();
    if (this.#availability.up === nodes.count) return services;
    for (let node = 0; node < nodes.count; node++) {
      if (this.#availability.isUp(node)) continue;
      for (const pod of pods.podsOn(node)) services.add(pods.service[pod]!);
    }
    return services;
  }

  /** Those that are parts of the controller manager's process. */
  get controllers(): readonly Controller[] {
    return [this.nodeLifecycle, this.taintEviction];
  }

  /** Who replaces pods, and which services do not exist yet; needed before anything happens to a node. */
  connectWorkload(replicaSets: ReplicaSets, isAbsent: (service: number) => boolean): NodeFaults {
    const { simulation, scenario, nodes, services, pods, streams, connections } = this.#context;
    const isEndpoint = (service: number, state: number): boolean =>
      !isAbsent(service) && isReadyEndpoint(state, services.endpointSettings(service).publishNotReadyAddresses);
    this.#faults = new NodeFaults(
      simulation,
      {
        nodes,
        pods,
        availability: this.#availability,
        kubelets: this.#kubelets,
        lifecycle: this.lifecycle,
        nodeLifecycle: this.nodeLifecycle,
        scheduler: this.#scheduler,
        replicaSets,
        connections,
        isEndpoint,
      },
      scenario.kubelet,
      streams,
      scenario.durationNs ?? Infinity,
    );
    return this.#faults;
  }

  /** A write of an endpoint object of the service is committed now in which these pods changed to these states. */
  onCommit(service: number, pods: readonly number[], states: readonly number[]): void {
    this.#faults?.recovery.onCommit(service, pods, states, this.#context.simulation.nowNs);
  }

  /** What a run measures of its nodes. */
  scalars(): Partial<Record<MetricName, number>> {
    const { cluster, kubelet, workload } = this.#context.scenario;
    const always = {
      heartbeat_writes_per_second: heartbeatWritesPerSecond(cluster.nodes, kubelet),
      scheduler_client_utilization: this.#scheduler.clientUtilization,
      kubelet_client_utilization: this.#kubelets.clientUtilization,
    };
    const isFaulted = workload.some(({ kind }) => kind === 'loseNodes' || kind === 'restartNodes');
    if (!isFaulted || this.#faults === null) return always;
    const { recoveryNs, replacementNs } = this.#faults.recovery;
    const { clientUtilization } = this.nodeLifecycle;
    return {
      ...always,
      taint_eviction_controller_client_utilization: this.taintEviction.clientUtilization,
      pods_marked_not_ready_total: this.nodeLifecycle.marked,
      pods_evicted_total: this.#faults.evicted,
      ...(recoveryNs !== null && recoveryNs > 0 && { node_loss_recovery_seconds: recoveryNs / NS_PER_SECOND }),
      ...(replacementNs !== null && replacementNs > 0 && { node_replacement_seconds: replacementNs / NS_PER_SECOND }),
      ...(clientUtilization !== null && { node_lifecycle_controller_client_utilization: clientUtilization }),
    };
  }

  #createLifecycle(): PodLifecycle {
    const { scenario, services } = this.#context;
    const { kubelet, pods } = scenario;
    const probes = scenario.services.map(({ readinessProbe }) => readinessProbe);
    const terminations = scenario.services.map(({ terminationGracePeriodSeconds, preStop }) => ({
      gracePeriodNs: terminationGracePeriodSeconds * NS_PER_SECOND,
      preStopSleepNs: preStop.sleepNs,
    }));
    const api = this.#context.apiServers.client('pod-client', 'workload-high');
    return new PodLifecycle(
      { ...this.#context, availability: this.#availability, api },
      {
        startupNs: pods.startupNs,
        shutdownNs: pods.shutdownNs,
        watchLatencyNs: this.#context.watchLatencyNs,
        plegRelistPeriodNs: ns(KUBELET_RULES.plegRelistPeriod.value),
        probeNs: ns(KUBELET_COSTS.probe.value),
        probesAtOnce: kubelet.immediateReadinessProbe,
        probeOf: (service) => probes[services.group[service]!]!,
        terminationOf: (service) => terminations[services.group[service]!]!,
      },
    );
  }

  #createKubelets(): Kubelets {
    const { simulation, scenario, nodes, pods, apiServers, etcd, streams } = this.#context;
    return new Kubelets(
      simulation,
      nodes.count,
      pods,
      apiServers.client('kubelet', 'system'),
      etcd,
      {
        kubeApiQps: scenario.kubelet.kubeApiQps,
        kubeApiBurst: scenario.kubelet.kubeApiBurst,
        getLatencyNs: ns(API_SERVER_COSTS.getLatency.value),
        reconcilePeriodNs: ns(KUBELET_RULES.statusReconcilePeriod.value),
      },
      this.lifecycle,
      streams,
    );
  }

  #createScheduler(): Scheduler {
    const { simulation, scenario, pods, apiServers, etcd, watchLatencyNs } = this.#context;
    return new Scheduler(
      simulation,
      pods,
      this.placement,
      this.#availability,
      apiServers.client('kube-scheduler', 'workload-high'),
      etcd,
      {
        ...scenario.controlPlane.scheduler,
        attemptNs: ns(SCHEDULER_COSTS.schedulingAttempt.value),
        watchLatencyNs,
      },
      (pod) => this.lifecycle.bound(pod),
    );
  }

  #createNodeLifecycle(): NodeLifecycle {
    const { simulation, scenario, nodes, pods, apiServers, etcd, streams } = this.#context;
    return new NodeLifecycle(
      simulation,
      nodes,
      pods,
      apiServers.client('node-lifecycle-controller', 'workload-high'),
      etcd,
      { ...scenario.controlPlane.controllerManager, workers: NODE_LIFECYCLE_RULES.workers.value },
      {
        onPodMarked: (pod, sentNs) => this.lifecycle.markedNotReady(pod, this.#faults!.lostNs(pods.node[pod]!), sentNs),
        onTainted: (node) => this.taintEviction.tainted(node),
        onUntainted: (node) => this.taintEviction.untainted(node),
        onReadinessChanged: () => this.#context.onReadinessChanged(),
      },
      streams,
    );
  }

  #createTaintEviction(): TaintEviction {
    const { simulation, scenario, nodes, pods, apiServers, etcd, watchLatencyNs } = this.#context;
    const { kubeApiQps, kubeApiBurst } = scenario.controlPlane.controllerManager;
    return new TaintEviction(
      simulation,
      nodes.count,
      pods,
      apiServers.client('taint-eviction-controller', 'workload-high'),
      etcd,
      {
        kubeApiQps,
        kubeApiBurst,
        workers: TAINT_EVICTION_RULES.workers.value,
        tolerationNs: ns(TAINT_EVICTION_RULES.tolerationSeconds.value),
        getLatencyNs: ns(API_SERVER_COSTS.getLatency.value),
        watchLatencyNs,
      },
      (pod) => this.#faults!.evict(pod),
    );
  }
}
