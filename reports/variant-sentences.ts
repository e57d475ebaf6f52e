/** Sentences by variant, for lists of the HTML report and of the terminal. */

import type { Results, VariantResult } from '../sim/experiment/results.js';

export interface VariantSentence {
  /** Null where there is a single variant, and so nothing to tell it from. */
  readonly name: string | null;
  readonly sentence: string;
}

/** One for each variant that has something to say; a single one where all say the same. */
export function sentencesByVariant(
  { variants }: Results,
  sentenceOf: (variant: VariantResult) => string | null,
): VariantSentence[] {
  const sentences = variants.flatMap((variant): { name: string; sentence: string }[] => {
    const sentence = sentenceOf(variant);
    return sentence === null ? [] : [{ name: variant.name, sentence }];
  });
  const [first] = sentences;
  if (first === undefined) return [];
  if (variants.length === 1) return [{ name: null, sentence: first.sentence }];
  const areAlike =
    sentences.length === variants.length && sentences.every(({ sentence }) => sentence === first.sentence);
  return areAlike ? [{ name: 'Every variant', sentence: first.sentence }] : sentences;
}
