/**
 * The Deployment controller's rolling update (pkg/controller/deployment/rolling.go).
 *
 *   template changed --> sync: more of the new ReplicaSet up to replicas + surge, else fewer of the old one down to
 *                        replicas - unavailable available --> [client bucket] --> ReplicaSets --> pods
 *   informer: new pod ready --> sync again
 *
 * Every sync that scales writes the ReplicaSet and then the Deployment's status, through the controller's own bucket. The
 * pods to go are taken in random order: their deletion ranks tie down to the UID.
 *
 * Left out: minReadySeconds, Recreate, proportional scaling, old pods that are unhealthy, revision history.
 */

import type { RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import { TokenBucket } from '../controlplane/token-bucket.js';
import type { PodLifecycle } from './pod-lifecycle.js';
import type { ReplicaSets } from './replica-sets.js';

/** A rolling update under way. */
interface Rollout {
  readonly replicas: number;
  readonly surge: number;
  readonly unavailable: number;
  /** Pods of the old ReplicaSet that are left, in reverse order of their deletion. */
  readonly old: number[];
  readonly created: Set<number>;
  /** What the Deployment controller wants of the old and the new ReplicaSet. */
  oldTarget: number;
  newTarget: number;
  newAvailable: number;
  /** A sync or its writes are under way. */
  isSyncing: boolean;
}

export class Deployments {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #replicaSets: ReplicaSets;
  readonly #writeLatency: WriteLatency;
  readonly #client: TokenBucket;
  readonly #watchLatencyNs: number;
  readonly #streams: RandomStreams;
  readonly #rollouts = new Map<number, Rollout>();
  readonly #scaledKind: EventKind;
  #writes = 0;

  constructor(
    simulation: Simulation,
    pods: PodTable,
    replicaSets: ReplicaSets,
    lifecycle: PodLifecycle,
    etcd: Etcd,
    client: { readonly kubeApiQps: number; readonly kubeApiBurst: number },
    watchLatencyNs: number,
    streams: RandomStreams,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#replicaSets = replicaSets;
    this.#writeLatency = etcd.writesOf('deployment-controller');
    this.#client = new TokenBucket(client.kubeApiQps, client.kubeApiBurst);
    this.#watchLatencyNs = watchLatencyNs;
    this.#streams = streams;
    this.#scaledKind = simulation.registerKind('deployment: replica set scaled', (service) => this.#onScaled(service));
    lifecycle.onObserved((service, observedPods) => this.#onObserved(service, observedPods));
  }

  /** The pod template of the service's Deployment changes now. `surge` and `unavailable` in pods. */
  rollOut(service: number, surge: number, unavailable: number): void {
    const old = [...this.#replicaSets.replicas(service)];
    shuffle(old, this.#streams, service);
    this.#rollouts.set(service, {
      replicas: old.length,
      surge,
      // Both zero would never get anywhere; Kubernetes then takes one pod to be unavailable.
      unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable,
      old,
      created: new Set(),
      oldTarget: old.length,
      newTarget: 0,
      newAvailable: 0,
      isSyncing: false,
    });
    this.#sync(service);
  }

  /** Rollouts that have not replaced every pod: service and share of the new pods that are ready. */
  unfinished(): { readonly service: number; readonly share: number }[] {
    return [...this.#rollouts].map(([service, { newAvailable, replicas }]) => ({
      service,
      share: newAvailable / replicas,
    }));
  }

  /** Mean share of the new pods that are ready, over services whose rollout was begun. */
  progressOf(services: readonly number[]): number {
    let share = 0;
    for (const service of services) {
      const rollout = this.#rollouts.get(service);
      share += rollout === undefined ? 1 : rollout.newAvailable / rollout.replicas;
    }
    return share / Math.max(1, services.length);
  }

  #sync(service: number): void {
    const rollout = this.#rollouts.get(service);
    if (rollout === undefined || rollout.isSyncing) return;
    const { replicas, surge, unavailable, oldTarget, newTarget, newAvailable } = rollout;
    const total = oldTarget + newTarget;
    const more = Math.min(replicas + surge - total, replicas - newTarget);
    if (more > 0) {
      rollout.newTarget += more;
      this.#writeScale(service, rollout);
      return;
    }
    const minAvailable = replicas - unavailable;
    const budget = total - minAvailable - (newTarget - newAvailable);
    const fewer = Math.min(oldTarget, budget, oldTarget + newAvailable - minAvailable);
    if (fewer > 0) {
      rollout.oldTarget -= fewer;
      this.#writeScale(service, rollout);
      return;
    }
    if (oldTarget === 0 && newAvailable === replicas) this.#rollouts.delete(service);
  }

  /** The ReplicaSet's scale, then the Deployment's status; the ReplicaSet controller acts when its informer shows the first. */
  #writeScale(service: number, rollout: Rollout): void {
    rollout.isSyncing = true;
    const scaledNs = this.#client.reserve(this.#simulation.nowNs) + this.#writeLatency.ns(service, this.#writes++);
    this.#client.reserve(this.#simulation.nowNs);
    this.#simulation.schedule(scaledNs + this.#watchLatencyNs, this.#scaledKind, service);
  }

  #onScaled(service: number): void {
    const rollout = this.#rollouts.get(service)!;
    while (rollout.created.size < rollout.newTarget) {
      const pod = this.#replicaSets.create(service);
      if (pod < 0) break;
      rollout.created.add(pod);
    }
    while (rollout.old.length > rollout.oldTarget) {
      if (!this.#replicaSets.delete(service, rollout.old.at(-1)!)) break;
      rollout.old.pop();
    }
    rollout.isSyncing = false;
    this.#sync(service);
  }

  #onObserved(service: number, observedPods: readonly number[]): void {
    const rollout = this.#rollouts.get(service);
    if (rollout === undefined) return;
    const isNewAndReady = observedPods.some(
      (pod) => rollout.created.has(pod) && (this.#pods.observed[pod]! & PodState.ready) !== 0,
    );
    if (!isNewAndReady) return;
    rollout.newAvailable++;
    this.#sync(service);
  }
}

/** Fisher-Yates with a stream of the service's own. */
function shuffle(pods: number[], streams: RandomStreams, service: number): void {
  const stream = streams.stream('rolling-update-order', service);
  for (let i = pods.length - 1; i > 0; i--) {
    const j = Math.floor(stream.double() * (i + 1));
    [pods[i], pods[j]] = [pods[j]!, pods[i]!];
  }
}
