/**
 * The Deployment controller's rolling update (pkg/controller/deployment/rolling.go).
 *
 *   template changed --> sync: more of the new ReplicaSet up to replicas + surge, else fewer of the old ones down to
 *                        replicas - unavailable available --> [client bucket] --> ReplicaSets --> pods
 *   informer: new pod ready --> sync again
 *
 * Every sync that scales writes the ReplicaSet and then the Deployment's status, through the controller's own bucket. The
 * old pods go in random order: their deletion ranks tie down to the UID. A template that changes again during a rolling
 * update makes old pods of all that there are.
 *
 * Left out: minReadySeconds, Recreate, proportional scaling (a Deployment that is scaled while it is rolled over goes on to
 * the new size with its new pods), old pods that are unhealthy, revision history.
 */

import type { RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient } from '../controlplane/api-servers.js';
import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import { TokenBucket } from '../controlplane/token-bucket.js';
import type { PodLifecycle } from './pod-lifecycle.js';
import type { ReplicaSets } from './replica-sets.js';

/** A rolling update under way. */
interface Rollout {
  readonly surge: number;
  readonly unavailable: number;
  /** Old pods, the next to be deleted last; some may have gone by other hands. */
  readonly old: number[];
  /** New pods that the informer shows ready. */
  readonly available: Set<number>;
  /** What the Deployment controller wants of the old ReplicaSets and of the new one. */
  oldTarget: number;
  newTarget: number;
  /** A scale write is under way. */
  isScaling: boolean;
}

export class Deployments {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #replicaSets: ReplicaSets;
  readonly #writeLatency: WriteLatency;
  readonly #api: ApiClient;
  readonly #bucket: TokenBucket;
  readonly #watchLatencyNs: number;
  readonly #streams: RandomStreams;
  readonly #rollouts = new Map<number, Rollout>();
  readonly #scaledKind: EventKind;
  /** Writes about each service: the key of their latencies. */
  readonly #writes: Int32Array;

  constructor(
    simulation: Simulation,
    services: number,
    pods: PodTable,
    replicaSets: ReplicaSets,
    lifecycle: PodLifecycle,
    api: ApiClient,
    etcd: Etcd,
    client: { readonly kubeApiQps: number; readonly kubeApiBurst: number },
    watchLatencyNs: number,
    streams: RandomStreams,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#replicaSets = replicaSets;
    this.#writeLatency = etcd.writesOf('deployment-controller');
    this.#api = api;
    this.#bucket = new TokenBucket(client.kubeApiQps, client.kubeApiBurst);
    this.#watchLatencyNs = watchLatencyNs;
    this.#streams = streams;
    this.#writes = new Int32Array(services);
    this.#scaledKind = simulation.registerKind('deployment: replica set scaled', (service, revision) =>
      this.#onScaled(service, revision),
    );
    lifecycle.onObserved((service, observedPods) => this.#onObserved(service, observedPods));
    replicaSets.addListener({
      onCreated: (service, pod) => this.#onCreated(service, pod),
      onDeleted: (service, pod) => void this.#rollouts.get(service)?.available.delete(pod),
    });
  }

  /** The pod template of the service's Deployment changes now. `surge` and `unavailable` in pods. */
  rollOut(service: number, surge: number, unavailable: number): void {
    this.#replicaSets.startRevision(service);
    const old = [...this.#replicaSets.replicas(service)];
    shuffle(old, this.#streams, `${service}/${this.#replicaSets.revision(service)}`);
    this.#rollouts.set(service, {
      surge,
      // Both zero would never get anywhere; Kubernetes then takes one pod to be unavailable.
      unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable,
      old,
      available: new Set(),
      oldTarget: this.#replicaSets.oldPods(service),
      newTarget: 0,
      isScaling: false,
    });
    this.#sync(service);
  }

  /** Sets how many pods the service's Deployment has, from now on. */
  scale(service: number, replicas: number): void {
    this.#replicaSets.setDesired(service, replicas);
    this.replenish(service);
  }

  /** The ReplicaSets of the service see that pods are missing or too many. */
  replenish(service: number): void {
    const rollout = this.#rollouts.get(service);
    if (rollout === undefined) {
      this.#replicaSets.reconcile(service);
      return;
    }
    this.#scaleReplicaSets(service, rollout);
    this.#sync(service);
  }

