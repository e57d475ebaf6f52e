/**
 * The Deployment controller (pkg/controller/deployment).
 *
 *   user: template or replicas changed ──┐
 *   informer: ReplicaSet, Deployment ────┴─> work queue --> one of n workers: plan (deployment-plan.ts)
 *        --> request after request: [client bucket] --> ReplicaSets, the Deployment's status --> informer
 *
 * It writes from what the informer shows. Who has seen an old version gets a conflict, and the sync is tried again a little
 * later. Services that a StatefulSet runs are handed on to it, so that whoever scales a service need not know which it is.
 *
 * Left out: pausing, rollback, the progress deadline.
 */

import type { Simulation } from '../../kernel/simulation.js';
import type { Controller } from '../controlplane/controller-manager.js';
import type { ControllerClient, RequestKind } from '../controlplane/controller-client.js';
import { DelayingQueue } from '../controlplane/delaying-queue.js';
import type { WriteLatency } from '../controlplane/etcd.js';
import type { EventRecorder } from '../controlplane/event-recorder.js';
import type { RateLimiter } from '../controlplane/rate-limiters.js';
import { DEPLOYMENT_RULES } from '../versions/workload-rules.js';
import { limitsOf } from './deployment-rules.js';
import {
  planDeployment,
  type DeploymentPlan,
  type DeploymentRequest,
  type DeploymentSpec,
  type DeploymentStatus,
} from './deployment-plan.js';
import { Informer } from './informer.js';
import type { ReplicaSetObjects } from './replica-set-objects.js';
import type { ReplicaSets } from './replica-sets.js';
import type { ServicePods } from './service-pods.js';
import type { StatefulSets } from './stateful-sets.js';

/** What a rolling update asks for. */
export interface RolloutSpec extends DeploymentSpec {
  /** Of a StatefulSet: pods with lower ordinals keep their revision. */
  readonly partition: number;
}

export interface DeploymentDependencies {
  readonly simulation: Simulation;
  readonly services: number;
  readonly servicePods: ServicePods;
  readonly objects: ReplicaSetObjects;
  readonly replicaSets: ReplicaSets;
  readonly statefulSets: StatefulSets;
  readonly client: ControllerClient;
  readonly events: EventRecorder;
  readonly newLimiter: (keys: number) => RateLimiter;
  readonly latency: WriteLatency;
  readonly watchLatencyNs: number;
}

interface Deployment {
  spec: DeploymentSpec;
  /** Of the pod template. */
  revision: number;
  generation: number;
  version: number;
  status: DeploymentStatus;
  /** As the informer shows it. */
  seenVersion: number;
  seenStatus: DeploymentStatus;
  /** Its pods are being replaced. */
  isRollingOut: boolean;
}

interface Sync {
  readonly service: number;
  readonly plan: DeploymentPlan;
  next: number;
  /** The version of the Deployment that the sync has in hand. */
  version: number;
  /** The same for the ReplicaSets that it writes. */
  readonly versions: Map<number, number>;
}

interface SeenDeployment {
  readonly service: number;
  readonly version: number;
  readonly status: DeploymentStatus;
}

/** Of a Deployment that nobody has changed: only its replicas count. */
const INITIAL_SPEC: DeploymentSpec = {
  strategy: 'RollingUpdate',
  maxSurge: { absolute: 0 },
  maxUnavailable: { absolute: 1 },
  minReadyNs: 0,
};

export class Deployments implements Controller {
  readonly name = 'deployment-controller';
  readonly #use: DeploymentDependencies;
  readonly #workers: number;
  readonly #deployments = new Map<number, Deployment>();
  readonly #informer: Informer<SeenDeployment>;
  readonly #request: RequestKind<Sync>;
  /** Writes about each service: the key of their latencies. */
  readonly #writes: Int32Array;
  readonly #queue: DelayingQueue;
  #idleWorkers: number;
  #isStopped = false;
  #isStarting = false;

