/**
 * The load on autoscaled services, and how their pods bear it.
 *
 *   load steps of the scenario --> demand --shared by the ready pods--> CPU usage of each pod
 *                                                                |--> time for which they are overloaded
 *
 * A pod requests one CPU: only ratios of usage to requests matter, so the unit is free. The pods that are ready share the demand
 * evenly and have no limit. Their readiness is that of the controllers' informer.
 *
 * Left out: the time in which nodes still send traffic to other pods (the latency of network programming), uneven shares,
 * requests that are lost, CPU that starting pods use.
 */

import { widen } from '../../cluster/columns.js';
import { PodState, type PodTable } from '../../cluster/pods.js';
import type { ServiceChange } from '../../controlplane/endpoint-controller.js';
import type { AutoscalerSettings } from '../../scenario.js';
import type { ObservedPod } from './pod-groups.js';

/** What a pod requests. */
export const REQUEST_MILLI_CPU = 1000;
const PERCENT = 100;

/** Demand on one service at a time, in thousandths of a CPU. `initialPods`: the pods that it has at the start. */
export function demandMilliCpu(
  { load, targetUtilizationPercent }: Pick<AutoscalerSettings, 'load' | 'targetUtilizationPercent'>,
  initialPods: number,
  nowNs: number,
): number {
  const step = load.findLast(({ atNs }) => atNs <= nowNs);
  const utilization = step === undefined ? targetUtilizationPercent / PERCENT : step.utilization;
  return utilization * initialPods * REQUEST_MILLI_CPU;
}

interface Load {
  readonly settings: AutoscalerSettings;
  readonly initialPods: number;
  ready: number;
  /** Demand above which its ready pods are overloaded, for each of them. */
  readonly bearableMilliCpu: number;
  overloadedNs: number;
  /** The overload is counted up to here. */
  countedNs: number;
}

export class ServiceLoads {
  readonly #pods: PodTable;
  readonly #loads = new Map<number, Load>();
  /** When each pod was first seen with an address, and when its Ready condition last changed. */
  #startNs: Float64Array;
  #transitionNs: Float64Array;
  /** Pods that are counted as ready. */
  #isReady: Uint8Array;

  /** All pods of the start were ready long ago. */
  constructor(pods: PodTable) {
    this.#pods = pods;
    const capacity = pods.service.length;
    this.#startNs = new Float64Array(capacity).fill(-Infinity, 0, pods.count);
    this.#transitionNs = new Float64Array(capacity).fill(-Infinity, 0, pods.count);
    this.#isReady = new Uint8Array(capacity);
  }

  /** The service is autoscaled; `initialPods` are its pods at the start. */
  add(service: number, settings: AutoscalerSettings, initialPods: readonly number[], tolerance: number): void {
    for (const pod of initialPods) this.#isReady[pod] = 1;
    this.#loads.set(service, {
      settings,
      initialPods: initialPods.length,
      ready: initialPods.length,
      bearableMilliCpu: (settings.targetUtilizationPercent / PERCENT) * (1 + tolerance) * REQUEST_MILLI_CPU,
      overloadedNs: 0,
      countedNs: 0,
    });
  }

  /** The informer shows pods of the service in another state. */
  observe(service: number, pods: readonly number[], { changeNs, triggerNs }: ServiceChange, nowNs: number): void {
    const load = this.#loads.get(service);
    if (load === undefined) return;
    this.#count(load, nowNs);
    for (const pod of pods) {
      if (pod >= this.#isReady.length) this.#grow();
      const state = this.#pods.observed[pod]!;
      if (this.#startNs[pod] === 0 && (state & PodState.hasAddress) !== 0) this.#startNs[pod] = changeNs;
      if (triggerNs !== null) this.#transitionNs[pod] = triggerNs;
      const isReady = isUsable(state) ? 1 : 0;
      load.ready += isReady - this.#isReady[pod]!;
      this.#isReady[pod] = isReady;
    }
  }

  /** The load of the service changes now, or the run ends. */
  advance(service: number, nowNs: number): void {
    this.#count(this.#loads.get(service)!, nowNs);
  }

  /** CPU that each ready pod of the service uses now. */
  usageMilliCpu(service: number, nowNs: number): number {
    const { settings, initialPods, ready } = this.#loads.get(service)!;
    return ready === 0 ? 0 : Math.round(demandMilliCpu(settings, initialPods, nowNs) / ready);
  }

  /** Whether the informer shows the pod ready and not going. */
  isReady(pod: number): boolean {
    return this.#isReady[pod] === 1;
  }

  /** The pod as the autoscaler's informer has it; only for pods that are not being deleted. */
  observed(pod: number): ObservedPod {
    const state = this.#pods.observed[pod]!;
    const isRunning = (state & PodState.hasAddress) !== 0;
    return {
      phase: isRunning ? 'Running' : 'Pending',
      isTerminating: (state & (PodState.terminating | PodState.gone)) !== 0,
      startNs: isRunning ? this.#startNs[pod]! : null,
      ready: isRunning
        ? { status: (state & PodState.ready) === 0 ? 'False' : 'True', transitionNs: this.#transitionNs[pod]! }
        : null,
    };
  }

  /** Time for which the ready pods were used above target and tolerance, mean over the services. */
  get meanOverloadedNs(): number {
    let sum = 0;
    for (const { overloadedNs } of this.#loads.values()) sum += overloadedNs;
    return sum / Math.max(1, this.#loads.size);
  }

  /** Since it was last counted neither the demand nor the ready pods have changed. */
  #count(load: Load, nowNs: number): void {
    const { settings, initialPods, ready, bearableMilliCpu, countedNs } = load;
    const demand = demandMilliCpu(settings, initialPods, countedNs);
    if (demand > ready * bearableMilliCpu) load.overloadedNs += nowNs - countedNs;
    load.countedNs = nowNs;
  }

  #grow(): void {
    const capacity = this.#pods.service.length;
    this.#startNs = widen(this.#startNs, capacity);
    this.#transitionNs = widen(this.#transitionNs, capacity);
    this.#isReady = widen(this.#isReady, capacity);
  }
}

function isUsable(state: number): boolean {
  const bits = PodState.hasAddress | PodState.ready | PodState.terminating | PodState.gone;
  return (state & bits) === (PodState.hasAddress | PodState.ready);
}
