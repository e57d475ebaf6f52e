/**
 * Changes of a pod's labels that take it out of its service and back: what somebody does to look into a pod without traffic.
 *
 *   leave, join --PATCH--> API server: committed --> pod life cycle --> informer --> endpoint controller
 *
 * The label is one that only the selector of the service names: the pod stays with its ReplicaSet, which therefore makes no other
 * in its place.
 *
 * Left out: labels of the ReplicaSet's own selector. Kubernetes releases such a pod and replaces it.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient } from '../controlplane/api-servers.js';
import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import type { PodLifecycle } from './pod-lifecycle.js';

export class PodLabels {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #lifecycle: PodLifecycle;
  readonly #api: ApiClient;
  readonly #writeLatency: WriteLatency;
  readonly #committedKind: EventKind;
  /** Whether each pod of which a label was changed is meant to be selected: its PATCH may still be on its way. */
  readonly #wanted = new Map<number, boolean>();

  constructor(simulation: Simulation, pods: PodTable, lifecycle: PodLifecycle, api: ApiClient, etcd: Etcd) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#lifecycle = lifecycle;
    this.#api = api;
    this.#writeLatency = etcd.writesOf('pod-labels');
    this.#committedKind = simulation.registerKind('pod: labels changed', (pod, isSelected) =>
      this.#onCommitted(pod, isSelected === 1),
    );
  }

  /** Whether the pod is in its service, when all changes of its labels are through. */
  isSelected(pod: number): boolean {
    return this.#wanted.get(pod) ?? true;
  }

  /** Sends the PATCH, from a client without a limit of its own. */
  setSelected(pod: number, isSelected: boolean): void {
    this.#wanted.set(pod, isSelected);
    const { service, ordinal } = this.#pods;
    // One draw for each of the two changes of a pod.
    const latencyNs = this.#writeLatency.ns(service[pod]!, ordinal[pod]! * 2 + (isSelected ? 1 : 0));
    const flow = 0;
    const nowNs = this.#simulation.nowNs;
    this.#api.write(flow, 'pods', nowNs, latencyNs, this.#committedKind, pod, isSelected ? 1 : 0);
  }

  #onCommitted(pod: number, isSelected: boolean): void {
    // A pod that has been removed meanwhile cannot be changed.
    if ((this.#pods.condition[pod]! & PodState.gone) === 0) this.#lifecycle.relabel(pod, isSelected);
  }
}
