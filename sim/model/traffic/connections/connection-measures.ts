/**
 * What a run measures of traffic that is followed connection by connection.
 *
 *   ConnectionLevel --observer--> requests, losses, ways --> TrafficTally, which share level and connections fill together
 *                                 connections by pod, opened, reset --> metrics of connections
 */

import type { MetricName } from '../../../metrics.js';
import { Histogram } from '../../../stats/histogram.js';
import { imbalanceOf } from '../../../stats/imbalance.js';
import { widen } from '../../cluster/columns.js';
import type { LossCause } from '../loss-cause.js';
import type { TrafficTally } from '../traffic-tally.js';
import type { ConnectionObserver } from './connection-observer.js';

const INITIAL_CAPACITY = 1024;

export interface ConnectionMeasuresParameters {
  readonly tally: TrafficTally;
  /** Negative: an address that is no pod, on no node. */
  readonly nodeOf: (pod: number) => number;
  readonly zoneOfNode: ArrayLike<number>;
  readonly nowNs: () => number;
  /** Nothing is counted until then but the connections that are open. */
  readonly startNs: number;
}

/** What a run measures of connections. */
export interface ConnectionResult {
  readonly scalars: Partial<Record<MetricName, number>>;
  readonly distributions: Partial<Record<MetricName, Histogram>>;
}

export class ConnectionMeasures implements ConnectionObserver {
  /** Open connections by pod; a pod has those of one service. */
  open = new Int32Array(INITIAL_CAPACITY);
  readonly #parameters: ConnectionMeasuresParameters;
  #opened = 0;
  #reset = 0;

  constructor(parameters: ConnectionMeasuresParameters) {
    this.#parameters = parameters;
  }

  opened(_population: number, pod: number): void {
    if (pod >= this.open.length) this.open = widen(this.open, Math.max(pod + 1, 2 * this.open.length));
    this.open[pod]!++;
    if (this.#hasBegun) this.#opened++;
  }

  closed(_population: number, pod: number): void {
    this.open[pod]!--;
  }

  reset(): void {
    if (this.#hasBegun) this.#reset++;
  }

  lost(_population: number, cause: LossCause, isRefused: boolean, requests: number): void {
    if (!this.#counts) return;
    const { tally, nowNs } = this.#parameters;
    tally.sent += requests;
    tally.lose(cause, isRefused, requests, nowNs(), nowNs());
  }

  answered(_population: number, node: number, pod: number, isMasqueraded: boolean, requests: number): void {
    if (!this.#counts) return;
    const { tally, nodeOf, zoneOfNode } = this.#parameters;
    const nodeOfPod = nodeOf(pod);
    const isInZone = nodeOfPod >= 0 && zoneOfNode[nodeOfPod] === zoneOfNode[node];
    tally.sent += requests;
    tally.serve(requests, nodeOfPod === node ? 0 : requests, isInZone ? 0 : requests, isMasqueraded);
  }

  /** At the end; `readyPods`: of each service whose clients are followed so. */
  end(readyPods: readonly (readonly number[])[]): ConnectionResult {
    const relative = new Histogram();
    const maxima: number[] = [];
    for (const pods of readyPods) {
      const open = pods.map((pod) => this.open[pod] ?? 0);
      const { mean, maxOverMean } = imbalanceOf(open);
      if (mean === 0) continue;
      maxima.push(maxOverMean);
      for (const connections of open) relative.record(connections / mean);
    }
    return {
      scalars: {
        connections_opened_total: this.#opened,
        connections_reset_total: this.#reset,
        ...(maxima.length > 0 && {
          open_connections_max_over_mean: maxima.reduce((sum, maximum) => sum + maximum, 0) / maxima.length,
        }),
      },
      distributions: maxima.length > 0 ? { open_connections_relative: relative } : {},
    };
  }

  /** Whether connections count: those that the first action of the workload breaks, and what replaces them, do. */
  get #hasBegun(): boolean {
    return this.#parameters.nowNs() >= this.#parameters.startNs;
  }

  /** Whether requests count: what is told of them at the start itself is what came before. */
  get #counts(): boolean {
    const { nowNs, startNs } = this.#parameters;
    return startNs === 0 || nowNs() > startNs;
  }
}
