/** Names of variants as charts have room for them. */

import type { Results } from '../../sim/experiment/results.js';

/** A name stands in every row of the data: one of 300 characters would swell the file as well. */
const LONGEST_NAME = 32;

/** The same results, with names cut where they are too long; still one name per variant. */
export function withShortNames(results: Results): Results {
  const taken = new Set<string>();
  const variants = results.variants.map((variant) => {
    const name = distinct(shorten(variant.name), taken);
    taken.add(name);
    return { ...variant, name };
  });
  return { ...results, variants };
}

function shorten(name: string): string {
  // By code points, so that no emoji is cut in half.
  const characters = Array.from(name);
  return characters.length <= LONGEST_NAME ? name : `${characters.slice(0, LONGEST_NAME - 1).join('')}…`;
}

function distinct(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name} (${number})`)) number++;
  return `${name} (${number})`;
}
