/** The workload controllers with pods that start and stop as a test says, and a record of what happens to them. */

import { RandomStreams } from '../../../kernel/random.js';
import { Simulation } from '../../../kernel/simulation.js';
import { EvenPlacement } from '../../cluster/even-placement.js';
import { PodState, PodTable } from '../../cluster/pods.js';
import { CLUSTER_IP } from '../../cluster/service-shape.js';
import { ServiceTable } from '../../cluster/services.js';
import { ApiServers } from '../../controlplane/api-servers.js';
import { Etcd } from '../../controlplane/etcd.js';
import { PLAIN_SERVICE } from '../../controlplane/testing/discoveries.js';
import type { Scenario, ServiceSettings } from '../../scenario.js';
import type { RolloutSpec } from '../deployments.js';
import type { PodOwnersLifecycle } from '../pod-lifecycle.js';
import type { PodsObserved } from '../pod-updates.js';
import { createWorkloadControllers, type WorkloadControllers } from '../workload-controllers.js';

export const MS = 1e6;
export const SECOND = 1e9;
/** Pods that never get ready. */
export const NEVER = Infinity;
const WATCH_LATENCY_NS = 3 * MS;

export interface FixtureOptions {
  readonly endpoints: number;
  readonly controller?: ServiceSettings['controller'];
  readonly podManagementPolicy?: ServiceSettings['podManagementPolicy'];
  readonly count?: number;
  readonly nodes?: number;
  /** Requests a second and at once; default: as good as unlimited. */
  readonly qps?: number;
  readonly burst?: number;
  readonly writeLatencyNs?: number;
  /** From the POST of a pod to its readiness, by the number of the pod. */
  readonly startupNs?: (pod: number) => number;
  readonly shutdownNs?: number;
  readonly rollouts?: number;
  readonly workers?: number;
  readonly maxUnavailableStatefulSet?: boolean;
  readonly durationNs?: number | null;
}

/** Something that happened to a pod: created, ready, deleted (its DELETE was committed), gone. */
export interface PodEvent {
  readonly what: 'created' | 'ready' | 'deleted' | 'gone';
  readonly pod: number;
  readonly atNs: number;
}

export class WorkloadFixture {
  readonly simulation = new Simulation();
  readonly pods: PodTable;
  readonly controllers: WorkloadControllers;
  readonly events: PodEvent[] = [];
  /** Called after each event of a pod. */
  onEvent: () => void = () => {};

  constructor(options: FixtureOptions) {
    const { endpoints, count = 1, nodes = 10, rollouts = 3 } = options;
    const { controller = 'Deployment', podManagementPolicy = 'OrderedReady' } = options;
    const workers = options.workers ?? 5;
    const groups: ServiceSettings[] = [
      {
        ...PLAIN_SERVICE,
        name: 'web',
        count,
        endpoints,
        selector: true,
        manualNodePorts: false,
        shape: CLUSTER_IP,
        controller,
        placement: 'even',
        podManagementPolicy,
        readinessProbe: null,
        terminationGracePeriodSeconds: 30,
        preStop: { sleepNs: 0 },
        loadBalancer: null,
        application: { concurrency: null, queueLimit: null, serviceTime: null, acceptsAfterSigterm: false },
      },
    ];
    const services = new ServiceTable(groups);
    const streams = new RandomStreams(1, 0);
    const latencyNs = options.writeLatencyNs ?? 1 * MS;
    this.pods = new PodTable(nodes, count);
    // Only what the controllers read of a scenario.
    const scenario = {
      cluster: { nodes },
      controlPlane: {
        controllerManager: {
          kubeApiQps: options.qps ?? 1e6,
          kubeApiBurst: options.burst ?? 1e6,
          concurrentDeploymentSyncs: workers,
          concurrentReplicaSetSyncs: workers,
          concurrentStatefulSetSyncs: workers,
          maxUnavailableStatefulSet: options.maxUnavailableStatefulSet ?? true,
        },
      },
      services: groups,
      workload: Array.from({ length: rollouts }, () => ({ kind: 'rollingUpdate', service: 'web' })),
      durationNs: options.durationNs ?? null,
    } as unknown as Scenario;
    this.controllers = createWorkloadControllers({
      simulation: this.simulation,
      scenario,
      services,
      pods: this.pods,
      placement: new EvenPlacement(nodes, streams),
      lifecycle: this.#lifecycle(options),
      apiServers: new ApiServers(this.simulation),
      etcd: new Etcd({ writeLatencyNs: { median: latencyNs, p99: latencyNs }, maxRequestBytes: null }, streams),
      streams,
    });
    for (let service = 0; service < count; service++) {
      for (let n = 0; n < endpoints; n++) {
        const pod = this.controllers.adopt(service);
        this.pods.condition[pod] = PodState.hasAddress | PodState.ready;
        this.pods.observed[pod] = PodState.hasAddress | PodState.ready;
      }
    }
  }