  /** `workers`: --concurrent-deployment-syncs. */
  constructor(use: DeploymentDependencies, workers: number) {
    this.#use = use;
    this.#workers = workers;
    this.#writes = new Int32Array(use.services);
    const { name } = this;
    const newLimiter = (): RateLimiter => use.newLimiter(use.services);
    this.#queue = new DelayingQueue(use.simulation, name, use.services, newLimiter, () => this.#startWorkers());
    this.#idleWorkers = workers;
    this.#informer = new Informer(use.simulation, 'deployment', use.watchLatencyNs, (seen) => this.#onSeen(seen));
    this.#request = {
      commit: (service, _, sync) => this.#commit(service, sync),
      answered: (service, _, isOk, sync) => this.#onAnswered(service, isOk, sync),
    };
    use.objects.onSeen((set) => this.#enqueue(use.objects.serviceOf(set)));
    use.replicaSets.onLastPodGone((set) => this.#enqueue(use.objects.serviceOf(set)));
  }

  /** The pod template of the service's Deployment or StatefulSet changes now. */
  rollOut(service: number, spec: RolloutSpec): void {
    const { statefulSets } = this.#use;
    if (statefulSets.owns(service)) {
      statefulSets.rollOut(service, spec);
      return;
    }
    const deployment = this.#of(service);
    if (deployment.revision === 0) this.#annotateFirst(service, spec);
    deployment.spec = spec;
    deployment.revision++;
    deployment.isRollingOut = true;
    this.#specChanged(service, deployment);
  }

  /** Sets how many pods the service's Deployment or StatefulSet has, from now on. */
  scale(service: number, replicas: number): void {
    const { servicePods, statefulSets } = this.#use;
    if (servicePods.desired(service) === replicas) return;
    const deployment = statefulSets.owns(service) ? null : this.#of(service);
    servicePods.setDesired(service, replicas);
    if (deployment === null) statefulSets.scaled(service);
    else this.#specChanged(service, deployment);
  }

  /** Rollouts that have not replaced every pod: service and share of the new pods that are ready. */
  unfinished(): { readonly service: number; readonly share: number }[] {
    const services = [...this.#deployments].flatMap(([service, { isRollingOut }]) => (isRollingOut ? [service] : []));
    return [
      ...services.map((service) => ({ service, share: this.#shareAvailable(service) })),
      ...this.#use.statefulSets.unfinished(),
    ];
  }

  /** Mean share of the new pods that are ready, over services whose rollout was begun. */
  progressOf(services: readonly number[]): number {
    const { statefulSets } = this.#use;
    let share = 0;
    for (const service of services) {
      share += statefulSets.owns(service) ? statefulSets.shareUpdated(service) : this.#shareAvailable(service);
    }
    return share / Math.max(1, services.length);
  }

  /** ReplicaSets of the service's Deployment that are not deleted, the oldest first. */
  replicaSetsOf(service: number): readonly number[] {
    return this.#use.objects.ofService(service);
  }

  /** Use of the controller's client, from 0 to 1. */
  get clientUtilization(): number {
    return this.#use.client.utilization;
  }

  /** The process ends: what was queued and not yet sent is lost. */
  stop(): void {
    this.#isStopped = true;
    this.#use.client.stop();
    this.#use.events.stop();
    this.#queue.clear();
    this.#idleWorkers = this.#workers;
  }

  /** Another process takes over and syncs every Deployment. */
  start(): void {
    this.#isStopped = false;
    this.#use.client.start();
    for (let service = 0; service < this.#use.services; service++) this.#enqueue(service);
  }

  #shareAvailable(service: number): number {
    const deployment = this.#deployments.get(service);
    if (deployment === undefined || !deployment.isRollingOut) return 1;
    const newSet = this.#newSet(service, deployment);
    const available = newSet === undefined ? 0 : this.#use.replicaSets.available(newSet);
    return Math.min(1, available / Math.max(1, this.#use.servicePods.desired(service)));
  }

  #newSet(service: number, deployment: Deployment): number | undefined {
    const { objects } = this.#use;
    return objects.ofService(service).findLast((set) => objects.revisionOf(set) === deployment.revision);
  }

  #of(service: number): Deployment {
    let deployment = this.#deployments.get(service);
    if (deployment === undefined) {
      const pods = this.#use.servicePods.desired(service);
      const status: DeploymentStatus = {
        observedGeneration: 0,
        replicas: pods,
        updated: pods,
        ready: pods,
        available: pods,
        unavailable: 0,
      };
      deployment = {
        spec: INITIAL_SPEC,
        revision: 0,
        generation: 0,
        version: 0,
        status,
        seenVersion: 0,
        seenStatus: status,
        isRollingOut: false,
      };
      this.#deployments.set(service, deployment);
    }
    return deployment;
  }

  /** The first ReplicaSet bears the size that the Deployment gave it long ago, with the limits that it had all along. */
  #annotateFirst(service: number, spec: DeploymentSpec): void {
    const { objects } = this.#use;
    const first = objects.ofService(service)[0]!;
    const { replicas, desiredReplicas } = objects.seen(first);
    const desired = desiredReplicas ?? replicas;
    const { surge } = limitsOf(spec.strategy, spec.maxSurge, spec.maxUnavailable, desired);
    objects.annotateFirst(first, desired, desired + surge);
  }

  /** A user's change of the spec is committed now. */
  #specChanged(service: number, deployment: Deployment): void {
    deployment.generation++;
    deployment.version++;
    this.#informer.push({ service, version: deployment.version, status: deployment.status }, service);
  }

  #onSeen({ service, version, status }: SeenDeployment): void {
    const deployment = this.#of(service);
    deployment.seenVersion = version;
    deployment.seenStatus = status;
    this.#enqueue(service);
  }

  #enqueue(service: number): void {
    if (!this.#isStopped && !this.#use.statefulSets.owns(service)) this.#queue.add(service);
  }

  #startWorkers(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#idleWorkers > 0) {
      const service = this.#queue.take();
      if (service < 0) break;
      this.#idleWorkers--;
      this.#sync(service);
    }
    this.#isStarting = false;
  }

