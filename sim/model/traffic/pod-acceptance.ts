/**
 * How every pod meets a connection that is sent to it, as it truly is and not as anybody has noticed.
 *
 *   pod life cycle: starts, fails, recovers, SIGTERM, ends --+
 *   node faults: lost, back ---------------------------------+--> PodAcceptance --change--> traffic
 *
 * A pod accepts from the start of its containers until SIGTERM, or until its end if its application goes on accepting; in between it
 * may fail, or its node may be lost.
 */

import { widen } from '../cluster/columns.js';
import { NO_NODE, type PodTable } from '../cluster/pods.js';
import { Acceptance, type AcceptanceListener } from './connection-routes.js';

const Fact = {
  started: 1,
  listenerClosed: 2,
  failed: 4,
  /** With `failed`: it refuses connections and does not just hang. */
  refuses: 8,
  nodeLost: 16,
} as const;

const INITIAL_CAPACITY = 1024;

export class PodAcceptance {
  readonly #pods: PodTable;
  readonly #acceptsAfterSigterm: (service: number) => boolean;
  #facts = new Uint8Array(INITIAL_CAPACITY);
  readonly #listeners: AcceptanceListener[] = [];

  constructor(pods: PodTable, acceptsAfterSigterm: (service: number) => boolean) {
    this.#pods = pods;
    this.#acceptsAfterSigterm = acceptsAfterSigterm;
  }

  /** Listeners hear of changes only, in the order in which they were added. */
  listen(listener: AcceptanceListener): void {
    this.#listeners.push(listener);
  }

  of(pod: number): Acceptance {
    // An address that is no pod is somebody else's, who answers.
    if (pod < this.#pods.count && this.#pods.node[pod] === NO_NODE) return Acceptance.accepts;
    return acceptanceOf(this.#facts[pod] ?? 0);
  }

  /** Its containers run, for the first time or again. */
  started(pod: number): void {
    this.#turn(pod, Fact.started, Fact.listenerClosed | Fact.failed | Fact.refuses);
  }

  failed(pod: number, refuses: boolean): void {
    this.#turn(pod, refuses ? Fact.failed | Fact.refuses : Fact.failed, refuses ? 0 : Fact.refuses);
  }

  recovered(pod: number): void {
    this.#turn(pod, 0, Fact.failed | Fact.refuses);
  }

  /** Its application gets SIGTERM. */
  sigterm(pod: number): void {
    if (!this.#acceptsAfterSigterm(this.#pods.service[pod]!)) this.#turn(pod, Fact.listenerClosed, 0);
  }

  /** Its containers have ended; they may be started again. */
  ended(pod: number): void {
    this.#turn(pod, 0, Fact.started);
    for (const listener of this.#listeners) listener.onEnded(pod);
  }

  /** The node of the pod is lost, or back. */
  nodeLost(pod: number, isLost: boolean): void {
    this.#turn(pod, isLost ? Fact.nodeLost : 0, isLost ? 0 : Fact.nodeLost);
  }

  #turn(pod: number, set: number, clear: number): void {
    if (pod >= this.#facts.length) this.#facts = widen(this.#facts, Math.max(pod + 1, 2 * this.#facts.length));
    const before = this.#facts[pod]!;
    const after = (before & ~clear) | set;
    this.#facts[pod] = after;
    const acceptance = acceptanceOf(after);
    const acceptanceBefore = acceptanceOf(before);
    if (acceptance === acceptanceBefore) return;
    for (const listener of this.#listeners) listener.onAcceptance(pod, acceptance, acceptanceBefore);
  }
}

function acceptanceOf(facts: number): Acceptance {
  if ((facts & Fact.nodeLost) !== 0) return Acceptance.unreachable;
  if ((facts & Fact.started) === 0 || (facts & Fact.listenerClosed) !== 0) return Acceptance.stopped;
  if ((facts & Fact.failed) === 0) return Acceptance.accepts;
  return (facts & Fact.refuses) === 0 ? Acceptance.failed : Acceptance.refuses;
}
