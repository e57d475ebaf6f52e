/**
 * What happens to a pod, and when the controllers hear of it.
 *
 *   create --> scheduler --> bound --> (startup) --> running --PLEG--> [no probe: ready | probe: address, then ready]
 *                                                                          --> kubelet's status writes --> informer
 *   delete --> committed --> informer: terminating
 *                        --> kubelet --> (preStop, shutdown, at most the grace period) --> stopped
 *                                        --> status write --> informer: not ready, DELETE --> informer: gone
 *   node lost --> not ready in truth; nobody hears of it but from the node life cycle controller (node-faults.ts)
 *   node back --> what was to happen on it meanwhile happens now
 *
 * A pod without a readiness probe makes one update that endpoints depend on when it starts: address and Ready condition come in
 * the same status write. One with a probe makes two: it has its address, not ready, as soon as its containers are seen to run.
 * That first Ready condition dates from the moment when the kubelet took on the pod, which is what the controllers take as its
 * trigger time. A pod that goes makes three updates: marked, not ready, removed.
 *
 * The true moment of a change is when the containers run (with a probe: when its initial delay is over), when the application
 * fails or recovers, when the containers stop; its trigger time is when the kubelet has noticed.
 *
 * Left out: image pull and init containers as steps of their own (they are in the startup time), containers that restart,
 * readiness that falls between SIGTERM and the end, the new address of a pod whose node was restarted.
 */

import { lognormalFromMedianP99 } from '../../kernel/distributions.js';
import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { widen } from '../cluster/columns.js';
import type { NodeAvailability } from '../cluster/node-availability.js';
import { PodStage, PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient } from '../controlplane/api-servers.js';
import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import { type Termination, terminationNs } from '../node/graceful-termination.js';
import { FINAL_STATUS, type Kubelets, NO_TRANSITION, type StatusListener } from '../node/kubelets.js';
import type { ProbeFailure } from '../node/readiness-probe.js';
import { PodUpdates, type PodsObserved } from './pod-updates.js';
import type { PodAcceptance } from '../traffic/pod-acceptance.js';
import { type ReadinessProbeParameters, ReadinessProbes } from './readiness-probes.js';

export interface PodLifecycleParameters extends ReadinessProbeParameters {
  /** From the binding of a pod, as its kubelet sees it, to the moment when its containers run. */
  readonly startupNs: { readonly median: number; readonly p99: number };
  /** From SIGTERM to the end of the containers, if they are let. */
  readonly shutdownNs: { readonly median: number; readonly p99: number };
  /** From a commit to a watching client: kubelet or controller. */
  readonly watchLatencyNs: number;
  readonly plegRelistPeriodNs: number;
  readonly terminationOf: (service: number) => Termination;
}

/** The part of the life cycle that the owners of pods need. */
export type PodOwnersLifecycle = Pick<PodLifecycle, 'start' | 'delete' | 'deleted' | 'replaceAtOnce' | 'onObserved'>;

const INITIAL_CAPACITY = 1024;
const DELETED = PodState.terminating | PodState.gone;
const STATUS_BITS = PodState.hasAddress | PodState.ready;

/** What the life cycle has to do with the rest of the world. */
export interface PodLifecycleContext {
  readonly simulation: Simulation;
  readonly pods: PodTable;
  readonly availability: NodeAvailability;
  /** The client of whoever deletes or replaces pods. */
  readonly api: ApiClient;
  readonly etcd: Etcd;
  readonly streams: RandomStreams;
  /** Who asks how pods meet connections; null: nobody. */
  readonly acceptance: PodAcceptance | null;
}

export class PodLifecycle implements StatusListener {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #availability: NodeAvailability;
  readonly #api: ApiClient;
  readonly #writeLatency: WriteLatency;
  readonly #parameters: PodLifecycleParameters;
  readonly #updates: PodUpdates;
  readonly #acceptance: PodAcceptance | null;
  readonly #probes: ReadinessProbes;
  readonly #startupHash: CounterHash;
  readonly #shutdownHash: CounterHash;
  readonly #relistHash: CounterHash;
  readonly #seenRunningKind: EventKind;
  readonly #deletedKind: EventKind;
  readonly #stoppedKind: EventKind;
  readonly #replacedKind: EventKind;
  readonly #replacedUnplacedKind: EventKind;
  /** null: nobody asks. */
  readonly #sigtermKind: EventKind | null;
  readonly #unchangedListeners: ((service: number, pod: number) => void)[] = [];
  #kubelets: Kubelets | null = null;
  #schedule: ((pod: number, atNs: number) => void) | null = null;

