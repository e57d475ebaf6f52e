/**
 * Names that refer to other entries of the file: services in the workload, variants in expectations. They are checked on the
 * data as written, so that a mistake elsewhere in the file does not hide an unknown name.
 */

import { quote } from '../units.js';
import { type Finding, isMapping, type Path } from './findings.js';
import { suggestOneOf } from './suggest.js';

interface Name {
  readonly path: Path;
  readonly name: string;
}

export const DEFAULT_BASELINE_NAME = 'baseline';

export const checkReferences = (data: Readonly<Record<string, unknown>>): Finding[] => {
  const services = namesIn(data, 'services');
  const variants = [baselineName(data), ...namesIn(data, 'variants')];
  return [
    ...duplicates(services, 'service'),
    ...duplicates(variants, 'variant'),
    ...numberedDuplicates(data, services),
    ...unknown(
      [...servicesInWorkload(data), ...servicesOfEntries(data, 'autoscalers'), ...servicesOfEntries(data, 'clients')],
      services,
      'service',
    ),
    ...unknown(variantsInExpectations(data), variants, 'variant'),
  ];
};

const entriesOf = (data: unknown, field: string): readonly unknown[] => {
  const list = isMapping(data) ? data[field] : undefined;
  return Array.isArray(list) ? list : [];
};

const nameAt = (path: Path, value: unknown): Name[] => (typeof value === 'string' ? [{ path, name: value }] : []);

const namesIn = (data: Readonly<Record<string, unknown>>, list: string): Name[] =>
  entriesOf(data, list).flatMap((entry, index) =>
    isMapping(entry) ? nameAt([list, index, 'name'], entry['name']) : [],
  );

const baselineName = ({ baseline }: Readonly<Record<string, unknown>>): Name => {
  const name = isMapping(baseline) ? baseline['name'] : undefined;
  return { path: ['baseline', 'name'], name: typeof name === 'string' ? name : DEFAULT_BASELINE_NAME };
};

const servicesInWorkload = (data: Readonly<Record<string, unknown>>): Name[] =>
  entriesOf(data, 'workload').flatMap((entry, index) =>
    Object.entries(isMapping(entry) ? entry : {}).flatMap(([action, details]) => {
      if (!isMapping(details)) return [];
      const path = ['workload', index, action];
      return [
        ...nameAt([...path, 'service'], details['service']),
        ...entriesOf(details, 'services').flatMap((name, place) => nameAt([...path, 'services', place], name)),
      ];
    }),
  );

const servicesOfEntries = (data: Readonly<Record<string, unknown>>, list: 'autoscalers' | 'clients'): Name[] =>
  entriesOf(data, list).flatMap((entry, index) =>
    isMapping(entry) ? nameAt([list, index, 'service'], entry['service']) : [],
  );

const variantsInExpectations = (data: Readonly<Record<string, unknown>>): Name[] =>
  entriesOf(data, 'expect').flatMap((entry, index) =>
    isMapping(entry) ? nameAt(['expect', index, 'variant'], entry['variant']) : [],
  );

const duplicates = (names: readonly Name[], what: string): Finding[] => {
  const seen = new Set<string>();
  return names.flatMap(({ path, name }) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ code: 'KH017', path, message: `there is another ${what} called ${quote(name)}`, suggestion: null }];
  });
};

/** The group `web` with a count of 3 has a service web-2, so no entry may be called that. */
const numberedDuplicates = (data: Readonly<Record<string, unknown>>, services: readonly Name[]): Finding[] => {
  const counts = new Map<unknown, unknown>();
  for (const entry of entriesOf(data, 'services')) if (isMapping(entry)) counts.set(entry['name'], entry['count']);
  return services.flatMap(({ path, name }) => {
    const [, group, number] = /^(.+)-([1-9]\d*)$/.exec(name) ?? [];
    const count = counts.get(group);
    if (number === undefined || typeof count !== 'number' || Number(number) < 2 || Number(number) > count) return [];
    const message = `service ${number} of the entry ${quote(group ?? '')} is called ${quote(name)} too`;
    return [{ code: 'KH017', path, message, suggestion: null }];
  });
};

const unknown = (references: readonly Name[], known: readonly Name[], what: string): Finding[] => {
  const names = known.map(({ name }) => name);
  const lookup = new Set(names);
  return references
    .filter(({ name }) => !lookup.has(name))
    .map(({ path, name }) => ({
      code: 'KH016',
      path,
      message: `there is no ${what} called ${quote(name)}`,
      suggestion: suggestOneOf(name, names),
    }));
};
