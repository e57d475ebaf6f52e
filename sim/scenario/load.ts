/**
 * Scenario file -> Experiment, or a UserError with every mistake that the file and the command line have.
 *
 *   text --document--> data --for each variant: set, then --set--> data --readSpec--> Spec --normalize--> Scenario
 *
 * The baseline is the file without any variant; it always runs, and first. A --set changes the baseline and every variant
 * alike, and comes last: it wins over the `set` of a variant.
 */

import { UserError } from '../errors.js';
import { type Change, changesOfVariant, type LoadOptions, readCommandLine } from './changes.js';
import { checkConsistency } from './consistency.js';
import { parseSource } from './document.js';
import { describeValue, formatPath, isMapping } from './findings.js';
import { readScenarioText } from './file.js';
import { normalize } from './normalize.js';
import { expectationOf, objectiveOf } from './objectives.js';
import { setAt } from './paths.js';
import { type LocatedFinding, ProblemList } from './problem-list.js';
import { readSpec } from './read-spec.js';
import { checkReferences, DEFAULT_BASELINE_NAME } from './references.js';
import type { Scenario } from '../model/scenario.js';
import type { Experiment, Variant } from './experiment.js';
import type { Spec } from './schema.js';

export const loadExperiment = (file: string, options: LoadOptions = {}): Experiment =>
  parseExperiment(readScenarioText(file), file, options);

/** As loadExperiment, for a text that is in memory; `file` is what problems and results call it. */
export const parseExperiment = (text: string, file: string, options: LoadOptions = {}): Experiment => {
  const document = parseSource(text, file);
  if (document.problems.length > 0) throw new UserError(document.problems);
  if (!isMapping(document.value)) {
    const isEmpty = document.value === null;
    const what = {
      code: isEmpty ? 'KH003' : 'KH011',
      message: isEmpty
        ? 'the file holds only comments'
        : `a scenario is a mapping of fields, not ${describeValue(document.value)}`,
      suggestion: 'start from `kube-headroom init`',
    } as const;
    throw new UserError([document.problemAt([], 'value', what)]);
  }

  const problems = new ProblemList(document);
  const commandLine = readCommandLine(options, problems);
  const root = document.value;
  const baseline = readVariant(root, [], commandLine);
  problems.addAll(baseline.findings, baseline.changes, null);

  const { spec } = baseline;
  const baselineName = spec.baseline?.name ?? DEFAULT_BASELINE_NAME;
  const variants: Variant[] = [{ name: baselineName, set: {}, scenario: baseline.scenario }];
  for (const [index, { name, set }] of (spec.variants ?? []).entries()) {
    const reading = readVariant(root, changesOfVariant(set, ['variants', index, 'set'], problems), commandLine);
    // What the baseline has wrong already is told once.
    problems.addAll(reading.findings.filter(isNotIn(baseline.findings)), reading.changes, name);
    variants.push({ name, set, scenario: reading.scenario });
  }

  problems.throwIfAny();

  const { name, description, question } = baseline.scenario;
  return {
    file,
    name,
    description,
    question,
    variants,
    objectives: (spec.slos ?? []).map(objectiveOf),
    expectations: (spec.expect ?? []).map((entry) => expectationOf(entry, baselineName)),
  };
};

interface VariantReading {
  /** Sound only when there are no findings. */
  readonly scenario: Scenario;
  readonly spec: Partial<Spec>;
  readonly findings: readonly LocatedFinding[];
  /** With names of list entries replaced by indices. */
  readonly changes: readonly Change[];
}

const readVariant = (
  root: Readonly<Record<string, unknown>>,
  ofVariant: readonly Change[],
  ofCommandLine: readonly Change[],
): VariantReading => {
  const findings: LocatedFinding[] = [];
  const changes: Change[] = [];
  let data: unknown = root;
  for (const change of [...ofVariant, ...ofCommandLine]) {
    const result = setAt(data, change.path, change.value);
    if ('problem' in result) {
      const { problem: message, suggestion } = result;
      findings.push({ code: 'KH024', path: [], message, suggestion, origin: change.origin });
    } else {
      data = result.data;
      changes.push({ ...change, path: result.path });
    }
  }
  const complete = withoutNulls(data) as Readonly<Record<string, unknown>>;
  const { spec, broken, findings: fieldFindings } = readSpec(complete);
  const scenario = normalize({ ...PLACEHOLDERS, ...spec });
  findings.push(
    ...fieldFindings,
    ...checkReferences(complete),
    ...checkConsistency(scenario, (section) => broken.has(section)),
  );
  return { scenario, spec, findings, changes };
};

/** Stand in for sections with mistakes, so that the rules of the other sections can be checked. */
const PLACEHOLDERS: Spec = {
  apiVersion: 'kube-headroom/v1',
  kind: 'Scenario',
  metadata: { name: '' },
  cluster: { nodes: 1 },
  services: [],
  workload: [],
};

/** A null stands for the default, as an absent field does. The `set` of a variant needs its nulls: they reset fields. */
const withoutNulls = (data: unknown): unknown => {
  if (Array.isArray(data)) return data.map(withoutNulls);
  if (!isMapping(data)) return data;
  const entries = Object.entries(data).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, key === 'set' ? value : withoutNulls(value)]));
};

const identity = ({ code, path, message }: LocatedFinding): string => `${code} ${formatPath(path)} ${message}`;

const isNotIn = (others: readonly LocatedFinding[]): ((finding: LocatedFinding) => boolean) => {
  const known = new Set(others.map(identity));
  return (finding) => !known.has(identity(finding));
};
