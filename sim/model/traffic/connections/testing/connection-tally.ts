/** Counts what the connection level tells, population by population. */

import { widen } from '../../../cluster/columns.js';
import type { ConnectionObserver } from '../connection-observer.js';
import type { LossCause } from '../../loss-cause.js';

const INITIAL_PODS = 1024;

/** Counts of one population. */
export interface ConnectionCounts {
  opened: number;
  reset: number;
  answered: number;
  refused: number;
  /** By LossCause. */
  readonly lost: Float64Array;
}

const noCounts = (): ConnectionCounts => ({ opened: 0, reset: 0, answered: 0, refused: 0, lost: new Float64Array(6) });

export class ConnectionTally implements ConnectionObserver {
  readonly counts: readonly ConnectionCounts[];
  /** Open connections by pod, of each population. */
  readonly open: Int32Array[];
  /** Requests answered by pod, of each population. */
  readonly answeredBy: Float64Array[];

  constructor(populations: number) {
    this.counts = Array.from({ length: populations }, noCounts);
    this.open = Array.from({ length: populations }, () => new Int32Array(INITIAL_PODS));
    this.answeredBy = Array.from({ length: populations }, () => new Float64Array(INITIAL_PODS));
  }

  opened(population: number, pod: number): void {
    const { length } = this.open[population]!;
    if (pod >= length) {
      this.open[population] = widen(this.open[population]!, Math.max(pod + 1, 2 * length));
      this.answeredBy[population] = widen(this.answeredBy[population]!, Math.max(pod + 1, 2 * length));
    }
    this.open[population]![pod]!++;
    this.counts[population]!.opened++;
  }

  closed(population: number, pod: number): void {
    this.open[population]![pod]!--;
  }

  reset(population: number): void {
    this.counts[population]!.reset++;
  }

  lost(population: number, cause: LossCause, isRefused: boolean, requests: number): void {
    const counts = this.counts[population]!;
    counts.lost[cause]! += requests;
    if (isRefused) counts.refused += requests;
  }

  answered(population: number, _node: number, pod: number, _isMasqueraded: boolean, requests: number): void {
    this.counts[population]!.answered += requests;
    this.answeredBy[population]![pod]! += requests;
  }
}
