/**
 * The kubelets' status managers: how a change in a pod reaches the API server (pkg/kubelet/status/status_manager.go).
 *
 *   pod ready, pod stopped --> [one goroutine per kubelet: GET, then PATCH, each through the qps/burst bucket] --> commit
 *   pod fully stopped      --> [the same goroutine: DELETE with grace 0] --> pod removed
 *
 * The goroutine takes one change after the other, so calls of a node never overlap, and the commit time of a change is known
 * when it arrives: no event is needed in between.
 *
 * Left out: probes and PLEG (a change enters here when the kubelet has noticed it), the 10 s reconcile, heartbeats, retries.
 */

import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import { TokenBuckets } from '../controlplane/token-bucket.js';

export interface KubeletParameters {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  /** Latency of a GET of one pod. */
  readonly getLatencyNs: number;
}

export class Kubelets {
  readonly #parameters: KubeletParameters;
  readonly #buckets: TokenBuckets;
  readonly #writeLatency: WriteLatency;
  /** When the status manager of each node has ended its last call. */
  readonly #freeAtNs: Float64Array;
  /** Writes that each kubelet has made: the key of their latencies. */
  readonly #writes: Int32Array;

  constructor(nodes: number, parameters: KubeletParameters, etcd: Etcd) {
    this.#parameters = parameters;
    this.#buckets = new TokenBuckets(nodes, parameters.kubeApiQps, parameters.kubeApiBurst);
    this.#writeLatency = etcd.writesOf('kubelet');
    this.#freeAtNs = new Float64Array(nodes);
    this.#writes = new Int32Array(nodes);
  }

  /** A pod's status changed on `node`: returns when the new status is committed. Calls of one node in order of time. */
  writeStatus(node: number, nowNs: number): number {
    const startNs = Math.max(nowNs, this.#freeAtNs[node]!);
    const readNs = this.#buckets.reserve(node, startNs) + this.#parameters.getLatencyNs;
    return this.#write(node, readNs);
  }

  /** A deleted pod has stopped and its last status is written: returns when the pod is removed from the API. */
  removePod(node: number, nowNs: number): number {
    return this.#write(node, Math.max(nowNs, this.#freeAtNs[node]!));
  }

  #write(node: number, nowNs: number): number {
    const sentNs = this.#buckets.reserve(node, nowNs);
    const committedNs = sentNs + this.#writeLatency.ns(node, this.#writes[node]!++);
    this.#freeAtNs[node] = committedNs;
    return committedNs;
  }
}
