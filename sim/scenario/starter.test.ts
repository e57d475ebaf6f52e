import { expect, test } from 'vitest';
import { isMapping } from './findings.js';
import { parseExperiment } from './load.js';
import { jsonSchema } from './schema.js';
import { starterScenario } from './starter.js';

const STARTER_SCENARIO = starterScenario();

const load = (text: string) => parseExperiment(text, 'starter.yaml');

test('the starter scenario loads without a problem', () => {
  const { variants, objectives } = load(STARTER_SCENARIO);
  expect(variants.map(({ name }) => name)).toEqual(['baseline', 'min-sync-period-10s']);
  expect(objectives).toHaveLength(1);
});

test('every default that the starter scenario shows is the default', () => {
  // The settings that have no default, or whose comment shows an alternative.
  const examples = /^ *# (?:- |question|duration|bytesPerEndpoint|protobuf or|readinessProbe)/;
  const shown = STARTER_SCENARIO.split('\n')
    .map((line) => (/^ *# [a-zA-Z]+: /.test(line) && !examples.test(line) ? line.replace('# ', '') : line))
    .join('\n');
  expect(shown).toContain('\n    kubeApiQps: 20');
  expect(shown).toContain('\nreplications: 5');
  expect(load(shown)).toEqual(load(STARTER_SCENARIO));
});

test('the starter scenario names every field that there is', () => {
  const missing: string[] = [];
  const visit = (node: unknown): void => {
    if (!isMapping(node)) return;
    for (const [key, child] of Object.entries(isMapping(node['properties']) ? node['properties'] : {})) {
      if (!new RegExp(`\\b${key}:`).test(STARTER_SCENARIO)) missing.push(key);
      visit(child);
    }
    visit(node['items']);
    if (Array.isArray(node['anyOf'])) node['anyOf'].forEach(visit);
  };
  visit(jsonSchema());
  expect(missing).toEqual([]);
});