  #sync(service: number): void {
    const { objects, replicaSets, servicePods } = this.#use;
    const deployment = this.#of(service);
    const sets = objects
      .ofService(service)
      .map((set) => ({ set, object: objects.seen(set), present: replicaSets.present(set) }));
    const plan = planDeployment({
      spec: deployment.spec,
      replicas: servicePods.desired(service),
      generation: deployment.generation,
      status: deployment.seenStatus,
      sets,
      newIndex: sets.findLastIndex(({ set }) => objects.revisionOf(set) === deployment.revision),
      revisionHistoryLimit: DEPLOYMENT_RULES.revisionHistoryLimit.value,
    });
    if (plan.isComplete) deployment.isRollingOut = false;
    const versions = new Map(sets.map(({ set, object }) => [set, object.version]));
    this.#sendNext({ service, plan, next: 0, version: deployment.seenVersion, versions });
  }

  #sendNext(sync: Sync): void {
    const { service, plan } = sync;
    if (sync.next === plan.requests.length) {
      this.#queue.forget(service);
      this.#release(service);
      return;
    }
    const { client, latency } = this.#use;
    client.write('other', latency.ns(service, this.#writes[service]!++), this.#request, service, 0, sync);
  }

  /** False is a conflict. */
  #commit(service: number, sync: Sync): boolean {
    const request = sync.plan.requests[sync.next]!;
    switch (request.kind) {
      case 'create':
        return this.#commitCreation(service, request.replicas, sync);
      case 'resize':
      case 'delete':
        return this.#commitChange(request, sync);
      case 'status': {
        const deployment = this.#of(service);
        if (deployment.version !== sync.version) return false;
        deployment.version++;
        deployment.status = request.status;
        this.#informer.push({ service, version: deployment.version, status: request.status }, service);
        return true;
      }
    }
  }

  #commitCreation(service: number, replicas: number, sync: Sync): boolean {
    const { objects } = this.#use;
    const { revision, spec } = this.#of(service);
    // Of a template that has changed since, or that another request has made: the next sync will look again.
    if (this.#newSet(service, this.#of(service)) !== undefined) return false;
    objects.create(service, revision, spec.minReadyNs, replicas, {
      desiredReplicas: sync.plan.replicas,
      maxReplicas: sync.plan.maxReplicas,
    });
    return true;
  }

  #commitChange(request: Extract<DeploymentRequest, { kind: 'resize' | 'delete' }>, sync: Sync): boolean {
    const { objects } = this.#use;
    if (objects.current(request.set).version !== sync.versions.get(request.set)) return false;
    if (request.kind === 'delete') objects.write(request.set, { isDeleted: true });
    else {
      objects.write(request.set, {
        replicas: request.replicas,
        desiredReplicas: sync.plan.replicas,
        maxReplicas: sync.plan.maxReplicas,
      });
    }
    sync.versions.set(request.set, objects.current(request.set).version);
    return true;
  }

  #onAnswered(service: number, isOk: boolean, sync: Sync): void {
    if (!isOk) {
      this.#queue.addRateLimited(service);
      this.#release(service);
      return;
    }
    const request = sync.plan.requests[sync.next]!;
    const isScaling = request.kind === 'create' ? request.replicas > 0 : request.kind === 'resize' && request.isEvent;
    if (isScaling) this.#use.events.record(service);
    sync.next++;
    this.#sendNext(sync);
  }

  #release(service: number): void {
    this.#queue.done(service);
    this.#idleWorkers++;
    this.#startWorkers();
  }
}