  /** Rollouts that have not replaced every pod: service and share of the new pods that are ready. */
  unfinished(): { readonly service: number; readonly share: number }[] {
    return [...this.#rollouts.keys()].map((service) => ({ service, share: this.#shareAvailable(service) }));
  }

  /** Mean share of the new pods that are ready, over services whose rollout was begun. */
  progressOf(services: readonly number[]): number {
    let share = 0;
    for (const service of services) share += this.#shareAvailable(service);
    return share / Math.max(1, services.length);
  }

  #shareAvailable(service: number): number {
    const rollout = this.#rollouts.get(service);
    return rollout === undefined ? 1 : rollout.available.size / Math.max(1, this.#replicaSets.desired(service));
  }

  #sync(service: number): void {
    const rollout = this.#rollouts.get(service);
    if (rollout === undefined || rollout.isScaling) return;
    const { surge, unavailable, oldTarget, newTarget, available } = rollout;
    const replicas = this.#replicaSets.desired(service);
    const total = oldTarget + newTarget;
    const more = Math.min(replicas + surge - total, replicas - newTarget);
    // The new ReplicaSet grows within the surge, and is cut at once when the Deployment has become smaller.
    if (more > 0 || newTarget > replicas) {
      rollout.newTarget = newTarget > replicas ? replicas : newTarget + more;
      this.#writeScale(service, rollout);
      return;
    }
    const minAvailable = Math.max(0, replicas - unavailable);
    const budget = total - minAvailable - (newTarget - available.size);
    const fewer = Math.min(oldTarget, budget, oldTarget + available.size - minAvailable);
    if (fewer > 0) {
      rollout.oldTarget -= fewer;
      this.#writeScale(service, rollout);
      return;
    }
    if (oldTarget === 0 && newTarget === replicas && available.size === replicas) {
      this.#rollouts.delete(service);
      this.#replicaSets.reconcile(service);
    }
  }

  /** The ReplicaSet's scale, then the Deployment's status; the ReplicaSet controller acts when its informer shows the first. */
  #writeScale(service: number, rollout: Rollout): void {
    rollout.isScaling = true;
    const nowNs = this.#simulation.nowNs;
    const latencyNs = this.#writeLatency.ns(service, this.#writes[service]!++);
    const revision = this.#replicaSets.revision(service);
    const sentNs = this.#bucket.reserve(nowNs);
    this.#api.write(0, 'other', sentNs, latencyNs + this.#watchLatencyNs, this.#scaledKind, service, revision);
    this.#bucket.reserve(nowNs);
  }

  #onScaled(service: number, revision: number): void {
    const rollout = this.#rollouts.get(service);
    // The scale of a rolling update that another has replaced since: its ReplicaSet is an old one now.
    if (rollout === undefined || revision !== this.#replicaSets.revision(service)) return;
    this.#scaleReplicaSets(service, rollout);
    rollout.isScaling = false;
    this.#sync(service);
  }

  #scaleReplicaSets(service: number, rollout: Rollout): void {
    const replicaSets = this.#replicaSets;
    const revision = replicaSets.revision(service);
    for (let n = rollout.newTarget - replicaSets.newPods(service); n > 0; n--) replicaSets.create(service, revision);
    for (let n = rollout.oldTarget - replicaSets.oldPods(service); n > 0; n--)
      replicaSets.create(service, revision - 1);
    const surplus = replicaSets.newPods(service) - rollout.newTarget;
    if (surplus > 0) {
      replicaSets.deleteLowestRanked(service, surplus, (pod) => this.#pods.revision[pod] === revision);
    }
    while (replicaSets.oldPods(service) > rollout.oldTarget && rollout.old.length > 0) {
      const pod = rollout.old.at(-1)!;
      if (replicaSets.isLive(pod) && !replicaSets.delete(service, pod)) return;
      rollout.old.pop();
    }
  }

  #onCreated(service: number, pod: number): void {
    const replicaSets = this.#replicaSets;
    const rollout = this.#rollouts.get(service);
    // A POST may have been under way when its ReplicaSet was scaled down: then there is a pod too many now.
    if (rollout === undefined) {
      if (replicaSets.newPods(service) + replicaSets.oldPods(service) > replicaSets.desired(service)) {
        replicaSets.reconcile(service);
      }
      return;
    }
    if (this.#pods.revision[pod] !== replicaSets.revision(service)) rollout.old.unshift(pod);
    if (!rollout.isScaling) this.#scaleReplicaSets(service, rollout);
  }

  #onObserved(service: number, observedPods: readonly number[]): void {
    const rollout = this.#rollouts.get(service);
    if (rollout === undefined) return;
    const revision = this.#replicaSets.revision(service);
    for (const pod of observedPods) {
      if (this.#pods.revision[pod] !== revision || !this.#replicaSets.isLive(pod)) continue;
      if ((this.#pods.observed[pod]! & PodState.ready) !== 0) rollout.available.add(pod);
      else rollout.available.delete(pod);
    }
    this.#sync(service);
  }
}

/** Fisher-Yates with a stream of the rollout's own. */
function shuffle(pods: number[], streams: RandomStreams, rollout: string): void {
  const stream = streams.stream('rolling-update-order', rollout);
  for (let i = pods.length - 1; i > 0; i--) {
    const j = stream.integerBelow(i + 1);
    [pods[i], pods[j]] = [pods[j]!, pods[i]!];
  }
}
