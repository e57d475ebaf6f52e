/**
 * How likely numbers of a range meet when some of them are chosen without looking: node ports in manifests, mostly.
 *
 *   size of the range, numbers taken, choices --> probability that a choice is refused as already allocated
 *
 * Exact, as a choice is uniform and numbers that were handed out are distinct; where they stand does not matter.
 */

import type { AllocationRange } from './allocation-bands.js';

/**
 * Probability that one of the choices is refused, each uniform over the whole range of `size`. `takenBefore`: by choice, how many
 * numbers are taken by then, those of earlier choices included.
 */
export function refusalProbability(size: number, takenBefore: Iterable<number>): number {
  let allFree = 1;
  for (const taken of takenBefore) allFree *= Math.max(0, 1 - taken / size);
  return 1 - allFree;
}

/** Probability that two of so many uncoordinated choices are the same: the birthday problem, with ports for days. */
export const collisionProbability = (choices: number, size: number): number =>
  refusalProbability(
    size,
    Array.from({ length: choices }, (_, earlier) => earlier),
  );

/** The least number of uncoordinated choices that collide with at least this probability, which is at most 1. */
export function choicesUntilCollision(probability: number, size: number): number {
  let choices = 0;
  let allFree = 1;
  while (1 - allFree < probability) allFree *= 1 - choices++ / size;
  return choices;
}

/**
 * Probability that a number which a service asks for is taken already, when `dynamic` other services have left the choice to the
 * API server: those fill the upper band first, and whichever they have of a band, each of its numbers is equally likely.
 */
export function staticRequestCollision(
  { first, size, staticBand }: AllocationRange,
  number: number,
  dynamic: number,
): number {
  const upper = size - staticBand;
  if (number >= first + staticBand) return Math.min(1, dynamic / upper);
  return Math.min(1, Math.max(0, dynamic - upper) / staticBand);
}
