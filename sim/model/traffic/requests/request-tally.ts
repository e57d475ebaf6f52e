/**
 * What became of requests, counted, and the metrics that are made of it (sim/traffic-metrics.ts says what each is).
 *
 *   request level --counts--> RequestTally --> scalars, distributions
 */

import type { MetricName } from '../../../metrics.js';
import { Histogram } from '../../../stats/histogram.js';
import { LOSSES, type LossCause } from './request-losses.js';

const SECONDS_PER_NS = 1e-9;

export class RequestTally {
  sent = 0;
  /** Of those that a pod has taken. */
  taken = 0;
  secondHops = 0;
  crossZone = 0;
  masqueraded = 0;
  answered = 0;
  /** By LossCause. */
  readonly lost = new Float64Array(LOSSES.length);
  readonly duration = new Histogram();
  readonly queueing = new Histogram();

  /** A pod has answered. */
  answer(durationNs: number, queueNs: number): void {
    this.answered++;
    this.duration.record(durationNs * SECONDS_PER_NS);
    this.queueing.record(queueNs * SECONDS_PER_NS);
  }

  lose(cause: LossCause): void {
    this.lost[cause]!++;
  }

  get lostTotal(): number {
    return this.lost.reduce((sum, count) => sum + count, 0);
  }

  scalars(): Partial<Record<MetricName, number>> {
    const { sent, taken, lostTotal } = this;
    const refused = LOSSES.reduce((sum, { isRefused }, cause) => sum + (isRefused ? this.lost[cause]! : 0), 0);
    return {
      requests_total: sent,
      requests_lost_total: lostTotal,
      ...(sent > 0 && { requests_lost_ratio: lostTotal / sent }),
      ...Object.fromEntries(LOSSES.map(({ metric }, cause) => [metric, this.lost[cause]!])),
      requests_refused_total: refused,
      requests_timed_out_total: lostTotal - refused,
      ...(taken > 0 && {
        requests_second_hop_ratio: this.secondHops / taken,
        requests_cross_zone_ratio: this.crossZone / taken,
        requests_source_address_kept_ratio: 1 - this.masqueraded / taken,
      }),
    };
  }

  distributions(): Partial<Record<MetricName, Histogram>> {
    return { request_duration_seconds: this.duration, request_queue_seconds: this.queueing };
  }
}
