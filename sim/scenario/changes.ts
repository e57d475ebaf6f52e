/**
 * What is changed in the data of a scenario file before it is read: by the `set` of a variant, by --set, --seed and
 * --replications. Each change keeps where it came from, so that a mistake in it is reported there.
 */

import { quote } from '../units.js';
import { parseSource } from './document.js';
import { formatPath, type Path } from './findings.js';
import { parsePath } from './paths.js';
import type { Origin, ProblemList } from './problem-list.js';
import type { SectionName } from './schema.js';

export interface LoadOptions {
  /** Texts `path=value` as given to --set, in order. */
  readonly overrides?: readonly string[];
  readonly seed?: number;
  readonly replications?: number;
}

/** A value set at a path. */
export interface Change {
  readonly path: Path;
  readonly value: unknown;
  readonly origin: Origin;
}

/** The options that change the scenario, as changes in the order in which they hold. */
export const readCommandLine = (
  { overrides = [], seed, replications }: LoadOptions,
  problems: ProblemList,
): Change[] => {
  const changes = overrides.flatMap((text) => readOverride(text, problems));
  const add = (field: string, value: number): void => {
    changes.push({ path: [field], value, origin: { kind: 'command line', option: `--${field} ${value}` } });
  };
  if (seed !== undefined) add('seed', seed);
  if (replications !== undefined) add('replications', replications);
  return changes;
};

const readOverride = (text: string, problems: ProblemList): Change[] => {
  const origin: Origin = { kind: 'command line', option: `--set ${printable(text)}` };
  const refuse = (message: string, suggestion: string | null): Change[] => {
    problems.add({ code: 'KH024', path: [], message, suggestion }, origin);
    return [];
  };
  const equals = text.indexOf('=');
  if (equals === -1) return refuse('there is no "="', 'write path=value, for instance --set cluster.nodes=100');
  const parsed = parsePath(text.slice(0, equals).trim());
  if ('problem' in parsed) return refuse(parsed.problem, parsed.suggestion);

  const valueText = text.slice(equals + 1).trim();
  // As in a file: the version 1.30 is no number.
  if (parsed.path.at(-1) === 'kubernetes') {
    const unquoted = valueText.replace(/^(["'])(.*)\1$/, '$2');
    return [{ path: parsed.path, value: unquoted === 'null' ? null : unquoted, origin }];
  }
  const source = parseSource(valueText, null);
  for (const { code, message, suggestion } of source.problems)
    problems.add({ code, path: [], message, suggestion }, origin);
  return source.problems.length > 0 ? [] : [{ path: parsed.path, value: source.value, origin }];
};

/** What all variants share, so that their results can be compared pair by pair. */
const SHARED_SECTIONS: readonly SectionName[] = [
  'apiVersion',
  'kind',
  'metadata',
  'seed',
  'replications',
  'slos',
  'expect',
  'baseline',
  'variants',
];

/** The `set` of a variant, whose path in the file is `place`. */
export const changesOfVariant = (
  set: Readonly<Record<string, unknown>>,
  place: Path,
  problems: ProblemList,
): Change[] =>
  Object.entries(set).flatMap(([key, value]) => {
    const origin: Origin = { kind: 'variant', entry: [...place, key] };
    const parsed = parsePath(key);
    if ('problem' in parsed) {
      problems.add({ code: 'KH024', path: [], message: parsed.problem, suggestion: parsed.suggestion }, origin);
      return [];
    }
    if (SHARED_SECTIONS.some((section) => section === parsed.path[0])) {
      const message = `${formatPath(parsed.path)} is the same in all variants`;
      problems.add({ code: 'KH023', path: [], message, suggestion: null }, origin);
      return [];
    }
    return [{ path: parsed.path, value, origin }];
  });

/** An option as the user typed it, without what a terminal would obey. */
const printable = (text: string): string =>
  quote(text)
    .slice(1, -1)
    .replace(/\\(["\\])/g, '$1');
