/**
 * Committed updates of pods on their way to the informers of the controllers.
 *
 *   pod life cycle --committed--> [watch latency] --> observed state of the pod, listeners
 *
 * Left out: a watch that is cut, informers that show their updates at different times.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { widen } from '../cluster/columns.js';
import { NO_POD, PodState, type PodTable } from '../cluster/pods.js';
import type { ServiceChange } from '../controlplane/endpoint-controller.js';

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

const INITIAL_CAPACITY = 1024;
const NO_TRIGGER = -1;

export class PodUpdates {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #watchLatencyNs: number;
  readonly #listeners: PodsObserved[] = [];
  readonly #observedKind: EventKind;

  // Columns indexed by update, in order of their commits.
  #updates = 0;
  #changeNs = new Float64Array(INITIAL_CAPACITY);
  #committedNs = new Float64Array(INITIAL_CAPACITY);
  #triggerNs = new Float64Array(INITIAL_CAPACITY);
  #setBits = new Uint8Array(INITIAL_CAPACITY);
  #clearBits = new Uint8Array(INITIAL_CAPACITY);
  /** The pod that takes the place of this update's pod in the same API update, or NO_POD. */
  #successor = new Int32Array(INITIAL_CAPACITY);
  #successorBits = new Uint8Array(INITIAL_CAPACITY);

  constructor(simulation: Simulation, pods: PodTable, watchLatencyNs: number) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#watchLatencyNs = watchLatencyNs;
    this.#observedKind = simulation.registerKind('informer: pod update', (pod, update) =>
      this.#onObserved(pod, update),
    );
  }

  /** Listeners are called in the order in which they were added. */
  onObserved(listener: PodsObserved): void {
    this.#listeners.push(listener);
  }

  /**
   * An update of the pod is committed now. `triggerNs`: the transition of its Ready condition that is in it, or null. With a
   * `successor`, this pod exists from the same update on, with the state `successorBits`.
   */
  publish(
    pod: number,
    changeNs: number,
    triggerNs: number | null,
    setBits: number,
    clearBits: number,
    successor = NO_POD,
    successorBits = 0,
  ): void {
    if (this.#updates === this.#changeNs.length) this.#grow();
    const update = this.#updates++;
    const committedNs = this.#simulation.nowNs;
    this.#changeNs[update] = changeNs;
    this.#committedNs[update] = committedNs;
    this.#triggerNs[update] = triggerNs ?? NO_TRIGGER;
    this.#setBits[update] = setBits;
    this.#clearBits[update] = clearBits;
    this.#successor[update] = successor;
    this.#successorBits[update] = successorBits;
    this.#simulation.schedule(committedNs + this.#watchLatencyNs, this.#observedKind, pod, update);
  }

  #onObserved(pod: number, update: number): void {
    const { observed, service } = this.#pods;
    const before = observed[pod]!;
    const after = (before & ~this.#clearBits[update]!) | this.#setBits[update]!;
    observed[pod] = after;
    const successor = this.#successor[update]!;
    // Added to what is known: the successor may have been seen terminating before.
    if (successor !== NO_POD) observed[successor]! |= this.#successorBits[update]!;
    const triggerNs = this.#triggerNs[update]!;
    const change = {
      changeNs: this.#changeNs[update]!,
      committedNs: this.#committedNs[update]!,
      triggerNs: triggerNs === NO_TRIGGER ? null : triggerNs,
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
    this.#triggerNs = widen(this.#triggerNs, capacity);
    this.#setBits = widen(this.#setBits, capacity);
    this.#clearBits = widen(this.#clearBits, capacity);
    this.#successor = widen(this.#successor, capacity);
    this.#successorBits = widen(this.#successorBits, capacity);
  }
}
