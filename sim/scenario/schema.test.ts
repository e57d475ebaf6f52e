import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isMapping } from './findings.js';
import { jsonSchema } from './schema.js';

test('the JSON Schema that ships is the one of the code', () => {
  const shipped = readFileSync(new URL('../../scenarios/scenario.schema.json', import.meta.url), 'utf8');
  expect(
    JSON.parse(shipped),
    'refresh it: npm run build && npx kube-headroom schema > scenarios/scenario.schema.json',
  ).toEqual(jsonSchema());
});

test('every field has a description', () => {
  const without: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (!isMapping(node)) return;
    for (const [key, child] of Object.entries(isMapping(node['properties']) ? node['properties'] : {})) {
      if (!isMapping(child) || typeof child['description'] !== 'string') without.push(`${path}.${key}`);
      visit(child, `${path}.${key}`);
    }
    visit(node['items'], `${path}[]`);
    if (Array.isArray(node['anyOf'])) for (const alternative of node['anyOf']) visit(alternative, path);
  };
  visit(jsonSchema(), '');
  expect(without).toEqual([]);
});
