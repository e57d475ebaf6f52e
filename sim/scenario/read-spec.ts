/**
 * Plain data -> Spec, section by section: what is sound can be used for further checks while the mistakes of other sections
 * are reported.
 */

import type { z } from 'zod';

import { quote } from '../units.js';
import type { FieldIssue } from './fields.js';
import { describeValue, type Finding, isMapping, type Path, valueAt } from './findings.js';
import { jsonSchema, SECTION_NAMES, SECTIONS, type SectionName, type Spec } from './schema.js';
import { suggestOneOf } from './suggest.js';

export interface SpecReading {
  /** The sections without mistakes. */
  readonly spec: Partial<Spec>;
  readonly broken: ReadonlySet<SectionName>;
  readonly findings: readonly Finding[];
}

export const readSpec = (data: Readonly<Record<string, unknown>>): SpecReading => {
  const spec: Record<string, unknown> = {};
  const broken = new Set<SectionName>();
  const findings: Finding[] = Object.keys(data)
    .filter((key) => !Object.hasOwn(SECTIONS, key))
    .map((key) => unknownField([], key));
  for (const section of SECTION_NAMES) {
    const schema: z.ZodType = SECTIONS[section];
    const result = schema.safeParse(data[section]);
    if (result.success) {
      if (result.data !== undefined) spec[section] = result.data;
      continue;
    }
    broken.add(section);
    for (const issue of result.error.issues) findings.push(...findingsOf(issue, section, data));
  }
  return { spec, broken, findings };
};

const findingsOf = (issue: z.core.$ZodIssue, section: SectionName, data: unknown): Finding[] => {
  const path: Path = [section, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(path, key));
  if (issue.code === 'custom') {
    const { code, suggestion } = issue.params as unknown as FieldIssue;
    return [{ code, path, message: issue.message, suggestion }];
  }
  // Only mappings and lists are left to zod: a wrong type, or nothing where one is required.
  const value = valueAt(data, path);
  if (value === undefined) return [{ code: 'KH010', path, message: 'is required', suggestion: null }];
  const wanted = issue.code === 'invalid_type' && issue.expected === 'array' ? 'a list' : 'a mapping';
  return [{ code: 'KH011', path, message: `must be ${wanted}, not ${describeValue(value)}`, suggestion: null }];
};

const unknownField = (parent: Path, key: string): Finding => ({
  code: 'KH009',
  path: [...parent, key],
  atKey: true,
  message: `unknown field ${quote(key)}`,
  suggestion: suggestOneOf(key, fieldsAt(parent)),
});

let schemaOfFiles: unknown;

/** The fields that the JSON Schema has in the mapping at the path. */
const fieldsAt = (path: Path): string[] => {
  // Made at the first unknown field: most files have none.
  schemaOfFiles ??= jsonSchema();
  let node = schemaOfFiles;
  for (const segment of path) {
    if (!isMapping(node)) return [];
    node = typeof segment === 'number' ? node['items'] : propertiesOf(node)[segment];
  }
  return isMapping(node) ? Object.keys(propertiesOf(node)) : [];
};

const propertiesOf = (node: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const alternatives: readonly unknown[] = Array.isArray(node['anyOf']) ? node['anyOf'] : [node];
  const mapping = alternatives.find((alternative) => isMapping(alternative) && isMapping(alternative['properties']));
  return isMapping(mapping) && isMapping(mapping['properties']) ? mapping['properties'] : {};
};
