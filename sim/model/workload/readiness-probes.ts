/**
 * What applications do behind the readiness probes of their pods, and when the probes tell.
 *
 *   containers seen running, application fails or recovers --> readiness-probe.ts: when it will be known --> verdict
 *
 * A probe that has nothing new to say is no event: of each pod there is at most one, the next thing that its probe will find,
 * and whatever happens to the application before that makes it void.
 */

import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { widen } from '../cluster/columns.js';
import type { PodTable } from '../cluster/pods.js';
import {
  failureSeenNs,
  type ProbeFailure,
  type ReadinessProbe,
  readyProbeNs,
  recoverySeenNs,
} from '../node/readiness-probe.js';

export interface ReadinessProbeParameters {
  /** How long a probe takes that succeeds. */
  readonly probeNs: number;
  /** Whether a kubelet probes a new container out of turn, as it does since 1.24. */
  readonly probesAtOnce: boolean;
  /** Of the pods of a service: its readiness probe, or null. */
  readonly probeOf: (service: number) => ReadinessProbe | null;
}

/** The probe has found the application of the pod to be ready, or to have failed, as it has been since `changeNs`. */
export type ProbeVerdict = (pod: number, isReady: boolean, changeNs: number) => void;

const INITIAL_CAPACITY = 1024;

export class ReadinessProbes {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #parameters: ReadinessProbeParameters;
  readonly #verdict: ProbeVerdict;
  readonly #phaseHash: CounterHash;
  readonly #verdictKind: EventKind;

  // By pod.
  #hasFailed = new Uint8Array(INITIAL_CAPACITY);
  /** When its application became what it is. */
  #changeNs = new Float64Array(INITIAL_CAPACITY);
  /** Numbers what its probe is to find, so that what has been overtaken is void. */
  #finding = new Int32Array(INITIAL_CAPACITY);

  constructor(
    simulation: Simulation,
    pods: PodTable,
    parameters: ReadinessProbeParameters,
    verdict: ProbeVerdict,
    streams: RandomStreams,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#parameters = parameters;
    this.#verdict = verdict;
    this.#phaseHash = streams.hash('readiness-probe-phase');
    this.#verdictKind = simulation.registerKind('kubelet: readiness probe', (pod, finding) => {
      if (finding === this.#finding[pod]) this.#verdict(pod, this.#hasFailed[pod] === 0, this.#changeNs[pod]!);
    });
  }

  /** The readiness probe of the pod, or null. */
  of(pod: number): ReadinessProbe | null {
    return this.#parameters.probeOf(this.#pods.service[pod]!);
  }

  /** Whether the application of the pod has failed, known or not. */
  hasFailed(pod: number): boolean {
    return this.#hasFailed[pod] === 1;
  }

  /** The containers of the pod run since `runningNs`, and the kubelet sees it now. */
  containersSeen(pod: number, probe: ReadinessProbe, runningNs: number): void {
    const { probesAtOnce, probeNs } = this.#parameters;
    const seenNs = this.#simulation.nowNs;
    const readyNs = readyProbeNs(probe, this.#phaseNs(pod, probe), runningNs, seenNs, probesAtOnce);
    this.#makeRoom(pod);
    this.#changeNs[pod] = runningNs + probe.initialDelayNs;
    this.#schedule(pod, readyNs + probeNs);
  }

  /** The application of the pod fails or recovers now. */
  turn(pod: number, probe: ReadinessProbe, isReady: boolean, failure: ProbeFailure): void {
    const nowNs = this.#simulation.nowNs;
    const phaseNs = this.#phaseNs(pod, probe);
    this.#makeRoom(pod);
    this.#hasFailed[pod] = isReady ? 0 : 1;
    this.#changeNs[pod] = nowNs;
    const seenNs = isReady
      ? recoverySeenNs(probe, phaseNs, nowNs) + this.#parameters.probeNs
      : failureSeenNs(probe, phaseNs, nowNs, failure);
    this.#schedule(pod, seenNs);
  }

  /** The node of the pod is back: what the probe would have found meanwhile, it finds from now on. */
  resume(pod: number, probe: ReadinessProbe): void {
    this.#makeRoom(pod);
    // Not before the end of the initial delay, if it goes on.
    const fromNs = Math.max(this.#simulation.nowNs, this.#changeNs[pod]!);
    this.#schedule(pod, recoverySeenNs(probe, this.#phaseNs(pod, probe), fromNs));
  }

  /** The containers of the pod have ended. */
  containersEnded(pod: number): void {
    this.#makeRoom(pod);
    this.#hasFailed[pod] = 0;
    this.#finding[pod]!++;
  }

  #schedule(pod: number, atNs: number): void {
    this.#simulation.schedule(atNs, this.#verdictKind, pod, ++this.#finding[pod]!);
  }

  #phaseNs(pod: number, { periodNs }: ReadinessProbe): number {
    return Math.floor(this.#phaseHash.uniform(this.#pods.service[pod]!, this.#pods.ordinal[pod]!) * periodNs);
  }

  #makeRoom(pod: number): void {
    if (pod < this.#hasFailed.length) return;
    const capacity = Math.max(2 * this.#hasFailed.length, pod + 1);
    this.#hasFailed = widen(this.#hasFailed, capacity);
    this.#changeNs = widen(this.#changeNs, capacity);
    this.#finding = widen(this.#finding, capacity);
  }
}
