/** One text for one meaning: what scenario hashes are made of. */

import { createHash } from 'node:crypto';

import type { Scenario } from '../model/scenario.js';

/** JSON with sorted keys and without spaces; equal for equal data, whatever order it was built in. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sortKeys(value));

const sortKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sortKeys(child)]));
};

/** SHA-256 of the canonical JSON, in hexadecimal. */
export const scenarioHash = (scenario: Scenario): string =>
  createHash('sha256').update(canonicalJson(scenario)).digest('hex');
