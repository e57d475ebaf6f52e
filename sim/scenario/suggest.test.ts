import { expect, test } from 'vitest';
import { closest, suggestOneOf } from './suggest.js';

test.each([
  ['sead', 'seed'],
  ['wbe', 'web'],
  ['KubeProxy', 'kubeProxy'],
  ['kubeProxi', 'kubeProxy'],
])('%s is taken for %s', (word, meant) => {
  expect(closest(word, ['seed', 'web', 'kubeProxy', 'kubelet'])).toBe(meant);
});

test('a word that is near nothing gets no far-fetched suggestion, but the few that there are', () => {
  expect(closest('banana', ['seed', 'web'])).toBeNull();
  expect(suggestOneOf('banana', ['seed', 'web', 'web'])).toBe('use one of: seed, web');
  expect(
    suggestOneOf(
      'banana',
      Array.from({ length: 30 }, (_, index) => `field${index}`),
    ),
  ).toBeNull();
  expect(closest('x'.repeat(1_000_000), ['seed'])).toBeNull();
});
