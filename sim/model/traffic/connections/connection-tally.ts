/**
 * Counts what the connection level tells: requests and their losses, and how many connections each pod holds, of every population.
 *
 *   ConnectionLevel --observer--> [counts since the last reset; open connections by pod] --> metrics of traffic
 */

import { imbalanceOf } from '../../../stats/imbalance.js';
import { widen } from '../../cluster/columns.js';
import type { ConnectionObserver, LossCause } from './connection-observer.js';

const INITIAL_PODS = 1024;

/** Counts of one population. */
export interface ConnectionCounts {
  opened: number;
  reset: number;
  answered: number;
  readonly lost: Record<LossCause, number>;
}

const noCounts = (): ConnectionCounts => ({
  opened: 0,
  reset: 0,
  answered: 0,
  lost: { staleRules: 0, failedPods: 0, noEndpoints: 0, noLocalEndpoints: 0, loadBalancer: 0 },
});

export class ConnectionTally implements ConnectionObserver {
  readonly counts: ConnectionCounts[];
  /** Open connections by pod, of each population. */
  readonly open: Int32Array[];
  /** Requests answered by pod, of each population. */
  readonly answeredBy: Float64Array[];

  constructor(populations: number) {
    this.counts = Array.from({ length: populations }, noCounts);
    this.open = Array.from({ length: populations }, () => new Int32Array(INITIAL_PODS));
    this.answeredBy = Array.from({ length: populations }, () => new Float64Array(INITIAL_PODS));
  }

  /** Counts from here on; connections that are open stay so. */
  restart(): void {
    this.counts.forEach((_, population) => (this.counts[population] = noCounts()));
    for (const column of this.answeredBy) column.fill(0);
  }

  opened(population: number, pod: number): void {
    this.#fit(population, pod);
    this.open[population]![pod]!++;
    this.counts[population]!.opened++;
  }

  closed(population: number, pod: number): void {
    this.open[population]![pod]!--;
  }

  reset(population: number): void {
    this.counts[population]!.reset++;
  }

  lost(population: number, cause: LossCause, requests: number): void {
    this.counts[population]!.lost[cause] += requests;
  }

  answered(population: number, _node: number, pod: number, _isMasqueraded: boolean, requests: number): void {
    this.counts[population]!.answered += requests;
    this.answeredBy[population]![pod]! += requests;
  }

  /** Open connections of each of the pods relative to their mean, and the largest of these; all 1 when none is open. */
  openRelative(
    population: number,
    pods: ArrayLike<number>,
  ): { readonly maxOverMean: number; readonly relative: number[] } {
    const open = Array.from(pods, (pod) => this.open[population]![pod] ?? 0);
    const { mean, maxOverMean } = imbalanceOf(open);
    return { maxOverMean, relative: open.map((connections) => (mean === 0 ? 1 : connections / mean)) };
  }

  #fit(population: number, pod: number): void {
    const { length } = this.open[population]!;
    if (pod < length) return;
    const capacity = Math.max(pod + 1, 2 * length);
    this.open[population] = widen(this.open[population]!, capacity);
    this.answeredBy[population] = widen(this.answeredBy[population]!, capacity);
  }
}
