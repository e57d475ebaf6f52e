/**
 * Paths as --set and variants write them ("services.web.endpoints", "workload[0].at"), and how a value is set at one. Data is
 * never changed in place: variants share what they do not change.
 */

import { quote } from '../units.js';
import { describeValue, formatPath, isMapping, type Path } from './findings.js';
import { suggestOneOf } from './suggest.js';

type Problem = { readonly problem: string; readonly suggestion: string | null };

/** Splits a path into keys and indices. */
export const parsePath = (text: string): { readonly path: Path } | Problem => {
  const segments: (string | number)[] = [];
  const pattern = /(?:^|\.)([^.[\]\s]+)|\[(\d{1,9})\]/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null || (segments.length === 0 && match[1] === undefined)) {
      return {
        problem: `${quote(text)} is not a path`,
        suggestion: 'write fields with dots and list entries with brackets, such as services[0].endpoints',
      };
    }
    segments.push(match[1] ?? Number(match[2]));
  }
  if (segments.length === 0) return { problem: 'the path is empty', suggestion: null };
  return { path: segments };
};

/** The data with the value at the path, and the path with names of list entries replaced by their indices. */
export const setAt = (
  data: unknown,
  path: Path,
  value: unknown,
): { readonly data: unknown; readonly path: Path } | Problem => descend(data, [], path, value);

const descend = (data: unknown, done: Path, todo: Path, value: unknown): { data: unknown; path: Path } | Problem => {
  const [segment, ...rest] = todo;
  if (segment === undefined) return { data: value, path: done };

  if (Array.isArray(data) || (typeof segment === 'number' && (data === undefined || data === null))) {
    const entries: readonly unknown[] = Array.isArray(data) ? data : [];
    const index = typeof segment === 'number' ? segment : entries.findIndex((entry) => nameOf(entry) === segment);
    // The index after the last entry adds one.
    if (index < 0 || index > entries.length) return noSuchEntry(entries, done, segment);
    const child = descend(entries[index], [...done, index], rest, value);
    return 'problem' in child ? child : { data: entries.toSpliced(index, 1, child.data), path: child.path };
  }
  if (typeof segment === 'string' && (isMapping(data) || data === undefined || data === null)) {
    const fields = isMapping(data) ? data : {};
    const child = descend(
      Object.hasOwn(fields, segment) ? fields[segment] : undefined,
      [...done, segment],
      rest,
      value,
    );
    return 'problem' in child ? child : { data: { ...fields, [segment]: child.data }, path: child.path };
  }
  const whole = formatPath(done);
  return {
    problem: `${whole} is ${describeValue(data)}: there is no ${typeof segment === 'number' ? `entry ${segment}` : `field ${quote(segment)}`} in it`,
    suggestion: `set ${whole} as a whole`,
  };
};

const nameOf = (entry: unknown): unknown => (isMapping(entry) ? entry['name'] : undefined);

const noSuchEntry = (entries: readonly unknown[], list: Path, segment: string | number): Problem => {
  const place = formatPath(list);
  if (typeof segment === 'number') {
    return { problem: `${place} has ${entries.length} entries, counted from 0`, suggestion: null };
  }
  const names = entries.map(nameOf).filter((name) => typeof name === 'string');
  return { problem: `${place} has no entry called ${quote(segment)}`, suggestion: suggestOneOf(segment, names) };
};
