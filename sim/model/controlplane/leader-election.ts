/**
 * When a follower takes over from a leader that is gone (client-go tools/leaderelection).
 *
 *   leader:    renews its lease every retryPeriod ... last renewal, crash
 *   follower:  polls every retryPeriod x U[1, 1 + jitter): sees the last renewal -- leaseDuration --> next poll: takes over
 *
 * A follower does not trust the clock of the leader: the lease lasts leaseDuration from the moment at which the follower
 * *saw* the record change, which is up to one poll after the renewal. And it looks only at its polls, so that it is late by
 * up to one more. With the defaults (15 s, 2 s, jitter 1.2) a crash is noticed after 13 to 23.8 s, about 17.3 s on average.
 *
 * A leader that ends in an orderly way may release its lease; a crash, which is what is modelled, does not.
 *
 * Left out: the time of the requests of a poll that finds nothing, several followers, leaders that live on but cannot renew
 * (they give up after the renew deadline, before any follower takes over), fencing.
 */

import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import { LEADER_ELECTION_RULES } from '../versions/rules.js';

export interface LeaderElectionParameters {
  /** --leader-elect-lease-duration. */
  readonly leaseDurationNs: number;
  /** --leader-elect-retry-period. */
  readonly retryPeriodNs: number;
}

const JITTER_FACTOR = LEADER_ELECTION_RULES.retryJitterFactor.value;

/** Indices of the draws of one fail-over; polls follow from FIRST_POLL on. */
const RENEWAL = 0;
const FIRST_SIGHT = 1;
const FIRST_POLL = 2;

export class LeaderElection {
  readonly #parameters: LeaderElectionParameters;
  readonly #hash: CounterHash;

  constructor(parameters: LeaderElectionParameters, streams: RandomStreams) {
    this.#parameters = parameters;
    this.#hash = streams.hash('leader-election');
  }

  /** When the follower's poll succeeds, whole nanoseconds, if the leader crashed at `crashNs`; `term` keys the draws. */
  takeoverNs(term: number, crashNs: number): number {
    const { leaseDurationNs, retryPeriodNs } = this.#parameters;
    const lastRenewalNs = crashNs - this.#hash.uniform(term, RENEWAL) * retryPeriodNs;
    const seenNs = lastRenewalNs + timeToNextPollNs(retryPeriodNs, this.#hash.uniform(term, FIRST_SIGHT));
    let pollNs = seenNs;
    for (let poll = FIRST_POLL; pollNs < seenNs + leaseDurationNs; poll++) {
      pollNs += pollGapNs(retryPeriodNs, this.#hash.uniform(term, poll));
    }
    // A lease that is shorter than the time since the last renewal was lost before the crash: taken over at once.
    return Math.max(crashNs, Math.ceil(pollNs));
  }
}

/** Time from one poll of a follower to the next; `uniform` in (0, 1). */
export function pollGapNs(retryPeriodNs: number, uniform: number): number {
  return retryPeriodNs * (1 + JITTER_FACTOR * uniform);
}

/**
 * Time from any moment to a follower's next poll, when it has been polling for long: the residual life of the polls' renewal
 * process by inversion. Gaps are uniform on [a, b), so the density is 1/m up to a and falls to 0 at b, with m the mean gap.
 */
export function timeToNextPollNs(retryPeriodNs: number, uniform: number): number {
  const shortestNs = retryPeriodNs;
  const spreadNs = retryPeriodNs * JITTER_FACTOR;
  const areaNs = uniform * (shortestNs + spreadNs / 2);
  if (areaNs <= shortestNs) return areaNs;
  return shortestNs + spreadNs * (1 - Math.sqrt(Math.max(0, 1 - (2 * (areaNs - shortestNs)) / spreadNs)));
}