  // By pod.
  /** When its next step on the node is due: its containers are seen to run, or have stopped. Other such events are void. */
  #dueNs = new Float64Array(INITIAL_CAPACITY);
  /** Of a pod that is replaced in one update: when the request left. */
  #replacedNs = new Float64Array(INITIAL_CAPACITY);

  constructor(context: PodLifecycleContext, parameters: PodLifecycleParameters) {
    const { simulation, pods, streams } = context;
    this.#simulation = simulation;
    this.#pods = pods;
    this.#availability = context.availability;
    this.#api = context.api;
    this.#writeLatency = context.etcd.writesOf('pod-client');
    this.#parameters = parameters;
    this.#acceptance = context.acceptance;
    this.#updates = new PodUpdates(simulation, pods, parameters.watchLatencyNs);
    this.#startupHash = streams.hash('pod-startup');
    this.#shutdownHash = streams.hash('pod-shutdown');
    this.#relistHash = streams.hash('pleg-relist');
    this.#probes = new ReadinessProbes(
      simulation,
      pods,
      parameters,
      (pod, isReady, changeNs) => this.#onVerdict(pod, isReady, changeNs),
      streams,
    );
    this.#seenRunningKind = simulation.registerKind('kubelet: pod seen running', (pod) => this.#onSeenRunning(pod));
    this.#deletedKind = simulation.registerKind('pod: deletion committed', (pod) => this.deleted(pod));
    this.#stoppedKind = simulation.registerKind('pod: stopped', (pod) => this.#onStopped(pod));
    this.#replacedKind = simulation.registerKind('pod: replacement committed', (pod, successor) =>
      this.#onReplaced(pod, successor),
    );
    this.#replacedUnplacedKind = simulation.registerKind(
      'pod: replacement without a node committed',
      (pod, successor) => this.#onReplacedUnplaced(pod, successor),
    );
    this.#sigtermKind =
      context.acceptance === null ? null : simulation.registerKind('pod: SIGTERM', (pod) => this.#onSigterm(pod));
  }

  /** Both have to hear of the life cycle as well as it of them. */
  connect(kubelets: Kubelets, schedule: (pod: number, atNs: number) => void): void {
    this.#kubelets = kubelets;
    this.#schedule = schedule;
  }

  /** Listeners are called in the order in which they were added. */
  onObserved(listener: PodsObserved): void {
    this.#updates.onObserved(listener);
  }

  /** Hears of status writes in which no controller sees a difference: the pod has turned back before it was written. */
  onUnchanged(listener: (service: number, pod: number) => void): void {
    this.#unchangedListeners.push(listener);
  }

  /** The pod has been ready since before the run. */
  adopt(pod: number): void {
    const { condition, stored, observed, stage } = this.#pods;
    condition[pod] = STATUS_BITS;
    stored[pod] = STATUS_BITS;
    observed[pod] = STATUS_BITS;
    stage[pod] = PodStage.running;
    this.#acceptance?.started(pod);
    this.#kubelets!.adopt(pod, STATUS_BITS);
  }

  /** The pod, which has no address yet, is created at `atNs`. */
  start(pod: number, atNs: number): void {
    this.#schedule!(pod, atNs);
  }

  /** The binding of the pod is committed now. */
  bound(pod: number): void {
    const { stage, node } = this.#pods;
    stage[pod] = PodStage.bound;
    if (this.#availability.isUp(node[pod]!)) this.#startContainers(pod);
  }

  /** A DELETE of the pod is sent at `atNs`. */
  delete(pod: number, atNs: number): void {
    const { service, ordinal, condition } = this.#pods;
    condition[pod]! |= PodState.terminating;
    const latencyNs = this.#writeLatency.ns(service[pod]!, ordinal[pod]!);
    // Whoever scripts such deletions is not one client of the cluster that flow control would slow down.
    this.#api.write(pod, 'pods', atNs, latencyNs, this.#deletedKind, pod);
  }

  /** A DELETE of the pod, whose sender has waited for it, is committed now. */
  deleted(pod: number): void {
    const { condition, stored, node, stage } = this.#pods;
    const nowNs = this.#simulation.nowNs;
    condition[pod]! |= PodState.terminating;
    if (stage[pod] === PodStage.unbound) {
      // Nobody has to stop it.
      condition[pod]! |= PodState.gone;
      this.onRemoved(pod);
      return;
    }
    stored[pod]! |= PodState.terminating;
    // The pod is terminating from the commit on: the change and its commit are one moment.
    this.#updates.publish(pod, nowNs, null, PodState.terminating, 0);
    if (this.#availability.isUp(node[pod]!)) this.#terminate(pod);
  }

  /**
   * The pod's application fails or recovers now. Without a readiness probe its kubelet knows at once, by a container that
   * stops or starts; with one, when the probe says so.
   */
  setReady(pod: number, isReady: boolean, failure: ProbeFailure = 'timeout'): void {
    const { condition, node } = this.#pods;
    if ((condition[pod]! & DELETED) !== 0 || !this.#availability.isUp(node[pod]!)) return;
    const probe = this.#probes.of(pod);
    // Without a probe it is a container that has stopped.
    if (isReady) this.#acceptance?.recovered(pod);
    else this.#acceptance?.failed(pod, probe === null || failure === 'refused');
    if (probe === null) this.#setReadyAtKubelet(pod, isReady, this.#simulation.nowNs);
    else this.#probes.turn(pod, probe, isReady, failure);
  }

  /** Whether the pod can turn so: it is ready and nothing has failed in it, or it was ready once and is not any more. */
  canTurn(pod: number, isReady: boolean): boolean {
    const { condition, node, stage } = this.#pods;
    if (stage[pod] !== PodStage.running || !this.#availability.isUp(node[pod]!)) return false;
    const hasFailed = this.#probes.hasFailed(pod);
    const works = (condition[pod]! & PodState.ready) !== 0 && !hasFailed;
    if (!isReady) return works;
    // A pod that is still starting turns ready by itself.
    return !works && (hasFailed || this.#probes.of(pod) === null);
  }

  /** `successor` takes the place of `pod` in a single API update, sent now; when no node is up, it has to wait for one. */
  replaceAtOnce(pod: number, successor: number): void {
    const { service, ordinal, condition, stage, node } = this.#pods;
    const nowNs = this.#simulation.nowNs;
    condition[pod]! |= PodState.gone;
    stage[pod] = PodStage.stopped;
    this.#acceptance?.ended(pod);
    this.#makeRoom(Math.max(pod, successor));
    this.#replacedNs[pod] = nowNs;
    const isPlaced = this.#availability.isUp(node[successor]!);
    if (isPlaced) {
      condition[successor] = STATUS_BITS;
      stage[successor] = PodStage.running;
      this.#acceptance?.started(successor);
      this.#kubelets!.adopt(successor, STATUS_BITS);
    }
    const latencyNs = this.#writeLatency.ns(service[pod]!, ordinal[pod]!);
    const replacedKind = isPlaced ? this.#replacedKind : this.#replacedUnplacedKind;
    this.#api.write(pod, 'pods', nowNs, latencyNs, replacedKind, pod, successor);
  }

  /** A change of the pod's labels is committed now: the selector of its service matches it from now on, or no longer. */
  relabel(pod: number, isSelected: boolean): void {
    const { condition } = this.#pods;
    if (isSelected) condition[pod]! &= ~PodState.notSelected;
    else condition[pod]! |= PodState.notSelected;
    const [setBits, clearBits] = isSelected ? [0, PodState.notSelected] : [PodState.notSelected, 0];
    this.#updates.publish(pod, this.#simulation.nowNs, null, setBits, clearBits);
  }

  /** The node life cycle controller has written now that the pod is not ready; its node was lost at `lostNs`. */
  markedNotReady(pod: number, lostNs: number, sentNs: number): void {
    const { stored, node } = this.#pods;
    if ((stored[pod]! & PodState.gone) !== 0 || (stored[pod]! & PodState.ready) === 0) return;
    stored[pod]! &= ~PodState.ready;
    this.#updates.publish(pod, lostNs, sentNs, 0, PodState.ready);
    // The write may come after the return of the node.
    if (this.#availability.isUp(node[pod]!)) this.#kubelets!.reconcileAtNextTick(node[pod]!);
  }

  onStatusWritten(pod: number, status: number, changeNs: number, transitionNs: number): void {
    const { stored } = this.#pods;
    const before = stored[pod]!;
    stored[pod] = (before & ~STATUS_BITS) | status;
    // Controllers pass over an update in which nothing that they look at differs, unless the pod is terminating.
    if (stored[pod] === before && (before & PodState.terminating) === 0) {
      for (const listener of this.#unchangedListeners) listener(this.#pods.service[pod]!, pod);
      return;
    }
    const triggerNs = transitionNs === NO_TRANSITION ? null : transitionNs;
    this.#updates.publish(pod, changeNs, triggerNs, status, STATUS_BITS & ~status);
  }

  onRemoved(pod: number): void {
    this.#pods.stored[pod]! |= PodState.gone;
    this.#updates.publish(pod, this.#simulation.nowNs, null, PodState.gone, 0);
  }

  /** The node is lost now: none of its pods is reached any more, and none of them knows. */
  nodeLost(node: number): void {
    for (const pod of this.#pods.podsOn(node)) {
      this.#pods.condition[pod]! &= ~PodState.ready;
      this.#acceptance?.nodeLost(pod, true);
    }
  }

  /** The node is back now, with its containers as they were. */
  nodeReturned(node: number): void {
    const { condition, stored, stage } = this.#pods;
    for (const pod of this.#pods.podsOn(node)) {
      this.#acceptance?.nodeLost(pod, false);
      const status = this.#kubelets!.status(pod);
      if ((stored[pod]! & PodState.terminating) !== 0) {
        if (stage[pod] !== PodStage.stopped) this.#terminate(pod);
      } else if (stage[pod] === PodStage.bound) {
        this.#startContainers(pod);
      } else if (stage[pod] === PodStage.running) {
        const isReady = (status & PodState.ready) !== 0;
        if (isReady) condition[pod]! |= PodState.ready;
        const probe = this.#probes.of(pod);
        if (probe !== null && isReady === this.#probes.hasFailed(pod)) this.#probes.resume(pod, probe);
      }
    }
  }

  /** The node, lost since `lostNs`, has booted now: the containers of its pods have ended, and are started again. */
  nodeRebooted(node: number, lostNs: number): void {
    const { stored, stage } = this.#pods;
    const nowNs = this.#simulation.nowNs;
    for (const pod of this.#pods.podsOn(node)) {
      this.#acceptance?.ended(pod);
      this.#acceptance?.nodeLost(pod, false);
      if (stage[pod] === PodStage.stopped || stage[pod] === PodStage.unbound) continue;
      this.#makeRoom(pod);
      this.#probes.containersEnded(pod);
      if ((stored[pod]! & PodState.terminating) !== 0) {
        this.#dueNs[pod] = nowNs;
        this.#onStopped(pod);
        continue;
      }
      stage[pod] = PodStage.bound;
      const status = this.#kubelets!.status(pod);
      if ((status & PodState.ready) !== 0) this.#kubelets!.setStatus(pod, status & ~PodState.ready, lostNs, nowNs);
      this.#startContainers(pod);
    }
  }

  /** The kubelet sees the pod one watch latency from now, starts it, and notices at a relist that it runs. */
  #startContainers(pod: number): void {
    this.#makeRoom(pod);
    const takenOnNs = this.#simulation.nowNs + this.#parameters.watchLatencyNs;
    this.#dueNs[pod] = takenOnNs + this.#startupNs(pod) + this.#relistDelayNs(pod);
    this.#simulation.schedule(this.#dueNs[pod], this.#seenRunningKind, pod);
  }

  #onSeenRunning(pod: number): void {
    const { condition, node, stage } = this.#pods;
    const nowNs = this.#simulation.nowNs;
    if (stage[pod] !== PodStage.bound || this.#dueNs[pod] !== nowNs || !this.#availability.isUp(node[pod]!)) return;
    if ((condition[pod]! & DELETED) !== 0) return;
    stage[pod] = PodStage.running;
    this.#acceptance?.started(pod);
    const runningNs = nowNs - this.#relistDelayNs(pod);
    const probe = this.#probes.of(pod);
    if (probe === null) {
      this.#setReadyAtKubelet(pod, true, runningNs);
      return;
    }
    if ((this.#kubelets!.status(pod) & PodState.hasAddress) === 0) {
      condition[pod]! |= PodState.hasAddress;
      // Ready has been false since the kubelet took on the pod.
      this.#kubelets!.setStatus(pod, PodState.hasAddress, runningNs, runningNs - this.#startupNs(pod));
    }
    this.#probes.containersSeen(pod, probe, runningNs);
  }

  /** The probe has said often enough what the application is. */
  #onVerdict(pod: number, isReady: boolean, changeNs: number): void {
    const { condition, node, stage } = this.#pods;
    if (stage[pod] !== PodStage.running || (condition[pod]! & PodState.gone) !== 0) return;
    if (this.#availability.isUp(node[pod]!)) this.#setReadyAtKubelet(pod, isReady, changeNs);
  }

  #setReadyAtKubelet(pod: number, isReady: boolean, changeNs: number): void {
    const { condition } = this.#pods;
    if (isReady) condition[pod]! |= STATUS_BITS;
    else condition[pod]! &= ~PodState.ready;
    const status = isReady ? STATUS_BITS : this.#kubelets!.status(pod) & ~PodState.ready;
    if (status === this.#kubelets!.status(pod)) return;
    this.#kubelets!.setStatus(pod, status, changeNs, this.#simulation.nowNs);
  }

  /** The kubelet sees the deletion one watch latency from now. Containers that do not run yet need no time to stop. */
  #terminate(pod: number): void {
    const { service, ordinal, stage } = this.#pods;
    this.#makeRoom(pod);
    const { median, p99 } = this.#parameters.shutdownNs;
    let stoppedNs = this.#simulation.nowNs + this.#parameters.watchLatencyNs;
    if (stage[pod] === PodStage.running) {
      const uniform = this.#shutdownHash.uniform(service[pod]!, ordinal[pod]!);
      const shutdownNs = Math.round(lognormalFromMedianP99(uniform, median, p99));
      const termination = this.#parameters.terminationOf(service[pod]!);
      if (this.#sigtermKind !== null) {
        this.#simulation.schedule(stoppedNs + terminationNs(termination, 0), this.#sigtermKind, pod);
      }
      stoppedNs += terminationNs(termination, shutdownNs);
    }
    this.#dueNs[pod] = stoppedNs;
    this.#simulation.schedule(stoppedNs, this.#stoppedKind, pod);
  }

  /** After a loss of the node in between it comes once more: the hook has started anew, and the containers run as long as that. */
  #onSigterm(pod: number): void {
    const { node, stage } = this.#pods;
    if (stage[pod] === PodStage.stopped || !this.#availability.isUp(node[pod]!)) return;
    this.#acceptance!.sigterm(pod);
  }

  #onStopped(pod: number): void {
    const { node, condition, stage } = this.#pods;
    const nowNs = this.#simulation.nowNs;
    if (stage[pod] === PodStage.stopped || this.#dueNs[pod] !== nowNs) return;
    if (!this.#availability.isUp(node[pod]!)) return;
    stage[pod] = PodStage.stopped;
    this.#acceptance?.ended(pod);
    const status = this.#kubelets!.status(pod);
    condition[pod] = (condition[pod]! & ~PodState.ready) | PodState.gone;
    const transitionNs = (status & PodState.ready) !== 0 ? nowNs : NO_TRANSITION;
    this.#kubelets!.setStatus(pod, (status & PodState.hasAddress) | FINAL_STATUS, nowNs, transitionNs);
  }

  #onReplaced(pod: number, successor: number): void {
    const { stored } = this.#pods;
    stored[pod]! |= PodState.gone;
    stored[successor]! |= STATUS_BITS;
    const changeNs = this.#replacedNs[pod]!;
    this.#updates.publish(pod, changeNs, changeNs, PodState.gone, 0, successor, STATUS_BITS);
  }

  /** No node was up for the successor: it exists from now on, and the scheduler looks for a node. */
  #onReplacedUnplaced(pod: number, successor: number): void {
    this.#pods.stored[pod]! |= PodState.gone;
    this.#updates.publish(pod, this.#replacedNs[pod]!, null, PodState.gone, 0, successor);
    this.start(successor, this.#simulation.nowNs);
  }

  #startupNs(pod: number): number {
    const { median, p99 } = this.#parameters.startupNs;
    const uniform = this.#startupHash.uniform(this.#pods.service[pod]!, this.#pods.ordinal[pod]!);
    return Math.round(lognormalFromMedianP99(uniform, median, p99));
  }

  /** From the start of the containers to the relist that shows it. */
  #relistDelayNs(pod: number): number {
    const uniform = this.#relistHash.uniform(this.#pods.service[pod]!, this.#pods.ordinal[pod]!);
    return Math.floor(uniform * this.#parameters.plegRelistPeriodNs);
  }

  #makeRoom(pod: number): void {
    if (pod < this.#dueNs.length) return;
    const capacity = Math.max(2 * this.#dueNs.length, pod + 1);
    this.#dueNs = widen(this.#dueNs, capacity);
    this.#replacedNs = widen(this.#replacedNs, capacity);
  }
}
