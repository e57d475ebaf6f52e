import { expect, it } from 'vitest';

import { makeResults, variant } from './testing/results-fixture.js';
import { sentencesByVariant } from './variant-sentences.js';

const named = (...names: readonly string[]) => makeResults({ variants: names.map((name) => variant({ name })) });

it.each([
  ['each its own', named('a', 'b'), ({ name }: { name: string }) => name, ['a', 'b']],
  ['all the same', named('a', 'b'), () => 'x', ['Every variant']],
  // What only some say does not hold for every variant.
  ['some the same', named('a', 'b', 'c'), ({ name }: { name: string }) => (name === 'c' ? null : 'x'), ['a', 'b']],
  ['a single variant', named('a'), () => 'x', [null]],
  ['nobody anything', named('a', 'b'), () => null, []],
])('names who says what: %s', (_, results, sentenceOf, names) => {
  expect(sentencesByVariant(results, sentenceOf).map(({ name }) => name)).toEqual(names);
});
