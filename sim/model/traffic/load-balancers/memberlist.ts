/**
 * How long the speakers of MetalLB take to find that one of them has died without a word: hashicorp/memberlist, the SWIM protocol
 * with the suspicion of Lifeguard, on the defaults for local networks.
 *
 *   member dies --> each other member probes one member each period --first that probes it--> suspected when the period is over
 *     --others that suspect it too shorten the wait--> dead
 *
 * In each period every member that is alive picks one of the others at random, all at the same time; the death falls at a random
 * point of a period. A suspicion lasts from max (nobody else has seen it) down to min (enough others have), by the logarithm of
 * the confirmations.
 *
 * Left out: that members go through their list in a shuffled order and each on its own clock, gossip (rounds of 200 ms), members that
 * find themselves slow and wait longer (Lifeguard's awareness), lost packets, false suspicions, networks that are cut in two:
 * a speaker that is cut off goes on announcing on its side.
 */

import { MEMBERLIST_RULES } from '../../versions/metallb-profile.js';

const NS_PER_SECOND = 1e9;
const PROBE_INTERVAL_NS = MEMBERLIST_RULES.probeInterval.value * NS_PER_SECOND;
const MULTIPLIER = MEMBERLIST_RULES.suspicionMultiplier.value;

/** The shortest suspicion among so many members, the suspected one included. */
export function minSuspicionNs(members: number): number {
  const scale = Math.max(1, Math.log10(Math.max(1, members)));
  // memberlist counts the scale in thousandths.
  return (MULTIPLIER * Math.floor(scale * 1000) * PROBE_INTERVAL_NS) / 1000;
}

/** The suspicion that nobody confirms. */
export const maxSuspicionNs = (members: number): number =>
  MEMBERLIST_RULES.suspicionMaxTimeoutMultiplier.value * minSuspicionNs(members);

/** Confirmations by further members after which a suspicion is as short as it gets; none are waited for where there are too few. */
export function confirmationsNeeded(members: number): number {
  const needed = MULTIPLIER - MEMBERLIST_RULES.membersThatNeedNotConfirm.value;
  // Neither the suspected member nor the one that suspects it confirms.
  return members - 2 < needed ? 0 : needed;
}

/** How long after its start a suspicion ends that so many further members have confirmed. */
export function suspicionNs(members: number, confirmations: number): number {
  const min = minSuspicionNs(members);
  const needed = confirmationsNeeded(members);
  if (needed === 0 || confirmations >= needed) return min;
  const max = maxSuspicionNs(members);
  return Math.max(min, max - ((max - min) * Math.log(confirmations + 1)) / Math.log(needed + 1));
}

/** Periods until a dead member is first probed, on average: 4/3 of three members, e/(e - 1) of many. */
export function expectedProbePeriods(members: number): number {
  const others = members - 1;
  return 1 / (1 - Math.exp(others * Math.log(1 - 1 / others)));
}

/**
 * From the death of a member to the moment when the others know, in nanoseconds; Infinity if nobody is left to find it.
 *
 * @param members that the others count, the dead one included
 * @param survivors of these are alive
 * @param uniform numbers of (0, 1) by index
 */
export function detectionNs(members: number, survivors: number, uniform: (index: number) => number): number {
  if (survivors < 1) return Infinity;
  const pick = 1 / (members - 1);
  const firstProbeNs = uniform(0) * PROBE_INTERVAL_NS;
  let suspecting = 0;
  let startNs = 0;
  let endNs = Infinity;
  for (let period = 0; ; period++) {
    const probedNs = firstProbeNs + period * PROBE_INTERVAL_NS;
    // Without an answer, direct or by others, until the period is over.
    const suspectedNs = probedNs + PROBE_INTERVAL_NS;
    if (suspectedNs >= endNs) return Math.round(endNs);
    const more = binomial(uniform(period + 1), survivors - suspecting, pick);
    if (more === 0) continue;
    if (suspecting === 0) startNs = suspectedNs;
    suspecting += more;
    // A wait that is already over ends now.
    endNs = Math.max(suspectedNs, startNs + suspicionNs(members, suspecting - 1));
  }
}

/** How many of `trials` succeed, by inversion of one uniform number; the mean is about one here. */
function binomial(uniform: number, trials: number, probability: number): number {
  if (trials <= 0) return 0;
  if (probability >= 1) return trials;
  const odds = probability / (1 - probability);
  let term = Math.exp(trials * Math.log(1 - probability));
  let below = term;
  let successes = 0;
  while (uniform > below && successes < trials) {
    term *= (odds * (trials - successes)) / (successes + 1);
    below += term;
    successes++;
  }
  return successes;
}
