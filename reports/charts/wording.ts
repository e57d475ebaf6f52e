/** One sentence about the same number in several variants. */

const MOST_IN_A_SENTENCE = 3;

export interface VariantNumber {
  readonly name: string;
  readonly value: number;
  /** The number as it is to be read. */
  readonly text: string;
}

/**
 * "Peak: 4 s in a; 9 s in b." With many variants only the extremes, because nobody reads a sentence of ten numbers; a
 * single variant is not named, because there is nothing to tell it from.
 */
export function compareInWords(lead: string, numbers: readonly VariantNumber[]): string {
  return `${lead} ${listInWords(numbers)}.`;
}

function listInWords(numbers: readonly VariantNumber[]): string {
  if (numbers.length === 1) return numbers[0]!.text;
  const named = ({ name, text }: VariantNumber): string => `${text} in ${name}`;
  if (numbers.length <= MOST_IN_A_SENTENCE) return numbers.map(named).join('; ');
  const [first] = numbers;
  if (numbers.every(({ text }) => text === first!.text)) return `${first!.text} in every variant`;
  const byValue = numbers.toSorted((a, b) => a.value - b.value);
  return `${named(byValue[0]!)} (least) to ${named(byValue.at(-1)!)} (most)`;
}
