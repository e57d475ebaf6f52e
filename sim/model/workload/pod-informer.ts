/**
 * The pods as the workload controllers see them: known, terminating, gone, ready, available.
 *
 *   POST committed --> [watch latency] --> known
 *   pod life cycle's observations ------> ready, terminating, gone --> the handler of the service: its controller
 *   ready for minReadySeconds ----------> available
 *
 * A pod is available when it has been ready for minReadySeconds; that takes no API update, so the controller looks at it
 * again a moment later, and until then counts it if it happens to look.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { widen } from '../cluster/columns.js';
import { PodState, type PodTable } from '../cluster/pods.js';

/** What the informer shows of a pod, as bits. */
export const Seen = { known: 1, terminating: 2, gone: 4, ready: 8, available: 16 } as const;

/** Whether a pod with these bits counts as a replica. */
export const isActive = (seen: number): boolean => (seen & (Seen.known | Seen.terminating | Seen.gone)) === Seen.known;

/** A controller that owns pods. */
export interface PodHandler {
  /** What is seen of the pod has changed; `before` and `after` are bits of Seen and differ. */
  podChanged(pod: number, before: number, after: number): void;
  /** The controller is to look at the owner of the pod: after an update, or when the pod may have become available. */
  podDue(pod: number): void;
  /** minReadySeconds of the pod's owner. */
  minReadyNs(pod: number): number;
}

const INITIAL_CAPACITY = 1024;

export class PodInformer {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #watchLatencyNs: number;
  readonly #minReadySlackNs: number;
  readonly #createdKind: EventKind;
  readonly #availableKind: EventKind;
  readonly #dueKind: EventKind;
  #handlerOf: (service: number) => PodHandler = () => {
    throw new Error('no controllers are there to own pods');
  };
  // Columns indexed by pod.
  #seen = new Uint8Array(INITIAL_CAPACITY);
  #readySinceNs = new Float64Array(INITIAL_CAPACITY);
  #createdNs = new Float64Array(INITIAL_CAPACITY);

  constructor(simulation: Simulation, pods: PodTable, watchLatencyNs: number, minReadySlackNs: number) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#watchLatencyNs = watchLatencyNs;
    this.#minReadySlackNs = minReadySlackNs;
    this.#createdKind = simulation.registerKind('informer: pod created', (pod) => this.#onCreated(pod));
    this.#availableKind = simulation.registerKind('pod ready for minReadySeconds', (pod) => this.#onAvailable(pod));
    this.#dueKind = simulation.registerKind('minReadySeconds and a second are over', (pod) =>
      this.#handlerOf(this.#pods.service[pod]!).podDue(pod),
    );
  }

  /** Who owns the pods of each service. */
  deliverTo(handlerOf: (service: number) => PodHandler): void {
    this.#handlerOf = handlerOf;
  }

  /** Bits of Seen. */
  seen(pod: number): number {
    return pod < this.#seen.length ? this.#seen[pod]! : 0;
  }

  /** The same for all pods that have ever been seen, by pod: to be read at once and not to be kept. */
  get seenColumn(): Uint8Array {
    return this.#seen;
  }

  /** When the pod turned ready; -Infinity for one that was ready before the run. */
  readySinceNs(pod: number): number {
    return this.#readySinceNs[pod]!;
  }

  createdNs(pod: number): number {
    return this.#createdNs[pod]!;
  }

  /** The pod was there before the run, ready for long. */
  adopt(pod: number): void {
    this.#room(pod);
    this.#seen[pod] = Seen.known | Seen.ready | Seen.available;
    this.#readySinceNs[pod] = -Infinity;
    this.#createdNs[pod] = -Infinity;
  }

  /** The pod's POST is committed now. */
  created(pod: number): void {
    this.#room(pod);
    this.#createdNs[pod] = this.#simulation.nowNs;
    this.#simulation.schedule(this.#simulation.nowNs + this.#watchLatencyNs, this.#createdKind, pod);
  }

  /** The informer delivered an update of these pods; a Ready transition happened at `changeNs`. */
  observed(pods: readonly number[], changeNs: number): void {
    for (const pod of pods) {
      this.#room(pod);
      const before = this.#seen[pod]!;
      const state = this.#pods.observed[pod]!;
      let after = (before & Seen.available) | Seen.known;
      if ((state & PodState.terminating) !== 0) after |= Seen.terminating;
      if ((state & PodState.gone) !== 0) after |= Seen.gone;
      if ((state & PodState.ready) === 0) after &= ~Seen.available;
      else {
        after |= Seen.ready;
        if ((before & Seen.ready) === 0) after |= this.#onReady(pod, changeNs);
      }
      if ((before & Seen.known) === 0) this.#createdNs[pod] ||= this.#simulation.nowNs;
      this.#update(pod, after);
    }
    // Two pods of one update change places at one moment: nobody acts between the two.
    for (const pod of pods) this.#handlerOf(this.#pods.service[pod]!).podDue(pod);
  }

  #onCreated(pod: number): void {
    this.#update(pod, this.#seen[pod]! | Seen.known);
    this.#handlerOf(this.#pods.service[pod]!).podDue(pod);
  }

  /** The pod turned ready: available at once, or later. Returns the bit. */
  #onReady(pod: number, changeNs: number): number {
    this.#readySinceNs[pod] = changeNs;
    const minReadyNs = this.#handlerOf(this.#pods.service[pod]!).minReadyNs(pod);
    if (minReadyNs === 0) return Seen.available;
    const nowNs = this.#simulation.nowNs;
    this.#simulation.schedule(Math.max(nowNs, changeNs + minReadyNs), this.#availableKind, pod);
    this.#simulation.schedule(nowNs + minReadyNs + this.#minReadySlackNs, this.#dueKind, pod);
    return 0;
  }

  #onAvailable(pod: number): void {
    const handler = this.#handlerOf(this.#pods.service[pod]!);
    const before = this.#seen[pod]!;
    // It may have turned unready since, and ready again: then another event is on its way.
    const isOver = this.#simulation.nowNs >= this.#readySinceNs[pod]! + handler.minReadyNs(pod);
    if (!isOver || (before & Seen.ready) === 0 || (before & Seen.available) !== 0) return;
    // No update: the controller counts it from now on, but is not told.
    this.#update(pod, before | Seen.available);
  }

  #update(pod: number, bits: number): void {
    const before = this.#seen[pod]!;
    const after = bits | (before & (Seen.terminating | Seen.gone));
    if (after === before) return;
    this.#seen[pod] = after;
    this.#handlerOf(this.#pods.service[pod]!).podChanged(pod, before, after);
  }

  #room(pod: number): void {
    if (pod < this.#seen.length) return;
    const capacity = Math.max(pod + 1, this.#seen.length * 2);
    this.#seen = widen(this.#seen, capacity);
    this.#readySinceNs = widen(this.#readySinceNs, capacity);
    this.#createdNs = widen(this.#createdNs, capacity);
  }
}