  /** A new template for the first service. */
  rollOut(spec: Partial<RolloutSpec>): void {
    this.controllers.deployments.rollOut(0, {
      strategy: 'RollingUpdate',
      maxSurge: { absolute: 1 },
      maxUnavailable: { absolute: 0 },
      minReadyNs: 0,
      partition: 0,
      ...spec,
    });
  }

  /** Live pods of the first service by revision, the oldest first. */
  get livePods(): number[] {
    const counts: number[] = [];
    for (const pod of this.controllers.replicaSets.replicas(0)) {
      const revision = this.pods.revision[pod]!;
      while (counts.length <= revision) counts.push(0);
      counts[revision]!++;
    }
    return counts;
  }

  /** Live pods of the first service that are ready. */
  get readyPods(): number {
    const isReady = (pod: number): boolean => (this.pods.condition[pod]! & PodState.ready) !== 0;
    return this.controllers.replicaSets.replicas(0).filter(isReady).length;
  }

  times(what: PodEvent['what']): number[] {
    return this.events.filter((event) => event.what === what).map(({ atNs }) => atNs);
  }

  /** A pod turns unready at its kubelet now, and stays so. */
  turnUnready(pod: number): void {
    this.pods.condition[pod]! &= ~PodState.ready;
    this.#update(pod, 0, PodState.ready);
  }

  #listeners: PodsObserved[] = [];
  #observedKind = this.simulation.registerKind('test: pod observed', (pod, bits) => this.#onObserved(pod, bits));

  #lifecycle(options: FixtureOptions): PodOwnersLifecycle {
    const { simulation } = this;
    const readyKind = simulation.registerKind('test: pod ready', (pod) => {
      if ((this.pods.condition[pod]! & PodState.terminating) !== 0) return;
      this.pods.condition[pod]! |= PodState.hasAddress | PodState.ready;
      this.#record('ready', pod);
      this.#update(pod, PodState.hasAddress | PodState.ready, 0);
    });
    const goneKind = simulation.registerKind('test: pod gone', (pod) => {
      this.pods.condition[pod]! |= PodState.gone;
      this.#record('gone', pod);
      this.#update(pod, PodState.gone, PodState.ready);
    });
    const deleted = (pod: number): void => {
      this.pods.condition[pod]! |= PodState.terminating;
      this.#record('deleted', pod);
      this.#update(pod, PodState.terminating, 0);
      simulation.schedule(simulation.nowNs + (options.shutdownNs ?? SECOND), goneKind, pod);
    };
    return {
      start: (pod, atNs) => {
        this.#record('created', pod);
        const startupNs = options.startupNs?.(pod) ?? SECOND;
        if (startupNs !== NEVER) simulation.schedule(atNs + startupNs, readyKind, pod);
      },
      delete: deleted,
      deleted,
      replaceAtOnce: () => {
        throw new Error('no test replaces pods at once here');
      },
      onObserved: (listener) => void this.#listeners.push(listener),
    };
  }

  #record(what: PodEvent['what'], pod: number): void {
    this.events.push({ what, pod, atNs: this.simulation.nowNs });
    this.onEvent();
  }

  #update(pod: number, setBits: number, clearBits: number): void {
    const kind = this.#observedKind;
    this.simulation.schedule(this.simulation.nowNs + WATCH_LATENCY_NS, kind, pod, (setBits << 4) | clearBits);
  }

  #onObserved(pod: number, bits: number): void {
    this.pods.observed[pod] = (this.pods.observed[pod]! & ~(bits & 15)) | (bits >> 4);
    const changeNs = this.simulation.nowNs - WATCH_LATENCY_NS;
    const change = { changeNs, committedNs: changeNs, triggerNs: null };
    for (const listener of this.#listeners) listener(this.pods.service[pod]!, [pod], change, true);
  }
}
