import { assert, jsonValue, property } from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, scenarioHash } from './canonical.js';
import { parseExperiment } from './load.js';
import { starterScenario } from './starter.js';

test('the order of keys does not change the text, that of list entries does', () => {
  expect(canonicalJson({ b: [2, 1], a: { d: null, c: 'x' } })).toBe('{"a":{"c":"x","d":null},"b":[2,1]}');
});

test('the text is JSON of the same data', () => {
  assert(
    property(jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

const hash = (overrides: string[] = []): string =>
  scenarioHash(parseExperiment(starterScenario(), 'a.yaml', { overrides }).variants[0]!.scenario);

test('the hash of a scenario changes with every setting, and with nothing else', () => {
  expect(hash()).toMatch(/^[0-9a-f]{64}$/);
  expect(hash(['kubeProxy.minSyncPeriod=1s'])).toBe(hash());
  expect(hash(['kubeProxy.minSyncPeriod=2s'])).not.toBe(hash());
});
