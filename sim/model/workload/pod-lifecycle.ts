/**
 * What happens to a pod, and when the controllers hear of it.
 *
 *   create --> (startup) --> ready at the kubelet --> status write --> committed --> informer
 *   delete --> committed --> informer: terminating
 *                        --> kubelet --> (shutdown) --> stopped --> status write --> informer: not ready
 *                                                               --> DELETE       --> informer: gone
 *
 * A pod that becomes ready makes one update that endpoints depend on (address and Ready condition come in the same status
 * write when it has no readiness probe), and a pod that goes makes three.
 *
 * Left out: readiness probes, PLEG, scheduling and image pull as separate steps (they are in the startup time), evictions.
 */

import { lognormalFromMedianP99 } from '../../kernel/distributions.js';
import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { widen } from '../cluster/columns.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import type { ServiceChange } from '../controlplane/endpoint-controller.js';
import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import type { Kubelets } from '../node/kubelets.js';

export interface PodLifecycleParameters {
  readonly startupNs: { readonly median: number; readonly p99: number };
  readonly shutdownNs: { readonly median: number; readonly p99: number };
  /** From a commit to a watching client: kubelet or controller. */
  readonly watchLatencyNs: number;
}

/**
 * The informer delivered changes of one API update: pods of `service` whose observed state is now the new one. `isSelected`: the
 * selector of the service matches one of them, or did before.
 */
export type PodsObserved = (
  service: number,
  pods: readonly number[],
  change: ServiceChange,
  isSelected: boolean,
) => void;

/** The part of the life cycle that the owners of pods need. */
export type PodOwnersLifecycle = Pick<PodLifecycle, 'start' | 'delete' | 'deleted' | 'replaceAtOnce' | 'onObserved'>;

const INITIAL_CAPACITY = 1024;
const NO_POD = -1;

export class PodLifecycle {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #kubelets: Kubelets;
  readonly #writeLatency: WriteLatency;
  readonly #parameters: PodLifecycleParameters;
  readonly #listeners: PodsObserved[] = [];
  readonly #startupHash: CounterHash;
  readonly #shutdownHash: CounterHash;

  readonly #readyKind: EventKind;
  readonly #stoppedKind: EventKind;
  readonly #observedKind: EventKind;

  // Updates on their way to the informer: columns indexed by update, in order of their making.
  #updates = 0;
  #changeNs = new Float64Array(INITIAL_CAPACITY);
  #committedNs = new Float64Array(INITIAL_CAPACITY);
  #isReadyTransition = new Uint8Array(INITIAL_CAPACITY);
  #setBits = new Uint8Array(INITIAL_CAPACITY);
  #clearBits = new Uint8Array(INITIAL_CAPACITY);
  /** The pod that takes the place of this update's pod in the same API update, or NO_POD. */
  #successor = new Int32Array(INITIAL_CAPACITY);

