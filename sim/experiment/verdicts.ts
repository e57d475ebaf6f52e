/**
 * Judges results against what the scenario file asks for.
 *
 * An objective is judged by the interval, not by the value in it: wholly below the limit passes, wholly above fails, and
 * an interval that straddles the limit is inconclusive, with a hint. What was never sampled is an error, never a pass; and
 * where the slowest samples are missing, because the run was cut off before they came in, nothing passes.
 */

import type { Expectation, Objective } from '../scenario/experiment.js';
import { type Estimate, replicationsForHalfWidth } from '../stats/estimate.js';
import { MOST_REPLICATIONS_TO_SUGGEST } from './replication-policy.js';
import type { ExpectationResult, ObjectiveResult, Verdict } from './results.js';

/** How complete the replications are that an estimate was made of. */
export interface Completeness {
  /** An interrupt ended the run before all replications were done. */
  readonly partial: boolean;
  /** Updates, over all replications, that had not reached their nodes when the drain limit cut the replication off. */
  readonly updatesNotApplied: number;
}

export function judgeObjective(
  objective: Objective,
  variant: string,
  estimate: Estimate | null,
  completeness: Completeness,
): ObjectiveResult {
  const { metric, statistic, max, maxText } = objective;
  return { variant, metric, statistic, max, maxText, estimate, ...verdictOf(objective, estimate, completeness) };
}

function verdictOf(
  objective: Objective,
  estimate: Estimate | null,
  { partial, updatesNotApplied }: Completeness,
): { verdict: Verdict; hint: string } {
  if (estimate === null) {
    if (partial)
      return { verdict: 'inconclusive', hint: 'interrupted before a replication finished: run it to the end' };
    if (updatesNotApplied > 0) return { verdict: 'inconclusive', hint: cutOffHint(updatesNotApplied) };
    return { verdict: 'error', hint: `no sample of ${objective.metric}: check that the workload produces any` };
  }
  if (partial) {
    // Short replications finish first, so those that happen to be in are no fair sample.
    return { verdict: 'inconclusive', hint: 'interrupted: run it to the end for a verdict' };
  }
  if (estimate.low === null || estimate.high === null) {
    return { verdict: 'inconclusive', hint: 'a single replication has no interval: use --replications 5 or more' };
  }
  if (estimate.low > objective.max) return { verdict: 'fail', hint: '' };
  if (updatesNotApplied > 0) return { verdict: 'inconclusive', hint: cutOffHint(updatesNotApplied) };
  if (estimate.high <= objective.max) return { verdict: 'pass', hint: '' };
  return { verdict: 'inconclusive', hint: straddleHint(estimate, objective.max) };
}

const cutOffHint = (updates: number): string =>
  `${updates} updates had not reached their nodes when the run was cut off: the slowest are missing; raise drainLimit`;

function straddleHint(estimate: Estimate, max: number): string {
  const needed = replicationsForHalfWidth(estimate, Math.abs(max - estimate.value), MOST_REPLICATIONS_TO_SUGGEST);
  return needed === null
    ? 'the interval straddles the limit, and the value is too close to it for more replications to tell them apart'
    : `the interval straddles the limit; about ${needed} replications would settle it, ${estimate.replications} were run: use --replications ${needed}`;
}

/** The verdict on all objectives: the worst one. No objectives: a pass, because nothing was asked. */
export function overallVerdict(objectives: readonly ObjectiveResult[], partial: boolean): Verdict {
  const worstFirst: readonly Verdict[] = ['fail', 'error', 'inconclusive'];
  const worst = worstFirst.find((verdict) => objectives.some((objective) => objective.verdict === verdict));
  return worst ?? (partial ? 'inconclusive' : 'pass');
}

export function judgeExpectation(expectation: Expectation, estimate: Estimate | null): ExpectationResult {
  const { id, variant, metric, statistic, value: published, tolerance, bound, source, inconsistent } = expectation;
  const simulated = estimate?.value ?? null;
  const ratio = simulated === null || published === 0 ? null : simulated / published;
  const judged = { id, variant, metric, statistic, published, simulated, ratio, tolerance, source };
  if (inconsistent !== null) return { ...judged, verdict: 'inconsistent', note: inconsistent };
  if (simulated === null) return { ...judged, verdict: 'error', note: `no sample of ${metric}` };
  const isBeyond = (bound === 'atLeast' && simulated >= published) || (bound === 'atMost' && simulated <= published);
  const matches = isBeyond || Math.abs(simulated - published) <= tolerance * Math.abs(published);
  return { ...judged, verdict: matches ? 'match' : 'miss', note: '' };
}
