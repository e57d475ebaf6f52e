/** A mistake found in the data of a scenario, by its path. The loader turns it into a Problem with a place in the file. */

import type { ErrorCode } from '../errors.js';
import { quote } from '../units.js';

/** Keys and indices from the root of the file: ['services', 0, 'endpoints']. */
export type Path = readonly (string | number)[];

export interface Finding {
  readonly code: ErrorCode;
  readonly path: Path;
  /** True when the key at the end of the path is the mistake, not its value. */
  readonly atKey?: boolean;
  readonly message: string;
  readonly suggestion: string | null;
}

/** "services[0].endpoints": how people write a path, and how --set reads it. */
export const formatPath = (path: Path): string =>
  path
    .map((segment, place) => {
      if (typeof segment === 'number') return `[${segment}]`;
      const printable = /^[\w-]+$/.test(segment) ? segment : quote(segment);
      return place === 0 ? printable : `.${printable}`;
    })
    .join('');

/** True when `path` is `prefix` or lies below it. */
export const startsWith = (path: Path, prefix: Path): boolean =>
  path.length >= prefix.length && prefix.every((segment, place) => path[place] === segment);

/** A YAML value as an error message names it. */
export const describeValue = (value: unknown): string => {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return isMapping(value) ? 'a mapping' : 'nothing';
};

export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the data has at the path; undefined when it has nothing there. */
export const valueAt = (data: unknown, path: Path): unknown => {
  let value = data;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
};
