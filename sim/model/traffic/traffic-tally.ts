/**
 * What became of requests: served or lost, for which cause and in what manner, and which way they went.
 *
 *   flows (share level), connections, requests --amounts, with the time that they are spread over--> TrafficTally --> metrics
 */

import type { MetricName } from '../../metrics.js';
import { LOSS_CAUSES, METRIC_OF_LOSS } from '../../traffic-metrics.js';
import { TimeSeries } from '../../stats/time-series.js';
import { Acceptance, type ConnectionRoute } from './connection-routes.js';
import { LossCause } from './loss-cause.js';

/** Why a request is lost that is sent to a pod which meets it so. */
export const causeAtPod = (acceptance: Acceptance): LossCause =>
  acceptance === Acceptance.stopped ? LossCause.staleRules : LossCause.failedPods;

/** Whether its client is told at once. */
export const isRefusedAtPod = (acceptance: Acceptance): boolean =>
  acceptance === Acceptance.stopped || acceptance === Acceptance.refuses;

/** Why a request is lost that a node drops. */
export const dropCauseOf = ({ dropCause }: ConnectionRoute, isFromOutside: boolean): LossCause =>
  dropCause ?? (isFromOutside ? LossCause.loadBalancer : LossCause.noLocalEndpoints);

const BASE_WIDTH_NS = 100_000_000;

export class TrafficTally {
  /** Requests that clients sent. */
  sent = 0;
  /** Of those that reached a pod which answers: all of them, those with a second hop, across zones, and masqueraded. */
  served = 0;
  secondHop = 0;
  crossZone = 0;
  masqueraded = 0;
  refused = 0;
  timedOut = 0;
  readonly lostBy = new Float64Array(LOSS_CAUSES.length);
  readonly lostOverTime = new TimeSeries(BASE_WIDTH_NS);

  get lost(): number {
    return this.refused + this.timedOut;
  }

  /** `amount` requests are lost evenly from `fromNs` to `toNs`. */
  lose(cause: LossCause, isRefused: boolean, amount: number, fromNs: number, toNs: number): void {
    if (amount <= 0) return;
    this.lostBy[cause]! += amount;
    if (isRefused) this.refused += amount;
    else this.timedOut += amount;
    this.lostOverTime.addSpread(fromNs, toNs, amount);
  }

  /** `amount` requests meet a pod that does not accept. */
  loseAtPod(acceptance: Acceptance, amount: number, fromNs: number, toNs: number): void {
    this.lose(causeAtPod(acceptance), isRefusedAtPod(acceptance), amount, fromNs, toNs);
  }

  /** `amount` requests are answered; of them so many by a pod on another node, in another zone, and masqueraded. */
  serve(amount: number, secondHop: number, crossZone: number, isMasqueraded: boolean): void {
    this.served += amount;
    this.secondHop += secondHop;
    this.crossZone += crossZone;
    if (isMasqueraded) this.masqueraded += amount;
  }

  /** Forgets everything: what comes is counted from nothing. */
  clear(): void {
    this.sent = this.served = this.secondHop = this.crossZone = this.masqueraded = this.refused = this.timedOut = 0;
    this.lostBy.fill(0);
  }

  /** What a run reports of it; shares only of something. */
  scalars(): Partial<Record<MetricName, number>> {
    const { sent, served } = this;
    return {
      requests_total: sent,
      requests_lost_total: this.lost,
      ...Object.fromEntries(LOSS_CAUSES.map((cause) => [METRIC_OF_LOSS[cause], this.lostBy[LossCause[cause]]!])),
      requests_refused_total: this.refused,
      requests_timed_out_total: this.timedOut,
      ...(sent > 0 && { requests_lost_ratio: this.lost / sent }),
      ...(served > 0 && {
        requests_second_hop_ratio: this.secondHop / served,
        requests_cross_zone_ratio: this.crossZone / served,
        requests_source_address_kept_ratio: 1 - this.masqueraded / served,
      }),
    };
  }
}