  constructor(
    simulation: Simulation,
    pods: PodTable,
    kubelets: Kubelets,
    etcd: Etcd,
    parameters: PodLifecycleParameters,
    streams: RandomStreams,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#kubelets = kubelets;
    this.#writeLatency = etcd.writesOf('pod-client');
    this.#parameters = parameters;
    this.#startupHash = streams.hash('pod-startup');
    this.#shutdownHash = streams.hash('pod-shutdown');
    this.#readyKind = simulation.registerKind('pod: ready', (pod) => this.#onReady(pod));
    this.#stoppedKind = simulation.registerKind('pod: stopped', (pod) => this.#onStopped(pod));
    this.#observedKind = simulation.registerKind('informer: pod update', (pod, update) =>
      this.#onObserved(pod, update),
    );
  }

  /** Listeners are called in the order in which they were added. */
  onObserved(listener: PodsObserved): void {
    this.#listeners.push(listener);
  }

  /** The pod, which has no address yet, is created at `atNs`. */
  start(pod: number, atNs: number): void {
    const { median, p99 } = this.#parameters.startupNs;
    const uniform = this.#startupHash.uniform(this.#pods.service[pod]!, this.#pods.ordinal[pod]!);
    this.#simulation.schedule(atNs + Math.round(lognormalFromMedianP99(uniform, median, p99)), this.#readyKind, pod);
  }

  /** A DELETE of the pod is sent at `atNs`. */
  delete(pod: number, atNs: number): void {
    const { service, ordinal } = this.#pods;
    this.#terminate(pod, atNs + this.#writeLatency.ns(service[pod]!, ordinal[pod]!));
  }

  /** A DELETE of the pod, whose sender has waited for it, is committed now. */
  deleted(pod: number): void {
    this.#terminate(pod, this.#simulation.nowNs);
  }

  #terminate(pod: number, committedNs: number): void {
    const { service, ordinal, condition } = this.#pods;
    condition[pod]! |= PodState.terminating;
    // The pod is terminating from the commit on: the change and its commit are one moment.
    this.#observe(pod, committedNs, committedNs, false, PodState.terminating, 0);
    const { median, p99 } = this.#parameters.shutdownNs;
    const uniform = this.#shutdownHash.uniform(service[pod]!, ordinal[pod]!);
    const stoppedNs =
      committedNs + this.#parameters.watchLatencyNs + Math.round(lognormalFromMedianP99(uniform, median, p99));
    this.#simulation.schedule(stoppedNs, this.#stoppedKind, pod);
  }

  /** The pod's readiness changes now, at its kubelet. */
  setReady(pod: number, isReady: boolean): void {
    const { node, condition } = this.#pods;
    if ((condition[pod]! & PodState.terminating) !== 0) return;
    const nowNs = this.#simulation.nowNs;
    if (isReady) condition[pod]! |= PodState.hasAddress | PodState.ready;
    else condition[pod]! &= ~PodState.ready;
    const committedNs = this.#kubelets.writeStatus(node[pod]!, nowNs);
    if (isReady) this.#observe(pod, nowNs, committedNs, true, PodState.hasAddress | PodState.ready, 0);
    else this.#observe(pod, nowNs, committedNs, true, 0, PodState.ready);
  }

  /** `successor` takes the place of `pod` in a single API update, sent now. */
  replaceAtOnce(pod: number, successor: number): void {
    const { service, ordinal, condition } = this.#pods;
    const nowNs = this.#simulation.nowNs;
    condition[pod]! |= PodState.gone;
    condition[successor] = PodState.hasAddress | PodState.ready;
    const committedNs = nowNs + this.#writeLatency.ns(service[pod]!, ordinal[pod]!);
    this.#observe(pod, nowNs, committedNs, true, PodState.gone, 0, successor);
  }

  /** A change of the pod's labels is committed now: the selector of its service matches it from now on, or no longer. */
  relabel(pod: number, isSelected: boolean): void {
    const { condition } = this.#pods;
    const nowNs = this.#simulation.nowNs;
    if (isSelected) condition[pod]! &= ~PodState.notSelected;
    else condition[pod]! |= PodState.notSelected;
    this.#observe(
      pod,
      nowNs,
      nowNs,
      false,
      isSelected ? 0 : PodState.notSelected,
      isSelected ? PodState.notSelected : 0,
    );
  }

  #onReady(pod: number): void {
    this.setReady(pod, true);
  }

  #onStopped(pod: number): void {
    const { node, condition } = this.#pods;
    const nowNs = this.#simulation.nowNs;
    const wasReady = (condition[pod]! & PodState.ready) !== 0;
    condition[pod] = (condition[pod]! & ~PodState.ready) | PodState.gone;
    const committedNs = this.#kubelets.writeStatus(node[pod]!, nowNs);
    this.#observe(pod, nowNs, committedNs, wasReady, 0, PodState.ready);
    const removedNs = this.#kubelets.removePod(node[pod]!, committedNs);
    this.#observe(pod, removedNs, removedNs, false, PodState.gone, 0);
  }

  #observe(
    pod: number,
    changeNs: number,
    committedNs: number,
    isReadyTransition: boolean,
    setBits: number,
    clearBits: number,
    successor = NO_POD,
  ): void {
    if (this.#updates === this.#changeNs.length) this.#grow();
    const update = this.#updates++;
    this.#changeNs[update] = changeNs;
    this.#committedNs[update] = committedNs;
    this.#isReadyTransition[update] = isReadyTransition ? 1 : 0;
    this.#setBits[update] = setBits;
    this.#clearBits[update] = clearBits;
    this.#successor[update] = successor;
    this.#simulation.schedule(committedNs + this.#parameters.watchLatencyNs, this.#observedKind, pod, update);
  }

  #onObserved(pod: number, update: number): void {
    const { observed, service } = this.#pods;
    const before = observed[pod]!;
    const after = (before & ~this.#clearBits[update]!) | this.#setBits[update]!;
    observed[pod] = after;
    const successor = this.#successor[update]!;
    // Added to what is known: the successor may have been seen terminating before.
    if (successor !== NO_POD) observed[successor]! |= PodState.hasAddress | PodState.ready;
    const changeNs = this.#changeNs[update]!;
    const change = {
      changeNs,
      committedNs: this.#committedNs[update]!,
      triggerNs: this.#isReadyTransition[update] === 1 ? changeNs : null,
    };
    const pods = successor === NO_POD ? [pod] : [pod, successor];
    // Not selected before, nor now; a successor is always selected.
    const isSelected = successor !== NO_POD || (before & after & PodState.notSelected) === 0;
    for (const listener of this.#listeners) listener(service[pod]!, pods, change, isSelected);
  }

  #grow(): void {
    const capacity = this.#changeNs.length * 2;
    this.#changeNs = widen(this.#changeNs, capacity);
    this.#committedNs = widen(this.#committedNs, capacity);
    this.#isReadyTransition = widen(this.#isReadyTransition, capacity);
    this.#setBits = widen(this.#setBits, capacity);
    this.#clearBits = widen(this.#clearBits, capacity);
    this.#successor = widen(this.#successor, capacity);
  }
}
