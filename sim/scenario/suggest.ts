/** "Did you mean": the candidate that a misspelt word most likely stands for. */

import { distance } from 'fastest-levenshtein';

/** Longer words are no names of anything here, and would cost quadratic time. */
const MAX_WORD_LENGTH = 100;

/** Null when nothing is near: a far-fetched suggestion is worse than none. */
export const closest = (word: string, candidates: readonly string[]): string | null => {
  if (word.length > MAX_WORD_LENGTH) return null;
  const wanted = word.toLowerCase();
  // One slip for every three letters.
  let bestSlips = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  let best: string | null = null;
  for (const candidate of candidates) {
    const slips = slipsBetween(wanted, candidate.toLowerCase());
    if (slips < bestSlips) {
      bestSlips = slips;
      best = candidate;
    }
  }
  return best;
};

/** Letters in the wrong order are one slip: the edit distance counts two for "wbe", which is too far from "web". */
const slipsBetween = (a: string, b: string): number => {
  if (a === b) return 0;
  return sortedLetters(a) === sortedLetters(b) ? 1 : distance(a, b);
};

const sortedLetters = (word: string): string =>
  word
    .split('')
    .sort((x, y) => (x < y ? -1 : 1))
    .join('');

/** Advice for a word that is none of the candidates: the one that was meant, or all of them when they are few. */
export const suggestOneOf = (word: string, candidates: readonly string[]): string | null => {
  const match = closest(word, candidates);
  if (match !== null) return `did you mean "${match}"?`;
  const few = new Set(candidates);
  return few.size > 0 && few.size <= 20 ? `use one of: ${[...few].join(', ')}` : null;
};
